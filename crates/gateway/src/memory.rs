//! One budget of bytes for all buffers, so that many requests and replies together stay bounded.
//!
//! What is large in comparison has a place of its own beside the budget, one at a time: so large ones, or a single one
//! that comes slowly, keep no others out, and two of them never wait for each other's half.

use std::sync::Arc;

use smallvec::SmallVec;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is smaller is not counted: it is bounded by the number of connections.
pub(crate) const SMALL_BYTES: usize = 64 * 1024;
const UNIT_BYTES: usize = 1024;
/// How much is reserved at a time, where it is not known how much it will be.
const STEP_BYTES: usize = 256 * 1024;
/// More than this part of the budget is large.
const LARGE_PART: u32 = 4;

/// The budget, shared by all threads.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    units: Arc<Semaphore>,
    large: Arc<Semaphore>,
    large_units: u32,
}

/// A part of the budget, given back when dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    permits: SmallVec<[OwnedSemaphorePermit; 2]>,
    /// Whether it is the place beside the budget, which is enough for all that one request needs.
    is_large: bool,
}

impl Reservation {
    fn of(permit: OwnedSemaphorePermit, is_large: bool) -> Self {
        Self { permits: SmallVec::from_iter([permit]), is_large }
    }
}

impl MemoryBudget {
    /// A budget of `bytes`, and a large buffer beside it.
    pub fn new(bytes: usize) -> Self {
        let units = to_units(bytes);
        Self {
            units: Arc::new(Semaphore::new(units as usize)),
            large: Arc::new(Semaphore::new(1)),
            large_units: units / LARGE_PART,
        }
    }

    /// Waits until `bytes` are free; first come, first served.
    pub async fn reserve(&self, bytes: usize) -> Reservation {
        if bytes <= SMALL_BYTES {
            return Reservation::default();
        }
        let units = to_units(bytes);
        let is_large = units > self.large_units;
        let permit = if is_large {
            Arc::clone(&self.large).acquire_owned().await
        } else {
            Arc::clone(&self.units).acquire_many_owned(units).await
        };
        Reservation::of(permit.expect("the semaphores are never closed"), is_large)
    }

    /// Waits until `bytes` are free beside what is held already. Whoever waits so waits for the place beside the budget: two
    /// that hold a part each and want more would wait for each other.
    pub async fn reserve_more(&self, held: &mut Reservation, bytes: usize) {
        if held.is_large {
            return;
        }
        let more = if let Some(more) = self.try_reserve(bytes) {
            more
        } else {
            let place = Arc::clone(&self.large).acquire_owned().await;
            Reservation::of(place.expect("the semaphores are never closed"), true)
        };
        held.is_large = more.is_large;
        held.permits.extend(more.permits);
    }

    /// Takes `bytes` if they are free right now.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        if bytes <= SMALL_BYTES {
            return Some(Reservation::default());
        }
        let permit = Arc::clone(&self.units).try_acquire_many_owned(to_units(bytes)).ok()?;
        Some(Reservation::of(permit, false))
    }
}

/// A part of the budget that grows, for what comes piece by piece.
#[derive(Debug)]
pub(crate) struct Growing {
    memory: MemoryBudget,
    parts: Vec<Reservation>,
    taken: usize,
    reserved: usize,
}

impl Growing {
    /// Nothing yet.
    pub(crate) const fn new(memory: MemoryBudget) -> Self {
        Self { memory, parts: Vec::new(), taken: 0, reserved: SMALL_BYTES }
    }

    /// Takes `bytes` more, if they are free right now.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.taken.saturating_add(bytes);
        if taken > self.reserved {
            let missing = (taken - self.reserved).div_ceil(STEP_BYTES).saturating_mul(STEP_BYTES);
            let Some(part) = self.memory.try_reserve(missing) else { return false };
            self.parts.push(part);
            self.reserved += missing;
        }
        self.taken = taken;
        true
    }
}

fn to_units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_reserved_is_not_there_for_others_until_given_back() {
        let budget = MemoryBudget::new(1 << 20);
        let all = [(); 4].map(|()| budget.try_reserve(1 << 18).unwrap());
        assert!(budget.try_reserve(SMALL_BYTES).is_some(), "small buffers always pass");
        assert!(budget.try_reserve(SMALL_BYTES + 1).is_none());
        drop(all);
        assert!(budget.try_reserve(1 << 20).is_some());
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn those_that_want_more_take_turns_and_keep_what_they_hold() {
        let budget = MemoryBudget::new(4 << 20);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(budget.reserve(1 << 20).await);
        }
        let (mut first, mut second) = (held.pop().unwrap(), held.pop().unwrap());
        budget.reserve_more(&mut first, 1 << 20).await;
        assert!(budget.try_reserve(SMALL_BYTES + 1).is_none(), "what is held stays reserved");
        assert!(timeout(Duration::from_secs(1), budget.reserve_more(&mut second, 1 << 20)).await.is_err());
        drop(first);
        budget.reserve_more(&mut second, 1 << 20).await;
        budget.reserve_more(&mut second, 64 << 20).await;
        drop(second);
        assert!(budget.try_reserve(2 << 20).is_some());
    }

    #[test]
    fn what_grows_is_counted_from_where_it_is_no_longer_small() {
        let budget = MemoryBudget::new(1 << 20);
        let mut growing = Growing::new(budget.clone());
        assert!(growing.take(SMALL_BYTES) && budget.try_reserve(1 << 20).is_some());
        assert!(growing.take(1) && budget.try_reserve((1 << 20) - STEP_BYTES + 1).is_none());
        assert!(growing.take(3 * STEP_BYTES) && !growing.take(STEP_BYTES));
        drop(growing);
        assert!(budget.try_reserve(1 << 20).is_some());
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn large_ones_take_turns_and_keep_nobody_else_out() {
        let budget = MemoryBudget::new(1 << 20);
        let first = budget.reserve(32 << 20).await;
        let second = budget.reserve((1 << 18) + 1);
        assert!(timeout(Duration::from_secs(1), second).await.is_err());
        assert!(budget.try_reserve(1 << 20).is_some());
        drop(first);
        budget.reserve(2 << 20).await;
    }
}
