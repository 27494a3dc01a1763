//! Whole answers, both ways.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub(super) use self::decode::{decode, signature};
pub(super) use self::encode::{
    IMAGES_APART, ONE_PROOF, ONLY_ITS_OWN, OUT_OF_PLACE, SEARCH_APART, answer_id, encode, write_call,
};
