//! Streamed answers: a supplier's, read, and one for a client, written.

pub(super) mod decode;
pub(super) mod encode;

#[cfg(test)]
mod tests;
