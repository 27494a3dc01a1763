//! A record as it lies in the journal.

use std::ops::Range;
use std::sync::Arc;

use catalogue::{Money, Usage};
use ledger::{AttemptRecord, Chain, Correction, Entry, Record, RecordKind, RequestId, UsageShare};

use crate::extract::{Corrected, Item, Settled};

/// The code of an attempt that was never made because the request cannot be said in that protocol.
pub(crate) const UNSAYABLE: &str = "unsayable";

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

/// What of a record is a column of its own, to be found and summed without reading documents; and what else its extract
/// holds.
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
    /// No column, but in the extract, as are the two that follow.
    pub(crate) estimated_input_tokens: u64,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) details: Option<Box<Details>>,
}

/// What few records have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Details {
    Settled { shares: Vec<UsageShare>, unsayable: Vec<Arc<str>> },
    Corrected { before: Option<Money>, after: Option<Money> },
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
            estimated_input_tokens: entry.facts.estimated_input_tokens,
            max_tokens: entry.facts.max_tokens,
            details: if settled { Details::of(entry) } else { None },
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
            estimated_input_tokens: 0,
            max_tokens: None,
            details: Some(Box::new(Details::Corrected {
                before: correction.before,
                after: correction.after,
            })),
        }
    }

    /// What the extract says of it, with the place of its head; nothing of an intent.
    pub(crate) fn item(&self, head: i64) -> Option<Item<'_>> {
        let deployment = self.deployment.as_deref();
        let (shares, unsayable) = match self.details.as_deref() {
            Some(Details::Settled { shares, unsayable }) => (&**shares, &**unsayable),
            Some(&Details::Corrected { before, after }) => {
                return Some(Item::Corrected(Corrected { head, deployment, before, after }));
            }
            None => Default::default(),
        };
        Some(Item::Settled(Settled {
            head,
            arrived_us: self.arrived_us,
            outcome: self.outcome?,
            usage_source: self.usage_source?,
            deployment,
            usage: self.usage,
            cost: self.cost,
            estimated_input_tokens: self.estimated_input_tokens,
            max_tokens: self.max_tokens,
            shares,
            unsayable,
        }))
    }

    /// A record is never booked before its request arrived, whatever the clocks say: so its time finds it.
    pub(crate) fn earliest_us(&self) -> i64 {
        let named_us = i64::try_from(self.id.unix_ms()).unwrap_or(0).saturating_mul(1000);
        self.arrived_us.max(named_us)
    }
}

impl Details {
    /// `None` where all usage belongs to who served, and whoever was tried was asked.
    fn of(entry: &Entry) -> Option<Box<Self>> {
        let share = |attempt: &AttemptRecord| UsageShare {
            deployment: Arc::clone(&attempt.deployment),
            usage: attempt.usage,
            // Of an unpriced request no money counts anywhere.
            cost: entry.cost.and(attempt.cost),
        };
        let paid = entry.attempts.iter().filter(|attempt| !attempt.usage.is_zero());
        let shares: Vec<_> = if entry.is_split() { paid.map(share).collect() } else { Vec::new() };
        let unsayable = entry.attempts.iter().filter(|attempt| attempt.outcome.as_str() == UNSAYABLE);
        let unsayable: Vec<_> = unsayable.map(|attempt| Arc::clone(&attempt.deployment)).collect();
        let any = !(shares.is_empty() && unsayable.is_empty());
        any.then(|| Box::new(Self::Settled { shares, unsayable }))
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
