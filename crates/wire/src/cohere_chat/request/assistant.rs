//! The model's own turns.
//!
//! A message that calls tools has no text. The API's own words, as quoted in vercel/ai issue 5794, read 2026-11-28: "text
//! content is not allowed when `tool_calls` are provided. If you wish to pass a tool plan, either pass thinking content
//! (with thinking enabled) or use `tool_plan`". So what the model said before it called is its plan there.

use super::Writer;
use crate::conversation::{
    Block, Citation, Content, Reasoning, Text, ToolCall, ToolInput, TranslateError, Turn,
};

impl Writer<'_> {
    pub(super) fn assistant(&mut self, turn: &Turn) -> Result<(), TranslateError> {
        if turn.blocks.iter().any(|block| block.call().is_some()) {
            self.calling(turn)
        } else {
            self.answering(turn)
        }
    }

    /// A message that calls tools.
    fn calling(&mut self, turn: &Turn) -> Result<(), TranslateError> {
        let mut plan = Vec::new();
        let mut calls = Vec::new();
        for block in &turn.blocks {
            match &block.content {
                Content::ToolCall(call) => calls.push(call),
                Content::Reasoning(reasoning) => plan.push(reasoning.text.as_str()),
                content => {
                    let text = self.spoken(block)?;
                    if !text.is_empty() {
                        self.lose("text", "beside tool calls it is said as the plan there");
                    }
                    if matches!(content, Content::Text(text) if !text.citations.is_empty()) {
                        self.lose("citations", "plans have none");
                    }
                    plan.push(text);
                }
            }
        }
        plan.retain(|text| !text.is_empty());
        let plan = plan.join("\n\n");
        self.json.object().key("role").text("assistant");
        if !plan.is_empty() {
            if self.thinks() {
                self.json.key("content").array();
                self.thinking_part(&plan);
                self.json.end_array();
            } else {
                self.json.key("tool_plan").text(&plan);
            }
        }
        self.json.key("tool_calls").array();
        for call in calls {
            self.call(call)?;
        }
        self.json.end_array().end_object();
        Ok(())
    }

    fn call(&mut self, call: &ToolCall) -> Result<(), TranslateError> {
        let ToolInput::Arguments(arguments) = &call.input else {
            return Err(TranslateError::unsayable("tool_call.input", "only functions there"));
        };
        let arguments = String::from_utf8_lossy(arguments);
        let arguments = if arguments.trim().is_empty() { "{}" } else { &arguments };
        self.json.object().key("id").text(&call.id).key("type").text("function").key("function").object();
        self.json.key("name").text(&call.name).key("arguments").text(arguments).end_object().end_object();
        Ok(())
    }

    /// A message that says something. Where nothing is left to say there is none.
    fn answering(&mut self, turn: &Turn) -> Result<(), TranslateError> {
        let mut parts = Vec::new();
        for block in &turn.blocks {
            let part = self.part(block)?;
            parts.extend(part.filter(|part| !part.text().is_empty()));
        }
        if parts.is_empty() {
            return Ok(());
        }
        self.json.object().key("role").text("assistant").key("content").array();
        for part in &parts {
            match part {
                Part::Thinking(text) => self.thinking_part(text),
                Part::Said(text) => self.text_part(text),
                Part::Text(text) => self.text_part(&text.text),
            }
        }
        self.json.end_array();
        self.citations(&parts);
        self.json.end_object();
        Ok(())
    }

    fn part<'b>(&mut self, block: &'b Block) -> Result<Option<Part<'b>>, TranslateError> {
        Ok(match &block.content {
            Content::Text(text) => Some(Part::Text(text)),
            Content::Reasoning(reasoning) => self.thought(reasoning),
            _ => Some(Part::Said(self.spoken(block)?)),
        })
    }

    /// Thoughts go back to models that think.
    fn thought<'b>(&mut self, reasoning: &'b Reasoning) -> Option<Part<'b>> {
        if self.thinks() {
            return Some(Part::Thinking(&reasoning.text));
        }
        if !reasoning.text.is_empty() {
            self.lose("reasoning", "the model is not asked to think");
        }
        None
    }

    fn thinking_part(&mut self, text: &str) {
        self.json.object().key("type").text("thinking").key("thinking").text(text).end_object();
    }

    fn citations(&mut self, parts: &[Part<'_>]) {
        let mut is_open = false;
        for (index, part) in (0..).zip(parts) {
            let Part::Text(text) = part else { continue };
            if text.citations.is_empty() {
                continue;
            }
            let places = Places::of(&text.text);
            for citation in &text.citations {
                let passage = citation.range.and_then(|range| places.passage(range));
                let Some((range, passage)) = citation.range.zip(passage) else {
                    self.lose("citations", "they say which passage of the answer cites there");
                    continue;
                };
                if !std::mem::replace(&mut is_open, true) {
                    self.json.key("citations").array();
                }
                self.citation(citation, range, passage, index);
            }
        }
        if is_open {
            self.json.end_array();
        }
    }

    fn citation(&mut self, citation: &Citation, (start, end): (u64, u64), passage: &str, index: u64) {
        self.json.object().key("start").number(start).key("end").number(end).key("text").text(passage);
        self.json.key("sources").array().object().key("type").text("document").key("document").object();
        self.json.optional("url", citation.url.as_deref()).optional("title", citation.title.as_deref());
        self.json.optional("text", citation.quote.as_deref()).end_object().end_object().end_array();
        self.json.key("content_index").number(index).key("type").text("TEXT_CONTENT").end_object();
    }
}

/// A part of a message.
enum Part<'a> {
    Thinking(&'a str),
    Said(&'a str),
    Text(&'a Text),
}

impl Part<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Thinking(text) | Self::Said(text) => text,
            Self::Text(text) => &text.text,
        }
    }
}

/// Where the characters of a text are.
struct Places<'t> {
    text: &'t str,
    /// The offset of each character and of the end; nothing where each is a byte.
    offsets: Option<Vec<usize>>,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        let offsets = || text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
        Self { text, offsets: (!text.is_ascii()).then(offsets) }
    }

    /// What stands between two characters.
    fn passage(&self, (start, end): (u64, u64)) -> Option<&'t str> {
        let offset = |place: u64| {
            let place = usize::try_from(place).ok()?;
            self.offsets.as_ref().map_or(Some(place), |offsets| offsets.get(place).copied())
        };
        self.text.get(offset(start)?..offset(end)?)
    }
}
