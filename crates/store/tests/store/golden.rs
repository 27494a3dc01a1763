//! What earlier versions wrote stays readable, with the same meaning.
//!
//! `tests/golden/version_1` is a ledger that was killed: half of its records are in the database, half in the daybook.
//! `version_1.jsonl` is what an export of it must say. Never make them anew for a version that was released; a new
//! version gets files of its own (`RELEVE_MAKE_GOLDEN=1 cargo test -p store make_golden -- --ignored`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalogue::{Agreement, Bucket, Money, Needs, PriceList, Protocol, Rate, Rates, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, CandidateRecord, Correction, Entry, Intent, Journal, Outcome, Record,
    RequestFacts, RequestId, UsageSource,
};
use routing::{Reason, Why};
use store::{Options, Period, Reader, Sqlite, verify};
use wire::{Broken, Failure};

const FILES: [&str; 2] = ["db", "db.day1"];
const ARRIVED_US: i64 = 1_763_800_000_000_000;

#[test]
fn version_1_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    for extension in FILES {
        std::fs::copy(golden(extension), path.with_extension(extension)).unwrap();
    }
    let server = Sqlite::open(&Options::new(&path)).unwrap();
    assert_eq!(server.recovered(), 1);
    server.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);

    let export: Vec<_> =
        Reader::open(&path).unwrap().export(Period::default()).unwrap().map(Result::unwrap).collect();
    let records: Vec<_> = export.iter().map(|booked| booked.record().unwrap()).collect();
    let mut expected = records_of_version_1();
    expected.push(Record::Settlement(Box::new(interrupted().interrupted())));
    assert_eq!(records, expected, "the same meaning");

    let mut lines = String::new();
    for booked in &export[..export.len() - 1] {
        ledger::render::json_line(booked, &mut lines).unwrap();
    }
    assert_eq!(lines, std::fs::read_to_string(golden("jsonl")).unwrap(), "the same words");
}

/// The lines of an export are documents as well.
#[test]
fn an_export_of_version_1_can_be_read() {
    let lines = std::fs::read_to_string(golden("jsonl")).unwrap();
    let records: Vec<_> = lines.lines().map(|line| ledger::document::read(line).unwrap()).collect();
    assert_eq!(records, records_of_version_1());
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "makes the golden files of a new version"]
async fn make_golden() {
    if std::env::var_os("RELEVE_MAKE_GOLDEN").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let records = records_of_version_1();
    let (posted, left) = records.split_at(records.len() / 2);
    hand(&ledger, posted).await;
    ledger.catch_up(Duration::from_secs(5));
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE").unwrap();
    hand(&ledger, left).await;
    let daybook = path.with_extension("db.day1");
    let written = |before: u64| std::fs::metadata(&daybook).unwrap().len() > before;
    let before = std::fs::metadata(&daybook).unwrap().len();
    ledger.intent(interrupted());
    while !written(before) {
        tokio::task::yield_now().await;
    }
    for extension in FILES {
        std::fs::copy(path.with_extension(extension), golden(extension)).unwrap();
    }
    other.execute_batch("COMMIT").unwrap();
    ledger.catch_up(Duration::from_secs(5));
    let mut lines = String::new();
    for booked in Reader::open(&path).unwrap().export(Period::default()).unwrap() {
        ledger::render::json_line(&booked.unwrap(), &mut lines).unwrap();
    }
    std::fs::write(golden("jsonl"), lines).unwrap();
}

async fn hand(ledger: &Sqlite, records: &[Record]) {
    for record in records {
        match record {
            Record::Settlement(entry) => ledger.settle(entry.clone()).await,
            Record::Correction(correction) => ledger.correct((**correction).clone()).await,
            Record::Intent(_) => panic!("intents have a way of their own"),
        };
    }
}

fn golden(extension: &str) -> PathBuf {
    // A name that no rule for databases ignores.
    let extension =
        extension.strip_prefix("db.").unwrap_or(if extension == "db" { "sqlite" } else { extension });
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/version_1").with_extension(extension)
}

/// Every outcome, failure and kind of reason, every bucket, both parts of a document full and empty.
fn records_of_version_1() -> Vec<Record> {
    let outcomes = [
        Outcome::Answered,
        Outcome::ClientError { status: 400 },
        Outcome::Failed { failure: None },
        Outcome::Failed {
            failure: Some(Failure::Overloaded { retry_after: Some(Duration::from_millis(1500)) }),
        },
        Outcome::BrokenOff,
        Outcome::ClientLeft,
    ];
    let mut records: Vec<_> =
        (0..).zip(outcomes).map(|(number, outcome)| settlement(number, outcome)).collect();
    records.insert(0, Record::Settlement(Box::new(plain(100))));
    let correction = |before: Option<i64>, after: Option<i64>| {
        let id = plain(100).id;
        Record::Correction(Box::new(Correction {
            id,
            arrived_us: ARRIVED_US,
            product: "".into(),
            route: "".into(),
            deployment: after.map(|_| "openai/gpt-5.2".into()),
            before: before.map(Money::from_nanos),
            after: after.map(Money::from_nanos),
            price_version: after.map(|_| "invoice 2025-11".into()),
            why: "the invoice says \"so\"".into(),
            author: "ann".into(),
        }))
    };
    records.extend([correction(Some(0), Some(-7)), correction(Some(-7), None)]);
    records
}

fn id(number: u64) -> RequestId {
    RequestId::new(ARRIVED_US.cast_unsigned() / 1000, [number, !number])
}

/// As little as an entry can say.
fn plain(number: u64) -> Entry {
    Entry::new(id(number), ARRIVED_US, Arc::default(), Arc::default())
}

fn settlement(number: u64, outcome: Outcome) -> Record {
    let mut entry = Entry::new(id(number), ARRIVED_US + number.cast_signed(), facts(), decision(number));
    for (index, failure) in failures().into_iter().enumerate() {
        let outcome = AttemptOutcome::Failed(failure);
        entry.attempts.push(AttemptRecord { outcome, ..AttemptRecord::started("a/m".into(), index as u64) });
    }
    entry.attempts.push(AttemptRecord {
        outcome: AttemptOutcome::Refused(Reason::NoSlot),
        ..AttemptRecord::started("b/m".into(), 90)
    });
    let served = entry.attempts.len();
    entry.attempts.push(AttemptRecord {
        connected_us: Some(91),
        headers_us: Some(92),
        first_content_us: Some(93),
        ended_us: Some(94),
        status: Some(200),
        outcome: if number == 5 { AttemptOutcome::Abandoned } else { AttemptOutcome::Served },
        limits_seen: vec![("x-ratelimit-remaining-tokens".into(), "39000".into())],
        supplier_request_id: Some("req_abc".into()),
        ..AttemptRecord::started("c/m é \"x\"\n".into(), 90)
    });
    let usage = Bucket::ALL.into_iter().zip(1..).fold(Usage::default(), |mut usage, (bucket, count)| {
        *usage.get_mut(bucket) = count;
        usage
    });
    entry.book(served, usage, UsageSource::Supplier, (number != 1).then(prices).as_ref());
    if number.is_multiple_of(2) {
        let lost = Usage { input_uncached: 3, ..Usage::default() };
        let older = PriceList { version: "older".into(), agreement: Agreement::Disputed, ..prices() };
        entry.book(0, lost, UsageSource::Estimated, Some(&older));
    }
    entry.outcome = outcome;
    entry.deployment = Some("c/m é \"x\"\n".into());
    entry.finish = (number == 0).then(|| "stop".into());
    entry.ttft_us = Some(95);
    (entry.total_us, entry.released_bytes) = (96, u64::MAX);
    Record::Settlement(Box::new(entry))
}

fn prices() -> PriceList {
    let rates = Bucket::ALL.into_iter().zip(1..);
    let rates =
        rates.fold(Rates::NONE, |rates, (bucket, rate)| rates.with(bucket, Rate::from_picos(rate * 1_500)));
    PriceList { version: "litellm 1.109.1, 2026-11-22".into(), ..PriceList::configured(rates) }
}

fn failures() -> Vec<Failure> {
    let mut failures = vec![
        Failure::Client,
        Failure::Credential,
        Failure::Quota,
        Failure::RateLimited { retry_after: None },
        Failure::RateLimited { retry_after: Some(Duration::from_secs(20)) },
        Failure::Overloaded { retry_after: None },
        Failure::ModelMissing,
        Failure::ContextExceeded,
        Failure::Server,
        Failure::Unreachable,
        Failure::Timeout,
    ];
    failures.extend(
        [
            Broken::Empty,
            Broken::NotJson,
            Broken::WrongContentType,
            Broken::Cut,
            Broken::Malformed,
            Broken::TooLong,
        ]
        .map(Failure::Broken),
    );
    failures
}

fn facts() -> Arc<RequestFacts> {
    Arc::new(RequestFacts {
        protocol: Protocol::AnthropicMessages,
        stream: true,
        needs: Needs::from_bits(0x3fff),
        max_tokens: Some(4096),
        request_bytes: 2345,
        estimated_input_tokens: 612,
        prefix_hash: 0x0123_4567_89ab_cdef,
        session_hash: Some(u64::MAX),
        product: "office".into(),
        route: "assistant".into(),
        asked_model: "claude-\u{1}\\".into(),
        regions: Arc::new(["eu/france".parse().unwrap(), "eu".parse().unwrap()]),
        config_version: "9f86d081".into(),
        catalogue_version: "2026-11-22".into(),
        dice_seed: 7,
        client_retries: Some(2),
        key_id: Some("key_0123456789ab".into()),
        tags: Arc::new(["team=a".into(), "b".into()]),
        ..RequestFacts::default()
    })
}

fn decision(number: u64) -> Arc<[CandidateRecord]> {
    let lasting = [
        None,
        Some(Reason::Protocol),
        Some(Reason::Region),
        Some(Reason::RegionUnknown),
        Some(Reason::Lacks(Needs::TOOLS | Needs::IMAGES)),
        Some(Reason::WindowTooSmall),
        Some(Reason::OutputTooSmall),
        Some(Reason::ZeroWeight),
        Some(Reason::Unpriced),
        Some(Reason::NoSlot),
    ];
    let mut waiting =
        vec![Some(Reason::RateLimited { wait_ms: 1_200 }), Some(Reason::NoBudget { wait_ms: 5 })];
    for why in [Why::Failing, Why::Unreachable, Why::Credential, Why::Quota, Why::ModelMissing] {
        waiting.push(Some(Reason::Benched { why, wait_ms: 60_000 }));
        waiting.push(Some(Reason::Open { why, wait_ms: 1 }));
        waiting.push(Some(Reason::ProbeTaken { why, wait_ms: 2 }));
        waiting.push(Some(Reason::Due { why }));
    }
    let reasons = lasting.into_iter().chain(waiting.into_iter().filter(|_| number == 3));
    reasons.map(|reason| CandidateRecord { deployment: "c/m".into(), reason }).collect()
}

fn interrupted() -> Intent {
    Intent {
        id: id(200),
        arrived_us: ARRIVED_US,
        facts: facts(),
        decision: decision(0),
        deployment: Some("c/m".into()),
        prices: Some(Arc::new(prices())),
    }
}
