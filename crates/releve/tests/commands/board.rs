//! What a board reads of decisions, contracts and what is declared, on a ledger that the demo left.

use std::fs;
use std::path::Path;

use jiff::civil::Date;
use serde_json::Value;

use crate::{Ran, recorded, run};

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml"], arguments].concat())
}

/// The demo's configuration, with what comes after a line that begins so, and at its end.
fn with(changes: &[(&str, &str)], more: &str) -> tempfile::TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (old, new) in changes {
        assert_eq!(text.matches(old).count(), 1, "{old}: {text}");
        text = text.replace(old, new);
    }
    fs::write(&path, text + more).unwrap();
    folder
}

fn board(folder: &Path, more: &[&str]) -> String {
    let words = releve(folder, &[&["report", "--markdown"], more].concat()).out;
    words.split("\n## ").nth(1).unwrap_or_else(|| panic!("{words}")).to_owned()
}

fn figures(folder: &Path) -> Value {
    let ran = releve(folder, &["report", "--json"]);
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"))
}

fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[test]
fn whom_people_left_is_said_and_is_not_gone_from_the_configuration() {
    let folder = with(&[], "");
    let act =
        ["posture", "region:eu=leave", "--reason", "a drill", "--author", "ada", "--expires", "1h", "--json"];
    assert_eq!(releve(folder.path(), &act).code, Some(0));
    let page = board(folder.path(), &[]);
    assert!(
        page.contains("by ada's decision nothing is sent, until ")
            && page.contains(" to the region eu, which gave "),
        "{page}"
    );
    // The developer platform may use nobody outside: its requests would be served, were it not for the decision.
    let figures = figures(folder.path());
    let products = figures["products"].as_array().unwrap();
    let platform = products.iter().find(|product| product["name"] == "developer-platform").unwrap();
    assert!(platform["left_behind"].as_u64().unwrap() > 0, "{platform}");
    assert_eq!(platform["shut_out"]["requests"], platform["left_behind"], "{platform}");
    assert!(platform["shut_out"]["deployments"].to_string().contains("mistral/mistral-large"), "{platform}");
    assert!(page.contains("would find nobody today (developer-platform)"), "{page}");
    assert!(
        page.contains("somebody else who can serve them, or change why nothing is sent to those who could"),
        "{page}"
    );
    assert!(!page.contains("gone from the configuration"), "{page}");
    let french = board(folder.path(), &["--lang", "fr"]);
    assert!(french.contains("par décision d'ada, rien n'est plus envoyé, jusqu'au "), "{french}");
    assert!(french.contains(" à la région eu, qui a donné "), "{french}");
}

#[test]
fn a_contract_that_ends_soon_is_a_decision_and_a_light() {
    let ends = |days: i64| {
        let day = today().checked_add(jiff::Span::new().days(days)).unwrap();
        let folder = with(
            &[("ends = \"2027-06-30\", notice = \"90d\"", &format!("ends = \"{day}\", notice = \"200d\""))],
            "",
        );
        (board(folder.path(), &[]), day)
    };
    let (page, day) = ends(3);
    assert!(
        page.contains(&format!(
            "The contract of openai ends on {day}, in 3 days, and then nothing is sent there any more"
        )),
        "{page}"
    );
    assert!(page.contains("could be given until"), "{page}");
    let light =
        page.lines().find(|line| line.contains("Contracts") && line.contains("unknown terms")).unwrap();
    assert!(light.contains("1 that ends within 90 days") && light.contains('■'), "{light}");
    let (page, _) = ends(89);
    assert!(page.contains("The contract of openai ends on"), "{page}");
    let (page, _) = ends(91);
    assert!(!page.contains("The contract of openai ends on") && !page.contains("within 90 days"), "{page}");
}

#[test]
fn what_is_declared_has_its_end_and_its_cost() {
    let soon = today().tomorrow().unwrap();
    let cost = "cost = { amount = \"9000\", currency = \"GBP\", per = \"month\" }";
    let declared = format!("\n[[declared]]\nname = \"bought seats\"\nends = \"{soon}\"\n{cost}\n");
    let folder = with(&[], &declared);
    let page = board(folder.path(), &[]);
    assert!(page.contains("bought seats (9,000.00 GBP a month)"), "{page}");
    assert!(page.contains(&format!("Next to end: bought seats (declared), on {soon}")), "{page}");
    let calendar = figures(folder.path())["calendar"].clone();
    assert_eq!(calendar[0], serde_json::json!({ "day": soon, "of": "bought seats", "what": "declared" }));
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    let row =
        words.lines().find(|line| line.starts_with("| bought seats")).unwrap_or_else(|| panic!("{words}"));
    assert!(row.contains("9,000.00 GBP a month"), "{row}");
    let checked = releve(folder.path(), &["check", "--assume-secrets"]);
    assert!(checked.complaints.contains("nobody says what GBP is worth"), "{checked:?}");
    releve(folder.path(), &["report", "--pack", "p.zip"]);
    let pack = fs::read(folder.path().join("p.zip")).unwrap();
    let holds = |name: &[u8]| pack.windows(name.len()).any(|window| window == name);
    assert!(holds(b"data/declared.csv") && holds(b"bought seats,"), "stored as it is");
}

#[test]
fn what_is_owed_for_less_than_a_day_of_records_is_said_to_be_unknown() {
    let owed =
        "commitment = { amount = \"20000\", currency = \"USD\", per = \"month\" }, ends = \"2027-06-30\"";
    let house = "[providers.house]  # an open model, own machines\n";
    let fixed = format!("{house}fixed_cost = {{ amount = \"3000\", currency = \"USD\", per = \"month\" }}\n");
    let folder = with(&[("ends = \"2027-06-30\"", owed), (house, &fixed)], "");
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    for said in [
        "openai: whether its commitment of 20,000.00 USD a month is used is unknown: the records are of less than a day.",
        "house: 3,000.00 USD a month are due, used or not",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn a_board_that_never_saw_a_configuration_reads_whole_words() {
    let folder = with(&[], "");
    let page = board(folder.path(), &[]);
    for raw in ["maker/host", " = ", "(and 1 other losses)", "carry on for: no product", "by none"] {
        assert!(!page.contains(raw), "{raw}: {page}");
    }
    assert!(page.contains("survives the loss of the maker anthropic"), "{page}");
    let french = releve(folder.path(), &["report", "--markdown", "--lang", "fr"]).out;
    for raw in ["de éditeur", "de hébergeur", "de azure", "de openai", "de anthropic"] {
        assert!(!french.contains(raw), "{raw}: {french}");
    }
    let whole = releve(folder.path(), &["report", "--markdown"]).out;
    assert!(!whole.contains("at most unknown"), "{whole}");
}

#[test]
fn an_approval_that_is_over_or_not_begun_proves_nothing_and_is_said() {
    let line = "[products.developer-platform]\n";
    let approved = format!(
        "{line}approved = [\n\
         {{ use = \"house/llama-3.3-70b\", by = \"Ann\", on = \"2026-01-01\", until = \"2026-01-31\" }},\n\
         {{ use = \"mistral/mistral-large-2512\", by = \"Bob\", on = \"2999-01-01\" }},\n]\n"
    );
    let folder = with(&[(line, &approved)], "");
    let figures = figures(folder.path());
    let products = figures["products"].as_array().unwrap();
    let platform = products.iter().find(|product| product["name"] == "developer-platform").unwrap();
    let approved = |candidate: &&Value| candidate["class"] == "approved";
    assert_eq!(platform["candidates"].as_array().unwrap().iter().filter(approved).count(), 0, "{platform}");
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    for said in [
        "The approval of house/llama-3.3-70b by Ann ended on 2026-01-31",
        "The approval of mistral/mistral-large-2512 by Bob begins on 2999-01-01",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn the_largest_share_that_a_product_wants_is_a_target() {
    let line = "[products.code-tool]\n";
    let share = |most: &str| {
        let wanted = format!("{line}max_share = {{ maker = {most}, of = \"requests\", over = \"30d\" }}\n");
        let folder = with(&[(line, &wanted)], "");
        let ran = releve(folder.path(), &["report", "--json"]);
        let figures: Value = serde_json::from_str(&ran.out).unwrap();
        (ran.code, figures["targets"].as_array().unwrap().last().unwrap().clone(), folder)
    };
    // It uses one maker, which has less than half of everything.
    let (code, target, folder) = share("0.9");
    assert_eq!((code, &target["met"]), (Some(1), &false.into()), "{target}");
    assert_eq!(target["target"], "products.code-tool.max_share.maker = 0.9 of requests over 30d");
    assert_eq!(target["broken_by"], serde_json::json!(["anthropic (100.0 %)"]));
    let page = board(folder.path(), &[]);
    assert!(
        page.contains("no maker has more than 90\u{a0}% of the requests of code-tool, over the last 30 days"),
        "{page}"
    );
    let (code, target, _) = share("1.0");
    assert_eq!((code, &target["met"]), (Some(0), &true.into()), "{target}");
}

#[test]
fn a_terminal_shows_the_shares_that_it_speaks_of() {
    let folder = with(&[], "");
    let text = releve(folder.path(), &["report"]).out;
    let makers =
        text.split("Maker: share of answers, tokens and money").nth(1).unwrap_or_else(|| panic!("{text}"));
    let makers = makers.split("Host: share of").next().unwrap();
    for head in ["answers", "tokens", "money"] {
        assert!(makers.contains(head), "{head}: {makers}");
    }
}

#[test]
fn a_board_reads_five_sentences() {
    let soon = today().tomorrow().unwrap();
    let declared = format!("\n[[declared]]\nname = \"bought seats\"\nends = \"{soon}\"\n");
    let idle = "\n[products.idle]\nroutes = [\"code\"]\n";
    for more in [String::new(), format!("{declared}{idle}")] {
        let folder = with(&[], &more);
        let act = ["posture", "maker:mistral=leave", "--reason", "a drill", "--author", "ada", "--json"];
        assert_eq!(releve(folder.path(), &act).code, Some(0));
        for (language, decisions) in [("en", "### Decisions asked"), ("fr", "### Décisions demandées")] {
            let page = board(folder.path(), &["--lang", language]);
            let first = page.split(decisions).next().unwrap();
            let texts: Vec<&str> = first.lines().skip(1).filter(|line| line.ends_with('.')).collect();
            assert_eq!(texts.len(), 5, "{first}");
            for text in texts {
                assert!(!text.contains(". ") && text.starts_with(char::is_uppercase), "one sentence: {text}");
            }
        }
    }
}

#[test]
fn what_caches_saved_is_said_beside_what_they_held() {
    let folder = with(&[], "");
    let state = figures(folder.path())["state"].clone();
    let words = releve(folder.path(), &["report", "--markdown"]).out;
    let line =
        words.lines().find(|line| line.starts_with("- Warm caches: ")).unwrap_or_else(|| panic!("{words}"));
    assert!(state["cache_read_tokens"].as_u64().unwrap() > 0, "{state}");
    assert!(state["caches_saved_nanos"].as_i64().unwrap() > 0, "{state}");
    assert!(line.contains("by list prices that saved ") && line.contains(" USD in "), "{line}");
}
