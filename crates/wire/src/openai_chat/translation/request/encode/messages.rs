//! The conversation, message by message.

use super::super::super::answer::ONLY_ITS_OWN;
use super::super::super::media::write_part;
use super::{NOT_THEIRS, Writer};
use crate::conversation::{Block, CacheMark, Content, Role, Text, ToolResult, TranslateError, Turn};

impl<'a> Writer<'a> {
    pub(super) fn messages(&mut self) -> Result<(), TranslateError> {
        self.json.key("messages").array();
        let mut turns = &self.request.turns[..];
        while let Some(turn) = turns.first() {
            // Results have to follow the calls at once, so what else the user says in a row of turns comes after them.
            let row = match turn.role {
                Role::User => turns.iter().take_while(|turn| turn.role == Role::User).count(),
                Role::System | Role::Assistant => 1,
            };
            let (row, rest) = turns.split_at(row);
            match turn.role {
                Role::System => self.system(turn)?,
                Role::User => self.user(row)?,
                Role::Assistant => self.assistant(turn)?,
            }
            turns = rest;
        }
        self.json.end_array();
        Ok(())
    }

    fn system(&mut self, turn: &'a Turn) -> Result<(), TranslateError> {
        let blocks: Vec<&Block> = turn.blocks.iter().collect();
        if let Some(block) = blocks.iter().find(|block| !matches!(block.content, Content::Text(_))) {
            return Err(TranslateError::unsayable(what(block), "instructions are text"));
        }
        self.message("system", turn.name.as_deref(), &blocks)
    }

    fn user(&mut self, row: &'a [Turn]) -> Result<(), TranslateError> {
        let mut moved = Vec::new();
        let mut messages = Vec::new();
        for turn in row {
            let mut rest = Vec::new();
            for block in &turn.blocks {
                match &block.content {
                    Content::ToolResult(result) => self.tool_result(result, block.cache, &mut moved)?,
                    Content::Opaque(own) => self.losses.note(&own.kind, ONLY_ITS_OWN),
                    Content::Search(_) => self.losses.note("web_search", ONLY_ITS_OWN),
                    _ => rest.push(block),
                }
            }
            if !rest.is_empty() || turn.blocks.is_empty() {
                messages.push((turn.name.as_deref(), rest));
            }
        }
        if !moved.is_empty() {
            match messages.first_mut() {
                Some((None, first)) => drop(first.splice(0..0, moved)),
                _ => messages.insert(0, (None, moved)),
            }
        }
        messages.iter().try_for_each(|(name, blocks)| self.message("user", *name, blocks))
    }

    /// A tool's answer. It holds text alone, so media in it are said by the user behind it, into `moved`.
    fn tool_result(
        &mut self,
        result: &'a ToolResult,
        cache: Option<CacheMark>,
        moved: &mut Vec<&'a Block>,
    ) -> Result<(), TranslateError> {
        let mut texts = Vec::new();
        for block in &result.blocks {
            match &block.content {
                Content::Media(_) => {
                    let why = "said by the user behind it: a tool's message is text";
                    self.losses.note("tool_result.media", why);
                    moved.push(block);
                }
                Content::Opaque(own) => self.losses.note(&own.kind, ONLY_ITS_OWN),
                Content::Search(_) => self.losses.note("web_search", ONLY_ITS_OWN),
                _ => texts.push(block),
            }
        }
        if result.is_error {
            self.losses.note("tool_result.is_error", "a tool's message does not say it");
        }
        self.json.object().key("role").text("tool").key("tool_call_id").text(&result.call_id);
        self.content(&texts)?;
        self.mark(cache);
        self.json.end_object();
        Ok(())
    }

    /// A message that is its content and nothing else.
    fn message(&mut self, role: &str, name: Option<&str>, blocks: &[&Block]) -> Result<(), TranslateError> {
        self.json.object().key("role").text(role).optional("name", name);
        self.content(blocks)?;
        self.json.end_object();
        Ok(())
    }

    /// Texts as one string with blank lines between, since many suppliers refuse lists (`DeepSeek` does in every role, by
    /// its users' reports up to 2026-09); a list of parts where there is more to say.
    fn content(&mut self, blocks: &[&Block]) -> Result<(), TranslateError> {
        let takes_marks = self.takes_marks();
        let texts = blocks.iter().map(|block| match &block.content {
            Content::Text(text) if block.cache.is_none() || !takes_marks => Some(text),
            _ => None,
        });
        self.json.key("content");
        let Some(texts) = texts.collect::<Option<Vec<&Text>>>() else {
            self.json.array();
            blocks.iter().try_for_each(|block| self.part(block))?;
            self.json.end_array();
            return Ok(());
        };
        match &texts[..] {
            [text] => self.json.text(&text.text),
            texts => {
                let texts = texts.iter().map(|text| text.text.as_str()).filter(|text| !text.is_empty());
                self.json.text(&texts.collect::<Vec<_>>().join("\n\n"))
            }
        };
        for (text, block) in texts.into_iter().zip(blocks) {
            self.text_only(text);
            self.unproved(text);
            self.mark(block.cache);
        }
        Ok(())
    }

    fn part(&mut self, block: &Block) -> Result<(), TranslateError> {
        match &block.content {
            Content::Text(text) => {
                self.json.object().key("type").text("text").key("text").text(&text.text);
                self.text_only(text);
                self.unproved(text);
            }
            Content::Refusal(refusal) => {
                self.json.object().key("type").text("text").key("text").text(refusal);
            }
            Content::Media(media) => {
                self.json.object();
                write_part(&mut self.json, media, &mut self.losses)?;
            }
            Content::Opaque(_)
            | Content::Search(_)
            | Content::Reasoning(_)
            | Content::ToolCall(_)
            | Content::ToolResult(_) => {
                return Err(TranslateError::unsayable(what(block), "it is not said in such a turn"));
            }
        }
        self.mark(block.cache);
        self.json.end_object();
        Ok(())
    }

    /// Only an assistant's texts are proved.
    fn unproved(&mut self, text: &Text) {
        if text.proof.is_some() {
            self.losses.note("text.proof", NOT_THEIRS);
        }
    }

    /// Names what a text has and a request's has not.
    pub(super) fn text_only(&mut self, text: &Text) {
        if !text.citations.is_empty() {
            self.losses.note("citations", "messages of a request cite nothing");
        }
        if !text.logprobs.is_empty() {
            self.losses.note("text.logprobs", "messages of a request have none");
        }
    }
}

/// What a block is, for a message about it.
pub(super) fn what(block: &Block) -> &'static str {
    match &block.content {
        Content::Text(_) => "text",
        Content::Refusal(_) => "refusal",
        Content::Media(_) => "media",
        Content::ToolCall(_) => "tool_call",
        Content::ToolResult(_) => "tool_result",
        Content::Reasoning(_) => "reasoning",
        Content::Search(_) => "web_search",
        Content::Opaque(_) => "opaque",
    }
}
