use std::path::PathBuf;
use std::sync::Arc;

use catalogue::{Bucket, Money, PriceList, Rate, Rates, Usage};
use ledger::{AttemptRecord, Correction, Entry, Outcome, UsageSource};

use super::*;
use crate::encode::{Batch, Encoder};
use crate::insert::Inserter;
use crate::options::Durability;

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn entry(number: u64) -> Box<Entry> {
    let mut entry = Entry::new(RequestId::new(number, [number, 7]), 1, Arc::default(), Arc::default());
    entry.attempts.push(AttemptRecord::started("a/m".into(), 0));
    let prices = PriceList::configured(Rates::NONE.with(Bucket::OutputText, Rate::from_picos(1_000_000)));
    let usage = Usage { output_text: 10 + number, ..Usage::default() };
    entry.book(0, usage, UsageSource::Supplier, Some(&prices));
    (entry.outcome, entry.deployment) = (Outcome::Answered, Some("a/m".into()));
    Box::new(entry)
}

fn correction(number: u64, before: Option<Money>) -> Record {
    let (id, empty) = (entry(number).id, Arc::<str>::from(""));
    Record::Correction(Box::new(Correction {
        id,
        arrived_us: 1,
        product: Arc::clone(&empty),
        route: Arc::clone(&empty),
        deployment: None,
        before,
        after: Some(Money::ZERO),
        price_version: None,
        why: Arc::clone(&empty),
        author: empty,
    }))
}

impl Fixture {
    /// Ten settlements, two with intents, one more intent that is open, one correction.
    fn new(more: &[Record]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("releve.db");
        let connection = crate::schema::open_or_make(&path, Durability::CrashSafe).unwrap();
        let (mut encoder, mut batch) = (Encoder::new(&connection).unwrap(), Batch::default());
        let mut records: Vec<_> = [1, 2, 99].map(|number| Record::Intent(entry(number))).into();
        records.extend((0..10).map(|number| Record::Settlement(entry(number))));
        records.push(correction(3, entry(3).cost));
        records.extend_from_slice(more);
        for record in &records {
            encoder.add(&mut batch, 5, record);
        }
        Inserter::new(&connection).unwrap().insert(&batch, None).unwrap();
        Self { _folder: folder, path }
    }

    /// Alters the file as somebody would who can write it.
    fn alter(&self, sql: &str) {
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        let drop = "DROP TRIGGER journal_never_changes; DROP TRIGGER journal_never_shrinks; \
                    DROP TRIGGER head_never_changes; DROP TRIGGER head_never_shrinks;";
        connection.execute_batch(drop).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn problems(&self) -> Vec<String> {
        let report = verify(&self.path).unwrap();
        assert_eq!(report.is_whole(), report.problems.is_empty());
        report.problems.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn a_whole_ledger_is_whole() {
    let report = verify(&Fixture::new(&[]).path).unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert_eq!((report.records, report.intents, report.settlements), (14, 3, 10));
    assert_eq!((report.corrections, report.open), (1, 1));
}

#[test]
fn each_alteration_is_found() {
    let cost = "record 5: its columns do not say what its document says";
    for (sql, found) in [
        ("UPDATE journal SET cost_nanos = 1 WHERE seq = 5", vec![cost]),
        ("UPDATE journal SET deployment = 'b/m' WHERE seq = 5", vec![cost]),
        ("UPDATE journal SET output_text = 1 WHERE seq = 5", vec![cost]),
        (
            "UPDATE journal SET tail = replace(tail, 'answered', 'client_left') WHERE seq = 5",
            vec!["record 5 does not fit the chain", cost],
        ),
        ("UPDATE journal SET at_us = at_us + 1 WHERE seq = 14", vec!["record 14 does not fit the chain"]),
        (
            "UPDATE journal SET at_us = 0 WHERE seq = 14",
            vec!["record 14 was booked before the one before it", "record 14 does not fit the chain"],
        ),
        (
            "DELETE FROM journal WHERE seq = 9",
            vec!["record 10 does not follow on record 8", "record 10 does not fit the chain"],
        ),
    ] {
        let fixture = Fixture::new(&[]);
        fixture.alter(sql);
        assert_eq!(fixture.problems(), found, "{sql}");
    }
}

#[test]
fn an_altered_head_is_found_in_every_record_that_has_it() {
    let fixture = Fixture::new(&[]);
    fixture.alter("UPDATE head SET text = replace(text, 'openai-chat', 'gemini') WHERE id = 1");
    let problems = fixture.problems();
    assert!(problems.len() >= 3 && problems[0] == "record 1 does not fit the chain", "{problems:?}");
}

#[test]
fn a_document_that_cannot_be_read_is_told() {
    let fixture = Fixture::new(&[]);
    fixture.alter("UPDATE journal SET tail = ',\"record\":1}' WHERE seq = 14");
    let problems = fixture.problems();
    assert!(problems[1].starts_with("record 14 cannot be understood: "), "{problems:?}");
}

#[test]
fn a_request_settled_twice_is_told() {
    let twice = Fixture::new(&[Record::Settlement(entry(4))]);
    let id = entry(4).id;
    assert_eq!(twice.problems(), [format!("request {id} has 2 settlements")]);
}

#[test]
fn money_that_does_not_add_up_is_told() {
    let mut wrong = entry(50);
    wrong.cost = Some(Money::from_nanos(1));
    let fixture = Fixture::new(&[Record::Settlement(wrong)]);
    assert_eq!(fixture.problems(), ["record 15: its cost is not the sum of its attempts' costs"]);
}

#[test]
fn g20_corrections_follow_on_what_was_said() {
    let good = Fixture::new(&[correction(3, Some(Money::ZERO)), correction(4, entry(4).cost)]);
    assert_eq!(good.problems(), Vec::<String>::new());
    let bad = Fixture::new(&[correction(3, entry(3).cost), correction(77, None)]);
    let ids = [entry(3).id, entry(77).id];
    let told =
        |seq, id| format!("correction {seq} of {id} is not of what that request was last said to cost");
    assert_eq!(bad.problems(), [told(15, ids[0]), told(16, ids[1])]);
}

#[test]
fn a_damaged_file_is_told() {
    let fixture = Fixture::new(&[]);
    fixture.alter("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;");
    let mut bytes = std::fs::read(&fixture.path).unwrap();
    // The end of every page but the first, where rows are.
    bytes.chunks_mut(16_384).skip(1).for_each(|page| page[13_000..].fill(0x55));
    std::fs::write(&fixture.path, bytes).unwrap();
    let told = verify(&fixture.path).map(|report| report.problem_count);
    assert!(told.is_err() || told.unwrap() > 0);
}
