//! What a model answers.

use catalogue::{Service, Usage};

use super::message::Block;
use super::translator::Loss;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The supplier's id of it; `None` when it gives none.
    pub id: Option<String>,
    /// The model's name, as the supplier states it.
    pub model: Option<String>,
    /// The choices; one, but where more were asked for.
    pub choices: Vec<Choice>,
    /// What was used; `None` when the supplier does not say.
    pub usage: Option<Usage>,
    /// The class of service that served it; `None` when the supplier does not say.
    pub service: Option<Service>,
    /// What the dialect said that has no place here.
    pub losses: Vec<Loss>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// A word that we do not know, as it came. A dialect with a closed list says it as its word for [`Stop`](Self::Stop)
    /// and names the loss.
    Other(String),
}
