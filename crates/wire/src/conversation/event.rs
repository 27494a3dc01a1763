//! What a streamed answer says, event by event.

use catalogue::{Service, Usage};

use super::answer::FinishReason;
use super::message::{Citation, Media, TokenLogprob};
use super::opaque::Opaque;
use super::search::Search;

/// One event. Blocks open, grow and close one after the other per choice: a decoder of a dialect that lets them overlap
/// holds back what does not belong to the open block, so that every encoder can write what it gets at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer begins. Once, first of all but its class of service.
    Start {
        /// The supplier's id of it.
        id: Option<String>,
        /// The model's name, as the supplier states it.
        model: Option<String>,
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
    /// A choice ends. At most once per choice, with no block open.
    Finish {
        /// Which.
        choice: u32,
        /// Why.
        reason: FinishReason,
    },
    /// Usage: a running total, so the last word wins. May come before or after the finish, never after the end.
    Usage(Usage),
    /// The class of service that serves the answer, as soon as it is known: also before the start, of which it is no part.
    Service(Service),
    /// A sign of life.
    KeepAlive,
    /// The answer is whole. Once, last. A stream that ends without it is broken off, and an encoder then writes nothing
    /// that could be taken for its end.
    End,
}

/// Whether the open block grows by a piece of text, and that is all.
pub(crate) const fn is_only_text(events: &[Event]) -> bool {
    matches!(events, [Event::Delta { delta: Delta::Text(_), .. }])
}

/// What kind of block opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockStart {
    /// Text.
    Text,
    /// A refusal.
    Refusal,
    /// Reasoning.
    Reasoning {
        /// Whether its text is a summary.
        is_summary: bool,
    },
    /// A tool call; what it is called with follows as deltas.
    ToolCall {
        /// The id, as [`super::ToolCall::id`].
        id: String,
        /// The tool's name.
        name: String,
        /// Whether the deltas are free text ([`super::ToolInput::Text`]) rather than pieces of JSON.
        is_custom: bool,
    },
    /// Media in one piece.
    Media(Media),
    /// A search of the web that was made, in one piece.
    Search(Box<Search>),
    /// A block that only its own protocol has, in one piece.
    Opaque(Opaque),
}

/// By what the open block grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// Text: of text, refusal or reasoning; or of what a tool is called with: JSON text, cut anywhere.
    Text(String),
    /// A source for the text.
    Citation(Citation),
    /// Probabilities of the last text's tokens.
    Logprobs(Vec<TokenLogprob>),
    /// What proves the block to its maker, such as a signature. Replaces an earlier one.
    Proof(Opaque),
}
