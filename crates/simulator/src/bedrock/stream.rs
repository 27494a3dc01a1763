//! A streamed Converse answer: blocks one after the other; usage comes after the stop reason.

use serde_json::{Value, json};

use super::reply::{LATENCY_MS, stop_reason, tool_use_id, usage};
use crate::{
    answer::{Answer, Call, Choice},
    prompt::{Prompt, Shown},
    protocol::{Event, Events, Kind, Label},
    seal::{self, BEDROCK},
};

/// One block of content: how it starts, where it says so, and its deltas.
#[derive(Default)]
struct Block {
    start: Option<Value>,
    deltas: Vec<Delta>,
}

struct Delta {
    says: Value,
    tokens: u64,
    silent: u64,
}

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let output = answer.output_tokens() + answer.reasoning_tokens();
    let choice = answer.choices.into_iter().next().unwrap_or_default();
    let stop = json!({ "stopReason": stop_reason(&choice.finish) });
    let metadata = json!({ "metrics": { "latencyMs": LATENCY_MS }, "usage": usage(prompt, output) });
    let start = event(Kind::Preamble, "messageStart", json!({ "role": "assistant" }), label);
    let ending =
        [event(Kind::Finish, "messageStop", stop, label), event(Kind::Terminal, "metadata", metadata, label)];
    let owned = label.clone();
    let blocks = blocks(choice, prompt.reasoning.shown, label).into_iter().enumerate();
    let content = blocks.flat_map(move |(index, block)| block_events(index, block, &owned));
    Box::new(std::iter::once(start).chain(content).chain(ending))
}

pub(super) fn text_event(label: &Label, text: &str) -> Event {
    delta_event(0, Delta::of(json!({ "text": text })), label)
}

impl Delta {
    fn of(says: Value) -> Self {
        Self { says, tokens: 1, silent: 0 }
    }
}

/// An event, with the padding that Bedrock sends against eavesdroppers where that is wanted.
fn event(kind: Kind, name: &'static str, mut data: Value, label: &Label) -> Event {
    if label.obfuscation {
        data["p"] = json!(label.id("", label.seed, 12));
    }
    Event::new(kind, Some(name), data.to_string())
}

fn blocks(choice: Choice, shown: Shown, label: &Label) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !choice.reasoning.is_empty() {
        blocks.push(reasoning_block(choice.reasoning, shown));
    }
    if !choice.text.is_empty() {
        let deltas = choice.text.into_iter().map(|token| Delta::of(json!({ "text": token })));
        blocks.push(Block { deltas: deltas.collect(), ..Block::default() });
    }
    blocks.extend(choice.calls.into_iter().enumerate().map(|(place, call)| call_block(place, call, label)));
    blocks
}

fn reasoning_block(reasoning: Vec<String>, shown: Shown) -> Block {
    let signature = seal::of(BEDROCK, &reasoning.concat());
    let silent = if shown == Shown::Full { 0 } else { reasoning.len() as u64 };
    let shown = reasoning.into_iter().filter(|_| shown == Shown::Full);
    let mut deltas: Vec<Delta> =
        shown.map(|token| Delta::of(json!({ "reasoningContent": { "text": token } }))).collect();
    let says = json!({ "reasoningContent": { "signature": signature } });
    deltas.push(Delta { says, tokens: 0, silent });
    Block { start: None, deltas }
}

fn call_block(place: usize, call: Call, label: &Label) -> Block {
    let start = json!({ "toolUse": { "name": call.name, "toolUseId": tool_use_id(label, place) } });
    let deltas = call.arguments.into_iter().map(|token| Delta::of(json!({ "toolUse": { "input": token } })));
    Block { start: Some(start), deltas: deltas.collect() }
}

fn block_events(index: usize, block: Block, label: &Label) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(start) = block.start {
        let kind = if index == 0 { Kind::Preamble } else { Kind::Structure };
        let data = json!({ "contentBlockIndex": index, "start": start });
        events.push(event(kind, "contentBlockStart", data, label));
    }
    events.extend(block.deltas.into_iter().map(|delta| delta_event(index, delta, label)));
    let data = json!({ "contentBlockIndex": index });
    events.push(event(Kind::Structure, "contentBlockStop", data, label));
    events
}

fn delta_event(index: usize, delta: Delta, label: &Label) -> Event {
    let Delta { says, tokens, silent } = delta;
    let kind = if tokens == 0 { Kind::Structure } else { Kind::Content };
    let data = json!({ "contentBlockIndex": index, "delta": says });
    Event { tokens, silent, ..event(kind, "contentBlockDelta", data, label) }
}
