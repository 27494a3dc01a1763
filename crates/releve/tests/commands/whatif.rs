//! `releve whatif`: on a trace, since a ledger needs suppliers.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{recorded, run};

pub(crate) const CONFIG: &str = r#"
[providers.first]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
maker = "acme"
host = "acme"
region = "eu/france"
[providers.second]
protocol = "openai-chat"
base_url = "http://127.0.0.1:9/v1"
maker = "other"
host = "other"
[routes.chat]
deployments = [
  { use = "first/m", price = { input = "1", output = "10" } },
  { use = "second/m", price = { input = "2", output = "20" } },
]
[routes.local]
deployments = [{ use = "first/m", price = { input = "1", output = "10" } }]
[products.office]
routes = ["chat"]
[products.pinned]
routes = ["local"]
max_outage = "1h"
max_degradation = 0.05
"#;

fn house() -> tempfile::TempDir {
    house_with(CONFIG)
}

/// A folder with the configuration, and ten minutes of a request a second, of all its products in turn.
pub(crate) fn house_with(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("releve.toml"), config).unwrap();
    let lines: String = (0..600).map(|second| format!("{second},1000,100\n")).collect::<Vec<_>>().concat();
    fs::write(folder.path().join("trace.csv"), format!("arrival_s,input_tokens,output_tokens\n{lines}"))
        .unwrap();
    folder
}

fn asked(folder: &Path, arguments: &[&str]) -> Value {
    let all = [&["whatif", "--trace", "trace.csv", "--most", "600", "--json"][..], arguments].concat();
    let ran = run(folder, &all);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

pub(crate) fn product<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["products"].as_array().unwrap().iter().find(|row| row["product"] == name).unwrap()
}

#[test]
fn a_loss_says_who_is_served_who_is_not_and_what_would_help() {
    let house = house();
    let answer = asked(house.path(), &["--lose", "maker:acme", "--for", "10m", "--no-herd"]);
    let (office, pinned) = (product(&answer, "office"), product(&answer, "pinned"));
    assert!(office["after"]["served"]["value"].as_f64().unwrap() > 0.98, "{office}");
    assert_eq!(pinned["after"]["served"]["value"], 0.0);
    assert_eq!(pinned["before"]["served"]["value"], 1.0);
    assert!(pinned["first_hurts_s"].as_f64().unwrap() < 30.0);
    let twice = office["after"]["cost_usd_per_day"]["value"].as_f64().unwrap()
        / office["before"]["cost_usd_per_day"]["value"].as_f64().unwrap();
    assert!((1.9..=2.0).contains(&twice), "the other costs twice as much: {twice}");
    assert_eq!(answer["assumptions"][0]["about"], "recorded", "what it rests on comes first");
    let insurance = answer["insurance"].as_array().unwrap();
    // Each set serves more than can be doubted, or more must fall at once after it, or a contract makes it cheaper.
    let served = &answer["total"]["after"]["served"];
    let doubt = (served["high"].as_f64().unwrap() - served["low"].as_f64().unwrap()) / 2.0;
    for pair in insurance.windows(2) {
        let gain = pair[1]["served"].as_f64().unwrap() - pair[0]["served"].as_f64().unwrap();
        let holds_more = pair[1]["smallest_cut"].as_u64() > pair[0]["smallest_cut"].as_u64();
        let money = |point: &Value| point["usd_per_day"].as_f64().unwrap();
        let has_contract = pair[1]["kinds"].as_array().unwrap().iter().any(|kind| kind == "contract");
        let is_cheaper = has_contract && money(&pair[1]) < money(&pair[0]);
        assert!(gain > doubt || holds_more || is_cheaper, "{insurance:?}");
    }
    assert_eq!(insurance[0]["smallest_cut"], 1);
    let step = &insurance[1];
    assert_eq!(
        step["adds"],
        serde_json::json!([
            "second/m as a fallback of local",
            "second/m proven for pinned: by a small share of its requests, or by an approval"
        ]),
        "what is there comes first"
    );
    assert_eq!(
        (step["smallest_cut"].as_u64(), step["served"].as_f64().map(|served| served > 0.98)),
        (Some(2), Some(true))
    );
    // To hold more losses than it has suppliers it takes one that it has no contract with.
    let last = insurance.last().unwrap();
    let is_contract = |added: &Value| {
        let added = added.as_str().unwrap();
        added.starts_with("a contract with ") && added.ends_with("at its public price, unproven")
    };
    assert!(last["adds"].as_array().unwrap().iter().any(is_contract), "{last}");
    assert_eq!(last["smallest_cut"], 3, "{last}");
    assert_eq!(
        asked(house.path(), &["--lose", "maker:acme", "--for", "10m", "--no-herd"]),
        answer,
        "the same seed"
    );
}

#[test]
fn a_product_that_is_more_degraded_than_it_may_be_is_named_with_both_shares() {
    let house = house();
    let approved = "approved = [{ use = \"first/m\", by = \"us\", on = \"2026-01-01\" }]\nmax_degradation";
    fs::write(house.path().join("releve.toml"), CONFIG.replace("max_degradation", approved)).unwrap();
    let said = |arguments: &[&str]| {
        let ran =
            run(house.path(), &[&["whatif", "--trace", "trace.csv", "--most", "600"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let words = "refused or served by who is not proven for it, 5.0 % may be";
    let lost = said(&["--lose", "maker:acme", "--for", "10m", "--no-herd"]);
    assert_eq!(lost.matches(words).count(), 1, "only `pinned` says how much it bears: {lost}");
    assert!(lost.contains(&format!("0 % → 100 % {words}")), "{lost}");
    let spared = said(&["--lose", "maker:other", "--for", "10m", "--no-herd"]);
    assert!(!spared.contains(words), "{spared}");
}

/// All of it is answered, but by somebody whom nobody has tried for it.
#[test]
fn who_may_not_be_served_by_just_anybody_is_hurt_when_it_is() {
    let house = house();
    let office = "[products.office]\napproved = [{ use = \"first/m\", by = \"us\", on = \"2026-01-01\" }]\n";
    let lose = ["--lose", "maker:acme", "--for", "10m", "--no-herd"];
    for (more, hurts) in [("", false), ("max_degradation = 0.1\n", true), ("max_degradation = 1\n", false)] {
        let config = CONFIG.replace("[products.office]\n", &format!("{office}{more}"));
        fs::write(house.path().join("releve.toml"), config).unwrap();
        let answer = asked(house.path(), &lose);
        let office = product(&answer, "office");
        assert!(office["after"]["served_by_unproven"]["value"].as_f64().unwrap() > 0.9, "{office}");
        assert_eq!(office["first_hurts_s"].as_f64().is_some_and(|at| at < 30.0), hurts, "{more}: {office}");
    }
}

#[test]
fn what_can_be_no_loss_is_refused_with_the_mend() {
    let house = house();
    // There is no ledger: the first is found out before it is looked for.
    for (arguments, words, mend) in [
        (&["--lose", "host:acme", "--as", "api"][..], "no maker is lost", "--lose maker:NAME"),
        (&["--trace", "trace.csv", "same.toml"], "in same nothing happens", "look at its"),
    ] {
        let same =
            "why = \"x\"\nspan = \"1d\"\n[[event]]\nwhat = \"price\"\non = [\"maker:acme\"]\ntimes = 1\n";
        fs::write(house.path().join("same.toml"), same).unwrap();
        let ran = run(house.path(), &[&["whatif"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.complaints.contains(words) && ran.complaints.contains(mend), "{arguments:?}: {ran:?}");
    }
}

/// That nobody is hurt is an answer, not a mistake of who asked.
#[test]
fn a_loss_that_takes_nobody_away_is_answered_with_why() {
    let house = house();
    // `third` has models of a maker that no route lists.
    let third = "[providers.mistral]\napi_key = { env = \"NONE\" }\n";
    fs::write(house.path().join("releve.toml"), [CONFIG, third].concat()).unwrap();
    for (lost, why) in [
        (&["--lose", "maker:acme", "--as", "frozen"][..], "nothing of it is switched off"),
        (&["--lose", "maker:acme", "--as", "licence"], "nobody but itself runs it"),
        (&["--lose", "maker:mistral"], "whom a route that was asked for lists"),
    ] {
        let lost = [lost, &["--in-short"]].concat();
        let answer = asked(house.path(), &lost);
        let nobody = answer["takes_nobody"].as_str().unwrap();
        assert!(nobody.contains("takes nobody away") && nobody.contains(why), "{nobody}");
        // Of a maker that others use the crowd comes all the same.
        let [before, after] = ["before", "after"].map(|side| answer["total"][side].clone());
        let is_calm = nobody.contains("all is as before");
        assert_eq!(
            (before == after, is_calm),
            (is_calm, !lost.contains(&"maker:mistral")),
            "{lost:?}: {nobody}"
        );
        let ran =
            run(house.path(), &[&["whatif", "--trace", "trace.csv", "--most", "600"], &lost[..]].concat());
        assert!(ran.code == Some(0) && ran.out.contains("Nobody is lost: "), "{ran:?}");
    }
    let hurts = asked(house.path(), &["--lose", "maker:acme", "--in-short"]);
    assert_eq!(hurts["takes_nobody"], Value::Null);
}

#[test]
fn a_scenario_without_events_says_how_it_goes_on_as_it_is() {
    let house = house();
    fs::write(house.path().join("calm.toml"), "why = \"to compare\"\nspan = \"10m\"\n").unwrap();
    let answer = asked(house.path(), &["calm.toml"]);
    let total = &answer["total"];
    assert_eq!(total["after"]["served"]["value"], 1.0, "{total}");
    assert_eq!(total["before"], total["after"]);
}

#[test]
fn a_loss_says_in_which_meaning_and_whom_it_may_take_as_well() {
    let house = house();
    let owned = CONFIG.replacen(
        "region = \"eu/france\"",
        "region = \"eu/france\"\ncontract = { country = \"US\" }",
        1,
    );
    fs::write(house.path().join("releve.toml"), owned).unwrap();
    let said = |answer: &Value, about: &str| {
        let all = answer["assumptions"].as_array().unwrap();
        all.iter().find(|one| one["about"] == about).unwrap()["says"].as_str().unwrap().to_owned()
    };
    let api = asked(house.path(), &["--lose", "maker:acme", "--as", "api", "--for", "10m", "--in-short"]);
    assert_eq!(api["scenario"], "the loss of maker:acme (its own API stops)");
    assert_eq!(said(&api, "lost"), "first/m");
    assert!(said(&api, "recorded").contains("dealt out evenly to all products"), "{api}");
    let country = asked(house.path(), &["--lose", "country:US", "--for", "10m", "--in-short"]);
    assert_eq!(
        said(&country, "lost"),
        "first/m; nobody says the country of second/m: taken as spared, which may be wrong"
    );
    assert!(said(&country, "herd").contains("everybody lands on the others"), "{country}");
}

#[test]
fn whoever_is_to_arrive_is_in_no_share_before() {
    let house = house();
    let weighted = [CONFIG, "[routes.chat.policy]\nprefer = \"weighted\"\n"].concat();
    fs::write(house.path().join("releve.toml"), weighted).unwrap();
    let answer = asked(house.path(), &["own-models-win-60", "--in-short"]);
    let shares = answer["shares"].as_array().unwrap();
    let own = shares.iter().find(|row| row["name"] == "own" && row["domain"] == "maker").unwrap();
    assert_eq!((&own["requests_before"], &own["money_before"]), (&0.0.into(), &0.0.into()), "{own}");
    assert!((0.4..0.65).contains(&own["requests_after"].as_f64().unwrap()), "{own}");
}

#[test]
fn errors_that_were_always_there_are_no_limit() {
    let folder = recorded::folder();
    let config = ["--config", "releve-demo.toml", "whatif", "--json", "--in-short", "--most", "2000"];
    let answer = run(folder.path(), &[&config[..], &["--lose", "maker:anthropic"]].concat()).json();
    // The demo's suppliers let ten thousand requests a minute through.
    assert_eq!(answer["limits_hit"], serde_json::json!([]), "{answer}");
    // Who moves is named, with what its requests come to there; who stays is not.
    let is_office = |row: &&Value| row["product"] == "office-assistant";
    assert!(!answer["tokens"].as_array().unwrap().iter().any(|row| is_office(&row)), "{answer}");
    // Azure has rights to the models of OpenAI until 2032: with their maker alone, it takes over.
    for (lost, to) in [
        (&["--lose", "maker:openai"][..], "azure-sweden/gpt-5.4"),
        (&["--lose", "maker:openai", "--lose", "host:azure"], "mistral/mistral-large-2512"),
    ] {
        let moved = run(folder.path(), &[&config[..], lost].concat()).json();
        let office = moved["tokens"].as_array().unwrap().iter().find(is_office).unwrap();
        assert_eq!((&office["from"], &office["to"]), (&"openai/gpt-5.4".into(), &to.into()), "{lost:?}");
    }
    // Arrivals of a file are tested on what the ledger knows of the suppliers.
    let lines: String = (0..600).map(|second| format!("{second},1000,100\n")).collect::<Vec<_>>().concat();
    fs::write(folder.path().join("trace.csv"), format!("arrival_s,input_tokens,output_tokens\n{lines}"))
        .unwrap();
    let trace = ["--lose", "maker:anthropic", "--trace", "trace.csv"];
    let traced = run(folder.path(), &[&config[..], &trace].concat()).json();
    assert_eq!(traced["backtest"], answer["backtest"]);
    assert!(answer["backtest"]["requests"].as_u64().unwrap() > 0, "{answer}");
}

#[test]
fn what_bounds_suppliers_is_among_the_assumptions() {
    let house = house();
    let bounded = CONFIG
        .replace(
            "region = \"eu/france\"",
            "region = \"eu/france\"\ncapacity = { tokens_per_minute = 90_000 }",
        )
        .replace("{ use = \"second/m\",", "{ use = \"second/m\", max_in_flight = 7,");
    fs::write(house.path().join("releve.toml"), bounded).unwrap();
    let answer = asked(house.path(), &["--lose", "maker:other", "--for", "10m", "--in-short"]);
    let all = answer["assumptions"].as_array().unwrap();
    let limits = all.iter().find(|one| one["about"] == "limits").unwrap()["says"].as_str().unwrap();
    for words in [
        "90,000 tokens a minute with its account's others at first/m",
        "7 requests at the same time at second/m",
    ] {
        assert!(limits.contains(words), "{limits}");
    }
    assert!(!limits.contains("not known"), "{limits}");
}

#[test]
fn scenarios_by_name_by_file_and_in_words() {
    let house = house();
    let weekend = asked(house.path(), &["weekend-2023", "--in-short"]);
    assert!(weekend["why"].as_str().unwrap().contains("November 2023"));
    let file =
        "why = \"Because.\"\nspan = \"10m\"\n[[event]]\nwhat = \"price\"\non = [\"maker:acme\"]\ntimes = 2\n";
    fs::write(house.path().join("own.toml"), file).unwrap();
    let priced = asked(house.path(), &["own.toml", "--in-short"]);
    let cost = |side: &str| priced["total"][side]["cost_usd_per_day"]["value"].as_f64().unwrap();
    assert!((cost("after") / cost("before") - 2.0).abs() < 1e-6);
    let words =
        run(house.path(), &["whatif", "own.toml", "--trace", "trace.csv", "--most", "600", "--in-short"]);
    for heading in ["What it rests on", "Before and after", "Shares", "What it hangs on"] {
        assert!(words.out.contains(heading), "{words:?}");
    }
    let markdown = run(
        house.path(),
        &["whatif", "own.toml", "--trace", "trace.csv", "--most", "600", "--in-short", "--markdown"],
    );
    assert!(
        markdown.out.starts_with("# What if: own, 10m\n") && markdown.out.contains("| product | served |"),
        "{markdown:?}"
    );
    let list = run(house.path(), &["whatif", "--trace", "trace.csv"]);
    assert!(list.out.contains("weekend-2023") && list.out.contains("own-models-win-30"), "{list:?}");
}

#[test]
fn the_scenarios_are_listed_before_there_is_a_ledger() {
    let house = house();
    let list = run(house.path(), &["whatif"]);
    assert!(list.code == Some(0) && list.out.contains("weekend-2023"), "{list:?}");
    assert!(list.out.contains("No requests to play them on yet: there is no ledger"), "{list:?}");
    let list: Value = serde_json::from_str(&run(house.path(), &["whatif", "--json"]).out).unwrap();
    assert_eq!(list["losses"], serde_json::json!([]));
    assert!(list["scenarios"].as_array().unwrap().len() > 10, "{list}");
}

#[test]
fn what_is_not_there_is_said_with_the_mend() {
    let house = house();
    for (arguments, words) in [
        (&["whatif", "--ledger", "none.db"][..], "there is no ledger"),
        (&["whatif", "--pack", "p.zip"], "a pack needs a question"),
        (&["whatif", "--trace", "trace.csv", "weekend-2032"], "did you mean \"weekend-2023\"?"),
        (&["whatif", "--trace", "trace.csv", "--lose", "maker:acne"], "did you mean \"maker:acme\"?"),
        (&["whatif", "--trace", "trace.csv", "--lose", "acme"], "is no fault domain"),
        (&["whatif", "--lose", "maker:acme", "--for", "3x"], "it is no duration: write 3d"),
        (&["whatif", "--lose", "maker:acme", "--for", "0d"], "nothing happens in no time"),
        (&["whatif", "--lose", "maker:acme", "--for", "1000w"], "ten years are the most"),
        (&["whatif", "--lose", "maker:acme", "--most", "0"], "write a number of requests"),
        (&["whatif", "--backtest", "weekend-2023"], "cannot be used with"),
        (&["report", "--at", "2026-13-01"], "it is no day: write 2026-11-30"),
        (&["whatif", "--trace", "releve.toml", "--lose", "maker:acme"], "arrival_s or arrival_ms is missing"),
    ] {
        let ran = run(house.path(), arguments);
        assert!(matches!(ran.code, Some(1 | 2)) && ran.complaints.contains(words), "{arguments:?}: {ran:?}");
    }
    for (line, words) in [
        ("1e300,10,10", "trace.csv:2: the arrival is not within ten years"),
        ("-1,10,10", "trace.csv:2: the arrival is not within ten years"),
        ("0,99999999999999,10", "trace.csv:2: input_tokens: 99999999999999 is no number of tokens"),
    ] {
        fs::write(house.path().join("trace.csv"), format!("arrival_s,input_tokens,output_tokens\n{line}\n"))
            .unwrap();
        let ran = run(house.path(), &["whatif", "--trace", "trace.csv", "--lose", "maker:acme"]);
        assert!(ran.code == Some(2) && ran.complaints.contains(words), "{line}: {ran:?}");
    }
    fs::write(house.path().join("wrong.toml"), "why = \"x\"\nspan = \"1d\"\n[[event]]\nwhat = \"outge\"\n")
        .unwrap();
    let ran = run(house.path(), &["whatif", "--trace", "trace.csv", "wrong.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.complaints.contains("wrong.toml:4:8") && ran.complaints.contains("did you mean \"outage\"?"),
        "{ran:?}"
    );
}

#[test]
fn a_wrong_name_is_refused_before_anything_is_read() {
    let house = house();
    let unnamed = "[providers.third]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                   [routes.more]\ndeployments = [\"third/m\"]\n";
    fs::write(house.path().join("releve.toml"), [CONFIG, unnamed].concat()).unwrap();
    // There is no ledger: who looks for it first says so.
    for (arguments, words) in [
        (&["--lose", "maker:acne"][..], "did you mean \"maker:acme\"?"),
        (&["--lose", "maker:nobody-at-all"], "there are: acme, other\n"),
        (&["--lose", "maker:unknown"], "whose maker nobody has named"),
        (&["weekend-2032"], "did you mean \"weekend-2023\"?"),
    ] {
        let ran = run(house.path(), &[&["whatif"], arguments].concat());
        assert!(ran.code == Some(2) && ran.complaints.contains(words), "{arguments:?}: {ran:?}");
    }
    let ran = run(house.path(), &["whatif", "--lose", "maker:acme"]);
    assert!(ran.code == Some(1) && ran.complaints.contains("there is no ledger"), "{ran:?}");
}

#[test]
fn the_price_of_insurance_begins_with_the_figures_of_the_other_tables() {
    let house = house();
    // Twice as many come in the beginning, so that a part of them is not like the whole.
    let at = |line: u64| if line < 1_000 { line / 2 } else { line - 500 };
    let lines: Vec<String> = (0..2_600).map(|line| format!("{},1000,100\n", at(line))).collect();
    let lines = lines.concat();
    fs::write(house.path().join("trace.csv"), format!("arrival_s,input_tokens,output_tokens\n{lines}"))
        .unwrap();
    let partly =
        "why = \"x\"\nspan = \"37m\"\n[[event]]\nwhat = \"outage\"\non = [\"maker:acme\"]\nfrom = \"6m\"\n";
    fs::write(house.path().join("partly.toml"), partly).unwrap();
    let ran =
        run(house.path(), &["whatif", "partly.toml", "--trace", "trace.csv", "--most", "4000", "--json"]);
    let answer: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let served = &answer["total"]["after"]["served"]["value"];
    assert!((0.1..0.95).contains(&served.as_f64().unwrap()), "{answer}");
    assert_eq!(&answer["insurance"][0]["served"], served);
    assert_eq!(&answer["sensitivity"][0]["served"], served);
}

#[test]
fn a_makers_loss_is_the_same_in_the_report_and_in_a_what_if() {
    let folder = recorded::folder();
    let demo = ["--config", "releve-demo.toml"];
    // Two products have nobody but Anthropic's models, at two hosts, of which one has no rights of its own.
    let report = run(folder.path(), &[&demo[..], &["report", "--json"]].concat()).json();
    let losses = report["losses"].as_array().unwrap();
    for (name, meaning) in
        [("gone", Value::Null), ("api", "api_stops".into()), ("terms", "terms_change".into())]
    {
        let is_it = |loss: &&Value| {
            loss["meaning"] == meaning
                && loss["domains"].as_array().unwrap().contains(&"maker:anthropic".into())
        };
        let reported = losses.iter().find(is_it).unwrap()["products"].as_array().unwrap();
        let asked =
            ["whatif", "--json", "--in-short", "--most", "500", "--for", "2m", "--lose", "maker:anthropic"];
        let played = run(folder.path(), &[&demo[..], &asked, &["--as", name]].concat()).json();
        for product in reported {
            let served =
                &self::product(&played, product["product"].as_str().unwrap())["after"]["served"]["value"];
            let stops = product["verdict"] == "stopped";
            assert_eq!(stops, *served == 0.0, "{name}: {product} {served}");
            assert!(stops || served.as_f64().unwrap() > 0.5, "{name}: {product} {served}");
        }
    }
    // Open weights on own machines survive their maker in all that can befall it: in the report, asked for, and in a file.
    let of_meta = |loss: &&Value| loss["domains"].as_array().unwrap().contains(&"maker:meta".into());
    for loss in losses.iter().filter(of_meta) {
        let untouched = |product: &Value| product["verdict"] == "untouched";
        assert!(loss["products"].as_array().unwrap().iter().all(untouched), "{loss}");
    }
    for name in ["gone", "api", "licence", "frozen", "terms"] {
        let lose = ["whatif", "--lose", "maker:meta", "--as", name, "--in-short", "--most", "600", "--json"];
        let answer = run(folder.path(), &[&demo[..], &lose].concat()).json();
        assert!(
            answer["takes_nobody"].as_str().is_some_and(|why| why.contains("takes nobody away")),
            "{answer}"
        );
    }
    // Nor is it among the losses to try.
    let listed = run(folder.path(), &[&demo[..], &["whatif"]].concat()).out;
    assert!(listed.contains("--lose maker:openai") && !listed.contains("maker:meta"), "{listed}");
    for what in ["outage", "terms", "retirement", "licence-end"] {
        let file =
            format!("why = \"x\"\nspan = \"2m\"\n[[event]]\nwhat = \"{what}\"\non = [\"maker:meta\"]\n");
        fs::write(folder.path().join("file.toml"), file).unwrap();
        let ran = run(folder.path(), &[&demo[..], &["whatif", "file.toml"]].concat());
        assert!(
            ran.code == Some(2) && ran.complaints.contains("nothing happens to anybody"),
            "{what}: {ran:?}"
        );
    }
}
