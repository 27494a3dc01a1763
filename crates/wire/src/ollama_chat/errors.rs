//! Our errors in Ollama's shape. No client of ours speaks this protocol; the table of protocols asks for them.
//!
//! The client takes `error` from a body, whatever the status, and raises on a line that has it.

use bytes::Bytes;

use crate::error_reply::ErrorReply;
use crate::json::Json;

pub(super) fn body(error: &ErrorReply<'_>) -> Bytes {
    json(error).into()
}

pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let mut line = json(error);
    line.push(b'\n');
    line.into()
}

fn json(error: &ErrorReply<'_>) -> Vec<u8> {
    let mut json = Json::new();
    json.object().key("error").text(error.message).end_object();
    json.finish()
}
