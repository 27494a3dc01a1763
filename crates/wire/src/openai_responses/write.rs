//! What is written alike in several places: text with what belongs to it, thoughts, the line of an event.

use crate::conversation::{Citation, Logprob, Loss, Text, TokenLogprob};
use crate::json::Json;
use crate::translate::note;

/// A part of a model's message.
pub(super) fn output_text(json: &mut Json, text: &Text, losses: &mut Vec<Loss>) {
    let length = text.text.chars().count() as u64;
    json.object().key("type").text("output_text").key("text").text(&text.text).key("annotations").array();
    for citation in &text.citations {
        annotation(json, citation, length, losses);
    }
    json.end_array();
    if !text.logprobs.is_empty() {
        json.key("logprobs");
        logprobs(json, &text.logprobs);
    }
    json.end_object();
}

/// A citation, as an element; whether there was one to write. One that says no place is for all of the text so far.
pub(super) fn annotation(json: &mut Json, citation: &Citation, length: u64, losses: &mut Vec<Loss>) -> bool {
    if citation.quote.is_some() {
        note(losses, Loss::new("citation.quote", "no place for the passage"));
    }
    if citation.place.is_some() {
        note(losses, Loss::new("citations.location", Citation::PLACE_LOST));
    }
    let Some(url) = &citation.url else {
        note(losses, Loss::new("citations", "only an address can be cited"));
        return false;
    };
    let (start, end) = citation.range.unwrap_or((0, length));
    json.object().key("type").text("url_citation").key("start_index").number(start);
    json.key("end_index").number(end).key("url").text(url);
    json.key("title").text(citation.title.as_deref().unwrap_or_default()).end_object();
    true
}

/// The list of tokens and how probable they were.
pub(super) fn logprobs(json: &mut Json, tokens: &[TokenLogprob]) {
    json.array();
    for token in tokens {
        one(json, &token.chosen).key("top_logprobs").array();
        for top in &token.top {
            one(json, top).end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

/// One token; its object stays open. The bytes are required.
fn one<'j>(json: &'j mut Json, token: &Logprob) -> &'j mut Json {
    json.object().key("token").text(&token.token).key("logprob").raw(&token.logprob).key("bytes").array();
    for byte in token.bytes.as_deref().unwrap_or(token.token.as_bytes()) {
        json.number(u64::from(*byte));
    }
    json.end_array()
}

/// The members of a reasoning item that can be read: `summary` is required, `content` left out where there is none.
pub(super) fn thoughts(json: &mut Json, summary: &str, text: &str) {
    json.key("summary").array();
    if !summary.is_empty() {
        json.object().key("type").text("summary_text").key("text").text(summary).end_object();
    }
    json.end_array();
    if !text.is_empty() {
        json.key("content").array();
        json.object().key("type").text("reasoning_text").key("text").text(text).end_object();
        json.end_array();
    }
}

/// Appends JSON as one line. Schemas are said back as the client wrote them, and may hold ends of lines: in JSON those of
/// ASCII stand between values alone, the others in strings alone.
pub(super) fn append_line(out: &mut Vec<u8>, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    let line = &mut out[start..];
    if memchr::memchr2(b'\n', b'\r', line).is_some() {
        line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    if memchr::memmem::find(line, b"\xE2\x80").is_none() {
        return;
    }
    let written = out.split_off(start);
    let mut rest = written.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\xE2\x80") {
        out.extend_from_slice(&rest[..at]);
        let (escaped, length) = match rest.get(at + 2) {
            Some(0xA8) => (&b"\\u2028"[..], 3),
            Some(0xA9) => (&b"\\u2029"[..], 3),
            _ => (&rest[at..at + 2], 2),
        };
        out.extend_from_slice(escaped);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
}
