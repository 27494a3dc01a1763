//! Why an answer ended: the nine words of `StopReason`, botocore 1.44.8.

use crate::conversation::{FinishReason, Loss};
use crate::translate::note;

/// The model wrote what Bedrock cannot read: a failure, whatever came before it.
pub(super) fn is_failure(word: &str) -> bool {
    matches!(word, "malformed_model_output" | "malformed_tool_use")
}

/// What a word means. `sequence` is the stop text that came up, where the supplier says it.
pub(super) fn read(word: &str, sequence: Option<String>) -> FinishReason {
    match word {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence(sequence),
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "guardrail_intervened" | "content_filtered" => FinishReason::Filtered,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// The word for a reason.
pub(super) fn word(reason: &FinishReason, losses: &mut Vec<Loss>) -> &'static str {
    match reason {
        FinishReason::Stop => "end_turn",
        FinishReason::StopSequence(_) => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Filtered => "content_filtered",
        FinishReason::Paused => {
            // Of the words there are, the one by which no client takes the turn for done.
            note(losses, Loss::new("finish_reason", "no word for a turn that is to go on"));
            "max_tokens"
        }
        FinishReason::Other(_) => {
            note(losses, Loss::new("finish_reason", "a word of another protocol"));
            "end_turn"
        }
    }
}
