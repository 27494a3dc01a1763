//! Our errors in Cohere's shape. No client of ours speaks this protocol; the table of protocols asks for them.
//!
//! The SDKs choose the exception by status and keep the body as it is. Streams have no event on which they raise: an
//! answer that failed says so in its last event.

use bytes::Bytes;

use crate::error_reply::ErrorReply;
use crate::json::Json;

pub(super) fn body(error: &ErrorReply<'_>) -> Bytes {
    let mut json = Json::new();
    json.object().key("id").text(error.request_id).key("message").text(error.message).end_object();
    json.finish().into()
}

pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let mut json = Json::new();
    json.object().key("type").text("message-end").key("id").text(error.request_id);
    json.key("delta")
        .object()
        .key("finish_reason")
        .text("ERROR")
        .key("error")
        .text(error.message)
        .end_object();
    json.end_object();
    [b"event: message-end\ndata: ", &json.finish()[..], b"\n\n"].concat().into()
}
