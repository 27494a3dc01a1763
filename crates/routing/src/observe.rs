//! Learning from an attempt: the only way in which the world changes after a claim.

use std::time::Duration;

use wire::{Blame, Failure};

use crate::breaker::{Event, Why};
use crate::cell::Change;
use crate::claim::Permit;
use crate::instant::Instant;

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It served.
    Success {
        /// From the claim to the first content of a stream, in milliseconds; `None` for a plain answer.
        ttft_ms: Option<u64>,
        /// From the claim to the end, in milliseconds.
        total_ms: u64,
    },
    /// It did not.
    Failed(Failure),
    /// We gave it up before it said anything, or the client left: nothing is learnt.
    Abandoned,
}

/// Takes the permit back and learns from the outcome. Says what that did to the breakers of the provider and the deployment.
pub fn observe(mut permit: Permit, outcome: Outcome, now: Instant) -> [Option<Change>; 2] {
    let (deployment, provider) = meaning(outcome);
    let changes = permit.report(deployment, provider, now);
    match outcome {
        Outcome::Success { ttft_ms, total_ms } => {
            if let Some(ttft_ms) = ttft_ms {
                permit.cell().timed_first_token(ttft_ms);
            }
            permit.cell().timed_total(total_ms);
        }
        Outcome::Failed(failure) => {
            if failure.blame() != Blame::None {
                permit.pay_for_failure(now);
            }
            if let Some(floor) = floor(failure) {
                permit.cell().quieten(floor, now);
            }
        }
        Outcome::Abandoned => {}
    }
    changes
}

/// What an outcome says of the deployment and of its provider.
///
/// A provider's breaker knows only of reaching it and being let in; how its models do is their own breakers' matter.
fn meaning(outcome: Outcome) -> (Event, Event) {
    let failure = match outcome {
        Outcome::Success { .. } => return (Event::Good, Event::Good),
        Outcome::Abandoned => return (Event::Nothing, Event::Nothing),
        Outcome::Failed(failure) => failure,
    };
    match failure {
        Failure::Client | Failure::ContextExceeded | Failure::BodyTooLarge | Failure::ForeignProof => {
            (Event::Nothing, Event::Reached)
        }
        // Nothing was heard of either.
        Failure::NoRoom => (Event::Nothing, Event::Nothing),
        // The supplier did what it was asked for.
        Failure::AnswerUnsayable => (Event::Good, Event::Good),
        Failure::Credential => (Event::Nothing, Event::Bad(Why::Credential)),
        Failure::Quota => (Event::Nothing, Event::Bad(Why::Quota)),
        Failure::ModelMissing => (Event::Bad(Why::ModelMissing), Event::Reached),
        // A floor says when to come back; that is all there is to know of it.
        Failure::RateLimited { .. } if floor(failure).is_some() => (Event::Nothing, Event::Reached),
        Failure::RateLimited { .. } | Failure::Overloaded { .. } | Failure::Server | Failure::Broken(_) => {
            (Event::Bad(Why::Failing), Event::Reached)
        }
        Failure::Unreachable => (Event::Bad(Why::Unreachable), Event::Bad(Why::Unreachable)),
        // It may be the way there or the model; only the latter is sure to matter.
        Failure::Timeout => (Event::Bad(Why::Failing), Event::Nothing),
    }
}

/// The quiet that the supplier asked for; "at once" is none.
fn floor(failure: Failure) -> Option<Duration> {
    failure.retry_after().filter(|floor| !floor.is_zero())
}

#[cfg(test)]
mod tests;
