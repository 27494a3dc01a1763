//! The `messages` of a Chat Completions request: roles, contents, and tool results where they belong.

use serde_json::{Map, Value};

use super::fields::{missing, wrong_type};
use crate::{
    prompt::{Talk, count_tokens},
    protocol::Refusal,
};

pub(super) fn mention_json(messages: &[Value]) -> bool {
    messages.iter().any(|message| text_of(message).to_lowercase().contains("json"))
}

pub(super) fn read(body: &Map<String, Value>) -> Result<Talk<'_>, Refusal> {
    let messages = match body.get("messages") {
        None | Some(Value::Null) => return Err(missing("messages")),
        Some(Value::Array(messages)) => messages,
        Some(other) => return Err(wrong_type("messages", "an array of objects", other)),
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(Refusal::bad(message).about("messages", Some("empty_array")));
    }
    for (index, message) in messages.iter().enumerate() {
        check(index, message)?;
    }
    check_results(messages)?;
    let last = messages.last().map(|message| (role(message), text_of(message)));
    let of = |wanted: &str| last.clone().filter(|(role, _)| *role == wanted).map(|(_, text)| text);
    Ok(Talk { messages, wish: of("user"), last_words: of("assistant") })
}

/// Tokens of a message or a list of tools: its text, and a flat sum for what is not text.
pub(super) fn tokens(value: &Value) -> u64 {
    match value {
        Value::String(text) => count_tokens(text),
        Value::Array(items) => items.iter().map(tokens).sum(),
        Value::Object(fields) => match fields.get("type").and_then(Value::as_str) {
            Some("image_url") => 765,
            Some("input_audio") => 250,
            Some("file") => 1500,
            _ => fields.iter().map(|(name, value)| u64::from(name == "name") + tokens(value)).sum(),
        },
        _ => 1,
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// All text of a message's content, parts joined.
fn text_of(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

fn check(index: usize, message: &Value) -> Result<(), Refusal> {
    let Some(fields) = message.as_object() else {
        return Err(wrong_type(&format!("messages[{index}]"), "an object", message));
    };
    let calls =
        fields.get("tool_calls").or(fields.get("function_call")).is_some_and(|calls| !calls.is_null());
    match role(message) {
        "" => Err(missing(&format!("messages[{index}].role"))),
        "tool" if !fields.contains_key("tool_call_id") => {
            Err(missing(&format!("messages[{index}].tool_call_id")))
        }
        "assistant" if calls => Ok(()),
        "assistant" => {
            check_content(index, fields)?;
            check_spoken_parts(index, fields)
        }
        "system" | "developer" | "user" | "tool" | "function" => check_content(index, fields),
        other => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            Err(Refusal::bad(message).about(format!("messages[{index}].role"), Some("invalid_value")))
        }
    }
}

fn check_content(index: usize, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let param = format!("messages[{index}].content");
    match fields.get("content") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) => {
            match parts.iter().position(|part| !part.get("type").is_some_and(Value::is_string)) {
                None => Ok(()),
                Some(place) => Err(missing(&format!("{param}[{place}].type"))),
            }
        }
        None => Err(missing(&param)),
        Some(Value::Null) => {
            let message = format!("Invalid value for 'content': expected a string, got null. ({param})");
            Err(Refusal::bad(message).about(param, None))
        }
        Some(other) => Err(wrong_type(&param, "one of a string or array of objects", other)),
    }
}

/// The parts that the model's own messages have: text and refusals, each in words.
///
/// Source: `chat_completion_assistant_message_param.py` in openai 3.54.0, read 2026-11-29.
fn check_spoken_parts(index: usize, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let parts = fields.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (place, part) in parts.iter().enumerate() {
        let param = format!("messages[{index}].content[{place}]");
        match part.get("type").and_then(Value::as_str).unwrap_or_default() {
            kind @ ("text" | "refusal") if !part.get(kind).is_some_and(Value::is_string) => {
                return Err(missing(&format!("{param}.{kind}")));
            }
            "text" | "refusal" => {}
            other => {
                let message =
                    format!("Invalid value: '{other}'. Supported values are: 'text' and 'refusal'.");
                return Err(Refusal::bad(message).about(format!("{param}.type"), Some("invalid_value")));
            }
        }
    }
    Ok(())
}

/// Each tool call is answered at once, and nothing else is.
fn check_results(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if role(message) == "tool" {
            let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
            let Some(place) = open.iter().position(|call| *call == id) else {
                let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return Err(Refusal::bad(message).about(format!("messages.[{index}].role"), None));
            };
            open.swap_remove(place);
        } else if open.is_empty() {
            open = call_ids(message);
        } else {
            return Err(unanswered(&open, index));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(unanswered(&open, messages.len())) }
}

fn call_ids(message: &Value) -> Vec<&str> {
    let calls = message.get("tool_calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    calls.iter().filter_map(|call| call.get("id").and_then(Value::as_str)).collect()
}

fn unanswered(open: &[&str], index: usize) -> Refusal {
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Refusal::bad(message).about(format!("messages.[{index}].role"), None)
}
