//! What an entry is: who asked, what it needed, what was decided and tried, what was used and what it cost.
//!
//! **For**: the words in which the gateway tells the journal what happened, in which the journal is kept, and in which
//! people and replays read it later.
//!
//! **Promises**: one request is one [`Entry`], settled once; money in it is exact and adds up ([`Entry::check`]);
//! what was written by any earlier version can be read ([`document`]); nothing is changed afterwards, a
//! [`Correction`] is a record of its own.
//!
//! **Never**: does I/O, reads a clock, dice or the environment, starts a thread; holds a prompt or an answer.

mod attempt;
mod booked;
pub mod budget;
mod chain;
mod correction;
pub mod document;
mod entry;
mod facts;
mod intent;
mod journal;
mod memory;
mod outcome;
mod record;
pub mod render;
mod request_id;
mod sighting;
mod summary;

pub use attempt::{AttemptOutcome, AttemptRecord, CandidateRecord};
pub use booked::Booked;
pub use chain::{ActLink, Chain, Link};
pub use correction::Correction;
pub use entry::{CostLine, Entry, EntryError};
pub use facts::{FACTS_VERSION, Kind, RequestFacts};
pub use intent::Intent;
pub use journal::{Health, Journal, Kept, Settled};
pub use memory::Memory;
pub use outcome::{Outcome, UsageSource};
pub use record::{Record, RecordKind};
pub use request_id::{InvalidRequestId, RequestId};
pub use sighting::{Head, Sighting, UsageShare, Witness};
pub use summary::{Group, Line, Summary, Totals};
