//! P5, second half, and G28: what a power cut, or a kill after any write, leaves on the disk.
//!
//! A child serves with a shim under it that logs every write and sync. From the log the disk is rebuilt as it may be
//! after a cut at any moment: what was synced is there; of the rest any sectors, in any order, or none.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ledger::Record;
use store::{Durability, Options, Period, Reader, Sqlite, verify};

use crate::support::child;
use crate::support::dice::Dice;
use crate::support::disk::{self, Disk, Event};
use crate::support::entries::Traffic;

const CUTS: u64 = 90;

#[test]
fn p5_power_loss_loses_no_acknowledged_entry_in_power_safe() {
    let events = record(Durability::PowerSafe, 2_400);
    after_cuts(&events, |path, acknowledged| {
        let settled = open_and_read(path);
        let lost: Vec<_> = acknowledged.difference(&settled).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    });
}

#[test]
fn p5_power_loss_leaves_a_whole_ledger_in_crash_safe() {
    let events = record(Durability::CrashSafe, 2_400);
    after_cuts(&events, |path, _| drop(open_and_read(path)));
}

/// Every state that a kill can leave is the state after some write: a page is with the operating system or is not.
#[test]
fn g28_killed_after_any_write_each_settled_request_is_there_once() {
    let events = record(Durability::CrashSafe, 200);
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let mut acknowledged = HashSet::new();
    let mut disk = Disk::default();
    for event in &events {
        disk.apply(event);
        match event {
            Event::Said(text) => note(text, &mut acknowledged),
            Event::Sync { .. } => {}
            _ => {
                disk::put(disk.after_kill(), folder.path());
                let settled = open_and_read(&folder.path().join("releve.db"));
                let lost: Vec<_> = acknowledged.difference(&settled).collect();
                assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
            }
        }
    }
    assert!(
        acknowledged.len() > 150,
        "only {} were acknowledged: the test tests nothing",
        acknowledged.len()
    );
}

/// The same while a server recovers what a killed one left: the recovery is itself killed, and recovered from.
#[test]
fn g28_killed_while_recovering_each_request_is_settled_once() {
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let (path, log) = (folder.path().join("ledger/releve.db"), folder.path().join("log"));
    let ledger = path.parent().unwrap();
    std::fs::create_dir(ledger).unwrap();
    let server = child::start(&path, Durability::CrashSafe, 0, 1_000_000, &[]);
    let acknowledged: HashSet<_> = server.kill_after(400).into_iter().collect();
    let mut disk = Disk::of(ledger);
    let env = [("LD_PRELOAD", disk::shim()), ("SHIM_FOLDER", ledger), ("SHIM_LOG", &*log)];
    let mut second = child::start(&path, Durability::CrashSafe, 0, 0, &env);
    assert!(second.child.wait().unwrap().success());
    let recovered = second.said()[0].1;
    assert!(recovered > 10, "only {recovered} requests were interrupted: the test tests nothing");

    let state = tempfile::tempdir_in(memory()).unwrap();
    let mut settled = HashSet::new();
    for event in
        disk::read_log(&log).iter().filter(|event| !matches!(event, Event::Said(_) | Event::Sync { .. }))
    {
        disk.apply(event);
        disk::put(disk.after_kill(), state.path());
        let now = open_and_read(&state.path().join("releve.db"));
        assert!(now.is_superset(&acknowledged));
        assert!(settled.is_empty() || settled == now, "each recovery comes to the same end");
        settled = now;
    }
    assert!(!settled.is_empty());
}

/// Lets a child serve `requests` and gives everything that happened to its disk.
fn record(durability: Durability, requests: u64) -> Vec<Event> {
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let (ledger, log) = (folder.path().join("ledger"), folder.path().join("log"));
    std::fs::create_dir(&ledger).unwrap();
    let path = ledger.join("releve.db");
    let env = [("LD_PRELOAD", disk::shim()), ("SHIM_FOLDER", &*ledger), ("SHIM_LOG", &*log)];
    let mut server = child::start(&path, durability, 0, requests, &env);
    assert!(server.child.wait().unwrap().success());
    assert_eq!(server.said().last().unwrap().0, "done");
    let events = disk::read_log(&log);
    let checkpoints = |event: &&Event| matches!(event, Event::Write { file, .. } if *file == path);
    assert!(events.iter().filter(checkpoints).count() > 10, "checkpoints must be among what is cut");
    events
}

/// Cuts the power at random moments and lets `check` look at the ledger that is left and at what was acknowledged.
fn after_cuts(events: &[Event], check: impl Fn(&Path, &HashSet<u64>)) {
    let mut dice = Dice::new();
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let mut moments: Vec<_> = (0..CUTS).map(|_| dice.below(events.len() as u64)).collect();
    moments.sort_unstable();
    let mut moments = moments.into_iter().peekable();
    let (mut disk, mut acknowledged) = (Disk::default(), HashSet::new());
    for (moment, event) in (0..).zip(events) {
        disk.apply(event);
        if let Event::Said(text) = event {
            note(text, &mut acknowledged);
        }
        while moments.next_if_eq(&moment).is_some() {
            let percent = [0, 5, 50, 95, 100][usize::try_from(dice.below(5)).unwrap()];
            let files = disk.after_power_cut(&mut dice, percent);
            disk::put(
                files.iter().map(|(name, content)| (name.as_path(), content.as_slice())),
                folder.path(),
            );
            println!("cut after event {moment} of {}, {percent} % of unsynced sectors kept", events.len());
            check(&folder.path().join("releve.db"), &acknowledged);
        }
    }
}

fn note(said: &str, acknowledged: &mut HashSet<u64>) {
    let words = said.lines().filter_map(child::parse);
    acknowledged.extend(words.filter(|(word, _)| word == "kept").map(|(_, number)| number));
}

/// Opens a ledger as the next server would, checks it, and gives the requests that are settled in it.
fn open_and_read(path: &Path) -> HashSet<u64> {
    drop(Sqlite::open(&Options::new(path)).unwrap());
    let report = verify(path).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert_eq!(report.open, 0, "every intent is settled");
    let traffic = Traffic::new();
    let mut settled = HashSet::new();
    for booked in Reader::open(path).unwrap().export(Period::default()).unwrap() {
        let Record::Settlement(entry) = booked.unwrap().record().unwrap() else {
            panic!("no corrections here")
        };
        let number = u64::try_from((entry.arrived_us - child::arrived_us(0)) / 100).unwrap();
        assert_eq!(entry.id, traffic.intent(number, entry.arrived_us).id);
        assert!(settled.insert(number), "request {number} is settled twice");
    }
    settled
}

/// A folder in memory where there is one: the shim says what is synced, no disk need be asked.
fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}
