//! `releve posture` on a ledger that the demo left: whether the fallbacks of what is watched carry what is asked.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

fn posture(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml", "posture"], more].concat())
}

fn of<'v>(fallbacks: &'v Value, product: &str) -> &'v Value {
    let found = fallbacks.as_array().unwrap().iter().find(|row| row["product"] == product);
    found.unwrap_or_else(|| panic!("{product}: {fallbacks}"))
}

#[test]
fn a_decision_is_shown_with_what_it_rests_on_and_its_words_do_not_steer_the_terminal() {
    let folder = recorded::folder();
    let reason = ["--reason", "a \u{1b}[31mrumour\u{202e}", "--author", "a\u{7}da"];
    let acted = posture(folder.path(), &[&["maker:mistral=watch"][..], &reason].concat());
    let rests = acted.out.lines().find(|line| line.starts_with("  From "));
    assert!(rests.is_some_and(|line| line.contains(" requests in ")), "{acted:?}");
    let listed = posture(folder.path(), &[]).out;
    assert!(listed.contains("a \u{fffd}[31mrumour\u{fffd}") && listed.contains("a\u{fffd}da"), "{listed}");
    assert!(!listed.contains('\u{1b}'), "{listed}");
    let nameless = posture(folder.path(), &["maker:mistral=leave", "--reason", "x", "--author", ""]);
    assert!(
        nameless.code == Some(2) && nameless.complaints.contains("nobody says who decides"),
        "{nameless:?}"
    );
}

#[test]
fn a_watch_says_whether_the_fallbacks_carry_what_is_asked() {
    let folder = recorded::folder();
    let decide = |act: &str| {
        let ran = posture(folder.path(), &[act, "--reason", "a rumour", "--author", "ada", "--json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    let nothing = posture(folder.path(), &["--check"]);
    assert!(nothing.code == Some(0) && nothing.out.contains("carries: nothing is watched"), "{nothing:?}");
    // Azure runs OpenAI's weights too: somebody steps in for every product.
    decide("host:openai=watch");
    let checked = posture(folder.path(), &["--check", "--json"]);
    let rows: Value = serde_json::from_str(&checked.out).unwrap();
    let office = of(&rows[0]["fallbacks"], "office-assistant");
    assert!(["proven", "unproven"].contains(&office["verdict"].as_str().unwrap()), "{office}");
    assert_eq!((&office["short_tokens"], checked.code), (&0.into(), Some(0)), "{office}");
    assert!(office["peak_tokens"].as_u64().unwrap() > 0, "{office}");
    let words = posture(folder.path(), &["--check"]).out;
    assert!(words.lines().last().unwrap().starts_with("carries"), "{words}");

    // With next to no capacity elsewhere there is no room.
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let mut tight = String::new();
    for line in text.lines() {
        tight.push_str(line);
        let section = line.strip_prefix("[providers.").and_then(|rest| rest.split(']').next());
        if section.is_some_and(|name| name != "openai") {
            tight.push_str("\ncapacity = { tokens_per_minute = 10 }");
        }
        tight.push('\n');
    }
    fs::write(&path, tight).unwrap();
    let checked = posture(folder.path(), &["--check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(
        checked.out.contains("If host:openai fell") && checked.out.contains("too little room"),
        "{checked:?}"
    );
    let verdict = checked.out.lines().last().unwrap();
    assert!(verdict.starts_with("falls short: ") && verdict.contains("office-assistant"), "{verdict}");
    let told = posture(folder.path(), &[]);
    assert!(
        told.code == Some(0) && !told.out.contains("falls short"),
        "without --check it only tells: {told:?}"
    );
    fs::write(&path, text).unwrap();

    // Nobody but their maker makes Claude.
    decide("maker:anthropic=watch");
    let checked = posture(folder.path(), &["--check", "--json"]);
    let rows: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(
        (&of(&rows[0]["fallbacks"], "code-tool")["verdict"], checked.code),
        (&"stopped".into(), Some(1))
    );
    decide("maker:anthropic=normal");
    let checked = posture(folder.path(), &["--check", "--json"]);
    let rows: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(
        (checked.code, &rows[0]["fallbacks"], &rows[1]["fallbacks"]),
        (Some(0), &Value::Null, &Value::Null)
    );
}

/// Where Anthropic sits nobody says: it may be in the country that is watched.
#[test]
fn what_nobody_knows_does_not_carry_as_it_does_not_survive() {
    let folder = recorded::folder();
    let acted =
        posture(folder.path(), &["country:US=watch", "--reason", "a rumour", "--author", "ada", "--json"]);
    assert_eq!(acted.code, Some(0), "{acted:?}");
    let checked = posture(folder.path(), &["--check", "--json"]);
    let rows: Value = serde_json::from_str(&checked.out).unwrap();
    let code = of(&rows[0]["fallbacks"], "code-tool");
    assert_eq!((&code["verdict"], &code["at_worst"]), (&"proven".into(), &"stopped".into()));
    assert_eq!((&code["falls_short"], &code["may_fall_short"]), (&false.into(), &true.into()));
    assert_eq!((&rows[0]["carries"], checked.code), (&"not_known".into(), Some(1)));
    let words = posture(folder.path(), &["--check"]).out;
    assert!(words.contains("at best others step"), "{words}");
    let verdict = words.lines().last().unwrap();
    assert!(verdict.starts_with("not known: ") && verdict.contains("code-tool"), "{verdict}");

    // As the report has the same as a target.
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let wanted =
        text.replace("must_survive = [\"maker:openai\", \"host:azure\"]", "must_survive = [\"country:US\"]");
    assert_ne!(wanted, text);
    fs::write(&path, wanted).unwrap();
    let report = run(folder.path(), &["--config", "releve-demo.toml", "report", "--json"]);
    let told: Value = serde_json::from_str(&report.out).unwrap();
    let target = &told["targets"][0];
    assert_eq!((&target["met"], report.code), (&Value::Null, Some(1)), "{target}");
    let may: Vec<&str> = rows[0]["fallbacks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["may_fall_short"] == true)
        .map(|row| row["product"].as_str().unwrap())
        .collect();
    assert_eq!(target["not_known_for"], serde_json::json!(may));
}
