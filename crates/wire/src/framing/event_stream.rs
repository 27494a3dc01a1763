//! AWS event streams: binary messages with a checksum of their lengths and one of everything.
//!
//! **For**: relaying and translating the streams of Amazon Bedrock, and writing such messages for clients that speak as
//! it does.
//!
//! **Promises**: as [`super`]; a message with a wrong length or checksum is refused, and from then on all is, since
//! nothing says where the next one starts; memory is bounded by the longest message allowed.
//!
//! A message is, all numbers big-endian: its whole length (4 bytes), the length of its headers (4), the CRC-32 of those
//! eight bytes (4), the headers, the payload, the CRC-32 of everything before (4). A header is its name (a byte of length
//! before it), a byte for the type of its value, the value. Source: `botocore/eventstream.py`, botocore 1.44.8, read
//! 2026-11-28.

#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::{Frame, FramingError};

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum of the whole message.
const CHECKSUM_BYTES: usize = 4;
/// More headers than this no reader takes.
const MOST_HEADER_BYTES: usize = 128 * 1024;
/// The type of a header's value that is text.
const TEXT: u8 = 7;

/// The header that says what sort of message it is.
const MESSAGE_TYPE: &str = ":message-type";
/// The headers that name the message, whatever its sort.
const NAMES: [&str; 3] = [":event-type", ":exception-type", ":error-code"];

/// What sort of message a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// What was asked for.
    Event,
    /// A failure that the service describes.
    Exception,
    /// A failure below the service; its name is a code, and its payload is empty.
    Error,
}

/// What sort of message `raw` is; `None` where it is none, such as the rest at a stream's end.
pub fn sort(raw: &[u8]) -> Option<Sort> {
    let prelude = Prelude::read(raw)?;
    if raw.len() != prelude.length || !prelude.is_sound() {
        return None;
    }
    let mut sort = Sort::Event;
    let mut headers = Headers::of(raw, &prelude);
    for header in headers.by_ref() {
        if raw[header.name] == *MESSAGE_TYPE.as_bytes() {
            sort = match &raw[header.text?] {
                b"exception" => Sort::Exception,
                b"error" => Sort::Error,
                _ => Sort::Event,
            };
        }
    }
    headers.are_sound().then_some(sort)
}

/// Appends an event with a JSON payload.
pub fn write_event(name: &str, payload: &[u8], out: &mut Vec<u8>) {
    write("event", ":event-type", name, payload, out);
}

/// Appends a failure that the service describes, with a JSON payload.
pub fn write_exception(name: &str, payload: &[u8], out: &mut Vec<u8>) {
    write("exception", ":exception-type", name, payload, out);
}

fn write(sort: &str, kind: &str, name: &str, payload: &[u8], out: &mut Vec<u8>) {
    let headers = [(kind, name), (":content-type", "application/json"), (MESSAGE_TYPE, sort)];
    let headers_length: usize = headers.iter().map(|(name, value)| 4 + name.len() + value.len()).sum();
    let length = PRELUDE_BYTES + headers_length + payload.len() + CHECKSUM_BYTES;
    let number = |length: usize| u32::try_from(length).expect("no message is as long as 4 GiB").to_be_bytes();
    let start = out.len();
    out.reserve(length);
    out.extend(number(length));
    out.extend(number(headers_length));
    out.extend(crc32fast::hash(&out[start..]).to_be_bytes());
    for (name, value) in headers {
        out.push(u8::try_from(name.len()).expect("our headers' names are short"));
        out.extend(name.as_bytes());
        out.push(TEXT);
        out.extend(u16::try_from(value.len()).expect("our headers' values are short").to_be_bytes());
        out.extend(value.as_bytes());
    }
    out.extend(payload);
    out.extend(crc32fast::hash(&out[start..]).to_be_bytes());
}

/// Cuts a byte stream into messages.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    held: BytesMut,
    failed: Option<FramingError>,
}

impl Framer {
    /// A framer that refuses messages longer than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: BytesMut::new(), failed: None }
    }

    /// Adds what was read, in any cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole message; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError`], and from then on always.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.take().inspect_err(|error| self.failed = Some(*error))
    }

    fn take(&mut self) -> Result<Option<Frame>, FramingError> {
        let Some(prelude) = Prelude::read(&self.held) else { return Ok(None) };
        if !prelude.is_sound() {
            return Err(FramingError::Malformed);
        }
        if prelude.length > self.limit {
            return Err(FramingError::TooLong { limit: self.limit });
        }
        if self.held.len() < prelude.length {
            return Ok(None);
        }
        let payload = prelude.payload();
        let mut checksum = &self.held[payload.end..prelude.length];
        if checksum.get_u32() != crc32fast::hash(&self.held[..payload.end]) {
            return Err(FramingError::Malformed);
        }
        let name = name(&self.held, &prelude).ok_or(FramingError::Malformed)?;
        let raw = self.held.split_to(prelude.length).freeze();
        Ok(Some(Frame::whole(raw, name, payload)))
    }

    /// The rest, if there is any: the start of a message, which says nothing.
    pub fn finish(&mut self) -> Option<Frame> {
        let rest: Bytes = self.held.split().freeze();
        (!rest.is_empty()).then(|| Frame::whole(rest, 0..0, 0..0))
    }
}

/// Where the message's name stands; empty where it has none. `None` where the headers are not sound.
fn name(message: &[u8], prelude: &Prelude) -> Option<Range<usize>> {
    let mut found = 0..0;
    let mut headers = Headers::of(message, prelude);
    for header in headers.by_ref() {
        if NAMES.iter().any(|name| message[header.name.clone()] == *name.as_bytes()) {
            found = header.text?;
        }
    }
    headers.are_sound().then_some(found)
}

/// What a message begins with.
struct Prelude {
    /// Of the whole message.
    length: usize,
    headers: usize,
    checksum_holds: bool,
}

impl Prelude {
    /// `None` when more bytes are needed.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = bytes.get(..PRELUDE_BYTES)?;
        let lengths = &bytes[..8];
        let sum = crc32fast::hash(lengths);
        // A length that this machine cannot count is longer than any limit.
        let mut length = || usize::try_from(bytes.get_u32()).unwrap_or(usize::MAX);
        let (length, headers) = (length(), length());
        Some(Self { length, headers, checksum_holds: bytes.get_u32() == sum })
    }

    fn is_sound(&self) -> bool {
        self.checksum_holds
            && self.headers <= MOST_HEADER_BYTES
            && self.length >= PRELUDE_BYTES + self.headers + CHECKSUM_BYTES
    }

    const fn payload(&self) -> Range<usize> {
        PRELUDE_BYTES + self.headers..self.length - CHECKSUM_BYTES
    }
}

/// A header: where its name stands, and its value if that is text.
struct Header {
    name: Range<usize>,
    text: Option<Range<usize>>,
}

/// The headers of a message, up to the first that is not sound.
struct Headers<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Headers<'a> {
    const fn of(message: &'a [u8], prelude: &Prelude) -> Self {
        Self { message, at: PRELUDE_BYTES, end: prelude.payload().start }
    }

    /// Whether all headers were walked.
    const fn are_sound(&self) -> bool {
        self.at == self.end
    }

    fn header(&self) -> Option<(Header, usize)> {
        let inside = |at: usize, length: usize| (at + length <= self.end).then(|| at..at + length);
        let byte = |at: usize| inside(at, 1).map(|range| self.message[range.start]);
        let name = inside(self.at + 1, byte(self.at)?.into())?;
        let kind = byte(name.end)?;
        let at = name.end + 1;
        let length = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | TEXT => {
                let value = inside(at + 2, u16::from_be_bytes([byte(at)?, byte(at + 1)?]).into())?;
                let text = (kind == TEXT).then(|| value.clone());
                return Some((Header { name, text }, value.end));
            }
            _ => return None,
        };
        let value = inside(at, length)?;
        Some((Header { name, text: None }, value.end))
    }
}

impl Iterator for Headers<'_> {
    type Item = Header;

    fn next(&mut self) -> Option<Header> {
        if self.are_sound() {
            return None;
        }
        let (header, end) = self.header()?;
        self.at = end;
        Some(header)
    }
}
