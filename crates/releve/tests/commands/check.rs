//! `releve check` and `releve serve` are of one mind.

use std::fs;

use crate::{Ran, run};

const ONE_PROVIDER: &str =
    "[providers.own]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";

/// Both commands on this file.
fn both(config: &str) -> [Ran; 2] {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("releve.toml"), config).unwrap();
    [run(folder.path(), &["check"]), run(folder.path(), &["serve"])]
}

#[test]
fn p7_check_refuses_what_serve_refuses() {
    let not_pem = "[server.tls]\ncert = \"releve.toml\"\nkey = \"releve.toml\"\n";
    for (config, words) in [
        ("# nobody\n".to_owned(), "no provider"),
        (format!("[server]\nlisten = \"0.0.0.0:0\"\n{ONE_PROVIDER}"), "no virtual key exists"),
        (format!("{not_pem}{ONE_PROVIDER}"), "server.tls"),
        (
            "[ledger]\nurl = \"sqlite:releve.toml\"\n[server]\nlisten = \"[::]:0\"\n".to_owned()
                + ONE_PROVIDER,
            "ledger",
        ),
    ] {
        for ran in both(&config) {
            assert_eq!(ran.code, Some(2), "{config}\n{ran:?}");
            assert!(ran.complaints.contains(words), "{config}\n{ran:?}");
            assert!(!ran.out.contains("right"), "{config}\n{ran:?}");
        }
    }
}

#[test]
fn p7_a_ledger_in_memory_is_none() {
    for url in ["sqlite::memory:", "sqlite:file:releve.db?mode=memory", "sqlite:file:releve.db"] {
        for ran in both(&format!("[ledger]\nurl = \"{url}\"\n{ONE_PROVIDER}")) {
            assert_eq!(ran.code, Some(2), "{url}: {ran:?}");
            assert!(ran.complaints.contains(&format!("\"{url}\" is no file")), "{url}: {ran:?}");
            assert!(ran.complaints.contains("releve.toml:2:7"), "{url}: {ran:?}");
        }
    }
}

#[test]
fn p7_check_without_a_file_or_a_key_says_that_nobody_would_serve() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["check", "serve"] {
        let ran = run(folder.path(), &[command]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.complaints.contains("OPENAI_API_KEY"), "{ran:?}");
    }
}

#[test]
fn p8_a_key_opens_other_addresses_and_check_looks_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        format!("[server]\nlisten = \"0.0.0.0:0\"\n{ONE_PROVIDER}[products.office]\ndirect = true\n");
    fs::write(folder.path().join("releve.toml"), config).unwrap();
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.complaints.contains("releve.toml:2:"), "it points at the address: {refused:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no ledger was made");
    assert_eq!(run(folder.path(), &["check", "--assume-secrets"]).code, Some(0));
    assert_eq!(run(folder.path(), &["keys", "create", "--product", "office"]).code, Some(0));
    let right = run(folder.path(), &["check"]);
    assert_eq!(right.code, Some(0), "{right:?}");
}
