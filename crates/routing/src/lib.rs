//! The decisions: who gets a request, and what is learnt from how it went.
//!
//! **For**: the hot path, and whatever replays it. [`plan`] ranks a route's deployments for one request, with a reason
//! for each that is out; [`claim`] takes one when it is dialled; [`observe`] learns from the outcome; [`Walk`] is the
//! loop around them. What is learnt lives in the [`World`]: a few packed words per deployment and per provider, each
//! changed by pure step functions (`breaker`, `bench`, `budget`, `slots`, `speed`), applied with atomics.
//!
//! **Promises**:
//! - The same facts, world, moment and dice give the same decision, live and in replay.
//! - A failure counts where it belongs: a caller's fault nowhere, a credential on its provider, the rest on its
//!   deployment. A supplier with a few per cent of errors is never left; one that is dead is, after five.
//! - A failover never lacks budget, and when everything is down attempts stay below 1.2 a request.
//! - A supplier that is back is asked again within its wait of at most 72 s, by one request.
//!
//! **Never**: does I/O, reads a clock, the environment or real randomness, starts a thread, locks, or looks at a
//! request's text.

mod bench;
mod breaker;
mod budget;
mod cell;
mod claim;
mod deployment;
mod dice;
mod eligible;
#[cfg(test)]
mod fixture;
mod health;
mod instant;
mod observe;
mod plan;
mod policies;
mod policy;
mod posture;
mod reason;
#[cfg(test)]
mod simulation;
mod slots;
mod speed;
mod walk;
mod world;

pub use breaker::Why;
pub use cell::Change;
pub use claim::{Cost, Permit, claim};
pub use deployment::{Deployment, DeploymentIndex, Facts, ProviderIndex, RouteEntry};
pub use dice::Dice;
pub use eligible::obstacle;
pub use health::{Health, State};
pub use instant::Instant;
pub use observe::{Outcome, observe};
pub use plan::{Candidate, Plan, Standing, plan};
pub use policy::{Policy, Prefer, PreferError, Takeover, UnknownTakeover};
pub use posture::{Day, Ground, NoDay, Posture, PostureKind, UnknownPosture, WATCH_KEEPS_WARM};
pub use reason::Reason;
pub use walk::{Turn, Walk};
pub use world::{View, World};
