//! The `input` of a Responses request: ids, parts that fit their roles, calls and their outputs, reasoning.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::{
    prompt::count_json,
    protocol::{Reason, Refusal},
    seal::{self, OPENAI},
};

/// A conversation that OpenAI would accept; its shape has been checked.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    pub(super) items: Cow<'a, [Value]>,
    /// What the user said last; none after a call's output or the assistant's words.
    pub(super) wish: Option<String>,
    /// The text of a last message of the assistant.
    pub(super) last_words: Option<String>,
}

impl Talk<'_> {
    pub(super) fn mentions_json(&self) -> bool {
        self.items.iter().any(|item| text_of(item).to_lowercase().contains("json"))
    }
}

pub(super) fn read(body: &Map<String, Value>) -> Result<Talk<'_>, Refusal> {
    let items: Cow<'_, [Value]> = match body.get("input") {
        Some(Value::String(text)) => Cow::Owned(vec![json!({ "role": "user", "content": text })]),
        Some(Value::Array(items)) if !items.is_empty() => Cow::Borrowed(items),
        _ => {
            let message = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.";
            return Err(Refusal::bad(message).about("input", Some("missing_required_parameter")));
        }
    };
    let is_stored = body.get("store") != Some(&json!(false));
    for (index, item) in items.iter().enumerate() {
        check_id(index, item)?;
        check_parts(index, item)?;
        check_reasoning(item, items.get(index + 1), is_stored)?;
    }
    check_outputs(&items)?;
    let last = items.last().filter(|item| kind(item) == "message").cloned().unwrap_or_default();
    let of = |wanted: &str| (text(&last, "role") == wanted).then(|| text_of(&last));
    Ok(Talk { wish: of("user"), last_words: of("assistant"), items })
}

/// Tokens of an item, the instructions or a list of tools.
pub(super) fn tokens(value: &Value) -> u64 {
    count_json(value, &|fields| match fields.get("type").and_then(Value::as_str) {
        Some("input_image") => Some(765),
        Some("input_file") => Some(1500),
        Some("reasoning") => Some(fields.get("summary").map_or(0, |summary| count_json(summary, &|_| None))),
        _ => None,
    })
}

fn kind(item: &Value) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or("message")
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn text_of(item: &Value) -> String {
    match item.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(|part| text(part, "text")).collect(),
        _ => String::new(),
    }
}

/// Ids begin with letters that say what they name.
fn check_id(index: usize, item: &Value) -> Result<(), Refusal> {
    let prefix = match kind(item) {
        "message" => "msg",
        "function_call" => "fc",
        "reasoning" => "rs",
        _ => return Ok(()),
    };
    match item.get("id").and_then(Value::as_str) {
        Some(id) if !id.starts_with(prefix) => {
            let param = format!("input[{index}].id");
            let message = format!("Invalid '{param}': '{id}'. Expected an ID that begins with '{prefix}'.");
            Err(Refusal::bad(message).about(param, Some("invalid_value")))
        }
        _ => Ok(()),
    }
}

/// The assistant outputs, all others input.
fn check_parts(index: usize, item: &Value) -> Result<(), Refusal> {
    let Some(Value::Array(parts)) = item.get("content").filter(|_| kind(item) == "message") else {
        return Ok(());
    };
    let is_output = text(item, "role") == "assistant";
    let fits = |part: &Value| matches!(kind(part), "output_text" | "refusal") == is_output;
    let Some(place) = parts.iter().position(|part| !fits(part)) else { return Ok(()) };
    let known = if is_output {
        "'output_text' and 'refusal'"
    } else {
        "'input_text', 'input_image', and 'input_file'"
    };
    let message = format!("Invalid value: '{}'. Supported values are: {known}.", kind(&parts[place]));
    let param = format!("input[{index}].content[{place}]");
    Err(Refusal::bad(message).about(param, Some("invalid_value")))
}

/// Reasoning comes back sealed, or is looked up where it was stored; and what it led to follows it.
fn check_reasoning(item: &Value, next: Option<&Value>, is_stored: bool) -> Result<(), Refusal> {
    let id = text(item, "id");
    match (kind(item), item.get("encrypted_content").and_then(Value::as_str)) {
        ("reasoning", Some(sealed)) if !seal::is_ours(OPENAI, "", sealed) => {
            let start: String = sealed.chars().take(8).collect();
            let message = format!(
                "The encrypted content {start}... could not be verified. Reason: Encrypted content could not be \
                 decrypted or parsed."
            );
            Err(Refusal { code: Some("invalid_encrypted_content"), ..Refusal::bad(message) })
        }
        ("reasoning", None) if !is_stored => {
            let message = format!(
                "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with \
                 `store` set to true, or remove this item from your input."
            );
            Err(Refusal::new(Reason::NotFound, message).about("input", None))
        }
        ("reasoning", _) if next.is_none_or(|next| text(next, "role") == "user") => {
            let message =
                format!("Item '{id}' of type 'reasoning' was provided without its required following item.");
            Err(Refusal::bad(message).about("input", None))
        }
        _ => Ok(()),
    }
}

/// Each call has an output, and each output a call before it.
fn check_outputs(items: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for item in items {
        let id = text(item, "call_id");
        match kind(item) {
            "function_call" => open.push(id),
            "function_call_output" => {
                let Some(place) = open.iter().position(|call| *call == id) else {
                    let message = format!("No tool call found for function call output with call_id {id}.");
                    return Err(Refusal::bad(message).about("input", None));
                };
                open.remove(place);
            }
            _ => {}
        }
    }
    match open.first() {
        None => Ok(()),
        Some(id) => {
            let message = format!("No tool output found for function call {id}.");
            Err(Refusal::bad(message).about("input", None))
        }
    }
}
