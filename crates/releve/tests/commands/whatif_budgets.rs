//! `releve whatif`: when budgets are spent, before against after.

use std::fs;

use serde_json::{Value, json};

use crate::whatif::{CONFIG, house_with};
use crate::{Ran, run};

/// Half a request a second each, for 0.002 dollars at the first supplier and 0.004 at the second: 86.40 and 172.80 a day.
fn house(per: &str) -> tempfile::TempDir {
    let office =
        format!("routes = [\"chat\"]\nbudget = {{ amount = \"125\", currency = \"EUR\", per = \"{per}\" }}");
    let pinned =
        format!("routes = [\"local\"]\nbudget = {{ amount = \"50\", per = \"{per}\", over = \"tell\" }}");
    let config = CONFIG.replace("routes = [\"chat\"]", &office).replace("routes = [\"local\"]", &pinned)
        + "[rates.EUR]\nusd = \"1.04\"\non = \"2026-11-02\"\n";
    house_with(&config)
}

fn asked(folder: &tempfile::TempDir, more: &[&str]) -> Ran {
    let lose = [
        "whatif",
        "--trace",
        "trace.csv",
        "--most",
        "600",
        "--lose",
        "host:acme",
        "--at",
        "2026-12-01",
        "--in-short",
    ];
    let ran = run(folder.path(), &[&lose[..], more].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

fn row<'a>(answer: &'a Value, product: &str) -> &'a Value {
    answer["budgets"].as_array().unwrap().iter().find(|row| row["product"] == product).unwrap()
}

/// The hour of a moment on the scenario's first day.
fn hour(moment: &Value) -> f64 {
    let time = moment.as_str().unwrap().strip_prefix("2026-12-01T").unwrap_or_else(|| panic!("{moment}"));
    let numbers: Vec<f64> = time.trim_end_matches('Z').split(':').map(|part| part.parse().unwrap()).collect();
    numbers[0] + numbers[1] / 60.0
}

#[test]
fn a_budget_is_spent_where_a_dearer_supplier_takes_over() {
    let folder = house("day");
    let answer = asked(&folder, &["--json"]).json();
    let office = row(&answer, "office");
    assert_eq!((&office["budget"], &office["over"]), (&json!("125 EUR a day"), &json!("refuse")));
    assert_eq!((&office["amount_usd"], &office["spent_usd"]), (&json!("130"), &json!("0")));
    assert_eq!(office["spent_before"], Value::Null);
    assert!((hour(&office["spent_after"]) - 130.0 / 172.8 * 24.0).abs() < 0.5, "{office}");
    // Whom nobody serves costs nothing.
    let pinned = row(&answer, "pinned");
    assert!((hour(&pinned["spent_before"]) - 50.0 / 86.4 * 24.0).abs() < 0.5, "{pinned}");
    assert_eq!(pinned["spent_after"], Value::Null);
    let rests =
        answer["assumptions"].as_array().unwrap().iter().find(|rests| rests["about"] == "budgets").unwrap();
    assert!(rests["says"].as_str().unwrap().contains("where a gateway would refuse them"), "{rests}");
}

#[test]
fn it_is_said_in_words_and_stands_in_packs() {
    let folder = house("day");
    let text = asked(&folder, &[]).out;
    for words in [
        "has spent its 125 EUR a day on 2026-12-01 about 18:00 UTC; before: never in this time",
        "stays within its 50 USD a day; before it would have spent it on 2026-12-01 about 13:00 UTC",
    ] {
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{words}: {text}");
    }
    asked(&folder, &["--pack", "whatif.zip"]);
    let verified = run(folder.path(), &["verify", "whatif.zip", "--json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(
        fs::read(folder.path().join("whatif.zip")).unwrap().windows(11).any(|name| name == b"budgets.csv")
    );
}

#[test]
fn a_period_ends_within_a_scenario() {
    let folder = house("week");
    // 2026-12-01 is a Tuesday: in a week of one day and six there is more than in two.
    let answer = asked(&folder, &["--for", "1d", "--json"]).json();
    assert_eq!(row(&answer, "office")["spent_before"], Value::Null);
    let answer = asked(&folder, &["--for", "2d", "--json"]).json();
    let before = row(&answer, "office")["spent_before"].as_str().unwrap().to_owned();
    assert!(before.starts_with("2026-12-02T1"), "130 dollars at 86.40 a day: {before}");
    let folder = house("day");
    let answer = asked(&folder, &["--for", "2d", "--json"]).json();
    assert_eq!(row(&answer, "office")["spent_before"], Value::Null, "each day begins anew");
}

#[test]
fn without_budgets_nothing_is_said_of_them() {
    let folder = house_with(CONFIG);
    let ran = asked(&folder, &["--json"]);
    assert_eq!(ran.json()["budgets"], json!([]));
    assert!(!ran.out.contains("\"about\": \"budgets\""), "{}", ran.out);
}
