//! Errors: ours in a stream, and what a supplier's mean.

use bytes::Bytes;

use super::write::append_line;
use crate::classify;
use crate::codec::Codec;
use crate::error_reply::ErrorReply;
use crate::failure::Failure;
use crate::json::Json;
use crate::openai_chat::OpenaiChat;
use crate::scan::Scanner;

/// An `error` event. The Python SDK raises on whatever has `error`, the Node SDK on that or on the event's name, and
/// neither on `response.failed`. The members beside `error` are those of the SDK's `ResponseErrorEvent`; a reader that
/// counts events has lost count by now, so the number says nothing.
pub(super) fn event(error: &ErrorReply<'_>) -> Bytes {
    let body = OpenaiChat.error_reply(error);
    let (mut code, mut inner) = (None, &b"null"[..]);
    // Ours, so it can be read.
    let _ = Scanner::new(&body).and_then(|mut scan| {
        scan.object(|scan, _| {
            let start = scan.at();
            scan.object(|scan, name| match name {
                b"code" => scan.text().map(|text| code = text.map(|text| text.unescape().into_owned())),
                _ => scan.skip(),
            })?;
            inner = scan.slice(start..scan.at());
            Ok(())
        })
    });
    let mut json = Json::new();
    json.object().key("type").text("error").key("sequence_number").number(0);
    json.optional("code", code).key("message").text(error.message).optional("param", error.param);
    json.key("error").raw(inner).end_object();
    let mut event = b"event: error\ndata: ".to_vec();
    append_line(&mut event, &json.finish());
    event.extend(b"\n\n");
    event.into()
}

/// Codes of a response's `error` that are about what the client sent.
///
/// Source: `types/responses/response_error.py`; the codes left out are the supplier's own troubles.
const CLIENTS_FAULT: &[&str] = &[
    "invalid_prompt",
    "bio_policy",
    "misalignment_policy_violation",
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "image_content_policy_violation",
    "invalid_image_mode",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
];

/// What a failed response or an `error` event means: `error` is the JSON of the error, or of all that holds it.
pub(super) fn meaning(error: &[u8]) -> Failure {
    match classify::hidden_error(error) {
        Failure::Server if is_clients_fault(error) => Failure::Client,
        failure => failure,
    }
}

fn is_clients_fault(error: &[u8]) -> bool {
    let mut found = false;
    let read = Scanner::new(error).and_then(|mut scan| {
        scan.object(|scan, name| match name {
            b"code" => scan.text().map(|code| {
                found = code.is_some_and(|code| CLIENTS_FAULT.iter().any(|word| code.is(word)));
            }),
            _ => scan.skip(),
        })
    });
    read.is_ok() && found
}
