//! Nobody is served in a report, a plan or a what-if by whom the router refuses: whose contract is over, whom people left,
//! whose model is off.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml"], arguments].concat())
}

fn report(folder: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let ran = releve(folder, &[&["report", "--json"], more].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}")))
}

/// What the loss of `lost` is like.
fn whatif(folder: &Path, lost: &str) -> Value {
    let fast = ["--for", "10m", "--most", "400", "--no-herd", "--in-short", "--json"];
    releve(folder, &[&["whatif", "--lose", lost][..], &fast].concat()).json()
}

fn decide(folder: &Path, act: &str) {
    let ran = releve(folder, &["posture", act, "--reason", "a rumour", "--author", "ada", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

fn edit(folder: &Path, old: &str, new: &str) {
    let path = folder.join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old}: {text}");
    fs::write(&path, text.replace(old, new)).unwrap();
}

fn named<'v>(list: &'v Value, key: &str, name: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|entry| entry[key] == name);
    found.unwrap_or_else(|| panic!("{name}: {list}"))
}

/// Deployments that could serve a product, by the report.
fn candidates(figures: &Value, product: &str) -> Vec<String> {
    let all = named(&figures["products"], "name", product)["candidates"].as_array().unwrap();
    all.iter().map(|candidate| candidate["deployment"].as_str().unwrap().to_owned()).collect()
}

/// Deployments that serve nobody, and why.
fn left(figures: &Value) -> Vec<(&str, &str)> {
    let all = figures["left"].as_array().unwrap().iter();
    all.map(|left| (left["deployment"].as_str().unwrap(), left["why"].as_str().unwrap())).collect()
}

fn served(answer: &Value, product: &str, when: &str) -> f64 {
    named(&answer["products"], "product", product)[when]["served"]["value"].as_f64().unwrap()
}

/// Those who carry a product after the loss.
fn carriers(answer: &Value, product: &str) -> String {
    named(&answer["products"], "product", product)["carried_by"].to_string()
}

fn decided(answer: &Value) -> &str {
    named(&answer["assumptions"], "about", "decided")["says"].as_str().unwrap()
}

#[test]
fn whoever_has_no_contract_any_more_is_nobodys_substitute() {
    let folder = recorded::folder();
    edit(folder.path(), "[\"maker:openai\", \"host:azure\"]", "[\"host:anthropic\"]");
    let (code, met) = report(folder.path(), &[]);
    assert_eq!((code, left(&met).len()), (Some(0), 0), "Azure steps in: {}", met["targets"]);
    let contract = "contract = { owner = \"Microsoft\", country = \"US\" }";
    edit(folder.path(), contract, &contract.replace(" }", ", ends = \"2020-02-20\" }"));

    let (code, figures) = report(folder.path(), &[]);
    assert_eq!(code, Some(1), "{}", figures["targets"]);
    let target = &figures["targets"][0];
    assert_eq!(target["broken_by"], serde_json::json!(["code-tool", "support-bot"]), "{target}");
    assert_eq!(candidates(&figures, "code-tool"), ["anthropic/claude-opus-4-8"]);
    let why = ("azure-claude/claude-opus-4-8", "contract_ended");
    assert!(left(&figures).contains(&why), "{}", figures["left"]);
    for language in ["en", "fr"] {
        let words = releve(folder.path(), &["report", "--markdown", "--lang", language]).out;
        let ended = ["its contract ended on 2020-02-20", "son contrat a pris fin le 2020-02-20"];
        assert!(ended.iter().any(|ended| words.matches(ended).count() == 2), "{words}");
    }

    let plan = releve(folder.path(), &["exit-plan", "anthropic", "--json"]).json();
    let code = named(&plan["products"], "product", "code-tool");
    assert_eq!(code["verdict"], "stopped", "{code}");
    assert_eq!(named(&code["substitutes"], "deployment", why.0)["class"], "none", "{code}");
    // A plan for the one whose contract is over asks who serves what it served.
    let plan = releve(folder.path(), &["exit-plan", "azure-claude", "--json"]).json();
    let code = named(&plan["products"], "product", "code-tool");
    assert!(code["could"].as_u64() > Some(0) && code["substitutes"][0]["class"] == "proven", "{code}");

    let answer = whatif(folder.path(), "host:anthropic");
    assert!(served(&answer, "code-tool", "before") > 0.9, "{answer}");
    assert!(served(&answer, "code-tool", "after") < 1e-9, "{answer}");
    assert!(decided(&answer).contains("its contract ended on 2020-02-20"), "{}", decided(&answer));
}

#[test]
fn whoever_was_left_is_nobodys_substitute_until_that_is_over() {
    let folder = recorded::folder();
    let (_, free) = report(folder.path(), &[]);
    decide(folder.path(), "maker:openai=leave");
    decide(folder.path(), "provider:azure-claude=leave");
    let answer = whatif(folder.path(), "host:anthropic");
    assert!(served(&answer, "code-tool", "after") < 1e-9, "{answer}");
    for when in ["before", "after"] {
        assert!(served(&answer, "office-assistant", when) > 0.9, "{when}: {answer}");
    }
    let carriers = carriers(&answer, "office-assistant");
    assert!(!carriers.contains("gpt") && carriers.contains("mistral/"), "{carriers}");
    assert!(decided(&answer).contains("leave on maker:openai, by ada (a rumour)"), "{}", decided(&answer));

    let (_, figures) = report(folder.path(), &[]);
    assert!(left(&figures).contains(&("openai/gpt-5.4", "decided")), "{}", figures["left"]);
    let office = candidates(&figures, "office-assistant");
    assert!(!office.is_empty() && !office.iter().any(|name| name.contains("gpt")), "{office:?}");
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    assert!(words.contains("posture leave on maker:openai, by ada (a rumour)"), "{words}");
    let plan = releve(folder.path(), &["exit-plan", "anthropic", "--json"]).json();
    assert_eq!(named(&plan["products"], "product", "code-tool")["verdict"], "stopped", "{plan}");

    // Of a day before that nobody was left, and nobody is when people go back.
    let (_, before) = report(folder.path(), &["--at", "2020-01-01"]);
    assert!(left(&before).is_empty(), "{}", before["left"]);
    decide(folder.path(), "maker:openai=normal");
    decide(folder.path(), "provider:azure-claude=normal");
    let (_, again) = report(folder.path(), &[]);
    assert_eq!((&again["left"], &again["products"]), (&free["left"], &free["products"]));
}

#[test]
fn a_report_of_a_later_day_serves_with_nobody_whose_contract_or_model_is_over_by_then() {
    let folder = recorded::folder();
    let (_, figures) = report(folder.path(), &["--at", "2027-06-30"]);
    let office = candidates(&figures, "office-assistant");
    assert!(office.iter().any(|name| name.starts_with("openai/")), "its last day: {office:?}");
    assert!(!office.iter().any(|name| name.starts_with("azure-sweden/")), "{office:?}");
    let (_, figures) = report(folder.path(), &["--at", "2027-11-30"]);
    let office = candidates(&figures, "office-assistant");
    assert!(!office.iter().any(|name| name.contains("gpt")), "{office:?}");
    for account in ["openai/", "azure-sweden/"] {
        let why: Vec<_> = left(&figures).into_iter().filter(|(name, _)| name.starts_with(account)).collect();
        assert!(!why.is_empty() && why.iter().all(|(_, why)| *why == "contract_ended"), "{why:?}");
    }
}

#[test]
fn a_decision_expires_and_is_made_anew_on_the_scenarios_clock() {
    let folder = recorded::folder();
    let file = folder.path().join("as-it-is.toml");
    fs::write(&file, "why = \"As it is.\"\nspan = \"24h\"\n").unwrap();
    let expires = ["posture", "maker:openai=leave", "--reason", "x", "--author", "ada", "--expires", "12h"];
    let shown = releve(folder.path(), &expires);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let most = ["--most", "300", "--in-short", "--json"];
    let answer = releve(folder.path(), &[&["whatif", "as-it-is.toml"][..], &most].concat()).json();
    let shares = answer["shares"].as_array().unwrap();
    let openai = shares.iter().find(|row| row["domain"] == "maker" && row["name"] == "openai").unwrap();
    let half = openai["requests_after"].as_f64().unwrap();
    decide(folder.path(), "maker:openai=normal");
    let answer = releve(folder.path(), &[&["whatif", "as-it-is.toml"][..], &most].concat()).json();
    let shares = answer["shares"].as_array().unwrap();
    let openai = shares.iter().find(|row| row["domain"] == "maker" && row["name"] == "openai").unwrap();
    let whole = openai["requests_after"].as_f64().unwrap();
    assert!((half / whole - 0.5).abs() < 0.05, "it holds for the first half: {half} of {whole}");
}
