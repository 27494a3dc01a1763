//! A plain `GenerateContentResponse`, and what its streamed pieces share with it.

use serde::Serialize;
use serde_json::{Value, json};

use super::request::is_third;
use crate::{
    answer::{Answer, Call, Choice, Finish},
    prompt::{Prompt, Shown},
    protocol::Label,
    seal::{self, GEMINI},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the protocol's names")]
pub(super) struct Response<'a> {
    pub(super) candidates: Vec<Candidate>,
    pub(super) usage_metadata: Usage,
    pub(super) model_version: &'a str,
    pub(super) response_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    pub(super) content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'static str>,
    pub(super) index: usize,
}

#[derive(Serialize)]
pub(super) struct Content {
    pub(super) parts: Vec<Part>,
    pub(super) role: &'static str,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<String>,
}

/// Tokens as Google tells them: cached ones are part of the prompt's, thoughts are not part of the candidates'.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "is_none")]
    cached_content_token_count: u64,
    #[serde(skip_serializing_if = "is_none")]
    candidates_token_count: u64,
    total_token_count: u64,
    prompt_tokens_details: [Modality; 1],
    #[serde(skip_serializing_if = "is_none")]
    thoughts_token_count: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Modality {
    modality: &'static str,
    token_count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// With what has been said and thought so far.
    pub(super) fn new(prompt: &Prompt, said: u64, thought: u64) -> Self {
        let asked = prompt.input.total();
        Self {
            prompt_token_count: asked,
            cached_content_token_count: prompt.input.cache_read,
            candidates_token_count: said,
            total_token_count: asked + said + thought,
            prompt_tokens_details: [Modality { modality: "TEXT", token_count: asked }],
            thoughts_token_count: thought,
        }
    }
}

impl Part {
    pub(super) fn text(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }

    pub(super) fn thought(text: String) -> Self {
        Self { thought: Some(true), ..Self::text(text) }
    }

    /// The call at `place` of a candidate; the first bears the signature.
    pub(super) fn call(prompt: &Prompt, label: &Label, index: usize, place: usize, call: &Call) -> Self {
        let args: Value = serde_json::from_str(&call.arguments.concat()).unwrap_or_else(|_| json!({}));
        let mut function = json!({ "name": call.name, "args": args });
        if is_third(&prompt.model) {
            function["id"] = json!(label.id("", (index * 1000 + place + 1) as u64, 8).to_lowercase());
        }
        Self { function_call: Some(function), ..Self::default() }
    }

    #[must_use]
    pub(super) fn signed(self, signature: Option<String>) -> Self {
        Self { thought_signature: signature, ..self }
    }
}

/// What a candidate that thought bears on its first call, or at the end of its text.
pub(super) fn signature(choice: &Choice) -> Option<String> {
    (!choice.reasoning.is_empty()).then(|| seal::of(GEMINI, &choice.reasoning.concat()))
}

pub(super) fn response_id(label: &Label) -> String {
    label.id("", 0, 22)
}

pub(super) fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let candidates = answer.choices.iter().enumerate().map(|(index, choice)| Candidate {
        content: Content { parts: parts(prompt, choice, index, label), role: "model" },
        finish_reason: Some(finish_reason(&choice.finish)),
        index,
    });
    let response = Response {
        candidates: candidates.collect(),
        usage_metadata: Usage::new(prompt, answer.output_tokens(), answer.reasoning_tokens()),
        model_version: &prompt.model.id,
        response_id: &response_id(label),
    };
    serde_json::to_string_pretty(&response).expect("strings and numbers are always JSON") + "\n"
}

fn parts(prompt: &Prompt, choice: &Choice, index: usize, label: &Label) -> Vec<Part> {
    let mut parts = Vec::new();
    if prompt.reasoning.shown == Shown::Full && !choice.reasoning.is_empty() {
        parts.push(Part::thought(choice.reasoning.concat()));
    }
    let mut signature = signature(choice);
    if !choice.text.is_empty() {
        let signature = signature.take_if(|_| choice.calls.is_empty());
        parts.push(Part::text(choice.text.concat()).signed(signature));
    }
    for (place, call) in choice.calls.iter().enumerate() {
        parts.push(Part::call(prompt, label, index, place, call).signed(signature.take()));
    }
    parts
}
