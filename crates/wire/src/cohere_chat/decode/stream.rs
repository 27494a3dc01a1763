//! A streamed answer in neutral events.

use super::order::{Key, Order};
use super::{NO_PLACE, call_id_of, malformed, name_of};
use crate::classify;
use crate::codec::Counts;
use crate::cohere_chat::event::Event;
use crate::cohere_chat::pieces::{Call, Chunk, Cited};
use crate::cohere_chat::{failed, finish};
use crate::conversation::{
    BlockStart, Delta, Event as Neutral, EventDecoder, GoneOn, Loss, TranslateError, is_only_text,
};
use crate::failure::Failure;
use crate::framing::Frame;
use crate::scan::Text;
use crate::translate::note;

/// What is known of the stream so far.
#[derive(Debug, Default)]
pub(in crate::cohere_chat) struct Stream {
    has_started: bool,
    has_ended: bool,
    /// Whether the last frame was text of a block that is still open, and nothing else.
    was_text: bool,
    order: Order,
    /// How many calls began.
    calls: usize,
    losses: Vec<Loss>,
}

type Decoded = Result<(), TranslateError>;

impl EventDecoder for Stream {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Neutral>) -> Decoded {
        self.was_text = false;
        let data = frame.data();
        if self.has_ended || data.starts_with(b"[DONE]") {
            return Ok(());
        }
        if data.is_empty() {
            if self.has_started {
                events.push(Neutral::KeepAlive);
            }
            return Ok(());
        }
        let event = Event::read(&data).map_err(malformed)?;
        if event.is_error {
            return Err(TranslateError::Failed(classify::hidden_error(&data)));
        }
        if !event.is_object {
            return Err(TranslateError::malformed("", "an event is an object"));
        }
        let before = events.len();
        self.start(&event, events);
        self.event(event, &data, events)?;
        self.was_text = is_only_text(&events[before..]) && self.order.is_open();
        Ok(())
    }

    fn go_on(&mut self, _text: &str, _counts: &Counts) -> Option<GoneOn> {
        self.was_text.then_some(0.into())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Stream {
    fn start(&mut self, event: &Event<'_>, events: &mut Vec<Neutral>) {
        if !std::mem::replace(&mut self.has_started, true) {
            let id = event.id.map(|id| id.unescape().into_owned());
            events.push(Neutral::Start { id, model: None, usage: None });
        }
    }

    fn event(&mut self, event: Event<'_>, data: &[u8], events: &mut Vec<Neutral>) -> Decoded {
        let index = event.index.unwrap_or_default();
        if event.is("content-start") {
            self.order.end(Key::Content(index), events);
        }
        self.said(index, event.thinking, BlockStart::Reasoning { is_summary: false }, events)?;
        self.said(index, event.text, BlockStart::Text, events)?;
        if let Some(chunk) = event.chunk {
            self.weighed(index, chunk, events)?;
        }
        if let Some(plan) = event.plan.filter(|plan| !plan.raw.is_empty()) {
            self.grow(Key::Plan, plan, BlockStart::Reasoning { is_summary: false }, events)?;
        }
        for (place, call) in event.calls.iter().enumerate() {
            let is_start = event.kind.is_some_and(|kind| kind.is("tool-call-start"));
            let key = Key::Call(index.saturating_add(place as u64));
            let id = is_start.then(|| call_id_of(call, data, self.calls));
            self.calls += usize::from(is_start);
            self.called(key, call, id, events)?;
        }
        for cited in event.citations {
            self.cited(cited, events)?;
        }
        match event.kind.map(|kind| kind.unescape()).as_deref() {
            Some("content-end") => self.order.end(Key::Content(index), events),
            Some("tool-call-end") => self.order.end(Key::Call(index), events),
            Some("message-end") => return self.end(event.finish, event.failure, event.usage, events),
            _ => {}
        }
        Ok(())
    }

    /// Text or thinking. Each kind has blocks of its own, even where a server does not count them.
    fn said(
        &mut self,
        index: u64,
        text: Option<Text<'_>>,
        block: BlockStart,
        events: &mut Vec<Neutral>,
    ) -> Decoded {
        let Some(text) = text.filter(|text| !text.raw.is_empty()) else { return Ok(()) };
        self.order.end_other(Key::Content(index), &block, events);
        self.grow(Key::Content(index), text, block, events)
    }

    fn grow(&mut self, key: Key, text: Text<'_>, block: BlockStart, events: &mut Vec<Neutral>) -> Decoded {
        let text = || Delta::Text(text.unescape().into_owned());
        if !self.order.grow(key, text(), events)? {
            self.order.begin(key, block, events)?;
            self.order.grow(key, text(), events)?;
        }
        Ok(())
    }

    fn called(
        &mut self,
        key: Key,
        call: &Call<'_>,
        started: Option<String>,
        events: &mut Vec<Neutral>,
    ) -> Decoded {
        if let Some(id) = started {
            let block = BlockStart::ToolCall { id, name: name_of(call), is_custom: false };
            self.order.begin(key, block, events)?;
        }
        let Some(arguments) = call.arguments.filter(|text| !text.raw.is_empty()) else { return Ok(()) };
        if self.order.grow(key, Delta::Text(arguments.unescape().into_owned()), events)? {
            return Ok(());
        }
        Err(TranslateError::malformed("delta.message.tool_calls", "arguments of a call that did not begin"))
    }

    fn cited(&mut self, cited: Cited, events: &mut Vec<Neutral>) -> Decoded {
        let key = cited.content_index.map(Key::Content);
        let is_in_text = cited.is_in_text;
        for citation in cited.into_citations() {
            let delta = Delta::Citation(citation);
            let fits = |block: &BlockStart| is_in_text && *block == BlockStart::Text;
            if !self.order.remark(key, fits, delta, events)? {
                note(&mut self.losses, Loss::new("citations", NO_PLACE));
            }
        }
        Ok(())
    }

    fn weighed(&mut self, index: u64, chunk: Chunk, events: &mut Vec<Neutral>) -> Decoded {
        let key = Some(Key::Content(index));
        let fits = |block: &BlockStart| *block == BlockStart::Text;
        let taken = match chunk.into_token() {
            Some(token) => self.order.remark(key, fits, Delta::Logprobs(vec![token]), events)?,
            None => false,
        };
        if !taken {
            note(&mut self.losses, Loss::new("logprobs", NO_PLACE));
        }
        Ok(())
    }

    /// The answer is whole only if it says why it ended.
    fn end(
        &mut self,
        finish: Option<Text<'_>>,
        failure: Option<Text<'_>>,
        usage: Option<catalogue::Usage>,
        events: &mut Vec<Neutral>,
    ) -> Decoded {
        let reason = finish.map(|word| finish::reason(&word.unescape())).transpose();
        let reason = reason.map_err(|unsaid| TranslateError::Failed(failed(failure, unsaid)))?;
        if failure.is_some() {
            return Err(TranslateError::Failed(failed(failure, Failure::Server)));
        }
        self.has_ended = true;
        self.order.finish(events);
        let is_whole = reason.is_some();
        events.extend(reason.map(|reason| Neutral::Finish { choice: 0, reason }));
        events.extend(usage.map(Neutral::Usage));
        if is_whole {
            events.push(Neutral::End);
        }
        Ok(())
    }
}
