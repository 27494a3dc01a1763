//! Why an answer ended.
//!
//! Source: `cohere/types/chat_finish_reason.py` of the official Python SDK, cohere 7.3.1, read 2026-11-28: six words,
//! and room for more.

use crate::conversation::FinishReason;
use crate::failure::Failure;

/// What a finish reason says: an end, or that there is no answer.
pub(super) fn reason(word: &str) -> Result<FinishReason, Failure> {
    Ok(match word {
        "COMPLETE" => FinishReason::Stop,
        "STOP_SEQUENCE" => FinishReason::StopSequence(None),
        "MAX_TOKENS" => FinishReason::Length,
        "TOOL_CALL" => FinishReason::ToolCalls,
        "ERROR" => return Err(Failure::Server),
        "TIMEOUT" => return Err(Failure::Timeout),
        other => FinishReason::Other(other.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i09_g05_every_word_means_something_and_no_word_is_too_strange() {
        for (word, expected) in [
            ("COMPLETE", Ok(FinishReason::Stop)),
            ("STOP_SEQUENCE", Ok(FinishReason::StopSequence(None))),
            ("MAX_TOKENS", Ok(FinishReason::Length)),
            ("TOOL_CALL", Ok(FinishReason::ToolCalls)),
            ("ERROR", Err(Failure::Server)),
            ("TIMEOUT", Err(Failure::Timeout)),
            ("complete", Ok(FinishReason::Other("complete".into()))),
            ("", Ok(FinishReason::Other(String::new()))),
        ] {
            assert_eq!(reason(word), expected, "{word}");
        }
    }
}
