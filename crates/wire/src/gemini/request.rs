//! Requests: a client's, read, and one for a supplier, written.

pub(super) mod decode;
pub(super) mod effort;
pub(super) mod encode;

#[cfg(test)]
mod tests;
