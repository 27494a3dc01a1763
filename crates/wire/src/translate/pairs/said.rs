//! Whether a body holds what a request says, whatever its dialect: every text in some string, every argument, schema and
//! number to the letter.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::compare::Differences;
use crate::conversation::{
    Block, Content, Media, MediaSource, OutputFormat, Request, Tool, ToolChoice, ToolInput,
};

/// What of the request is not in the body.
pub(super) fn missing(request: &Request, body: &[u8]) -> Result<Differences, TestCaseError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(body))))?;
    let mut strings = Vec::new();
    strings_of(&value, &mut strings);
    let mut body = Body { bytes: body, strings, missing: Differences::default() };
    for block in request.turns.iter().flat_map(|turn| &turn.blocks) {
        body.holds(block);
    }
    // That none is to be called may be said by offering none.
    let offers = request.tool_choice != ToolChoice::None || body.offers(&request.tools);
    for tool in request.tools.iter().filter(|_| offers) {
        if let Tool::Function(function) = tool {
            body.holds_text("tools", &["tools", "tool_choice"], &function.name);
            if let Some(description) = &function.description {
                body.holds_text("tools.description", &["description", "tools", "tool_choice"], description);
            }
            if let Some(schema) = &function.schema {
                body.holds_json("tools.schema", &["schema", "parameters", "tools", "tool_choice"], schema);
            }
        }
    }
    if let OutputFormat::Schema { schema, .. } = &request.format {
        body.holds_json("response_format", &["format", "schema"], schema);
    }
    let sampling = &request.sampling;
    for (name, number) in [
        ("temperature", &sampling.temperature),
        ("top_p", &sampling.top_p),
        ("top_k", &sampling.top_k),
        ("seed", &sampling.seed),
        ("frequency_penalty", &sampling.frequency_penalty),
        ("presence_penalty", &sampling.presence_penalty),
    ] {
        if let Some(number) = number {
            body.holds_json(name, &[name], number.as_bytes());
        }
    }
    for stop in &request.stop {
        body.holds_text("stop", &["stop"], stop);
    }
    Ok(body.missing)
}

fn strings_of<'v>(value: &'v Value, strings: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => strings.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings_of(value, strings)),
        Value::Object(members) => members.values().for_each(|value| strings_of(value, strings)),
        _ => {}
    }
}

struct Body<'b> {
    bytes: &'b [u8],
    strings: Vec<&'b str>,
    missing: Differences,
}

impl Body<'_> {
    fn offers(&self, tools: &[Tool]) -> bool {
        tools.iter().any(|tool| self.strings.contains(&tool.name()))
    }

    fn holds(&mut self, block: &Block) {
        match &block.content {
            // What is blank says nothing.
            Content::Text(text) if text.text.trim().is_empty() => {}
            Content::Text(text) => self.holds_text("text", &["=messages.text"], &text.text),
            Content::Refusal(text) => self.holds_text("refusal", &["refusal"], text),
            Content::Reasoning(reasoning) => {
                self.holds_text("reasoning", &["reasoning", "thinking", "thought"], &reasoning.text);
            }
            Content::ToolCall(call) => {
                self.holds_text("tool_call.name", &["tool_call"], &call.name);
                match &call.input {
                    ToolInput::Arguments(arguments) => {
                        self.holds_json("tool_call.arguments", &["tool_call"], arguments);
                    }
                    ToolInput::Text(text) => self.holds_text("tool_call.input", &["tool_call"], text),
                }
            }
            Content::ToolResult(result) => result.blocks.iter().for_each(|block| self.holds(block)),
            Content::Media(media) => self.holds_media(media),
            Content::Search(_) | Content::Opaque(_) => {}
        }
    }

    fn holds_media(&mut self, media: &Media) {
        let (source, encoded) = match &media.source {
            MediaSource::Base64(data) => (String::from_utf8_lossy(data), None),
            MediaSource::Text(text) => (Cow::Borrowed(text.as_str()), Some(STANDARD.encode(text))),
            MediaSource::Url(text) | MediaSource::Held(text) => (Cow::Borrowed(text.as_str()), None),
        };
        if encoded.is_some_and(|encoded| self.strings.iter().any(|string| string.contains(&encoded))) {
            return;
        }
        self.holds_text("media", &["media", "image", "audio", "document", "video", "file"], &source);
    }

    fn holds_text(&mut self, what: &'static str, covered_by: &[&'static str], text: &str) {
        let is_there = self.strings.iter().any(|string| string.contains(text));
        self.missing.add(what, covered_by, is_there, text);
    }

    /// JSON to the letter, as a part of the body or in a string.
    fn holds_json(&mut self, what: &'static str, covered_by: &[&'static str], json: &[u8]) {
        let json = json.trim_ascii();
        let text = String::from_utf8_lossy(json);
        let is_there = memmem::find(self.bytes, json).is_some()
            || self.strings.iter().any(|string| string.contains(&*text));
        self.missing.add(what, covered_by, is_there, &text);
    }
}
