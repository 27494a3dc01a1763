//! How late this machine was. The suppliers, the products and the gateway share it: where it is too busy, the times that
//! products see are its own and not the suppliers', and so is what the ledger says of them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

/// A timer goes off so often.
const EVERY: Duration = Duration::from_millis(100);
/// Every timer is late by a little.
const USUAL: Duration = Duration::from_millis(50);
/// A simulated supplier's first token takes about as long: whoever waits so long may wait for the machine.
const TOO_LATE: Duration = Duration::from_millis(500);

/// How late a timer was that should have gone off each 100 ms. In milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Lateness {
    /// Once.
    pub(crate) worst_ms: u64,
    /// All together; what every machine is late by left out.
    pub(crate) sum_ms: u64,
    /// Whether the demo's times may be this machine's.
    pub(crate) too_busy: bool,
}

impl Lateness {
    /// Measures from now on, until the demo's tasks end.
    pub(super) fn measured() -> Rc<Cell<Self>> {
        let found = Rc::new(Cell::new(Self::default()));
        let own = Rc::clone(&found);
        spawn_local(async move {
            loop {
                let due = Instant::now() + EVERY;
                sleep_until(due).await;
                own.set(own.get().and(due.elapsed()));
            }
        });
        found
    }

    fn and(self, late: Duration) -> Self {
        let ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        Self {
            worst_ms: self.worst_ms.max(ms),
            sum_ms: if late > USUAL { self.sum_ms.saturating_add(ms) } else { self.sum_ms },
            too_busy: self.too_busy || late >= TOO_LATE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_does_nothing_for_a_while_is_late() {
        let late =
            [3, 120, 60, 49].map(Duration::from_millis).into_iter().fold(Lateness::default(), Lateness::and);
        assert_eq!(late, Lateness { worst_ms: 120, sum_ms: 180, too_busy: false });
        let late = late.and(TOO_LATE);
        assert_eq!(late, Lateness { worst_ms: 500, sum_ms: 680, too_busy: true });
    }
}
