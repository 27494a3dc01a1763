//! Turns as messages.
//!
//! A message has one text, pictures that stand before it, thinking and calls, in places of their own. A turn in which
//! they come in another order is several messages, so that the order stays. Pieces of a turn of the model's are one text
//! that was cut; those of others are texts of their own, a blank line between them.

use super::Writer;
use crate::conversation::{
    Block, Content, Media, MediaKind, MediaSource, Role, ToolCall, ToolResult, TranslateError, Turn,
};

/// What goes into one message.
#[derive(Default)]
struct Message<'a> {
    images: Vec<&'a [u8]>,
    thinking: Vec<&'a str>,
    texts: Vec<&'a str>,
    calls: Vec<&'a ToolCall>,
}

impl Message<'_> {
    const fn is_empty(&self) -> bool {
        self.images.is_empty() && self.thinking.is_empty() && self.texts.is_empty() && self.calls.is_empty()
    }
}

impl<'a> Writer<'a> {
    pub(super) fn messages(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        self.json.key("messages").array();
        for turn in &request.turns {
            if turn.name.is_some() {
                self.lose("messages.name", "speakers have no names there");
            }
            for block in &turn.blocks {
                self.notice(block);
            }
            match turn.role {
                Role::System => self.spoken("system", turn)?,
                Role::User => self.user(turn)?,
                Role::Assistant => self.assistant(turn)?,
            }
        }
        self.json.end_array();
        Ok(())
    }

    /// Names what no message has a place for.
    fn notice(&mut self, block: &Block) {
        if block.cache.is_some() {
            self.lose("cache_control", "no cache marks there");
        }
        let proof = match &block.content {
            Content::Text(text) => {
                if !text.citations.is_empty() {
                    self.lose("citations", "no citations there");
                }
                if !text.logprobs.is_empty() {
                    self.lose("logprobs", "a history has no probabilities there");
                }
                text.proof.as_ref().map(|_| "text.proof")
            }
            Content::ToolCall(call) => call.proof.as_ref().map(|_| "tool_call.proof"),
            Content::Reasoning(reasoning) => reasoning.proof.as_ref().map(|_| "reasoning.proof"),
            Content::ToolResult(result) => {
                result.blocks.iter().for_each(|block| self.notice(block));
                None
            }
            _ => None,
        };
        if let Some(what) = proof {
            self.lose(what, "only its maker can read it");
        }
    }

    /// Tool results first, each a message, then the rest.
    fn user(&mut self, turn: &'a Turn) -> Result<(), TranslateError> {
        let is_result = |block: &&Block| matches!(block.content, Content::ToolResult(_));
        let says = |block: &&Block| !matches!(&block.content, Content::Text(text) if text.text.is_empty());
        let mut behind = turn.blocks.iter().filter(says).skip_while(is_result);
        if behind.any(|block| is_result(&block)) {
            self.lose("tool_result", "results stand before what else a turn says there");
        }
        for block in &turn.blocks {
            if let Content::ToolResult(result) = &block.content {
                self.tool_result(result)?;
            }
        }
        self.spoken("user", turn)
    }

    /// Pictures and text; a picture behind text begins another message.
    fn spoken(&mut self, role: &str, turn: &'a Turn) -> Result<(), TranslateError> {
        let mut message = Message::default();
        for block in &turn.blocks {
            match &block.content {
                Content::ToolResult(_) if role == "user" => {}
                Content::Media(media) if media.kind == MediaKind::Image && role == "user" => {
                    if !message.texts.is_empty() {
                        self.message(role, &std::mem::take(&mut message));
                    }
                    message.images.push(self.image(media)?);
                }
                _ => message.texts.extend(self.text(block)?),
            }
        }
        self.message(role, &message);
        Ok(())
    }

    fn assistant(&mut self, turn: &'a Turn) -> Result<(), TranslateError> {
        let mut message = Message::default();
        for block in &turn.blocks {
            match &block.content {
                Content::Reasoning(reasoning) => {
                    if reasoning.text.is_empty() {
                        continue;
                    }
                    if !message.texts.is_empty() || !message.calls.is_empty() {
                        self.message("assistant", &std::mem::take(&mut message));
                    }
                    message.thinking.push(&reasoning.text);
                }
                Content::ToolCall(call) => message.calls.push(call),
                _ => {
                    let Some(text) = self.text(block)? else { continue };
                    if !message.calls.is_empty() {
                        self.message("assistant", &std::mem::take(&mut message));
                    }
                    message.texts.push(text);
                }
            }
        }
        self.message("assistant", &message);
        Ok(())
    }

    /// What a block says that is text, if it says anything.
    fn text<'b>(&mut self, block: &'b Block) -> Result<Option<&'b str>, TranslateError> {
        let text = match &block.content {
            Content::Text(text) => text.text.as_str(),
            Content::Refusal(text) => {
                self.lose("refusal", "said as text");
                text
            }
            Content::Media(media) => {
                let (MediaKind::Document, MediaSource::Text(text)) = (media.kind, &media.source) else {
                    return Err(unsayable_media(media.kind));
                };
                self.lose("document", "said as text");
                if media.has_name() {
                    self.lose("media.name", "a text has none");
                }
                text
            }
            Content::Search(_) => {
                self.lose("web_search", "a search that somebody else made");
                ""
            }
            Content::Opaque(opaque) => {
                self.lose(opaque.kind.clone(), "only its own protocol has it");
                ""
            }
            Content::Reasoning(_) => {
                self.lose("reasoning", "only the model's turns have it");
                ""
            }
            Content::ToolCall(_) => {
                return Err(TranslateError::unsayable("tool_call", "only the model calls tools"));
            }
            Content::ToolResult(_) => {
                return Err(TranslateError::unsayable("tool_result", "only users' turns have results"));
            }
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The picture's bytes, which is all that a server takes: it fetches nothing.
    fn image(&mut self, media: &'a Media) -> Result<&'a [u8], TranslateError> {
        let MediaSource::Base64(data) = &media.source else {
            return Err(TranslateError::unsayable(
                "image.url",
                "only the picture's own bytes are taken there",
            ));
        };
        if media.detail.is_some() {
            self.lose("media.detail", "no place for it there");
        }
        if media.name.is_some() {
            self.lose("media.name", "pictures have no names there");
        }
        Ok(data)
    }

    /// Writes a message, if there is anything in it.
    fn message(&mut self, role: &str, message: &Message<'_>) {
        if message.is_empty() {
            return;
        }
        let between = if role == "assistant" { "" } else { "\n\n" };
        self.json.object().key("role").text(role).key("content").text(&message.texts.join(between));
        if !message.thinking.is_empty() {
            self.json.key("thinking").text(&message.thinking.join("\n\n"));
        }
        self.images(&message.images);
        if !message.calls.is_empty() {
            self.json.key("tool_calls").array();
            for (index, call) in (0..).zip(&message.calls) {
                self.call(index, call);
            }
            self.json.end_array();
        }
        self.json.end_object();
    }

    fn images(&mut self, images: &[&[u8]]) {
        if images.is_empty() {
            return;
        }
        self.json.key("images").array();
        for image in images {
            self.json.text(&String::from_utf8_lossy(image));
        }
        self.json.end_array();
    }

    /// A call; its arguments are an object there.
    fn call(&mut self, index: u64, call: &ToolCall) {
        let (arguments, lost) = call.input.as_object();
        if let Some(lost) = lost {
            self.lose(lost.what, lost.why);
        }
        self.json.object().key("id").text(&call.id).key("function").object().key("index").number(index);
        self.json.key("name").text(&call.name).key("arguments").raw(arguments.as_ref());
        self.json.end_object().end_object();
    }

    fn tool_result(&mut self, result: &'a ToolResult) -> Result<(), TranslateError> {
        if result.is_error {
            self.lose("tool_result.is_error", "results do not say whether the tool failed there");
        }
        let mut texts = Vec::new();
        let mut images = Vec::new();
        for block in &result.blocks {
            match &block.content {
                Content::Media(media) if media.kind == MediaKind::Image => {
                    if !texts.is_empty() {
                        self.lose("tool_result.media", "pictures stand before a result's text there");
                    }
                    images.push(self.image(media)?);
                }
                _ => texts.extend(self.text(block)?),
            }
        }
        self.json.object().key("role").text("tool").key("content").text(&texts.join("\n\n"));
        let name = result.name.as_deref().or_else(|| self.request.tool_name(&result.call_id));
        self.json.optional("tool_name", name).key("tool_call_id").text(&result.call_id);
        self.images(&images);
        self.json.end_object();
        Ok(())
    }
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
