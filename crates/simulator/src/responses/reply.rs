//! A plain response, and the items that responses and their streams are made of.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    answer::{Answer, Choice, Finish},
    prompt::{Prompt, Shown},
    protocol::Label,
    seal::{self, OPENAI},
};

/// A response, in the order in which OpenAI writes its fields.
#[derive(Serialize)]
struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    completed_at: Option<u64>,
    error: Option<()>,
    incomplete_details: Option<Value>,
    instructions: &'a Value,
    max_output_tokens: &'a Value,
    max_tool_calls: &'a Value,
    model: &'a str,
    output: Vec<Box<RawValue>>,
    parallel_tool_calls: bool,
    previous_response_id: Option<()>,
    prompt_cache_key: &'a Value,
    reasoning: Value,
    safety_identifier: &'a Value,
    service_tier: &'static str,
    store: bool,
    temperature: Value,
    text: Value,
    tool_choice: Value,
    tools: Value,
    top_logprobs: u64,
    top_p: Value,
    truncation: Value,
    usage: Option<Usage>,
    user: &'a Value,
    metadata: Value,
}

/// Tokens as OpenAI tells them: cached ones are part of the input's, reasoning is part of the output's.
#[derive(Clone, Copy, Debug, Serialize)]
struct Usage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct InputDetails {
    cache_write_tokens: u64,
    cached_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// One item of the output.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) says: Says,
}

#[derive(Clone, Debug)]
pub(super) enum Says {
    Reasoning { summary: Vec<String>, silent: u64, sealed: Option<String> },
    Message(Vec<String>),
    Call { call_id: String, name: String, arguments: Vec<String> },
}

impl Item {
    /// The item with all that it says, or as a stream adds it before that.
    pub(super) fn json(&self, status: &str, is_full: bool) -> String {
        let id = &self.id;
        let said = |tokens: &[String]| Value::from(if is_full { tokens.concat() } else { String::new() });
        match &self.says {
            Says::Reasoning { summary, sealed, .. } => {
                let summary = if is_full && !summary.is_empty() {
                    format!(r#"[{{"type":"summary_text","text":{}}}]"#, said(summary))
                } else {
                    "[]".to_owned()
                };
                let sealed = sealed.as_ref().map(|sealed| format!(r#","encrypted_content":"{sealed}""#));
                let sealed = sealed.unwrap_or_default();
                format!(r#"{{"id":"{id}","type":"reasoning"{sealed},"summary":{summary}}}"#)
            }
            Says::Message(text) => {
                let content = if is_full { format!("[{}]", part(&said(text))) } else { "[]".to_owned() };
                format!(
                    r#"{{"id":"{id}","type":"message","status":"{status}","content":{content},"role":"assistant"}}"#
                )
            }
            Says::Call { call_id, name, arguments } => {
                let (name, arguments) = (Value::from(name.as_str()), said(arguments));
                format!(
                    r#"{{"id":"{id}","type":"function_call","status":"{status}","arguments":{arguments},"call_id":"{call_id}","name":{name}}}"#
                )
            }
        }
    }
}

/// A part of a message with this text.
pub(super) fn part(text: &Value) -> String {
    format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":{text}}}"#)
}

pub(super) fn response_id(label: &Label) -> String {
    format!("resp_{}", label.hex(0, 48))
}

pub(super) fn message_id(label: &Label) -> String {
    format!("msg_{}", label.hex(8000, 48))
}

pub(super) fn items(prompt: &Prompt, choice: &Choice, label: &Label) -> Vec<Item> {
    let mut items = Vec::new();
    if !choice.reasoning.is_empty() {
        items.push(reasoning_item(prompt, choice, label));
    }
    if !choice.text.is_empty() || choice.calls.is_empty() {
        items.push(Item { id: message_id(label), says: Says::Message(choice.text.clone()) });
    }
    items.extend(choice.calls.iter().enumerate().map(|(place, call)| Item {
        id: format!("fc_{}", label.hex(1 + place as u64, 48)),
        says: Says::Call {
            call_id: label.id("call_", place as u64, 24),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        },
    }));
    items
}

fn reasoning_item(prompt: &Prompt, choice: &Choice, label: &Label) -> Item {
    let is_shown = prompt.reasoning.shown == Shown::Full;
    let silent = if is_shown { 0 } else { choice.reasoning.len() as u64 };
    let included = prompt.request["include"].as_array();
    let is_sealed = included.is_some_and(|names| names.contains(&json!("reasoning.encrypted_content")));
    Item {
        id: format!("rs_{}", label.hex(9000, 48)),
        says: Says::Reasoning {
            summary: if is_shown { choice.reasoning.clone() } else { Vec::new() },
            silent,
            sealed: is_sealed.then(|| seal::of(OPENAI, &choice.reasoning.concat())),
        },
    }
}

/// How an answer's response and its last item end.
pub(super) fn status(choice: &Choice) -> &'static str {
    if choice.finish == Finish::Length { "incomplete" } else { "completed" }
}

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choice = &answer.choices[0];
    let items = items(prompt, choice, label);
    let last = items.len().saturating_sub(1);
    let output = items.iter().enumerate().map(|(place, item)| {
        let json = item.json(if place == last { status(choice) } else { "completed" }, true);
        RawValue::from_string(json).expect("items are written as JSON")
    });
    response(prompt, label, status(choice), output.collect(), Some(answer))
}

/// A response before it has an output.
pub(super) fn begun(prompt: &Prompt, label: &Label) -> String {
    response(prompt, label, "in_progress", Vec::new(), None)
}

fn response(
    prompt: &Prompt,
    label: &Label,
    status: &'static str,
    output: Vec<Box<RawValue>>,
    answer: Option<&Answer>,
) -> String {
    let asked = &prompt.request;
    let or = |name: &str, usual: Value| {
        Some(&asked[name]).filter(|value| !value.is_null()).cloned().unwrap_or(usual)
    };
    let text = json!({
        "format": or("text", json!({})).get("format").cloned().unwrap_or_else(|| json!({ "type": "text" })),
        "verbosity": asked["text"].get("verbosity").cloned().unwrap_or_else(|| json!("medium")),
    });
    let response = Response {
        id: response_id(label),
        object: "response",
        created_at: label.now_unix_s,
        status,
        background: false,
        completed_at: answer.filter(|_| status == "completed").map(|_| label.now_unix_s),
        error: None,
        incomplete_details: (status == "incomplete").then(|| json!({ "reason": "max_output_tokens" })),
        instructions: &asked["instructions"],
        max_output_tokens: &asked["max_output_tokens"],
        max_tool_calls: &asked["max_tool_calls"],
        model: &prompt.model.id,
        output,
        parallel_tool_calls: prompt.tools.parallel,
        previous_response_id: None,
        prompt_cache_key: &asked["prompt_cache_key"],
        reasoning: json!({ "effort": asked["reasoning"]["effort"], "summary": asked["reasoning"]["summary"] }),
        safety_identifier: &asked["safety_identifier"],
        service_tier: "default",
        store: asked["store"] != false,
        temperature: or("temperature", json!(1.0)),
        text,
        tool_choice: or("tool_choice", json!("auto")),
        tools: or("tools", json!([])),
        top_logprobs: asked["top_logprobs"].as_u64().unwrap_or(0),
        top_p: or("top_p", json!(1.0)),
        truncation: or("truncation", json!("disabled")),
        usage: answer.map(|answer| usage(prompt, answer)),
        user: &asked["user"],
        metadata: or("metadata", json!({})),
    };
    serde_json::to_string(&response).expect("strings and numbers are always JSON")
}

fn usage(prompt: &Prompt, answer: &Answer) -> Usage {
    let (input_tokens, reasoning_tokens) = (prompt.input.total(), answer.reasoning_tokens());
    let output_tokens = answer.output_tokens() + reasoning_tokens;
    Usage {
        input_tokens,
        input_tokens_details: InputDetails { cache_write_tokens: 0, cached_tokens: prompt.input.cache_read },
        output_tokens,
        output_tokens_details: OutputDetails { reasoning_tokens },
        total_tokens: input_tokens + output_tokens,
    }
}
