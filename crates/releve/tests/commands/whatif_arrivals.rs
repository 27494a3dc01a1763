//! `releve whatif` where somebody arrives: where own machines stand, and what they cost standing there.

use serde_json::Value;

use crate::run;
use crate::whatif::{CONFIG, house_with, product};

fn asked(config: &str, scenario: &str) -> (Value, String) {
    let house = house_with(config);
    let arguments = ["whatif", "--trace", "trace.csv", "--most", "2000", "--in-short", scenario];
    let json = run(house.path(), &[&arguments[..], &["--json"]].concat());
    assert_eq!(json.code, Some(0), "{json:?}");
    let words = run(house.path(), &arguments).out;
    (json.json(), words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn carried(answer: &Value, name: &str) -> f64 {
    let by = product(answer, name)["carried_by"].as_array().unwrap().clone();
    let own = by.iter().find(|pair| pair[0] == "own-machines/own-1");
    own.map_or(0.0, |pair| pair[1].as_f64().unwrap())
}

#[test]
fn own_machines_stand_where_ones_own_do() {
    let ruled = CONFIG.replace("[products.office]\n", "[products.office]\nregions = [\"eu\"]\n");
    let (answer, words) = asked(&ruled, "own-models-win-60");
    assert!(
        carried(&answer, "office") < 1e-9 && carried(&answer, "pinned") > 0.4,
        "nobody says where: {answer}"
    );
    assert!(words.contains("nothing of office may go there"), "{words}");

    let (answer, words) =
        asked(&format!("{ruled}[report]\nown = {{ region = \"eu/france\" }}\n"), "own-models-win-60");
    assert!(carried(&answer, "office") > 0.4, "{answer}");
    assert!(words.contains("own-machines/own-1 in eu/france"), "{words}");

    let house = "[providers.house]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\nhost = \"own\"\n\
                 region = \"eu/sweden\"\n[routes.house]\ndeployments = [\"house/x\"]\n";
    let (answer, words) = asked(&format!("{ruled}{house}"), "own-models-win-60");
    assert!(carried(&answer, "office") > 0.4, "{answer}");
    assert!(words.contains("own-machines/own-1 in eu/sweden"), "{words}");
}

/// 1,200 dollars a day from the 14th of 180 days on.
const STANDING: f64 = 1_200.0 * 166.0 / 180.0;

#[test]
fn what_stands_there_is_in_the_whole_and_in_the_shares() {
    let (answer, words) = asked(CONFIG, "own-models-win-60");
    let cost = |side: &Value| side["cost_usd_per_day"]["value"].as_f64().unwrap();
    let after = cost(&answer["total"]["after"]);
    let each: f64 = answer["products"].as_array().unwrap().iter().map(|row| cost(&row["after"])).sum();
    assert!((after - each - STANDING).abs() < 0.01, "{after} {each}");
    let hangs = &answer["sensitivity"][0];
    assert!((hangs["cost_usd_per_day"].as_f64().unwrap() - after).abs() < 0.01, "{hangs}");
    let interval = &answer["total"]["after"]["cost_usd_per_day"];
    assert!(interval["low"].as_f64().unwrap() > STANDING, "{interval}");
    let shares = answer["shares"].as_array().unwrap();
    let own = shares.iter().find(|row| row["domain"] == "host" && row["name"] == "own").unwrap();
    assert!(own["money_after"].as_f64().unwrap() >= STANDING / after, "{own} of {after}");
    let all: f64 = shares
        .iter()
        .filter(|row| row["domain"] == "host")
        .map(|row| row["money_after"].as_f64().unwrap())
        .sum();
    assert!((all - 1.0).abs() < 1e-9, "{all}");
    assert!(
        words.contains("In \"all\", and in no product, are $1,107 a day for those who arrive"),
        "{words}"
    );
}
