//! What a model answers.

use catalogue::Usage;

use super::message::{Block, Opaque};

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The supplier's id of it.
    pub id: String,
    /// The model's name, as the supplier states it.
    pub model: String,
    /// The choices; one, but where more were asked for.
    pub choices: Vec<Choice>,
    /// What was used; `None` when the supplier does not say.
    pub usage: Option<Usage>,
    /// Members that have no place here, for the protocol they came from.
    pub extra: Vec<Opaque>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What was said, in order.
    pub blocks: Vec<Block>,
    /// Why it ended; `None` when the supplier does not say, which is never filled in.
    pub finish: Option<FinishReason>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// One of the request's stop texts came up: which, if known.
    StopSequence(Option<String>),
    /// The token limit, or the window, was reached.
    Length,
    /// Tools are to be called.
    ToolCalls,
    /// Withheld by a filter, or refused.
    Filtered,
    /// The supplier pauses and wants the turn sent back (Anthropic's `pause_turn`).
    Paused,
    /// A word that we do not know, as it came.
    Other(String),
}
