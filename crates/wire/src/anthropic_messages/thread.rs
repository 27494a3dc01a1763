//! Conversations that Anthropic keeps (`thread`, in beta): a request begins one, the next goes on and has only what is new.
//!
//! The SDKs' tool runners begin one unless told otherwise, and send all of it again where going on is refused as
//! [`NOT_FOUND`]. So whoever keeps no conversation takes the first and refuses the second, and no product notices.
//!
//! Source: `lib/threads/_thread_state.py` and `types/beta/beta_thread_*_params.py` of the official Python SDK, anthropic
//! 2.12.0; `lib/internal/threads/ThreadState.js` of @anthropic-ai/sdk 1.12.0; read 2026-11-29.

use crate::amend::member;

/// The member.
pub(super) const NAME: &str = "thread";
/// The `error_code` on which the SDKs send the whole conversation.
pub(super) const NOT_FOUND: &str = "thread_not_found";
/// Why a beginning is left out.
pub(super) const NOT_KEPT: &str = "no conversation is kept there: the next turn has to bring all of it";
/// Why going on cannot be.
pub(super) const HELD: &str = "the conversation that it goes on with is kept at Anthropic";

/// Whether a request goes on with a conversation, so that it has only a part of it.
pub(super) fn goes_on(body: &[u8]) -> bool {
    member(body, NAME).is_some_and(|thread| member(thread, "type") == Some(b"\"continue\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_is_told_from_who_begins() {
        for (body, expected) in [
            (r#"{"messages":[], "thread": {"previous_message_id":"msg_1", "type": "continue"}}"#, true),
            (r#"{"thread":{"type":"create"}}"#, false),
            (r#"{"thread":null}"#, false),
            (r#"{"model":"m"}"#, false),
            ("{", false),
        ] {
            assert_eq!(goes_on(body.as_bytes()), expected, "{body}");
        }
    }
}
