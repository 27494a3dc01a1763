//! A shortage that is there with nothing lost: no loss is blamed for it, and it is said by itself.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml"], arguments].concat())
}

/// The demo's folder, in which these accounts take so many tokens a minute.
fn with_room(of: &[(&str, u64)]) -> tempfile::TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (account, tokens) in of {
        let head = format!("[providers.{account}]");
        assert_eq!(text.matches(&head).count(), 1, "{text}");
        let line = text.lines().find(|line| line.starts_with(&head)).unwrap().to_owned();
        text = text.replace(&line, &format!("{line}\ncapacity = {{ tokens_per_minute = {tokens} }}"));
    }
    let targets = text.replace("\"maker:openai\", \"host:azure\"", "\"maker:anthropic\"");
    assert_ne!(targets, text);
    fs::write(&path, targets).unwrap();
    folder
}

/// Room for what the others ask and for half of what the office assistant asks beyond that, wherever OpenAI's, Mistral's and
/// our own models run; as much as anybody likes of Anthropic's.
fn narrow() -> tempfile::TempDir {
    let (own, others) = asked();
    each_with(u64::midpoint(own, others) / 4)
}

fn each_with(tokens: u64) -> tempfile::TempDir {
    with_room(&["openai", "azure-sweden", "mistral", "house"].map(|account| (account, tokens)))
}

/// Tokens of the busiest minutes: of the office assistant, and of the two others that use the same accounts.
fn asked() -> (u64, u64) {
    let figures = releve(recorded::folder().path(), &["report", "--json"]).json();
    let peak = |name| named(&figures["products"], "name", name)["peak_tokens"].as_u64().unwrap();
    let (own, others) = (peak("office-assistant"), peak("search") + peak("developer-platform"));
    assert!(own > others, "{figures}");
    (own, others)
}

fn named<'v>(list: &'v Value, key: &str, name: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|entry| entry[key] == name);
    found.unwrap_or_else(|| panic!("{name}: {list}"))
}

#[test]
fn a_report_blames_no_loss_for_what_is_short_already() {
    let folder = narrow();
    let ran = releve(folder.path(), &["report", "--json"]);
    let figures: Value = serde_json::from_str(&ran.out).unwrap();
    let losses = figures["losses"].as_array().unwrap();
    let anthropic = losses
        .iter()
        .find(|loss| loss["domains"] == serde_json::json!(["maker:anthropic"]) && loss["meaning"].is_null());
    let anthropic = anthropic.unwrap_or_else(|| panic!("{figures}"));
    let product = named(&figures["products"], "name", "office-assistant");
    let (peak, already) =
        (product["peak_tokens"].as_u64().unwrap(), product["short_already_tokens"].as_u64().unwrap());
    assert!(already > 0 && already < peak, "{product}");
    let on = named(&anthropic["products"], "product", "office-assistant");
    assert_eq!((&on["verdict"], &on["short_tokens"]), (&"untouched".into(), &0.into()), "{on}");
    assert_eq!(on["short_already_tokens"], already, "{on}");
    for cut in product["cuts"].as_array().unwrap() {
        assert!(!cut["losses"].as_array().unwrap().is_empty(), "a cut of nothing: {cut}");
        assert!(cut["effect"]["short_tokens"].as_u64().unwrap() <= peak - already, "what it adds: {cut}");
    }
    let target = &figures["targets"][0];
    assert_eq!(target["broken_by"], serde_json::json!(["code-tool", "support-bot"]), "{target}");
}

#[test]
fn the_board_reads_what_is_short_already_and_is_asked_to_decide_it() {
    let folder = narrow();
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    let board = words.split("## What stops what").next().unwrap();
    for said in [
        "With nothing lost at all, room is short for office-assistant",
        " of 5 products, with nothing lost",
        "- Get more room for office-assistant",
    ] {
        assert!(board.contains(said), "{said}: {board}");
    }
    // Nobody hears that it would survive a loss with one more candidate which takes nothing from it.
    assert!(
        !board.contains("office-assistant: add a candidate that survives the loss of maker anthropic"),
        "{board}"
    );
    let office = words.split("### office-assistant").nth(1).unwrap();
    assert!(office.split("### ").next().unwrap().contains("While nothing is lost: "), "{office}");
    let french = releve(folder.path(), &["report", "--markdown", "--lang", "fr"]).out;
    for said in [
        "Sans aucune perte, la puissance manque",
        " sur 5, sans aucune perte",
        "- Trouver plus de puissance pour ",
    ] {
        assert!(french.contains(said), "{said}: {french}");
    }
    // With room for all of it none of that is said.
    let words = releve(recorded::folder().path(), &["report", "--markdown"]).out;
    assert!(
        !words.contains("With nothing lost at all") && !words.contains("While nothing is lost: "),
        "{words}"
    );
}

#[test]
fn where_only_room_is_missing_after_a_loss_room_is_asked_for() {
    let (own, others) = asked();
    // All four carry it, three do not.
    let folder = each_with((own + others) * 3 / 10);
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    let asks = "- office-assistant: get more room at those that are left after the loss of ";
    assert!(words.contains(asks) && !words.contains("office-assistant: add a candidate"), "{words}");
    assert!(words.contains("- code-tool: add a candidate that survives the loss of "), "{words}");
}

#[test]
fn an_exit_plan_and_a_watch_count_what_leaving_adds() {
    let folder = narrow();
    let plan = releve(folder.path(), &["exit-plan", "openai", "--json"]);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let office = named(&plan["products"], "product", "office-assistant");
    let tokens = |key: &str| office[key].as_u64().unwrap();
    assert!(tokens("short_tokens") > 0 && tokens("short_already_tokens") > 0, "{office}");
    assert!(tokens("short_tokens") + tokens("short_already_tokens") <= tokens("peak_tokens"), "{office}");
    let words = releve(folder.path(), &["exit-plan", "openai", "--markdown"]).out;
    assert!(words.contains("Short in it without the provider: "), "{words}");
    assert!(words.contains(" requests; with it already: "), "{words}");

    let act = ["posture", "maker:anthropic=watch", "--reason", "a rumour", "--author", "ada", "--json"];
    assert_eq!(releve(folder.path(), &act).code, Some(0));
    let checked = releve(folder.path(), &["posture", "--check", "--json"]);
    let rows: Value = serde_json::from_str(&checked.out).unwrap();
    let touched: Vec<&Value> =
        rows[0]["fallbacks"].as_array().unwrap().iter().map(|fallback| &fallback["product"]).collect();
    assert_eq!(touched, ["code-tool", "support-bot"], "nothing of the others is lost: {rows}");

    let act = ["posture", "host:azure=watch", "--reason", "a rumour", "--author", "ada", "--json"];
    assert_eq!(releve(folder.path(), &act).code, Some(0));
    let told = releve(folder.path(), &["posture"]).out;
    assert!(told.contains("Short already, whoever falls: "), "{told}");
}
