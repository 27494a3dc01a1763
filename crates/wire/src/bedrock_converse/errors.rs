//! Our errors in AWS's shape.
//!
//! The SDKs raise the exception that an error is named by. They look for its name in the header `x-amzn-errortype`, then
//! in the body: botocore in `code`, then `__type`, the JavaScript SDK likewise. The body says it, so that no header is
//! needed. In a stream they raise on a message that is an exception, if its name is one of the stream's own. Source:
//! `parsers.py` of botocore 1.44.8 (`RestJSONParser`, `BaseEventStreamParser`), read 2026-11-28.

use bytes::Bytes;

use crate::error_reply::{ErrorKind, ErrorReply};
use crate::framing::event_stream;
use crate::json::Json;

pub(super) fn body(error: &ErrorReply<'_>) -> Bytes {
    let mut json = Json::new();
    json.object().key("__type").text(name(error.kind));
    json.key("message").text(error.message).end_object();
    json.finish().into()
}

pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let mut json = Json::new();
    json.object().key("message").text(error.message).end_object();
    let mut event = Vec::new();
    event_stream::write_exception(name_in_stream(error.kind), &json.finish(), &mut event);
    event.into()
}

/// The status that the service model gives an error of that name.
pub(super) const fn status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::Authentication => 403,
        ErrorKind::Spent => 400,
        ErrorKind::Timeout => 408,
        other => other.default_status(),
    }
}

const fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => "ValidationException",
        ErrorKind::Authentication | ErrorKind::Permission => "AccessDeniedException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::RateLimited => "ThrottlingException",
        // botocore tries a ThrottlingException again, and this not.
        ErrorKind::Spent => "ServiceQuotaExceededException",
        ErrorKind::Overloaded => "ServiceUnavailableException",
        ErrorKind::Timeout => "ModelTimeoutException",
        ErrorKind::Internal => "InternalServerException",
    }
}

/// One of the five that a stream may hold.
const fn name_in_stream(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::TooLarge
        | ErrorKind::Authentication
        | ErrorKind::Permission
        | ErrorKind::NotFound => "validationException",
        ErrorKind::RateLimited | ErrorKind::Spent => "throttlingException",
        ErrorKind::Overloaded => "serviceUnavailableException",
        ErrorKind::Timeout => "modelStreamErrorException",
        ErrorKind::Internal => "internalServerException",
    }
}
