//! A plain Cohere answer.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, Call, Choice, Finish},
    prompt::Prompt,
    protocol::Label,
};

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choice = &answer.choices[0];
    let reply = json!({
        "id": label.uuid(),
        "message": message(choice, label),
        "finish_reason": finish_reason(&choice.finish),
        "usage": usage(prompt, answer),
    });
    reply.to_string()
}

/// The answer's message: with calls, its text is a plan.
fn message(choice: &Choice, label: &Label) -> Value {
    let mut message = json!({ "role": "assistant" });
    let mut content = Vec::new();
    if !choice.reasoning.is_empty() {
        content.push(json!({ "type": "thinking", "thinking": choice.reasoning.concat() }));
    }
    if choice.calls.is_empty() {
        content.push(json!({ "type": "text", "text": choice.text.concat() }));
    } else {
        let calls = choice.calls.iter().enumerate();
        let calls = calls.map(|(place, call)| tool_call(label, place, call, &call.arguments.concat()));
        message["tool_calls"] = calls.collect();
        message["tool_plan"] = json!(choice.text.concat());
    }
    if !content.is_empty() {
        message["content"] = json!(content);
    }
    message
}

/// A call with these arguments: all of them, or none where a stream starts it.
pub(super) fn tool_call(label: &Label, place: usize, call: &Call, arguments: &str) -> Value {
    let id = format!("{}_{}", call.name, label.id("", 1 + place as u64, 12).to_lowercase());
    json!({ "id": id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
}

pub(super) fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop => "COMPLETE",
        Finish::Length => "MAX_TOKENS",
        Finish::StopSequence(_) => "STOP_SEQUENCE",
        Finish::ToolCalls => "TOOL_CALL",
    }
}

/// Tokens that Cohere puts before every prompt, and does not charge for.
const PREAMBLE_TOKENS: u64 = 66;

/// Tokens as Cohere tells them: what it charges for, and what the model read and said. Cached ones are part of the
/// input's, thinking is part of the output's.
pub(super) fn usage(prompt: &Prompt, answer: &Answer) -> Value {
    let (input, output) = (prompt.input.total(), answer.output_tokens() + answer.reasoning_tokens());
    json!({
        "billed_units": { "input_tokens": input, "output_tokens": output },
        "tokens": { "input_tokens": input + PREAMBLE_TOKENS, "output_tokens": output },
        "cached_tokens": prompt.input.cache_read,
    })
}
