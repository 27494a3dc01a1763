//! Suppliers as clients see them: each promise and each fault, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with where it was")]

mod answers;
mod bedrock;
mod books;
mod bulk;
mod client;
mod cohere;
mod control;
mod cut;
mod delivery;
mod faults;
mod gemini;
mod limits;
mod ollama;
mod process;
mod refusals;
mod responses;
mod simulated;
mod tongues;
mod tongues_faults;
