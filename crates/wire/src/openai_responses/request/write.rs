//! From turns to items.

use std::borrow::Cow;
use std::iter::Peekable;
use std::slice::Iter;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Needs;

use super::super::items::ENCRYPTED;
use super::super::{PROTOCOL, write};
use crate::call_id;
use crate::conversation::{
    Block, CacheMark, Content, Loss, Media, MediaKind, MediaSource, Opaque, Reasoning, Role, Target, Text,
    ToolCall, ToolInput, ToolResult, TranslateError, Turn,
};
use crate::json::Json;
use crate::translate::note;

/// Writes items, as elements of the list that is open.
#[derive(Debug)]
pub(super) struct Items<'w> {
    json: &'w mut Json,
    losses: &'w mut Vec<Loss>,
    target: &'w Target<'w>,
    /// Whether the parts of a message are being written.
    in_message: bool,
}

type Written = Result<(), TranslateError>;

impl<'w> Items<'w> {
    pub(super) const fn new(json: &'w mut Json, losses: &'w mut Vec<Loss>, target: &'w Target<'w>) -> Self {
        Self { json, losses, target, in_message: false }
    }

    pub(super) fn write(mut self, turns: &[Turn]) -> Written {
        for turn in turns {
            if turn.name.is_some() {
                self.lose("messages.name", "speakers have no names there");
            }
            let mut blocks = turn.blocks.iter().peekable();
            while let Some(block) = blocks.next() {
                self.block(turn.role, block, &mut blocks)?;
            }
            self.close_message();
        }
        Ok(())
    }

    fn block(&mut self, role: Role, block: &Block, rest: &mut Peekable<Iter<'_, Block>>) -> Written {
        match &block.content {
            Content::Text(text) if text.text.is_empty() => Ok(()),
            Content::Text(text) if role == Role::Assistant && self.is_alone(block, text, rest) => {
                self.prove(text.proof.as_ref(), "text.proof");
                self.json.object().key("type").text("message").key("role").text("assistant");
                self.json.key("content").text(&text.text).end_object();
                Ok(())
            }
            Content::Text(_) | Content::Refusal(_) | Content::Media(_) => {
                self.open_message(role);
                self.part(role, block)
            }
            other => {
                self.close_message();
                self.item(other, rest)?;
                self.lose_mark(block);
                Ok(())
            }
        }
    }

    /// Whether a model's text is all of a message and nothing belongs to it: it needs no part then, which some suppliers
    /// take in messages with an id alone.
    fn is_alone(&self, block: &Block, text: &Text, rest: &mut Peekable<Iter<'_, Block>>) -> bool {
        let is_part = |block: &&Block| {
            matches!(block.content, Content::Text(_) | Content::Refusal(_) | Content::Media(_))
        };
        let is_plain = text.citations.is_empty() && text.logprobs.is_empty() && block.cache.is_none();
        is_plain && !self.in_message && !rest.peek().is_some_and(is_part)
    }

    fn item(&mut self, content: &Content, rest: &mut Peekable<Iter<'_, Block>>) -> Written {
        match content {
            Content::ToolCall(call) => self.call(call),
            Content::ToolResult(result) => return self.result(result),
            Content::Reasoning(reasoning) => {
                let next = rest.peek().and_then(|next| self.with_summary(reasoning, &next.content));
                if let Some(thought) = next {
                    self.reasoning(&reasoning.text, thought);
                    rest.next();
                } else {
                    self.reasoning("", reasoning);
                }
            }
            Content::Opaque(opaque) if opaque.is_for(PROTOCOL, self.target.owner) => {
                self.json.raw(&opaque.data);
            }
            Content::Search(_) => self.lose("web_search", "a search that somebody else made"),
            Content::Opaque(opaque) => self.lose(&opaque.kind, "a block that only its own protocol has"),
            Content::Text(_) | Content::Refusal(_) | Content::Media(_) => {}
        }
        Ok(())
    }

    fn open_message(&mut self, role: Role) {
        if !self.in_message {
            let role = match role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            self.json.object().key("type").text("message").key("role").text(role).key("content").array();
            self.in_message = true;
        }
    }

    fn close_message(&mut self) {
        if self.in_message {
            self.json.end_array().end_object();
            self.in_message = false;
        }
    }

    /// A part of a message, or of a tool's output.
    fn part(&mut self, role: Role, block: &Block) -> Written {
        match &block.content {
            Content::Text(text) if role == Role::Assistant => {
                self.prove(text.proof.as_ref(), "text.proof");
                write::output_text(self.json, text, self.losses);
                self.lose_mark(block);
            }
            Content::Refusal(refusal) if role == Role::Assistant => {
                self.json.object().key("type").text("refusal").key("refusal").text(refusal).end_object();
                self.lose_mark(block);
            }
            Content::Text(Text { text, .. }) | Content::Refusal(text) => {
                self.json.object().key("type").text("input_text").key("text").text(text);
                self.mark(block.cache);
                self.json.end_object();
            }
            Content::Media(media) if role != Role::Assistant => self.media(media, block.cache)?,
            Content::Media(_) => {
                return Err(TranslateError::unsayable("media", "a model says nothing but text there"));
            }
            Content::Opaque(opaque) => self.lose(&opaque.kind, "only its own maker can read it"),
            Content::Search(_) => self.lose("web_search", "a search that somebody else made"),
            Content::Reasoning(_) => self.lose("reasoning", "only the model's turns have it"),
            Content::ToolCall(_) | Content::ToolResult(_) => {
                self.lose("tool_result", "there are text and media, and no more");
            }
        }
        Ok(())
    }

    fn media(&mut self, media: &Media, cache: Option<CacheMark>) -> Written {
        match media.kind {
            MediaKind::Image => self.image(media)?,
            MediaKind::Document => self.file(media)?,
            // There is a type for it in the SDK, but not among the parts of a message (openai 3.54.0, read 2026-11-28).
            MediaKind::Audio => {
                return Err(TranslateError::unsayable("audio", "messages hold no sound there"));
            }
            MediaKind::Video => return Err(TranslateError::unsayable("video", "no moving pictures there")),
        }
        self.mark(cache);
        self.json.end_object();
        Ok(())
    }

    fn image(&mut self, media: &Media) -> Written {
        self.json.object().key("type").text("input_image");
        match &media.source {
            MediaSource::Held(id) => self.json.key("file_id").text(held(id)?),
            source => self.json.key("image_url").text(&address(source, media.media_type.as_deref())?),
        };
        self.json.key("detail").text(media.detail.as_deref().unwrap_or("auto"));
        if media.name.is_some() {
            self.lose("media.name", "images have no names there");
        }
        Ok(())
    }

    fn file(&mut self, media: &Media) -> Written {
        let media_type = media.media_type.as_deref();
        self.json.object().key("type").text("input_file");
        match &media.source {
            MediaSource::Held(id) => self.json.key("file_id").text(held(id)?),
            MediaSource::Url(url) => self.json.key("file_url").text(fetched(url)?),
            MediaSource::Base64(data) if media_type.is_none() => {
                self.json.key("file_data").text(&String::from_utf8_lossy(data))
            }
            source => self.json.key("file_data").text(&address(source, media_type)?),
        };
        self.json.optional("filename", media.name.as_ref()).optional("detail", media.detail.as_ref());
        Ok(())
    }

    fn call(&mut self, call: &ToolCall) {
        self.prove(call.proof.as_ref(), "tool_call.proof");
        let (kind, member, input) = match &call.input {
            ToolInput::Arguments(json) => ("function_call", "arguments", String::from_utf8_lossy(json)),
            ToolInput::Text(text) => ("custom_tool_call", "input", Cow::Borrowed(text.as_str())),
        };
        self.json.object().key("type").text(kind).key("call_id").text(&call_id(&call.id));
        self.json.key("name").text(&call.name).key(member).text(&input).end_object();
    }

    fn result(&mut self, result: &ToolResult) -> Written {
        if result.is_error {
            self.lose("tool_result.is_error", "an output does not say so");
        }
        let kind = if result.is_custom { "custom_tool_call_output" } else { "function_call_output" };
        self.json
            .object()
            .key("type")
            .text(kind)
            .key("call_id")
            .text(&call_id(&result.call_id))
            .key("output");
        match result.blocks.as_slice() {
            [] => self.json.text(""),
            [Block { content: Content::Text(text), cache: None }] => self.json.text(&text.text),
            blocks => {
                self.json.array();
                for block in blocks {
                    self.part(Role::User, block)?;
                }
                self.json.end_array()
            }
        };
        self.json.end_object();
        Ok(())
    }

    /// The thought that `summary` sums up, where `next` is that: both are one item then.
    fn with_summary<'a>(&self, summary: &Reasoning, next: &'a Content) -> Option<&'a Reasoning> {
        match next {
            Content::Reasoning(next)
                if summary.is_summary
                    && summary.proof.is_none()
                    && !next.is_summary
                    && next.proof.as_ref().is_some_and(|proof| self.is_ours(proof)) =>
            {
                Some(next)
            }
            _ => None,
        }
    }

    /// Reasoning goes back to who can read it; nobody takes it without proof.
    fn reasoning(&mut self, summary: &str, reasoning: &Reasoning) {
        let proof = match &reasoning.proof {
            Some(proof) if self.is_ours(proof) => proof,
            Some(_) => return self.lose("reasoning.proof", "only its maker can read it"),
            None => return self.lose("reasoning", "not taken back without proof"),
        };
        let own = reasoning.text.as_str();
        let (summary, text) = if reasoning.is_summary { (own, "") } else { (summary, own) };
        // It has to have one, and nobody keeps it.
        let id = call_id::made(proof.data.as_bytes(), 0).replace("call_", "rs_");
        self.json.object().key("type").text("reasoning").key("id").text(&id);
        write::thoughts(self.json, summary, text);
        self.json.key("encrypted_content").text(&proof.data).end_object();
    }

    fn is_ours(&self, proof: &Opaque) -> bool {
        proof.is_for(PROTOCOL, self.target.owner) && proof.kind == ENCRYPTED
    }

    /// The place for a proof of a call or a text is not here.
    fn prove(&mut self, proof: Option<&Opaque>, what: &str) {
        if proof.is_some() {
            self.lose(what, "only its maker can read it");
        }
    }

    fn mark(&mut self, cache: Option<CacheMark>) {
        let Some(mark) = cache else { return };
        if !self.target.capabilities.yes.contains(Needs::CACHE_MARKS) {
            return self.lose("cache_control", "the model is not known to take cache marks");
        }
        self.json.key("prompt_cache_breakpoint").object().key("mode").text("explicit");
        self.json.optional("ttl", (mark == CacheMark::Hour).then_some("12h")).end_object();
    }

    fn lose_mark(&mut self, block: &Block) {
        if block.cache.is_some() {
            self.lose("cache_control", "no cache marks there but on what the caller says");
        }
    }

    fn lose(&mut self, what: &str, why: &'static str) {
        note(self.losses, Loss::new(what, why));
    }
}

/// The id of a file that the supplier holds: `OpenAI`'s begin so.
fn held(id: &str) -> Result<&str, TranslateError> {
    let own = id.starts_with("file-");
    own.then_some(id).ok_or_else(|| TranslateError::unsayable("file", "another supplier holds it"))
}

/// An address that the supplier can fetch; not one of another supplier's own store.
fn fetched(url: &str) -> Result<&str, TranslateError> {
    let is_web = ["https:", "http:", "data:"].iter().any(|scheme| url.starts_with(scheme));
    is_web
        .then_some(url)
        .ok_or_else(|| TranslateError::unsayable("media.url", "web addresses alone are fetched there"))
}

/// An address, or one that holds the data itself.
fn address<'a>(source: &'a MediaSource, media_type: Option<&str>) -> Result<Cow<'a, str>, TranslateError> {
    match (source, media_type) {
        (MediaSource::Url(url), _) => fetched(url).map(Cow::Borrowed),
        (MediaSource::Base64(data), Some(kind)) => {
            Ok(format!("data:{kind};base64,{}", String::from_utf8_lossy(data)).into())
        }
        (MediaSource::Text(text), kind) => {
            Ok(format!("data:{};base64,{}", kind.unwrap_or("text/plain"), STANDARD.encode(text)).into())
        }
        _ => Err(TranslateError::unsayable("media", "its media type is not known")),
    }
}

/// The longest id of a call that `OpenAI` takes.
const LONGEST_CALL_ID: usize = 64;

/// A call's id, shortened where it is too long: the same for the call and its output, and different for different ids.
fn call_id(id: &str) -> Cow<'_, str> {
    if id.len() <= LONGEST_CALL_ID {
        return Cow::Borrowed(id);
    }
    // FNV-1a, twice.
    let hash = |seed: u64| {
        id.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    format!("call_{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x9e37_79b9_7f4a_7c15)).into()
}
