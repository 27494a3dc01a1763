//! How dependent an organisation is, what a loss would do, and how it leaves: dependence, cut sets, what-if, exit plans.
//!
//! No I/O: entries of the ledger, the configuration's facts, a clock and dice come in as values. What-ifs replay the
//! recorded requests through the same `routing` that serves live ones, with a world and a clock of their own.

mod domain;
pub mod event;
pub mod fit;
pub mod replay;

pub use domain::{Domain, DomainKind, InvalidDomain};
