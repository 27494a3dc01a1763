//! A record as it lies in the journal.

use std::ops::Range;
use std::sync::Arc;

use catalogue::{Money, Usage};
use ledger::{Chain, Correction, Entry, Record, RecordKind, RequestId};

/// One row, and where in a batch's bytes its tail lies.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) at_us: i64,
    pub(crate) chain: Chain,
    pub(crate) head: i64,
    pub(crate) tail: Range<usize>,
    pub(crate) columns: Columns,
}

/// What of a record is a column of its own, to be found and summed without reading documents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) kind: RecordKind,
    pub(crate) id: RequestId,
    pub(crate) arrived_us: i64,
    pub(crate) deployment: Option<Arc<str>>,
    pub(crate) outcome: Option<u8>,
    pub(crate) usage_source: Option<u8>,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Money>,
    pub(crate) split: bool,
    pub(crate) ttft_us: Option<u64>,
    pub(crate) total_us: u64,
}

impl Columns {
    pub(crate) fn of(record: &Record) -> Self {
        match record {
            Record::Intent(entry) | Record::Settlement(entry) => Self::of_entry(record.kind(), entry),
            Record::Correction(correction) => Self::of_correction(correction),
        }
    }

    /// An intent counts nowhere: its estimates stay in its document.
    fn of_entry(kind: RecordKind, entry: &Entry) -> Self {
        let settled = kind == RecordKind::Settlement;
        Self {
            kind,
            id: entry.id,
            arrived_us: entry.arrived_us,
            deployment: entry.deployment.clone(),
            outcome: settled.then(|| entry.outcome.code()),
            usage_source: settled.then(|| entry.usage_source.code()),
            usage: if settled { entry.usage } else { Usage::default() },
            cost: entry.cost.filter(|_| settled),
            split: settled && entry.is_split(),
            ttft_us: entry.ttft_us,
            total_us: entry.total_us,
        }
    }

    fn of_correction(correction: &Correction) -> Self {
        Self {
            kind: RecordKind::Correction,
            id: correction.id,
            arrived_us: correction.arrived_us,
            deployment: correction.deployment.clone(),
            outcome: None,
            usage_source: None,
            usage: Usage::default(),
            cost: correction.difference(),
            split: false,
            ttft_us: None,
            total_us: 0,
        }
    }

    /// A record is never booked before its request arrived, whatever the clocks say: so its time finds it.
    pub(crate) fn earliest_us(&self) -> i64 {
        let named_us = i64::try_from(self.id.unix_ms()).unwrap_or(0).saturating_mul(1000);
        self.arrived_us.max(named_us)
    }
}

/// Whose a record is: columns of its head.
pub(crate) fn owner(record: &Record) -> (&str, &str) {
    match record {
        Record::Intent(entry) | Record::Settlement(entry) => (&entry.facts.product, &entry.facts.route),
        Record::Correction(correction) => (&correction.product, &correction.route),
    }
}

/// The database counts to 2^63; nobody has used more.
pub(crate) fn capped(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
