//! Our errors in Google's shape.
//!
//! The SDKs choose the exception by the reply's status. In a stream both look at each chunk: the Python SDK raises where
//! its JSON *begins* with `{"error":`, the JavaScript SDK where `error` is an object, and both take the number in `code`
//! for the status, so it is one between 400 and 599. What Google has no member for goes into `details`, in the types of
//! `google.rpc`.

use bytes::Bytes;

use crate::error_reply::{ErrorKind, ErrorReply};
use crate::json::Json;

/// Whose the reasons in `ErrorInfo` are.
const DOMAIN: &str = "releve";

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
    let code = if (400..600).contains(&error.status) { error.status } else { error.kind.default_status() };
    let mut json = Json::new();
    json.object().key("error").object();
    json.key("code").number(code.into()).key("message").text(error.message);
    json.key("status").text(status(error.kind)).key("details").array();
    json.object().key("@type").text("type.googleapis.com/google.rpc.RequestInfo");
    json.key("requestId").text(error.request_id).end_object();
    if let Some(reason) = error.code {
        json.object().key("@type").text("type.googleapis.com/google.rpc.ErrorInfo");
        json.key("reason").text(reason).key("domain").text(DOMAIN).end_object();
    }
    if let Some(field) = error.param {
        json.object().key("@type").text("type.googleapis.com/google.rpc.BadRequest");
        json.key("fieldViolations").array().object().key("field").text(field);
        json.key("description").text(error.message).end_object().end_array().end_object();
    }
    json.end_array().end_object().end_object();
    json.finish()
}

/// Google's word for it.
const fn status(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => "INVALID_ARGUMENT",
        ErrorKind::Authentication => "UNAUTHENTICATED",
        ErrorKind::Permission => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::RateLimited | ErrorKind::Spent => "RESOURCE_EXHAUSTED",
        ErrorKind::Overloaded => "UNAVAILABLE",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
        ErrorKind::Internal => "INTERNAL",
    }
}
