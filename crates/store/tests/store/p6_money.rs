//! P6: money is exact, from a million entries to a sum, and corrections are added, never written over.

use std::time::Duration;

use catalogue::{Bucket, Money};
use ledger::{Correction, Health, Journal, Record};
use rust_decimal::{Decimal, RoundingStrategy};
use store::{Options, Period, Reader, Sqlite, verify};

use crate::support::entries::{Traffic, usage};

const MILLION: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(5);
const ARRIVED_US: i64 = 1_763_800_000_000_000;

#[test]
fn p6_a_million_entries_sum_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let traffic = Traffic::new();
    for number in 0..MILLION {
        while ledger.health() == Health::Full {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(ledger.settle(traffic.entry(number, ARRIVED_US)));
    }
    ledger.close().unwrap();
    let total = Reader::open(&path).unwrap().summary(Period::default()).unwrap().total();
    assert_eq!(total.requests, MILLION);
    assert_eq!(total.cost().unwrap().to_string(), by_hand().normalize().to_string());
    let tokens: u128 = (0..MILLION).map(|number| u128::from(usage(number).output_text)).sum();
    assert_eq!(total.used(Bucket::OutputText), tokens);
    assert_eq!((total.unpriced, total.estimated), (0, 0));
}

/// The same bill in decimal arithmetic of another make.
fn by_hand() -> Decimal {
    let rates = [(Bucket::InputUncached, "1.25"), (Bucket::CacheRead, "0.125"), (Bucket::OutputText, "10")];
    let rates =
        rates.map(|(bucket, rate)| (bucket, rate.parse::<Decimal>().unwrap() / Decimal::from(MILLION)));
    let lines = (0..MILLION)
        .flat_map(|number| rates.map(|(bucket, rate)| rate * Decimal::from(usage(number).get(bucket))));
    lines.map(|line| line.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven)).sum()
}

#[tokio::test(flavor = "current_thread")]
async fn g20_a_correction_is_a_new_line_and_history_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let entry = Traffic::new().entry(7, ARRIVED_US);
    let (id, before) = (entry.id, entry.cost);
    let correction = |before: Option<Money>, after: &str| Correction {
        id,
        arrived_us: ARRIVED_US,
        product: "office".into(),
        route: "assistant".into(),
        deployment: Some("openai/gpt-5.2".into()),
        before,
        after: Some(after.parse().unwrap()),
        price_version: Some("invoice 2025-11".into()),
        why: "the invoice says otherwise".into(),
        author: "ann".into(),
    };
    ledger.settle(entry.clone()).await;
    ledger.catch_up(PATIENCE);
    let reader = Reader::open(&path).unwrap();
    let first = reader.get(id).unwrap().unwrap();
    ledger.correct(correction(before, "0.001")).await;
    ledger.correct(correction(Some("0.001".parse().unwrap()), "0.0025")).await;
    ledger.catch_up(PATIENCE);
    let story = reader.get(id).unwrap().unwrap();
    assert_eq!(story.settlement, first.settlement, "history stays");
    assert_eq!(story.settlement.unwrap().record().unwrap(), Record::Settlement(entry));
    assert_eq!(story.corrections.len(), 2);
    let total = reader.summary(Period::default()).unwrap().total();
    assert_eq!((total.requests, total.corrections), (1, 2));
    assert_eq!(total.cost(), Some("0.0025".parse().unwrap()), "the last correction holds");
    assert!(verify(&path).unwrap().is_whole());

    ledger.correct(correction(before, "0.5")).await;
    ledger.catch_up(PATIENCE);
    let report = verify(&path).unwrap();
    assert_eq!(
        report.problems[0].to_string(),
        format!("correction 4 of {id} is not of what that request was last said to cost")
    );
    let database = rusqlite::Connection::open(&path).unwrap();
    for rewrite in
        ["UPDATE journal SET cost_nanos = 0", "DELETE FROM journal", "UPDATE head SET product = 'x'"]
    {
        let refused = database.execute(rewrite, []).unwrap_err().to_string();
        assert!(refused.contains("the journal"), "{refused}");
    }
}
