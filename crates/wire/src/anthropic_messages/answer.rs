//! Whole answers: a supplier's read ([`decode`]), and one written for a client ([`encode`]).

pub(super) mod decode;
pub(super) mod encode;
pub(super) mod stop;
#[cfg(test)]
mod tests;
pub(super) mod used;
