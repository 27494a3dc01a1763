//! Reading a ledger while it is written.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use catalogue::Money;
use ledger::{Journal, Kept, Outcome, Record, RequestId};
use store::{Options, Period, Reader, Sqlite, StoreError, verify};

use crate::support::entries::{Traffic, usage};

const ARRIVED_US: i64 = 1_763_800_000_000_000;

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
    ledger: Sqlite,
    traffic: Traffic,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("releve.db");
        let ledger = Sqlite::open(&Options::new(&path)).unwrap();
        Self { _folder: folder, path, ledger, traffic: Traffic::new() }
    }

    async fn settle(&self, number: u64) -> RequestId {
        let id = self.acknowledge(number).await;
        self.ledger.catch_up(Duration::from_secs(5));
        id
    }

    async fn acknowledge(&self, number: u64) -> RequestId {
        let entry = self.traffic.entry(number, ARRIVED_US + number.cast_signed());
        let id = entry.id;
        assert_eq!(self.ledger.settle(entry).await, Kept::Committed);
        id
    }

    /// A reader that sees all that was acknowledged.
    fn reader(&self) -> Reader {
        self.ledger.catch_up(Duration::from_secs(5));
        Reader::open(&self.path).unwrap()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_committed_can_be_read_at_once() {
    let fixture = Fixture::new();
    let reader = fixture.reader();
    assert_eq!(reader.tail(3).unwrap(), []);
    assert_eq!(reader.tip().unwrap().0, 0);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(fixture.settle(number).await);
        let story = reader.get(ids[ids.len() - 1]).unwrap().unwrap();
        assert_eq!(story.settlement.unwrap().record().unwrap(), {
            Record::Settlement(fixture.traffic.entry(number, ARRIVED_US + number.cast_signed()))
        });
        assert_eq!((story.intent, story.corrections.len()), (None, 0));
    }
    let tail: Vec<_> = reader.tail(3).unwrap().iter().map(|booked| booked.record().unwrap().id()).collect();
    assert_eq!(tail, ids[2..]);
    assert_eq!(reader.get(RequestId::new(ARRIVED_US.cast_unsigned() / 1000, [1, 1])).unwrap(), None);
}

#[tokio::test(flavor = "current_thread")]
async fn a_reader_that_opens_sees_what_was_acknowledged_before() {
    let fixture = Fixture::new();
    for number in 0..20 {
        let id = fixture.acknowledge(number).await;
        let last = Reader::open(&fixture.path).unwrap().tail(1).unwrap();
        assert_eq!(last[0].record().unwrap().id(), id);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_story_waits_for_what_has_just_been_acknowledged() {
    let fixture = Fixture::new();
    let reader = fixture.reader();
    for number in 0..20 {
        let entry = fixture.traffic.entry(number, ARRIVED_US);
        let id = entry.id;
        fixture.ledger.settle(entry).await;
        assert!(reader.get(id).unwrap().unwrap().settlement.is_some());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_in_flight_has_a_story_and_no_money() {
    let fixture = Fixture::new();
    let intent = fixture.traffic.intent(1, ARRIVED_US);
    fixture.ledger.intent(intent.clone());
    // It is written by itself in a turn of this runtime: nobody waits for it.
    let end = Instant::now() + Duration::from_secs(20);
    let story = loop {
        if let Some(story) = fixture.reader().get(intent.id).unwrap() {
            break story;
        }
        assert!(Instant::now() < end, "the intent was never written");
        tokio::task::yield_now().await;
    };
    fixture.settle(2).await;
    assert!(story.intent.is_some() && story.settlement.is_none());
    assert_eq!(fixture.reader().summary(Period::default()).unwrap().total().requests, 1);
    fixture.ledger.settle(fixture.traffic.settlement(&intent, 1)).await;
    let story = fixture.reader().get(intent.id).unwrap().unwrap();
    assert!(story.intent.is_some() && story.settlement.is_some());
    assert_eq!(fixture.reader().summary(Period::default()).unwrap().total().requests, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn an_export_holds_everything_once_while_more_is_written() {
    let fixture = Fixture::new();
    let reader = fixture.reader();
    let mut written = HashSet::new();
    for number in 0..700 {
        written.insert(fixture.settle(number).await);
    }
    let mut export = reader.export(Period::default()).unwrap();
    let mut read = HashSet::new();
    for booked in export.by_ref().take(300) {
        assert!(read.insert(booked.unwrap().record().unwrap().id()));
    }
    fixture.settle(700).await;
    let rest: Vec<_> = export.map(Result::unwrap).collect();
    let last = rest.last().unwrap().seq;
    assert!(rest.iter().all(|booked| read.insert(booked.record().unwrap().id())));
    assert_eq!(read, written, "what came later is not in it");
    assert_eq!(reader.after(last).unwrap().count(), 1, "but follows");
}

#[tokio::test(flavor = "current_thread")]
async fn a_period_holds_what_was_booked_in_it() {
    let fixture = Fixture::new();
    for number in 0..60 {
        fixture.settle(number).await;
    }
    let reader = fixture.reader();
    let all: Vec<_> = reader.export(Period::default()).unwrap().map(Result::unwrap).collect();
    for (from, to) in [(0, 60), (0, 20), (20, 41), (59, 60), (30, 30)] {
        let from_us = Some(all[from].at_us);
        let to_us = all.get(to).map(|booked| booked.at_us);
        let within =
            |at_us: i64| from_us.is_none_or(|from| at_us >= from) && to_us.is_none_or(|to| at_us < to);
        let expected = all.iter().filter(|booked| within(booked.at_us)).count();
        let period = Period { from_us, to_us };
        assert_eq!(reader.export(period).unwrap().count(), expected);
        assert_eq!(reader.summary(period).unwrap().total().requests, expected as u64);
    }
    let past = Period { from_us: None, to_us: Some(0) };
    assert_eq!(reader.export(past).unwrap().count(), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_period_held_once_it_holds_always() {
    let fixture = Fixture::new();
    assert_eq!(fixture.reader().extent(Period::default()).unwrap().last_seq, 0);
    for number in 0..20 {
        fixture.settle(number).await;
    }
    let reader = fixture.reader();
    let extent = reader.extent(Period::default()).unwrap();
    assert_eq!((extent.first_seq, (extent.last_seq, extent.chain)), (1, reader.tip().unwrap()));
    assert_eq!(reader.chain_at(extent.last_seq).unwrap(), Some(extent.chain));
    assert_eq!(reader.chain_at(extent.last_seq + 1).unwrap(), None);
    for number in 20..30 {
        fixture.settle(number).await;
    }
    let reader = fixture.reader();
    assert_eq!(reader.extent(extent.period).unwrap(), extent);
    assert_eq!(reader.export(extent.period).unwrap().count(), 20);
    let rest = reader.extent(Period { from_us: extent.period.to_us, to_us: None }).unwrap();
    assert_eq!((rest.first_seq, rest.last_seq), (extent.last_seq + 1, reader.tip().unwrap().0));
    let nothing = reader.extent(Period { from_us: None, to_us: Some(0) }).unwrap();
    assert_eq!((nothing.first_seq, nothing.last_seq, nothing.chain), (1, 0, ledger::Chain::START));
}

#[tokio::test(flavor = "current_thread")]
async fn sums_are_by_product_route_and_deployment_also_for_lost_attempts() {
    let fixture = Fixture::new();
    fixture.settle(1).await;
    let mut entry = fixture.traffic.entry(2, ARRIVED_US);
    let lost = entry.attempts[0].clone();
    entry.attempts.insert(0, ledger::AttemptRecord { deployment: "house/llama".into(), ..lost });
    entry.cost_lines.iter_mut().for_each(|line| line.attempt = 1);
    entry.book(0, entry.attempts[1].usage, ledger::UsageSource::Estimated, None);
    fixture.ledger.settle(entry).await;
    let summary = fixture.reader().summary(Period::default()).unwrap();
    let by = summary.by(|group| group.deployment.as_deref().map(str::to_owned).unwrap());
    let served = &by["openai/gpt-5.2"];
    assert_eq!((served.requests, served.unpriced, served.ended(&Outcome::Answered)), (2, 1, 2));
    assert_eq!(by["house/llama"].requests, 0);
    assert_eq!(
        by["house/llama"].usage.iter().sum::<u128>(),
        usage(2).iter().map(|(_, count)| u128::from(count)).sum()
    );
    assert_eq!(served.cost(), fixture.traffic.entry(1, 0).cost);
    assert!(verify(&fixture.path).unwrap().is_whole());
}

#[test]
fn a_second_server_is_refused() {
    let fixture = Fixture::new();
    let refused = Sqlite::open(&Options::new(&fixture.path)).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id()));
    fixture.ledger.close().unwrap();
    Sqlite::open(&Options::new(&fixture.path)).unwrap();
}

#[test]
fn a_graceful_end_writes_everything() {
    let fixture = Fixture::new();
    for number in 0..5_000 {
        drop(fixture.ledger.settle(fixture.traffic.entry(number, ARRIVED_US)));
    }
    fixture.ledger.intent(fixture.traffic.intent(9_999, ARRIVED_US));
    fixture.ledger.close().unwrap();
    let report = verify(&fixture.path).unwrap();
    assert_eq!((report.settlements, report.intents, report.open), (5_000, 1, 1));
    let late = fixture.ledger.settle(fixture.traffic.entry(1, ARRIVED_US));
    assert!(format!("{late:?}").contains("now"), "nobody waits for ever");
    let reopened = Sqlite::open(&Options::new(&fixture.path)).unwrap();
    assert_eq!(reopened.recovered(), 1);
    let total = fixture.reader().summary(Period::default()).unwrap().total();
    assert_eq!((total.ended(&Outcome::Interrupted), total.estimated), (1, 1));
    assert!(total.cost() > Some(Money::ZERO));
}

#[test]
fn other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    assert!(matches!(Reader::open(&path), Err(StoreError::Missing { .. })));
    std::fs::write(&path, "this is a text and not a database, however long it may be. ".repeat(20)).unwrap();
    assert!(matches!(Sqlite::open(&Options::new(&path)), Err(StoreError::Foreign { .. })));
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Sqlite::open(&Options::new(&path)), Err(StoreError::Foreign { .. })));
    assert!(matches!(Reader::open(&path), Err(StoreError::Foreign { .. })));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_booked_after_or_before_an_extent_is_in_no_tail_or_pace_of_it() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    for number in 0..6 {
        let mut entry = fixture.traffic.entry(number, ARRIVED_US + number.cast_signed());
        entry.outcome = Outcome::Answered;
        entry.deployment = Some("a/b".into());
        entry.total_us = 10_u64.pow(u32::try_from(number).unwrap());
        ids.push(entry.id);
        assert_eq!(fixture.ledger.settle(entry).await, Kept::Committed);
    }
    let reader = fixture.reader();
    let all = reader.tail(10).unwrap();
    let period = Period { from_us: Some(all[1].at_us), to_us: Some(all[4].at_us) };
    let extent = reader.extent(period).unwrap();
    // Records may be booked in the same microsecond: then they are all in the period, or none is.
    let within: Vec<_> =
        all.iter().filter(|booked| (extent.first_seq..=extent.last_seq).contains(&booked.seq)).collect();
    let ids_of = |count: usize| {
        let tail = reader.tail_of(&extent, count).unwrap();
        tail.iter().map(|booked| booked.record().unwrap().id()).collect::<Vec<_>>()
    };
    let expected: Vec<_> = within.iter().map(|booked| booked.record().unwrap().id()).collect();
    assert!(!expected.is_empty() && !expected.contains(&ids[5]));
    assert_eq!(ids_of(10), expected);
    assert_eq!(ids_of(1), expected[expected.len() - 1..]);
    let pace = |records: u32| reader.paces_of(&extent, records).unwrap().remove(0);
    let total = |of: &[RequestId]| -> u64 {
        let places = ids.iter().zip(0..).filter(|(id, _)| of.contains(id));
        places.map(|(_, place)| 10_u64.pow(place)).sum()
    };
    assert_eq!((pace(10).answers, pace(10).total_us), (expected.len() as u64, total(&expected)));
    assert_eq!(pace(1).total_us, total(&expected[expected.len() - 1..]));
}
