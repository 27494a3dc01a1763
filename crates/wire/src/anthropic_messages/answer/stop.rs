//! Why an answer ended.
//!
//! Source: `stop_reason.py` (seven words; `beta_stop_reason.py` has an eighth, `compaction`) and
//! `refusal_stop_details.py` of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::conversation::FinishReason;

/// The reason for a supplier's word.
pub(in crate::anthropic_messages) fn read(word: String, sequence: Option<String>) -> FinishReason {
    match word.as_str() {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence(sequence),
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Filtered,
        "pause_turn" => FinishReason::Paused,
        _ => FinishReason::Other(word),
    }
}

/// What a refusal says for itself in `stop_details`.
pub(in crate::anthropic_messages) fn explanation(
    members: &mut Members<'_>,
    losses: &mut Losses,
) -> Result<Option<String>, Fault> {
    let Some(mut details) = members.members("stop_details", &["type", "category", "explanation"])? else {
        return Ok(None);
    };
    details.take("type");
    let explanation = details.string("explanation")?.filter(|explanation| !explanation.is_empty());
    details.rest(losses, "stop_details")?;
    Ok(explanation)
}

/// The client's word for a reason, and the stop text that came up. `called` and `refused` are whether the answer holds a
/// tool call or a refusal in words: the first makes `tool_use` of what is not known, the second `refusal` of a plain end.
pub(in crate::anthropic_messages) fn word<'a>(
    reason: &'a FinishReason,
    called: bool,
    refused: bool,
    losses: &mut Losses,
) -> (&'static str, Option<&'a str>) {
    let word = match reason {
        FinishReason::Stop if refused => "refusal",
        FinishReason::Stop => "end_turn",
        FinishReason::StopSequence(sequence) => return ("stop_sequence", sequence.as_deref()),
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Filtered => "refusal",
        FinishReason::Paused => "pause_turn",
        FinishReason::Other(_) => {
            losses.add("finish_reason", "a reason that clients of this dialect do not know");
            if called { "tool_use" } else { "end_turn" }
        }
    };
    (word, None)
}
