//! Targets, and what a report says of losses, where something is not known: never the better of two answers.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

const AS_IT_IS: &str = "must_survive = [\"maker:openai\", \"host:azure\"]";

/// The line with which its section begins: the demo says of it no contract.
const ANTHROPIC: &str = "[providers.anthropic]  # Anthropic's own API\n";

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml"], arguments].concat())
}

/// The demo's folder, with its configuration changed.
fn with(changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}: {text}");
        text = text.replace(old, new);
    }
    fs::write(&path, text).unwrap();
    folder
}

/// How the report ends, and its only target.
fn only_target(folder: &Path) -> (Option<i32>, Value) {
    let ran = releve(folder, &["report", "--json"]);
    let figures: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran.code, figures["targets"][0].clone())
}

#[test]
fn a_target_whose_name_is_nowhere_is_not_met() {
    let folder = with(&[(AS_IT_IS, "must_survive = [\"maker:opnai\"]")]);
    let (code, target) = only_target(folder.path());
    assert_eq!((code, &target["met"], &target["names_nothing"]), (Some(1), &Value::Null, &true.into()));
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    assert!(words.contains("0 of 1 met, 1 not known"), "{words}");
    assert!(words.contains("maker opnai: nothing here has that name"), "{words}");
    let checked = releve(folder.path(), &["check", "--assume-secrets"]);
    assert!(checked.complaints.contains("did you mean \"maker:openai\"?"), "{checked:?}");
    assert!(checked.out.contains("right, with one warning"), "{checked:?}");
}

#[test]
fn a_name_that_others_could_have_is_not_met_until_somebody_says_so() {
    let folder = with(&[(AS_IT_IS, "must_survive = [\"country:BR\"]")]);
    let (code, target) = only_target(folder.path());
    assert_eq!((code, &target["met"], &target["names_nothing"]), (Some(1), &Value::Null, &true.into()));
    let checked = releve(folder.path(), &["check", "--assume-secrets"]);
    let asks = "nobody says it of anthropic";
    assert!(checked.complaints.contains(asks), "{checked:?}");
}

#[test]
fn whether_a_loss_is_survived_is_not_known_while_nobody_says_whom_it_takes() {
    let us = "must_survive = [\"country:US\"]";
    let unsaid = with(&[(AS_IT_IS, us)]);
    let (code, target) = only_target(unsaid.path());
    assert_eq!((code, &target["met"]), (Some(1), &Value::Null), "{target}");
    assert_eq!(target["broken_by"], serde_json::json!([]));
    assert_eq!(target["not_known_for"], serde_json::json!(["code-tool", "support-bot"]), "{target}");

    // The cell of the table says no more than is known.
    let figures: Value = serde_json::from_str(&releve(unsaid.path(), &["report", "--json"]).out).unwrap();
    let named = |loss: &&Value| loss["domains"].as_array().unwrap().contains(&"country:US".into());
    let loss = figures["losses"].as_array().unwrap().iter().find(named).unwrap();
    let on = |product: &str| {
        let products = loss["products"].as_array().unwrap();
        let on = products.iter().find(|on| on["product"] == product).unwrap();
        (on["verdict"].as_str().unwrap().to_owned(), on["at_worst"].as_str().unwrap().to_owned())
    };
    assert_eq!(on("code-tool").1, "stopped", "{loss}");
    assert_ne!(on("code-tool").0, "stopped", "{loss}");
    assert_eq!(on("search").0, on("search").1, "all that it could use has its country: {loss}");
    let words = releve(unsaid.path(), &["report", "--markdown"]).out;
    let row =
        words.lines().find(|line| line.starts_with("| country US")).unwrap_or_else(|| panic!("{words}"));
    assert!(row.contains("at best goes on"), "{row}");

    let says = |country: &str| {
        let section = format!("{ANTHROPIC}contract = {{ country = \"{country}\" }}\n");
        only_target(with(&[(AS_IT_IS, us), (ANTHROPIC, &section)]).path())
    };
    let (code, target) = says("US");
    assert_eq!((code, &target["met"]), (Some(1), &false.into()), "{target}");
    assert_eq!(target["broken_by"], serde_json::json!(["code-tool", "support-bot"]), "{target}");
    let (code, target) = says("FR");
    assert_eq!((code, &target["met"]), (Some(0), &true.into()), "{target}");
}

#[test]
fn a_share_that_the_unknown_could_make_too_large_is_not_met() {
    let share = "must_survive = []\nmax_share = { region = 0.7, of = \"money\" }";
    let folder = with(&[(AS_IT_IS, share)]);
    let (code, target) = only_target(folder.path());
    assert_eq!((code, &target["met"]), (Some(1), &Value::Null), "{target}");
    assert!(target["not_known_for"][0].as_str().unwrap().starts_with("unknown ("), "{target}");
    // Where even all of the unknown would not be too much, it is met.
    let folder = with(&[(AS_IT_IS, "must_survive = []\nmax_share = { region = 1.0, of = \"money\" }")]);
    let (code, target) = only_target(folder.path());
    assert_eq!((code, &target["met"]), (Some(0), &true.into()), "{target}");
}

#[test]
fn a_report_says_first_how_little_it_rests_on() {
    let folder = recorded::folder();
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    let first =
        words.lines().find(|line| line.contains("through Relève")).unwrap_or_else(|| panic!("{words}"));
    let (length, rest) = first.split_once(", ").unwrap_or_else(|| panic!("{first}"));
    assert!(length.starts_with("In ") && length.ends_with(" seconds"), "{first}");
    assert!(rest.contains("products made"), "{first}");
    let figures = releve(folder.path(), &["report", "--json"]).json();
    let us = figures["basis"]["to_us"].as_i64().unwrap() - figures["basis"]["from_us"].as_i64().unwrap();
    assert_eq!(length, format!("In {} seconds", us / 1_000_000));
    let html = {
        let path = folder.path().join("report.html");
        releve(folder.path(), &["report", "--html", "report.html"]);
        fs::read_to_string(path).unwrap()
    };
    let light = html.split("What it rests on").nth(1).unwrap_or_else(|| panic!("{html}"));
    let words = length.trim_start_matches("In ");
    assert!(light[..light.len().min(300)].contains(words), "{light}");
}
