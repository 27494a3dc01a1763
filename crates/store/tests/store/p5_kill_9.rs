//! P5, first half: `kill -9` loses no acknowledged entry and doubles none.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use ledger::{Outcome, Record, RequestId, UsageSource};
use store::{Durability, Options, Period, Reader, Sqlite, verify};

use crate::support::child::{self, ABANDONED};
use crate::support::dice::Dice;
use crate::support::entries::{Traffic, usage};

const KILLS: u64 = 36;
const REQUESTS_EACH: u64 = 1_000_000;

#[test]
fn p5_kill_9_loses_no_acknowledged_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let mut dice = Dice::new();
    let mut kept = HashSet::new();
    let mut recovered = 0;
    for kill in 0..KILLS {
        let first = kill * REQUESTS_EACH;
        let mut server = child::start(&path, Durability::CrashSafe, first, REQUESTS_EACH, &[]);
        // Some die while they start and recover, most while they serve.
        let life_ms = if kill % 4 == 3 { dice.below(25) } else { 30 + dice.below(150) };
        std::thread::sleep(Duration::from_millis(life_ms));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for (word, number) in server.said() {
            match word.as_str() {
                "open" => recovered += number,
                "kept" => assert!(kept.insert(number)),
                word => panic!("{word}"),
            }
        }
    }
    recovered += Sqlite::open(&Options::new(&path)).unwrap().recovered() as u64;
    assert!(kept.len() > 1_000, "only {} entries were acknowledged: the test tests nothing", kept.len());
    assert!(recovered > KILLS, "only {recovered} intents were recovered: the test tests nothing");
    check(&path, &kept, recovered);
}

fn check(path: &Path, kept: &HashSet<u64>, recovered: u64) {
    let report = verify(path).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert_eq!(report.open, 0, "every intent is settled");
    let numbers: HashMap<RequestId, u64> = (0..KILLS * REQUESTS_EACH)
        .step_by(usize::try_from(REQUESTS_EACH).unwrap())
        .flat_map(|first| first..first + 50_000)
        .map(|number| (id(number), number))
        .collect();
    let mut settled = HashSet::new();
    let mut interrupted = 0;
    for booked in Reader::open(path).unwrap().export(Period::default()).unwrap() {
        let Record::Settlement(entry) = booked.unwrap().record().unwrap() else {
            panic!("no corrections here")
        };
        let number = numbers[&entry.id];
        assert!(settled.insert(number), "request {number} is settled twice");
        if entry.outcome == Outcome::Interrupted {
            interrupted += 1;
            assert_eq!(entry.usage_source, UsageSource::Estimated);
            assert_eq!(entry.usage.input_uncached, entry.facts.estimated_input_tokens);
            assert!(!kept.contains(&number), "request {number} was acknowledged, then interrupted");
        } else {
            assert_ne!(number % ABANDONED, 0);
            assert_eq!(entry.usage, usage(number));
        }
    }
    let lost: Vec<_> = kept.difference(&settled).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(interrupted >= recovered, "some may have died between recovering and saying so");
}

fn id(number: u64) -> RequestId {
    thread_local! {
        static TRAFFIC: Traffic = Traffic::new();
    }
    TRAFFIC.with(|traffic| traffic.intent(number, child::arrived_us(number)).id)
}
