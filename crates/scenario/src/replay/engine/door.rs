//! What suppliers let in: limits that refuse what is above them and queues, of their own or of the whole account.

use std::time::Duration;

use wire::Failure;

use super::fate::Counts;
use crate::replay::estate::{Backing, PlayedEstate};
use crate::replay::flow::{Backlog, Bucket};
use crate::replay::tally::{LimitTally, Measured};

/// The doors of all deployments.
pub(super) struct Doors<'a> {
    estate: &'a PlayedEstate,
    limits: Vec<Limits>,
    /// By deployment, whose requests and whose tokens of [`Self::limits`] it draws from.
    draws: Vec<[usize; 2]>,
    /// By deployment, attempts that were turned away for each; what it refuses besides is how it usually is.
    turned_away: Vec<[u64; 2]>,
}

#[derive(Debug, Clone)]
struct Limits {
    requests: Bucket,
    tokens: Bucket,
    backlog: Backlog,
    minutes: [Minute; 2],
}

/// What was asked of a limit in the minute under way, and in the one in which most was asked for what it lets in; of those
/// in which it turned somebody away.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    number: u64,
    asked: f64,
    turned_away: bool,
    worst: (f64, f64),
}

impl Minute {
    fn note(&mut self, amount: f64, lets_in: f64, now: u64, is_refused: bool) {
        let number = now / 60_000;
        if number != self.number {
            *self = Self { number, worst: self.worst, ..Self::default() };
        }
        self.asked += amount;
        self.turned_away |= is_refused;
        let (asked, let_in) = self.worst;
        if self.turned_away && self.asked * let_in >= asked * lets_in {
            self.worst = (self.asked, lets_in);
        }
    }
}

impl<'a> Doors<'a> {
    pub(super) fn new(estate: &'a PlayedEstate) -> Self {
        let limits = estate.backing.iter().map(|backing| Limits {
            requests: Bucket::full(backing.requests_per_minute.unwrap_or(0.0)),
            tokens: Bucket::full(backing.tokens_per_minute.unwrap_or(0.0)),
            backlog: Backlog::default(),
            minutes: [Minute::default(); 2],
        });
        let deployments = estate.deployments.len();
        Self {
            estate,
            limits: limits.collect(),
            draws: (0..deployments).map(|index| draws(estate, index)).collect(),
            turned_away: vec![[0; 2]; deployments],
        }
    }

    /// Past limits and queue: how long it waits, or how it is refused. `share`: of its limits that are left.
    #[expect(clippy::cast_precision_loss, reason = "tokens")]
    pub(super) fn let_in(
        &mut self,
        deployment: usize,
        counts: Counts,
        share: f64,
        now: u64,
    ) -> Result<f64, Failure> {
        let backing = &self.estate.backing[deployment];
        let [requests_of, tokens_of] = self.draws[deployment];
        let turned_away = &mut self.turned_away[deployment];
        let mut told = |limits: &mut Limits, of: Measured, amount: f64, lets_in: f64, is_refused: bool| {
            turned_away[of as usize] += u64::from(is_refused);
            limits.minutes[of as usize].note(amount, lets_in, now, is_refused);
        };
        // Suppliers say it in whole seconds.
        let refused = |wait_ms: u64| Failure::RateLimited {
            retry_after: Some(Duration::from_secs(wait_ms.div_ceil(1_000))),
        };
        if let Some(limit) = backing.requests_per_minute {
            let (limits, lets_in) = (&mut self.limits[requests_of], limit * share);
            let taken = limits.requests.take(1.0, lets_in, now);
            told(limits, Measured::Requests, 1.0, lets_in, taken.is_err());
            taken.map_err(refused)?;
        }
        let tokens = (counts.input + counts.output) as f64;
        if let Some(limit) = backing.tokens_per_minute {
            let (limits, lets_in) = (&mut self.limits[tokens_of], limit * share);
            let taken = limits.tokens.take(tokens, lets_in, now);
            told(limits, Measured::Tokens, tokens, lets_in, taken.is_err());
            taken.map_err(refused)?;
        }
        let Some(capacity) = backing.works_off_per_minute else { return Ok(0.0) };
        let (limits, works_off) = (&mut self.limits[tokens_of], capacity * share);
        let waits = limits.backlog.add(tokens, works_off, now);
        told(limits, Measured::Tokens, tokens, works_off, waits.is_none());
        waits.ok_or(Failure::Overloaded { retry_after: None })
    }

    /// How each limit of a deployment was hit: requests, tokens.
    pub(super) fn tally(&self, deployment: usize) -> [LimitTally; 2] {
        [Measured::Requests, Measured::Tokens].map(|of| {
            let limits = &self.limits[self.draws[deployment][of as usize]];
            let (asked, lets_in) = limits.minutes[of as usize].worst;
            LimitTally { of, turned_away: self.turned_away[deployment][of as usize], asked, lets_in }
        })
    }
}

/// Whose requests and whose tokens a deployment draws from: its own, or with others of its account the first one's.
fn draws(estate: &PlayedEstate, deployment: usize) -> [usize; 2] {
    let account = estate.deployments[deployment].provider;
    let first = |shares: fn(&Backing) -> bool| {
        let with =
            |other: &usize| estate.deployments[*other].provider == account && shares(&estate.backing[*other]);
        let first = (0..deployment).find(with);
        first.filter(|_| shares(&estate.backing[deployment])).unwrap_or(deployment)
    };
    [first(|backing| backing.shares_requests), first(|backing| backing.shares_tokens)]
}
