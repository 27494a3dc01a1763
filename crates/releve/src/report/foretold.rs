//! How well the newest records would have foretold themselves: the error that stands under every answer of `releve whatif`
//! stands in a report, too.

use std::sync::Arc;

use ledger::Record;
use scenario::Estate;
use scenario::replay::{self, Backtest, PlayedEstate};
use serde::Serialize;
use store::{Extent, Reader, StoreError};

/// The newest records that are looked at: enough for an incident, and read within a moment.
const NEWEST: i64 = 20_000;
/// Decides every chance.
pub(super) const SEED: u64 = 1;

/// What was foretold of requests, and what came of them.
#[derive(Debug, Serialize)]
pub(crate) struct Foretold {
    /// Whose incident was cut in half; `None` is ordinary time.
    pub(crate) incident: Option<Arc<str>>,
    pub(crate) requests: usize,
    /// The share of the answers that came from suppliers of whose speed too little was known before.
    pub(crate) by_seldom_seen: f64,
    /// Of the attempts at whoever was ill, the share that it answered: in the half that was known, and in the one foretold.
    pub(crate) ill_served: Option<(f64, f64)>,
    /// Foretold, and as it came.
    pub(crate) served: (f64, f64),
    /// Without the unpriced, and the share of the requests that is.
    pub(crate) cost_usd: (f64, f64),
    pub(crate) unpriced: (f64, f64),
    pub(crate) first_token_p50_ms: (f64, f64),
    pub(crate) first_token_p95_ms: (f64, f64),
    /// In which 95 of a hundred cases should lie; `None` in a report, which has no time for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<Interval>,
}

/// See [`replay::Interval`].
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Interval {
    pub(crate) served: (f64, f64),
    pub(crate) cost_usd: (f64, f64),
    pub(crate) first_token_p50_ms: (f64, f64),
    pub(crate) first_token_p95_ms: (f64, f64),
}

impl Foretold {
    /// Whether the incident became another one half way: what whoever was ill answered changed by more than a fifth of its
    /// attempts. No half foretells that.
    pub(crate) fn turned(&self) -> Option<(f64, f64)> {
        self.ill_served.filter(|(known, came)| (known - came).abs() > 0.2)
    }

    /// Whether so much of it was answered by hardly known suppliers that it must be said.
    pub(crate) fn rests_on_guesses(&self) -> bool {
        self.by_seldom_seen >= 0.01
    }

    pub(crate) fn of(backtest: &Backtest, deployments: &[routing::Deployment]) -> Self {
        let incident = backtest.incident.as_ref();
        Self {
            incident: incident.map(|illness| Arc::clone(&deployments[usize::from(illness.deployment)].name)),
            requests: backtest.requests,
            by_seldom_seen: backtest.by_seldom_seen,
            ill_served: backtest.ill_served,
            served: backtest.served,
            cost_usd: backtest.cost_usd,
            unpriced: backtest.unpriced,
            first_token_p50_ms: backtest.first_p50_ms,
            first_token_p95_ms: backtest.first_p95_ms,
            interval: backtest.interval.map(|interval| Interval {
                served: interval.served,
                cost_usd: interval.cost_usd,
                first_token_p50_ms: interval.first_p50_ms,
                first_token_p95_ms: interval.first_p95_ms,
            }),
        }
    }
}

/// The second half of the longest incident among the newest records, from what was known before. `None` where they are
/// too few.
pub(super) fn newest(
    reader: &Reader,
    estate: &Estate,
    extent: &Extent,
    today: &str,
) -> Result<Option<Foretold>, StoreError> {
    let mut played = PlayedEstate::of(estate, today);
    let mut recording = replay::Reader::new(&played);
    let before = (extent.last_seq - NEWEST).max(extent.first_seq - 1);
    for booked in reader.after(before)? {
        let booked = booked?;
        if booked.seq > extent.last_seq {
            break;
        }
        let record = booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })?;
        if let Record::Settlement(entry) = record {
            recording.add(&entry);
        }
    }
    let recording = recording.finish();
    played.take_limits(&recording.samples);
    let backtest = replay::backtest(&recording, &played, SEED, 0);
    Ok(backtest.map(|backtest| Foretold::of(&backtest, &played.deployments)))
}
