//! `releve whatif` and what suppliers let in: the limits that are hit, as they are played.

use std::fs;

use crate::run;
use crate::whatif::{CONFIG, house_with};

#[test]
fn a_limit_that_is_hit_is_shown_as_it_is_played_beside_what_was_asked() {
    let limited = CONFIG
        .replace("maker = \"other\"\n", "maker = \"other\"\ncapacity = { tokens_per_minute = 40000 }\n");
    let house = house_with(&limited);
    let lose = [
        "whatif",
        "--trace",
        "trace.csv",
        "--most",
        "600",
        "--in-short",
        "--lose",
        "maker:acme",
        "--for",
        "10m",
    ];
    // Thirty requests of 1,100 tokens come in a minute: room for all, and for none but the half of it with everybody there.
    let hit = |more: &[&str]| {
        run(house.path(), &[&lose[..], &["--json"], more].concat()).json()["limits_hit"].clone()
    };
    assert_eq!(hit(&["--no-herd"]), serde_json::json!([]));
    let rows = hit(&[]);
    let [row] = &rows.as_array().unwrap()[..] else { panic!("{rows}") };
    assert_eq!(
        (&row["deployment"], &row["of"], &row["lets_in_per_minute"], &row["of_account"]),
        (&"second/m".into(), &"tokens".into(), &20_000.0.into(), &true.into()),
    );
    assert!((20_000.0..=99_000.0).contains(&row["asked_per_minute"].as_f64().unwrap()), "{row}");
    assert!((0.1..0.9).contains(&row["turned_away"].as_f64().unwrap()), "{row}");
    let words = run(house.path(), &lose).out;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("20,000 tokens, its account"), "{words}");
    // Why requests are refused is said in words, not in codes.
    assert!(words.contains("because whoever is left lets no more in"), "{words}");
    let packed = ["--pack", "limits.zip"];
    assert_eq!(run(house.path(), &[&lose[..], &packed].concat()).code, Some(0));
    assert!(fs::exists(house.path().join("limits.zip")).unwrap());
}
