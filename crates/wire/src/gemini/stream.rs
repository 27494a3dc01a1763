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
use crate::codec::{End, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;

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
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
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
        self.note(&response).into()
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
