//! A streamed response: each item is added, filled and done, and the response ends with all of them.

use serde_json::Value;

use super::reply::{Item, Says, begun, items, message_id, part, status, whole};
use crate::{
    answer::Answer,
    frames::NUMBER,
    prompt::Prompt,
    protocol::{Event, Events, Kind, Label},
};

pub(super) fn events(prompt: &Prompt, answer: &Answer, label: &Label) -> Events {
    let choice = &answer.choices[0];
    let begun = begun(prompt, label);
    let start = ["response.created", "response.in_progress"]
        .map(|name| event(Kind::Preamble, name, &format!(r#""response":{begun}"#)));
    let items = items(prompt, choice, label);
    let last = items.len().saturating_sub(1);
    let ending = status(choice);
    let content: Vec<Event> = items
        .iter()
        .enumerate()
        .flat_map(|(place, item)| item_events(place, item, if place == last { ending } else { "completed" }))
        .collect();
    let name = if ending == "completed" { "response.completed" } else { "response.incomplete" };
    let end = event(Kind::End, name, &format!(r#""response":{}"#, whole(prompt, answer, label)));
    Box::new(start.into_iter().chain(content).chain([end]))
}

pub(super) fn text_event(label: &Label, text: &str) -> Event {
    Filling { place: 0, id: &message_id(label), inner: r#","content_index":0"# }.delta("output_text", text)
}

fn event(kind: Kind, name: &'static str, rest: &str) -> Event {
    Event::new(kind, Some(name), format!(r#"{{"type":"{name}",{NUMBER},{rest}}}"#))
}

fn item_events(place: usize, item: &Item, status: &str) -> Vec<Event> {
    let opening = if place == 0 { Kind::Preamble } else { Kind::Structure };
    let whole = |name, status: &str, is_full, kind| {
        event(kind, name, &format!(r#""output_index":{place},"item":{}"#, item.json(status, is_full)))
    };
    let mut events = vec![whole("response.output_item.added", "in_progress", false, opening)];
    events.extend(filling(place, item, opening));
    let mut done = whole("response.output_item.done", status, true, Kind::Structure);
    if let Says::Reasoning { silent, .. } = item.says {
        done.silent = silent;
    }
    events.push(done);
    events
}

/// Where the events that fill an item say they belong.
struct Filling<'a> {
    place: usize,
    id: &'a str,
    inner: &'static str,
}

impl Filling<'_> {
    fn event(&self, kind: Kind, name: &'static str, rest: &str) -> Event {
        let Self { place, id, inner } = self;
        event(kind, name, &format!(r#""item_id":"{id}","output_index":{place}{inner},{rest}"#))
    }

    fn delta(&self, what: &str, text: &str) -> Event {
        let text = Value::from(text);
        let (name, rest) = match what {
            "output_text" => ("response.output_text.delta", r#","logprobs":[]"#),
            "summary" => ("response.reasoning_summary_text.delta", ""),
            _ => ("response.function_call_arguments.delta", ""),
        };
        Event { tokens: 1, ..self.event(Kind::Content, name, &format!(r#""delta":{text}{rest}"#)) }
    }
}

fn filling(place: usize, item: &Item, opening: Kind) -> Vec<Event> {
    let of = |inner| Filling { place, id: &item.id, inner };
    let whole = |tokens: &[String]| Value::from(tokens.concat());
    match &item.says {
        Says::Reasoning { summary, .. } if summary.is_empty() => Vec::new(),
        Says::Reasoning { summary, .. } => {
            let at = of(r#","summary_index":0"#);
            let part = |text: &str| format!(r#""part":{{"type":"summary_text","text":{text}}}"#);
            let text = whole(summary).to_string();
            let mut events = vec![at.event(opening, "response.reasoning_summary_part.added", &part("\"\""))];
            events.extend(summary.iter().map(|token| at.delta("summary", token)));
            let done = format!(r#""text":{text}"#);
            events.push(at.event(Kind::Structure, "response.reasoning_summary_text.done", &done));
            events.push(at.event(Kind::Structure, "response.reasoning_summary_part.done", &part(&text)));
            events
        }
        Says::Message(tokens) => {
            let at = of(r#","content_index":0"#);
            let empty = format!(r#""part":{}"#, part(&Value::from("")));
            let mut events = vec![at.event(opening, "response.content_part.added", &empty)];
            events.extend(tokens.iter().map(|token| at.delta("output_text", token)));
            let text = whole(tokens);
            let done = format!(r#""text":{text},"logprobs":[]"#);
            events.push(at.event(Kind::Structure, "response.output_text.done", &done));
            let done = format!(r#""part":{}"#, part(&text));
            events.push(at.event(Kind::Structure, "response.content_part.done", &done));
            events
        }
        Says::Call { arguments, .. } => {
            let at = of("");
            let mut events: Vec<Event> = arguments.iter().map(|token| at.delta("arguments", token)).collect();
            let done = format!(r#""arguments":{}"#, whole(arguments));
            events.push(at.event(Kind::Structure, "response.function_call_arguments.done", &done));
            events
        }
    }
}
