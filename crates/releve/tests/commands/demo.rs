//! `releve demo`, from the story to the commands that it ends with.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::{Ran, releve, run};

fn demo(folder: &std::path::Path, more: &[&str]) -> Ran {
    run(folder, &[&["demo", "--seed", "1"], more].concat())
}

#[test]
fn the_weekend_passes_without_an_error_and_the_ledger_agrees_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let report = demo(folder.path(), &["--json", "--seconds", "8"]).json();
    assert_eq!(report["product_errors"], 0, "{report}");
    assert!(report["takeovers"].as_u64().unwrap() > 0, "{report}");
    assert!(report["requests"].as_u64().unwrap() > 100, "{report}");
    assert_eq!(report["ledger"]["agrees"], true, "{report}");

    // The ledger's own commands say the same, in all and for each product.
    let config = ["--config", "releve-demo.toml", "--json"];
    let summary = run(folder.path(), &[&config[..], &["ledger", "summary"]].concat()).json();
    let same = |report: &Value, sums: &Value| {
        assert_eq!(report["requests"], sums["requests"], "{report} {sums}");
        assert_eq!(report["requests"], sums["outcomes"]["answered"], "{report} {sums}");
        assert_eq!(report["cost_usd"], sums["cost_usd"], "{report} {sums}");
        assert_eq!(sums["unpriced"], 0);
    };
    same(&report, &summary["total"]);
    let products = report["products"].as_array().unwrap();
    let sums = summary["groups"].as_array().unwrap();
    assert_eq!((products.len(), sums.len()), (5, 5));
    for product in products {
        same(product, sums.iter().find(|sums| sums["name"] == product["name"]).unwrap());
    }
    assert_eq!(run(folder.path(), &[&config[..], &["ledger", "verify"]].concat()).json()["whole"], true);
}

#[test]
fn it_tells_the_story_in_lines_and_ends_with_commands_that_work() {
    let folder = tempfile::tempdir().unwrap();
    let told = demo(folder.path(), &["--plain", "--seconds", "6"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    for scene in ["a normal day", "a rumour", "brownout", "loss of the biggest maker", "the return"] {
        assert!(told.out.contains(scene), "{scene}: {}", told.out);
    }
    assert!(told.out.contains("agree to the last digit"), "{}", told.out);
    for left in fs::read_dir(folder.path()).unwrap() {
        let left = left.unwrap().file_name().into_string().unwrap();
        assert!(is_ignored(&left), "{left} would be committed by whoever tries the demo in a checkout");
    }
    let program = env!("CARGO_BIN_EXE_releve");
    let commands: Vec<&str> = told.out.lines().filter_map(|line| line.trim().strip_prefix(program)).collect();
    assert_eq!(commands.len(), 3, "{}", told.out);
    let said = commands.iter().map(|command| {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        // This build is slow: as much as shows that it works.
        let is_whatif = words.contains(&"whatif");
        words.extend(["--in-short", "--most", "500"].iter().filter(|_| is_whatif));
        let said = run(folder.path(), &words);
        assert_eq!(said.code, Some(0), "{command}: {said:?}");
        said.out
    });
    let said: Vec<String> = said.collect();
    // The one explained was taken over: two were asked, the first failed.
    assert!(said[0].contains("attempts\n  1.") && said[0].contains("\n  2."), "{}", said[0]);
    assert!(said[1].contains("For the board") && said[1].contains("maker anthropic"), "{}", said[1]);
    // Two products have nobody but the other maker.
    assert!(said[2].contains("code-tool") && said[2].contains("refused: "), "{}", said[2]);
}

#[test]
fn a_machine_that_was_too_busy_is_not_taken_for_a_supplier() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--plain", "--seed", "1", "--seconds", "4", "--rate", "5"];
    let mut playing = releve(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(playing.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("a rumour") {
        assert_ne!(said.read_line(&mut text).unwrap(), 0, "{text}");
    }
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &playing.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{name}");
    };
    signal("-STOP");
    // What is done to it, not waited for: so long it gets no turn.
    thread::sleep(Duration::from_millis(1_500));
    signal("-CONT");
    said.read_to_string(&mut text).unwrap();
    playing.wait().unwrap();
    assert!(text.contains("This machine was too busy") && text.contains("not the suppliers'"), "{text}");
}

/// Whether the repository's `.gitignore` names it.
fn is_ignored(name: &str) -> bool {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.gitignore");
    fs::read_to_string(list).unwrap().lines().any(|line| match line.strip_prefix('*') {
        Some(end) => name.ends_with(end),
        None => line.trim_start_matches('/') == name,
    })
}

#[test]
fn it_replaces_an_earlier_demo_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--json", "--seconds", "3", "--rate", "5"];
    let alone = demo(folder.path(), &short);
    assert!(!alone.complaints.contains("earlier demo"), "{alone:?}");
    let again = demo(folder.path(), &short);
    assert!(again.complaints.contains("releve-demo.db were here"), "{again:?}");
    let (first, second) = (alone.json(), again.json());
    assert_eq!(second["ledger"]["agrees"], true, "the first one's {} entries are gone", first["requests"]);

    let config = folder.path().join("releve-demo.toml");
    fs::write(&config, "# mine\n").unwrap();
    let refused = demo(folder.path(), &["--plain", "--seconds", "3"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.complaints.contains("another folder"), "{refused:?}");
    assert_eq!(fs::read_to_string(&config).unwrap(), "# mine\n");
}
