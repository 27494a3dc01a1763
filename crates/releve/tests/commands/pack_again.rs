//! Evidence packs made a second time, later: the manifest alone says how, and nothing that came since is in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use evidence::Statement;
use ledger::{Entry, Journal, Kept, Outcome, Record, RequestId};
use serde_json::Value;
use store::{Options, Period, Reader, Sqlite};

use crate::pack::{CONFIG, LEDGER, file, packed, told, verified};
use crate::recorded;

const WHATIF: [&str; 7] = ["whatif", "--lose", "maker:openai", "--for=20s", "--most", "300", "--in-short"];

/// A demo's ledger, and a configuration in which limits bind that the ledger alone tells.
fn folder() -> tempfile::TempDir {
    let folder = recorded::folder();
    configured(
        folder.path(),
        "[\"anthropic/claude-opus-4-8\"",
        "[{ use = \"anthropic/claude-opus-4-8\", max_in_flight = 2 }",
    );
    // A report whose targets are missed ends otherwise.
    configured(folder.path(), "[targets]\nmust_survive = [\"maker:openai\", \"host:azure\"]\n", "");
    folder
}

/// Changes the demo's configuration in one place.
fn configured(folder: &Path, from: &str, to: &str) {
    let path = folder.join(CONFIG);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from}: {text}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// The moment after everything that was recorded.
fn now(ledger: &Path) -> String {
    let last = Reader::open(ledger).unwrap().tail(1).unwrap().remove(0);
    jiff::Timestamp::from_microsecond(last.at_us + 1).unwrap().to_string()
}

/// What comes later and says something else: of each deployment an answer that took a minute, with tight limits in its
/// headers; and a decision.
fn grow(folder: &Path, ledger: &str) {
    let path = folder.join(ledger);
    let mut answered: BTreeMap<Arc<str>, Entry> = BTreeMap::new();
    for booked in Reader::open(&path).unwrap().export(Period::default()).unwrap() {
        let Record::Settlement(entry) = booked.unwrap().record().unwrap() else { continue };
        let by = entry.deployment.clone().filter(|_| entry.outcome == Outcome::Answered);
        answered.extend(by.map(|by| (by, *entry)));
    }
    assert!(answered.contains_key("anthropic/claude-opus-4-8"), "{:?}", answered.keys());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = Sqlite::open(&Options::new(&path)).unwrap();
    for (place, (_, mut entry)) in (1..).zip(answered) {
        entry.id = RequestId::new(entry.id.unix_ms(), [7, place]);
        entry.total_us = 60_000_000;
        for attempt in &mut entry.attempts {
            let limits = [("ratelimit-limit-requests", "7"), ("ratelimit-limit-tokens", "70")];
            attempt.limits_seen = limits.map(|(name, limit)| (name.into(), limit.into())).to_vec();
        }
        assert_eq!(runtime.block_on(open.settle(entry.into())), Kept::Committed);
    }
    drop(open);
    decide(folder, ledger, "rumours");
}

fn decide(folder: &Path, ledger: &str, reason: &str) {
    let act = ["posture", "provider:anthropic=watch", "--json", "--author", "ada", "--reason", reason];
    let ran = told(folder, &[&act[..], &["--ledger", ledger]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// The command that a manifest says.
fn again(manifest: &Statement) -> Vec<String> {
    let mut asked = manifest.arguments.clone();
    let mut command = vec![manifest.kind.clone()];
    command.extend(asked.remove("provider"));
    command.extend(asked.remove("scenario"));
    // A name may have spaces in it: what has no kind goes on with the one before.
    for part in asked.remove("lose").unwrap_or_default().split_whitespace() {
        match command.last_mut() {
            Some(last) if !part.contains(':') => *last = format!("{last} {part}"),
            _ => command.push(format!("--lose={part}")),
        }
    }
    command.extend(asked.iter().map(|(name, value)| match &**value {
        "true" => format!("--{name}"),
        value => format!("--{name}={value}"),
    }));
    command.extend(manifest.day.iter().map(|day| format!("--at={day}")));
    let seed = manifest.seeds.first().filter(|_| manifest.kind == "whatif");
    command.extend(seed.map(|seed| format!("--seed={seed}")));
    command.extend(manifest.ledger.iter().map(|part| format!("--ledger={}", part.name)));
    command
}

fn manifest(pack: &[u8]) -> Statement {
    evidence::open(pack).unwrap().manifest.statement
}

#[test]
fn whatever_is_recorded_later_is_in_no_pack_of_a_period_that_is_over() {
    let folder = folder();
    let ledger = folder.path().join(LEDGER);
    let until = now(&ledger);
    let report = |more: &[&str]| packed(folder.path(), &[&["report", "--at=2026-11-30"], more].concat());
    let exit = |more: &[&str]| {
        packed(folder.path(), &[&["exit-plan", "anthropic", "--at=2026-11-30"], more].concat())
    };
    let whatif = |more: &[&str]| packed(folder.path(), &[&WHATIF[..], &["--at=2026-11-30"], more].concat());
    let over = |pack: &dyn Fn(&[&str]) -> Vec<u8>| pack(&["--to", &until]);
    let all = || [over(&report), over(&exit), over(&whatif)];
    let (before, open) = (all(), [report(&[]), exit(&[]), whatif(&[])]);
    for (closed, open) in before.iter().zip(&open) {
        assert!(closed == open, "{}: until now is everything", manifest(closed).kind);
    }

    grow(folder.path(), LEDGER);
    for (was, is) in before.iter().zip(all()) {
        assert!(*was == is, "{}: what came later is in it", manifest(was).kind);
    }
    let limit = |pack: &[u8]| {
        let figures: Value = serde_json::from_str(&file(pack, "data/report.json")).unwrap();
        let limits = figures["own_limits"].as_array().unwrap();
        let own = limits.iter().find(|limit| limit["deployment"] == "anthropic/claude-opus-4-8").unwrap();
        assert_eq!(own["slots"], 2, "{own}");
        (own["answer_ms"].as_u64().unwrap(), own["tokens_per_minute"].as_u64())
    };
    let ((was_ms, was_tokens), (is_ms, is_tokens)) = (limit(&before[0]), limit(&report(&[])));
    assert!(was_ms < is_ms && was_tokens != is_tokens, "{was_ms} {was_tokens:?} {is_ms} {is_tokens:?}");
    assert_eq!(is_tokens, Some(70), "what came later counts where nobody says until when");
    let decided = |pack: &[u8]| file(pack, "data/exit-plan.json").contains("rumours");
    assert_eq!((decided(&before[1]), decided(&exit(&[]))), (false, true));
    let limits = |pack: &[u8]| file(pack, "data/assumed-limits.csv");
    assert_ne!(limits(&before[2]), limits(&whatif(&[])));
    // What came before a period is not in it either.
    let since = report(&["--from", &until]);
    assert_eq!(limit(&since).0, 60_000, "by the answer that came since");

    for pack in before {
        let found = verified(&pack, &["--json", "--ledger", ledger.to_str().unwrap()]).json();
        assert_eq!(found["ledger"], "same", "{found}");
    }
}

#[test]
fn a_pack_can_be_made_again_from_its_manifest_alone() {
    let folder = folder();
    let (ledger, other) = ("other.db", ["--ledger", "other.db"]);
    fs::copy(folder.path().join(LEDGER), folder.path().join(ledger)).unwrap();
    let until = now(&folder.path().join(ledger));
    decide(folder.path(), ledger, "first");
    let own =
        "why = \"So.\"\nspan = \"20s\"\n[[event]]\nwhat = \"price\"\non = [\"maker:openai\"]\ntimes = 2\n";
    fs::write(folder.path().join("own.toml"), own).unwrap();
    let own = ["whatif", "own.toml", "--most", "300", "--in-short", "--seed", "3", "--no-herd"];
    let commands: [&[&str]; 6] = [
        &["report"],
        &["report", "--from", "2026-01-01", "--to", &until, "--lang", "fr", "--at", "2030-01-01"],
        &["exit-plan", "anthropic"],
        &["exit-plan", "openai", "--last", "9999d", "--lang", "fr"],
        &[&WHATIF[..], &["--lose=owner:Mistral AI", "--lose=provider:house", "--as=api"]].concat(),
        &[&own[..], &["--from", "2026-01-01"]].concat(),
    ];
    let packs: Vec<Vec<u8>> =
        commands.iter().map(|command| packed(folder.path(), &[command, &other[..]].concat())).collect();
    assert!(file(&packs[2], "data/exit-plan.json").contains("first"), "the newest decision is in it");

    grow(folder.path(), ledger);
    for (command, pack) in commands.iter().zip(&packs) {
        let manifest = manifest(pack);
        let again = again(&manifest);
        let again: Vec<&str> = again.iter().map(String::as_str).collect();
        assert!(packed(folder.path(), &again) == *pack, "{command:?}: {again:?}");
        assert!(!again.iter().any(|argument| argument.starts_with("--last")), "{again:?}");
    }
}

#[test]
fn a_whatif_holds_approvals_against_the_day_that_it_says() {
    let folder = folder();
    let heading = "[products.code-tool]\n";
    let approval = "approved = [{ use = \"azure-claude/claude-opus-4-8\", by = \"ada\", on = 2026-01-01, until = 2026-11-30 }]\n";
    configured(folder.path(), heading, &format!("{heading}{approval}"));
    let lost = ["whatif", "--lose", "host:anthropic", "--for=20s", "--most", "300", "--in-short"];
    let on = |day: &str| packed(folder.path(), &[&lost[..], &["--at", day]].concat());
    let proven = |pack: &[u8]| {
        let table = file(pack, "data/products.csv");
        let row = table.lines().find(|row| row.starts_with("code-tool,after,part_served_by_proven,"));
        row.and_then(|row| row.split(',').nth(3)?.parse::<f64>().ok()).unwrap_or_else(|| panic!("{table}"))
    };
    let (last, next) = (on("2026-11-30"), on("2026-12-01"));
    assert_eq!(manifest(&last).day.as_deref(), Some("2026-11-30"));
    assert_eq!(manifest(&next).day.as_deref(), Some("2026-12-01"));
    assert!(proven(&last) > 0.5 && proven(&next) == 0.0, "{} {}", proven(&last), proven(&next));
    let says = |pack: &[u8]| manifest(pack).limits.iter().any(|limit| limit.says.ends_with("2026-12-01"));
    assert_eq!((says(&last), says(&next)), (false, true));

    // Without a day it is today's, which is said.
    let today = || jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = today();
    let day = manifest(&packed(folder.path(), &lost)).day.unwrap().parse().unwrap();
    assert!((before..=today()).contains(&day), "{day}");
    let history = told(folder.path(), &["whatif", "--history", "x.csv", "--at", "2026-11-30"]);
    assert!(history.code == Some(2) && history.complaints.contains("--at"), "{history:?}");
}
