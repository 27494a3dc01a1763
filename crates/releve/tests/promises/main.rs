//! What Relève promises, tried from outside: the real binary, real sockets, simulated suppliers, plain HTTP clients.
//!
//! One module a promise; the numbers are those of the design's list.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with where it was")]

mod client;
mod harness;
mod p1;
mod p2;
mod p4;
