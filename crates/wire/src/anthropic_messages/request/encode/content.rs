//! System, messages and the blocks in them, written.

use super::arrange::{Arranged, Message, says_something};
use super::ids::Ids;
use super::marks::Marks;
use crate::anthropic_messages::cache::{self, Carried};
use crate::anthropic_messages::carry;
use crate::anthropic_messages::content::citations;
use crate::anthropic_messages::losses::Losses;
use crate::conversation::{
    Block, CacheMark, Content, Opaque, Reasoning, Target, Text, ToolCall, ToolResult, TranslateError,
};
use crate::json::Json;
use catalogue::Protocol;

/// A body in the making.
#[derive(Debug)]
pub(super) struct Writer<'a, 'w> {
    pub(super) json: Json,
    pub(super) target: &'a Target<'a>,
    pub(super) marks: &'w mut Marks,
    pub(super) losses: &'w mut Losses,
    ids: Ids<'a>,
    /// Whether the message that is written is the model's and the last: the answer goes on from it.
    is_prefill: bool,
}

impl<'a, 'w> Writer<'a, 'w> {
    pub(super) fn new(
        target: &'a Target<'a>,
        arranged: &Arranged<'a>,
        marks: &'w mut Marks,
        losses: &'w mut Losses,
    ) -> Self {
        Self { json: Json::new(), target, marks, losses, ids: Ids::new(arranged), is_prefill: false }
    }

    pub(super) fn system(&mut self, blocks: &[&Block]) -> Result<(), TranslateError> {
        if blocks.is_empty() {
            return Ok(());
        }
        self.json.key("system").array();
        for block in blocks {
            self.block(block)?;
        }
        self.json.end_array();
        Ok(())
    }

    pub(super) fn messages(&mut self, messages: &[Message<'_>]) -> Result<(), TranslateError> {
        self.json.key("messages").array();
        for (at, message) in messages.iter().enumerate() {
            let role = if message.is_user { "user" } else { "assistant" };
            self.json.object().key("role").text(role).key("content").array();
            self.is_prefill = !message.is_user && at + 1 == messages.len();
            self.message(message)?;
            self.json.end_array().end_object();
        }
        self.json.end_array();
        Ok(())
    }

    /// Results come first (they were put there), then what they could not hold, then the rest.
    fn message(&mut self, message: &Message<'_>) -> Result<(), TranslateError> {
        let is_result = |block: &&&Block| matches!(block.content, Content::ToolResult(_));
        let results = message.blocks.iter().take_while(is_result).count();
        let (results, rest) = message.blocks.split_at(results);
        let mut displaced = Vec::new();
        for block in results {
            if let Content::ToolResult(result) = &block.content {
                displaced.extend(self.result(result, block.cache)?);
            }
        }
        let last = rest.len().wrapping_sub(1);
        for (at, block) in displaced.iter().chain(rest).enumerate() {
            let ends = self.is_prefill && at == last;
            match &block.content {
                Content::Text(text) if ends => {
                    let kept = text.text.trim_end();
                    if kept.len() < text.text.len() {
                        self.losses
                            .add("prefill.blank", "white space at the end of a given start is refused there");
                    }
                    self.text(&Text { text: kept.to_owned(), ..text.clone() }, block.cache);
                }
                _ => self.block(block)?,
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), TranslateError> {
        match &block.content {
            Content::Text(text) => self.text(text, block.cache),
            Content::Refusal(text) => {
                self.losses.add("refusal", "a refusal is text there");
                self.text(&Text { text: text.clone(), ..Text::default() }, block.cache);
            }
            Content::Media(media) => self.media(media, block.cache)?,
            Content::ToolCall(call) => self.call(call, block.cache)?,
            Content::ToolResult(result) => {
                self.result(result, block.cache)?;
            }
            Content::Reasoning(reasoning) => self.reasoning(reasoning, block.cache),
            Content::Opaque(opaque) => self.opaque(opaque, block.cache)?,
            // None stays when the turns are arranged.
            Content::Search(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &Text, mark: Option<CacheMark>) {
        // What points into the request's own documents means something to whoever gets them.
        let mut placed = text.citations.iter().filter_map(|known| Some((known, known.place.as_ref()?)));
        if text.citations.iter().any(|citation| citation.place.is_none()) {
            self.losses.add("citations", "only the supplier can say what its model cited");
        }
        if text.proof.is_some() {
            self.losses.add("text.proof", "only its own maker can read it");
        }
        self.json.object().key("type").text("text").key("text").text(&text.text);
        if let Some(first) = placed.next() {
            self.json.key("citations").array();
            for (citation, place) in std::iter::once(first).chain(placed) {
                citations::write_placed(&mut self.json, citation, place);
            }
            self.json.end_array();
        }
        self.mark(mark);
        self.json.end_object();
    }

    fn mark(&mut self, mark: Option<CacheMark>) {
        cache::write(&mut self.json, self.marks.next(mark));
    }

    fn call(&mut self, call: &ToolCall, mark: Option<CacheMark>) -> Result<(), TranslateError> {
        if call.proof.is_some() {
            self.losses.add("tool_call.proof", "only its own maker can read it");
        }
        if call.name.is_empty() {
            return Err(TranslateError::unsayable(
                "tool_call.name",
                "a call without a name is refused there",
            ));
        }
        let (input, lost) = call.input.as_object();
        self.losses.extend(lost);
        self.json.object().key("type").text("tool_use").key("id").text(self.ids.get(&call.id));
        self.json.key("name").text(&call.name).key("input").raw(input.as_ref());
        self.mark(mark);
        self.json.end_object();
        Ok(())
    }

    /// Writes a result; gives back what it cannot hold.
    fn result<'b>(
        &mut self,
        result: &'b ToolResult,
        mark: Option<CacheMark>,
    ) -> Result<Vec<&'b Block>, TranslateError> {
        let mut displaced = Vec::new();
        let mut blocks = Vec::new();
        for block in &result.blocks {
            match &block.content {
                Content::Text(text) if !says_something(&text.text, self.losses) => {
                    if block.cache.is_some() {
                        self.losses.add("cache_control", "the block that the mark stood behind is left out");
                    }
                }
                Content::Media(_) if result.is_error => {
                    let why = "a failed tool's result is text there: media stand behind it";
                    self.losses.add("tool_result.media", why);
                    displaced.push(block);
                }
                Content::Text(_) | Content::Media(_) => blocks.push(block),
                Content::Opaque(opaque) if self.is_own(opaque) => blocks.push(block),
                Content::Opaque(opaque) => {
                    self.losses.add(opaque.kind.clone(), "only its own maker can read it");
                }
                other => self.losses.add(super::arrange::what(other), "a result holds text and media there"),
            }
        }
        self.json
            .object()
            .key("type")
            .text("tool_result")
            .key("tool_use_id")
            .text(self.ids.get(&result.call_id));
        if !blocks.is_empty() {
            self.json.key("content").array();
            for block in blocks {
                self.block(block)?;
            }
            self.json.end_array();
        }
        if result.is_error {
            self.json.key("is_error").boolean(true);
        }
        self.mark(mark);
        self.json.end_object();
        Ok(displaced)
    }

    fn is_own(&self, opaque: &Opaque) -> bool {
        opaque.is_for(Protocol::AnthropicMessages, self.target.owner)
    }

    /// A thought of this supplier's; others were left out.
    fn reasoning(&mut self, reasoning: &Reasoning, mark: Option<CacheMark>) {
        if mark.is_some() {
            self.losses.add("cache_control", "a thought takes no mark there");
        }
        let Some(proof) = &reasoning.proof else { return };
        self.json.object().key("type");
        if proof.kind == carry::REDACTED {
            self.json.text("redacted_thinking").key("data").text(&proof.data);
        } else {
            self.json.text("thinking").key("thinking").text(&reasoning.text);
            self.json.key("signature").text(&proof.data);
        }
        self.json.end_object();
    }

    fn opaque(&mut self, opaque: &Opaque, mark: Option<CacheMark>) -> Result<(), TranslateError> {
        let Some(carried) = Carried::new(&opaque.data, self.losses) else {
            return Err(TranslateError::malformed(
                format!("content.{}", opaque.kind),
                "a block is an object",
            ));
        };
        let mark = self.marks.next(mark.or(carried.mark));
        carried.write(&mut self.json, mark);
        Ok(())
    }
}
