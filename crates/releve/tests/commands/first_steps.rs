//! The first minutes: what `init` leaves, what `check` and `serve` make of it.

use std::fs;

use crate::run;

#[test]
fn without_a_key_init_says_what_is_still_to_do_and_so_does_whoever_is_asked_before() {
    let folder = tempfile::tempdir().unwrap();
    let none = run(folder.path(), &["serve"]);
    assert!(none.complaints.contains("(`releve init`)"), "there is no file yet: {none:?}");
    let made = run(folder.path(), &["init"]);
    assert!(made.out.contains("take the # from a provider"), "{made:?}");
    for command in ["check", "serve"] {
        let refused = run(folder.path(), &[command]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.complaints.contains("no provider in releve.toml"), "{refused:?}");
        assert!(refused.complaints.contains("[providers.openai]"), "{refused:?}");
    }
}

#[test]
fn a_file_that_is_there_is_not_to_be_written_by_init() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin1.toml"), b"# Rel\xe8ve\n").unwrap();
    let told = |path: &str| run(folder.path(), &["--config", path, "check"]).complaints;
    assert!(told("none.toml").contains("`releve init` writes one"));
    for (path, mend) in [("latin1.toml", Some("UTF-8")), (".", None)] {
        let told = told(path);
        assert!(told.contains(&format!("cannot read {path}")) && !told.contains("releve init"), "{told}");
        assert!(mend.is_none_or(|mend| told.contains(mend)), "{told}");
    }
}

