//! `check`, `routes` and `posture` tell who is asked: in the order that is tried, with contracts and decisions in force.

use std::fs;
use std::path::Path;

use crate::{Ran, run};

/// Providers `a` (OpenAI's protocol), `b` (Anthropic's) and `c` (OpenAI's), and a route over them in this order.
fn mixed(policy: &str, of_b: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let provider = |name: &str, protocol: &str, more: &str| {
        format!("[providers.{name}]\nprotocol = \"{protocol}\"\nbase_url = \"http://127.0.0.1:9\"\n{more}\n")
    };
    let config = [
        provider("a", "openai-chat", ""),
        provider("b", "anthropic-messages", of_b),
        provider("c", "openai-chat", ""),
        format!("[routes.chat]\ndeployments = [\"a/m\", \"b/m\", \"c/m\"]\n[routes.chat.policy]\n{policy}\n"),
        "[products.office]\n".to_owned(),
    ];
    fs::write(folder.path().join("releve.toml"), config.concat()).unwrap();
    folder
}

fn names(candidates: &serde_json::Value) -> Vec<&str> {
    let candidates = candidates.as_array().unwrap().iter();
    candidates.map(|candidate| candidate["deployment"].as_str().unwrap()).collect()
}

fn decide(folder: &Path, act: &[&str]) -> Ran {
    let ran = run(folder, &[&["posture"], act, &["--reason", "a rumour", "--author", "ada"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

#[test]
fn candidates_are_told_in_the_order_that_is_tried_whatever_they_speak() {
    let folder = mixed("", "");
    let routes = run(folder.path(), &["routes", "--json"]).json();
    assert_eq!(routes.as_array().unwrap().len(), 1, "all clients are served alike: {routes}");
    assert_eq!(names(&routes[0]["candidates"]), ["a/m", "b/m", "c/m"]);
    let checked = run(folder.path(), &["check", "--json"]).json();
    assert_eq!(names(&checked["products"][0]["routes"][0]["candidates"]), ["a/m", "b/m", "c/m"]);
    for command in ["routes", "check"] {
        let told = run(folder.path(), &[command]).out;
        assert!(
            told.contains("anthropic-messages") && !told.contains("clients"),
            "a column, no more: {told}"
        );
    }
}

#[test]
fn where_nobody_translates_each_protocols_clients_have_a_list_of_their_own() {
    let folder = mixed("translate = false", "");
    let routes = run(folder.path(), &["routes", "--json"]).json();
    let lists: Vec<(&str, Vec<&str>)> = routes
        .as_array()
        .unwrap()
        .iter()
        .map(|list| {
            let eligible =
                list["candidates"].as_array().unwrap().iter().filter(|row| row["eligible"] == true);
            let names = eligible.map(|row| row["deployment"].as_str().unwrap()).collect();
            (list["clients"].as_str().unwrap(), names)
        })
        .collect();
    assert_eq!(lists, [("openai-chat", vec!["a/m", "c/m"]), ("anthropic-messages", vec!["b/m"])]);
    let told = run(folder.path(), &["routes"]).out;
    assert!(told.contains("chat  (listed, for office; openai-chat clients)"), "{told}");
    let checked = run(folder.path(), &["check"]).out;
    assert!(
        checked.contains("3 of 3 eligible") && checked.contains("for anthropic-messages clients"),
        "{checked}"
    );
}

#[test]
fn check_takes_a_contract_that_is_over_as_the_gateway_does() {
    let folder = mixed("", "contract = { ends = \"2026-02-20\" }");
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.out.contains("chat: 2 of 3 eligible"), "{checked:?}");
    let drawn = [&*checked.out, &*checked.complaints].concat();
    assert!(drawn.contains("the contract with b ended on 2026-02-20"), "{drawn}");
    assert!(drawn.contains("releve.toml:8:"), "at its line: {drawn}");
    let checked = run(folder.path(), &["check", "--json"]).json();
    let row = &checked["products"][0]["routes"][0]["candidates"][2];
    assert_eq!((&row["deployment"], &row["eligible"]), (&"b/m".into(), &false.into()), "{checked}");
    let mut problems = checked["problems"].as_array().unwrap().iter();
    let over = problems.find(|problem| problem["what"].as_str().unwrap().contains("ended")).unwrap();
    assert_eq!((&over["severity"], &over["line"]), (&"warning".into(), &8.into()), "{over}");

    let made = run(folder.path(), &["keys", "create", "--product", "office"]);
    assert_eq!(made.code, Some(0), "it makes the ledger: {made:?}");
    decide(folder.path(), &["provider:a=leave"]);
    decide(folder.path(), &["provider:c=leave"]);
    let stranded = run(folder.path(), &["check"]);
    assert_eq!(stranded.code, Some(1), "nobody is left, as the gateway would find: {stranded:?}");
    assert!(stranded.out.contains("chat: 0 of 3 eligible"), "{stranded:?}");
}

#[test]
fn a_decision_that_another_stands_before_for_a_time_waits_until_it_is_ended() {
    let folder = mixed("", "");
    assert_eq!(run(folder.path(), &["keys", "create", "--product", "office"]).code, Some(0));
    let states = || -> Vec<(bool, bool)> {
        let rows = run(folder.path(), &["posture", "--json"]).json();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["holds"] == true, row["waits"] == true)).collect()
    };
    decide(folder.path(), &["provider:a=leave"]);
    decide(folder.path(), &["provider:a=watch", "--expires", "7d"]);
    assert_eq!(states(), [(true, false), (false, true)], "the newest first");
    assert!(run(folder.path(), &["posture"]).out.contains("waits"));
    decide(folder.path(), &["provider:a=normal"]);
    assert_eq!(states(), [(false, false); 3]);
}
