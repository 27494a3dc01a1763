//! A plain Chat Completion.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Choice, Finish},
    dice::Digest,
    prompt::{Prompt, Shown},
    protocol::Label,
};

#[derive(Serialize)]
struct Completion<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<CompletionChoice>,
    usage: Usage,
    service_tier: &'static str,
    system_fingerprint: &'static str,
}

#[derive(Serialize)]
struct CompletionChoice {
    index: usize,
    message: Message,
    logprobs: Option<Value>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
}

#[derive(Serialize)]
struct ToolCall {
    id: String,
    r#type: &'static str,
    function: Function,
}

#[derive(Serialize)]
struct Function {
    name: String,
    arguments: String,
}

/// Tokens as OpenAI tells them: cached ones are part of the prompt's, reasoning is part of the completion's.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the protocol's names")]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

pub(super) const FINGERPRINT: &str = "fp_5ca1ab1e00";

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choices = answer.choices.iter().enumerate();
    let completion = Completion {
        id: completion_id(label),
        object: "chat.completion",
        created: label.now_unix_s,
        model: &prompt.model.id,
        choices: choices.map(|(index, choice)| completion_choice(index, choice, prompt, label)).collect(),
        usage: usage(prompt, answer),
        service_tier: "default",
        system_fingerprint: FINGERPRINT,
    };
    serde_json::to_string(&completion).expect("strings and numbers are always JSON")
}

pub(super) fn completion_id(label: &Label) -> String {
    label.id("chatcmpl-", 0, 29)
}

pub(super) fn call_id(label: &Label, choice: usize, call: usize) -> String {
    label.id("call_", (choice * 1000 + call) as u64, 24)
}

pub(super) fn usage(prompt: &Prompt, answer: &Answer) -> Usage {
    let (prompt_tokens, reasoning) = (prompt.input.total(), answer.reasoning_tokens());
    let completion_tokens = answer.output_tokens() + reasoning;
    Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: prompt_tokens + completion_tokens,
        prompt_tokens_details: PromptDetails { cached_tokens: prompt.input.cache_read, audio_tokens: 0 },
        completion_tokens_details: CompletionDetails {
            reasoning_tokens: reasoning,
            audio_tokens: 0,
            accepted_prediction_tokens: 0,
            rejected_prediction_tokens: 0,
        },
    }
}

pub(super) fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
    }
}

/// `logprobs` of these tokens, with invented but stable figures.
pub(super) fn logprobs(tokens: &[String], alternatives: u32) -> Value {
    let entry = |token: &String, place: u32| {
        let mut dice = Digest::new(place.into()).with(token.as_bytes()).dice();
        let logprob = -2.0 * dice.unit() - 3.0 * f64::from(place);
        json!({ "token": token, "logprob": logprob, "bytes": token.as_bytes() })
    };
    let content = tokens.iter().map(|token| {
        let mut told = entry(token, 0);
        told["top_logprobs"] = (0..alternatives).map(|place| entry(token, place)).collect();
        told
    });
    json!({ "content": content.collect::<Vec<_>>(), "refusal": null })
}

fn completion_choice(index: usize, choice: &Choice, prompt: &Prompt, label: &Label) -> CompletionChoice {
    let calls = choice.calls.iter().enumerate();
    let call = |(place, call): (usize, &crate::answer::Call)| ToolCall {
        id: call_id(label, index, place),
        r#type: "function",
        function: Function { name: call.name.clone(), arguments: call.arguments.concat() },
    };
    let shows_reasoning = prompt.reasoning.shown == Shown::Full && !choice.reasoning.is_empty();
    CompletionChoice {
        index,
        message: Message {
            role: "assistant",
            content: (choice.calls.is_empty() || !choice.text.is_empty()).then(|| choice.text.concat()),
            refusal: None,
            annotations: [],
            reasoning_content: shows_reasoning.then(|| choice.reasoning.concat()),
            tool_calls: calls.map(call).collect(),
        },
        logprobs: prompt.logprobs.map(|alternatives| logprobs(&choice.text, alternatives)),
        finish_reason: finish_reason(&choice.finish),
    }
}
