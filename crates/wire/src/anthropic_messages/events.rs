//! Streams: a supplier's read ([`decode`]), and one written for a client ([`encode`]).

pub(super) mod decode;
pub(super) mod encode;
#[cfg(test)]
mod tests;
