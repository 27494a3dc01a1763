//! One budget of bytes for all buffers, so that many large requests and replies together stay bounded.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is smaller is not counted: it is bounded by the number of connections.
pub(crate) const SMALL_BYTES: usize = 64 * 1024;
const UNIT_BYTES: usize = 1024;

/// The budget, shared by all threads.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    units: Arc<Semaphore>,
    total_units: u32,
}

/// A part of the budget, given back when dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    permit: Option<OwnedSemaphorePermit>,
}

impl Reservation {
    /// Makes `other`, of the same budget, a part of this one.
    pub(crate) fn add(&mut self, other: Self) {
        match (&mut self.permit, other.permit) {
            (Some(permit), Some(more)) => permit.merge(more),
            (none, more) => *none = none.take().or(more),
        }
    }
}

impl MemoryBudget {
    /// A budget of `bytes`.
    pub fn new(bytes: usize) -> Self {
        let total_units = to_units(bytes);
        Self { units: Arc::new(Semaphore::new(total_units as usize)), total_units }
    }

    /// Waits until `bytes` are free; first come, first served. More than the whole budget takes all of it.
    pub async fn reserve(&self, bytes: usize) -> Reservation {
        if bytes <= SMALL_BYTES {
            return Reservation { permit: None };
        }
        let units = to_units(bytes).min(self.total_units);
        let permit = Arc::clone(&self.units).acquire_many_owned(units).await;
        Reservation { permit: Some(permit.expect("the semaphore is never closed")) }
    }

    /// Takes `bytes` if they are free right now.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        if bytes <= SMALL_BYTES {
            return Some(Reservation { permit: None });
        }
        let permit = Arc::clone(&self.units).try_acquire_many_owned(to_units(bytes)).ok()?;
        Some(Reservation { permit: Some(permit) })
    }
}

fn to_units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_reserved_is_not_there_for_others_until_given_back() {
        let budget = MemoryBudget::new(1 << 20);
        let large = budget.reserve(4 << 20).await;
        assert!(budget.try_reserve(SMALL_BYTES).is_some(), "small buffers always pass");
        assert!(budget.try_reserve(SMALL_BYTES + 1).is_none());
        drop(large);
        assert!(budget.try_reserve(1 << 20).is_some());
    }
}
