//! The price of insurance: fallbacks, contracts and room beside each other, and how much must fall as the report counts it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::whatif::house_with;
use crate::{recorded, run};

/// Both suppliers on both routes; what `second` can carry and what that costs is filled in.
fn config(second: &str) -> String {
    format!(
        r#"
[providers.first]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
maker = "acme"
host = "acme"
[providers.second]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
maker = "other"
host = "other"
{second}
[rates.EUR]
usd = "1.5"
on = "2026-11-01"
[routes.chat]
deployments = [
  {{ use = "first/m", price = {{ input = "1", output = "10" }} }},
  {{ use = "second/m", price = {{ input = "1", output = "10" }} }},
]
[products.office]
routes = ["chat"]
"#
    )
}

/// The points of the curve where `first` is lost. A request of 1,100 tokens comes each second.
fn curve(second: &str) -> (Vec<Value>, String) {
    let house = house_with(&config(second));
    let all = [
        "whatif",
        "--trace",
        "trace.csv",
        "--most",
        "600",
        "--lose",
        "maker:acme",
        "--for",
        "10m",
        "--no-herd",
    ];
    let answer = run(house.path(), &[&all[..], &["--json"]].concat()).json();
    // Wide enough for every cell to be in one line.
    let wide = crate::releve(house.path(), &all).env("COLUMNS", "400").output().unwrap();
    let words = crate::ran(&wide).out.split_whitespace().collect::<Vec<_>>().join(" ");
    (answer["insurance"].as_array().unwrap().clone(), words)
}

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn room_is_bought_where_a_limit_binds_at_what_it_costs() {
    // Half of what comes: twice is just about enough, half as much again is not.
    let limit = "capacity = { tokens_per_minute = 35000 }\n";
    let (points, words) =
        curve(&format!("{limit}fixed_cost = {{ amount = \"20\", currency = \"EUR\", per = \"day\" }}"));
    let (as_it_is, step) = (&points[0], &points[1]);
    assert!(f(&as_it_is["served"]) < 0.6, "{as_it_is}");
    assert_eq!(as_it_is["smallest_cut"], 1, "who cannot carry it is no fallback: {as_it_is}");
    assert!(f(&step["served"]) > 0.95, "{step}");
    assert_eq!((&step["kinds"], &step["unpriced"]), (&serde_json::json!(["capacity"]), &0.into()));
    let said = step["adds"][0].as_str().unwrap();
    assert_eq!(
        said,
        "twice the room at second (70,000 tokens a minute in place of 35,000): \
         $30.00 a day more, used or not, if more costs as much as what is there",
        "20 euros are 30 dollars; and no more than it takes"
    );
    // On a calm day it is paid all the same, and nothing else.
    let (calm, doubt) = (f(&step["usd_per_calm_day"]), f(&step["usd_per_calm_day_doubt"]));
    assert!((calm - 30.0).abs() <= doubt, "{step}");
    assert_eq!(step["smallest_cut"], 2, "with room for all it is one: {step}");
    assert!(words.contains("A twice the room at second"), "{words}");
    // Whoever does not mind one contract more has the same for less.
    let other = &points[2];
    assert_eq!(other["kinds"], serde_json::json!(["contract"]), "{points:?}");
    assert!(f(&other["served"]) > 0.95 && f(&other["usd_per_day"]) < f(&step["usd_per_day"]), "{points:?}");

    let committed = "contract = { committed_tokens_per_minute = 17500, \
                     commitment = { amount = \"10\", currency = \"USD\", per = \"day\" } }";
    let (points, _) = curve(&format!("{limit}{committed}"));
    assert!(
        points[1]["adds"][0].as_str().unwrap().contains(": $20.00 a day more"),
        "17,500 for ten dollars, and 35,000 more: {}",
        points[1]
    );
}

#[test]
fn room_that_nobody_has_a_price_for_says_so_and_costs_nothing_made_up() {
    // A fixed cost that pays for no capacity, and a commitment for no throughput, are no price of room.
    let (points, words) = curve(
        "capacity = { requests_per_minute = 30 }\n\
         contract = { commitment = { amount = \"10\", currency = \"USD\", per = \"day\" } }",
    );
    let step = &points[1];
    assert_eq!((&step["kinds"], &step["unpriced"]), (&serde_json::json!(["capacity"]), &1.into()), "{step}");
    assert!(
        step["adds"][0]
            .as_str()
            .unwrap()
            .contains("requests a minute in place of 30): what that costs nobody")
    );
    assert!(f(&step["usd_per_calm_day"]).abs() <= f(&step["usd_per_calm_day_doubt"]), "{step}");
    assert!(words.contains("and what nobody has written down"), "{words}");
}

#[test]
fn who_has_no_limit_needs_no_room() {
    let (points, _) = curve("");
    assert!(f(&points[0]["served"]) > 0.98 && points[0]["smallest_cut"] == 2, "{points:?}");
    for point in &points {
        assert!(!point["kinds"].as_array().unwrap().iter().any(|kind| kind == "capacity"), "{point}");
    }
}

/// The fewest losses that hurt any product, by the report and as the curve begins.
fn smallest(folder: &Path, capacity: &str) -> (u64, u64) {
    let providers = |name: &str, more: &str| {
        format!(
            "[providers.{name}]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
             maker = \"{name}\"\nhost = \"{name}\"\n{more}\n"
        )
    };
    let mut text = format!(
        "[ledger]\nurl = \"sqlite:releve-demo.db\"\n{}{}",
        providers("first", ""),
        providers("second", capacity)
    );
    for (route, product) in [
        ("assistant", "office-assistant"),
        ("code", "code-tool"),
        ("search", "search"),
        ("support", "support-bot"),
        ("platform", "developer-platform"),
    ] {
        write!(
            text,
            "[routes.{route}]\ndeployments = [\"first/m\", \"second/m\"]\n\
             [products.{product}]\nroutes = [\"{route}\"]\n"
        )
        .unwrap();
    }
    fs::write(folder.join("releve.toml"), text).unwrap();
    let figures = run(folder, &["report", "--json"]).json();
    let products = figures["products"].as_array().unwrap();
    assert!(products.len() >= 5, "{products:?}");
    let cuts = products.iter().flat_map(|product| product["cuts"].as_array().unwrap());
    let reported = cuts.map(|cut| cut["losses"].as_array().unwrap().len() as u64).min().unwrap();
    let all = ["whatif", "--lose", "maker:first", "--for", "1h", "--most", "300", "--json"];
    let answer = run(folder, &all).json();
    (reported, answer["insurance"][0]["smallest_cut"].as_u64().unwrap())
}

/// A third of all requests finds nobody; whoever takes them is paid for it, and that is no chance.
#[test]
fn who_serves_more_costs_more() {
    let folder = recorded::folder();
    let asked = ["--config", "releve-demo.toml", "whatif", "--lose", "maker:anthropic", "--most", "500"];
    let answer = run(folder.path(), &[&asked[..], &["--json"]].concat()).json();
    let points = answer["insurance"].as_array().unwrap();
    let whole = points.iter().find(|point| f(&point["served"]) > 0.999).unwrap();
    assert!(f(&points[0]["served"]) < 0.8 && f(&whole["usd_per_day"]) > 0.0, "{points:?}");
    let words = run(folder.path(), &[&asked[..], &["--markdown"]].concat()).out;
    let as_it_is = words.lines().find(|line| line.starts_with("| as it is |")).unwrap();
    assert!(as_it_is.contains("| - | - |"), "what it is compared with has no price: {as_it_is}");
}

/// Nothing is bought that can be had: an own model on two routes is cheaper than whatever one contract brings to both.
/// Who may not be served by just anybody asks for a proof besides.
#[test]
fn two_fallbacks_and_a_proof_are_cheaper_than_a_contract() {
    let folder = recorded::folder();
    let asked = ["--config", "releve-demo.toml", "whatif", "--lose", "maker:anthropic", "--most", "500"];
    let answer = run(folder.path(), &[&asked[..], &["--json"]].concat()).json();
    let points = answer["insurance"].as_array().unwrap();
    let adds: Vec<&str> =
        points[1]["adds"].as_array().unwrap().iter().map(|add| add.as_str().unwrap()).collect();
    assert_eq!(points[1]["kinds"], serde_json::json!(["fallback", "fallback", "proof"]), "{adds:?}");
    assert!(adds[0].ends_with(" as a fallback of code"), "{adds:?}");
    assert!(adds[1].ends_with(" as a fallback of support"), "{adds:?}");
    assert!(
        adds[2].contains(" proven for support-bot: "),
        "it may not be degraded by more than a tenth: {adds:?}"
    );
    for point in &points[2..] {
        let is_dearer = f(&point["usd_per_day"]) >= f(&points[1]["usd_per_day"]);
        let holds = |point: &Value| point["smallest_cut"].as_u64().unwrap_or(u64::MAX);
        assert!(is_dearer || holds(point) > holds(&points[1]), "{points:?}");
    }
}

#[test]
fn the_curve_begins_with_the_smallest_loss_of_the_report() {
    let folder = recorded::folder();
    assert_eq!(smallest(folder.path(), ""), (2, 2));
    let narrow = "capacity = { tokens_per_minute = 1000 }";
    assert_eq!(smallest(folder.path(), narrow), (1, 1), "who cannot carry the busiest minute is no fallback");
    let slots = "capacity = { requests_per_minute = 1000000 }";
    assert_eq!(smallest(folder.path(), slots), (2, 2));
}
