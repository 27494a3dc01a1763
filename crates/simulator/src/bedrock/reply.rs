//! A plain Converse answer.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, Choice, Finish},
    prompt::{Prompt, Shown},
    protocol::Label,
    seal::{self, BEDROCK},
};

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choice = &answer.choices[0];
    let output = answer.output_tokens() + answer.reasoning_tokens();
    let reply = json!({
        "metrics": { "latencyMs": LATENCY_MS },
        "output": { "message": { "content": blocks(prompt, choice, label), "role": "assistant" } },
        "stopReason": stop_reason(&choice.finish),
        "usage": usage(prompt, output),
    });
    reply.to_string()
}

pub(super) const LATENCY_MS: u64 = 712;

pub(super) fn tool_use_id(label: &Label, call: usize) -> String {
    label.id("tooluse_", call as u64, 22)
}

pub(super) fn stop_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::ToolCalls => "tool_use",
    }
}

/// Tokens as Bedrock tells them: input without what the cache read or wrote; output with reasoning.
pub(super) fn usage(prompt: &Prompt, output: u64) -> Value {
    let input = &prompt.input;
    let mut usage = json!({
        "inputTokens": input.uncached, "outputTokens": output, "totalTokens": input.total() + output,
        "cacheReadInputTokens": input.cache_read,
        "cacheWriteInputTokens": input.cache_write_5m + input.cache_write_1h,
    });
    let writes = [("5m", input.cache_write_5m), ("1h", input.cache_write_1h)];
    let details: Vec<Value> = writes
        .iter()
        .filter(|(_, tokens)| *tokens > 0)
        .map(|(ttl, tokens)| json!({ "ttl": ttl, "inputTokens": tokens }))
        .collect();
    if !details.is_empty() {
        usage["cacheDetails"] = json!(details);
    }
    usage
}

fn blocks(prompt: &Prompt, choice: &Choice, label: &Label) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !choice.reasoning.is_empty() {
        let thought = choice.reasoning.concat();
        let signature = seal::of(BEDROCK, &thought);
        let shown = if prompt.reasoning.shown == Shown::Full { thought } else { String::new() };
        blocks.push(
            json!({ "reasoningContent": { "reasoningText": { "text": shown, "signature": signature } } }),
        );
    }
    if !choice.text.is_empty() {
        blocks.push(json!({ "text": choice.text.concat() }));
    }
    for (place, call) in choice.calls.iter().enumerate() {
        let input: Value = serde_json::from_str(&call.arguments.concat()).unwrap_or_else(|_| json!({}));
        let id = tool_use_id(label, place);
        blocks.push(json!({ "toolUse": { "toolUseId": id, "name": call.name, "input": input } }));
    }
    blocks
}
