//! What a streamed answer says, event by event.

use bytes::Bytes;
use catalogue::Usage;

use super::answer::FinishReason;
use super::message::{Media, Opaque};
use crate::failure::Failure;

/// One event. Blocks open, grow and close one after the other per choice: a dialect that lets them overlap has to
/// buffer, so that one that does not can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The supplier's id of it.
        id: String,
        /// The model's name, as the supplier states it.
        model: String,
        /// What is known of usage so far (the input, at Anthropic).
        usage: Option<Usage>,
    },
    /// A block opens.
    BlockStart {
        /// Of which choice.
        choice: u32,
        /// What kind.
        block: BlockStart,
    },
    /// The open block grows.
    Delta {
        /// Of which choice.
        choice: u32,
        /// By what.
        delta: Delta,
    },
    /// The open block closes.
    BlockEnd {
        /// Of which choice.
        choice: u32,
    },
    /// A choice ends.
    Finish {
        /// Which.
        choice: u32,
        /// Why.
        reason: FinishReason,
    },
    /// Usage: a running total, so the last word wins.
    Usage(Usage),
    /// A sign of life.
    KeepAlive,
    /// The supplier reports a failure; the stream is over.
    Error {
        /// What it means.
        failure: Failure,
        /// In the supplier's words.
        message: String,
    },
    /// The answer is whole: the protocol's terminal event came.
    End,
    /// An event that only its own protocol has.
    Opaque(Opaque),
}

/// What kind of block opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockStart {
    /// Text.
    Text,
    /// A refusal.
    Refusal,
    /// Reasoning.
    Reasoning,
    /// A tool call; its arguments follow as deltas.
    ToolCall {
        /// The supplier's id of it.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// Media in one piece.
    Media(Media),
    /// A block that only its own protocol has, in one piece.
    Opaque(Opaque),
}

/// By what the open block grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Text, of text, refusal or reasoning.
    Text(String),
    /// A piece of a tool call's arguments: JSON text, cut anywhere.
    Arguments(Bytes),
    /// What proves the block to its maker, such as a signature.
    Proof(Opaque),
}
