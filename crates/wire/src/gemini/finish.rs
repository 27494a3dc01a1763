//! Why a candidate ended, in Google's words and in neutral ones.
//!
//! Source: `FinishReason` in `types.py` of the official Python SDK, google-genai 3.4.0 (24 values), read 2026-11-28.

use crate::conversation::FinishReason;
use crate::failure::Failure;

/// What is meant by `word`.
///
/// # Errors
/// The failure, for the words that say that no answer came about.
pub(super) fn neutral(word: &str) -> Result<FinishReason, Failure> {
    Ok(match word {
        "STOP" => FinishReason::Stop,
        // The limit of one request is reached; what comes behind can be had with a token that only Google's own SDK sends.
        "MAX_TOKENS" | "CONTINUATION" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "ESCALATION"
        | "MODEL_ARMOR" => FinishReason::Filtered,
        _ => match failure(word) {
            Some(failure) => return Err(failure),
            None => FinishReason::Other(word.to_owned()),
        },
    })
}

/// The failure that `word` says, if it says one.
pub(super) fn failure(word: &str) -> Option<Failure> {
    match word {
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE" => Some(Failure::Server),
        // The account is limited or disabled.
        "PUP_LIMITED_DISABLED" => Some(Failure::Credential),
        _ => None,
    }
}

/// Whether the candidate ended at all: some say so of one that goes on.
pub(super) fn is_said(word: &str) -> bool {
    !word.is_empty() && word != "FINISH_REASON_UNSPECIFIED"
}

/// Google's word for `reason`, and a sentence beside it where the word alone does not say it.
pub(super) fn word(reason: &FinishReason) -> (&str, Option<&str>) {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) | FinishReason::ToolCalls => ("STOP", None),
        FinishReason::Length => ("MAX_TOKENS", None),
        FinishReason::Filtered => ("SAFETY", None),
        FinishReason::Paused => ("OTHER", Some("paused: send the turn back to go on")),
        FinishReason::Other(word) if OTHERS.contains(&word.as_str()) => (word, None),
        FinishReason::Other(word) => ("OTHER", Some(word)),
    }
}

/// Words of Google's that have no neutral meaning.
const OTHERS: [&str; 3] = ["OTHER", "IMAGE_OTHER", "NO_IMAGE"];

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: &str = "STOP";

    #[test]
    fn g05_every_word_of_the_sdk_means_something() {
        let filtered = [
            "SAFETY",
            "RECITATION",
            "LANGUAGE",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
            "ESCALATION",
            "MODEL_ARMOR",
        ];
        let failed = [
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "MISSING_THOUGHT_SIGNATURE",
            "MALFORMED_RESPONSE",
        ];
        assert!(filtered.iter().all(|word| neutral(word) == Ok(FinishReason::Filtered)));
        assert!(failed.iter().all(|word| neutral(word) == Err(Failure::Server)));
        assert_eq!(neutral("PUP_LIMITED_DISABLED"), Err(Failure::Credential));
        assert_eq!(neutral(STOP), Ok(FinishReason::Stop));
        assert_eq!(neutral("MAX_TOKENS"), Ok(FinishReason::Length));
        assert_eq!(neutral("CONTINUATION"), Ok(FinishReason::Length));
        for word in ["OTHER", "IMAGE_OTHER", "NO_IMAGE", "FINISH_REASON_UNSPECIFIED", "BRAND_NEW"] {
            assert_eq!(neutral(word), Ok(FinishReason::Other(word.to_owned())));
        }
        assert_eq!(filtered.len() + failed.len() + 1 + 3 + 4, 24);
    }

    #[test]
    fn g05_every_reason_has_a_word_that_means_it() {
        for reason in [FinishReason::Stop, FinishReason::Length, FinishReason::Filtered] {
            assert_eq!(neutral(word(&reason).0), Ok(reason));
        }
        assert_eq!(word(&FinishReason::ToolCalls), (STOP, None));
        assert_eq!(word(&FinishReason::StopSequence(Some("x".into()))), (STOP, None));
        assert_eq!(word(&FinishReason::Other("NO_IMAGE".into())), ("NO_IMAGE", None));
        assert_eq!(word(&FinishReason::Other("model_length".into())), ("OTHER", Some("model_length")));
        assert_eq!(word(&FinishReason::Paused).0, "OTHER");
    }
}
