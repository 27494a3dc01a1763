//! That a request has been admitted, said before its answer is known.

use std::sync::Arc;

use catalogue::{PriceList, Usage};

use crate::attempt::{AttemptRecord, CandidateRecord};
use crate::entry::Entry;
use crate::facts::RequestFacts;
use crate::outcome::{Outcome, UsageSource};
use crate::request_id::RequestId;

/// Enough to write an entry if nothing more is ever heard of the request. Cheap to make: it shares what it holds.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Which request.
    pub id: RequestId,
    /// When it arrived, in microseconds since 1970.
    pub arrived_us: i64,
    /// What was known then.
    pub facts: Arc<RequestFacts>,
    /// Who could have served it.
    pub decision: Arc<[CandidateRecord]>,
    /// Who is asked first.
    pub deployment: Option<Arc<str>>,
    /// At which prices.
    pub prices: Option<Arc<PriceList>>,
}

impl Intent {
    /// The entry that stands if nothing more is heard. Its usage is an estimate: the prompt, as it was sent to the
    /// first candidate. Of the answer nothing is known, and nothing is made up: it counts as zero.
    pub fn interrupted(&self) -> Entry {
        let mut entry =
            Entry::new(self.id, self.arrived_us, Arc::clone(&self.facts), Arc::clone(&self.decision));
        entry.outcome = Outcome::Interrupted;
        if let Some(deployment) = &self.deployment {
            let usage = Usage { input_uncached: self.facts.estimated_input_tokens, ..Usage::default() };
            entry.deployment = Some(Arc::clone(deployment));
            entry.attempts.push(AttemptRecord::started(Arc::clone(deployment), 0));
            entry.book(0, usage, UsageSource::Estimated, self.prices.as_deref());
        }
        entry
    }
}
