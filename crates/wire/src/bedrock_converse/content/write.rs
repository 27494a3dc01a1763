//! Writing an answer's blocks for a client.

use catalogue::Protocol;

use super::super::media::{self, DocumentNames};
use super::super::search;
use super::citation;
use super::proof::{Given, given};
use crate::conversation::{
    Block, Citation, Content, Loss, Media, Reasoning, Text, ToolCall, ToolInput, TranslateError,
};
use crate::json::Json;
use crate::scan::is_object;
use crate::translate::note;

/// Writes the elements of a `content` list.
pub(in super::super) fn write(
    json: &mut Json,
    blocks: &[Block],
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    let mut names = DocumentNames::default();
    for block in blocks {
        match &block.content {
            Content::Text(text) => write_text(json, text, losses),
            Content::Refusal(text) => {
                note(losses, Loss::new("refusal", "it is said as text"));
                json.object().key("text").text(text).end_object();
            }
            Content::Media(media) => write_media(json, media, &mut names, losses)?,
            Content::ToolCall(call) => write_call(json, call, losses)?,
            Content::Reasoning(reasoning) => write_reasoning(json, reasoning),
            Content::Search(_) => note(losses, Loss::new("web_search", search::APART)),
            Content::Opaque(opaque)
                if opaque.protocol == Protocol::BedrockConverse && is_object(opaque.data.as_bytes()) =>
            {
                json.raw(&opaque.data);
            }
            Content::Opaque(opaque) => {
                note(losses, Loss::new(opaque.kind.clone(), "a block of another protocol"));
            }
            Content::ToolResult(_) => {
                note(losses, Loss::new("tool_result", "no place for a result in an answer"));
            }
        }
    }
    Ok(())
}

fn write_text(json: &mut Json, text: &Text, losses: &mut Vec<Loss>) {
    if !text.logprobs.is_empty() {
        note(losses, Loss::new("logprobs", "no place for them"));
    }
    if text.proof.is_some() {
        note(losses, Loss::new("text.proof", "no place for it beside text"));
    }
    if text.citations.is_empty() {
        json.object().key("text").text(&text.text).end_object();
    } else {
        write_cited(json, &text.text, &text.citations, losses);
    }
}

/// Writes a block of text with its sources.
pub(in super::super) fn write_cited<'c>(
    json: &mut Json,
    text: &str,
    citations: impl IntoIterator<Item = &'c Citation>,
    losses: &mut Vec<Loss>,
) {
    json.object().key("citationsContent").object();
    json.key("content").array().object().key("text").text(text).end_object().end_array();
    json.key("citations").array();
    for citation in citations {
        citation::write(json, citation, losses);
    }
    json.end_array().end_object().end_object();
}

/// Writes a block of media.
pub(in super::super) fn write_media(
    json: &mut Json,
    media: &Media,
    names: &mut DocumentNames,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    json.object();
    media::write(json, media, names, losses)?;
    json.end_object();
    Ok(())
}

fn write_call(json: &mut Json, call: &ToolCall, losses: &mut Vec<Loss>) -> Result<(), TranslateError> {
    if call.proof.is_some() {
        note(losses, Loss::new("tool_call.proof", "no place for it beside a call"));
    }
    json.object().key("toolUse").object().key("toolUseId").text(&call.id).key("name").text(&call.name);
    json.key("input");
    match (&call.input, call.input.as_object()) {
        (ToolInput::Arguments(_), (arguments, None)) => json.raw(arguments.as_ref()),
        (ToolInput::Arguments(broken), (_, Some(_))) => {
            note(losses, Loss::new("tool_call.arguments", "they are broken off, so they are given as text"));
            json.text(&String::from_utf8_lossy(broken))
        }
        (ToolInput::Text(_), _) => {
            return Err(TranslateError::unsayable("tool_call.text", "tools take JSON there"));
        }
    };
    json.end_object().end_object();
    Ok(())
}

fn write_reasoning(json: &mut Json, reasoning: &Reasoning) {
    if reasoning.text.is_empty() && reasoning.proof.is_none() {
        return;
    }
    json.object().key("reasoningContent").object();
    match given(reasoning.proof.as_ref(), !reasoning.text.is_empty()) {
        Given::Redacted(base64) => json.key("redactedContent").text(&base64),
        Given::Signature(signature) => write_reasoning_text(json, &reasoning.text, Some(&signature)),
    };
    json.end_object().end_object();
}

/// `text` stands there even where it is empty: SDKs count on it.
pub(in super::super) fn write_reasoning_text<'j>(
    json: &'j mut Json,
    text: &str,
    signature: Option<&str>,
) -> &'j mut Json {
    json.key("reasoningText").object().key("text").text(text).optional("signature", signature).end_object()
}
