use catalogue::{Bucket, Money, PriceList, Rate, Rates, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, Correction, Entry, Outcome, Record, RequestFacts, RequestId, UsageSource,
};
use proptest::prelude::*;
use routing::Reason;
use rusqlite::Connection;

use super::grow::Extract;
use super::*;
use crate::encode::{Batch, Encoder};
use crate::insert::Inserter;
use crate::options::Durability;
use crate::row::Columns;
use crate::schema;

/// A small block, so that few records fill several.
const SMALL: i64 = 8;

/// What a test says of one record.
#[derive(Debug, Clone)]
struct Told {
    kind: u8,
    product: u8,
    arrived_us: i64,
    sizes: (u64, Option<u64>),
    /// Tokens of each attempt, whether they were priced, and where it was made.
    attempts: Vec<(u64, bool, u8)>,
    unsayable: bool,
}

fn told() -> impl Strategy<Value = Told> {
    let attempts = prop::collection::vec((0..3_000_u64, any::<bool>(), 0..3_u8), 0..3);
    let sizes = (0..200_000_u64, prop::option::of(0..70_000_u64));
    let rest = (0..10_u8, 0..3_u8, -5_000_000..5_000_000_i64, prop::bool::weighted(0.2));
    (rest, sizes, attempts).prop_map(|((kind, product, arrived_us, unsayable), sizes, attempts)| Told {
        kind,
        product,
        arrived_us: 1_763_800_000_000_000 + arrived_us,
        sizes,
        attempts,
        unsayable,
    })
}

fn entry(number: u64, told: &Told) -> Entry {
    let facts = RequestFacts {
        product: ["office", "code", ""][usize::from(told.product)].into(),
        route: "assistant".into(),
        estimated_input_tokens: told.sizes.0,
        max_tokens: told.sizes.1,
        tags: Arc::new(["\"max_tokens\":7".into(), "unsayable".into()]),
        ..RequestFacts::default()
    };
    let id = RequestId::new(
        told.arrived_us.cast_unsigned() / 1000,
        [number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number],
    );
    let mut entry = Entry::new(id, told.arrived_us, Arc::new(facts), Arc::default());
    let prices = PriceList::configured(Rates::NONE.with(Bucket::OutputText, Rate::from_picos(1_000_000)));
    if told.unsayable {
        let outcome = AttemptOutcome::Refused(Reason::Unsayable);
        entry.attempts.push(AttemptRecord { outcome, ..AttemptRecord::started("odd/x".into(), 0) });
    }
    for (tokens, priced, place) in &told.attempts {
        let deployment: Arc<str> = ["a/m", "b/m é", "c/m"][usize::from(*place)].into();
        entry.attempts.push(AttemptRecord::started(Arc::clone(&deployment), 0));
        let usage = Usage { output_text: *tokens, cache_read: tokens / 7, ..Usage::default() };
        let last = entry.attempts.len() - 1;
        entry.book(last, usage, UsageSource::Supplier, priced.then_some(&prices));
        entry.deployment = Some(deployment);
    }
    entry.outcome = if told.attempts.is_empty() { Outcome::ClientLeft } else { Outcome::Answered };
    entry
}

fn record(number: u64, told: &Told) -> Record {
    let entry = entry(number, told);
    match told.kind {
        0 => Record::Intent(Box::new(entry)),
        1 => Record::Correction(Box::new(Correction {
            id: entry.id,
            arrived_us: entry.arrived_us,
            product: Arc::clone(&entry.facts.product),
            route: Arc::clone(&entry.facts.route),
            deployment: entry.deployment.clone(),
            before: entry.cost,
            after: told.sizes.1.map(|nanos| Money::from_nanos(nanos.cast_signed() - 1000)),
            price_version: None,
            why: "the invoice".into(),
            author: "ann".into(),
        })),
        _ => Record::Settlement(Box::new(entry)),
    }
}

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let connection = schema::open_or_make(&path, Durability::CrashSafe).unwrap();
    (folder, connection)
}

/// Posts records in batches of the given sizes, each by a server of its own if `restarts`.
fn post(connection: &Connection, records: &[Record], batch_size: usize, restarts: bool) {
    let mut inserter = Inserter::with_block(connection, SMALL).unwrap();
    let mut encoder = Encoder::new(connection).unwrap();
    for records in records.chunks(batch_size) {
        let mut batch = Batch::default();
        if restarts {
            inserter = Inserter::with_block(connection, SMALL).unwrap();
            encoder = Encoder::new(connection).unwrap();
        }
        for record in records {
            encoder.add(&mut batch, 5, record);
        }
        inserter.insert(&batch, None).unwrap();
    }
}

fn walked(connection: &Connection, places: (i64, i64)) -> Vec<String> {
    let mut walked = Vec::new();
    walk(connection, places, &mut |item| {
        walked.push(format!("{item:?}"));
        Ok(())
    })
    .unwrap();
    walked
}

/// What the documents say, read one by one.
fn documents(connection: &Connection, (first, end): (i64, i64)) -> Vec<String> {
    let head = "SELECT head FROM journal WHERE seq = ?1";
    let item = |seq: i64| {
        let record = crate::read::at(connection, seq).unwrap().record().unwrap();
        let head = connection.query_row(head, [seq], |row| row.get(0)).unwrap();
        Columns::of(&record).item(head).map(|item| format!("{item:?}"))
    };
    (first..end).filter_map(item).collect()
}

fn extracts(connection: &Connection) -> Vec<(i64, i64, Vec<u8>)> {
    let all = "SELECT first_seq, end_seq, bytes FROM extract ORDER BY first_seq";
    let mut select = connection.prepare(all).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn clear_backlog(connection: &Connection, last_seq: i64) {
    let mut backlog = Backlog::new(SMALL);
    while backlog.due(last_seq).is_some() {
        backlog.step(connection, last_seq);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The truth has one form: whatever was posted, however often a server began anew, and whichever extracts are there,
    /// what is handed over is what the documents say.
    #[test]
    fn extracts_and_rows_and_documents_say_the_same(
        told in prop::collection::vec(told(), 1..60),
        batch_size in 1..20_usize,
        restarts: bool,
        forgotten in any::<prop::sample::Index>(),
        cut in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let (folder, connection) = database();
        let records: Vec<_> = (0..).zip(&told).map(|(number, told)| record(number, told)).collect();
        post(&connection, &records, batch_size, restarts);
        let last = i64::try_from(records.len()).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a place within")]
        let place = |part: f64| 1 + (part * last as f64) as i64;
        let (from, to) = (place(cut.0.min(cut.1)), place(cut.0.max(cut.1)));
        let check = |connection: &Connection| {
            for places in [(1, last + 1), (from, to)] {
                assert_eq!(walked(connection, places), documents(connection, places), "{places:?}");
            }
        };

        let grown = extracts(&connection);
        if !restarts {
            prop_assert_eq!(grown.len(), records.len() / usize::try_from(SMALL).unwrap());
        }
        check(&connection);
        clear_backlog(&connection, last);
        let all = extracts(&connection);
        prop_assert_eq!(all.len(), records.len() / usize::try_from(SMALL).unwrap());
        prop_assert!(grown.iter().all(|grown| all.contains(grown)));
        check(&connection);

        // Some are lost, and made anew to the byte.
        if !all.is_empty() {
            let lost = all[forgotten.index(all.len())].0;
            connection.execute("DELETE FROM extract WHERE first_seq = ?1", [lost]).unwrap();
            check(&connection);
            clear_backlog(&connection, last);
            prop_assert_eq!(extracts(&connection), all);
        }
        let report = crate::verify(&folder.path().join("releve.db")).unwrap();
        let extract = |problem: &&crate::Problem| matches!(problem, crate::Problem::Extract { .. });
        prop_assert_eq!(report.problems.iter().filter(extract).count(), 0);

        connection.execute_batch("DROP TABLE extract").unwrap();
        check(&connection);
    }

    #[test]
    fn any_number_comes_back(number: u64, signed: i64) {
        let mut bytes = Vec::new();
        varint::put(&mut bytes, number);
        varint::put_signed(&mut bytes, signed);
        let mut rest = &*bytes;
        prop_assert_eq!((varint::take(&mut rest), varint::take_signed(&mut rest)), (Some(number), Some(signed)));
        prop_assert!(rest.is_empty());
    }

    /// Whatever a file holds: an error or items, and an end.
    #[test]
    fn foreign_bytes_do_no_harm(bytes: Vec<u8>) {
        let mut items = Items::new(&bytes);
        while let Ok(Some(_)) = items.next() {}
    }
}

fn three_blocks() -> (tempfile::TempDir, Connection) {
    let (folder, connection) = database();
    let told = Told {
        kind: 9,
        product: 0,
        arrived_us: 1_763_800_000_000_000,
        sizes: (100, None),
        attempts: vec![(10, true, 0)],
        unsayable: false,
    };
    let records: Vec<_> = (0..3 * SMALL.cast_unsigned()).map(|number| record(number, &told)).collect();
    post(&connection, &records, 5, false);
    (folder, connection)
}

#[test]
fn a_block_whose_rows_were_rolled_back_is_left_to_the_backlog() {
    let mut growing = Growing::new(2);
    assert_eq!(growing.add(1, None), None);
    growing.forget();
    assert_eq!(growing.add(2, None), None, "it was not followed");
    assert_eq!(growing.add(3, None), None);
    let whole = Extract { first_seq: 3, end_seq: 5, bytes: &[] };
    assert_eq!(growing.add(4, None), Some(whole));
    assert_eq!(growing.add(6, None), None, "a gap");
}

#[test]
fn an_extract_of_another_form_is_as_good_as_missing() {
    let (_folder, connection) = three_blocks();
    let right = walked(&connection, (1, 25));
    connection.execute("UPDATE extract SET form = 2, bytes = x'ff' WHERE first_seq = 9", []).unwrap();
    assert_eq!(walked(&connection, (1, 25)), right);
    clear_backlog(&connection, 24);
    assert_eq!(extracts(&connection).len(), 3);
    let forms: i64 = connection.query_row("SELECT MAX(form) FROM extract", [], |row| row.get(0)).unwrap();
    assert_eq!(forms, FORM);
}

#[test]
fn a_damaged_extract_is_an_error_and_verify_tells_it() {
    let (folder, connection) = three_blocks();
    let path = folder.path().join("releve.db");
    let problems = || -> Vec<String> {
        crate::verify(&path).unwrap().problems.iter().map(ToString::to_string).collect()
    };
    assert_eq!(problems(), Vec::<String>::new());
    let told = |first: i64, last: i64| {
        format!(
            "the extract of records {first} to {last} does not say what they say; without it \
             (DELETE FROM extract WHERE first_seq = {first}) they are read themselves"
        )
    };
    connection.execute("UPDATE extract SET bytes = substr(bytes, 1, 40) WHERE first_seq = 9", []).unwrap();
    let error = walk(&connection, (1, 25), &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "the extract of the ledger's records from 9 on is damaged");
    assert_eq!(problems(), [told(9, 16)]);
    connection.execute("DELETE FROM extract WHERE first_seq = 9", []).unwrap();
    assert_eq!(walked(&connection, (1, 25)), documents(&connection, (1, 25)));
    assert_eq!(problems(), Vec::<String>::new());
    // One too many, in the middle of another; and one of records that are not there.
    let put = |first: i64, end: i64| {
        connection.execute(super::INSERT, rusqlite::params![first, end, FORM, Vec::<u8>::new()]).unwrap();
    };
    put(19, 21);
    put(25, 33);
    assert_eq!(problems(), [told(19, 20), told(25, 32)]);
}
