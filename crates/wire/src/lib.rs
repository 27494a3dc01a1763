//! How they speak: what is said on the wire, and what a failure means.
//!
//! **For**: everything about protocols that can be decided from bytes alone. One folder per protocol behind the trait
//! [`Codec`]; [`codec`] maps a protocol's name to it and is the only place that does.
//!
//! **Promises**: bytes that need no change are never re-serialised ([`peek`] looks, [`splice`] edits, [`framing`]
//! cuts without decoding); a supplier's failure becomes one value of one small enum ([`Failure`]); usage is taken apart
//! into disjoint buckets here, once; no input makes it panic.
//!
//! **Never**: does I/O, reads a clock, the environment or dice, starts a thread, or builds a JSON tree.

mod amend;
mod anthropic_messages;
mod any_base64;
mod bedrock_converse;
mod call_id;
mod classify;
mod codec;
mod cohere_chat;
pub mod conversation;
mod counts;
mod error_reply;
mod failure;
pub mod framing;
mod gemini;
mod inline_data;
mod json;
mod ollama_chat;
mod openai_chat;
mod openai_options;
mod openai_responses;
mod peek;
mod placed;
mod protocol;
mod scan;
mod schema;
mod seals;
mod service;
mod splice;
mod template;
#[cfg(test)]
mod testing;
pub mod translate;
mod web_search;

pub use amend::{AmendTo, Amended, Amendments, Parameters};
pub use classify::{error_message, is_of_the_answer};
pub use codec::{Codec, Counts, End, OnlyText, Reply, Seen, SeenKind, StreamReader};
pub use error_reply::{ErrorKind, ErrorReply};
pub use failure::{Blame, Broken, Failure};
pub use gemini::JsonList;
pub use openai_responses::state;
pub use peek::{Field, Peek, PeekError, StreamOptions, peek};
pub use protocol::{codec, translations};
pub use seals::{proofs, without_foreign_proofs, without_proofs, without_seals};
pub use splice::{Edit, splice};
