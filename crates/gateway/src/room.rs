//! What every request of one runtime thread works with.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ledger::Journal;
use routing::Dice;
use store::State;
use upstream::Pool;

use crate::alarm::Alarms;
use crate::clock::Clock;
use crate::keys::KeyRing;
use crate::makers::Makers;
use crate::memory::MemoryBudget;
use crate::metrics::{Metrics, Recent};
use crate::shutdown::Shutdown;
use crate::snapshot::Snapshot;
use crate::trouble::Troubles;

/// What all threads share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The configuration in force.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// The virtual keys in force.
    pub keys: Arc<ArcSwap<KeyRing>>,
    /// Where entries go.
    pub journal: Arc<dyn Journal>,
    /// Where responses are kept for products that want that; `None` where no product does.
    pub state: Option<Arc<State>>,
    /// Both clocks.
    pub clock: Clock,
    /// Counters for `/metrics`.
    pub metrics: Arc<Metrics>,
    /// What went wrong last on the way to each supplier.
    pub troubles: Arc<Troubles>,
    /// Who made what only its maker can use.
    pub makers: Arc<Makers>,
    /// The bytes that all buffers together may hold.
    pub memory: MemoryBudget,
    /// How far a stop has come.
    pub shutdown: Shutdown,
    /// Mixed into the hashes of prompts, so that they tell nothing outside this installation.
    pub salt: u64,
}

/// One thread's share: what all threads share, and what this one has alone.
#[derive(Debug)]
pub struct Room {
    pub(crate) shared: Shared,
    pub(crate) pool: Pool,
    pub(crate) alarms: Rc<Alarms>,
    pub(crate) recent: Recent,
    dice: RefCell<Dice>,
}

impl Room {
    /// A room whose connections are opened by `pool` and whose choices follow from `dice`.
    pub fn new(shared: Shared, pool: Pool, dice: Dice) -> Self {
        Self { shared, pool, alarms: Rc::default(), recent: Recent::default(), dice: RefCell::new(dice) }
    }

    /// Closes what is open to suppliers and not in use.
    pub fn give_up_idle(&self) {
        self.pool.give_up_idle();
    }

    /// A seed of its own for one request, recorded in its entry so that its choices can be replayed.
    pub(crate) fn seed(&self) -> u64 {
        self.dice.borrow_mut().next_u64()
    }
}
