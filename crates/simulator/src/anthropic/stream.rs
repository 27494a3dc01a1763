//! A streamed message: named events, blocks one after the other.

use serde::Serialize;
use serde_json::Value;

use super::reply::{Message, Usage, message_id, stop, tool_use_id};
use crate::{
    answer::{Answer, Choice},
    prompt::{Prompt, Shown},
    protocol::{Event, Events, Kind, Label},
    seal::{self, ANTHROPIC},
};

#[derive(Serialize)]
struct Start<'a> {
    r#type: &'static str,
    message: Message<'a>,
}

/// One block of content: how it starts, and its deltas.
#[derive(Debug)]
struct Block {
    /// JSON, its fields in the order in which Anthropic writes them.
    start: String,
    deltas: Vec<Delta>,
}

#[derive(Debug)]
struct Delta {
    kind: &'static str,
    field: &'static str,
    text: String,
    tokens: u64,
    silent: u64,
}

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let thinking = answer.reasoning_tokens();
    let output = answer.output_tokens() + thinking;
    let choice = answer.choices.into_iter().next().unwrap_or_default();
    let (reason, sequence) = stop(&choice.finish);
    let ending = [message_delta(prompt, reason, sequence.as_deref(), output, thinking), message_stop()];
    let blocks = blocks(choice, prompt.reasoning.shown, label).into_iter().enumerate();
    let content = blocks.flat_map(|(index, block)| block_events(index, block));
    Box::new(std::iter::once(message_start(prompt, label)).chain(content).chain(ending))
}

pub(super) fn text_event(_prompt: &Prompt, text: &str) -> Event {
    let delta = Delta { kind: "text_delta", field: "text", text: text.to_owned(), tokens: 1, silent: 0 };
    delta_event(0, delta)
}

pub(super) fn ping() -> Event {
    Event::new(Kind::Ping, Some("ping"), r#"{"type": "ping"}"#.to_owned())
}

fn message_start(prompt: &Prompt, label: &Label) -> Event {
    let start = Start {
        r#type: "message_start",
        message: Message {
            model: &prompt.model.id,
            id: message_id(label),
            r#type: "message",
            role: "assistant",
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            usage: Usage::new(&prompt.input, 1, 0),
        },
    };
    let data = serde_json::to_string(&start).expect("strings and numbers are always JSON");
    Event::new(Kind::Preamble, Some("message_start"), data)
}

fn blocks(choice: Choice, shown: Shown, label: &Label) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !choice.reasoning.is_empty() {
        blocks.push(thinking_block(choice.reasoning, shown));
    }
    if !choice.text.is_empty() {
        let start = r#"{"type":"text","text":""}"#.to_owned();
        blocks.push(Block { start, deltas: shown_deltas("text_delta", "text", choice.text) });
    }
    for (place, call) in choice.calls.into_iter().enumerate() {
        let id = tool_use_id(label, place);
        let name = Value::from(call.name);
        let start = format!(r#"{{"type":"tool_use","id":"{id}","name":{name},"input":{{}}}}"#);
        let mut deltas = shown_deltas("input_json_delta", "partial_json", call.arguments);
        // Anthropic starts each call with an empty piece.
        deltas
            .insert(0, Delta { tokens: 0, text: String::new(), ..delta("input_json_delta", "partial_json") });
        blocks.push(Block { start, deltas });
    }
    blocks
}

fn thinking_block(reasoning: Vec<String>, shown: Shown) -> Block {
    let signature = seal::of(ANTHROPIC, &reasoning.concat());
    let silent = if shown == Shown::Full { 0 } else { reasoning.len() as u64 };
    let mut deltas = Vec::new();
    if shown == Shown::Full {
        deltas = shown_deltas("thinking_delta", "thinking", reasoning);
    }
    deltas.push(Delta { text: signature, tokens: 0, silent, ..delta("signature_delta", "signature") });
    Block { start: r#"{"type":"thinking","thinking":"","signature":""}"#.to_owned(), deltas }
}

fn shown_deltas(kind: &'static str, field: &'static str, tokens: Vec<String>) -> Vec<Delta> {
    tokens.into_iter().map(|text| Delta { text, ..delta(kind, field) }).collect()
}

fn delta(kind: &'static str, field: &'static str) -> Delta {
    Delta { kind, field, text: String::new(), tokens: 1, silent: 0 }
}

fn block_events(index: usize, block: Block) -> impl Iterator<Item = Event> {
    let start = block.start;
    let data = format!(r#"{{"type":"content_block_start","index":{index},"content_block":{start}}}"#);
    let kind = if index == 0 { Kind::Preamble } else { Kind::Structure };
    let start = Event::new(kind, Some("content_block_start"), data);
    let ping = (index == 0).then(|| Event { kind: Kind::Preamble, ..ping() });
    let stop = format!(r#"{{"type":"content_block_stop","index":{index}}}"#);
    let stop = Event::new(Kind::Structure, Some("content_block_stop"), stop);
    let deltas = block.deltas.into_iter().map(move |delta| delta_event(index, delta));
    std::iter::once(start).chain(ping).chain(deltas).chain([stop])
}

fn delta_event(index: usize, delta: Delta) -> Event {
    let Delta { kind, field, text, tokens, silent } = delta;
    let text = Value::from(text);
    let data = format!(
        r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{field}":{text}}}}}"#
    );
    let sort = if kind == "signature_delta" { Kind::Structure } else { Kind::Content };
    Event { tokens, silent, ..Event::new(sort, Some("content_block_delta"), data) }
}

fn message_delta(prompt: &Prompt, reason: &str, sequence: Option<&str>, output: u64, thinking: u64) -> Event {
    let usage = Usage::new(&prompt.input, output, thinking);
    let sequence = sequence.map_or(Value::Null, Value::from);
    let delta = format!(r#"{{"stop_reason":"{reason}","stop_sequence":{sequence},"stop_details":null}}"#);
    let usage = serde_json::to_string(&usage).expect("numbers are always JSON");
    let data = format!(r#"{{"type":"message_delta","delta":{delta},"usage":{usage}}}"#);
    Event::new(Kind::Finish, Some("message_delta"), data)
}

fn message_stop() -> Event {
    Event::new(Kind::Terminal, Some("message_stop"), r#"{"type":"message_stop"}"#.to_owned())
}
