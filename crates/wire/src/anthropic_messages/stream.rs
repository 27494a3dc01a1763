//! Watching a streamed reply.
//!
//! An event's name is read from its data (`type`), which every supplier sends, not from the `event:` line, which some
//! leave out. The end: `message_stop` makes a stream whole, if a stop reason came before it.

#[cfg(test)]
mod tests;

use catalogue::{Service, Usage};

use super::message::Message;
use super::usage::Stated;
use crate::classify;
use crate::codec::{End, OnlyText, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::template::{Holes, Template};

#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, or a stop reason.
    committed: bool,
    stopped: bool,
    failed: bool,
    stop: Option<String>,
    usage: Stated,
    output_bytes: u64,
    /// The last delta that carried text.
    template: Template,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        if let Some(text) = self.template.text(&frame.raw) {
            self.output_bytes += (text.end - text.start) as u64;
            return Seen { text: Some(text), ..SeenKind::Content.into() };
        }
        let data = frame.data();
        let is_error = || frame.event() == Some(b"error");
        if data.is_empty() {
            return if is_error() { self.fail(Failure::Server) } else { self.quiet() }.into();
        }
        let message = match Message::read_with(&data, self.usage) {
            Ok(message) if message.is_object => message,
            _ if is_error() => return self.fail(Failure::Server).into(),
            _ => return self.fail(Failure::Broken(Broken::Malformed)).into(),
        };
        if message.is_error || (message.kind.is_none() && is_error()) {
            return self.fail(classify::hidden_error(&data)).into();
        }
        let text = match (&message.delta_text, message.delta_texts, message.stop) {
            (Some(text), 1, None) => {
                let mut holes = Holes::default();
                holes.text(text.clone());
                self.template.learn(&frame.raw, &data, holes)
            }
            _ => None,
        };
        // A frame like the one learnt says the same again, which nobody notes.
        if text.is_none() && message.usage != self.usage {
            self.template.forget();
        }
        Seen { text, ..self.note(&message).into() }
    }

    fn read_alike(&mut self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        let (text, length) = self.template.text_ahead(bytes)?;
        self.output_bytes += (text.end - text.start) as u64;
        Some((text, length))
    }

    fn end(&self) -> End {
        if self.stopped && !self.failed && self.stop.is_some() { End::Complete } else { End::Cut }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage.buckets()
    }

    fn service(&self) -> Service {
        self.usage.service()
    }

    fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    fn finish(&self) -> Option<&str> {
        self.stop.as_deref()
    }
}

impl Reader {
    fn note(&mut self, message: &Message<'_>) -> SeenKind {
        self.usage = message.usage;
        self.output_bytes += message.text_bytes;
        if let Some(reason) = message.stop {
            self.stop = Some(reason.unescape().into_owned());
            self.committed = true;
        }
        let is = |name| message.kind.is_some_and(|kind| kind.is(name));
        if is("message_stop") {
            return self.terminal();
        }
        if message.has_content {
            self.committed = true;
            return SeenKind::Content;
        }
        if is("message_delta") && self.committed { SeenKind::Usage } else { self.quiet() }
    }

    /// An event that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn terminal(&mut self) -> SeenKind {
        self.stopped = true;
        if self.committed { SeenKind::Terminal } else { self.fail(Failure::Broken(Broken::Empty)) }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
