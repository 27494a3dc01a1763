//! What is wrong with the words themselves, and what needs no secrets.

use std::fs;

use serde_json::Value;

use crate::run;

const CONFIG: &str = "[providers.openai]\napi_key = { env = \"OPENAI_API_KEY\" }\n[routes.chat]\ndeployments = [\"openai/gpt-5.2\"]\n\
                      [products.office]\nroutes = [\"chat\"]\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("releve.toml"), CONFIG).unwrap();
    folder
}

#[test]
fn with_json_a_wrong_word_is_answered_in_json() {
    let folder = folder();
    for (words, error) in [
        (&["nosuch", "--json"][..], "unrecognized subcommand 'nosuch'"),
        (&["--json", "report", "--lang", "de"], "invalid value 'de' for '--lang <LANG>'"),
        (&["whatif", "--json", "--lose", "nobody"], "\"nobody\" is no fault domain"),
        (&["exit-plan", "--json"], "required arguments were not provided"),
    ] {
        let ran = run(folder.path(), words);
        assert_eq!((ran.code, ran.complaints.as_str()), (Some(2), ""), "{words:?}: {ran:?}");
        let answer: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{words:?}: {ran:?}"));
        assert!(answer["error"].as_str().unwrap().contains(error), "{words:?}: {answer}");
        assert!(answer["mend"].as_str().unwrap().contains("--help"), "{words:?}: {answer}");
        let without: Vec<&str> = words.iter().copied().filter(|word| *word != "--json").collect();
        let plain = run(folder.path(), &without);
        assert_eq!((plain.code, plain.out.as_str()), (Some(2), ""), "{plain:?}");
        assert!(plain.complaints.starts_with("error: "), "{plain:?}");
    }
    let help = run(folder.path(), &["report", "--help", "--json"]);
    assert!(help.code == Some(0) && help.out.contains("Usage: releve report"), "{help:?}");
}

#[test]
fn a_key_has_a_name_that_can_be_read() {
    let folder = folder();
    for name in ["", "  ", "a\u{1b}[31mb"] {
        let ran = run(folder.path(), &["keys", "create", "--product", "office", "--name", name]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{name:?}: {ran:?}");
    }
    assert!(!folder.path().join("releve.db").exists(), "nothing was made");
}

#[test]
fn what_is_only_shown_needs_no_secret() {
    let folder = folder();
    let shown = run(folder.path(), &["config", "show"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("env = \"OPENAI_API_KEY\""), "{shown:?}");
    let routes = run(folder.path(), &["routes"]);
    assert!(routes.code == Some(0) && routes.out.contains("openai/gpt-5.2"), "{routes:?}");
    // Nothing runs here: that is what it says, and not that a key is missing.
    let diff = run(folder.path(), &["config", "diff"]);
    assert!(diff.code == Some(1) && diff.complaints.contains("no gateway answers"), "{diff:?}");
    let wrong = folder.path().join("releve.toml");
    fs::write(&wrong, format!("{CONFIG}bogus = 1\n")).unwrap();
    let ran = run(folder.path(), &["config", "show"]);
    assert!(ran.code == Some(2) && ran.complaints.contains("bogus"), "{ran:?}");
}
