//! The `messages` of a Cohere request: something said, and tool results that answer the calls before them.

use serde_json::Value;

use super::refusal::invalid;
use crate::{
    prompt::{Talk, count_json, list},
    protocol::Refusal,
};

pub(super) fn read(body: &Value) -> Result<Talk<'_>, Refusal> {
    let messages = list(body.get("messages"));
    let Some(last) = messages.last() else {
        return Err(invalid("messages must contain at least one message"));
    };
    if !matches!(role(last), "user" | "tool") {
        return Err(invalid("the last message must be from the user or a tool"));
    }
    for (index, message) in messages.iter().enumerate() {
        let is_silent = list(message.get("tool_calls")).is_empty();
        if is_silent && role(message) != "tool" && is_empty(&message["content"]) {
            return Err(invalid(&format!("messages[{index}] must be at least 1 token long")));
        }
    }
    check_results(messages)?;
    let wish = (role(last) == "user").then(|| text_of(last));
    Ok(Talk { messages, wish, last_words: None })
}

/// Tokens of a message, a list of tools or documents.
pub(super) fn tokens(value: &Value) -> u64 {
    count_json(value, &|fields| fields.contains_key("image_url").then_some(1000))
}

fn role(message: &Value) -> &str {
    message["role"].as_str().unwrap_or_default()
}

fn is_empty(content: &Value) -> bool {
    match content {
        Value::String(text) => text.is_empty(),
        Value::Array(parts) => parts.is_empty(),
        _ => true,
    }
}

fn text_of(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        parts => list(Some(parts)).iter().filter_map(|part| part["text"].as_str()).collect(),
    }
}

/// Each call is answered by a tool's message before anybody else speaks.
fn check_results(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if role(message) == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(place) = open.iter().position(|call| *call == id) else {
                return Err(invalid(&format!("tool call id '{id}' not found in previous tool calls")));
            };
            open.remove(place);
        } else if open.is_empty() {
            open = list(message.get("tool_calls")).iter().filter_map(|call| call["id"].as_str()).collect();
        } else {
            break;
        }
    }
    match open.as_slice() {
        [] => Ok(()),
        ids => Err(invalid(&format!("missing tool results for tool calls: [{}]", ids.join(", ")))),
    }
}
