//! Recorded requests, played again in virtual time through the same `routing` that serves live ones.
//!
//! What is real: the plans, claims, breakers, retry budgets, floors, slots and postures, with the configured routes and
//! policies. What is a model: how fast and how well each supplier would have answered ([`crate::fit`]), and how much it
//! takes. What is given: who asked for what, when, and how long prompts and answers were.
//!
//! One thread, one world, one clock, one seed: the same input gives the same [`Tally`], to the last digit.

mod ask;
mod backtest;
mod engine;
mod estate;
mod flow;
mod histogram;
mod insurance;
mod money;
mod reported;
mod spend;
mod study;
mod tally;

pub use ask::{Ask, NOBODY, Reader, Recording, Shape, Traffic};
pub use backtest::{Backtest, Came, Interval, backtest};
pub use engine::{Play, replay};
pub(crate) use estate::OWN as OWN_HOST;
pub use estate::{Backing, PlayedEstate, Product, Route};
pub use histogram::Histogram;
pub use insurance::{Added, pains, unserved};
pub use reported::{Fragility, Reported};
pub use spend::Spend;
pub use study::{Band, Bands, Figures, ProductFigures, RESAMPLES, compare, resampled, shaken};
pub use tally::{DeploymentTally, LimitTally, Measured, ProductTally, Tally, Why};

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod held;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
