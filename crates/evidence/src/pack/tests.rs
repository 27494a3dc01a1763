use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::digest::Digest;
use crate::manifest::{Catalogue, Configuration, LedgerPart, Limit, Program, Source};

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn statement() -> Statement {
    Statement {
        kind: "report".into(),
        subject: "independence".into(),
        organisation: Some("ACME".into()),
        day: Some("2026-11-28".into()),
        program: Program { version: "0.1.0".into(), sha256: Digest::of(b"program") },
        configuration: Configuration {
            version: "0".into(),
            sha256: Digest::of(b"configuration"),
            quoted: None,
        },
        catalogue: Catalogue {
            version: "1".into(),
            sources: vec![Source { preset: "p".into(), from: "f".into(), read: String::new() }],
        },
        ledger: Some(LedgerPart {
            decisions: None,
            name: "l.db".into(),
            first_seq: 1,
            last_seq: 9,
            chain: Digest::of(b"chain"),
        }),
        trace: None,
        arguments: BTreeMap::from([("lang".into(), "en".into())]),
        seeds: vec![7],
        limits: vec![Limit { about: "losses".into(), says: "up to three".into() }],
    }
}

const FILES: [(&str, &[u8]); 2] = [("data/a.csv", b"x\r\n1\r\n"), ("report.html", b"<p>")];

fn sealed() -> Vec<u8> {
    seal(statement(), &Entries::from(FILES), &key()).unwrap()
}

/// The pack with a change made to its files, and an archive around them that is in order.
fn changed(change: impl Fn(&mut BTreeMap<String, Vec<u8>>)) -> Vec<u8> {
    let bytes = sealed();
    let files = read_archive(&bytes).unwrap();
    let mut owned = files.iter().map(|(name, text)| ((*name).to_owned(), text.to_vec())).collect();
    change(&mut owned);
    write_archive(&owned.iter().map(|(name, text)| (&**name, &**text)).collect()).unwrap()
}

/// The same, with the manifest's text changed and signed again by `key`.
fn signed_again(key: &SigningKey, change: impl Fn(String) -> String) -> Vec<u8> {
    changed(|files| {
        let text = change(String::from_utf8(files[MANIFEST].clone()).unwrap());
        files.insert(SIGNATURE.into(), key.sign(text.as_bytes()).to_vec());
        files.insert(MANIFEST.into(), text.into_bytes());
    })
}

#[test]
fn a_pack_is_the_same_each_time_and_says_what_was_put_in() {
    let bytes = sealed();
    assert_eq!(bytes, sealed());
    let pack = open(&bytes).unwrap();
    assert_eq!(pack.manifest.statement, statement());
    assert_eq!(pack.manifest.key, key().public());
    let names: Vec<&str> = pack.files.keys().copied().collect();
    assert_eq!(names, ["data/a.csv", MANIFEST, SIGNATURE, PUBLIC_KEY, "report.html"]);
    assert_eq!(FILES.map(|(name, _)| pack.files[name]), FILES.map(|(_, text)| text));
}

#[test]
fn no_byte_of_it_can_be_altered() {
    let good = sealed();
    for at in 0..good.len() {
        for by in [1, 0x20, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= by;
            assert!(open(&bytes).is_err(), "byte {at}");
        }
        assert!(open(&good[..at]).is_err(), "cut at {at}");
        assert!(open(&[&good[..at], &[0], &good[at..]].concat()).is_err(), "more at {at}");
    }
}

fn in_another_order(text: &str) -> String {
    let mut manifest: Manifest = serde_json::from_str(text).unwrap();
    manifest.files.reverse();
    String::from_utf8(manifest.text()).unwrap()
}

#[test]
fn each_fraud_has_its_own_name() {
    let put = |name: &'static str, text: &'static [u8]| {
        move |files: &mut BTreeMap<String, Vec<u8>>| {
            files.insert(name.into(), text.to_vec());
        }
    };
    let take = |name: &'static str| {
        move |files: &mut BTreeMap<String, Vec<u8>>| {
            files.remove(name);
        }
    };
    let other = SigningKey::from_seed(&[2; 32]);
    let pem = other.public().pem();
    for (bytes, words) in [
        (changed(put("report.html", b"<i>")), "report.html was altered"),
        (changed(put("report.html", b"<p> ")), "report.html was altered"),
        (changed(put("data/b.csv", b"")), "data/b.csv was put in"),
        (changed(take("data/a.csv")), "data/a.csv was taken out"),
        (changed(take(MANIFEST)), "no manifest.json"),
        (changed(take(SIGNATURE)), "no manifest.sig"),
        (changed(take(PUBLIC_KEY)), "public-key.pem was taken out"),
        (changed(put(SIGNATURE, b"")), "not what was signed"),
        (changed(put(SIGNATURE, &[0; 64])), "not what was signed"),
        (changed(put(MANIFEST, b"{}")), "cannot be read: missing field `format`"),
        (signed_again(&other, |text| text), "not what was signed"),
        (signed_again(&key(), |text| text.replace("pack/1", "pack/2")), "format \"releve-pack/2\""),
        (signed_again(&key(), |text| text.replace("\"seeds\"", "\"seed\"")), "missing field `seeds`"),
        (signed_again(&key(), |text| format!("{text}{{}}")), "trailing characters"),
        (signed_again(&key(), |text| text.replace("\"key\"", "\"key\": 1, \"key\"")), "cannot be read"),
        (
            signed_again(&key(), |text| text.replace("\"lang\"", "\"lang\": \"fr\", \"lang\"")),
            "does not have the form",
        ),
        (
            signed_again(&key(), |text| text.replace("\"seeds\"", "\"approved\": true, \"seeds\"")),
            "does not have the form",
        ),
        (signed_again(&key(), |text| text.replace('\n', " ")), "does not have the form"),
        (signed_again(&key(), |text| in_another_order(&text)), "does not have the form"),
    ] {
        let wrong = open(&bytes).unwrap_err().to_string();
        assert!(wrong.contains(words), "{wrong}: {words}");
    }
    let with_other_pem = changed(|files| {
        files.insert(PUBLIC_KEY.into(), pem.clone().into_bytes());
        let mut manifest: Manifest = serde_json::from_slice(&files[MANIFEST]).unwrap();
        for record in manifest.files.iter_mut().filter(|record| record.name == PUBLIC_KEY) {
            *record = FileRecord::of(PUBLIC_KEY, pem.as_bytes());
        }
        let text = manifest.text();
        files.insert(SIGNATURE.into(), key().sign(&text).to_vec());
        files.insert(MANIFEST.into(), text);
    });
    assert!(matches!(open(&with_other_pem), Err(OpenError::OtherKey)));
}

/// Whoever changes a pack can sign it with a key of his own: that is another key, and only that tells.
#[test]
fn who_signs_anew_has_another_key() {
    let other = SigningKey::from_seed(&[2; 32]);
    let bytes = seal(statement(), &Entries::from([("report.html", &b"<i>"[..])]), &other).unwrap();
    let pack = open(&bytes).unwrap();
    assert_eq!(pack.manifest.key, other.public());
    assert_ne!(pack.manifest.key, key().public());
}

proptest! {
    #[test]
    fn no_manifest_that_its_own_key_signs_makes_it_panic(text in "\\PC{0,200}", start in 0..3_usize) {
        let start = ["", "{\"format\":\"releve-pack/1\",", "{\"format\":\"releve-pack/1\",\"files\":[],\"key\":\""][start];
        let text = format!("{start}{text}");
        let signature = key().sign(text.as_bytes());
        let entries = Entries::from([(MANIFEST, text.as_bytes()), (SIGNATURE, &signature[..])]);
        prop_assert!(open(&write_archive(&entries).unwrap()).is_err());
    }
}
