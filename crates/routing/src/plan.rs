//! Which candidates a request has, in which order, and why. Reads only; [`crate::claim`] is what takes.
//!
//! The order: first who may be asked, by the policy's preference; then who is in trouble, as a last resort; then who is
//! excluded. Two rules stand above preference:
//! - **A due breaker is asked at its place**, so that a healed first choice comes back, but a request meets at most one
//!   before a healthy candidate: finding out must not use up its attempts.
//! - **Those in trouble are shuffled**, by kind of trouble. Nobody knows which is back first, so each gets its share of
//!   the few last resorts.
//! - **What people decided comes first** ([`Posture`]): whom they left is excluded; whom they drain stands behind the
//!   healthy for the requests that it has lost; a watched first choice, or `keep_warm`, lifts a fallback now and then.

use smallvec::SmallVec;

use crate::deployment::{DeploymentIndex, Facts, RouteEntry};
use crate::dice::Dice;
use crate::eligible::obstacle;
use crate::health::{Standing as HealthStanding, standing};
use crate::instant::Instant;
use crate::policies::{self, Entries};
use crate::policy::{Policy, Prefer};
use crate::posture::{Posture, PostureKind, WATCH_KEEPS_WARM};
use crate::reason::Reason;
use crate::world::View;

/// A request's candidates: to be asked in this order, then the excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// All entries of the route, each once.
    pub candidates: SmallVec<[Candidate; 4]>,
}

/// A deployment considered for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub deployment: DeploymentIndex,
    /// Whether it can serve the request.
    pub standing: Standing,
    /// What stood against asking an eligible one when the plan was made; `None` is healthy. [`Reason::Due`] and
    /// [`Reason::Drained`] are asked at their place, the others as a last resort.
    pub trouble: Option<Reason>,
}

/// Whether a candidate can serve the request, health apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Eligible,
    /// It cannot.
    Excluded(Reason),
}

impl Candidate {
    /// Whether it can serve the request, healthy or not.
    pub fn is_eligible(&self) -> bool {
        self.standing == Standing::Eligible
    }

    /// Whether it is asked only when nobody else is left.
    pub fn is_last_resort(&self) -> bool {
        self.trouble.is_some_and(|trouble| !matches!(trouble, Reason::Due { .. } | Reason::Drained))
    }

    /// What to tell people: why it is excluded or waits; `None` where it is simply asked.
    pub const fn reason(&self) -> Option<Reason> {
        match self.standing {
            Standing::Excluded(reason) => Some(reason),
            Standing::Eligible => self.trouble,
        }
    }
}

/// Ranks `entries` for a request.
pub fn plan(
    facts: &Facts<'_>,
    policy: &Policy,
    entries: &[RouteEntry],
    view: &View<'_>,
    now: Instant,
    dice: &mut Dice,
) -> Plan {
    let mut excluded: SmallVec<[Candidate; 4]> = SmallVec::new();
    let mut eligible = Entries::new();
    for entry in entries {
        match excluding(facts, policy, *entry, view) {
            None => eligible.push(*entry),
            Some(reason) => excluded.push(Candidate {
                deployment: entry.deployment,
                standing: Standing::Excluded(reason),
                trouble: None,
            }),
        }
    }
    policies::order(policy.prefer, &mut eligible, dice);
    let kept = retreated(&mut eligible, view, now, dice);
    warm(policy, &mut eligible[..kept], view, dice);
    let mut candidates = ranked(&eligible, kept, view, now, dice);
    candidates.append(&mut excluded);
    Plan { candidates }
}

fn excluding(facts: &Facts<'_>, policy: &Policy, entry: RouteEntry, view: &View<'_>) -> Option<Reason> {
    if policy.prefer == Prefer::Weighted && entry.weight == 0 {
        return Some(Reason::ZeroWeight);
    }
    let left = || match view.world.posture(entry.deployment) {
        Posture::Leave(ground) => Some(Reason::from(ground)),
        _ => None,
    };
    obstacle(facts, &view.deployments[entry.deployment.at()]).or_else(left)
}

/// Puts those that have lost this request to a drain behind the others. Gives how many stay in front.
fn retreated(entries: &mut Entries, view: &View<'_>, now: Instant, dice: &mut Dice) -> usize {
    let mut kept = entries.len();
    let mut place = 0;
    while place < kept {
        let posture = view.world.posture(entries[place].deployment);
        if posture.kind() == PostureKind::Drain && dice.unit_f64() >= posture.kept(now) {
            entries[place..].rotate_left(1);
            kept -= 1;
        } else {
            place += 1;
        }
    }
    kept
}

/// Now and then lets a fallback go first, so that it is proven before it is needed.
fn warm(policy: &Policy, entries: &mut [RouteEntry], view: &View<'_>, dice: &mut Dice) {
    // Under `weighted` each has its share already.
    let [first, fallbacks @ ..] = &*entries else { return };
    if fallbacks.is_empty() || policy.prefer == Prefer::Weighted {
        return;
    }
    let watched = view.world.posture(first.deployment) == Posture::Watch;
    let share = if watched { policy.keep_warm.max(WATCH_KEEPS_WARM) } else { policy.keep_warm };
    if share <= 0.0 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    let place = (dice.unit_f64() / share) as usize;
    if place < fallbacks.len() {
        entries[..place + 2].rotate_right(1);
    }
}

/// Entries in order of preference become candidates in order of asking.
///
/// Those from `kept` on have lost the request to a drain.
fn ranked(
    eligible: &[RouteEntry],
    kept: usize,
    view: &View<'_>,
    now: Instant,
    dice: &mut Dice,
) -> SmallVec<[Candidate; 4]> {
    let mut ranked: SmallVec<[(u8, u64, Candidate); 4]> = SmallVec::new();
    let mut in_order = true;
    let mut asks_a_due_one = false;
    for (place, entry) in eligible.iter().enumerate() {
        let drained = (place >= kept).then_some(Reason::Drained);
        let trouble = trouble(entry.deployment, view, now).or(drained);
        let rank = rank(trouble, asks_a_due_one);
        asks_a_due_one |= matches!(trouble, Some(Reason::Due { .. }));
        let shuffle = if matches!(rank, OPEN | BENCHED) { dice.next_u64() } else { 0 };
        in_order &= rank == FIRST;
        let candidate = Candidate { deployment: entry.deployment, standing: Standing::Eligible, trouble };
        ranked.push((rank, shuffle, candidate));
    }
    if !in_order {
        // Stable: preference decides among equals.
        ranked.sort_by_key(|(rank, shuffle, _)| (*rank, *shuffle));
    }
    ranked.into_iter().map(|(_, _, candidate)| candidate).collect()
}

const FIRST: u8 = 0;
const FURTHER_DUE: u8 = 1;
const DRAINED: u8 = 2;
const OPEN: u8 = 3;
const BENCHED: u8 = 4;
const FULL: u8 = 5;
const RATE_LIMITED: u8 = 6;

const fn rank(trouble: Option<Reason>, asks_a_due_one: bool) -> u8 {
    match trouble {
        Some(Reason::Due { .. }) if asks_a_due_one => FURTHER_DUE,
        None | Some(Reason::Due { .. }) => FIRST,
        Some(Reason::Drained) => DRAINED,
        Some(Reason::Benched { .. }) => BENCHED,
        Some(Reason::NoSlot) => FULL,
        Some(Reason::RateLimited { .. }) => RATE_LIMITED,
        Some(_) => OPEN,
    }
}

fn trouble(deployment: DeploymentIndex, view: &View<'_>, now: Instant) -> Option<Reason> {
    let cell = view.world.deployment(deployment);
    match standing(cell, Some(view.world.provider_of(deployment)), now) {
        HealthStanding::Against(reason) => Some(reason),
        _ if cell.is_full(view.deployments[deployment.at()].max_in_flight) => Some(Reason::NoSlot),
        HealthStanding::Due(why) => Some(Reason::Due { why }),
        HealthStanding::Ready => None,
    }
}

#[cfg(test)]
mod tests;
