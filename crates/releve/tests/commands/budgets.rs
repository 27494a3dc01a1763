//! What `releve report` says of budgets, on a ledger that the demo left.

use std::fs;

use crate::{recorded, run};

#[test]
fn a_report_says_what_of_a_budget_is_spent() {
    let folder = recorded::folder();
    let config = folder.path().join("releve-demo.toml");
    let head = "[products.office-assistant]\n";
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains(head), "{text}");
    let budget = format!("{head}budget = {{ amount = \"1000\", per = \"month\", over = \"tell\" }}\n");
    fs::write(&config, text.replace(head, &budget)).unwrap();
    let asked = |more: &[&str]| run(folder.path(), &[&["--config", "releve-demo.toml"], more].concat());
    let figures = asked(&["report", "--json"]).json();
    let summary = asked(&["ledger", "summary", "--json"]).json();
    let named = |list: &serde_json::Value, name: &str| {
        list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let office = named(&figures["products"], "office-assistant");
    let cost = named(&summary["groups"], "office-assistant")["cost_usd"].clone();
    assert!(cost.is_string(), "{summary}");
    assert_eq!(office["budget"]["spent_usd"], cost, "all of it is of this month");
    assert_eq!(summary["budgets"][0]["spent_usd"], cost);
    assert_eq!(named(&figures["products"], "code-tool").get("budget"), None);
    let plain = |more: &[&str]| asked(more).out.split_whitespace().collect::<Vec<_>>().join(" ");
    let english = plain(&["report"]);
    assert!(english.contains("Budget of 1000 USD a month: "), "{english}");
    assert!(english.contains("past it requests are served all the same."), "{english}");
    let french = plain(&["report", "--lang", "fr"]);
    assert!(french.contains("Budget de 1000 USD par mois : "), "{french}");
}
