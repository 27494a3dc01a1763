//! A streamed Cohere answer: named events, contents and calls one after the other.

use serde_json::{Value, json};

use super::reply::{finish_reason, tool_call, usage};
use crate::{
    answer::{Answer, Call},
    prompt::Prompt,
    protocol::{Event, Events, Kind, Label},
};

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let usage = usage(prompt, &answer);
    let choice = answer.choices.into_iter().next().unwrap_or_default();
    let empty =
        json!({ "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [] });
    let start = json!({ "id": label.uuid(), "delta": { "message": empty } });
    let mut events = vec![event(Kind::Preamble, "message-start", start)];
    let mut index = 0;
    if !choice.reasoning.is_empty() {
        events.extend(content(index, "thinking", choice.reasoning));
        index += 1;
    }
    if choice.calls.is_empty() {
        events.extend(content(index, "text", choice.text));
    } else {
        events.extend(
            choice
                .text
                .into_iter()
                .map(|token| said("tool-plan-delta", None, &json!({ "tool_plan": token }))),
        );
        let calls = choice.calls.into_iter().enumerate();
        events.extend(calls.flat_map(|(place, call)| call_events(place, &call, label)));
    }
    let delta = json!({ "finish_reason": finish_reason(&choice.finish), "usage": usage });
    events.push(event(Kind::Finish, "message-end", json!({ "delta": delta })));
    events.push(Event::new(Kind::Terminal, None, "[DONE]".to_owned()));
    Box::new(events.into_iter())
}

pub(super) fn text_event(text: &str) -> Event {
    content_delta(0, "text", text)
}

/// The end of a message that could not be finished.
pub(super) fn failed(message: &str) -> Event {
    event(Kind::Error, "message-end", json!({ "delta": { "error": message, "finish_reason": "ERROR" } }))
}

fn event(kind: Kind, name: &'static str, mut data: Value) -> Event {
    data["type"] = json!(name);
    Event::new(kind, Some(name), data.to_string())
}

/// An event of content that adds this to the message.
fn said(name: &'static str, index: Option<usize>, message: &Value) -> Event {
    let mut data = json!({ "delta": { "message": message } });
    if let Some(index) = index {
        data["index"] = json!(index);
    }
    Event { tokens: 1, ..event(Kind::Content, name, data) }
}

fn content_delta(index: usize, kind: &str, text: &str) -> Event {
    said("content-delta", Some(index), &json!({ "content": { kind: text } }))
}

fn content(index: usize, kind: &'static str, tokens: Vec<String>) -> Vec<Event> {
    let opening = if index == 0 { Kind::Preamble } else { Kind::Structure };
    let start = json!({ "type": kind, kind: "" });
    let start = Event {
        kind: opening,
        tokens: 0,
        ..said("content-start", Some(index), &json!({ "content": start }))
    };
    let end = event(Kind::Structure, "content-end", json!({ "index": index }));
    let deltas = tokens.into_iter().map(|token| content_delta(index, kind, &token));
    std::iter::once(start).chain(deltas).chain([end]).collect()
}

fn call_events(place: usize, call: &Call, label: &Label) -> Vec<Event> {
    let start = json!({ "tool_calls": tool_call(label, place, call, "") });
    let start = Event { tokens: 0, ..said("tool-call-start", Some(place), &start) };
    let deltas = call.arguments.iter().map(|token| {
        said("tool-call-delta", Some(place), &json!({ "tool_calls": { "function": { "arguments": token } } }))
    });
    let end = event(Kind::Structure, "tool-call-end", json!({ "index": place }));
    std::iter::once(start).chain(deltas).chain([end]).collect()
}
