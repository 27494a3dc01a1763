//! The hot path: a request comes in, a supplier answers it, an entry stays.
//!
//! One file a step; [`answer`] is their list. Everything that waits is bounded, everything that is decided comes
//! from `routing`, everything that is known of a protocol from `wire`. No step asks a database or another machine
//! but the supplier itself; a product that keeps its responses has its own file asked, by a thread that waits in its stead.

mod admit;
mod alarm;
mod asked;
mod attempt;
mod budget;
mod call;
mod choose;
mod client_io;
mod clock;
mod count;
mod door;
mod estimate;
mod gzip;
mod headers;
mod heard;
mod held;
mod intake;
mod kept;
mod keys;
mod large;
mod life;
mod makers;
mod media;
mod memory;
mod metrics;
mod models;
mod near;
mod outlet;
mod pace;
mod pass;
mod pipeline;
mod record;
#[cfg(test)]
mod reference;
mod refusal;
mod relay;
mod reply;
mod room;
mod server;
mod shutdown;
pub mod snapshot;
mod speech;
mod state;
pub mod status;
mod takeover;
mod trace;
mod trouble;
pub mod visitor;

pub use budget::{Allowance, tell as tell_of_budget};
pub use clock::Clock;
pub use estimate::tokens as estimated_tokens;
pub use keys::{Key, KeyRing};
pub use makers::Makers;
pub use memory::{MemoryBudget, Reservation};
pub use metrics::Metrics;
pub use near::nearest;
pub use outlet::{BrokeOff, ReplyBody};
pub use pipeline::answer;
pub use room::{Room, Shared};
pub use server::{Listen, Thrift, serve};
pub use shutdown::{Phase, Shutdown, Stopper, shutdown};
pub use trouble::{Troubles, account};
