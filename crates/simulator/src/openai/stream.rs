//! A streamed Chat Completion: `chat.completion.chunk` events and `[DONE]`.

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::reply::{FINGERPRINT, Usage, call_id, completion_id, finish_reason, logprobs, usage};
use crate::{
    answer::{Answer, Call, Choice},
    prompt::{Prompt, Shown},
    protocol::{Event, Events, Kind, Label, interleave},
};

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    choices: Vec<ChunkChoice>,
    /// Absent unless asked for; null in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obfuscation: Option<String>,
}

/// Usage, or null where it will come later.
#[derive(Serialize)]
struct Told(Option<Usage>);

#[derive(Serialize)]
struct ChunkChoice {
    index: usize,
    delta: Box<RawValue>,
    logprobs: Option<Value>,
    finish_reason: Option<&'static str>,
}

/// What one chunk adds.
#[derive(Debug)]
struct Piece {
    kind: Kind,
    choice: usize,
    /// JSON, its fields in the order in which OpenAI writes them.
    delta: String,
    /// The token of text that log probabilities are told of.
    token: Option<String>,
    finish: Option<&'static str>,
    tokens: u64,
    silent: u64,
}

impl Piece {
    fn new(kind: Kind, choice: usize, delta: String) -> Self {
        Self {
            kind,
            choice,
            delta,
            token: None,
            finish: None,
            tokens: u64::from(kind == Kind::Content),
            silent: 0,
        }
    }
}

/// What all chunks of a stream share.
#[derive(Debug)]
struct Frame {
    id: String,
    model: String,
    shows_usage: bool,
    logprobs: Option<u32>,
    label: Label,
}

impl Frame {
    fn of(prompt: &Prompt, label: &Label) -> Self {
        Self {
            id: completion_id(label),
            model: prompt.model.id.clone(),
            shows_usage: prompt.shows_usage,
            logprobs: prompt.logprobs,
            label: label.clone(),
        }
    }

    fn chunk(&self, choices: Vec<ChunkChoice>, usage: Option<Usage>) -> String {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.label.now_unix_s,
            model: &self.model,
            service_tier: "default",
            system_fingerprint: FINGERPRINT,
            choices,
            usage: self.shows_usage.then_some(Told(usage)),
            obfuscation: self.label.obfuscation.then(|| self.label.id("", self.label.seed, 12)),
        };
        serde_json::to_string(&chunk).expect("strings and numbers are always JSON")
    }

    fn event(&self, piece: Piece) -> Event {
        let tokens = piece.token.as_slice();
        let choice = ChunkChoice {
            index: piece.choice,
            delta: RawValue::from_string(piece.delta).expect("deltas are written as JSON"),
            logprobs: self.logprobs.filter(|_| !tokens.is_empty()).map(|count| logprobs(tokens, count)),
            finish_reason: piece.finish,
        };
        let data = self.chunk(vec![choice], None);
        Event { tokens: piece.tokens, silent: piece.silent, ..Event::new(piece.kind, None, data) }
    }
}

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let frame = Frame::of(prompt, label);
    let mut closing = Vec::new();
    if prompt.shows_usage {
        let data = frame.chunk(Vec::new(), Some(usage(prompt, &answer)));
        closing.push(Event::new(Kind::Usage, None, data));
    }
    closing.push(Event::new(Kind::Terminal, None, "[DONE]".to_owned()));
    let shown = prompt.reasoning.shown;
    let choices = answer.choices.into_iter().enumerate();
    let pieces = interleave(choices.map(|(index, choice)| pieces(index, choice, shown, label)).collect());
    Box::new(pieces.into_iter().map(move |piece| frame.event(piece)).chain(closing))
}

pub(super) fn text_event(prompt: &Prompt, label: &Label, text: &str) -> Event {
    Frame::of(prompt, label).event(Piece::new(Kind::Content, 0, content_delta(text)))
}

/// The chunks of one choice.
fn pieces(index: usize, choice: Choice, shown: Shown, label: &Label) -> Vec<Piece> {
    let content = if choice.calls.is_empty() || !choice.text.is_empty() { "\"\"" } else { "null" };
    let role = format!(r#"{{"role":"assistant","content":{content},"refusal":null}}"#);
    let mut pieces = vec![Piece::new(Kind::Preamble, index, role)];
    let silent = if shown == Shown::Full { 0 } else { choice.reasoning.len() as u64 };
    let thoughts = choice.reasoning.into_iter().filter(|_| shown == Shown::Full);
    pieces.extend(thoughts.map(|token| {
        let delta = format!(r#"{{"reasoning_content":{}}}"#, Value::from(token));
        Piece::new(Kind::Content, index, delta)
    }));
    pieces.extend(choice.text.into_iter().map(|token| {
        let delta = content_delta(&token);
        Piece { token: Some(token), ..Piece::new(Kind::Content, index, delta) }
    }));
    for (place, call) in choice.calls.into_iter().enumerate() {
        pieces.extend(call_pieces(index, place, call, label));
    }
    let finish = Some(finish_reason(&choice.finish));
    pieces.push(Piece { finish, ..Piece::new(Kind::Finish, index, "{}".to_owned()) });
    pieces[1].silent = silent;
    pieces
}

fn content_delta(text: &str) -> String {
    format!(r#"{{"content":{}}}"#, Value::from(text))
}

/// The chunks of one tool call: its name, then its arguments.
fn call_pieces(index: usize, place: usize, call: Call, label: &Label) -> impl Iterator<Item = Piece> {
    let (id, name) = (call_id(label, index, place), Value::from(call.name));
    let start = format!(
        r#"{{"tool_calls":[{{"index":{place},"id":"{id}","type":"function","function":{{"name":{name},"arguments":""}}}}]}}"#
    );
    let start = Piece { tokens: 0, ..Piece::new(Kind::Content, index, start) };
    let more = call.arguments.into_iter().map(move |token| {
        let arguments = Value::from(token);
        let delta =
            format!(r#"{{"tool_calls":[{{"index":{place},"function":{{"arguments":{arguments}}}}}]}}"#);
        Piece::new(Kind::Content, index, delta)
    });
    std::iter::once(start).chain(more)
}
