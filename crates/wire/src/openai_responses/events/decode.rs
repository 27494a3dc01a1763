//! A supplier's stream, read.
//!
//! What repeats is told once: the `done` events say again what the deltas said, the item says it a third time and the
//! response a fourth. Where a supplier leaves the earlier ones out, the later are taken.
//!
//! Source: `types/responses/response_stream_event.py`.

use catalogue::Service;

use super::super::items::Item;
use super::super::read::{self, Fault, Read};
use super::super::said::Said;
use super::super::{errors, finish, parts};
use super::told::Told;
use super::tracks::{Key, Part, Tracks};
use crate::codec::Counts;
use crate::conversation::{
    Block, BlockStart, Content, Delta, Event, EventDecoder, GoneOn, Loss, Reasoning, Text, ToolCall,
    ToolInput, TranslateError, is_only_text,
};
use crate::framing::Frame;
use crate::scan::Scanner;
use crate::translate::note;

/// See [`EventDecoder`].
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    started: bool,
    ended: bool,
    /// Whether tools are to be called.
    calls: bool,
    /// The class of service that was told.
    service: Option<Service>,
    tracks: Tracks,
    /// The block that the last event gave text to, and told nothing else of.
    text_of: Option<Key>,
    losses: Vec<Loss>,
}

impl EventDecoder for Decoder {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.text_of = None;
        let data = frame.data();
        if self.ended || data.starts_with(b"[DONE]") {
            return Ok(());
        }
        if data.is_empty() {
            events.extend(self.started.then_some(Event::KeepAlive));
            return Ok(());
        }
        let mut told = Told::read(&data)?;
        let kind =
            told.kind.take().or_else(|| frame.event().map(String::from_utf8_lossy)).unwrap_or_default();
        Ok(self.event(&kind, told, &data, events)?)
    }

    fn go_on(&mut self, text: &str, _counts: &Counts) -> Option<GoneOn> {
        let key = self.text_of?;
        self.tracks.goes_on(key, text.len()).then_some(0.into())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Decoder {
    fn event(&mut self, kind: &str, told: Told<'_>, data: &[u8], events: &mut Vec<Event>) -> Read<()> {
        match kind {
            "error" | "response.failed" | "response.completed" | "response.incomplete" => {
                return self.end(kind, data, events);
            }
            "response.created" | "response.queued" | "response.in_progress" => {
                return self.start(Some(data), events);
            }
            _ => self.start(None, events)?,
        }
        match kind {
            "response.output_item.added" => self.item_added(told, events),
            "response.output_item.done" => self.item_done(told, events),
            "response.content_part.done" => {
                let key = |part| (told.output_index, part);
                self.tracks.close(key(Part::Text(told.part_index)), events);
                self.tracks.close(key(Part::Refusal(told.part_index)), events);
                Ok(())
            }
            "response.output_text.annotation.added" => self.annotation(told, events),
            _ => self.piece(kind, told, events),
        }
    }

    /// The answer begins; with what the first event says of it, if it is that one.
    fn start(&mut self, data: Option<&[u8]>, events: &mut Vec<Event>) -> Read<()> {
        if !self.started {
            self.started = true;
            let said = data.map(Said::read).transpose()?.unwrap_or_default();
            let id = said.id.map(|id| id.unescape().into_owned());
            let model = said.model.map(|model| model.unescape().into_owned());
            self.served(said.service, events);
            events.push(Event::Start { id, model, usage: None });
        }
        Ok(())
    }

    /// The class of service, where it is another than before.
    fn served(&mut self, service: Option<Service>, events: &mut Vec<Event>) {
        if service.is_some() && service != self.service {
            self.service = service;
            events.extend(service.map(Event::Service));
        }
    }

    fn item_added(&mut self, told: Told<'_>, events: &mut Vec<Event>) -> Read<()> {
        let Some(mut item) = told.item else { return Ok(()) };
        let item = Item::read(&mut item, "item")?;
        // A call without a name cannot be told before it has one.
        if !item.starts_call() {
            return Ok(());
        }
        let key = (told.output_index, Part::Whole);
        for block in item.answer(&mut self.losses)? {
            if let Content::ToolCall(call) = block.content {
                let (start, input) = start_of(call);
                self.calls = true;
                self.tracks.open(key, start, events)?;
                // An empty object stands for "nothing yet" too.
                let input = if input == "{}" { "" } else { &input };
                self.tracks.text(key, 0, input, events)?;
            }
        }
        Ok(())
    }

    fn item_done(&mut self, told: Told<'_>, events: &mut Vec<Event>) -> Read<()> {
        if let Some(mut item) = told.item {
            self.whole_item(told.output_index, &mut item, events)?;
        }
        self.tracks.close_item(told.output_index, events);
        Ok(())
    }

    /// Tells what of a whole item is not told yet.
    fn whole_item(&mut self, at: u64, item: &mut Scanner<'_>, events: &mut Vec<Event>) -> Read<()> {
        let item = Item::read(item, "item")?;
        let is_told = self.tracks.knows_item(at);
        for (part, block) in (0..).zip(item.answer(&mut self.losses)?) {
            self.whole_block(at, part, is_told, block, events)?;
        }
        Ok(())
    }

    fn whole_block(
        &mut self,
        at: u64,
        part: u64,
        is_told: bool,
        block: Block,
        events: &mut Vec<Event>,
    ) -> Read<()> {
        match block.content {
            Content::Text(text) if !is_told => {
                let key = (at, Part::Text(part));
                self.tracks.open(key, BlockStart::Text, events)?;
                self.whole_text(key, text, events)?;
                self.tracks.close(key, events);
            }
            Content::Refusal(refusal) if !is_told => {
                let key = (at, Part::Refusal(part));
                self.tracks.open(key, BlockStart::Refusal, events)?;
                self.tracks.text(key, 0, &refusal, events)?;
                self.tracks.close(key, events);
            }
            // Both came in pieces: there, the index of a part counts empty ones, which are left out here.
            Content::Text(_) | Content::Refusal(_) | Content::ToolResult(_) => {}
            Content::ToolCall(call) => {
                let (start, input) = start_of(call);
                self.calls = true;
                self.tracks.open((at, Part::Whole), start, events)?;
                self.tracks.catch_up((at, Part::Whole), &input, events)?;
            }
            Content::Reasoning(reasoning) => self.whole_reasoning(at, reasoning, events)?,
            Content::Media(media) => self.tracks.open((at, Part::Whole), BlockStart::Media(media), events)?,
            Content::Search(search) => {
                self.tracks.open((at, Part::Whole), BlockStart::Search(search), events)?;
            }
            Content::Opaque(opaque) => {
                self.tracks.open((at, Part::Whole), BlockStart::Opaque(opaque), events)?;
            }
        }
        Ok(())
    }

    fn whole_text(&mut self, key: Key, text: Text, events: &mut Vec<Event>) -> Read<()> {
        self.tracks.text(key, 0, &text.text, events)?;
        for citation in text.citations {
            self.tracks.delta(key, Delta::Citation(citation), events)?;
        }
        if !text.logprobs.is_empty() {
            self.tracks.delta(key, Delta::Logprobs(text.logprobs), events)?;
        }
        Ok(())
    }

    fn whole_reasoning(&mut self, at: u64, reasoning: Reasoning, events: &mut Vec<Event>) -> Read<()> {
        let part = if reasoning.is_summary { Part::Summary } else { Part::Thought };
        let mut key = (at, part);
        match self.tracks.last_open(at) {
            // What proves a thought belongs to what was told of it.
            Some(last) if reasoning.text.is_empty() => key = last,
            _ => self.tracks.open(key, reasoning_start(part), events)?,
        }
        self.tracks.catch_up(key, &reasoning.text, events)?;
        if let Some(proof) = reasoning.proof {
            // The one of a summary that was told before the thought was is the thought's.
            let key = if self.tracks.is_open(key) { Some(key) } else { self.tracks.last_open(at) };
            match key {
                Some(key) => self.tracks.delta(key, Delta::Proof(proof), events)?,
                None => note(&mut self.losses, Loss::new("reasoning.proof", "what it proves has ended")),
            }
        }
        Ok(())
    }

    fn annotation(&mut self, told: Told<'_>, events: &mut Vec<Event>) -> Read<()> {
        let Some(mut annotation) = told.annotation else { return Ok(()) };
        if let Some(citation) = parts::citation(&mut annotation, &mut self.losses)? {
            let key = (told.output_index, Part::Text(told.part_index));
            self.tracks.open(key, BlockStart::Text, events)?;
            self.tracks.delta(key, Delta::Citation(citation), events)?;
        }
        Ok(())
    }

    /// A piece of generated text, or all of it again. Events that we do not know say nothing.
    fn piece(&mut self, kind: &str, told: Told<'_>, events: &mut Vec<Event>) -> Read<()> {
        let words = kind.strip_prefix("response.").and_then(|kind| kind.rsplit_once('.'));
        let Some((of, stage @ ("delta" | "done"))) = words else { return Ok(()) };
        let (part, start) = match of {
            "output_text" => (Part::Text(told.part_index), Some(BlockStart::Text)),
            "refusal" => (Part::Refusal(told.part_index), Some(BlockStart::Refusal)),
            "reasoning_text" => (Part::Thought, Some(reasoning_start(Part::Thought))),
            "reasoning_summary_text" => (Part::Summary, Some(reasoning_start(Part::Summary))),
            // Opened by the item, which has the name.
            "function_call_arguments" | "custom_tool_call_input" => (Part::Whole, None),
            "audio" | "audio.transcript" => {
                note(&mut self.losses, Loss::new("audio", "no events of audio elsewhere"));
                return Ok(());
            }
            _ => return Ok(()),
        };
        let key = (told.output_index, part);
        let text = told.text.map(|text| text.unescape()).unwrap_or_default();
        if let Some(start) = start.filter(|_| !text.is_empty()) {
            self.tracks.open(key, start, events)?;
        }
        if stage == "done" {
            return Ok(self.tracks.catch_up_part(key, told.part_index, &text, events)?);
        }
        let before = events.len();
        self.tracks.text(key, told.part_index, &text, events)?;
        if let Some(mut logprobs) = told.logprobs {
            let logprobs = parts::logprobs(&mut logprobs)?;
            if !logprobs.is_empty() {
                self.tracks.delta(key, Delta::Logprobs(logprobs), events)?;
            }
        }
        self.text_of = Some(key).filter(|_| is_only_text(&events[before..]));
        Ok(())
    }

    fn end(&mut self, kind: &str, data: &[u8], events: &mut Vec<Event>) -> Read<()> {
        let said = Said::read(data)?;
        if let Some(failure) = said.failure(data) {
            return Err(TranslateError::Failed(failure).into());
        }
        if !matches!(kind, "response.completed" | "response.incomplete") {
            return Err(TranslateError::Failed(errors::meaning(data)).into());
        }
        self.start(Some(data), events)?;
        if self.tracks.is_empty() {
            self.whole_response(data, events)?;
        }
        self.tracks.close_all(events);
        self.served(said.service, events);
        events.extend(said.usage().map(Event::Usage));
        let status = kind.strip_prefix("response.");
        let reason = said.reason.map(|reason| reason.unescape());
        if let Some(reason) = finish::read(status, reason.as_deref(), self.calls) {
            events.push(Event::Finish { choice: 0, reason });
        }
        events.push(Event::End);
        self.ended = true;
        Ok(())
    }

    /// Tells the items of a response of which nothing was told before.
    fn whole_response(&mut self, data: &[u8], events: &mut Vec<Event>) -> Read<()> {
        let mut at = 0;
        let mut scan = Scanner::new(data)?;
        scan.object(|scan, name| match name {
            b"response" => read::object(scan, "response", |scan, name| match name {
                b"output" => read::list(scan, "response.output", |scan| {
                    self.whole_item(at, scan, events)?;
                    self.tracks.close_item(at, events);
                    at += 1;
                    Ok(())
                }),
                _ => Ok(scan.skip()?),
            }),
            _ => Ok::<_, Fault>(scan.skip()?),
        })
    }
}

/// How a call starts, and what it is called with.
fn start_of(call: ToolCall) -> (BlockStart, String) {
    let (is_custom, input) = match call.input {
        ToolInput::Arguments(json) => (false, String::from_utf8_lossy(&json).into_owned()),
        ToolInput::Text(text) => (true, text),
    };
    (BlockStart::ToolCall { id: call.id, name: call.name, is_custom }, input)
}

fn reasoning_start(part: Part) -> BlockStart {
    BlockStart::Reasoning { is_summary: part == Part::Summary }
}
