//! A streamed answer in neutral events.

use super::{NO_PLACE, finish, image, malformed, name_unknown, tool_call};
use crate::classify;
use crate::conversation::{
    BlockStart, Delta, Event, EventDecoder, Loss, TokenLogprob, ToolInput, TranslateError,
};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::ollama_chat::line::Line;
use crate::scan::Text;
use crate::translate::note;

/// What is known of the stream so far.
#[derive(Debug, Default)]
pub(in crate::ollama_chat) struct Stream {
    has_started: bool,
    has_ended: bool,
    /// Whether anything was said.
    has_spoken: bool,
    /// The open block, which is text or reasoning: all else comes in one piece.
    open: Option<BlockStart>,
    /// How many calls there were.
    calls: usize,
    losses: Vec<Loss>,
}

impl EventDecoder for Stream {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let data = frame.data();
        if self.has_ended || data.is_empty() {
            return Ok(());
        }
        let line = Line::read(&data).map_err(malformed)?;
        if line.is_error {
            return Err(TranslateError::Failed(classify::hidden_error(&data)));
        }
        if !line.is_object {
            return Err(TranslateError::malformed("", "a line is an object"));
        }
        if !std::mem::replace(&mut self.has_started, true) {
            let model = line.model.map(|name| name.unescape().into_owned());
            events.push(Event::Start { id: None, model, usage: None });
        }
        self.has_spoken |= line.has_content();
        if line.is_done && !self.has_spoken && line.reason.is_none() {
            return Err(TranslateError::Failed(Failure::Broken(Broken::Empty)));
        }
        self.line(&line, &data, events);
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Stream {
    fn line(&mut self, line: &Line<'_>, data: &[u8], events: &mut Vec<Event>) {
        name_unknown(line, &mut self.losses);
        if !line.has_content() && !line.is_done {
            events.push(Event::KeepAlive);
        }
        self.said(line.thinking, &BlockStart::Reasoning { is_summary: false }, events);
        self.said(line.content, &BlockStart::Text, events);
        if !line.tokens.is_empty() {
            self.weighed(&line.tokens, events);
        }
        for call in &line.calls {
            let call = tool_call(call, data, self.calls);
            self.calls += 1;
            let ToolInput::Arguments(arguments) = &call.input else { continue };
            let text = String::from_utf8_lossy(arguments).into_owned();
            let block = BlockStart::ToolCall { id: call.id, name: call.name, is_custom: false };
            self.whole(block, Some(Delta::Text(text)), events);
        }
        for data in &line.images {
            self.whole(BlockStart::Media(image(&data.unescape())), None, events);
        }
        if line.is_done {
            self.end(line, events);
        }
    }

    /// Thinking or text, into the open block if it is of that kind.
    fn said(&mut self, text: Option<Text<'_>>, block: &BlockStart, events: &mut Vec<Event>) {
        let Some(text) = text.filter(|text| !text.raw.is_empty()) else { return };
        if self.open.as_ref() != Some(block) {
            self.close(events);
            self.open = Some(block.clone());
            events.push(Event::BlockStart { choice: 0, block: block.clone() });
        }
        events.push(Event::Delta { choice: 0, delta: Delta::Text(text.unescape().into_owned()) });
    }

    fn weighed(&mut self, tokens: &[TokenLogprob], events: &mut Vec<Event>) {
        if self.open == Some(BlockStart::Text) {
            events.push(Event::Delta { choice: 0, delta: Delta::Logprobs(tokens.to_vec()) });
        } else {
            note(&mut self.losses, Loss::new("logprobs", NO_PLACE));
        }
    }

    /// A block in one piece.
    fn whole(&mut self, block: BlockStart, delta: Option<Delta>, events: &mut Vec<Event>) {
        self.close(events);
        events.push(Event::BlockStart { choice: 0, block });
        events.extend(delta.map(|delta| Event::Delta { choice: 0, delta }));
        events.push(Event::BlockEnd { choice: 0 });
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if self.open.take().is_some() {
            events.push(Event::BlockEnd { choice: 0 });
        }
    }

    fn end(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        self.has_ended = true;
        self.close(events);
        let reason = line.reason.map(|word| finish(&word.unescape()));
        events.extend(reason.map(|reason| Event::Finish { choice: 0, reason }));
        events.extend(line.usage().map(Event::Usage));
        events.push(Event::End);
    }
}
