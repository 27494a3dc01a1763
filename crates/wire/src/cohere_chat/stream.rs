//! Watching a streamed reply.
//!
//! The end: `message-end` makes a stream whole, if it says why the answer ended, and that is no failure.

#[cfg(test)]
mod tests;

use catalogue::Usage;

use super::event::Event;
use super::{failed, finish};
use crate::classify;
use crate::codec::{End, OnlyText, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::template::{Holes, Template};

#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, or a finish reason.
    committed: bool,
    ended: bool,
    failed: bool,
    finish: Option<String>,
    usage: Option<Usage>,
    output_bytes: u64,
    /// The last event that carried one piece of text and nothing else.
    template: Template,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        if let Some(text) = self.template.text(&frame.raw) {
            self.output_bytes += (text.end - text.start) as u64;
            return Seen { text: Some(text), ..SeenKind::Content.into() };
        }
        let data = frame.data();
        // The SDK stops at `[DONE]`; servers that send one have sent `message-end` before.
        if data.is_empty() || data.starts_with(b"[DONE]") {
            return self.quiet().into();
        }
        let event = match Event::read(&data) {
            Ok(event) if event.is_object => event,
            _ => return self.fail(Failure::Broken(Broken::Malformed)).into(),
        };
        if event.is_error {
            return self.fail(classify::hidden_error(&data)).into();
        }
        let text = if event.is_plain_text() && event.has_content() {
            let mut holes = Holes::default();
            holes.text(event.last_text.clone());
            self.template.learn(&frame.raw, &data, holes)
        } else {
            None
        };
        Seen { text, ..self.note(&event).into() }
    }

    fn read_alike(&mut self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        let (text, length) = self.template.text_ahead(bytes)?;
        self.output_bytes += (text.end - text.start) as u64;
        Some((text, length))
    }

    fn end(&self) -> End {
        if self.ended && !self.failed && self.finish.is_some() { End::Complete } else { End::Cut }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }

    fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    fn finish(&self) -> Option<&str> {
        self.finish.as_deref()
    }
}

impl Reader {
    fn note(&mut self, event: &Event<'_>) -> SeenKind {
        self.usage = event.usage.or(self.usage);
        self.output_bytes += event.text_bytes();
        if let Some(word) = event.finish {
            let word = word.unescape();
            self.finish = Some(word.clone().into_owned());
            self.committed = true;
            if let Err(failure) = finish::reason(&word) {
                return self.fail(failed(event.failure, failure));
            }
        }
        if event.failure.is_some() {
            return self.fail(failed(event.failure, Failure::Server));
        }
        if event.is("message-end") {
            return self.terminal();
        }
        if event.has_content() {
            self.committed = true;
            return SeenKind::Content;
        }
        self.quiet()
    }

    /// An event that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn terminal(&mut self) -> SeenKind {
        self.ended = true;
        if self.committed { SeenKind::Terminal } else { self.fail(Failure::Broken(Broken::Empty)) }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
