//! Requests under way: a slab, so that none is allocated twice.

use routing::{Permit, Plan, Reason, Standing, Walk};

use super::fate::Fate;
use crate::replay::ask::Ask;

/// A request under way.
pub(super) struct Flight<'a> {
    pub(super) ask: &'a Ask,
    pub(super) arrived: u64,
    /// When its client has waited long enough.
    pub(super) deadline: u64,
    pub(super) walk: Walk<'a, Plan>,
    pub(super) next: Next,
    /// The last that was heard against it.
    pub(super) said: Option<&'static str>,
}

/// What its next event is.
pub(super) enum Next {
    /// It makes its next attempt.
    Goes,
    /// Its attempt ends, or, where that was not told yet, begins to answer.
    Lands { permit: Permit, fate: Fate, began: u64, told: bool },
}

impl Flight<'_> {
    /// What stood against the first that was excluded.
    pub(super) fn excluded(&self) -> Option<&'static str> {
        self.walk.plan().candidates.iter().find_map(|candidate| match candidate.standing {
            Standing::Excluded(reason) => Some(reason.as_str()),
            Standing::Eligible => None,
        })
    }

    /// Those that could serve it, were they well: nothing of the request or the configuration stands against them.
    pub(super) fn able(&self) -> impl Iterator<Item = usize> {
        let is_able = |standing: &Standing| match standing {
            Standing::Eligible => true,
            Standing::Excluded(reason) => matches!(
                reason,
                Reason::Due { .. }
                    | Reason::Benched { .. }
                    | Reason::Open { .. }
                    | Reason::ProbeTaken { .. }
                    | Reason::RateLimited { .. }
                    | Reason::NoSlot
                    | Reason::NoBudget { .. }
            ),
        };
        let candidates = self.walk.plan().candidates.iter();
        candidates
            .filter(move |candidate| is_able(&candidate.standing))
            .map(|candidate| candidate.deployment.0 as usize)
    }
}

/// All of them, by number.
#[derive(Default)]
pub(super) struct Flights<'a> {
    slots: Vec<Option<Flight<'a>>>,
    free: Vec<u32>,
}

impl<'a> Flights<'a> {
    pub(super) fn take(&mut self, flight: Flight<'a>) -> u32 {
        if let Some(number) = self.free.pop() {
            self.slots[number as usize] = Some(flight);
            return number;
        }
        self.slots.push(Some(flight));
        u32::try_from(self.slots.len() - 1).expect("fewer requests are under way at once")
    }

    pub(super) fn lift(&mut self, number: u32) -> Flight<'a> {
        self.slots[number as usize].take().expect("each event belongs to a flight")
    }

    pub(super) fn set(&mut self, number: u32, flight: Flight<'a>) {
        self.slots[number as usize] = Some(flight);
    }

    pub(super) fn give_back(&mut self, number: u32) {
        self.free.push(number);
    }
}
