//! Watching a streamed reply.
//!
//! The end: the line that says `done` makes a stream whole. Older servers give no reason with it, so none is asked for;
//! but a stream that said nothing and gives none is empty.

#[cfg(test)]
mod tests;

use catalogue::Usage;

use super::line::Line;
use crate::classify;
use crate::codec::{End, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;

#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, or a reason why it ended.
    committed: bool,
    done: bool,
    failed: bool,
    finish: Option<String>,
    usage: Option<Usage>,
    output_bytes: u64,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        let data = frame.data();
        if data.is_empty() {
            return self.quiet().into();
        }
        let line = match Line::read(&data) {
            Ok(line) if line.is_object => line,
            _ => return self.fail(Failure::Broken(Broken::Malformed)).into(),
        };
        if line.is_error {
            return self.fail(classify::hidden_error(&data)).into();
        }
        self.note(&line).into()
    }

    fn end(&self) -> End {
        if self.done && !self.failed && self.committed { End::Complete } else { End::Cut }
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
    fn note(&mut self, line: &Line<'_>) -> SeenKind {
        self.usage = line.usage().or(self.usage);
        self.output_bytes += line.text_bytes();
        self.committed |= line.has_content();
        if !line.is_done {
            return if line.has_content() { SeenKind::Content } else { self.quiet() };
        }
        if let Some(word) = line.reason {
            self.finish = Some(word.unescape().into_owned());
            self.committed = true;
        }
        self.done = true;
        if self.committed { SeenKind::Terminal } else { self.fail(Failure::Broken(Broken::Empty)) }
    }

    /// A line that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
