//! Streamed answers: watching them, and translating them both ways.
//!
//! The end: `metadata`, which comes behind `messageStop` and states usage, makes a stream whole. Source:
//! `ConverseStreamOutput`, botocore 1.44.8, read 2026-11-28. AWS pads events with a member `p`.

mod decode;
mod encode;
mod lane;
#[cfg(test)]
mod tests;

use catalogue::{Service, Usage};

pub(super) use self::decode::Decoder;
pub(super) use self::encode::Encoder;
use super::reply::Said;
use super::stop;
use crate::classify;
use crate::codec::{End, Seen, SeenKind, StreamReader};
use crate::failure::{Broken, Failure};
use crate::framing::Frame;
use crate::framing::event_stream::{self, Sort};

/// A sign of life: an event of a name that no SDK knows. botocore yields nothing for it, the JavaScript SDK passes over
/// what it takes for unknown; both wait for the next.
pub(super) const KEEP_ALIVE: &[u8] = b"\0\0\0a\0\0\0O'\x13\xdd\x95\x0b:event-type\x07\0\x09keepAlive\
    \x0d:content-type\x07\0\x10application/json\x0d:message-type\x07\0\x05event{}\xce\x0e\xdb\xb4";

/// The events that say something which the reader takes note of.
const SPEAKING: [&[u8]; 4] = [b"contentBlockStart", b"contentBlockDelta", b"messageStop", b"metadata"];

/// What a frame that is no event means; `None` for an event.
pub(super) fn failure(frame: &Frame) -> Option<Failure> {
    let name = || String::from_utf8_lossy(frame.event().unwrap_or_default());
    match event_stream::sort(&frame.raw) {
        None => Some(Failure::Broken(Broken::Malformed)),
        Some(Sort::Event) => None,
        Some(Sort::Exception | Sort::Error) => Some(classify::named_error(&name(), &frame.data())),
    }
}

/// Watches a stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether something came that makes it an answer: content, or a stop reason.
    committed: bool,
    /// Whether `metadata` came.
    closed: bool,
    failed: bool,
    stop: Option<String>,
    service: Option<Service>,
    usage: Option<Usage>,
    output_bytes: u64,
}

impl StreamReader for Reader {
    fn read(&mut self, frame: &Frame) -> Seen {
        if let Some(failure) = failure(frame) {
            return self.fail(failure).into();
        }
        let event = frame.event().unwrap_or_default();
        if !SPEAKING.contains(&event) {
            return self.quiet().into();
        }
        match Said::read(&frame.data()) {
            Ok(said) if said.is_object => self.note(event, &said).into(),
            _ => self.fail(Failure::Broken(Broken::Malformed)).into(),
        }
    }

    fn end(&self) -> End {
        if self.closed && !self.failed && self.stop.is_some() { End::Complete } else { End::Cut }
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
        self.stop.as_deref()
    }
}

impl Reader {
    /// Takes note of one of [`SPEAKING`].
    fn note(&mut self, event: &[u8], said: &Said<'_>) -> SeenKind {
        match event {
            b"contentBlockStart" | b"contentBlockDelta" => {
                self.output_bytes += said.text_bytes;
                self.committed |= said.has_content;
                if said.has_content { SeenKind::Content } else { self.quiet() }
            }
            b"messageStop" => {
                let Some(word) = said.stop.map(|word| word.unescape().into_owned()) else {
                    return self.quiet();
                };
                if stop::is_failure(&word) {
                    return self.fail(Failure::Server);
                }
                self.committed = true;
                self.stop = Some(word);
                if self.closed { SeenKind::Terminal } else { SeenKind::Other }
            }
            _ => {
                self.usage = said.usage.or(self.usage);
                self.service = said.service.or(self.service);
                self.closed = true;
                match (&self.stop, self.committed) {
                    (Some(_), _) => SeenKind::Terminal,
                    (None, true) => SeenKind::Usage,
                    (None, false) => self.quiet(),
                }
            }
        }
    }

    /// An event that carries nothing.
    const fn quiet(&self) -> SeenKind {
        if self.committed { SeenKind::Other } else { SeenKind::Preamble }
    }

    const fn fail(&mut self, failure: Failure) -> SeenKind {
        self.failed = true;
        SeenKind::Error(failure)
    }
}
