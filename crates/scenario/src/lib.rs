//! How dependent an organisation is, what a loss would do, and how it leaves: dependence, cut sets, what-if, exit plans.
//!
//! No I/O: entries of the ledger, the configuration's facts, a clock and dice come in as values. What-ifs replay the
//! recorded requests through the same `routing` that serves live ones, with a world and a clock of their own.

mod cheapest;
mod cuts;
mod dependence;
mod domain;
mod estate;
pub mod event;
pub mod exit;
pub mod fit;
#[cfg(test)]
mod fixture;
mod flow;
pub mod history;
pub mod maker;
mod outlook;
mod price;
mod proof;
pub mod replay;
mod set;
mod shape;
mod tenure;
mod traffic;
mod unplaced;

pub use cheapest::{Found, Known, Score, Shop, cheapest};
pub use cuts::{Cut, Effect, LARGEST, Loss, Needs, candidates, smallest};
pub use dependence::{Carried, Concentration, Dependence, Share, Trend, carried, domains, places, trend};
pub use domain::{Company, Domain, DomainKind, InvalidDomain};
pub use estate::{Account, Day, Estate, Member, Product, RoomPrice, Route};
pub use outlook::{Outlook, Verdict};
pub use price::{at_list_price, saved_by_caches};
pub use proof::{PROVING_REQUESTS, Proof, proofs, proven, served};
pub use set::Set;
pub use shape::{Limits, Shape, Size, SizeClass};
pub use tenure::{Hold, Tenure};
pub use traffic::{Gatherer, Load, Peak, ServerIndex, ShapeIndex, Sums, Traffic, tokens};
