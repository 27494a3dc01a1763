//! Watching a streamed reply.
//!
//! Each frame is scanned once, in place, or compared with one that was: a word in generated text is never taken for a member of the chunk, since it
//! is inside a string there, and a frame that is not JSON is noticed.
//!
//! The end: a stream is whole when `[DONE]` came and every choice that was seen has its finish reason. With one of them
//! missing it is cut, however cleanly the connection closed: nobody can tell it from an answer that broke there.

#[cfg(test)]
mod tests;

use catalogue::{Service, Usage};

use super::answer::{Answer, Choices};
use crate::classify;
use crate::codec::{End, OnlyText, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::template::{Holes, Template};

#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, or a finish reason.
    committed: bool,
    done: bool,
    failed: bool,
    choices: Choices,
    finish: Option<String>,
    service: Option<Service>,
    usage: Option<Usage>,
    output_bytes: u64,
    /// The last frame that carried one piece of text and nothing else.
    template: Template,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        if let Some(text) = self.template.text(&frame.raw) {
            self.output_bytes += (text.end - text.start) as u64;
            return Seen { text: Some(text), ..SeenKind::Content.into() };
        }
        let data = frame.data();
        if data.is_empty() {
            return self.quiet().into();
        }
        if data.starts_with(b"[DONE]") {
            return self.terminal().into();
        }
        let answer = match Answer::read(&data) {
            Ok(answer) if answer.is_object => answer,
            _ => return self.fail(Failure::Broken(Broken::Malformed)).into(),
        };
        if answer.is_error || (!answer.has_choices && frame.event() == Some(b"error")) {
            return self.fail(classify::hidden_error(&data)).into();
        }
        let text = if answer.is_plain_text() {
            let mut holes = Holes::default();
            holes.text(answer.last_text.clone());
            // In front of the text there is only what stays the same: the model's name.
            if let Some(padding) = answer.padding.clone().filter(|at| at.start > answer.last_text.end) {
                holes.padding(padding);
            }
            self.template.learn(&frame.raw, &data, holes)
        } else {
            None
        };
        // A frame like the one learnt says the same again, which nobody notes.
        if text.is_none() && answer.service.is_some_and(|service| self.service != Some(service)) {
            self.template.forget();
        }
        Seen { text, ..self.note(&answer) }
    }

    fn read_alike(&mut self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        let (text, length) = self.template.text_ahead(bytes)?;
        self.output_bytes += (text.end - text.start) as u64;
        Some((text, length))
    }

    fn end(&self) -> End {
        if self.done && !self.failed && self.choices.all_finished() { End::Complete } else { End::Cut }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }

    fn service(&self) -> Service {
        self.service.unwrap_or_default()
    }

    fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    fn finish(&self) -> Option<&str> {
        self.finish.as_deref()
    }
}

impl Reader {
    fn note(&mut self, answer: &Answer<'_>) -> Seen {
        self.usage = answer.usage.or(self.usage);
        self.service = answer.service.or(self.service);
        self.output_bytes += answer.text_bytes;
        self.choices.merge(answer.choices);
        if let (None, Some(reason)) = (&self.finish, answer.finish) {
            self.finish = Some(reason.unescape().into_owned());
        }
        if answer.has_content {
            self.committed = true;
            return SeenKind::Content.into();
        }
        if answer.finish.is_some() {
            self.committed = true;
        }
        let only_usage = !answer.has_choices && answer.usage.is_some();
        let kind = if only_usage && self.committed { SeenKind::Usage } else { self.quiet() };
        Seen { kind, strip_if_unasked: only_usage, text: None }
    }

    /// A frame that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn terminal(&mut self) -> SeenKind {
        self.done = true;
        if self.committed { SeenKind::Terminal } else { self.fail(Failure::Broken(Broken::Empty)) }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
