//! A supplier's streamed answer, read.
//!
//! Text comes in pieces, calls come whole. A candidate's finish reason is not the end of it: there are suppliers that
//! state one in every response, and sources may follow. So blocks stay open and reasons are held back until the body ends.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::classify;
use crate::codec::Counts;
use crate::conversation::{
    BlockStart, Content, Delta, Event, EventDecoder, FinishReason, GoneOn, Loss, Media, Opaque, Search,
    ToolCall, ToolInput, TranslateError,
};
use crate::framing::Frame;
use crate::gemini::chunk::{Candidate, Chunk, cited};
use crate::gemini::grounding::{Source, merge};
use crate::gemini::ids::Ids;
use crate::gemini::part::Part;
use crate::gemini::usage::Stated;
use crate::gemini::{finish, signature};
use crate::translate::note;

/// So much of an open text is kept, to find out where in it a passage stands.
const MOST_KEPT_BYTES: usize = 1024 * 1024;

/// The reader of one stream.
#[derive(Debug, Default)]
pub(in crate::gemini) struct Decoder {
    started: bool,
    /// Whether nothing more is said: it failed, or it ended.
    is_over: bool,
    ids: Ids,
    usage: Stated,
    candidates: BTreeMap<u32, State>,
    /// The candidate whose open block the last response gave text to, where it said nothing else but counts.
    text_of: Option<u32>,
    blocked: bool,
    losses: Vec<Loss>,
}

/// What is known of one candidate.
#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    finish: Option<FinishReason>,
    /// Bytes of all its text before the open one.
    base: u64,
    /// Sources already told: each response repeats those before it.
    sources: Vec<Source>,
    /// What was looked for and found: told when all of it is known.
    search: Search,
}

/// The open block.
#[derive(Debug)]
struct Open {
    is_thought: bool,
    has_proof: bool,
    text: String,
    length: u64,
}

impl Open {
    fn grow(&mut self, text: &str) {
        self.length += text.len() as u64;
        if self.text.len() + text.len() <= MOST_KEPT_BYTES && !self.is_thought {
            self.text.push_str(text);
        }
    }
}

impl EventDecoder for Decoder {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.text_of = None;
        let data = frame.data();
        if data.is_empty() {
            return self.without_data(frame, events);
        }
        let result = self.read(&data, events);
        self.is_over |= result.is_err();
        result
    }

    fn go_on(&mut self, text: &str, counts: &Counts) -> Option<GoneOn> {
        let choice = self.text_of?;
        self.candidates.get_mut(&choice)?.open.as_mut()?.grow(text);
        let before = self.usage.buckets();
        self.usage.count(counts);
        let usage = self.usage.buckets().filter(|usage| Some(*usage) != before);
        Some(GoneOn { choice, usage })
    }

    /// The answer is whole where each candidate has its reason; else it is broken off, and nothing is said.
    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let ended = self.candidates.values().all(|state| state.finish.is_some());
        if self.is_over || !ended || (self.candidates.is_empty() && !self.blocked) {
            return Ok(());
        }
        for (choice, state) in std::mem::take(&mut self.candidates) {
            if state.open.is_some() {
                events.push(Event::BlockEnd { choice });
            }
            if !state.search.queries.is_empty() {
                let block = BlockStart::Search(Box::new(state.search));
                events.extend([Event::BlockStart { choice, block }, Event::BlockEnd { choice }]);
            }
            events.extend(state.finish.map(|reason| Event::Finish { choice, reason }));
        }
        self.is_over = true;
        events.push(Event::End);
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Decoder {
    /// A sign of life, or an error as Google's front end writes it, as plain JSON.
    fn without_data(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let plain = frame.raw.trim_ascii_start();
        if plain.starts_with(b"{") || plain.starts_with(b"[") {
            self.is_over = true;
            return Err(TranslateError::Failed(classify::hidden_error(plain)));
        }
        if self.started {
            events.push(Event::KeepAlive);
        }
        Ok(())
    }

    fn read(&mut self, data: &[u8], events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let mut chunk = Chunk::read(data, self.usage, &mut self.losses)?;
        let (before, served) = (self.usage.buckets(), self.usage.stated_service());
        self.usage = chunk.usage;
        let service = self.usage.stated_service().filter(|service| Some(*service) != served);
        events.extend(service.map(Event::Service));
        let usage = self.usage.buckets();
        if !self.started {
            self.started = true;
            events.push(Event::Start { id: chunk.id.take(), model: chunk.model.take(), usage });
        } else if let Some(usage) = usage.filter(|_| usage != before) {
            events.push(Event::Usage(usage));
        }
        self.ids.go_on(data);
        let has_candidates = !chunk.candidates.is_empty();
        let counted = events.len();
        for candidate in chunk.candidates {
            self.candidate(candidate, events)?;
        }
        if let Some(block) = chunk.block.filter(|_| !has_candidates && self.candidates.is_empty()) {
            self.block(block.message, events);
        }
        if let [Event::Delta { choice, delta: Delta::Text(_) }] = &events[counted..] {
            let has_ended = |state: &State| state.finish.is_some();
            self.text_of = Some(*choice).filter(|choice| !self.candidates.get(choice).is_some_and(has_ended));
        }
        Ok(())
    }

    /// A blocked prompt is an answer: withheld, in Google's words where there are any.
    fn block(&mut self, message: Option<String>, events: &mut Vec<Event>) {
        self.blocked = true;
        let choice = 0;
        if let Some(message) = message {
            events.push(Event::BlockStart { choice, block: BlockStart::Refusal });
            events.push(Event::Delta { choice, delta: Delta::Text(message) });
            events.push(Event::BlockEnd { choice });
        }
        let state = State { finish: Some(FinishReason::Filtered), ..State::default() };
        self.candidates.insert(choice, state);
    }

    fn candidate(&mut self, candidate: Candidate, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let finish =
            candidate.finish.as_deref().map(finish::neutral).transpose().map_err(TranslateError::Failed)?;
        let choice = candidate.index;
        let mut speaker = Speaker {
            choice,
            state: self.candidates.entry(choice).or_default(),
            losses: &mut self.losses,
            events,
        };
        let before = speaker.events.len();
        for part in candidate.parts {
            speaker.part(part, &mut self.ids);
        }
        // Who goes on has not ended, whatever was said before.
        if speaker.events.len() > before {
            speaker.state.finish = None;
        }
        merge(&mut speaker.state.search, candidate.search);
        for source in candidate.sources {
            speaker.cite(source);
        }
        if !candidate.logprobs.is_empty() {
            speaker.at_text(Delta::Logprobs(candidate.logprobs), "logprobsResult");
        }
        if candidate.finish.as_deref() == Some("CONTINUATION") {
            note(
                &mut self.losses,
                Loss::new("continuationToken", "an answer that was cut is not gone on with"),
            );
        }
        let state = self.candidates.entry(choice).or_default();
        state.finish = finish.or(state.finish.take());
        Ok(())
    }
}

/// One candidate's state, and where its events go.
struct Speaker<'d> {
    choice: u32,
    state: &'d mut State,
    losses: &'d mut Vec<Loss>,
    events: &'d mut Vec<Event>,
}

impl Speaker<'_> {
    fn part(&mut self, part: Part, ids: &mut Ids) {
        let proof = part.signature.as_deref().and_then(signature::said);
        if part.data.is_none() {
            return self.text(&part.text.unwrap_or_default(), part.is_thought, proof);
        }
        match part.content(proof, || ids.next(), self.losses) {
            Some(Content::ToolCall(call)) => self.call(call),
            Some(Content::Media(media)) => self.media(media),
            Some(Content::Opaque(opaque)) => self.whole(BlockStart::Opaque(opaque)),
            Some(_) => note(self.losses, Loss::new("functionResponse", "no part of an answer")),
            None => {}
        }
    }

    fn text(&mut self, text: &str, is_thought: bool, proof: Option<Opaque>) {
        if text.is_empty() && proof.is_none() {
            return;
        }
        // A part with a signature is not joined with one behind it. An empty one brings the signature of what was before.
        let joins = self.state.open.as_ref().is_some_and(|open| {
            (open.is_thought == is_thought && !open.has_proof) && (!text.is_empty() || proof.is_some())
        });
        if !joins {
            self.close();
            let block =
                if is_thought { BlockStart::Reasoning { is_summary: true } } else { BlockStart::Text };
            self.events.push(Event::BlockStart { choice: self.choice, block });
            self.state.open = Some(Open { is_thought, has_proof: false, text: String::new(), length: 0 });
        }
        let Some(open) = &mut self.state.open else { return };
        if !text.is_empty() {
            open.grow(text);
            self.events.push(Event::Delta { choice: self.choice, delta: Delta::Text(text.to_owned()) });
        }
        if let Some(proof) = proof {
            open.has_proof = true;
            self.events.push(Event::Delta { choice: self.choice, delta: Delta::Proof(proof) });
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.state.open.take() {
            if !open.is_thought {
                self.state.base += open.length;
            }
            self.events.push(Event::BlockEnd { choice: self.choice });
        }
    }

    fn call(&mut self, call: ToolCall) {
        self.close();
        let choice = self.choice;
        let block = BlockStart::ToolCall { id: call.id, name: call.name, is_custom: false };
        self.events.push(Event::BlockStart { choice, block });
        let arguments = match call.input {
            ToolInput::Arguments(arguments) => arguments,
            ToolInput::Text(text) => Bytes::from(text),
        };
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        self.events.push(Event::Delta { choice, delta: Delta::Text(arguments) });
        self.events.extend(call.proof.map(|proof| Event::Delta { choice, delta: Delta::Proof(proof) }));
        self.events.push(Event::BlockEnd { choice });
    }

    fn media(&mut self, media: Media) {
        self.whole(BlockStart::Media(media));
    }

    /// A block in one piece.
    fn whole(&mut self, block: BlockStart) {
        self.close();
        self.events.push(Event::BlockStart { choice: self.choice, block });
        self.events.push(Event::BlockEnd { choice: self.choice });
    }

    fn cite(&mut self, source: Source) {
        if self.state.sources.contains(&source) {
            return;
        }
        let base = self.state.base;
        let open = self.state.open.as_ref().filter(|open| !open.is_thought);
        let citation = match open {
            Some(open) => {
                let range = source.range_in(&open.text, base).or_else(|| source.range_in(&open.text, 0));
                cited(&source, &open.text, range)
            }
            None => source.citation.clone(),
        };
        if source.range.is_some() && citation.range.is_none() {
            note(self.losses, Loss::new("groundingMetadata.segment", "a passage of text that is closed"));
        }
        self.at_text(Delta::Citation(citation), "groundingMetadata");
        self.state.sources.push(source);
    }

    /// Says something about the open text.
    fn at_text(&mut self, delta: Delta, what: &str) {
        if self.state.open.as_ref().is_some_and(|open| !open.is_thought) {
            self.events.push(Event::Delta { choice: self.choice, delta });
        } else {
            note(self.losses, Loss::new(what, "said where no text is open"));
        }
    }
}
