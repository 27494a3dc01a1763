//! What the tests of several modules share.

use std::sync::Arc;

use catalogue::{Capabilities, Quirks, Usage};

use super::translator::GeminiTranslator;
use crate::conversation::{
    Block, ClientTranslator, Content, Encoded, Loss, Opaque, ReplyContext, Request, Role, Target, ToolCall,
    ToolInput, ToolResult, Translator, Turn,
};
use crate::gemini::signature;

/// A Gemini 3 model.
pub(super) fn newer() -> Target<'static> {
    Target { quirks: Quirks::THINKING_LEVEL, ..older() }
}

/// A Gemini 2.5 model.
pub(super) fn older() -> Target<'static> {
    Target {
        model: "gemini",
        owner: "account",
        max_output: None,
        capabilities: Capabilities::default(),
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

pub(super) fn about() -> ReplyContext {
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 0,
        model: "asked-for".into(),
        estimated_input_tokens: 0,
        request: Arc::new(Request::default()),
        previous: None,
    }
}

pub(super) fn encoded(request: &Request, target: &Target<'_>) -> (serde_json::Value, Vec<String>) {
    json_of(&GeminiTranslator.encode_request(request, target).unwrap())
}

/// The body, and what was lost.
pub(super) fn json_of(encoded: &Encoded) -> (serde_json::Value, Vec<String>) {
    let body = serde_json::from_slice(&encoded.body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&encoded.body)));
    (body, names(&encoded.losses))
}

pub(super) fn decoded(body: &serde_json::Value) -> Request {
    GeminiTranslator.decode_request(body.to_string().as_bytes()).unwrap()
}

pub(super) fn names(losses: &[Loss]) -> Vec<String> {
    losses.iter().map(|loss| loss.what.clone()).collect()
}

pub(super) fn turn(role: Role, contents: Vec<Content>) -> Turn {
    Turn { role, name: None, blocks: contents.into_iter().map(Block::from).collect() }
}

pub(super) fn call(id: &str, name: &str, arguments: &str, proof: Option<Opaque>) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: id.into(), name: name.into(), input, proof })
}

pub(super) fn result(call_id: &str, text: &str) -> Content {
    Content::ToolResult(ToolResult {
        call_id: call_id.into(),
        name: None,
        blocks: vec![Content::text(text).into()],
        is_error: false,
        is_custom: false,
    })
}

/// A signature of the account's own.
pub(super) fn signed(data: &str) -> Opaque {
    Opaque { owner: Some("account".into()), ..signature::made(data) }
}

pub(super) fn usage() -> Usage {
    Usage {
        input_uncached: 10,
        cache_read: 5,
        audio_in: 3,
        image_in: 2,
        output_text: 7,
        reasoning: 4,
        audio_out: 1,
        image_out: 6,
        ..Usage::default()
    }
}
