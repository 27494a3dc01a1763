//! A supplier's stream.
//!
//! The neutral stream opens and closes one block after the other; this protocol's lets calls, text and reasoning come in
//! any mixture, each by its place in the chunk ([`flow`] puts them in a row). A finish reason is held back until
//! `[DONE]`, since some suppliers still say something behind it.

mod balance;
mod calls;
mod flow;
mod reasoning;

use std::collections::BTreeMap;

use catalogue::{Service, Usage};

use self::calls::Calls;
use self::flow::{Added, Flow, Key, Out};
use self::reasoning::Thoughts;
use super::super::answer::signature;
use super::super::ids::CallIds;
use super::super::read::Losses;
use super::super::reply::{Choice, Message, Piece, Reply};
use super::super::words;
use super::MOST_CHOICES;
use crate::classify;
use crate::codec::Counts;
use crate::conversation::{
    BlockStart, Citation, Delta, Event, EventDecoder, FinishReason, GoneOn, Loss, TokenLogprob,
    TranslateError,
};
use crate::framing::Frame;

/// Reads one stream.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    started: bool,
    done: bool,
    choices: BTreeMap<u32, Speaking>,
    /// The choice that the last frame gave text to, where it said nothing else.
    text_of: Option<u32>,
    usage: Option<Usage>,
    service: Option<Service>,
    ids: CallIds,
    /// Bytes held back, over all choices.
    held: usize,
    losses: Losses,
}

/// One choice so far.
#[derive(Debug, Default)]
struct Speaking {
    flow: Flow,
    calls: Calls,
    thoughts: Thoughts,
    finish: Option<FinishReason>,
    /// Characters of text so far, and how many of them stand before the last block of text.
    chars: u64,
    chars_before: u64,
}

impl EventDecoder for Decoder {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.text_of = None;
        let data = frame.data();
        if self.done || data.is_empty() {
            if self.started && !self.done && frame.is_comment_only() {
                events.push(Event::KeepAlive);
            }
            return Ok(());
        }
        if data.starts_with(b"[DONE]") {
            return self.end(events);
        }
        let reply = Reply::read(&data, &mut self.losses)
            .map_err(|error| TranslateError::malformed("", error.what.as_str()))?
            .ok_or_else(|| TranslateError::malformed("", "an object was expected"))?;
        if reply.is_error || (reply.choices.is_empty() && frame.event() == Some(b"error")) {
            return Err(TranslateError::Failed(classify::hidden_error(&data)));
        }
        self.chunk(reply, events)
    }

    fn go_on(&mut self, text: &str, _counts: &Counts) -> Option<GoneOn> {
        let choice = self.text_of.filter(|_| !self.done)?;
        let speaking = self.choices.get_mut(&choice).filter(|speaking| speaking.flow.text_is_open())?;
        // Most pieces are short, and so is the way to their length.
        let chars = if text.is_ascii() { text.len() } else { text.chars().count() };
        speaking.chars += chars as u64;
        Some(choice.into())
    }

    fn losses(&self) -> &[Loss] {
        self.losses.as_slice()
    }
}

impl Decoder {
    fn chunk(&mut self, reply: Reply, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let Reply { id, model, created, usage, choices, service, .. } = reply;
        // Azure's first chunk says nothing but what its filters think of the prompt.
        if choices.is_empty() && usage.is_none() {
            return Ok(());
        }
        self.ids.of(id.as_deref(), created);
        if service.is_some() && service != self.service {
            self.service = service;
            events.extend(service.map(Event::Service));
        }
        if !self.started {
            self.started = true;
            self.usage = usage;
            events.push(Event::Start { id, model, usage });
        }
        self.text_of = match choices.as_slice() {
            [only] if usage.is_none() && only.is_text() => u32::try_from(only.index).ok(),
            _ => None,
        };
        for choice in choices {
            self.choice(choice, events)?;
        }
        if let Some(usage) = usage
            && self.usage != Some(usage)
        {
            self.usage = Some(usage);
            events.push(Event::Usage(usage));
        }
        Ok(())
    }

    fn choice(&mut self, said: Choice, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let index = u32::try_from(said.index).ok().filter(|index| *index < MOST_CHOICES);
        let index = index.ok_or_else(|| TranslateError::malformed("choices.index", "too many choices"))?;
        let speaking = self.choices.entry(index).or_default();
        let mut out = Out { choice: index, events, held: &mut self.held };
        speaking.message(said.message, said.logprobs, &mut self.ids, &mut self.losses, &mut out)?;
        if let (None, Some(word)) = (&speaking.finish, said.finish) {
            speaking.finish = Some(words::read_finish(&word, said.stopped_by));
        }
        Ok(())
    }

    /// The end. Where a choice has no finish reason, the answer is broken off, whatever its supplier says: what is held
    /// back is said, but not that it is whole.
    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.done = true;
        let mut is_whole = !self.choices.is_empty();
        for (index, speaking) in &mut self.choices {
            speaking.calls.check_names()?;
            let mut out = Out { choice: *index, events, held: &mut self.held };
            speaking.flow.close(&mut out);
            match speaking.finish.take() {
                Some(reason) => events.push(Event::Finish { choice: *index, reason }),
                None => is_whole = false,
            }
        }
        if is_whole {
            events.push(Event::End);
        }
        Ok(())
    }
}

impl Speaking {
    fn message(
        &mut self,
        message: Message,
        logprobs: Vec<TokenLogprob>,
        ids: &mut CallIds,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let Message { content, refusal, reasoning, entries, calls, citations, media, proof } = message;
        self.thoughts.add(reasoning, entries, &mut self.flow, losses, out)?;
        for piece in content {
            match piece {
                Piece::Text(text) => self.text(text, out)?,
                Piece::Reasoning(text) => self.thoughts.plain(text, &mut self.flow, out)?,
            }
        }
        self.about_text(citations, logprobs, losses, out)?;
        if let Some(proof) = proof {
            let delta = Delta::Proof(signature(proof));
            self.flow.add(Key::Text, || BlockStart::Text, Some(delta), out)?;
        }
        if let Some(refusal) = refusal {
            self.flow.add(Key::Refusal, || BlockStart::Refusal, Some(Delta::Text(refusal)), out)?;
        }
        for media in media {
            self.flow.add(Key::Single, || BlockStart::Media(media), None, out)?;
        }
        for call in calls {
            self.calls.add(call, &mut self.flow, ids, losses, out)?;
        }
        Ok(())
    }

    fn text(&mut self, text: String, out: &mut Out<'_>) -> Result<(), TranslateError> {
        let chars = text.chars().count() as u64;
        if self.flow.add(Key::Text, || BlockStart::Text, Some(Delta::Text(text)), out)? == Added::New {
            self.chars_before = self.chars;
        }
        self.chars += chars;
        Ok(())
    }

    /// What is about the text that was said last.
    fn about_text(
        &mut self,
        citations: Vec<Citation>,
        logprobs: Vec<TokenLogprob>,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        if citations.is_empty() && logprobs.is_empty() {
            return Ok(());
        }
        if self.flow.last() != Some(Key::Text) {
            losses.note("annotations", "there is no text that they are for");
            return Ok(());
        }
        let before = self.chars_before;
        for mut citation in citations {
            // Places are counted in the whole message there, in the block here.
            let shift = |(start, end): (u64, u64)| (start.saturating_sub(before), end.saturating_sub(before));
            citation.range = citation.range.map(shift);
            self.flow.add(Key::Text, || BlockStart::Text, Some(Delta::Citation(citation)), out)?;
        }
        if !logprobs.is_empty() {
            self.flow.add(Key::Text, || BlockStart::Text, Some(Delta::Logprobs(logprobs)), out)?;
        }
        Ok(())
    }
}
