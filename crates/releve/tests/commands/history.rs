//! `releve whatif --history`: predictions from a file of incidents, and what is wrong with a file.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::run;

/// Of both suppliers somebody watched for a year. `acme` is out for an hour each Monday; `other` for its second half, in
/// every second week.
fn year() -> String {
    let mut text = "supplier,severity,start,end\n".to_owned();
    let monday: jiff::Timestamp = "2025-01-06T00:00:00Z".parse().unwrap();
    for week in 0..52 {
        let at = |minute: i64| monday + jiff::SignedDuration::from_mins(week * 10_080 + minute);
        writeln!(text, "acme,major,{},{}", at(600), at(660)).unwrap();
        writeln!(text, "\"other\",minor,{},{}", at(0), at(600)).unwrap();
        if week % 2 == 0 {
            writeln!(text, "other,major,{},{}", at(630), at(690)).unwrap();
        }
    }
    text
}

fn folder(file: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    folder
}

fn row<'v>(answer: &'v Value, table: &str, group: &[&str]) -> &'v Value {
    let rows = answer[table].as_array().unwrap();
    rows.iter()
        .find(|row| row["group"] == serde_json::json!(group))
        .unwrap_or_else(|| panic!("{group:?}: {answer}"))
}

fn asked(folder: &Path, more: &[&str]) -> Value {
    run(folder, &[&["whatif", "--history", "year.csv", "--json"], more].concat()).json()
}

#[test]
fn one_alone_and_both_at_once_are_predicted_and_held_against_what_came() {
    let odd = "acme,major,2025-06-01T00:00:00Z,\nacme,major,2025-06-02T00:00:00Z,2025-06-01T00:00:00Z\n";
    let folder = folder("year.csv", &(year() + odd));
    let answer = asked(folder.path(), &["--only", "severity=major"]);
    assert_eq!(
        answer["rows"],
        serde_json::json!({ "read": 132, "counted": 78, "left_out": 52, "without_end": 2 })
    );
    let alone = row(&answer, "tested", &["acme"]);
    assert_eq!(
        (&alone["predicted_h"], &alone["came_h"], &alone["off_h"]),
        (&4.0.into(), &4.0.into(), &0.0.into())
    );
    assert_eq!(alone["within"], alone["periods"], "{alone}");
    let each = alone["each"].as_array().unwrap();
    assert_eq!(each.len() as u64, alone["periods"].as_u64().unwrap());
    for period in each {
        assert_eq!(
            (&period["came"], &period["together"]["mean"]),
            (&240.0.into(), &240.0.into()),
            "{period}"
        );
    }
    let both = row(&answer, "tested", &["acme", "other"]);
    assert!(
        (both["predicted_h"].as_f64().unwrap() - 1.0).abs() < 0.1,
        "half an hour in every second week: {both}"
    );
    assert_eq!((&both["came_h"], &both["within"]), (&1.0.into(), &both["periods"]));
    let together = row(&answer, "together", &["acme", "other"]);
    assert_eq!(
        together["both"], 25,
        "all but the first day, which begins before there is word of both: {together}"
    );
    // Without the choice `other` is out for ten hours a week too, though never at once with `acme`.
    let all = asked(folder.path(), &[]);
    assert!(row(&all, "tested", &["other"])["came_h"].as_f64().unwrap() > 41.0, "{all}");
    assert_eq!(row(&all, "tested", &["acme", "other"])["came_h"], 1.0);
    assert_eq!(asked(folder.path(), &[]), all, "the same seed gives the same answer");
}

#[test]
fn it_says_what_the_configured_routes_have_to_expect() {
    let folder = folder("year.csv", &year());
    let provider = |name: &str| {
        format!("[providers.{name}]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n")
    };
    let routes = "[routes.both]\ndeployments = [\"acme/m\", \"other/m\"]\n[routes.safe]\ndeployments = [\"acme/m\", \"house/m\"]\n";
    let config = [provider("acme"), provider("other"), provider("house"), routes.to_owned()].concat();
    fs::write(folder.path().join("releve.toml"), config).unwrap();
    let answer = asked(folder.path(), &["--only", "severity=major", "--for", "2w"]);
    assert_eq!(answer["weeks"], 2);
    let routes = answer["routes"].as_array().unwrap();
    let of = |name: &str| routes.iter().find(|row| row["routes"] == serde_json::json!([name])).unwrap();
    assert_eq!(of("both")["first_alone"]["together"]["mean"], 120.0);
    let all = of("both")["all"]["together"]["mean"].as_f64().unwrap();
    assert!((25.0..35.0).contains(&all), "{all}");
    assert_eq!((&of("safe")["all"], &of("safe")["unknown"]), (&Value::Null, &serde_json::json!(["house/m"])));
    let words = run(folder.path(), &["whatif", "--history", "year.csv", "--only", "severity=major"]).out;
    assert!(words.contains("house/m, of which the history says nothing"), "{words}");
}

#[test]
fn the_same_suppliers_have_the_same_figures_and_more_of_them_are_never_worse() {
    let folder = folder("year.csv", &year());
    let provider = |name: &str, base: &str| {
        format!(
            "[providers.{name}]\nprotocol = \"openai-chat\"\nhost = \"{base}\"\nbase_url = \"http://127.0.0.1:9/v1\"\n"
        )
    };
    let routes = "[routes.one]\ndeployments = [\"other/a\"]\n[routes.two]\ndeployments = [\"other/b\", \"again/b\"]\n\
                  [routes.both]\ndeployments = [\"other/c\", \"acme/c\"]\n[routes.back]\ndeployments = [\"acme/d\", \"other/d\"]\n";
    let config =
        [provider("acme", "acme"), provider("other", "other"), provider("again", "other"), routes.to_owned()];
    fs::write(folder.path().join("releve.toml"), config.concat()).unwrap();
    let answer = asked(folder.path(), &["--only", "severity=major"]);
    let rows = answer["routes"].as_array().unwrap();
    let named: Vec<&Value> = rows.iter().map(|row| &row["routes"]).collect();
    let sets = serde_json::json!([["one", "two"], ["both"], ["back"]]);
    let mut sets: Vec<&Value> = sets.as_array().unwrap().iter().collect();
    let mut sorted = named.clone();
    sets.sort_by_key(ToString::to_string);
    sorted.sort_by_key(ToString::to_string);
    assert_eq!(sorted, sets, "no bare model beside the routes, and each set once: {answer}");
    let of = |name: &str| rows.iter().find(|row| row["routes"][0] == name).unwrap();
    let (one, both, back) = (of("one"), of("both"), of("back"));
    assert_eq!(one["first_alone"], one["all"], "one supplier is all of one supplier");
    assert_eq!(one["first_alone"], both["first_alone"]);
    assert_eq!(both["all"], back["all"], "in whichever order");
    for figure in ["mean", "low", "high"] {
        let minutes = |row: &Value, of: &str| row[of]["together"][figure].as_f64().unwrap();
        assert!(minutes(both, "all") <= minutes(both, "first_alone"), "{figure}: {both}");
    }
}

#[test]
fn days_and_packed_files_are_read_too() {
    let mut days = "supplier,date,out_min\n".to_owned();
    for day in 0..180 {
        let date = jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(day);
        writeln!(days, "acme,{date},{}", if day % 7 == 0 { 90 } else { 0 }).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("year.csv")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(days.as_bytes()).unwrap();
    packed.finish().unwrap();
    let answer = asked(folder.path(), &[]);
    assert_eq!(
        (&answer["rows"]["counted"], &answer["suppliers"][0]["watched_days"]),
        (&26.into(), &180.into())
    );
    assert_eq!(row(&answer, "tested", &["acme"])["came_h"], 6.0);
}

#[test]
fn moments_are_written_as_for_from_and_to() {
    let rows = |start: &str, end: &str| {
        let mut text = "supplier,start,end\n".to_owned();
        for day in 0..180 {
            let date = (jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(day)).to_string();
            writeln!(text, "acme,{},{}", start.replace("DAY", &date), end.replace("DAY", &date)).unwrap();
        }
        text
    };
    let exact = folder("year.csv", &rows("DAYT00:00:00Z", "DAYT02:00:00Z"));
    let answer = asked(exact.path(), &[]);
    assert_eq!(answer["rows"]["counted"], 180, "{answer}");
    for (start, end) in [("DAY", "DAYT02:00"), ("DAYT00:00", "DAYT03:00:00+01:00")] {
        let said = folder("year.csv", &rows(start, end));
        assert_eq!(asked(said.path(), &[]), answer, "{start}, {end}");
    }
}

#[test]
fn what_has_no_meaning_for_a_history_is_refused() {
    let folder = folder("year.csv", &year());
    let both = run(folder.path(), &["whatif", "--history", "year.csv", "weekend-2023"]);
    assert!(both.complaints.contains("releve whatif [OPTIONS] --history <FILE>\n"), "{both:?}");
    for more in [
        &["--pack", "it.zip"][..],
        &["--in-short"],
        &["--most", "3"],
        &["--no-herd"],
        &["--as", "api"],
        &["--ledger", "nope.db"],
        &["--lose", "maker:acme"],
        &["--backtest"],
        &["weekend-2023"],
    ] {
        let ran = run(folder.path(), &[&["whatif", "--history", "year.csv"], more].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{more:?}: {ran:?}");
        assert!(ran.complaints.contains("cannot be used with"), "{more:?}: {ran:?}");
    }
    assert!(!folder.path().join("it.zip").exists());
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line_and_the_mend() {
    let good = "supplier,start,end\nacme,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z\n";
    let wrong = [
        ("supplier,from\nacme,x\n", &[][..], "has no column start", "it has: supplier, from"),
        ("start,end\n", &[], "has no column supplier", "out_min"),
        (
            &format!("{good}acme,yesterday,\n"),
            &[],
            "year.csv:3: start: \"yesterday\" is no moment",
            "2026-06-04T07:33:00Z",
        ),
        (&format!("{good},2026-01-02T00:00:00Z,\n"), &[], "year.csv:3: supplier is empty", ""),
        (
            "supplier,date,out_min\nacme,2026-01-01,1441\n",
            &[],
            "\"1441\" is no number of a day's minutes",
            "",
        ),
        (good, &["--only", "level=major"], "no column \"level\"", "it has: supplier, start, end"),
        (good, &["--for", "10d"], "10d is no number of weeks", "--for 4w"),
    ];
    for (text, more, what, mend) in wrong {
        let folder = folder("year.csv", text);
        let ran = run(folder.path(), &[&["whatif", "--history", "year.csv"], more].concat());
        assert_eq!(ran.code, Some(2), "{what}: {ran:?}");
        assert!(ran.complaints.contains(what) && ran.complaints.contains(mend), "{what}: {ran:?}");
    }
    let short = folder("year.csv", good);
    let ran = run(short.path(), &["whatif", "--history", "year.csv"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("Too short: 8 weeks"), "{ran:?}");
    let nothing = run(short.path(), &["whatif", "--history", "year.csv", "--only", "supplier=other"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(nothing.complaints.contains("none of 1 rows is a time out of service"), "{nothing:?}");
}
