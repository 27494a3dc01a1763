//! `releve whatif` and what was so before: what hurts anyway is no consequence, and chance is no price.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::whatif::{CONFIG, house_with as house, product};
use crate::{Ran, run};

/// Asked where nobody is.
const MARS: &str = "[products.mars]\nroutes = [\"chat\"]\nregions = [\"mars\"]\n";

fn whatif(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = run(folder, &[&["whatif", "--trace", "trace.csv", "--most", "600"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_refused_before_is_no_consequence() {
    let house = house(&format!("{CONFIG}{MARS}"));
    let lose = ["--lose", "maker:other", "--for", "10m", "--no-herd", "--in-short"];
    let answer = whatif(house.path(), &[&lose[..], &["--json"]].concat()).json();
    let mars = product(&answer, "mars");
    assert_eq!(
        (&mars["before"]["served"]["value"], &mars["after"]["served"]["value"]),
        (&0.0.into(), &0.0.into())
    );
    assert_eq!(mars["first_hurts_s"], Value::Null, "it hurt before: {mars}");
    assert_eq!(mars["refused"], mars["refused_before"], "{mars}");
    let words = in_one_line(&whatif(house.path(), &lose).out);
    assert!(!words.contains("after 0s"), "{words}");
    assert!(words.contains("may be served, as before"), "{words}");
    assert!(words.contains("(nobody says how long it may be, so no time is allowed), as before"), "{words}");
}

#[test]
fn nothing_hurts_before_it_happens() {
    let house = house(CONFIG);
    // Parts of the time are a second and a half here: the outage begins within one, and those who came before it fall, too.
    // What happens earlier hurts nobody.
    let late = "why = \"x\"\nspan = \"10m\"\n[[event]]\nwhat = \"price\"\non = [\"maker:acme\"]\ntimes = 1.5\n\
                [[event]]\nwhat = \"outage\"\non = [\"maker:acme\"]\nfrom = \"299900ms\"\n";
    fs::write(house.path().join("late.toml"), late).unwrap();
    let answer = whatif(house.path(), &["late.toml", "--in-short", "--json"]).json();
    let hurts = product(&answer, "pinned")["first_hurts_s"].as_f64().unwrap();
    assert!((299.9..303.0).contains(&hurts), "{hurts}");
}

#[test]
fn where_all_that_could_serve_are_lost_that_is_said() {
    let house = house(CONFIG);
    let lose = ["--lose", "maker:acme", "--for", "10m", "--no-herd", "--in-short"];
    let answer = whatif(house.path(), &[&lose[..], &["--json"]].concat()).json();
    let refused = product(&answer, "pinned")["refused"].as_object().unwrap().clone();
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["all_lost"], "one cause, one reason: {refused:?}");
    let words = in_one_line(&whatif(house.path(), &lose).out);
    assert!(words.contains("refused: 100 % because all that could serve it are lost"), "{words}");
    assert!(!words.contains("failing"), "{words}");
}

#[test]
fn insurance_is_asked_for_though_nothing_serves_more() {
    let house = house(&format!("{CONFIG}{MARS}").replace(
        "[products.pinned]\nroutes = [\"local\"]\nmax_outage = \"1h\"\nmax_degradation = 0.05\n",
        "",
    ));
    // A third of the requests finds nobody whatever is added, so that it is never painless.
    let lose = ["--lose", "maker:other", "--for", "10m", "--no-herd"];
    let answer = whatif(house.path(), &[&lose[..], &["--json"]].concat()).json();
    let insurance = answer["insurance"].as_array().unwrap();
    assert_eq!(insurance[0]["smallest_cut"], 2, "{insurance:?}");
    assert_eq!(
        insurance.last().unwrap()["smallest_cut"],
        3,
        "a contract more holds one loss more: {insurance:?}"
    );
    let words = in_one_line(&whatif(house.path(), &lose).out);
    assert!(words.contains("a contract with"), "{words}");
}

#[test]
fn chance_is_no_price_of_insurance() {
    // Which of two prices a request has is drawn while all are well, and never once one of both is lost.
    let house = house(&format!("{CONFIG}[routes.chat.policy]\nprefer = \"weighted\"\n"));
    let answer =
        whatif(house.path(), &["--lose", "maker:acme", "--for", "10m", "--no-herd", "--json"]).json();
    for row in answer["insurance"].as_array().unwrap() {
        for (money, doubt, is_drawn) in [
            ("usd_per_day", "usd_per_day_doubt", false),
            ("usd_per_calm_day", "usd_per_calm_day_doubt", true),
        ] {
            let (money, doubt) = (row[money].as_f64().unwrap(), row[doubt].as_f64().unwrap());
            assert!((doubt > 0.0) == is_drawn && (money == 0.0 || money.abs() > doubt), "{row}");
        }
    }
    let last = answer["insurance"].as_array().unwrap().last().unwrap();
    assert_eq!(last["usd_per_calm_day"], 0.0, "a last fallback that nobody needs costs nothing: {last}");
}

#[test]
fn a_new_contract_takes_the_place_of_the_one_that_ends() {
    let ends = CONFIG.replace(
        "maker = \"acme\"\nhost = \"acme\"\n",
        "maker = \"acme\"\nhost = \"acme\"\ncontract = { ends = \"2027-06-30\" }\n",
    );
    assert_ne!(ends, CONFIG);
    let house = house(&ends);
    let new = ["new-contract", "--at", "2027-01-01", "--in-short"];
    let answer = whatif(house.path(), &[&new[..], &["--json"]].concat()).json();
    let pinned = product(&answer, "pinned");
    // Half of the year is past its end; with the new one it is served to the year's end.
    let served = |side: &str| pinned[side]["served"]["value"].as_f64().unwrap();
    assert!((0.4..0.6).contains(&served("before")), "{pinned}");
    assert!(served("after") > 0.99, "{pinned}");
    let words = in_one_line(&whatif(house.path(), &new).out);
    assert!(words.contains("a new contract is played with first/m"), "{words}");
}
