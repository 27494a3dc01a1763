//! `releve report` on a ledger that the demo left: every form, targets, periods, and what it must never do.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

fn report(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml", "report"], more].concat())
}

fn by_name<'v>(list: &'v Value, key: &str, name: &str) -> &'v Value {
    list.as_array()
        .unwrap()
        .iter()
        .find(|entry| entry[key] == name)
        .unwrap_or_else(|| panic!("{name}: {list}"))
}

/// What the loss of these domains does to a product.
fn verdict(figures: &Value, loss: &str, meaning: Option<&str>, product: &str) -> String {
    let is_it = |entry: &&Value| {
        let named = entry["domains"].as_array().unwrap().iter().any(|domain| domain == loss);
        named && entry["meaning"].as_str() == meaning
    };
    let entry = figures["losses"].as_array().unwrap().iter().find(is_it);
    let entry = entry.unwrap_or_else(|| panic!("{loss}: {}", figures["losses"]));
    by_name(&entry["products"], "product", product)["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn it_agrees_with_the_ledger_and_finds_what_stops_what() {
    let folder = recorded::folder();
    let figures = report(folder.path(), &["--json"]).json();
    let config = ["--config", "releve-demo.toml", "--json"];
    let summary = run(folder.path(), &[&config[..], &["ledger", "summary"]].concat()).json();
    assert_eq!(figures["totals"]["requests"], summary["total"]["requests"]);
    assert_eq!(figures["totals"]["answered"], summary["total"]["outcomes"]["answered"]);

    // A report says how well the ledger's last incident would have been foretold, as every what-if does.
    let mut backtest = run(folder.path(), &[&config[..], &["whatif", "--backtest"]].concat()).json();
    assert!(backtest["requests"].as_u64().unwrap() >= 30, "{backtest}");
    // A what-if says beside it in what interval that should lie; a report has no time for so many worlds.
    let interval = backtest.as_object_mut().unwrap().remove("interval").unwrap();
    for of in ["served", "cost_usd", "first_token_p50_ms", "first_token_p95_ms"] {
        let (foretold, [low, high]) =
            (&backtest[of][0], [0, 1].map(|end| interval[of][end].as_f64().unwrap()));
        assert!((low..=high).contains(&foretold.as_f64().unwrap()), "{of}: {interval} {backtest}");
    }
    assert_eq!(figures["foretold"], backtest);

    // Both routes of Claude have two hosts and one maker: each host may fall, the maker may not.
    assert_eq!(verdict(&figures, "maker:anthropic", None, "code-tool"), "stopped");
    assert_eq!(verdict(&figures, "host:anthropic", None, "code-tool"), "unproven");
    assert_eq!(verdict(&figures, "maker:anthropic", Some("hosts_may_not"), "code-tool"), "proven");
    assert_eq!(verdict(&figures, "maker:anthropic", None, "office-assistant"), "untouched");
    // Which of the others are proven by then is chance; that they serve all of it is not.
    let goes_on = |loss, product| ["proven", "unproven"].contains(&&*verdict(&figures, loss, None, product));
    assert!(goes_on("maker:openai", "office-assistant"), "{figures}");
    assert!(goes_on("host:azure", "developer-platform"), "{figures}");

    let openai = by_name(&figures["accounts"], "name", "openai");
    let others = [
        "reference",
        "entity",
        "starts",
        "renewal",
        "sla",
        "subprocessors",
        "deprecation_notice",
        "currency",
        "contact",
    ];
    assert_eq!(openai["other_unknown_terms"], serde_json::json!(others), "{openai}");

    // Nobody has said who owns Anthropic: what that loss would do is not known, and the report says so.
    let unplaced = by_name(&figures["unplaced"], "kind", "owner");
    assert!(unplaced["deployments"].to_string().contains("anthropic/claude-opus-4-8"), "{unplaced}");

    let code = by_name(&figures["products"], "name", "code-tool");
    let smallest = &code["cuts"][0];
    assert_eq!(smallest["losses"], serde_json::json!([["maker:anthropic"]]), "{code}");
    assert_eq!(smallest["effect"]["stopped"], 1.0);
    for cut in code["cuts"].as_array().unwrap() {
        let takes_it = |loss: &Value| loss.as_array().unwrap().iter().any(|name| name == "maker:anthropic");
        let losses = cut["losses"].as_array().unwrap();
        assert!(losses.len() == 1 || !losses.iter().any(takes_it), "not the smallest: {cut}");
    }

    let shares: f64 = figures["dependence"][0]["shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| share["of_all"][0].as_f64().unwrap())
        .sum();
    let unknown = figures["dependence"][0]["unknown"]["of_all"][0].as_f64().unwrap();
    assert!((shares + unknown - 1.0).abs() < 1e-9, "{}", figures["dependence"][0]);
}

#[test]
fn a_target_that_is_missed_ends_with_one_and_says_who_breaks_it() {
    let folder = recorded::folder();
    assert_eq!(report(folder.path(), &[]).code, Some(0));
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let stricter = text.replace(
        "must_survive = [\"maker:openai\", \"host:azure\"]",
        "must_survive = [\"maker:anthropic\", \"maker:nobody\"]\nmax_share = { maker = 0.01, of = \"requests\" }",
    );
    assert_ne!(stricter, text);
    fs::write(&path, stricter).unwrap();
    let missed = report(folder.path(), &["--json"]);
    assert_eq!(missed.code, Some(1), "{missed:?}");
    let figures: Value = serde_json::from_str(&missed.out).unwrap();
    let anthropic = by_name(&figures["targets"], "target", "must_survive = maker:anthropic");
    assert_eq!(anthropic["met"], false);
    assert_eq!(anthropic["broken_by"], serde_json::json!(["code-tool", "support-bot"]));
    assert_eq!(by_name(&figures["targets"], "target", "must_survive = maker:nobody")["names_nothing"], true);
    assert_eq!(by_name(&figures["targets"], "target", "max_share.maker = 0.01 of requests")["met"], false);
}

#[test]
fn a_route_that_is_gone_misses_targets_and_is_said_to_the_board() {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let renamed = text
        .replace("[routes.search]\n", "[routes.found]\n# alias\n")
        .replace("[routes.search.policy]", "[routes.found.policy]")
        .replace("= [\"search\"]", "= [\"found\"]")
        .replace("= \"search\"\n", "= \"found\"\n");
    assert_ne!(renamed, text);
    fs::write(&path, &renamed).unwrap();
    let missed = report(folder.path(), &["--json"]);
    assert_eq!(missed.code, Some(1), "{missed:?}");
    let figures: Value = serde_json::from_str(&missed.out).unwrap();
    let search = by_name(&figures["products"], "name", "search");
    assert_eq!(search["left_behind"], search["answered"], "{search}");
    for target in ["must_survive = maker:openai", "must_survive = host:azure"] {
        assert_eq!(
            by_name(&figures["targets"], "target", target)["broken_by"],
            serde_json::json!(["search"])
        );
    }
    let words = report(folder.path(), &["--markdown"]).out;
    for said in ["that were answered then would find nobody in this configuration (search)", "search: give"] {
        assert!(words.contains(said), "{words}");
    }
    // Its old name leads there still: nobody is left behind.
    fs::write(&path, renamed.replace("# alias", "aliases = [\"search\"]")).unwrap();
    let met = report(folder.path(), &["--json"]);
    assert_eq!(met.code, Some(0), "{met:?}");
    let figures: Value = serde_json::from_str(&met.out).unwrap();
    assert_eq!(by_name(&figures["products"], "name", "search")["left_behind"], 0);
}

#[test]
fn a_contract_that_is_over_is_said_to_the_board() {
    let folder = recorded::folder();
    let words = report(folder.path(), &["--markdown", "--at", "2027-07-01"]).out;
    for said in [
        "the contract of openai (2027-06-30)",
        "2 whose contract is over",
        "The contract of openai is over, and nothing is sent there any more; in the period it gave",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let words = report(folder.path(), &["--markdown", "--at", "2027-03-31"]).out;
    assert!(!words.contains("Ended already") && !words.contains("is over, and"), "its last day: {words}");
}

#[test]
fn a_share_on_the_first_page_is_one_of_all_answers() {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let nobody = text.replace("maker = \"meta\"\n", "");
    assert_ne!(nobody, text);
    fs::write(&path, nobody).unwrap();
    let figures = report(folder.path(), &["--json"]).json();
    let makers = &figures["dependence"][0];
    let most = makers["shares"].as_array().unwrap().iter();
    let [most, unknown] = [
        most.map(|share| share["of_all"][0].as_f64().unwrap()).fold(0.0, f64::max),
        makers["unknown"]["of_all"][0].as_f64().unwrap(),
    ];
    assert!(unknown > 0.01, "{makers}");
    // As people read it.
    let shown = |part: f64| format!("{}\u{a0}%", format!("{:.1}", part * 100.0).trim_end_matches(".0"));
    let words = report(folder.path(), &["--markdown"]).out;
    let sentence = words.lines().find(|line| line.starts_with("The maker you depend on most")).unwrap();
    assert!(sentence.contains(&format!("with {} of the answers", shown(most))), "{sentence}");
    let nobody = format!("of {} of the answers nobody says who made the model", shown(unknown));
    assert!(sentence.contains(&nobody), "{sentence}");
}

#[test]
fn slots_count_as_capacity_for_as_long_as_answers_take() {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    // The simulated suppliers name limits in their headers.
    let figures = report(folder.path(), &["--json"]).json();
    let said = by_name(&figures["own_limits"], "deployment", "openai/gpt-5.4");
    assert_eq!((&said["requests_per_minute"], &said["slots"]), (&10_000.into(), &Value::Null));
    // The first that code is asked of has two slots.
    let entry = "\"anthropic/claude-opus-4-8\"";
    assert_eq!(text.matches(entry).count(), 1, "{text}");
    let narrow = text.replace(entry, &format!("{{ use = {entry}, max_in_flight = 2 }}"));
    fs::write(&path, narrow).unwrap();
    let figures = report(folder.path(), &["--json"]).json();
    let limit = by_name(&figures["own_limits"], "deployment", "anthropic/claude-opus-4-8");
    assert_eq!(limit["slots"], 2, "{limit}");
    let answer_ms = limit["answer_ms"].as_u64().unwrap();
    assert!((100..60_000).contains(&answer_ms), "{limit}");
    assert_eq!(limit["requests_per_minute"], 120_000 / answer_ms, "{limit}");
    let words = report(folder.path(), &["--markdown"]).out;
    assert!(words.contains("anthropic/claude-opus-4-8 (") && words.contains("2 slots"), "{words}");
}

#[test]
fn a_share_over_the_last_days_is_that_of_those_days() {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let with = |share: &str| {
        let target = format!("must_survive = [\"maker:openai\"]\nmax_share = {{ {share} }}");
        let changed = text.replace("must_survive = [\"maker:openai\", \"host:azure\"]", &target);
        assert_ne!(changed, text);
        fs::write(&path, changed).unwrap();
        let ran = report(folder.path(), &["--json"]);
        (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap())
    };
    let (code, all) = with("maker = 0.01, of = \"requests\"");
    assert_eq!(code, Some(1));
    let (code, last) = with("maker = 0.01, of = \"requests\", over = \"1s\"");
    assert_eq!(code, Some(1));
    let broken =
        |figures: &Value, target: &str| by_name(&figures["targets"], "target", target)["broken_by"].clone();
    let of_last = broken(&last, "max_share.maker = 0.01 of requests over 1s");
    assert_ne!(of_last, broken(&all, "max_share.maker = 0.01 of requests"));

    // The same as a report that begins then.
    let from_us = last["basis"]["to_us"].as_i64().unwrap() + 1 - 1_000_000;
    let since = jiff::Timestamp::from_microsecond(from_us).unwrap().to_string();
    let then: Value =
        serde_json::from_str(&report(folder.path(), &["--json", "--from", &since]).out).unwrap();
    let shares = by_name(&then["dependence"], "kind", "maker")["shares"].as_array().unwrap().iter();
    let shares = shares.map(|share| (&share["name"], share["of_all"][0].as_f64().unwrap()));
    let above: Vec<String> = shares
        .filter(|(_, part)| *part > 0.01)
        .map(|(name, part)| format!("{} ({:.1} %)", name.as_str().unwrap(), part * 100.0))
        .collect();
    assert_eq!(of_last, serde_json::json!(above));

    let (code, met) = with("maker = 1.0, over = \"1s\"");
    assert_eq!(code, Some(0), "{}", met["targets"]);
}

#[test]
fn the_page_needs_nothing_else_and_speaks_two_languages() {
    let folder = recorded::folder();
    for (language, words) in [("en", "For the board"), ("fr", "Pour la direction")] {
        let ran = report(folder.path(), &["--html", "report.html", "--lang", language]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
        let html = fs::read_to_string(folder.path().join("report.html")).unwrap();
        assert!(html.contains(words) && html.contains(&format!("<html lang=\"{language}\">")), "{html}");
        for fetched in ["src=", "href=\"http", "url(", "@import", "<link", "<script"] {
            assert!(!html.contains(fetched), "{fetched}");
        }
        let charts = html.matches("class=\"chart\"").count();
        assert!(charts >= 2, "{html}");
        assert_eq!(html.matches("<details>").count(), charts, "each chart has its table");
    }
    let markdown = report(folder.path(), &["--markdown"]).out;
    assert!(markdown.starts_with("# Independence report\n") && markdown.contains("| --- |"), "{markdown}");
    let french = report(folder.path(), &["--lang", "fr"]).out;
    assert!(french.contains("Qu'est-ce qui arrête quoi") && !french.contains("stops what"), "{french}");
    let french = report(folder.path(), &["--lang", "fr", "--markdown"]).out;
    assert!(
        french.contains("Relève\u{202f};") && !french.contains("Relève ;"),
        "no line breaks before a semicolon: {french}"
    );
}

#[test]
fn a_period_without_requests_has_no_report() {
    let folder = recorded::folder();
    let none = report(folder.path(), &["--to", "2020-01-01"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.complaints.contains("no requests in this period"), "{none:?}");
    let none = report(folder.path(), &["--from", "2020-01-02", "--to", "2020-01-01"]);
    assert_eq!(none.code, Some(2), "{none:?}");
    let all = report(folder.path(), &["--from", "2020-01-01", "--json"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    let missing = report(folder.path(), &["--ledger", "nowhere.db"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
}
