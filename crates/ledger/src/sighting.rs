//! An entry as far as sums need it: what a store can hand over without reading its document.

use std::sync::Arc;

use catalogue::{Money, Usage};

use crate::attempt::CandidateRecord;
use crate::facts::RequestFacts;

/// What many entries share: who asked for what. Its facts lack what differs from request to request (sizes, hashes,
/// seeds, retries, tags), which stands at the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Who asked for what.
    pub facts: RequestFacts,
    /// Who could have served; empty where that differs from request to request.
    pub decision: Vec<CandidateRecord>,
}

/// What one settlement adds up to.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Which of the heads handed over before.
    pub head: usize,
    /// When it arrived, in microseconds since 1970.
    pub arrived_us: i64,
    /// [`Outcome::code`](crate::Outcome::code).
    pub outcome: u8,
    /// Who served it, or was the last to try.
    pub deployment: Option<&'a str>,
    /// What all attempts used.
    pub usage: Usage,
    /// Whether that is, in part or in whole, our own guess.
    pub estimated: bool,
    /// What that cost; `None` is unpriced.
    pub cost: Option<Money>,
    /// Tokens of the prompt as they were estimated beforehand.
    pub estimated_input_tokens: u64,
    /// The most output tokens that the request allowed.
    pub max_tokens: Option<u64>,
    /// Where the usage belongs to others than `deployment`: whose it is. Else empty.
    pub shares: &'a [UsageShare],
    /// Deployments that were passed over because the request cannot be said in their protocol.
    pub unsayable: &'a [Arc<str>],
}

/// What one attempt of a request used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageShare {
    /// Where.
    pub deployment: Arc<str>,
    /// How much.
    pub usage: Usage,
    /// What that cost; `None` is unpriced.
    pub cost: Option<Money>,
}

/// Takes what a store hands over, in the order of the journal.
pub trait Witness {
    /// What the sightings to come may name; numbered from 0 in the order of handing over.
    fn head(&mut self, head: Head);

    /// One settled request.
    fn sighting(&mut self, sighting: &Sighting<'_>);

    /// A correction of earlier money: the difference, where the request was served.
    fn correction(&mut self, product: &str, deployment: Option<&str>, difference: Money);
}
