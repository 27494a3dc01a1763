//! Watching a streamed reply.
//!
//! There is no terminal event, so no frame is [`SeenKind::Terminal`]: behind the finish reason more may follow, such as
//! usage or sources. The end: a stream is whole when its body ends and each candidate that was seen has its finish
//! reason, or the prompt was blocked. A candidate that goes on behind its finish reason has to say it again.

#[cfg(test)]
mod tests;

use catalogue::{Service, Usage};

use super::response::{Candidates, Response};
use super::usage::Stated;
use crate::classify;
use crate::codec::{End, OnlyText, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::template::Template;

#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, a finish reason, a block.
    committed: bool,
    failed: bool,
    blocked: bool,
    candidates: Candidates,
    finish: Option<String>,
    usage: Stated,
    output_bytes: u64,
    /// The last response that carried one piece of text and nothing else but counts, and whose text it was.
    template: Template,
    speaking: Candidates,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        if let Some(text) = self.template.text(&frame.raw) {
            self.go_on(&text);
            return Seen { text: Some(text), ..SeenKind::Content.into() };
        }
        let data = frame.data();
        if data.is_empty() {
            // Google's front end writes an error as plain JSON, also into a stream.
            let plain = frame.raw.trim_ascii_start();
            let is_json = plain.starts_with(b"{") || plain.starts_with(b"[");
            return if is_json { self.fail(classify::hidden_error(plain)) } else { self.quiet() }.into();
        }
        let response = match Response::read_with(&data, self.usage) {
            Ok(response) if response.is_object || response.is_error => response,
            _ => return self.fail(Failure::Broken(Broken::Malformed)).into(),
        };
        if response.is_error {
            return self.fail(classify::hidden_error(&data)).into();
        }
        let before = self.usage;
        let kind = self.note(&response);
        let mut text = None;
        if kind == SeenKind::Content {
            text = self.template.learn(&frame.raw, &data, response.holes);
        }
        if text.is_some() {
            self.speaking = response.candidates;
        }
        // A frame like the one learnt says the same of usage again, but for its counts.
        if text.is_none() && self.usage != before {
            self.template.forget();
        }
        Seen { text, ..kind.into() }
    }

    fn read_alike(&mut self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        let (text, length) = self.template.text_ahead(bytes)?;
        self.go_on(&text);
        Some((text, length))
    }

    fn end(&self) -> End {
        if !self.failed && (self.blocked || self.candidates.all_finished()) {
            End::Complete
        } else {
            End::Cut
        }
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
        self.finish.as_deref()
    }
}

impl Reader {
    /// Takes note of a response that is like one before but for this.
    fn go_on(&mut self, text: &OnlyText) {
        self.output_bytes += (text.end - text.start) as u64;
        self.usage.count(&text.counts);
        self.candidates.merge(self.speaking);
    }

    fn note(&mut self, response: &Response<'_>) -> SeenKind {
        self.usage = response.usage;
        self.output_bytes += response.text_bytes;
        if let Some(failure) = response.failure {
            return self.fail(failure);
        }
        self.candidates.merge(response.candidates);
        self.blocked |= response.is_blocked() && !response.has_candidates;
        if let Some(reason) = response.finish {
            self.finish = Some(reason.unescape().into_owned());
            self.committed = true;
        }
        if response.has_content {
            self.committed = true;
            return SeenKind::Content;
        }
        let only_usage = !response.has_candidates && !response.is_blocked();
        if only_usage && self.committed { SeenKind::Usage } else { self.quiet() }
    }

    /// A frame that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
