//! Server-sent events, without I/O: bytes in, whole frames out.
//!
//! **For**: relaying a stream frame by frame. A frame is everything up to and including a blank line, as it came; the
//! bytes are not decoded, so a character split between two reads is no matter.
//!
//! **Promises**: the same frames however the bytes were cut; all frames and the rest, put together, are the input;
//! every byte is looked at once; a frame inside one pushed chunk is a slice of it, not a copy; memory is bounded by the
//! longest frame allowed.
//!
//! Lines end in LF, CRLF or CR. After a blank line that ends in CR the next byte is awaited, since an LF would belong
//! to it. Source: WHATWG HTML, section 9.2, read 2026-11-22.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::{DEFAULT_LIMIT, Frame, FramingError};

/// Cuts a byte stream into frames. Push what came, then take frames until there is none.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    /// The start of the current frame, from chunks that are used up.
    carry: BytesMut,
    /// What follows it. The first `looked_at` bytes belong to the current frame.
    chunk: Bytes,
    looked_at: usize,
    /// Chunks pushed before `chunk` was used up.
    waiting: VecDeque<Bytes>,
    place: Place,
}

/// Where in the line structure the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the start of a line.
    LineStart,
    /// In a line that is not blank.
    Line,
    /// Behind a CR that ended such a line: an LF belongs to it.
    LineCr,
    /// Behind a CR that ended a blank line: an LF belongs to it, and the frame ends either way.
    BlankCr,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT)
    }
}

impl Framer {
    /// A framer that refuses frames longer than `limit` bytes. Too low breaks streams with large events (a whole image,
    /// a large tool call); too high lets one supplier fill the memory.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            carry: BytesMut::new(),
            chunk: Bytes::new(),
            looked_at: 0,
            waiting: VecDeque::new(),
            place: Place::LineStart,
        }
    }

    /// Adds what was read, in any cut.
    pub fn push(&mut self, bytes: Bytes) {
        if self.chunk.is_empty() {
            self.chunk = bytes;
        } else if !bytes.is_empty() {
            self.waiting.push_back(bytes);
        }
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError::TooLong`], and from then on always.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        loop {
            let ended = self.look();
            if self.carry.len() + self.looked_at > self.limit {
                // Look at the same bytes again next time, and refuse again.
                return Err(FramingError::TooLong { limit: self.limit });
            }
            if ended {
                return Ok(Some(self.take_frame()));
            }
            self.carry.extend_from_slice(&self.chunk);
            self.looked_at = 0;
            self.chunk = Bytes::new();
            match self.waiting.pop_front() {
                Some(next) => self.chunk = next,
                None => return Ok(None),
            }
        }
    }

    /// What stands in front, where a frame begins there; nothing where one has begun before, and nothing that is too long.
    pub fn ahead(&self) -> &[u8] {
        if !self.carry.is_empty() || self.looked_at > 0 {
            return &[];
        }
        &self.chunk[..self.chunk.len().min(self.limit)]
    }

    /// Takes the first `length` bytes of what is [ahead](Self::ahead), which have to be whole frames.
    pub fn take(&mut self, length: usize) -> Bytes {
        self.chunk.split_to(length)
    }

    /// Ends the stream: whatever has come and is not in a frame. Not an event by the standard (an event ends with a blank
    /// line), but some suppliers leave the last blank line off, so a reader may want to see it as [`Frame::sse`].
    pub fn finish(&mut self) -> Option<Bytes> {
        self.carry.extend_from_slice(&self.chunk);
        for chunk in self.waiting.drain(..) {
            self.carry.extend_from_slice(&chunk);
        }
        self.chunk = Bytes::new();
        self.looked_at = 0;
        self.place = Place::LineStart;
        Some(self.carry.split().freeze()).filter(|rest| !rest.is_empty())
    }

    /// Bytes held back: those of a frame that is not whole yet, and those not looked at.
    pub fn buffered_bytes(&self) -> usize {
        self.carry.len() + self.chunk.len() + self.waiting.iter().map(Bytes::len).sum::<usize>()
    }

    /// Looks on from `looked_at` to the end of the frame (then true) or of the chunk.
    fn look(&mut self) -> bool {
        let bytes: &[u8] = &self.chunk;
        let mut at = self.looked_at;
        let ended = loop {
            let Some(&next) = bytes.get(at) else { break false };
            match self.place {
                Place::BlankCr => {
                    at += usize::from(next == b'\n');
                    break true;
                }
                Place::LineCr => {
                    at += usize::from(next == b'\n');
                    self.place = Place::LineStart;
                }
                Place::LineStart => match next {
                    b'\n' => {
                        at += 1;
                        break true;
                    }
                    b'\r' => {
                        at += 1;
                        self.place = Place::BlankCr;
                    }
                    _ => self.place = Place::Line,
                },
                Place::Line => match memchr2(b'\n', b'\r', &bytes[at..]) {
                    Some(length) => {
                        self.place =
                            if bytes[at + length] == b'\n' { Place::LineStart } else { Place::LineCr };
                        at += length + 1;
                    }
                    None => at = bytes.len(),
                },
            }
        };
        self.looked_at = at;
        ended
    }

    fn take_frame(&mut self) -> Frame {
        let tail = self.chunk.split_to(self.looked_at);
        self.looked_at = 0;
        self.place = Place::LineStart;
        if self.carry.is_empty() {
            return Frame::sse(tail);
        }
        // Taken whole, not split off, and not grown by doubling: room for more than the frame would stay for as long as a slow
        // reader takes.
        let mut carry = std::mem::take(&mut self.carry);
        if carry.capacity() - carry.len() < tail.len() {
            return Frame::sse([&carry[..], &tail].concat().into());
        }
        carry.extend_from_slice(&tail);
        Frame::sse(carry.freeze())
    }
}
