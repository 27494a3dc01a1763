//! A request's way through its plan: who is asked next, at what cost, and when to stop. The same for live traffic and for
//! replay.
//!
//! 1. Whoever was planned as healthy or due, in order.
//! 2. Whoever failed in a way that may pass by itself, once more, while it is still held for healthy, and after a pause:
//!    what passes by itself takes a moment. So a route with one supplier also hides a lost connection, and 3 % of errors
//!    become one in a thousand.
//! 3. Whoever is in trouble, as a last resort: each costs a token.
//!
//! At most `max_attempts` in all.

use std::borrow::Borrow;
use std::time::Duration;

use smallvec::SmallVec;
use wire::{Broken, Failure};

use crate::claim::{Cost, Permit, claim};
use crate::deployment::DeploymentIndex;
use crate::dice::Dice;
use crate::health::{Standing, standing};
use crate::instant::Instant;
use crate::plan::{Candidate, Plan};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::world::View;

/// How long the first pause before asking the same deployment again is, half of it more or less; each further one is
/// twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Where a request stands in its plan.
///
/// Loop over [`Walk::next`]; after a failed attempt tell [`Walk::failed`] (and [`crate::observe`], for all others).
///
/// It borrows its plan, or owns it where nothing outlives it: a replay keeps thousands of them under way.
#[derive(Debug)]
pub struct Walk<'a, P = &'a Plan> {
    plan: P,
    policy: &'a Policy,
    /// Position in the plan, of those planned as healthy.
    position: usize,
    /// Position in the plan, of the last resorts.
    last_position: usize,
    /// Failed, and worth another try.
    again: SmallVec<[Candidate; 4]>,
    /// Whom the last attempt was allowed at.
    claimed: Option<(Pass, Candidate)>,
    /// Comes next, whatever else does.
    postponed: Option<(Pass, Candidate)>,
    /// Planned as healthy, found unhealthy.
    fallen: SmallVec<[Candidate; 4]>,
    attempts: u32,
    cost: Cost,
    /// Pauses taken, and whether the last was taken just now.
    pauses: u32,
    rested: bool,
    dice: Dice,
    /// A window of this many tokens was too small.
    outgrown: Option<u64>,
    over: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Turn {
    /// This attempt may be made.
    Attempt(Permit),
    /// This candidate was refused; go on to the next turn.
    Refused(DeploymentIndex, Reason),
    /// Whoever comes next has failed this request before: let so much time pass, then go on to the next turn.
    Pause(Duration),
}

/// The three parts of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Planned,
    Again,
    LastResort,
}

impl<'a, P: Borrow<Plan>> Walk<'a, P> {
    /// A request at the beginning of its plan. `dice` decide how long its pauses are, so that requests that failed
    /// together do not come back together.
    pub fn new(plan: P, policy: &'a Policy, dice: Dice) -> Self {
        Self {
            plan,
            policy,
            position: 0,
            last_position: 0,
            again: SmallVec::new(),
            claimed: None,
            postponed: None,
            fallen: SmallVec::new(),
            attempts: 0,
            cost: Cost::First,
            pauses: 0,
            rested: false,
            dice,
            outgrown: None,
            over: false,
        }
    }

    /// Whose way this is.
    pub fn plan(&self) -> &Plan {
        self.plan.borrow()
    }

    /// Attempts made so far.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next turn; `None` when nobody is left or all attempts are made.
    pub fn next(&mut self, view: &View<'_>, now: Instant) -> Option<Turn> {
        while !self.over && self.attempts < self.policy.max_attempts {
            let postponed = self.postponed.take();
            self.rested |= postponed.is_some();
            let (pass, candidate) = postponed.or_else(|| self.next_candidate(view))?;
            if pass == Pass::Again && !self.rested {
                if is_fallen(view, candidate.deployment, now) {
                    continue;
                }
                self.again.insert(0, candidate);
                return Some(Turn::Pause(self.pause()));
            }
            self.rested = false;
            let cost = std::mem::replace(&mut self.cost, Cost::Further);
            match claim(view, self.policy, &candidate, cost, now) {
                Ok(permit) => {
                    self.attempts += 1;
                    self.claimed = Some((pass, candidate));
                    return Some(Turn::Attempt(permit));
                }
                // It has just failed; that it is not asked again is no news.
                Err(_) if pass == Pass::Again => {}
                Err(reason) => {
                    if pass == Pass::Planned && reason.is_unhealthy() {
                        self.fallen.push(Candidate { trouble: Some(reason), ..candidate });
                    }
                    return Some(Turn::Refused(candidate.deployment, reason));
                }
            }
        }
        None
    }

    /// The attempt that the last turn allowed was not made: the request cannot be said there. It counts for nothing.
    pub fn unmade(&mut self) {
        self.attempts -= 1;
        if self.attempts == 0 {
            self.cost = Cost::First;
        }
    }

    /// The attempt that the last turn allowed waits for something else, which may take long: `permit` is given back, for
    /// others to use, and the same candidate is the next again, if it can still be had then.
    pub fn postpone(&mut self, permit: Permit) {
        drop(permit);
        self.attempts -= 1;
        if self.attempts == 0 {
            self.cost = Cost::Resumed;
        }
        self.postponed = self.claimed.take();
    }

    /// The attempt at `deployment` failed, before anything reached the client.
    pub fn failed(&mut self, view: &View<'_>, deployment: DeploymentIndex, failure: Failure) {
        self.over |= !failure.tries_next();
        if failure == Failure::ContextExceeded {
            let window = view.deployments[deployment.at()].context_window;
            self.outgrown = self.outgrown.max(window);
        }
        if may_pass(failure) {
            let planned =
                self.plan.borrow().candidates.iter().find(|candidate| candidate.deployment == deployment);
            // As healthy: it is refused, for nothing, if it is no longer.
            self.again.extend(planned.map(|candidate| Candidate { trouble: None, ..*candidate }));
        }
    }

    /// What the last attempt at `deployment` failed of does not pass: this request asks it no more.
    pub fn give_up(&mut self, deployment: DeploymentIndex) {
        self.again.retain(|candidate| candidate.deployment != deployment);
    }

    fn pause(&mut self) -> Duration {
        let pause = FIRST_PAUSE * 2_u32.saturating_pow(self.pauses);
        self.pauses += 1;
        self.rested = true;
        pause.mul_f64(0.5 + self.dice.unit_f64())
    }

    fn next_candidate(&mut self, view: &View<'_>) -> Option<(Pass, Candidate)> {
        loop {
            let next = self.planned().or_else(|| self.again()).or_else(|| self.last_resort())?;
            if self.is_large_enough(view, next.1.deployment) {
                return Some(next);
            }
        }
    }

    fn planned(&mut self) -> Option<(Pass, Candidate)> {
        let asked = |candidate: &Candidate| candidate.is_eligible() && !candidate.is_last_resort();
        Some((Pass::Planned, advance(&self.plan.borrow().candidates, &mut self.position, asked)?))
    }

    fn again(&mut self) -> Option<(Pass, Candidate)> {
        (!self.again.is_empty()).then(|| (Pass::Again, self.again.remove(0)))
    }

    fn last_resort(&mut self) -> Option<(Pass, Candidate)> {
        let kept_back = |candidate: &Candidate| candidate.is_eligible() && candidate.is_last_resort();
        let fallen = self.fallen.pop();
        let next =
            fallen.or_else(|| advance(&self.plan.borrow().candidates, &mut self.last_position, kept_back))?;
        Some((Pass::LastResort, next))
    }

    fn is_large_enough(&self, view: &View<'_>, deployment: DeploymentIndex) -> bool {
        let Some(outgrown) = self.outgrown else { return true };
        view.deployments[deployment.at()].context_window.is_none_or(|window| window > outgrown)
    }
}

/// Whether `deployment`, which was held for healthy, would now be refused.
fn is_fallen(view: &View<'_>, deployment: DeploymentIndex, now: Instant) -> bool {
    let (cell, provider) = (view.world.deployment(deployment), view.world.provider_of(deployment));
    matches!(standing(cell, Some(provider), now), Standing::Against(_))
}

/// The next of `candidates` from `position` on that is `wanted`.
fn advance(
    candidates: &[Candidate],
    position: &mut usize,
    wanted: impl Fn(&Candidate) -> bool,
) -> Option<Candidate> {
    let found = candidates[*position..].iter().position(wanted).map(|offset| *position + offset);
    *position = found.map_or(candidates.len(), |found| found + 1);
    found.map(|found| candidates[found])
}

/// Whether the same supplier may well serve the same request a moment later. One that is overloaded, slow or asks for
/// quiet is not helped by another request.
const fn may_pass(failure: Failure) -> bool {
    match failure {
        Failure::Server | Failure::Unreachable | Failure::ForeignProof | Failure::NoRoom => true,
        Failure::Broken(broken) => !matches!(broken, Broken::TooLong | Broken::Packed),
        Failure::Client
        | Failure::Credential
        | Failure::Quota
        | Failure::RateLimited { .. }
        | Failure::Overloaded { .. }
        | Failure::ModelMissing
        | Failure::ContextExceeded
        | Failure::BodyTooLarge
        | Failure::AnswerUnsayable
        | Failure::Timeout => false,
    }
}

#[cfg(test)]
mod tests;
