//! From events to a client's frames.
//!
//! Blocks of text and of reasoning have no start, so that one which stays empty leaves nothing. A proof goes out when its
//! block ends: accumulators put pieces of signatures together, and here a later proof stands for an earlier one.

use super::super::answer::{stated, write_metrics, write_service};
use super::super::content::{Given, given, write_citation};
use super::super::media::format_of;
use super::super::search;
use super::super::{stop, usage};
use super::KEEP_ALIVE;
use crate::conversation::{
    BlockStart, Delta, Event, EventEncoder, Loss, Media, MediaKind, MediaSource, Opaque, ReplyContext,
    TranslateError,
};
use crate::framing::event_stream::write_event;
use crate::json::Json;
use crate::translate::note;

/// Writes one stream.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    about: ReplyContext,
    open: Option<Open>,
    next_index: u64,
    usage: Option<catalogue::Usage>,
    service: Option<catalogue::Service>,
    losses: Vec<Loss>,
}

/// The open block.
#[derive(Debug)]
struct Open {
    kind: Kind,
    /// Its index, once anything of it went out.
    index: Option<u64>,
    /// Whether a call's input was said.
    has_input: bool,
    proof: Option<Opaque>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
    Call,
    /// Nothing of it is said, or all of it was.
    Silent,
}

impl EventEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let choice = match event {
            Event::BlockStart { choice, .. }
            | Event::Delta { choice, .. }
            | Event::BlockEnd { choice }
            | Event::Finish { choice, .. } => *choice,
            _ => 0,
        };
        if choice != 0 {
            return Err(TranslateError::unsayable("choices", "there is exactly one answer"));
        }
        match event {
            Event::Start { usage, .. } => {
                self.usage = *usage;
                write_event("messageStart", br#"{"role":"assistant"}"#, out);
            }
            Event::BlockStart { block, .. } => self.start(block, out)?,
            Event::Delta { delta, .. } => self.grow(delta, out),
            Event::BlockEnd { .. } => self.end_block(out),
            Event::Finish { reason, .. } => {
                let word = stop::word(reason, &mut self.losses);
                let mut json = Json::new();
                json.object().key("stopReason").text(word).end_object();
                write_event("messageStop", &json.finish(), out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Service(service) => self.service = Some(*service),
            Event::KeepAlive => out.extend(KEEP_ALIVE),
            Event::End => self.metadata(out),
        }
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Encoder {
    pub(in super::super) fn new(about: &ReplyContext) -> Self {
        Self {
            about: about.clone(),
            open: None,
            next_index: 0,
            usage: None,
            service: None,
            losses: Vec::new(),
        }
    }

    fn start(&mut self, block: &BlockStart, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let kind = match block {
            BlockStart::Text => Kind::Text,
            BlockStart::Refusal => {
                note(&mut self.losses, Loss::new("refusal", "it is said as text"));
                Kind::Text
            }
            BlockStart::Reasoning { .. } => Kind::Reasoning,
            BlockStart::ToolCall { is_custom: true, .. } => {
                return Err(TranslateError::unsayable("tool_call.text", "tools take JSON there"));
            }
            BlockStart::ToolCall { .. } => Kind::Call,
            BlockStart::Media(_) => Kind::Silent,
            BlockStart::Search(_) => {
                note(&mut self.losses, Loss::new("web_search", search::APART));
                Kind::Silent
            }
            BlockStart::Opaque(opaque) => {
                note(&mut self.losses, Loss::new(opaque.kind.clone(), "a block of another protocol"));
                Kind::Silent
            }
        };
        self.open = Some(Open { kind, index: None, has_input: false, proof: None });
        match block {
            BlockStart::ToolCall { id, name, .. } => self.write("contentBlockStart", out, |json| {
                json.key("start").object().key("toolUse").object();
                json.key("toolUseId").text(id).key("name").text(name).end_object().end_object();
            }),
            BlockStart::Media(media) => self.image(media, out)?,
            _ => {}
        }
        Ok(())
    }

    /// An image, in one piece; streams hold no other media.
    fn image(&mut self, media: &Media, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let (MediaKind::Image, MediaSource::Base64(base64), Some(format)) =
            (media.kind, &media.source, format_of(media))
        else {
            return Err(TranslateError::unsayable("media", "of media, streams hold images in bytes only"));
        };
        let base64 = String::from_utf8_lossy(base64);
        self.write("contentBlockStart", out, |json| {
            json.key("start")
                .object()
                .key("image")
                .object()
                .key("format")
                .text(format)
                .end_object()
                .end_object();
        });
        self.write("contentBlockDelta", out, |json| {
            json.key("delta").object().key("image").object().key("source").object();
            json.key("bytes").text(&base64).end_object().end_object().end_object();
        });
        Ok(())
    }

    fn grow(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        let Some(Open { kind, proof, .. }) = &mut self.open else { return };
        match (delta, *kind) {
            (Delta::Text(text), Kind::Text) if !text.is_empty() => {
                self.write("contentBlockDelta", out, |json| {
                    json.key("delta").object().key("text").text(text).end_object();
                });
            }
            (Delta::Text(text), Kind::Reasoning) if !text.is_empty() => self.thought("text", text, out),
            (Delta::Text(text), Kind::Call) if !text.is_empty() => self.input(text, out),
            (Delta::Text(_), _) => {}
            (Delta::Proof(given), Kind::Reasoning) => *proof = Some(given.clone()),
            (Delta::Proof(_), _) => {
                note(&mut self.losses, Loss::new("proof", "no place for it but beside reasoning"));
            }
            (Delta::Citation(citation), Kind::Text) => {
                let mut lost = Vec::new();
                self.write("contentBlockDelta", out, |json| {
                    json.key("delta").object().key("citation");
                    write_citation(json, citation, &mut lost);
                    json.end_object();
                });
                for loss in lost {
                    note(&mut self.losses, loss);
                }
            }
            (Delta::Citation(_), _) => {
                note(&mut self.losses, Loss::new("citations", "no place for them but beside text"));
            }
            (Delta::Logprobs(_), _) => {
                note(&mut self.losses, Loss::new("logprobs", "no place for them"));
            }
        }
    }

    fn input(&mut self, json_text: &str, out: &mut Vec<u8>) {
        if let Some(open) = &mut self.open {
            open.has_input = true;
        }
        self.write("contentBlockDelta", out, |json| {
            json.key("delta").object().key("toolUse").object().key("input").text(json_text);
            json.end_object().end_object();
        });
    }

    fn thought(&mut self, member: &str, text: &str, out: &mut Vec<u8>) {
        self.write("contentBlockDelta", out, |json| {
            json.key("delta").object().key("reasoningContent").object().key(member).text(text);
            json.end_object().end_object();
        });
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        if self.open.as_ref().is_some_and(|open| open.kind == Kind::Call && !open.has_input) {
            // Accumulators read what they put together as JSON.
            self.input("{}", out);
        }
        let Some(Open { kind, index, proof, .. }) = &mut self.open else { return };
        let (has_text, proof) = (index.is_some(), proof.take());
        if *kind == Kind::Reasoning && (has_text || proof.is_some()) {
            match given(proof.as_ref(), has_text) {
                Given::Signature(signature) => {
                    if !has_text {
                        // Accumulators count on text.
                        self.thought("text", "", out);
                    }
                    self.thought("signature", &signature, out);
                }
                Given::Redacted(base64) => self.thought("redactedContent", &base64, out),
            }
        }
        if self.open.take().is_some_and(|open| open.index.is_some()) {
            let mut json = Json::new();
            json.object().key("contentBlockIndex").number(self.next_index - 1).end_object();
            write_event("contentBlockStop", &json.finish(), out);
        }
    }

    /// Writes an event of the open block, which gets its index with the first.
    fn write(&mut self, event: &str, out: &mut Vec<u8>, members: impl FnOnce(&mut Json)) {
        let Some(open) = &mut self.open else { return };
        let index = *open.index.get_or_insert_with(|| {
            self.next_index += 1;
            self.next_index - 1
        });
        let mut json = Json::new();
        json.object().key("contentBlockIndex").number(index);
        members(&mut json);
        json.end_object();
        write_event(event, &json.finish(), out);
    }

    fn metadata(&mut self, out: &mut Vec<u8>) {
        let usage = stated(self.usage, &self.about, &mut self.losses);
        let mut json = Json::new();
        json.object().key("usage");
        usage::write(&mut json, &usage);
        write_metrics(&mut json);
        write_service(&mut json, self.service, &mut self.losses);
        json.end_object();
        write_event("metadata", &json.finish(), out);
    }
}
