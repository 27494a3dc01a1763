//! A stream, written for a client.
//!
//! One block is open at a time, their indices count up from 0, a block opens when it has something to say. Why the answer
//! ended is said once all is known, in the one `message_delta`, right before `message_stop`; nothing comes behind that.
//! What was not ended by the supplier is not ended here.
//!
//! Source: `raw_message_stream_event.py` and what it names, and `lib/streaming/_messages.py`, of the official Python SDK,
//! anthropic 2.12.0, read 2026-11-28.

mod frames;

use std::borrow::Cow;

use catalogue::{Protocol, Service, Usage};

use crate::anthropic_messages::answer::encode::{head, text_or_null};
use crate::anthropic_messages::answer::{stop, used};
use crate::anthropic_messages::cache;
use crate::anthropic_messages::carry::{self, Shape};
use crate::anthropic_messages::content::citations;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::search::Told;
use crate::conversation::arguments::wrapped;
use crate::conversation::{
    BlockStart, Delta, Event, EventEncoder, FinishReason, Loss, Opaque, ReplyContext, Search, TranslateError,
};
use crate::json::Json;
use frames::frame;

/// Writes one stream.
#[derive(Debug)]
pub(in crate::anthropic_messages) struct Encoder {
    about: ReplyContext,
    phase: Phase,
    /// The index of the open block, or of the next one.
    index: u64,
    open: Open,
    /// The proof of a text that has ended ([`carry::ENDS_A_TURN`]).
    waiting: Option<String>,
    called: bool,
    refused: bool,
    /// How many searches were told.
    searches: usize,
    usage: Option<Usage>,
    service: Option<Service>,
    finish: Option<FinishReason>,
    losses: Losses,
}

/// How far the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Running,
    Over,
}

/// The open block.
#[derive(Debug, Default)]
enum Open {
    /// There is none.
    #[default]
    None,
    /// Text, or a refusal.
    Text {
        is_out: bool,
        proof: Option<Opaque>,
    },
    Thought {
        is_out: bool,
        proof: Option<Opaque>,
    },
    Call(Call),
    /// A block that went out whole.
    Whole,
}

/// An open tool call. It goes out with its first piece, so that a proof which comes before that can go before it.
#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    is_out: bool,
    proof: Option<Opaque>,
    /// The text of a call that takes free text, which goes out as one object.
    free: Option<String>,
}

impl Open {
    /// What stands before the text in a delta of the block, once its beginning is out.
    const fn grows_behind(&self) -> Option<&'static [u8]> {
        match self {
            Self::Text { is_out: true, .. } => Some(br#"{"type":"text_delta","text":"#),
            Self::Thought { is_out: true, .. } => Some(br#"{"type":"thinking_delta","thinking":"#),
            Self::Call(Call { is_out: true, free: None, .. }) => {
                Some(br#"{"type":"input_json_delta","partial_json":"#)
            }
            _ => None,
        }
    }
}

impl EventEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.phase == Phase::Over {
            return Ok(());
        }
        match event {
            Event::KeepAlive => {
                frame(out, "ping", |_| {});
                return Ok(());
            }
            Event::Start { id, model, usage } => {
                self.usage = usage.or(self.usage);
                self.start(id.as_deref(), model.as_deref(), out);
                return Ok(());
            }
            Event::Usage(usage) => {
                self.usage = Some(*usage);
                return Ok(());
            }
            Event::Service(service) => {
                // Only the start has a place for it.
                if self.phase != Phase::Before && self.service != Some(*service) {
                    self.losses.add("service_tier", "it came when the answer had begun");
                }
                self.service = Some(*service);
                return Ok(());
            }
            _ => self.start(None, None, out),
        }
        match event {
            Event::BlockStart { choice, block } => {
                only_one(*choice)?;
                self.end_block(out);
                self.proof_follows(out);
                self.block_start(block, out)
            }
            Event::Delta { choice, delta } => {
                only_one(*choice)?;
                self.delta(delta, out);
                Ok(())
            }
            Event::BlockEnd { choice } => {
                only_one(*choice)?;
                self.end_block(out);
                Ok(())
            }
            Event::Finish { choice, reason } => {
                only_one(*choice)?;
                self.finish = Some(reason.clone());
                Ok(())
            }
            Event::End => {
                self.end(out);
                Ok(())
            }
            Event::Start { .. } | Event::Usage(_) | Event::Service(_) | Event::KeepAlive => Ok(()),
        }
    }

    fn grow(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.phase == Phase::Running
            && choice == 0
            && !text.is_empty()
            && let Some(before) = self.open.grows_behind()
        {
            self.text_grows(out, before, text);
            return Ok(());
        }
        self.encode(&Event::Delta { choice, delta: Delta::Text(text.to_owned()) }, out)
    }

    fn losses(&self) -> &[Loss] {
        self.losses.as_slice()
    }
}

fn only_one(choice: u32) -> Result<(), TranslateError> {
    if choice == 0 { Ok(()) } else { Err(TranslateError::unsayable("choices", "an answer is one there")) }
}

impl Encoder {
    pub(in crate::anthropic_messages) fn new(about: &ReplyContext) -> Self {
        Self {
            about: about.clone(),
            phase: Phase::Before,
            index: 0,
            open: Open::None,
            waiting: None,
            called: false,
            refused: false,
            searches: 0,
            usage: None,
            service: None,
            finish: None,
            losses: Losses::default(),
        }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.phase != Phase::Before {
            return;
        }
        self.phase = Phase::Running;
        // A prompt of nothing is no prompt: an estimate is nearer.
        let usage = self.usage.filter(|usage| usage.input_total() > 0);
        let (about, service, losses) = (&self.about, self.service, &mut self.losses);
        frame(out, "message_start", |json| {
            json.key("message").object();
            head(json, id, model, about);
            json.key("content").array().end_array();
            json.key("stop_reason").null().key("stop_sequence").null().key("usage");
            match usage {
                Some(usage) => used::write(json, &usage, service, losses),
                None => used::estimate(json, about.estimated_input_tokens, service, losses),
            }
            json.end_object();
        });
    }

    fn block_start(&mut self, block: &BlockStart, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.open = match block {
            BlockStart::Text => Open::Text { is_out: false, proof: None },
            BlockStart::Refusal => {
                self.refused = true;
                Open::Text { is_out: false, proof: None }
            }
            BlockStart::Reasoning { .. } => Open::Thought { is_out: false, proof: None },
            BlockStart::ToolCall { id, name, is_custom } => {
                self.called = true;
                let free = is_custom.then(String::new);
                Open::Call(Call { id: id.clone(), name: name.clone(), free, ..Call::default() })
            }
            BlockStart::Search(search) => {
                self.search(search, out);
                Open::Whole
            }
            BlockStart::Opaque(opaque) => {
                self.opaque(opaque, out)?;
                Open::Whole
            }
            BlockStart::Media(_) => {
                return Err(TranslateError::unsayable("content.media", "answers hold no media there"));
            }
        };
        Ok(())
    }

    fn search(&mut self, search: &Search, out: &mut Vec<u8>) {
        let told = Told::new(search, &self.about.request_id, self.searches);
        self.searches += 1;
        self.block_opens(out, |json| told.call(json, false));
        self.block_grows(out, "input_json_delta", |json| {
            json.key("partial_json").text(&String::from_utf8_lossy(&told.input()));
        });
        self.block_stops(out);
        self.block_opens(out, |json| told.result(json));
        self.block_stops(out);
        for own in &search.own {
            self.redacted(&carry::behind_search(own), out);
        }
    }

    fn opaque(&mut self, opaque: &Opaque, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if opaque.protocol != Protocol::AnthropicMessages {
            self.losses.add(opaque.kind.clone(), "carried for its maker, not shown");
            self.redacted(&carry::block(opaque), out);
            return Ok(());
        }
        let data = on_one_line(&opaque.data);
        let Some(carried) = cache::Carried::new(&data, &mut self.losses) else {
            return Err(TranslateError::malformed(
                format!("content.{}", opaque.kind),
                "a block is an object",
            ));
        };
        self.block_opens(out, |json| carried.write(json, None));
        self.block_stops(out);
        Ok(())
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => self.text(text, out),
            Delta::Citation(citation) => {
                let mut json = Json::new();
                if citations::write(&mut json, citation, &mut self.losses) {
                    self.prose_opens(out);
                    self.block_grows(out, "citations_delta", |delta| {
                        delta.key("citation").raw(json.finish());
                    });
                }
            }
            Delta::Logprobs(_) => self.losses.add("logprobs", "probabilities are not told there"),
            Delta::Proof(proof) => match &mut self.open {
                Open::Text { proof: place, .. }
                | Open::Thought { proof: place, .. }
                | Open::Call(Call { proof: place, .. }) => {
                    *place = Some(proof.clone());
                }
                Open::None | Open::Whole => self.losses.add("reasoning.proof", "it proves no block"),
            },
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if let Open::Call(Call { free: Some(free), .. }) = &mut self.open {
            free.push_str(text);
            return;
        }
        match self.open {
            Open::Call(_) => self.call_opens(out),
            _ => self.prose_opens(out),
        }
        if let Some(before) = self.open.grows_behind() {
            self.text_grows(out, before, text);
        }
    }

    /// Sends the beginning of the open text or thought, if that is still to do.
    fn prose_opens(&mut self, out: &mut Vec<u8>) {
        match &mut self.open {
            Open::Thought { is_out, .. } => {
                if !std::mem::replace(is_out, true) {
                    self.thinking_opens(out);
                }
            }
            Open::Text { is_out, .. } => {
                if !std::mem::replace(is_out, true) {
                    self.text_opens(out);
                }
            }
            // Words that no block was opened for are words all the same.
            Open::None | Open::Whole | Open::Call(_) => {
                self.end_block(out);
                self.proof_follows(out);
                self.open = Open::Text { is_out: true, proof: None };
                self.text_opens(out);
            }
        }
    }

    /// Sends the beginning of the open call, if that is still to do; its proof before it, if that is known.
    fn call_opens(&mut self, out: &mut Vec<u8>) {
        let Open::Call(call) = &mut self.open else { return };
        if std::mem::replace(&mut call.is_out, true) {
            return;
        }
        let (id, name) = (std::mem::take(&mut call.id), std::mem::take(&mut call.name));
        if let Some(proof) = call.proof.take() {
            self.thinking_opens(out);
            self.thinking_stops(&proof.seal(), out);
        }
        self.block_opens(out, |json| {
            json.object().key("type").text("tool_use").key("id").text(&id).key("name").text(&name);
            json.key("input").object().end_object().end_object();
        });
    }

    /// Sends the end of the open block.
    fn end_block(&mut self, out: &mut Vec<u8>) {
        if let Open::Call(call) = &mut self.open {
            let free = call.free.take();
            self.call_opens(out);
            if let Some(text) = free {
                self.losses
                    .add("tool_call.custom", "a call holds an object there: its text is wrapped in one");
                let object = wrapped("input", &text);
                self.block_grows(out, "input_json_delta", |json| {
                    json.key("partial_json").text(&String::from_utf8_lossy(&object));
                });
            }
        }
        match std::mem::take(&mut self.open) {
            Open::None | Open::Whole => {}
            Open::Text { is_out, proof } => {
                if is_out {
                    self.block_stops(out);
                }
                if let Some(proof) = proof {
                    self.proof_follows(out);
                    self.waiting = Some(carry::behind(&proof, is_out));
                }
            }
            Open::Call(call) => {
                self.block_stops(out);
                if let Some(proof) = call.proof {
                    self.redacted(&carry::behind(&proof, true), out);
                }
            }
            Open::Thought { is_out, proof } => match carry::shape(is_out, proof.as_ref()) {
                Shape::Thinking(signature) => {
                    if !is_out {
                        self.thinking_opens(out);
                    }
                    self.thinking_stops(&signature, out);
                }
                Shape::Redacted(data) => self.redacted(&data, out),
                Shape::Nothing => {}
            },
        }
    }

    /// Sends the proof of the text before, since that was not the last.
    fn proof_follows(&mut self, out: &mut Vec<u8>) {
        if let Some(data) = self.waiting.take() {
            self.redacted(&data, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.end_block(out);
        if self.called {
            self.proof_follows(out);
        } else if self.waiting.take().is_some() {
            self.losses.add("reasoning.proof", carry::ENDS_A_TURN);
        }
        self.phase = Phase::Over;
        if self.usage.is_none() {
            self.losses.add("usage", used::UNSTATED);
        }
        let (usage, estimate, losses) = (self.usage, self.about.estimated_input_tokens, &mut self.losses);
        let (word, sequence) = match &self.finish {
            Some(reason) => {
                let (word, sequence) = stop::word(reason, self.called, self.refused, losses);
                (Some(word), sequence)
            }
            None => (None, None),
        };
        frame(out, "message_delta", |json| {
            json.key("delta").object();
            text_or_null(json, "stop_reason", word);
            text_or_null(json, "stop_sequence", sequence);
            json.end_object().key("usage");
            match usage {
                Some(usage) => used::write(json, &usage, None, losses),
                None => used::estimate(json, estimate, None, losses),
            }
        });
        frame(out, "message_stop", |_| {});
    }
}

/// JSON without ends of lines: they are blanks between values, or escaped (some readers take two more characters for
/// such ends, which stand in strings only).
fn on_one_line(json: &str) -> Cow<'_, str> {
    if !json.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return Cow::Borrowed(json);
    }
    let spaced = json.replace(['\n', '\r'], " ");
    Cow::Owned(spaced.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}
