//! The item that is being written.

use super::super::output::{Body, IN_PROGRESS, Item, Part};
use super::super::{PROTOCOL, write};
use super::frame::{Frame, Pen};
use crate::conversation::{Citation, Opaque, TokenLogprob};
use crate::json::Json;

/// An item, and its place in the output.
#[derive(Debug)]
pub(super) struct Open {
    item: Item,
    index: u64,
}

/// The names of the events that tell a piece of text and then all of it, and of the member that holds all of it.
type Words = (&'static str, &'static str, &'static str);

impl Open {
    /// Opens an item.
    pub(super) fn new(item: Item, index: u64, pen: &mut Pen, out: &mut Vec<u8>) -> Self {
        let mut frame = pen.event("response.output_item.added");
        frame.json.key("output_index").number(index).key("item");
        item.write(&mut frame.json, IN_PROGRESS, &mut pen.losses);
        frame.send(out);
        Self { item, index }
    }

    pub(super) const fn is_message(&self) -> bool {
        matches!(self.item.body, Body::Message(_))
    }

    /// Opens a part of a message.
    pub(super) fn add_part(&mut self, part: Part, pen: &mut Pen, out: &mut Vec<u8>) {
        if let Body::Message(parts) = &mut self.item.body {
            parts.push(part);
            self.part("response.content_part.added", pen, out);
        }
    }

    /// Adds text to the block that is open.
    pub(super) fn text(&mut self, text: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        let Some((delta, ..)) = self.words() else { return };
        // A thought's part opens with its first word.
        if matches!(&self.item.body, Body::Reasoning { text, .. } if text.is_empty()) {
            self.part(self.thought_events().0, pen, out);
        }
        self.take(text);
        let mut frame = self.event(delta, pen);
        frame.json.key("delta").text(text);
        if delta == TEXT_DELTA {
            frame.json.key("logprobs").array().end_array();
        }
        frame.send(out);
    }

    /// Takes text that the block which is open grows by, and that somebody else tells.
    pub(super) fn take(&mut self, text: &str) {
        match &mut self.item.body {
            Body::Message(parts) => match parts.last_mut() {
                Some(Part::Text(so_far)) => so_far.text.push_str(text),
                Some(Part::Refusal(so_far)) => so_far.push_str(text),
                None => {}
            },
            Body::Call { input: so_far, .. } | Body::Reasoning { text: so_far, .. } => so_far.push_str(text),
            Body::Proof(_) | Body::Search(_) | Body::Picture { .. } => {}
        }
    }

    pub(super) fn cite(&mut self, citation: &Citation, pen: &mut Pen, out: &mut Vec<u8>) {
        let Some(Part::Text(text)) = self.last_part_mut() else { return };
        let length = text.text.chars().count() as u64;
        let index = text.citations.len() as u64;
        let mut annotation = Json::new();
        if !write::annotation(&mut annotation, citation, length, &mut pen.losses) {
            return;
        }
        // As it was told, whatever text still follows.
        let range = citation.range.or(Some((0, length)));
        text.citations.push(Citation { range, ..citation.clone() });
        let mut frame = self.event("response.output_text.annotation.added", pen);
        frame.json.key("annotation_index").number(index).key("annotation").raw(annotation.finish());
        frame.send(out);
    }

    /// They come behind their text: in an event of their own, whose text is empty.
    pub(super) fn rate(&mut self, tokens: &[TokenLogprob], pen: &mut Pen, out: &mut Vec<u8>) {
        let Some(Part::Text(text)) = self.last_part_mut() else { return };
        text.logprobs.extend_from_slice(tokens);
        let mut frame = self.event(TEXT_DELTA, pen);
        frame.json.key("delta").text("").key("logprobs");
        write::logprobs(&mut frame.json, tokens);
        frame.send(out);
    }

    /// Takes what proves a thought; whether there is a place for it.
    pub(super) fn prove(&mut self, proof: &Opaque) -> bool {
        match &mut self.item.body {
            Body::Reasoning { proof: place, .. } => {
                *place = Some(proof.to_client(PROTOCOL).into_owned());
                true
            }
            _ => false,
        }
    }

    /// Ends the block that is open.
    pub(super) fn end_block(&mut self, pen: &mut Pen, out: &mut Vec<u8>) {
        // No input at all is no JSON.
        if matches!(&self.item.body, Body::Call { input, is_custom: false, .. } if input.is_empty()) {
            self.text("{}", pen, out);
        }
        if matches!(self.item.body, Body::Search(_)) {
            for kind in SEARCHES {
                self.event(kind, pen).send(out);
            }
        }
        let Some((_, done, member)) = self.words() else { return };
        let is_thought = matches!(self.item.body, Body::Reasoning { .. });
        if is_thought && self.whole().is_empty() {
            return;
        }
        let mut frame = self.event(done, pen);
        frame.json.key(member).text(self.whole());
        if let Some(Part::Text(text)) = self.last_part() {
            frame.json.key("logprobs");
            write::logprobs(&mut frame.json, &text.logprobs);
        }
        frame.send(out);
        if is_thought {
            self.part(self.thought_events().1, pen, out);
        } else if self.is_message() {
            self.part("response.content_part.done", pen, out);
        }
    }

    /// Ends the item; gives its JSON.
    pub(super) fn end(self, status: &str, pen: &mut Pen, out: &mut Vec<u8>) -> Vec<u8> {
        let mut json = Json::new();
        self.item.write(&mut json, status, &mut pen.losses);
        let json = json.finish();
        let mut frame = pen.event("response.output_item.done");
        frame.json.key("output_index").number(self.index).key("item").raw(&json);
        frame.send(out);
        json
    }

    fn words(&self) -> Option<Words> {
        Some(match &self.item.body {
            Body::Message(parts) => match parts.last()? {
                Part::Text(_) => (TEXT_DELTA, "response.output_text.done", "text"),
                Part::Refusal(_) => ("response.refusal.delta", "response.refusal.done", "refusal"),
            },
            Body::Call { is_custom: false, .. } => (
                "response.function_call_arguments.delta",
                "response.function_call_arguments.done",
                "arguments",
            ),
            Body::Call { is_custom: true, .. } => {
                ("response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input")
            }
            Body::Reasoning { is_summary: true, .. } => {
                ("response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "text")
            }
            Body::Reasoning { is_summary: false, .. } => {
                ("response.reasoning_text.delta", "response.reasoning_text.done", "text")
            }
            Body::Proof(_) | Body::Search(_) | Body::Picture { .. } => return None,
        })
    }

    /// The events that open and end the part of a thought, or of its summary.
    const fn thought_events(&self) -> (&'static str, &'static str) {
        match self.item.body {
            Body::Reasoning { is_summary: true, .. } => {
                ("response.reasoning_summary_part.added", "response.reasoning_summary_part.done")
            }
            _ => ("response.content_part.added", "response.content_part.done"),
        }
    }

    /// All of the text of the block that is open.
    fn whole(&self) -> &str {
        match &self.item.body {
            Body::Message(parts) => match parts.last() {
                Some(Part::Text(text)) => &text.text,
                Some(Part::Refusal(refusal)) => refusal,
                None => "",
            },
            Body::Call { input: text, .. } | Body::Reasoning { text, .. } => text,
            Body::Proof(_) | Body::Search(_) | Body::Picture { .. } => "",
        }
    }

    fn last_part(&self) -> Option<&Part> {
        match &self.item.body {
            Body::Message(parts) => parts.last(),
            _ => None,
        }
    }

    fn last_part_mut(&mut self) -> Option<&mut Part> {
        match &mut self.item.body {
            Body::Message(parts) => parts.last_mut(),
            _ => None,
        }
    }

    /// Begins an event about the block that is open.
    fn event(&self, kind: &'static str, pen: &mut Pen) -> Frame {
        let mut frame = pen.event(kind);
        frame.json.key("item_id").text(&self.item.id).key("output_index").number(self.index);
        match &self.item.body {
            Body::Message(parts) => {
                frame.json.key("content_index").number(parts.len().saturating_sub(1) as u64);
            }
            // Each is told in one part.
            Body::Reasoning { is_summary, .. } => {
                frame.json.key(if *is_summary { "summary_index" } else { "content_index" }).number(0);
            }
            Body::Call { .. } | Body::Proof(_) | Body::Search(_) | Body::Picture { .. } => {}
        }
        frame
    }

    /// An event that shows the open part as it is.
    fn part(&self, kind: &'static str, pen: &mut Pen, out: &mut Vec<u8>) {
        let mut frame = self.event(kind, pen);
        frame.json.key("part");
        match (self.last_part(), &self.item.body) {
            (Some(part), _) => part.write(&mut frame.json, &mut pen.losses),
            (None, Body::Reasoning { text, is_summary, .. }) => {
                let kind = if *is_summary { "summary_text" } else { "reasoning_text" };
                frame.json.object().key("type").text(kind).key("text").text(text).end_object();
            }
            _ => {
                frame.json.null();
            }
        }
        frame.send(out);
    }
}

/// What becomes of a search, in the order in which it is told.
const SEARCHES: [&str; 3] = [
    "response.web_search_call.in_progress",
    "response.web_search_call.searching",
    "response.web_search_call.completed",
];

const TEXT_DELTA: &str = "response.output_text.delta";
