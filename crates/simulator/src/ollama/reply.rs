//! Ollama's answers: a stream's lines, and the one line that is all of them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Call, Finish},
    dates,
    prompt::Prompt,
    protocol::{Event, Events, Kind, Label},
};

#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    created_at: String,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'static str>,
    done: bool,
    #[serde(flatten)]
    figures: Option<Figures>,
}

#[derive(Default, Serialize)]
struct Message {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
}

/// Tokens and nanoseconds.
#[derive(Clone, Copy, Serialize)]
struct Figures {
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

pub(super) fn whole(prompt: &Prompt, answer: &Answer, label: &Label) -> String {
    let choice = &answer.choices[0];
    let message = Message {
        content: choice.text.concat(),
        thinking: choice.reasoning.concat(),
        tool_calls: choice.calls.iter().map(tool_call).collect(),
        ..empty()
    };
    let figures = figures(prompt, answer.output_tokens() + answer.reasoning_tokens());
    line(prompt, label, message, Some((done_reason(prompt, &choice.finish), figures)))
}

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let figures = figures(prompt, answer.output_tokens() + answer.reasoning_tokens());
    let choice = answer.choices.into_iter().next().unwrap_or_default();
    let content = |tokens: u64, message: Message| {
        let data = line(prompt, label, message, None);
        Event { tokens, ..Event::new(Kind::Content, None, data) }
    };
    let thoughts = choice.reasoning.into_iter().map(|thinking| content(1, Message { thinking, ..empty() }));
    let mut events: Vec<Event> = thoughts.collect();
    events.extend(choice.text.into_iter().map(|text| content(1, Message { content: text, ..empty() })));
    // A call comes whole.
    events.extend(choice.calls.iter().map(|call| {
        content(call.arguments.len() as u64, Message { tool_calls: vec![tool_call(call)], ..empty() })
    }));
    let done = Some((done_reason(prompt, &choice.finish), figures));
    events.push(Event::new(Kind::End, None, line(prompt, label, empty(), done)));
    Box::new(events.into_iter())
}

pub(super) fn text_event(prompt: &Prompt, label: &Label, text: &str) -> Event {
    let message = Message { content: text.to_owned(), ..empty() };
    Event { tokens: 1, ..Event::new(Kind::Content, None, line(prompt, label, message, None)) }
}

fn empty() -> Message {
    Message { role: "assistant", ..Message::default() }
}

fn line(prompt: &Prompt, label: &Label, message: Message, done: Option<(&'static str, Figures)>) -> String {
    let line = Line {
        model: &prompt.model.id,
        created_at: dates::rfc3339(label.now_unix_s),
        message,
        done_reason: done.map(|(reason, _)| reason),
        done: done.is_some(),
        figures: done.map(|(_, figures)| figures),
    };
    serde_json::to_string(&line).expect("strings and numbers are always JSON")
}

fn tool_call(call: &Call) -> Value {
    let arguments: Value = serde_json::from_str(&call.arguments.concat()).unwrap_or_else(|_| json!({}));
    json!({ "function": { "name": call.name, "arguments": arguments } })
}

fn done_reason(prompt: &Prompt, finish: &Finish) -> &'static str {
    match finish {
        _ if prompt.request["loads"] == true => "load",
        Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls => "stop",
        Finish::Length => "length",
    }
}

fn figures(prompt: &Prompt, said: u64) -> Figures {
    let asked = prompt.input.total();
    let (load, reading, saying) = (21_000_000, asked * 90_000, said * 8_000_000);
    Figures {
        total_duration: load + reading + saying,
        load_duration: load,
        prompt_eval_count: asked,
        prompt_eval_duration: reading,
        eval_count: said,
        eval_duration: saying,
    }
}
