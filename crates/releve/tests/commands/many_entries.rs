//! Reports on more entries than anybody wants to read one by one: by extracts and without, the same page; and how fast.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::{Money, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, Correction, Entry, Health, Journal, Record, RequestId, UsageSource,
};
use routing::Reason;
use store::{Options, Period, Reader, Sqlite};

use crate::{recorded, releve, run};

const CONFIG: [&str; 2] = ["--config", "releve-demo.toml"];
const DAY_US: i64 = 86_400_000_000;

/// The entries of a demo's ledger, settled again and again over so many days, into a ledger of their own.
fn many(folder: &Path, wanted: usize, days: i64) {
    recorded::put(folder);
    let demo = Reader::open(&folder.join("releve-demo.db")).unwrap();
    let records = demo.export(Period::default()).unwrap().map(|booked| booked.unwrap().record().unwrap());
    let entries: Vec<Box<Entry>> = records
        .filter_map(|record| if let Record::Settlement(entry) = record { Some(entry) } else { None })
        .collect();
    assert!(entries.len() > 100, "{}", entries.len());

    let ledger = Sqlite::open(&Options::new(folder.join("many.db"))).unwrap();
    let span_us = i128::from(days * DAY_US);
    for (number, entry) in entries.iter().cycle().take(wanted).enumerate() {
        while ledger.health() == Health::Full {
            std::thread::sleep(Duration::from_millis(1));
        }
        let after_us = i64::try_from(span_us * number as i128 / wanted as i128).unwrap();
        let entry = again(entry, number as u64, 1_763_800_000_000_000 + after_us);
        let correction = (number % 1000 == 999).then(|| correction(&entry));
        drop(ledger.settle(entry));
        if let Some(correction) = correction {
            drop(ledger.correct(correction));
        }
    }
    ledger.close().unwrap();
}

/// Another request like that one. Of a hundred, two lost tokens at another deployment, and one could not be said there.
fn again(entry: &Entry, number: u64, arrived_us: i64) -> Box<Entry> {
    let dice = [number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number];
    let id = RequestId::new(arrived_us.cast_unsigned() / 1000, dice);
    let mut entry = Box::new(Entry { id, arrived_us, ..entry.clone() });
    let other = || AttemptRecord::started("mistral/mistral-large-2512".into(), 5);
    match number % 100 {
        10 | 60 => {
            entry.attempts.push(other());
            let lost = Usage { input_uncached: 300 + number % 7, ..Usage::default() };
            entry.book(entry.attempts.len() - 1, lost, UsageSource::Estimated, None);
        }
        30 => {
            let outcome = AttemptOutcome::Refused(Reason::Unsayable);
            entry.attempts.push(AttemptRecord { outcome, ..other() });
        }
        _ => {}
    }
    entry
}

/// That the request costs a little more.
fn correction(entry: &Entry) -> Correction {
    Correction {
        id: entry.id,
        arrived_us: entry.arrived_us,
        product: Arc::clone(&entry.facts.product),
        route: Arc::clone(&entry.facts.route),
        deployment: entry.deployment.clone(),
        before: entry.cost,
        after: entry.cost.and_then(|cost| cost.checked_add(Money::from_nanos(5_000))),
        price_version: None,
        why: "the invoice".into(),
        author: "ann".into(),
    }
}

/// What is said of it, in every form; without the places of files.
fn told(folder: &Path) -> [String; 3] {
    let said = |arguments: &[&str]| {
        let ran = run(folder, &[&CONFIG[..], arguments].concat());
        assert!(ran.code == Some(0) || ran.code == Some(1), "{ran:?}");
        ran.out
    };
    let html = folder.join("report.html");
    said(&["report", "--ledger", "many.db", "--html", html.to_str().unwrap()]);
    [
        fs::read_to_string(&html).unwrap(),
        said(&["report", "--ledger", "many.db", "--json"]),
        said(&["ledger", "--ledger", "many.db", "summary", "--json", "--by", "deployment"]),
    ]
}

#[test]
fn by_extracts_and_row_by_row_it_is_the_same_page() {
    let folder = tempfile::tempdir().unwrap();
    many(folder.path(), 20_000, 30);
    let path = folder.path().join("many.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let count = |database: &rusqlite::Connection| -> i64 {
        database.query_row("SELECT COUNT(*) FROM extract", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&database), 2, "20,000 places are two blocks and a part");
    let by_extracts = told(folder.path());
    assert!(by_extracts[0].contains("<html"), "{}", by_extracts[0]);
    let whole = run(folder.path(), &[&CONFIG[..], &["ledger", "--ledger", "many.db", "verify"]].concat());
    assert_eq!(whole.code, Some(0), "{whole:?}");
    database.execute_batch("DROP TABLE extract").unwrap();
    let by_rows = told(folder.path());
    for (one, other) in by_extracts.iter().zip(&by_rows) {
        assert_eq!(one, other);
    }
    // The next server makes them.
    let server = Sqlite::open(&Options::new(&path)).unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    while count(&database) < 2 {
        assert!(Instant::now() < end, "they are never made");
        std::thread::sleep(Duration::from_millis(20));
    }
    server.close().unwrap();
    assert_eq!(told(folder.path()), by_extracts);
}

/// `cargo test -p releve --release --test commands measure_a_report -- --ignored --nocapture`: a ledger of `RELEVE_ROWS`
/// entries (ten million) over `RELEVE_DAYS` days (30), made in `RELEVE_FOLDER` if it is not there yet; then what is asked
/// of it, each from the start of the command to its end, with the most memory that it held.
#[test]
#[ignore = "a measurement"]
fn measure_a_report() {
    let number = |name: &str, usual: i64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let kept = std::env::var_os("RELEVE_FOLDER");
    let temporary = tempfile::tempdir().unwrap();
    let folder = kept.as_ref().map_or(temporary.path(), Path::new);
    if !folder.join("many.db").exists() {
        let began = Instant::now();
        let rows = usize::try_from(number("RELEVE_ROWS", 10_000_000)).unwrap();
        many(folder, rows, number("RELEVE_DAYS", 30));
        println!("{rows} entries written in {:.1?}", began.elapsed());
    }
    for time in 1..=3 {
        measure(
            folder,
            &format!("report, {time}"),
            &["report", "--ledger", "many.db", "--html", "report.html"],
        );
        measure(folder, &format!("summary, {time}"), &["ledger", "--ledger", "many.db", "summary"]);
    }
}

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn measure(folder: &Path, name: &str, arguments: &[&str]) {
    let began = Instant::now();
    let mut child = releve(folder, &[&CONFIG[..], arguments].concat()).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = String::new();
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        most = text.lines().find(|line| line.starts_with("VmHWM")).map_or(most, str::to_owned);
        std::thread::sleep(Duration::from_millis(2));
    };
    println!("{name}: {:.2?}, {most}, {ended}", began.elapsed());
}
