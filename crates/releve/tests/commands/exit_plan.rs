//! `releve exit-plan` on a ledger that the demo left: it agrees with the report, its changes can be applied, and what it
//! does not know it says.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, releve, run};

/// A demo's ledger, with a contract for Anthropic's account, in a folder of its own.
fn with_a_contract() -> tempfile::TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("[providers.anthropic.contract]"), "{text}");
    let contract = "\n[providers.anthropic.contract]\nreference = \"A-7\"\nends = 2099-06-30\nnotice = \"90d\"\n\
                    commitment = { amount = \"10\", currency = \"USD\", per = \"day\" }\n";
    fs::write(&path, text + contract).unwrap();
    folder
}

fn plan(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml", "exit-plan"], more].concat())
}

fn product<'v>(plan: &'v Value, name: &str) -> &'v Value {
    let all = plan["products"].as_array().unwrap();
    all.iter().find(|product| product["product"] == name).unwrap_or_else(|| panic!("{name}: {plan}"))
}

fn day<'v>(plan: &'v Value, step: &str) -> &'v Value {
    let all = plan["schedule"]["milestones"].as_array().unwrap();
    let found = all.iter().find(|milestone| milestone["step"] == step);
    &found.unwrap_or_else(|| panic!("{step}: {plan}"))["day"]
}

/// Whether a line of a diff is this one. Stars stand for what is hidden.
fn is_line(shown: &str, line: &str) -> bool {
    let mut letters = shown.bytes().zip(line.bytes());
    shown.len() == line.len() && letters.all(|(shown, letter)| shown == letter || shown == b'*')
}

/// What a person would make of a text who follows the diff.
fn applied(text: &str, diff: &str) -> String {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut new, mut at) = (String::new(), 0);
    for line in diff.split_inclusive('\n').skip(2) {
        if let Some(place) = line.strip_prefix("@@ -") {
            let (start, _) = place.split_once([',', ' ']).unwrap();
            let start = start.parse::<usize>().unwrap() - 1;
            new.extend(old[at..start].iter().copied());
            at = start;
        } else if let Some(added) = line.strip_prefix('+') {
            new.push_str(added);
        } else {
            assert!(is_line(&line[1..], old[at]), "{}: {diff}", old[at]);
            if line.starts_with(' ') {
                new.push_str(old[at]);
            }
            at += 1;
        }
    }
    new.extend(old[at..].iter().copied());
    new
}

#[test]
fn it_agrees_with_the_report_and_counts_back_from_the_contracts_end() {
    let folder = with_a_contract();
    let plan = plan(folder.path(), &["anthropic", "--json"]).json();
    let report = run(folder.path(), &["--config", "releve-demo.toml", "--json", "report"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    let losses = report["losses"].as_array().unwrap();
    let loss = losses.iter().find(|loss| loss["domains"].to_string().contains("provider:anthropic")).unwrap();
    for on in loss["products"].as_array().unwrap().iter().filter(|on| on["verdict"] != "untouched") {
        let name = on["product"].as_str().unwrap();
        assert_eq!(product(&plan, name)["verdict"], on["verdict"], "{name}");
    }
    let here: u64 = plan["products"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["answered_here"].as_u64().unwrap())
        .sum();
    let accounts = report["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["name"] == "anthropic").unwrap();
    assert_eq!(account["answered"], here);
    for other in product(&plan, "code-tool")["substitutes"].as_array().unwrap() {
        assert!(!other["deployment"].as_str().unwrap().starts_with("anthropic/"), "{other}");
    }

    assert_eq!(day(&plan, "notice"), "2099-04-01");
    assert_eq!(day(&plan, "end"), "2099-06-30");
    assert_eq!(*day(&plan, "transition_ends"), Value::Null, "nobody says how long that is");
    let days = plan["schedule"]["days_left"].as_u64().unwrap();
    assert_eq!(plan["due"]["until_end"], days * 10_000_000_000);
    let gaps = plan["gaps"].to_string();
    assert!(gaps.contains("\"transition\"") && gaps.contains("no_contact"), "{gaps}");
}

#[test]
fn its_changes_apply_and_the_result_passes_check() {
    let folder = with_a_contract();
    let path = folder.path().join("releve-demo.toml");
    let before = fs::read_to_string(&path).unwrap();
    let plan = plan(folder.path(), &["anthropic", "--json"]).json();
    for step in ["behind", "without"] {
        let change = &plan["changes"][step];
        assert_eq!(change["refused"], Value::Null, "{change}");
        let after = applied(&before, change["diff"].as_str().unwrap());
        assert_ne!(after, before);
        assert_eq!(after.contains("[providers.anthropic]"), step == "behind", "{after}");
        assert_eq!(after.contains("\"anthropic/"), step == "behind", "{after}");
        fs::write(&path, after).unwrap();
        let check = run(folder.path(), &["--config", "releve-demo.toml", "check", "--assume-secrets"]);
        assert_eq!(check.code, Some(0), "{check:?}");
    }
}

#[test]
fn a_page_in_each_form_claims_nothing_and_fetches_nothing() {
    let folder = with_a_contract();
    let act = ["posture", "provider:anthropic=watch", "--reason", "a rehearsal", "--author", "ops"];
    let act = run(folder.path(), &[&["--config", "releve-demo.toml"], &act[..]].concat());
    assert_eq!(act.code, Some(0), "{act:?}");
    for (language, words) in
        [("en", "not in Relève: legal review"), ("fr", "pas dans Relève\u{a0}: examen juridique")]
    {
        let ran = plan(folder.path(), &["anthropic", "--html", "plan.html", "--lang", language]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
        let html = fs::read_to_string(folder.path().join("plan.html")).unwrap();
        let markdown = plan(folder.path(), &["anthropic", "--markdown", "--lang", language]).out;
        // Wide enough for every cell to be in one line.
        let asked = ["--config", "releve-demo.toml", "exit-plan", "anthropic", "--lang", language];
        let terminal = crate::ran(&releve(folder.path(), &asked).env("COLUMNS", "400").output().unwrap()).out;
        for text in [&html, &markdown, &terminal] {
            assert!(text.contains(words) && text.contains("a rehearsal"), "{text}");
            assert!(!text.to_lowercase().contains("complian") && !text.contains("conforme"), "{text}");
        }
        for fetched in ["src=", "href=\"http", "url(", "@import", "<link", "<script"] {
            assert!(!html.contains(fetched), "{fetched}");
        }
        assert!(markdown.contains("```diff\n--- releve-demo.toml\n+++ releve-demo.toml\n"), "{markdown}");
    }
}

#[test]
fn g24_nothing_that_a_configuration_says_to_itself_gets_out() {
    let folder = with_a_contract();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let headers =
        "headers = { \"X-Gateway-Token\" = \"canary2\", anthropic-version = \"2023-06-01\" } # canary3\n";
    let lines = text.split_inclusive('\n').map(|line| match line {
        section if section.starts_with("[providers.anthropic]") => {
            format!("# ask ada, canary1\n{section}{headers}")
        }
        line => line.to_owned(),
    });
    let text: String = lines.collect();
    assert_eq!(text.matches("canary").count(), 3, "{text}");
    fs::write(&path, text).unwrap();
    let ran = plan(folder.path(), &["anthropic", "--html", "plan.html"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = plan(folder.path(), &["anthropic", "--pack", "plan.zip"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let pack = fs::read(folder.path().join("plan.zip")).unwrap();
    let diff = evidence::open(&pack).unwrap().files["data/without.diff"].to_vec();
    assert!(String::from_utf8(diff).unwrap().contains("-headers = { \"X-Gateway-Token\" = ****"));
    for (form, bytes) in [
        ("pack", pack),
        ("HTML", fs::read(folder.path().join("plan.html")).unwrap()),
        ("JSON", plan(folder.path(), &["anthropic", "--json"]).out.into_bytes()),
        ("Markdown", plan(folder.path(), &["anthropic", "--markdown"]).out.into_bytes()),
        ("terminal", plan(folder.path(), &["anthropic"]).out.into_bytes()),
    ] {
        // What is in a pack is stored as it is.
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{form}");
    }
}

#[test]
fn a_provider_that_there_is_not_is_an_error_that_names_the_others() {
    let folder = with_a_contract();
    let ran = plan(folder.path(), &["antropic"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.complaints.contains("antropic") && ran.complaints.contains("anthropic, "), "{ran:?}");
    let none = plan(folder.path(), &["anthropic", "--to", "2020-01-01"]);
    assert_eq!(none.code, Some(1), "{none:?}");
}

#[test]
fn nobody_gives_notice_to_own_machines() {
    let folder = recorded::folder();
    let own = plan(folder.path(), &["house", "--json"]).json();
    assert_eq!(own["own"], true);
    assert_eq!(own["schedule"]["milestones"], Value::Array(Vec::new()), "there is no term to count from");
    assert_eq!(own["unknown_terms"], Value::Array(Vec::new()));
    let gaps = own["gaps"].to_string();
    assert!(!gaps.contains("unknown_terms") && !gaps.contains("too_late"), "{gaps}");
    for language in ["en", "fr"] {
        let markdown = plan(folder.path(), &["house", "--markdown", "--lang", language]).out;
        for term in
            ["notice", "préavis", "contract ends", "fin du contrat", "subprocessors", "sous-traitants"]
        {
            // The crosswalk says what the rules ask, of whomever.
            let ours = markdown.split("DORA").next().unwrap();
            assert!(!ours.to_lowercase().contains(term), "{term}: {ours}");
        }
        let words = ["day is ours", "date nous appartient"];
        assert!(words.iter().any(|words| markdown.contains(words)), "{markdown}");
    }
    // With a term in its section it is a contract like any other.
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let ours = "contract = { owner = \"ourselves\", country = \"FR\"";
    assert!(text.contains(ours), "{text}");
    fs::write(&path, text.replace(ours, &format!("{ours}, ends = 2099-06-30, notice = \"90d\""))).unwrap();
    let rented = plan(folder.path(), &["house", "--json"]).json();
    assert_eq!((&rented["own"], day(&rented, "notice")), (&Value::Bool(false), &Value::from("2099-04-01")));
}
