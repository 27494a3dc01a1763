//! How suppliers behave when nothing is wrong, fitted from the ledger: time to first token by prompt size and hour, token
//! rate, whole answers, kinds of error, tokenizers, lengths and caches.
//!
//! A period in which a supplier was ill (half a minute or more of errors far above its usual, or of answers far slower)
//! is left out of what is normal, and said. What nobody has seen is a prior with a wide spread, and said too; what few have
//! seen lies between the two.

mod curve;
mod few;
mod illness;
mod sample;
mod supplier;
mod tokens;

pub use curve::Curve;
pub(crate) use curve::normal_quantile;
pub use illness::Illness;
pub use sample::{Sample, Samples, limits_said};
pub use supplier::{Certainty, ErrorKind, Fitted, Length, Supplier, fit};
pub(crate) use supplier::{hour, size};
pub use tokens::Tokens;

/// A draw from the standard normal distribution.
pub(crate) fn normal(dice: &mut routing::Dice) -> f64 {
    normal_quantile(dice.unit_f64())
}
