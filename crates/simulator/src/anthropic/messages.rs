//! The `messages` of a Messages request: roles, blocks, tool results where they belong, signatures.

use serde_json::{Map, Value};

use super::request::required;
use crate::{
    billing::Keep,
    prompt::{Talk, count_tokens},
    protocol::Refusal,
    seal::{self, ANTHROPIC},
};

pub(super) fn read(body: &Map<String, Value>) -> Result<Talk<'_>, Refusal> {
    let messages = match body.get("messages") {
        None => return Err(required("messages")),
        Some(Value::Array(messages)) => messages,
        Some(_) => return Err(Refusal::bad("messages: Input should be a valid array")),
    };
    let Some(last) = messages.last() else {
        return Err(Refusal::bad("messages: at least one message is required"));
    };
    for (index, message) in messages.iter().enumerate() {
        check(index, message, index + 1 == messages.len())?;
    }
    check_results(messages)?;
    let is_result = blocks(last).iter().any(|block| kind(block) == "tool_result");
    let text = text_of(last);
    let is_user = role(last) == "user";
    if !is_user && text.ends_with(char::is_whitespace) {
        return Err(Refusal::bad("messages: final assistant content cannot end with trailing whitespace"));
    }
    Ok(Talk {
        messages,
        wish: (is_user && !is_result).then(|| text.clone()),
        last_words: (!is_user).then_some(text),
    })
}

/// Tokens of a message, a system prompt or a list of tools.
pub(super) fn tokens(value: &Value) -> u64 {
    match value {
        Value::String(text) => count_tokens(text),
        Value::Array(items) => items.iter().map(tokens).sum(),
        Value::Object(fields) => match fields.get("type").and_then(Value::as_str) {
            Some("image") => 1600,
            Some("document") => 2500,
            _ => {
                let counted =
                    fields.iter().filter(|(name, _)| !matches!(name.as_str(), "cache_control" | "signature"));
                counted.map(|(_, value)| tokens(value)).sum()
            }
        },
        _ => 1,
    }
}

/// How long the client asks to keep the prompt up to the end of this message, system prompt or tool list.
pub(super) fn mark(value: &Value) -> Option<Keep> {
    marks(value).into_iter().last()
}

/// Every mark inside.
pub(super) fn marks(value: &Value) -> Vec<Keep> {
    match value {
        Value::Array(items) => items.iter().flat_map(marks).collect(),
        Value::Object(fields) => {
            let inner = fields.iter().filter(|(name, _)| name.as_str() != "cache_control");
            let inner = inner
                .filter(|(name, _)| matches!(name.as_str(), "content"))
                .flat_map(|(_, value)| marks(value));
            let own = fields.get("cache_control").filter(|control| control.is_object());
            let own = own.map(|control| if control["ttl"] == "1h" { Keep::Hour } else { Keep::Minutes5 });
            inner.chain(own).collect()
        }
        _ => Vec::new(),
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn kind(block: &Value) -> &str {
    block.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn blocks(message: &Value) -> &[Value] {
    message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text_of(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        _ => blocks(message).iter().filter_map(|block| block.get("text").and_then(Value::as_str)).collect(),
    }
}

fn check(index: usize, message: &Value, is_last: bool) -> Result<(), Refusal> {
    match role(message) {
        "user" | "assistant" => {}
        "system" => {
            return Err(Refusal::bad(
                "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \
                 \"system\" as an input message role.",
            ));
        }
        "" => return Err(required(&format!("messages.{index}.role"))),
        _ => {
            return Err(Refusal::bad(format!(
                "messages.{index}.role: Input should be 'user' or 'assistant'"
            )));
        }
    }
    let is_empty = match message.get("content") {
        None => return Err(required(&format!("messages.{index}.content"))),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(blocks)) => blocks.is_empty(),
        Some(_) => {
            return Err(Refusal::bad(format!("messages.{index}.content: Input should be a valid string")));
        }
    };
    if is_empty && !(is_last && role(message) == "assistant") {
        let message = format!(
            "messages.{index}: all messages must have non-empty content except for the optional final assistant message"
        );
        return Err(Refusal::bad(message));
    }
    blocks(message).iter().enumerate().try_for_each(|(place, block)| check_block(index, place, block))
}

fn check_block(index: usize, place: usize, block: &Value) -> Result<(), Refusal> {
    let at = format!("messages.{index}.content.{place}");
    let text = |name: &str| block.get(name).and_then(Value::as_str);
    match kind(block) {
        "" => Err(required(&format!("{at}.type"))),
        "text" => match text("text") {
            None => Err(required(&format!("{at}.text.text"))),
            Some("") => Err(Refusal::bad(format!("messages: text content blocks must be non-empty ({at})"))),
            Some(_) => Ok(()),
        },
        "thinking"
            if !seal::is_ours(
                ANTHROPIC,
                text("thinking").unwrap_or_default(),
                text("signature").unwrap_or_default(),
            ) =>
        {
            Err(Refusal::bad(format!("{at}: Invalid `signature` in `thinking` block")))
        }
        "tool_use" if !block.get("input").is_some_and(Value::is_object) => {
            Err(Refusal::bad(format!("{at}.tool_use.input: Input should be a valid dictionary")))
        }
        "tool_result" if text("tool_use_id").is_none() => {
            Err(required(&format!("{at}.tool_result.tool_use_id")))
        }
        _ => Ok(()),
    }
}

/// Each tool use is answered in the very next message, and nothing else is.
fn check_results(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        for (place, block) in
            blocks(message).iter().enumerate().filter(|(_, block)| kind(block) == "tool_result")
        {
            let id = block.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
            let Some(found) = open.iter().position(|used| *used == id) else {
                let message = format!(
                    "messages.{index}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each \
                     `tool_result` block must have a corresponding `tool_use` block in the previous message."
                );
                return Err(Refusal::bad(message));
            };
            open.swap_remove(found);
        }
        if !open.is_empty() {
            let message = format!(
                "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` \
                 block must have a corresponding `tool_result` block in the next message.",
                index - 1,
                open.join(", ")
            );
            return Err(Refusal::bad(message));
        }
        let uses = blocks(message).iter().filter(|block| kind(block) == "tool_use");
        open = uses.filter_map(|block| block.get("id").and_then(Value::as_str)).collect();
    }
    Ok(())
}
