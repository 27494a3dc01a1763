//! Our errors in Anthropic's shape.
//!
//! The SDKs choose the exception by status, and take `type` and `message` from `error`. In a stream they raise on an event
//! named `error`.

use bytes::Bytes;
use serde::Serialize;

use super::thread;
use crate::error_reply::{ErrorKind, ErrorReply};

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    error: Body<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

pub(super) fn body(error: &ErrorReply<'_>) -> Bytes {
    json(error).into()
}

pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let mut event = b"event: error\ndata: ".to_vec();
    event.extend(json(error));
    event.extend(b"\n\n");
    event.into()
}

fn json(error: &ErrorReply<'_>) -> Vec<u8> {
    // Of our codes the one that these clients know.
    let code = error.code.filter(|code| *code == thread::NOT_FOUND);
    let details = code.map(|error_code| Details { error_code });
    let body = Body { r#type: word(error.kind), message: error.message, details };
    serde_json::to_vec(&Envelope { r#type: "error", error: body, request_id: error.request_id })
        .expect("strings are always JSON")
}

const fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimited | ErrorKind::Spent => "rate_limit_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Internal => "api_error",
    }
}
