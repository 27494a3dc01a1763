//! Whole answers, both ways.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub(super) use self::decode::{decode, signature};
pub(super) use self::encode::{ONE_PROOF, ONLY_ITS_OWN, OUT_OF_PLACE, answer_id, encode, write_call};
