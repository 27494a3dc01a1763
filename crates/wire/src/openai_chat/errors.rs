//! Our errors in `OpenAI`'s shape.
//!
//! The SDKs choose the exception by status, and take `message`, `type`, `param` and `code` from `error`. In a stream they
//! raise `APIError` on any event whose data has `error`; no `[DONE]` follows, since to a simpler client that would say
//! that the answer is whole.

use bytes::Bytes;
use serde::Serialize;

use crate::error_reply::{ErrorKind, ErrorReply};

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

pub(super) fn body(error: &ErrorReply<'_>) -> Bytes {
    json(error).into()
}

pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let mut event = b"data: ".to_vec();
    event.extend(json(error));
    event.extend(b"\n\n");
    event.into()
}

fn json(error: &ErrorReply<'_>) -> Vec<u8> {
    let (kind, code) = words(error.kind);
    let body = Body { message: error.message, r#type: kind, param: error.param, code: error.code.or(code) };
    serde_json::to_vec(&Envelope { error: body }).expect("strings are always JSON")
}

/// `type`, and the `code` where we have no better one, as `OpenAI` uses them.
const fn words(kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::NotFound => ("invalid_request_error", None),
        ErrorKind::Authentication => ("invalid_request_error", Some("invalid_api_key")),
        ErrorKind::Permission => ("invalid_request_error", Some("insufficient_permissions")),
        ErrorKind::TooLarge => ("invalid_request_error", Some("request_too_large")),
        ErrorKind::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
        ErrorKind::Spent => ("insufficient_quota", Some("insufficient_quota")),
        ErrorKind::Overloaded => ("server_error", Some("overloaded")),
        ErrorKind::Timeout => ("server_error", Some("timeout")),
        ErrorKind::Internal => ("server_error", None),
    }
}
