//! How a target stands, in words and numbers: for `routes`, metrics, readiness and the console. Made when read.

use std::fmt;

use serde::Serialize;

use crate::breaker::{Look, Why};
use crate::cell::Cell;
use crate::instant::Instant;
use crate::reason::Reason;

/// A snapshot of one target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Health {
    /// In one word.
    pub state: State,
    /// Why it is not asked, and for how long; for a deployment also what stands against its provider.
    pub reason: Option<Reason>,
    /// The weighted share of recent attempts that failed, `0.0 ..= 1.0`; 1 while it is not asked.
    pub failure_rate: f64,
    /// Attempts in flight.
    pub in_flight: u64,
    /// Attempts that the retry budget would allow while it is unhealthy.
    pub retry_tokens: f64,
    /// Weighted mean time to the first token of streams, in milliseconds.
    pub time_to_first_token_ms: Option<f64>,
    /// Weighted mean time of whole answers, in milliseconds.
    pub total_time_ms: Option<f64>,
}

/// The state of a target. A bounded set, fit for a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is asked.
    Healthy,
    /// It failed of late; the next request finds out whether it is back.
    Due,
    /// It failed of late; a request is finding out whether it is back.
    Probing,
    /// It failed too often of late and is not asked.
    Open,
    /// It fails for a reason that a person must mend, and is not asked.
    Benched,
    /// It asked for quiet, and is not asked.
    RateLimited,
}

impl State {
    /// Every state there is.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Due, Self::Probing, Self::Open, Self::Benched, Self::RateLimited];

    /// A stable code for records and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Due => "due",
            Self::Probing => "probing",
            Self::Open => "open",
            Self::Benched => "benched",
            Self::RateLimited => "rate_limited",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RateLimited => "rate limited",
            _ => self.as_str(),
        })
    }
}

impl Health {
    /// Whether the next request may be sent there.
    pub const fn is_available(&self) -> bool {
        matches!(self.state, State::Healthy | State::Due)
    }

    pub(crate) fn of(cell: &Cell, provider: Option<&Cell>, now: Instant) -> Self {
        let (state, reason) = match standing(cell, provider, now) {
            Standing::Ready => (State::Healthy, None),
            Standing::Due(_) => (State::Due, None),
            Standing::Against(reason) => (state_of(&reason), Some(reason)),
        };
        Self {
            state,
            reason,
            failure_rate: cell.failure_rate(),
            in_flight: cell.in_flight(),
            retry_tokens: cell.tokens(now),
            time_to_first_token_ms: cell.time_to_first_token_ms(),
            total_time_ms: cell.total_time_ms(),
        }
    }
}

const fn state_of(reason: &Reason) -> State {
    match reason {
        Reason::Benched { .. } => State::Benched,
        Reason::ProbeTaken { .. } => State::Probing,
        Reason::RateLimited { .. } => State::RateLimited,
        _ => State::Open,
    }
}

/// What the words of a target and its provider come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ready,
    Due(Why),
    Against(Reason),
}

/// How a deployment stands now, slots apart. The provider's troubles come first: they are the wider ones.
pub(crate) fn standing(deployment: &Cell, provider: Option<&Cell>, now: Instant) -> Standing {
    let quiet_ms = deployment.quiet_ms(now);
    if quiet_ms > 0 {
        return Standing::Against(Reason::RateLimited { wait_ms: quiet_ms });
    }
    let looks = [provider.map_or(Look::Ready, |provider| provider.look(now)), deployment.look(now)];
    let mut due = None;
    for look in looks {
        match look {
            Look::Ready => {}
            Look::Due(why) => due = due.or(Some(why)),
            Look::Shut(shut) => return Standing::Against(shut.into()),
        }
    }
    due.map_or(Standing::Ready, Standing::Due)
}
