//! What of a record is a column of its own: written beside the document, compared with it by `verify`.

use catalogue::{Money, Usage};
use ledger::{Correction, Entry, Record, RecordKind, RequestId};

/// What of a record is a column of its own, to be found and summed without reading documents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Columns<'a> {
    pub(crate) kind: RecordKind,
    pub(crate) id: RequestId,
    pub(crate) arrived_us: i64,
    pub(crate) product: &'a str,
    pub(crate) route: &'a str,
    pub(crate) deployment: Option<&'a str>,
    pub(crate) outcome: Option<u8>,
    pub(crate) usage_source: Option<u8>,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Money>,
    pub(crate) split: bool,
    pub(crate) ttft_us: Option<u64>,
    pub(crate) total_us: u64,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        match record {
            Record::Intent(entry) | Record::Settlement(entry) => Self::of_entry(record.kind(), entry),
            Record::Correction(correction) => Self::of_correction(correction),
        }
    }

    /// An intent counts nowhere: its estimates stay in its document.
    fn of_entry(kind: RecordKind, entry: &'a Entry) -> Self {
        let settled = kind == RecordKind::Settlement;
        Self {
            kind,
            id: entry.id,
            arrived_us: entry.arrived_us,
            product: &entry.facts.product,
            route: &entry.facts.route,
            deployment: entry.deployment.as_deref(),
            outcome: settled.then(|| entry.outcome.code()),
            usage_source: settled.then(|| entry.usage_source.code()),
            usage: if settled { entry.usage } else { Usage::default() },
            cost: entry.cost.filter(|_| settled),
            split: settled && entry.is_split(),
            ttft_us: entry.ttft_us,
            total_us: entry.total_us,
        }
    }

    fn of_correction(correction: &'a Correction) -> Self {
        Self {
            kind: RecordKind::Correction,
            id: correction.id,
            arrived_us: correction.arrived_us,
            product: &correction.product,
            route: &correction.route,
            deployment: correction.deployment.as_deref(),
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

/// The database counts to 2^63; nobody has used more.
pub(crate) fn capped(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
