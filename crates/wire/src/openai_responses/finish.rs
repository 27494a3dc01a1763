//! Why an answer ended: a status, and a reason where it is incomplete.
//!
//! Source: `types/responses/response_status.py`, `IncompleteDetails` in `response.py`.

use crate::conversation::{FinishReason, Loss};

/// Reads it; `calls` is whether tools are to be called.
pub(super) fn read(status: Option<&str>, reason: Option<&str>, calls: bool) -> Option<FinishReason> {
    match (status?, reason) {
        ("completed", _) if calls => Some(FinishReason::ToolCalls),
        ("completed", _) => Some(FinishReason::Stop),
        ("incomplete", Some("max_output_tokens")) => Some(FinishReason::Length),
        ("incomplete", Some("content_filter")) => Some(FinishReason::Filtered),
        ("incomplete", reason) => Some(FinishReason::Other(reason.unwrap_or("incomplete").to_owned())),
        _ => None,
    }
}

/// How it is said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The response's status.
    pub(super) status: &'static str,
    /// Why it is incomplete, where there is a word for it.
    pub(super) reason: Option<&'static str>,
    /// The status of its last item.
    pub(super) item: &'static str,
    pub(super) loss: Option<Loss>,
}

/// Puts it into the dialect's words. An answer that is whole is complete, also where nobody said why it ended.
pub(super) fn write(reason: Option<&FinishReason>) -> Ending {
    let ending = |status, reason, item| Ending { status, reason, item, loss: None };
    let completed = ending("completed", None, "completed");
    match reason {
        Some(FinishReason::StopSequence(Some(_))) => {
            let loss = Some(Loss::new("stop_sequence", "which text ended the answer is not said there"));
            Ending { loss, ..completed }
        }
        None | Some(FinishReason::Stop | FinishReason::StopSequence(None) | FinishReason::ToolCalls) => {
            completed
        }
        Some(FinishReason::Length) => ending("incomplete", Some("max_output_tokens"), "incomplete"),
        Some(FinishReason::Filtered) => ending("incomplete", Some("content_filter"), "incomplete"),
        Some(FinishReason::Paused) => {
            let loss = Some(Loss::new("finish_reason", "no word for a pause"));
            Ending { loss, ..ending("incomplete", None, "completed") }
        }
        Some(FinishReason::Other(_)) => {
            Ending { loss: Some(Loss::new("finish_reason", "no word for it")), ..completed }
        }
    }
}
