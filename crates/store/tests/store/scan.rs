//! Handing entries over as sums need them: the same sums as the documents give, without reading them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::{Money, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, Correction, Head, Journal, Outcome, Sighting, UsageShare, UsageSource,
    Witness,
};
use routing::Reason;
use store::{Options, Period, Reader, Sqlite};

use crate::support::entries::{Traffic, usage};

const ARRIVED_US: i64 = 1_763_800_000_000_000;

#[derive(Debug, Default)]
struct Notes {
    heads: Vec<Head>,
    requests: u64,
    tokens: u64,
    cost: i64,
    sizes: Vec<(u64, Option<u64>)>,
    shares: Vec<UsageShare>,
    unsayable: Vec<Arc<str>>,
    corrected: i64,
}

impl Witness for Notes {
    fn head(&mut self, head: Head) {
        self.heads.push(head);
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) {
        assert!(sighting.head < self.heads.len(), "a head comes before what names it");
        self.requests += 1;
        self.tokens += sighting.usage.input_total() + sighting.usage.output_total();
        self.cost += sighting.cost.unwrap_or_default().nanos();
        self.sizes.push((sighting.estimated_input_tokens, sighting.max_tokens));
        self.shares.extend_from_slice(sighting.shares);
        self.unsayable.extend_from_slice(sighting.unsayable);
    }

    fn correction(&mut self, product: &str, deployment: Option<&str>, difference: Money) {
        assert_eq!((product, deployment), ("office", Some("openai/gpt-5.2")));
        self.corrected += difference.nanos();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_handed_over_is_what_the_documents_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let traffic = Traffic::new();
    for number in 0..50 {
        ledger.settle(traffic.entry(number, ARRIVED_US + number.cast_signed())).await;
    }
    // One whose first attempt was never made, and whose second was paid elsewhere.
    let mut entry = traffic.entry(50, ARRIVED_US + 50);
    let attempt = |name: &str, outcome| AttemptRecord { outcome, ..AttemptRecord::started(name.into(), 1) };
    entry.attempts.push(attempt("mistral/large", AttemptOutcome::Refused(Reason::Unsayable)));
    entry.attempts.push(attempt("house/open", AttemptOutcome::Abandoned));
    let lost = Usage { output_text: 7, ..Usage::default() };
    entry.book(2, lost, UsageSource::Estimated, None);
    let id = entry.id;
    ledger.settle(entry).await;
    let priced = traffic.entry(51, ARRIVED_US + 51);
    let (before, priced_id) = (priced.cost, priced.id);
    ledger.settle(priced).await;
    let after = before.unwrap().checked_add(Money::from_nanos(500));
    let correction = Correction {
        id: priced_id,
        arrived_us: ARRIVED_US + 51,
        product: "office".into(),
        route: "assistant".into(),
        deployment: Some("openai/gpt-5.2".into()),
        before,
        after,
        price_version: None,
        why: "a test".into(),
        author: "a test".into(),
    };
    ledger.correct(correction).await;
    ledger.catch_up(Duration::from_secs(5));

    let reader = Reader::open(&path).unwrap();
    let mut notes = Notes::default();
    reader.scan(Period::default(), &mut notes).unwrap();
    let sums = reader.summary(Period::default()).unwrap().total();
    assert_eq!(notes.requests, sums.requests);
    assert_eq!(i128::from(notes.cost + notes.corrected), sums.cost_nanos);
    let tokens =
        (0..52).map(|number| usage(number).input_total() + usage(number).output_total()).sum::<u64>();
    assert_eq!(notes.tokens, tokens + 7);
    assert_eq!(notes.sizes[3], (503, Some(1024)));
    let shares: Vec<(&str, u64)> =
        notes.shares.iter().map(|share| (&*share.deployment, share.usage.output_text)).collect();
    assert_eq!(shares, [("openai/gpt-5.2", usage(50).output_text), ("house/open", 7)], "of {id}");
    assert_eq!(notes.unsayable, ["mistral/large".into()]);
    assert_eq!(notes.heads[0].facts.needs, catalogue::Needs::TOOLS);
    assert!(!notes.heads[0].decision.is_empty());
    assert_eq!(notes.corrected, 500);
    assert_eq!(sums.ended(&Outcome::Answered), 52);
}

/// `cargo test -p store --release -- --ignored measure --nocapture`: rows a second, with `RELEVE_ROWS` rows (a million).
#[tokio::test(flavor = "current_thread")]
#[ignore = "a measurement"]
async fn measure_a_scan() {
    let wanted: i64 = std::env::var("RELEVE_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.db");
    let ledger = Sqlite::open(&Options::new(&path)).unwrap();
    let traffic = Traffic::new();
    for number in 0..1024 {
        ledger.settle(traffic.entry(number, ARRIVED_US + number.cast_signed())).await;
    }
    ledger.catch_up(Duration::from_secs(5));
    drop(ledger);
    // Copies of real rows: what is scanned does not look at the chain.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let columns = "record, id, head, deployment, outcome, usage_source, input_uncached, cache_read, cache_write_5m, \
                   cache_write_1h, audio_in, image_in, output_text, reasoning, audio_out, image_out, tool_requests, \
                   cost_nanos, split, ttft_us, total_us, tail, chain";
    let mut rows = 1024;
    while rows < wanted {
        let copy = format!(
            "INSERT INTO journal (seq, at_us, arrived_us, {columns}) SELECT seq + {rows}, at_us + {rows} * 30000, \
             arrived_us + {rows} * 30000, {columns} FROM journal WHERE seq <= {}",
            wanted - rows
        );
        rows += i64::try_from(connection.execute(&copy, []).unwrap()).unwrap();
    }
    drop(connection);
    let reader = Reader::open(&path).unwrap();
    for time in 1..=3 {
        let began = Instant::now();
        let mut notes = Notes::default();
        reader.scan(Period::default(), &mut notes).unwrap();
        let took = began.elapsed();
        println!("{time}: {} rows in {took:.2?}", notes.requests);
        assert_eq!(notes.requests, wanted.cast_unsigned());
    }
}
