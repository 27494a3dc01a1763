//! A plain message.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Choice, Finish},
    billing::Input,
    prompt::{Prompt, Shown},
    protocol::Label,
    seal::{self, ANTHROPIC},
};

/// A message, whole or as a stream starts it.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) model: &'a str,
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) content: Vec<Block>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<String>,
    pub(super) stop_details: Option<()>,
    pub(super) usage: Usage,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Thinking { thinking: String, signature: String },
    Text { text: String },
    ToolUse { id: String, name: String, input: Value },
}

/// Tokens as Anthropic tells them: input without what the cache read or wrote; output with thinking.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    service_tier: &'static str,
    inference_geo: &'static str,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct OutputDetails {
    pub(super) thinking_tokens: u64,
}

impl Usage {
    pub(super) fn new(input: &Input, output_tokens: u64, thinking_tokens: u64) -> Self {
        Self {
            input_tokens: input.uncached,
            cache_creation_input_tokens: input.cache_write_5m + input.cache_write_1h,
            cache_read_input_tokens: input.cache_read,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: input.cache_write_5m,
                ephemeral_1h_input_tokens: input.cache_write_1h,
            },
            output_tokens,
            output_tokens_details: (thinking_tokens > 0).then_some(OutputDetails { thinking_tokens }),
            service_tier: "standard",
            inference_geo: "not_available",
        }
    }
}

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choice = &answer.choices[0];
    let thinking = answer.reasoning_tokens();
    let (stop_reason, stop_sequence) = stop(&choice.finish);
    let message = Message {
        model: &prompt.model.id,
        id: message_id(label),
        r#type: "message",
        role: "assistant",
        content: blocks(choice, prompt, label),
        stop_reason: Some(stop_reason),
        stop_sequence,
        stop_details: None,
        usage: Usage::new(&prompt.input, answer.output_tokens() + thinking, thinking),
    };
    serde_json::to_string(&message).expect("strings and numbers are always JSON")
}

pub(super) fn message_id(label: &Label) -> String {
    label.id("msg_01", 0, 22)
}

pub(super) fn tool_use_id(label: &Label, call: usize) -> String {
    label.id("toolu_01", call as u64, 22)
}

pub(super) fn stop(finish: &Finish) -> (&'static str, Option<String>) {
    match finish {
        Finish::Stop => ("end_turn", None),
        Finish::Length => ("max_tokens", None),
        Finish::StopSequence(stop) => ("stop_sequence", Some(stop.clone())),
        Finish::ToolCalls => ("tool_use", None),
    }
}

fn blocks(choice: &Choice, prompt: &Prompt, label: &Label) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !choice.reasoning.is_empty() {
        let thinking = choice.reasoning.concat();
        let signature = seal::of(ANTHROPIC, &thinking);
        let shown = if prompt.reasoning.shown == Shown::Full { thinking } else { String::new() };
        blocks.push(Block::Thinking { thinking: shown, signature });
    }
    if !choice.text.is_empty() {
        blocks.push(Block::Text { text: choice.text.concat() });
    }
    for (place, call) in choice.calls.iter().enumerate() {
        let input = serde_json::from_str(&call.arguments.concat()).unwrap_or_else(|_| json!({}));
        blocks.push(Block::ToolUse { id: tool_use_id(label, place), name: call.name.clone(), input });
    }
    blocks
}
