//! The attempt loop: candidate after candidate, until one begins to answer. The client notices none of it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use routing::{DeploymentIndex, Turn, View, Walk};
use tokio::time::Instant;
use wire::{ErrorKind, Failure};

use crate::attempt::{ErrorAnswer, Failed, Started, attempt};
use crate::call::Call;
use crate::choose;
use crate::outlet::Outlet;
use crate::record::Record;
use crate::refusal::Refusal;

/// An answer that has begun, and who gives it.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) deployment: DeploymentIndex,
    pub(crate) attempts: u32,
    pub(crate) started: Started,
}

/// Why nobody answers.
#[derive(Debug)]
pub(crate) enum Nobody {
    /// The request is wrong, in a supplier's own words, which the client gets as they are.
    Wrong { deployment: DeploymentIndex, attempts: u32, status: StatusCode, headers: HeaderMap, body: Bytes },
    /// Nobody was left.
    Spent { refusal: Refusal, failure: Option<Failure> },
}

/// Tries the plan's candidates in turn, until the client has waited long enough: an attempt begun after that could only
/// fail, and its supplier would be blamed for it.
pub(crate) async fn begin(call: &Call, record: &Record<'_>, outlet: &Outlet) -> Result<Serving, Nobody> {
    let view = View { deployments: &call.snapshot.routing, world: &call.snapshot.world };
    let mut walk = Walk::new(&call.plan, call.policy());
    let mut said = Said::default();
    let eligible = call.plan.candidates.iter().filter(|candidate| candidate.is_eligible()).count();
    let eligible = u32::try_from(eligible).unwrap_or(u32::MAX);
    while Instant::now() < call.deadline {
        let Some(turn) = walk.next(&view, call.now()) else { break };
        let permit = match turn {
            Turn::Attempt(permit) => permit,
            Turn::Refused(deployment, reason) => {
                said.refused(call, deployment, reason);
                record.refused(deployment, reason);
                continue;
            }
        };
        let deployment = permit.deployment();
        // A supplier that bills on whatever we do is heard to the end, so that its bill is known.
        let provider = call.snapshot.provider_of(deployment);
        outlet.drain_if_abandoned(provider.stops_billing_on_abort == Some(false));
        let trace = record.begin(permit);
        let others_left = walk.attempts() < call.policy().max_attempts.min(eligible);
        let failed = match attempt(call, deployment, &trace, others_left).await {
            Ok(started) => return Ok(Serving { deployment, attempts: walk.attempts(), started }),
            Err(failed) => failed,
        };
        record.failed(failed.failure);
        walk.failed(&view, deployment, failed.failure);
        match failed {
            Failed { failure: Failure::Client, answer: Some(answer) } => {
                let ErrorAnswer { status, headers, body } = *answer;
                return Err(Nobody::Wrong { deployment, attempts: walk.attempts(), status, headers, body });
            }
            Failed { failure, .. } => said.failed(call, deployment, failure),
        }
        if outlet.client_left() {
            break;
        }
    }
    Err(said.into_nobody(call))
}

/// What came of each candidate, for the error's words.
#[derive(Debug, Default)]
struct Said {
    words: Vec<String>,
    last: Option<Failure>,
    kind: Option<ErrorKind>,
    wait: Option<std::time::Duration>,
}

impl Said {
    fn refused(&mut self, call: &Call, deployment: DeploymentIndex, reason: routing::Reason) {
        self.words.push(format!("{}: {reason}", call.snapshot.deployment(deployment).name));
        self.wait = shorter(self.wait, reason.wait());
        let kind = match reason {
            routing::Reason::RateLimited { .. } => ErrorKind::RateLimited,
            _ => ErrorKind::Overloaded,
        };
        self.kind.get_or_insert(kind);
    }

    fn failed(&mut self, call: &Call, deployment: DeploymentIndex, failure: Failure) {
        self.words.push(format!("{}: {failure}", call.snapshot.deployment(deployment).name));
        // What the world made of it, which is never sooner than the supplier asked: it is what the next try meets.
        let health = call.snapshot.world.health(deployment, call.now());
        let benched = health.reason.and_then(|reason| reason.wait());
        self.wait =
            shorter(self.wait, failure.retry_after().map(|floor| benched.unwrap_or(floor).max(floor)));
        self.last = Some(failure);
        self.kind = Some(match failure {
            Failure::RateLimited { .. } => ErrorKind::RateLimited,
            Failure::Timeout => ErrorKind::Timeout,
            Failure::ContextExceeded | Failure::Client => ErrorKind::InvalidRequest,
            Failure::Overloaded { .. } => ErrorKind::Overloaded,
            _ => self.kind.unwrap_or(ErrorKind::Overloaded),
        });
    }

    fn into_nobody(self, call: &Call) -> Nobody {
        let route = &call.route().name;
        let refusal = match self.kind {
            None if Instant::now() >= call.deadline => Refusal::TookTooLong,
            None => choose::no_candidate(&call.snapshot, route, &call.plan),
            Some(kind) => Refusal::Spent {
                route: std::sync::Arc::clone(route),
                reasons: self.words.join("; "),
                kind,
                retry_after: self.wait,
            },
        };
        Nobody::Spent { refusal, failure: self.last }
    }
}

fn shorter(
    one: Option<std::time::Duration>,
    other: Option<std::time::Duration>,
) -> Option<std::time::Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
