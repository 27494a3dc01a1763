//! Where an answer's body ends, and what of the bytes that came is its content.

use bytes::{Buf, Bytes, BytesMut};

use super::ExchangeError;

/// The most that stands beside a chunk's content: its length, extensions, and trailers behind the last.
const MOST_ASIDE_BYTES: usize = 16 * 1024;

/// A chunk with more digits than these in its length is none of the usual ones.
const USUAL_LENGTH_DIGITS: usize = 8;

/// What each byte is as a hexadecimal digit; [`NO_DIGIT`] for the others.
const HEX_DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0_u8;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        digits[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};
const NO_DIGIT: u8 = u8::MAX;

/// How a body is delimited (RFC 9112, section 6.3), and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes are left.
    Sized(u64),
    Chunked(Chunked),
    /// Until the other side closes: an end that nobody can tell from a break.
    UntilClosed,
    Over,
}

/// Where in a chunked body (RFC 9112, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunked {
    at: At,
    aside_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// In a chunk's length: its value so far, and whether it has a digit yet.
    Length(u64, bool),
    /// Behind the length, in what may be said of the chunk.
    Extension(u64),
    LengthEnd(u64),
    Content(u64),
    ContentEnd,
    ContentEndLf,
    /// Behind the last chunk, at so many bytes of a line.
    Trailer(usize),
    TrailerLf(usize),
    Over,
}

impl Framing {
    pub(crate) const CHUNKED: Self = Self::Chunked(Chunked { at: At::Length(0, false), aside_bytes: 0 });

    pub(crate) const fn sized(bytes: u64) -> Self {
        if bytes == 0 { Self::Over } else { Self::Sized(bytes) }
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// Takes what `read` holds of the body, in one piece; what is behind the body's end stays. Empty where nothing of its
    /// content is there.
    pub(crate) fn take(&mut self, read: &mut BytesMut) -> Result<Bytes, ExchangeError> {
        match self {
            Self::Sized(left) => {
                let count = usize::try_from(*left).map_or(read.len(), |left| left.min(read.len()));
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(read.split_to(count).freeze())
            }
            Self::Chunked(chunked) => {
                let content = chunked.take(read)?;
                if chunked.at == At::Over {
                    *self = Self::Over;
                }
                Ok(content)
            }
            Self::UntilClosed => Ok(read.split().freeze()),
            Self::Over => Ok(Bytes::new()),
        }
    }

    /// The other side has closed: whether the body may end so.
    pub(crate) fn close(&mut self) -> Result<(), ExchangeError> {
        match self {
            Self::UntilClosed | Self::Over => {
                *self = Self::Over;
                Ok(())
            }
            Self::Sized(_) | Self::Chunked(_) => Err(ExchangeError::Closed),
        }
    }
}

impl Chunked {
    /// Moves the contents of all chunks that are there together, so that a read of many small ones is one piece.
    fn take(&mut self, read: &mut BytesMut) -> Result<Bytes, ExchangeError> {
        let (mut start, mut end, mut next) = (0, 0, 0);
        while next < read.len() && self.at != At::Over {
            if let At::Content(left) = self.at {
                let count =
                    usize::try_from(left).map_or(read.len() - next, |left| left.min(read.len() - next));
                if start == end {
                    (start, end) = (next, next);
                }
                if end != next {
                    read.copy_within(next..next + count, end);
                }
                end += count;
                next += count;
                let left = left - count as u64;
                self.at = if left == 0 { At::ContentEnd } else { At::Content(left) };
            } else if let Some((length, count)) = self.usual(&read[next..]) {
                self.at = At::Content(length);
                next += count;
            } else {
                self.step(read[next])?;
                next += 1;
            }
        }
        read.advance(start);
        let content = read.split_to(end - start).freeze();
        read.advance(next - end);
        Ok(content)
    }

    /// The length of the next chunk, where its line is there, whole and nothing but that; and how long the line is.
    fn usual(&mut self, bytes: &[u8]) -> Option<(u64, usize)> {
        let line = match self.at {
            At::ContentEnd => bytes.strip_prefix(b"\r\n")?,
            At::Length(0, false) => bytes,
            _ => return None,
        };
        let (mut length, mut rest) = (0, line);
        while let [byte, behind @ ..] = rest {
            let digit = HEX_DIGITS[usize::from(*byte)];
            if digit == NO_DIGIT {
                break;
            }
            (length, rest) = (length << 4 | u64::from(digit), behind);
        }
        let is_usual = length > 0 && line.len() - rest.len() <= USUAL_LENGTH_DIGITS;
        let behind = rest.strip_prefix(b"\r\n").filter(|_| is_usual)?;
        self.aside_bytes = 0;
        Some((length, bytes.len() - behind.len()))
    }

    fn step(&mut self, byte: u8) -> Result<(), ExchangeError> {
        self.at = match (self.at, byte) {
            (At::Length(value, _), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let value = value.checked_mul(16).ok_or(ExchangeError::Malformed("a chunk is too long"))?;
                self.aside(At::Length(value + u64::from(digit), true))?
            }
            (At::Length(value, true) | At::Extension(value), b'\r') => At::LengthEnd(value),
            (At::Extension(_), b'\n') => return Err(ExchangeError::Malformed("a chunk's line is broken")),
            (At::Length(value, true), b';' | b' ' | b'\t') | (At::Extension(value), _) => {
                self.aside(At::Extension(value))?
            }
            (At::LengthEnd(0), b'\n') => At::Trailer(0),
            (At::LengthEnd(length), b'\n') => At::Content(length),
            (At::ContentEnd, b'\r') => At::ContentEndLf,
            (At::ContentEndLf, b'\n') => {
                self.aside_bytes = 0;
                At::Length(0, false)
            }
            (At::Trailer(_), b'\n') => return Err(ExchangeError::Malformed("a trailer's line is broken")),
            (At::Trailer(length), b'\r') => At::TrailerLf(length),
            (At::Trailer(length), _) => self.aside(At::Trailer(length + 1))?,
            (At::TrailerLf(0), b'\n') => At::Over,
            (At::TrailerLf(_), b'\n') => At::Trailer(0),
            _ => return Err(ExchangeError::Malformed("a chunk has no proper length or end")),
        };
        Ok(())
    }

    /// Nobody reads extensions and trailers, and nobody may send them without end.
    fn aside(&mut self, at: At) -> Result<At, ExchangeError> {
        self.aside_bytes += 1;
        if self.aside_bytes > MOST_ASIDE_BYTES {
            return Err(ExchangeError::Malformed("too much stands beside its content"));
        }
        Ok(at)
    }
}
