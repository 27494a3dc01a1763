//! Evidence packs of a demo's ledger: the same again, whole elsewhere, and nothing but what was signed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use evidence::{Entries, SigningKey};
use serde_json::Value;

use crate::{Ran, recorded, run};

pub(crate) const CONFIG: &str = "releve-demo.toml";
pub(crate) const LEDGER: &str = "releve-demo.db";
/// On which day every report here is made.
const DAY: [&str; 2] = ["--at", "2026-11-30"];
const WHATIF: [&str; 7] = ["whatif", "--lose", "maker:openai", "--for", "20s", "--most", "300"];

/// Runs a command with the demo's configuration.
pub(crate) fn told(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", CONFIG], arguments].concat())
}

/// The pack that a command writes.
pub(crate) fn packed(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let ran = told(folder, &[arguments, &["--pack", "it.zip"]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.complaints.contains("the pack is in it.zip"), "{ran:?}");
    fs::read(folder.join("it.zip")).unwrap()
}

fn report(folder: &Path, more: &[&str]) -> Vec<u8> {
    packed(folder, &[&["report"], &DAY[..], more].concat())
}

/// `releve verify` of these bytes in an empty folder, as on another machine.
pub(crate) fn verified(bytes: &[u8], more: &[&str]) -> Ran {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("other.zip"), bytes).unwrap();
    run(elsewhere.path(), &[&["verify", "other.zip"], more].concat())
}

fn own_key(folder: &Path) -> String {
    told(folder, &["verify", "--own-key"]).out.trim().to_owned()
}

/// What a file of the pack says.
pub(crate) fn file(pack: &[u8], name: &str) -> String {
    let pack = evidence::open(pack).unwrap();
    let text = pack.files.get(name).unwrap_or_else(|| panic!("{name}: {:?}", pack.files.keys()));
    String::from_utf8(text.to_vec()).unwrap()
}

#[test]
fn the_same_inputs_make_the_same_pack_and_it_is_whole_elsewhere() {
    let folder = recorded::folder();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let exit = [&["exit-plan", "anthropic"], &DAY[..]].concat();
    let report = [&["report"], &DAY[..]].concat();
    let whatif = [&WHATIF[..], &["--in-short"]].concat();
    for (command, page) in [(&report, "report.html"), (&whatif, "whatif.html"), (&exit, "exit-plan.html")] {
        let pack = packed(folder.path(), command);
        assert!(packed(folder.path(), command) == pack, "{command:?}: another pack");
        if page != "exit-plan.html" {
            // An exit plan's diffs name the file that they change. Of the others nothing says where anything lies.
            let config = ["--config", &at(CONFIG), "--pack", "moved.zip"];
            let moved = run(elsewhere.path(), &[&command[..], &config].concat());
            assert_eq!(moved.code, Some(0), "{moved:?}");
            assert!(fs::read(elsewhere.path().join("moved.zip")).unwrap() == pack, "{command:?}: places");
        }
        let html = file(&pack, page);
        assert!(html.starts_with("<!doctype html>") && html.contains("<table>"), "{html}");
        let data = file(&pack, &format!("data/{}", page.replace("html", "json")));
        assert!(serde_json::from_str::<Value>(&data).is_ok(), "{data}");

        let words = verified(&pack, &["--key", &own_key(folder.path())]);
        assert_eq!(words.code, Some(0), "{words:?}");
        for said in ["is whole", "the given key's", "records 1 to ", command[0]] {
            assert!(words.out.contains(said), "{said}: {words:?}");
        }
        let found = verified(&pack, &["--json", "--ledger", &at(LEDGER)]).json();
        assert_eq!((&found["whole"], &found["ledger"]), (&true.into(), &"same".into()), "{found}");
        let chain = told(folder.path(), &["ledger", "verify", "--json"]).json()["chain"].clone();
        assert_eq!(found["manifest"]["ledger"]["chain"], chain);
        assert!(!found["manifest"]["limits"].as_array().unwrap().is_empty(), "{found}");
        assert!(!found["manifest"]["catalogue"]["sources"].as_array().unwrap().is_empty(), "{found}");
        let program = fs::read(env!("CARGO_BIN_EXE_releve")).unwrap();
        let digest = evidence::Digest::of(&program).to_string();
        assert_eq!(found["manifest"]["program"]["sha256"], digest.as_str());
    }
}

#[test]
fn whatever_was_changed_is_named_and_ends_with_one() {
    let folder = recorded::folder();
    let pack = report(folder.path(), &[]);
    let cuts = file(&pack, "data/smallest-losses.csv");
    let heads = "product,count,losses,part_stopped,short_tokens_per_minute,short_requests_per_minute\r\n";
    assert!(cuts.starts_with(heads) && cuts.contains("\r\ncode-tool,1,maker:anthropic,1,0,0\r\n"), "{cuts}");
    let whole = evidence::open(&pack).unwrap();
    let page = whole.files["report.html"].to_vec();
    let milder = String::from_utf8(page.clone()).unwrap().replace("stopped", "served.").into_bytes();
    assert_ne!(milder, page);
    let with = |name: &'static str, contents: Option<&[u8]>| {
        let mut files: Entries<'_> = whole.files.clone();
        files.remove(name);
        files.extend(contents.map(|contents| (name, contents)));
        evidence::write_archive(&files).unwrap()
    };
    let mut flipped = pack.clone();
    let at = flipped.windows(7).position(|window| window == b"stopped").unwrap();
    flipped[at] ^= 1;
    for (bytes, words) in [
        (with("report.html", Some(&milder)), "report.html was altered"),
        (with("data/more.csv", Some(b"x")), "data/more.csv was put in"),
        (with("data/losses.csv", None), "data/losses.csv was taken out"),
        (with("manifest.sig", None), "it has no manifest.sig"),
        (flipped, "is damaged"),
        ([&pack[..], b" "].concat(), "was not written by releve"),
        (pack[..pack.len() / 2].to_vec(), "cut off"),
        (page.clone(), "no ZIP archive"),
        (Vec::new(), "no ZIP archive"),
    ] {
        let refused = verified(&bytes, &[]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{words}: {refused:?}");
        assert!(refused.complaints.contains(words), "{words}: {refused:?}");
        let refused = verified(&bytes, &["--json"]);
        let error: Value = serde_json::from_str(&refused.out).unwrap();
        assert!(error["error"].as_str().unwrap().contains(words), "{error}");
    }

    // A forger with a key of his own is found by the key, and by nothing else.
    let forger = SigningKey::from_seed(&[9; 32]);
    let mut files = whole.files.clone();
    for own in [evidence::MANIFEST, evidence::SIGNATURE, evidence::PUBLIC_KEY] {
        files.remove(own);
    }
    files.insert("report.html", &milder);
    let forged = evidence::seal(whole.manifest.statement.clone(), &files, &forger).unwrap();
    let alone = verified(&forged, &[]);
    assert!(alone.code == Some(0) && alone.out.contains("not shown"), "{alone:?}");
    let key = own_key(folder.path());
    let held = verified(&forged, &["--key", &key]);
    assert_eq!(held.code, Some(1), "{held:?}");
    let verdict = held.out.lines().next().unwrap();
    assert!(
        verdict.contains("somebody else has signed it") && !held.out.contains("zip is whole"),
        "{held:?}"
    );
    assert_eq!(verified(&forged, &["--key", &key, "--json"]).out.split('"').nth(1), Some("holds"));
}

#[test]
fn a_ledger_and_a_configuration_that_are_others_are_told() {
    let (folder, longer) = (tempfile::tempdir().unwrap(), recorded::folder());
    run(folder.path(), &["demo", "--json", "--seed", "2", "--seconds", "3", "--rate", "10"]).json();
    let (own, others) = (folder.path().join(LEDGER), longer.path().join(LEDGER));
    let (of_own, of_others) = (report(folder.path(), &[]), report(longer.path(), &[]));
    for (pack, ledger, words) in [(&of_own, &others, "other records"), (&of_others, &own, "ends before")] {
        let found = verified(pack, &["--ledger", ledger.to_str().unwrap()]);
        assert!(found.code == Some(1) && found.out.contains(words), "{found:?}");
    }

    let same = told(folder.path(), &["verify", "it.zip", "--same-config", "--json"]);
    assert_eq!(same.json()["configuration_is_the_same"], true);
    let path = folder.path().join(CONFIG);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[rates.CHF]\nusd = \"1.2\"\non = 2026-11-01\n")).unwrap();
    let changed = told(folder.path(), &["verify", "it.zip", "--same-config"]);
    assert!(changed.code == Some(1) && changed.out.contains("means something else"), "{changed:?}");
}

#[test]
fn a_house_has_one_key_which_is_for_its_owner_only() {
    let folder = recorded::folder();
    let none = told(folder.path(), &["verify", "--own-key"]);
    assert!(none.code == Some(1) && none.complaints.contains("no signing key yet"), "{none:?}");
    report(folder.path(), &[]);
    let file = folder.path().join(format!("{LEDGER}.signing.key"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(&file).unwrap();
    let made = own_key(folder.path());
    let pack = report(folder.path(), &[]);
    assert_eq!(evidence::open(&pack).unwrap().manifest.key.to_string(), made, "the next pack has it too");
    assert!(!pack.windows(64).any(|window| window == secret.trim().as_bytes()), "and not its secret half");

    // In PEM, and as a file.
    let pem =
        told(folder.path(), &["verify", "--own-key", "--json"]).json()["pem"].as_str().unwrap().to_owned();
    fs::write(folder.path().join("pub.pem"), pem).unwrap();
    let given = told(folder.path(), &["verify", "it.zip", "--key", "pub.pem", "--json"]).json();
    assert_eq!(given["key_is_the_given_one"], true);
    let wrong = told(folder.path(), &["verify", "it.zip", "--key", "nowhere.pem"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");

    // The other half, which has the same form: by its name, by its digits, and in PEM.
    let digits = secret.trim();
    fs::write(folder.path().join("copy.key"), &secret).unwrap();
    fs::write(
        folder.path().join("own.pem"),
        "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    for given in [file.to_str().unwrap(), "copy.key", digits, "own.pem"] {
        let ran = told(folder.path(), &["verify", "it.zip", "--key", given]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.complaints.contains("private key") && ran.complaints.contains("--own-key"), "{ran:?}");
        assert!(!ran.complaints.contains(digits), "{ran:?}");
    }

    // One that the configuration names takes its place.
    let config = folder.path().join(CONFIG);
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("\n[report]\n") || !text.contains("[report"), "{text}");
    let key = "signing_key = { file = \"house.key\" }\n";
    let text = if text.contains("\n[report]\n") {
        text.replacen("\n[report]\n", &format!("\n[report]\n{key}"), 1)
    } else {
        format!("{text}\n[report]\n{key}")
    };
    fs::write(&config, text).unwrap();
    let check = told(folder.path(), &["check"]);
    assert!(check.complaints.contains("report.signing_key: cannot read"), "{check:?}");
    let gone = told(folder.path(), &["report", "--pack", "no.zip"]);
    assert!(gone.code == Some(1) && gone.complaints.contains("report.signing_key"), "{gone:?}");
    assert!(!folder.path().join("no.zip").exists());
    fs::write(folder.path().join("house.key"), "00".repeat(32)).unwrap();
    let house = SigningKey::from_seed(&[0; 32]).public().to_string();
    assert_eq!((own_key(folder.path()), house == made), (house.clone(), false));
    assert_eq!(evidence::open(&report(folder.path(), &[])).unwrap().manifest.key.to_string(), house);
}

#[test]
fn a_whatif_says_its_scenario_seed_and_limits() {
    let folder = recorded::folder();
    let own = "why = \"Because.\"\nspan = \"20s\"\n[[event]]\nwhat = \"price\"\non = [\"maker:openai\"]\ntimes = 2\n";
    fs::write(folder.path().join("own.toml"), own).unwrap();
    let asked = ["whatif", "own.toml", "--most", "300", "--in-short"];
    let pack = packed(folder.path(), &asked);
    assert_eq!(file(&pack, "scenario.toml"), own);
    assert!(
        file(&pack, "data/assumed-limits.csv")
            .starts_with("deployment,requests_per_minute,tokens_per_minute,")
    );
    let manifest = evidence::open(&pack).unwrap().manifest.statement;
    assert_eq!((&*manifest.seeds, &*manifest.arguments["scenario"]), (&[1][..], "own.toml"));
    assert!(manifest.limits.iter().any(|limit| limit.about == "limits"), "{manifest:?}");
    let other = packed(folder.path(), &[&asked[..], &["--seed", "2"]].concat());
    assert_ne!(
        file(&other, "data/whatif.json"),
        file(&pack, "data/whatif.json"),
        "another seed, other chances"
    );
    let nothing = told(folder.path(), &["whatif", "--pack", "none.zip"]);
    assert!(nothing.code == Some(2) && nothing.complaints.contains("a pack needs a question"), "{nothing:?}");
}
