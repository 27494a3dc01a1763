//! Taking a candidate, at the moment of dialling: a slot, where it is unhealthy the one probe or a token.
//!
//! What was true in the plan may no longer be. A claim is decided on the words as they are now, one winner per word.

use std::sync::Arc;

use crate::breaker::{Event, Ticket};
use crate::cell::{Cell, Change};
use crate::deployment::DeploymentIndex;
use crate::health::{Standing, standing};
use crate::instant::{Instant, millis};
use crate::plan::Candidate;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::world::View;

/// Whether a claim is the first that a request makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// It is: the request pays into its target's retry budget.
    First,
    /// It is not, whether the one before was refused or failed.
    Further,
    /// It is the first once more, given back in between: the request has paid already.
    Resumed,
}

/// The right to one attempt. To be handed to [`crate::observe`] with how it went; dropped instead, the attempt counts
/// as abandoned: slot and probe are given back, nobody is blamed.
#[derive(Debug)]
#[must_use = "dropping it abandons the attempt"]
pub struct Permit {
    index: DeploymentIndex,
    deployment: Arc<Cell>,
    provider: Arc<Cell>,
    deployment_ticket: Ticket,
    provider_ticket: Ticket,
    last_resort: Option<Price>,
    reported: bool,
    began: Instant,
}

/// When a last resort is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Price {
    /// With the claim.
    Paid,
    /// If it fails.
    OnFailure,
}

impl Permit {
    /// Whom it is for.
    pub const fn deployment(&self) -> DeploymentIndex {
        self.index
    }

    /// Whether this attempt finds out if an unhealthy target is back.
    pub const fn is_probe(&self) -> bool {
        self.deployment_ticket.is_probe() || self.provider_ticket.is_probe()
    }

    /// Whether this attempt goes to an unhealthy target because nobody else was left.
    pub const fn is_last_resort(&self) -> bool {
        self.last_resort.is_some()
    }

    /// The supplier has begun to answer: the first content is there. To be told early, since an answer can take
    /// minutes and a breaker that this attempt probes need not wait for its end. Optional, and harmless if told twice.
    ///
    /// Says what that did to the breakers of its provider and its deployment.
    pub fn begun_well(&mut self, now: Instant) -> [Option<Change>; 2] {
        [
            well(&self.provider, &mut self.provider_ticket, now),
            well(&self.deployment, &mut self.deployment_ticket, now),
        ]
    }

    /// What came of it, for both breakers; what that did to the provider's and to the deployment's.
    pub(crate) fn report(&mut self, deployment: Event, provider: Event, now: Instant) -> [Option<Change>; 2] {
        self.reported = true;
        [
            self.provider.report(self.provider_ticket, provider, now),
            self.deployment.report(self.deployment_ticket, deployment, now),
        ]
    }

    /// The target failed. What was let through on credit is now paid.
    pub(crate) fn pay_for_failure(&self, now: Instant) {
        if self.last_resort == Some(Price::OnFailure) {
            // Others may have spent what was there when this one was let through.
            let _paid = self.deployment.take_token(now);
        }
    }

    pub(crate) fn cell(&self) -> &Cell {
        &self.deployment
    }
}

/// Closes the breaker if it is not closed, and stays with it: a break later in the answer still counts.
fn well(cell: &Cell, ticket: &mut Ticket, now: Instant) -> Option<Change> {
    if cell.is_closed() {
        return None;
    }
    let change = cell.report(*ticket, Event::Good, now);
    *ticket = cell.renewed(*ticket);
    change
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.reported {
            // There is no clock here. The lease then ended when it began, so another may probe at once.
            self.report(Event::Nothing, Event::Nothing, self.began);
        }
        self.deployment.give_slot();
    }
}

/// Takes `candidate`, as the plan has it, for one attempt.
///
/// A target that was planned as healthy and no longer is, is refused: others may be. One that was planned as a last
/// resort costs a token of its retry budget: a request's further attempts at once, its first only if it fails. So what
/// is down gets a few tries, and the moment that it is back all first attempts go through, however long its answers
/// take; and even while everything hangs, it is one attempt a request and a fifth.
///
/// A floor that the supplier set (`Retry-After`) and its slots bind always.
pub fn claim(
    view: &View<'_>,
    policy: &Policy,
    candidate: &Candidate,
    cost: Cost,
    now: Instant,
) -> Result<Permit, Reason> {
    let index = candidate.deployment;
    let (deployment, provider) = (view.world.deployment(index), view.world.provider_of(index));
    if cost == Cost::First {
        deployment.pay(policy.retry_budget, now);
    }
    let quiet_ms = deployment.quiet_ms(now);
    if quiet_ms > 0 {
        return Err(Reason::RateLimited { wait_ms: quiet_ms });
    }
    if !deployment.take_slot(view.deployments[index.at()].max_in_flight) {
        return Err(Reason::NoSlot);
    }
    match let_through(deployment, provider, candidate, cost, now) {
        Ok((deployment_ticket, provider_ticket, last_resort)) => Ok(Permit {
            index,
            deployment: Arc::clone(deployment),
            provider: Arc::clone(provider),
            deployment_ticket,
            provider_ticket,
            last_resort,
            reported: false,
            began: now,
        }),
        Err(reason) => {
            deployment.give_slot();
            Err(reason)
        }
    }
}

/// The tickets for both breakers, and the price if it is a last resort.
fn let_through(
    deployment: &Cell,
    provider: &Cell,
    candidate: &Candidate,
    cost: Cost,
    now: Instant,
) -> Result<(Ticket, Ticket, Option<Price>), Reason> {
    match admitted(deployment, provider, now) {
        Ok((deployment_ticket, provider_ticket)) => Ok((deployment_ticket, provider_ticket, None)),
        Err(reason) if candidate.is_last_resort() => {
            let price = last_resort_price(deployment, cost, reason, now)?;
            Ok((deployment.last_resort(), provider.last_resort(), Some(price)))
        }
        Err(reason) => Err(reason),
    }
}

fn last_resort_price(target: &Cell, cost: Cost, reason: Reason, now: Instant) -> Result<Price, Reason> {
    let (price, affordable) = match cost {
        Cost::First | Cost::Resumed => (Price::OnFailure, target.tokens(now) >= 1.0),
        Cost::Further => (Price::Paid, target.take_token(now)),
    };
    let wait_ms = reason.wait().map_or(0, millis);
    if affordable { Ok(price) } else { Err(Reason::NoBudget { wait_ms }) }
}

/// What both breakers say.
fn admitted(deployment: &Cell, provider: &Cell, now: Instant) -> Result<(Ticket, Ticket), Reason> {
    // Looked at first, so that a probe is not taken and given back for nothing.
    match standing(deployment, Some(provider), now) {
        Standing::Against(reason) => Err(reason),
        Standing::Ready | Standing::Due(_) => admitted_by_both(deployment, provider, now),
    }
}

/// Both let it through, or neither keeps a probe for it.
fn admitted_by_both(deployment: &Cell, provider: &Cell, now: Instant) -> Result<(Ticket, Ticket), Reason> {
    let provider_ticket = provider.admit(now)?;
    match deployment.admit(now) {
        Ok(deployment_ticket) => Ok((deployment_ticket, provider_ticket)),
        Err(shut) => {
            provider.report(provider_ticket, Event::Nothing, now);
            Err(shut.into())
        }
    }
}

#[cfg(test)]
mod tests;
