//! A supplier's stream, read.
//!
//! Blocks come one after the other by the protocol. Some suppliers that speak it let them overlap, leave out the end of a
//! block or its beginning, or say an input whole at the beginning; all of that is read. What belongs to a block behind the
//! first open one is held back, within bounds.
//!
//! Source: `raw_message_stream_event.py` and what it names (also of `beta`), and `lib/streaming/_messages.py`, of the
//! official Python SDK, anthropic 2.12.0, read 2026-11-28.

mod open;

use self::open::Blocks;
use crate::anthropic_messages::answer::stop;
use crate::anthropic_messages::carry::{self, Piece};
use crate::anthropic_messages::content::{Origin, Reader, citations};
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::anthropic_messages::usage::Stated;
use crate::classify;
use crate::codec::Counts;
use crate::conversation::{
    BlockStart, Delta, Event, EventDecoder, GoneOn, Loss, Opaque, TranslateError, is_only_text,
};
use crate::failure::Failure;
use crate::framing::Frame;
use crate::scan::{Kind, Scanner};
use catalogue::Protocol;

/// Every name of an event's members.
const EVENT: &[&str] = &["type", "message", "index", "content_block", "delta", "usage", "error"];

/// Every name of a delta's members.
const DELTA: &[&str] = &[
    "type",
    "text",
    "thinking",
    "signature",
    "partial_json",
    "citation",
    "content",
    "encrypted_content",
    "stop_reason",
    "stop_sequence",
    "stop_details",
    "container",
];

/// Reads one stream.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "three say how far the stream is, one what the last frame was"
)]
pub(in crate::anthropic_messages) struct Decoder {
    is_started: bool,
    is_finished: bool,
    is_ended: bool,
    /// Whether the last frame was text of the open block, and nothing else.
    was_text: bool,
    usage: Stated,
    blocks: Blocks,
    losses: Losses,
}

impl EventDecoder for Decoder {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.was_text = false;
        if self.is_ended {
            return Ok(());
        }
        let data = frame.data();
        if data.is_empty() {
            if frame.event() == Some(b"error") {
                return Err(TranslateError::Failed(Failure::Server));
            }
            if frame.event() == Some(b"ping") || frame.is_comment_only() {
                self.is_alive(events);
            }
            return Ok(());
        }
        let before = events.len();
        self.event(frame, &data, events).map_err(|fault| fault.within(|| "event".to_owned()))?;
        self.was_text = is_only_text(&events[before..]);
        Ok(())
    }

    fn go_on(&mut self, _text: &str, _counts: &Counts) -> Option<GoneOn> {
        self.was_text.then_some(0.into())
    }

    fn losses(&self) -> &[Loss] {
        self.losses.as_slice()
    }
}

impl Decoder {
    fn event(&mut self, frame: &Frame, data: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        let mut scan = Scanner::new(data)?;
        let mut members = Members::read(&mut scan, EVENT)?;
        scan.end()?;
        let named = || frame.event().map(|name| String::from_utf8_lossy(name).into_owned());
        let kind = members.string("type")?.or_else(named).unwrap_or_default();
        if kind == "error" || members.take("error").is_some() {
            return Err(TranslateError::Failed(classify::hidden_error(data)).into());
        }
        match kind.as_str() {
            "message_start" => self.start(&mut members, events),
            "content_block_start" | "content_block_delta" if self.is_finished => {
                self.losses.add("content_block", "it comes behind the end of the answer");
                Ok(())
            }
            "content_block_start" => self.block_start(&mut members, events),
            "content_block_delta" => self.block_delta(&mut members, events),
            "content_block_stop" => {
                self.blocks.stop(index(&mut members)?, events);
                Ok(())
            }
            "message_delta" => self.message_delta(&mut members, events),
            "message_stop" => {
                // Without a reason why it ended, the answer is not whole.
                if self.is_finished {
                    self.is_ended = true;
                    events.push(Event::End);
                }
                Ok(())
            }
            "ping" => {
                self.is_alive(events);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A sign of life; none in front of the start, which is first.
    fn is_alive(&self, events: &mut Vec<Event>) {
        events.extend(self.is_started.then_some(Event::KeepAlive));
    }

    fn start(&mut self, members: &mut Members<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        if self.is_started {
            return Ok(());
        }
        let known = &["id", "model", "usage"];
        let (mut id, mut model) = (None, None);
        if let Some(mut message) = members.members("message", known)? {
            (id, model) = (message.string("id")?, message.string("model")?);
            if let Some(mut usage) = message.take("usage") {
                self.usage.read(&mut usage)?;
            }
        }
        self.is_started = true;
        events.extend(self.usage.stated_service().map(Event::Service));
        events.push(Event::Start { id, model, usage: self.usage.buckets() });
        Ok(())
    }

    /// For a stream that begins in the middle.
    fn started(&mut self, events: &mut Vec<Event>) {
        if !self.is_started {
            self.is_started = true;
            events.push(Event::Start { id: None, model: None, usage: None });
        }
    }

    fn block_start(&mut self, members: &mut Members<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.started(events);
        let index = index(members)?;
        let Some(mut block) = members.take("content_block") else {
            return Err(Fault::malformed("content_block", "it is missing"));
        };
        let mut reader = Reader { from: Origin::Supplier, losses: &mut self.losses };
        let piece = reader.block(&mut block).map_err(|fault| fault.within(|| "content_block".to_owned()))?;
        // A supplier's proofs are its own, so every piece is a block.
        let Piece::Block(block) = piece else { return Ok(()) };
        self.blocks.start(index, block.content, events)
    }

    fn block_delta(&mut self, members: &mut Members<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.started(events);
        let index = index(members)?;
        let Some(mut value) = members.take("delta") else { return Ok(()) };
        let mut delta =
            Members::read(&mut value, DELTA).map_err(|fault| fault.within(|| "delta".to_owned()))?;
        let kind = delta.string("type")?.unwrap_or_default();
        let blocks = &mut self.blocks;
        match kind.as_str() {
            "text_delta" => {
                let text = delta.string("text")?.unwrap_or_default();
                blocks.grow(index, BlockStart::Text, Delta::Text(text), events)
            }
            "citations_delta" => {
                let Some(mut citation) = delta.take("citation") else { return Ok(()) };
                let citation = citations::one(&mut citation, Origin::Supplier, &mut self.losses)?;
                blocks.grow(index, BlockStart::Text, Delta::Citation(citation), events)
            }
            "thinking_delta" => {
                let text = delta.string("thinking")?.unwrap_or_default();
                blocks.grow(index, REASONING, Delta::Text(text), events)
            }
            "signature_delta" => {
                let signature = delta.string("signature")?.unwrap_or_default();
                let proof = Opaque::new(Protocol::AnthropicMessages, carry::SIGNATURE, signature);
                blocks.grow(index, REASONING, Delta::Proof(proof), events)
            }
            "input_json_delta" => {
                let piece = delta.string("partial_json")?.unwrap_or_default();
                blocks.input(index, piece, events)
            }
            "compaction_delta" => blocks.replace(index, &["content", "encrypted_content"], &mut delta),
            _ => {
                self.losses.add(format!("content_block_delta.{kind}"), "not known here");
                Ok(())
            }
        }
    }

    fn message_delta(&mut self, members: &mut Members<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.started(events);
        if let Some(mut delta) = members.members("delta", DELTA)? {
            let sequence = delta.string("stop_sequence")?;
            let word = delta.string("stop_reason")?;
            let words = stop::explanation(&mut delta, &mut self.losses)?;
            delta.rest(&mut self.losses, "message")?;
            if let Some(word) = word.filter(|_| !self.is_finished) {
                self.blocks.stop_all(events);
                if let Some(words) = words {
                    events.push(Event::BlockStart { choice: 0, block: BlockStart::Refusal });
                    events.push(Event::Delta { choice: 0, delta: Delta::Text(words) });
                    events.push(Event::BlockEnd { choice: 0 });
                }
                self.is_finished = true;
                events.push(Event::Finish { choice: 0, reason: stop::read(word, sequence) });
            }
        }
        if let Some((Kind::Object, mut usage)) = members.take_with_kind("usage") {
            self.usage.read(&mut usage)?;
            events.extend(self.usage.buckets().map(Event::Usage));
        }
        Ok(())
    }
}

const REASONING: BlockStart = BlockStart::Reasoning { is_summary: false };

/// Which block an event is about; `None`, where it does not say, is the last one.
fn index(members: &mut Members<'_>) -> Result<Option<u64>, Fault> {
    let Some(mut value) = members.take("index") else { return Ok(None) };
    Ok(value.integer()?)
}
