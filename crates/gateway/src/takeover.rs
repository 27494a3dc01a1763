//! The attempt loop: candidate after candidate, until one begins to answer. The client notices none of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use routing::{DeploymentIndex, Dice, Plan, Turn, View, Walk};
use tokio::time::{Instant, sleep};
use wire::conversation::{Loss, TranslateError};
use wire::{ErrorKind, Failure};

use crate::attempt::{ErrorAnswer, Failed, Started, attempt};
use crate::call::Call;
use crate::choose;
use crate::media;
use crate::outlet::Outlet;
use crate::pace::after;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::speech::Speech;

/// When a client may come back that met a machine without file descriptors: those of others' requests are given back.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(1);

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
    let mut walk = Walk::new(&call.plan, call.policy(), Dice::new(call.dice_seed).fork());
    let mut said = Said::default();
    let eligible = eligible(call);
    loop {
        let now = Instant::now();
        if now >= call.deadline {
            break;
        }
        let Some(turn) = walk.next(&view, call.room.shared.clock.world(now)) else { break };
        let permit = match turn {
            Turn::Attempt(permit) => permit,
            Turn::Refused(deployment, reason) => {
                said.refused(deployment, reason);
                record.refused(deployment, reason);
                continue;
            }
            Turn::Pause(pause) if after(now, pause) < call.deadline => {
                // Nobody works for it, so a client that leaves now ends it.
                outlet.drain_if_abandoned(false);
                sleep(pause).await;
                continue;
            }
            Turn::Pause(_) => break,
        };
        let deployment = permit.deployment();
        let speech = match Speech::new(call, deployment) {
            Ok(speech) => speech,
            Err(error) if error.is_of_media() && media::may_help(call) => {
                // Others may use the supplier meanwhile, and nobody works for this request. Boxed: few need room for it.
                walk.postpone(permit);
                outlet.drain_if_abandoned(false);
                Box::pin(media::fetch(call)).await;
                continue;
            }
            Err(TranslateError::Malformed { path, what }) => return Err(malformed(path, what)),
            Err(error) => {
                walk.unmade();
                let words = unsayable(call, &error);
                record.unsayable(deployment, &words);
                said.unsayable(deployment, words, &error);
                continue;
            }
        };
        // A supplier that bills on whatever we do is heard to the end, so that its bill is known.
        let provider = call.snapshot.provider_of(deployment);
        outlet.drain_if_abandoned(provider.stops_billing_on_abort == Some(false));
        let trace = record.begin(permit, now);
        let others_left = walk.attempts() < call.policy().max_attempts.min(eligible);
        let failed = match attempt(call, deployment, speech, &trace, others_left).await {
            Ok(started) => return Ok(Serving { deployment, attempts: walk.attempts(), started }),
            Err(failed) => failed,
        };
        record.failed(&failed);
        if wants_second_opinion(call, record, deployment, failed.failure) {
            said.failed(call, deployment, failed);
            continue;
        }
        learn(&mut walk, &view, deployment, &failed);
        match failed {
            Failed { failure: Failure::Client, answer: Some(answer), .. } => {
                let ErrorAnswer { status, headers, body } = *answer;
                return Err(Nobody::Wrong { deployment, attempts: walk.attempts(), status, headers, body });
            }
            failed => said.failed(call, deployment, failed),
        }
        if outlet.client_left() {
            break;
        }
    }
    Err(said.into_nobody(call, walk.attempts()))
}

/// Whom to ask next hangs on what became of this attempt.
fn learn(walk: &mut Walk<'_, &Plan>, view: &View<'_>, deployment: DeploymentIndex, failed: &Failed) {
    walk.failed(view, deployment, failed.failure);
    if failed.is_lasting {
        walk.give_up(deployment);
    }
}

/// How many candidates could be asked as far as the plan knows.
fn eligible(call: &Call) -> u32 {
    let eligible = call.plan.candidates.iter().filter(|candidate| candidate.is_eligible());
    u32::try_from(eligible.count()).unwrap_or(u32::MAX)
}

/// The client's request is at fault.
const fn malformed(path: String, what: &'static str) -> Nobody {
    Nobody::Spent { refusal: Refusal::Malformed { path, what }, failure: Some(Failure::Client) }
}

/// Why a deployment cannot be told the request; and, where fetched media would have changed that, why there is none.
fn unsayable(call: &Call, error: &TranslateError) -> String {
    match &*call.fetched.borrow() {
        Some(Err(not_fetched)) if error.is_of_media() => format!("{error}; {not_fetched}"),
        _ => error.to_string(),
    }
}

/// What a failure changes for whoever is asked next; whether it is no verdict on the request, although it sounds like one.
fn wants_second_opinion(
    call: &Call,
    record: &Record<'_>,
    deployment: DeploymentIndex,
    failure: Failure,
) -> bool {
    match failure {
        Failure::ForeignProof => {
            call.leaves_proofs_out.set(true);
            false
        }
        Failure::Client if call.is_translated(deployment) => {
            call.translation_refused(deployment);
            // Who speaks the client's own protocol can tell whether the request was wrong, or its translation; and so can
            // who is told it in other words.
            let protocol = |deployment| call.codec_of(deployment).protocol();
            is_left(call, record, |other| {
                !call.is_translated(other) || protocol(other) != protocol(deployment)
            })
        }
        // The members that belong to a beta feature went there without it.
        Failure::Client if !takes_betas(call, deployment) => {
            is_left(call, record, |other| !call.is_translated(other) && takes_betas(call, other))
        }
        _ => false,
    }
}

/// Whether the deployment's host takes all beta features that the client asks for.
fn takes_betas(call: &Call, deployment: DeploymentIndex) -> bool {
    call.client_headers.has_all_betas(&call.snapshot.provider_of(deployment).betas)
}

/// Whether somebody of that kind has not been asked yet.
fn is_left(call: &Call, record: &Record<'_>, kind: impl Fn(DeploymentIndex) -> bool) -> bool {
    let eligible = call.plan.candidates.iter().filter(|candidate| candidate.is_eligible());
    eligible
        .map(|candidate| candidate.deployment)
        .filter(|deployment| !record.has_tried(*deployment))
        .any(kind)
}

/// What came of each candidate, for the error's words.
#[derive(Debug, Default)]
struct Said {
    /// Each deployment once, with the last that was heard of it.
    words: Vec<(DeploymentIndex, String)>,
    last: Option<Failure>,
    kind: Option<ErrorKind>,
    wait: Option<Duration>,
    /// Who said that the request is too large for it, as long as nothing else was said.
    outgrown: Option<(DeploymentIndex, Box<ErrorAnswer>)>,
    /// Whether somebody could have been told, had the request the whole conversation in it.
    wants_all: bool,
}

impl Said {
    fn refused(&mut self, deployment: DeploymentIndex, reason: routing::Reason) {
        // What it did when it was asked says more.
        if !self.words.iter().any(|(known, _)| *known == deployment) {
            self.words.push((deployment, reason.to_string()));
        }
        self.wait = shorter(self.wait, reason.wait());
        self.outgrown = None;
        let kind = match reason {
            routing::Reason::RateLimited { .. } => ErrorKind::RateLimited,
            _ => ErrorKind::Overloaded,
        };
        self.kind.get_or_insert(kind);
    }

    /// Its protocol has no words for the request.
    fn unsayable(&mut self, deployment: DeploymentIndex, words: String, error: &TranslateError) {
        self.wants_all |= error.is_of_thread();
        self.words.push((deployment, words));
        self.kind.get_or_insert(ErrorKind::InvalidRequest);
        self.outgrown = None;
    }

    fn failed(&mut self, call: &Call, deployment: DeploymentIndex, failed: Failed) {
        let Failed { failure, is_lasting: _, answer, unsayable } = failed;
        let lost = unsayable.iter().map(|Loss { what, why }| format!("; `{what}`: {why}"));
        let said = lost.fold(failure.to_string(), |said, lost| said + &lost);
        let only_too_large =
            failure == Failure::ContextExceeded && (self.words.is_empty() || self.outgrown.is_some());
        self.outgrown = answer.filter(|_| only_too_large).map(|answer| (deployment, answer));
        match self.words.iter_mut().find(|(known, _)| *known == deployment) {
            Some((_, words)) => *words = said,
            None => self.words.push((deployment, said)),
        }
        // What the world made of it, which is never sooner than the supplier asked: it is what the next try meets.
        let health = call.snapshot.world.health(deployment, call.now());
        let benched = health.reason.and_then(|reason| reason.wait());
        self.wait =
            shorter(self.wait, failure.retry_after().map(|floor| benched.unwrap_or(floor).max(floor)));
        if failure == Failure::NoRoom {
            self.wait = shorter(self.wait, Some(WAIT_FOR_ROOM));
        }
        self.last = Some(failure);
        self.kind = Some(match failure {
            Failure::RateLimited { .. } => ErrorKind::RateLimited,
            Failure::Timeout => ErrorKind::Timeout,
            Failure::BodyTooLarge => ErrorKind::TooLarge,
            Failure::ContextExceeded | Failure::Client | Failure::ForeignProof | Failure::AnswerUnsayable => {
                ErrorKind::InvalidRequest
            }
            Failure::Overloaded { .. } | Failure::NoRoom => ErrorKind::Overloaded,
            _ => self.kind.unwrap_or(ErrorKind::Overloaded),
        });
    }

    fn into_nobody(self, call: &Call, attempts: u32) -> Nobody {
        // Programs look for a supplier's own words for it, to shorten the conversation and come back.
        if let Some((deployment, answer)) = self.outgrown {
            let ErrorAnswer { status, headers, body } = *answer;
            return Nobody::Wrong { deployment, attempts, status, headers, body };
        }
        let route = &call.route().name;
        let refusal = match self.kind {
            _ if self.wants_all => Refusal::NoThread,
            None if Instant::now() >= call.deadline => Refusal::TookTooLong,
            None => choose::no_candidate(&call.snapshot, route, &call.asked.model, &call.plan),
            Some(kind) => {
                let name = |deployment| &call.snapshot.deployment(deployment).name;
                let words =
                    self.words.iter().map(|(deployment, words)| format!("{}: {words}", name(*deployment)));
                Refusal::Spent {
                    route: Arc::clone(route),
                    reasons: words.collect::<Vec<_>>().join("; "),
                    kind,
                    retry_after: self.wait,
                    attempts,
                }
            }
        };
        Nobody::Spent { refusal, failure: self.last }
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
