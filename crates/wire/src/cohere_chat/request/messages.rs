//! Turns as messages.
//!
//! Instructions stand first ("system turn must be the first in the list": docs.cohere.com, errors, read 2026-11-28);
//! plain-text documents stand beside the messages; each tool result is a message, right behind the call. What is empty is
//! left out ("message must not be empty in a turn", ibid.).

use super::Writer;
use crate::conversation::{
    Block, Content, Media, MediaKind, MediaSource, Request, Role, ToolResult, TranslateError, Turn,
};

/// Documents that the model may cite: plain text, in users' turns that say something else too.
pub(super) fn documents(request: &Request) -> impl Iterator<Item = (&Media, &str)> {
    let turns = request.turns.iter().filter(|turn| has_documents_beside(turn));
    turns.flat_map(|turn| &turn.blocks).filter_map(|block| document(&block.content))
}

/// Whether the turn's documents can stand beside the messages without leaving it empty.
fn has_documents_beside(turn: &Turn) -> bool {
    let says_more = |block: &Block| match &block.content {
        Content::Text(text) => !text.text.is_empty(),
        Content::ToolResult(_) => false,
        content => document(content).is_none(),
    };
    turn.role == Role::User && turn.blocks.iter().any(says_more)
}

fn document(content: &Content) -> Option<(&Media, &str)> {
    match content {
        Content::Media(media) if media.kind == MediaKind::Document => match &media.source {
            MediaSource::Text(text) => Some((media, text)),
            _ => None,
        },
        _ => None,
    }
}

impl Writer<'_> {
    pub(super) fn messages(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        self.notice();
        self.json.key("messages").array();
        self.system()?;
        for turn in &request.turns {
            match turn.role {
                Role::System => {}
                Role::User => self.user(turn)?,
                Role::Assistant => self.assistant(turn)?,
            }
        }
        self.json.end_array();
        if documents(request).next().is_some() {
            self.lose("document", "documents stand beside the messages there");
            self.json.key("documents").array();
            for (media, text) in documents(request) {
                self.document(media, text);
            }
            self.json.end_array();
        }
        Ok(())
    }

    /// Names what no message has a place for.
    fn notice(&mut self) {
        let request = self.request;
        for turn in &request.turns {
            if turn.name.is_some() {
                self.lose("messages.name", "speakers have no names there");
            }
            for block in &turn.blocks {
                self.notice_block(block);
                if let Content::ToolResult(result) = &block.content {
                    result.blocks.iter().for_each(|block| self.notice_block(block));
                }
            }
        }
    }

    fn notice_block(&mut self, block: &Block) {
        if block.cache.is_some() {
            self.lose("cache_control", "no cache marks there");
        }
        let proof = match &block.content {
            Content::Text(text) => text.proof.as_ref().map(|_| "text.proof"),
            Content::ToolCall(call) => call.proof.as_ref().map(|_| "tool_call.proof"),
            Content::Reasoning(reasoning) => reasoning.proof.as_ref().map(|_| "reasoning.proof"),
            _ => None,
        };
        if let Some(what) = proof {
            self.lose(what, "only its maker can read it");
        }
        if let Content::Text(text) = &block.content
            && !text.logprobs.is_empty()
        {
            self.lose("logprobs", "a history has no probabilities there");
        }
    }

    /// All instructions, in one message in front.
    fn system(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        let mut texts = Vec::new();
        let mut is_front = true;
        for turn in &request.turns {
            if turn.role != Role::System {
                is_front = false;
                continue;
            }
            for block in &turn.blocks {
                let text = self.spoken(block)?;
                if !is_front && !text.is_empty() {
                    self.lose("messages.order", "instructions stand in front there, not between turns");
                }
                texts.push(text);
            }
        }
        texts.retain(|text| !text.is_empty());
        if !texts.is_empty() {
            self.json.object().key("role").text("system").key("content").array();
            for text in texts {
                self.text_part(text);
            }
            self.json.end_array().end_object();
        }
        Ok(())
    }

    /// Tool results first, each a message, then the rest.
    fn user(&mut self, turn: &Turn) -> Result<(), TranslateError> {
        let is_result = |block: &&Block| matches!(block.content, Content::ToolResult(_));
        let says = |block: &&Block| !matches!(&block.content, Content::Text(text) if text.text.is_empty());
        let mut spoken = turn.blocks.iter().filter(says).skip_while(is_result);
        if spoken.any(|block| is_result(&block)) {
            self.lose("tool_result", "results stand before what else a turn says there");
        }
        for block in &turn.blocks {
            if let Content::ToolResult(result) = &block.content {
                self.tool_result(result)?;
            }
        }
        let beside = has_documents_beside(turn);
        let is_left = |block: &&Block| {
            says(block) && !is_result(block) && !(beside && document(&block.content).is_some())
        };
        let mut left = turn.blocks.iter().filter(is_left).peekable();
        if left.peek().is_none() {
            return Ok(());
        }
        self.json.object().key("role").text("user").key("content").array();
        for block in left {
            self.user_part(block)?;
        }
        self.json.end_array().end_object();
        Ok(())
    }

    fn user_part(&mut self, block: &Block) -> Result<(), TranslateError> {
        match &block.content {
            Content::Media(media) if media.kind == MediaKind::Image => self.image(media),
            Content::Media(media) => match &media.source {
                MediaSource::Text(text) => {
                    self.lose("document", "said as text");
                    if media.has_name() {
                        self.lose("media.name", "a text has none");
                    }
                    self.text_part(text);
                    Ok(())
                }
                _ => Err(unsayable_media(media.kind)),
            },
            _ => {
                let text = self.spoken(block)?;
                if !text.is_empty() {
                    self.text_part(text);
                }
                Ok(())
            }
        }
    }

    /// What a block says that is text. Where a role cannot say anything else, everything else is an error; what only its
    /// own protocol has is left out.
    pub(super) fn spoken<'b>(&mut self, block: &'b Block) -> Result<&'b str, TranslateError> {
        match &block.content {
            Content::Text(text) => Ok(&text.text),
            Content::Refusal(text) => {
                self.lose("refusal", "said as text");
                Ok(text)
            }
            Content::Search(_) => {
                self.lose("web_search", "a search that somebody else made");
                Ok("")
            }
            Content::Opaque(opaque) => {
                self.lose(opaque.kind.clone(), "only its own protocol has it");
                Ok("")
            }
            Content::Reasoning(_) => {
                self.lose("reasoning", "only the model's turns have it");
                Ok("")
            }
            Content::Media(media) => Err(unsayable_media(media.kind)),
            Content::ToolCall(_) => Err(TranslateError::unsayable("tool_call", "only the model calls tools")),
            Content::ToolResult(_) => {
                Err(TranslateError::unsayable("tool_result", "only users' turns have results"))
            }
        }
    }

    fn image(&mut self, media: &Media) -> Result<(), TranslateError> {
        let url = match (&media.source, &media.media_type) {
            (MediaSource::Url(url), _) if is_fetched(url) => url.clone(),
            (MediaSource::Url(_), _) => {
                return Err(TranslateError::unsayable("image.url", "an address that is not of the web"));
            }
            (MediaSource::Base64(data), Some(kind)) => {
                format!("data:{kind};base64,{}", String::from_utf8_lossy(data))
            }
            (MediaSource::Base64(_), None) => {
                return Err(TranslateError::unsayable("image.media_type", "it has to be known there"));
            }
            _ => return Err(unsayable_media(media.kind)),
        };
        if media.name.is_some() {
            self.lose("media.name", "images have no names there");
        }
        self.json.object().key("type").text("image_url").key("image_url").object().key("url").text(&url);
        self.json.optional("detail", media.detail.as_deref()).end_object().end_object();
        Ok(())
    }

    pub(super) fn text_part(&mut self, text: &str) {
        self.json.object().key("type").text("text").key("text").text(text).end_object();
    }

    fn document(&mut self, media: &Media, text: &str) {
        self.json.object().key("data").object().optional("title", media.name.as_deref());
        self.json.key("text").text(text).end_object().end_object();
    }

    fn tool_result(&mut self, result: &ToolResult) -> Result<(), TranslateError> {
        if result.is_error {
            self.lose("tool_result.is_error", "results do not say whether the tool failed there");
        }
        self.json.object().key("role").text("tool").key("tool_call_id").text(&result.call_id).key("content");
        if let [Block { content: Content::Text(text), .. }] = &result.blocks[..] {
            self.json.text(&text.text).end_object();
            return Ok(());
        }
        if result.blocks.is_empty() {
            self.json.text("").end_object();
            return Ok(());
        }
        self.json.array();
        for block in &result.blocks {
            if let Some((media, text)) = document(&block.content) {
                self.json.object().key("type").text("document").key("document");
                self.document(media, text);
                self.json.end_object();
            } else {
                let text = self.spoken(block)?;
                self.text_part(text);
            }
        }
        self.json.end_array().end_object();
        Ok(())
    }
}

/// Whether the supplier can get it: addresses of the web, and data. Another supplier's own store is nothing to it, and the
/// names in there nothing that it should know.
fn is_fetched(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    ["https", "http", "data"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

fn unsayable_media(kind: MediaKind) -> TranslateError {
    let what = match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Video => "video",
    };
    TranslateError::unsayable(what, "no place for it in such a message there")
}
