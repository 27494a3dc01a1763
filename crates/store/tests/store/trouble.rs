//! A disk that is full: requests go on, records wait, nothing is lost (G27).

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use ledger::{Health, Journal, Kept};
use store::{Options, Period, Reader, Sqlite, verify};

use crate::support::disk;
use crate::support::entries::Traffic;

const PATIENCE: Duration = Duration::from_secs(20);
const FOLDER: &str = "RELEVE_TEST_FOLDER";

#[test]
fn g27_a_full_disk_stops_no_request_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "trouble::on_a_disk_that_fills_up", "--ignored", "--nocapture"])
        .env("LD_PRELOAD", disk::shim())
        .env("SHIM_FOLDER", folder.path())
        .env("SHIM_FULL", folder.path().join("full"))
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "the child of the test above"]
async fn on_a_disk_that_fills_up() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (path, full) = (folder.join("releve.db"), folder.join("full"));
    let ledger = Sqlite::open(&Options { buffer: 300, ..Options::new(&path) }).unwrap();
    let traffic = Traffic::new();
    let settle = |number| ledger.settle(traffic.entry(number, 1_763_800_000_000_000));

    assert_eq!(settle(0).await, Kept::Committed);
    ledger.catch_up(PATIENCE);
    std::fs::write(&full, "").unwrap();
    assert_eq!(settle(1).await, Kept::Buffered, "requests go on");
    assert_eq!(ledger.health(), Health::Failing, "readiness says so");
    for number in 2..300 {
        assert_eq!(settle(number).await, Kept::Buffered);
    }
    assert_eq!(ledger.health(), Health::Failing);
    assert_eq!(settle(300).await, Kept::Buffered, "what is in flight is kept beyond the bound");
    assert_eq!(ledger.health(), Health::Full, "the door is closed");
    assert_eq!(Reader::open(&path).unwrap().tip().unwrap().0, 1);

    std::fs::remove_file(&full).unwrap();
    let end = Instant::now() + PATIENCE;
    while ledger.health() != Health::Good {
        assert!(Instant::now() < end, "it never recovers");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(settle(301).await, Kept::Committed);
    ledger.catch_up(PATIENCE);
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    let total = Reader::open(&path).unwrap().summary(Period::default()).unwrap().total();
    assert_eq!(total.requests, 302, "nothing is lost, nothing doubled");

    std::fs::write(&full, "").unwrap();
    assert_eq!(settle(302).await, Kept::Buffered);
    let lost = ledger.close().unwrap_err();
    assert_eq!(lost.records, 1, "a loss is told");
}

#[tokio::test(flavor = "current_thread")]
async fn g27_a_database_that_somebody_locks_delays_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let traffic = Traffic::new();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 0..500 {
        assert_eq!(ledger.settle(traffic.entry(number, 1_763_800_000_000_000)).await, Kept::Committed);
    }
    assert_eq!(Reader::open(&path).unwrap().tip().unwrap().0, 0, "nothing is posted");
    let end = Instant::now() + PATIENCE;
    while ledger.health() != Health::Failing {
        assert!(Instant::now() < end, "that lasts too long, and nobody says so");
        std::thread::yield_now();
    }
    other.execute_batch("COMMIT").unwrap();
    ledger.catch_up(PATIENCE);
    assert_eq!(ledger.health(), Health::Good);
    assert_eq!(Reader::open(&path).unwrap().summary(Period::default()).unwrap().total().requests, 500);
    assert!(verify(&path).unwrap().is_whole());
}

#[test]
fn a_reader_finishes_what_a_killed_server_left() {
    let folder = tempfile::tempdir().unwrap();
    let [path, copy] = ["releve.db", "copy.db"].map(|name| folder.path().join(name));
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let traffic = Traffic::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE").unwrap();
    let intent = traffic.intent(1_000, 1_763_800_000_000_000);
    ledger.intent(intent);
    for number in 0..20 {
        runtime.block_on(ledger.settle(traffic.entry(number, 1_763_800_000_000_000)));
    }
    // What a kill would leave at this moment: all in the daybook, nothing in the database.
    for extension in ["db", "db.day1", "db.day2"] {
        std::fs::copy(path.with_extension(extension), copy.with_extension(extension)).unwrap();
    }
    other.execute_batch("COMMIT").unwrap();
    let total = || Reader::open(&copy).unwrap().summary(Period::default()).unwrap().total().requests;
    assert_eq!(total(), 20);
    assert_eq!(total(), 20, "once");
    assert_eq!(verify(&copy).unwrap().open, u64::from(verify(&copy).unwrap().intents > 0));
    let server = Sqlite::open(&Options::new(&copy)).unwrap();
    assert!(server.recovered() <= 1);
    server.close().unwrap();
    assert_eq!(total(), 20 + server.recovered() as u64);
    assert!(verify(&copy).unwrap().is_whole());
}
