//! Strings: finding their end quickly, checking and undoing escapes.

use std::borrow::Cow;
use std::ops::Range;

use super::{ScanError, Scanner, What};

/// Longer names than this are no name that anybody here looks for, even when every byte of one is escaped.
pub(super) const NAME_BUFFER: usize = 64;

/// A string as it stands in the text, without its quotes. Checked: what is in it is UTF-8 and its escapes are sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// The bytes between the quotes.
    pub(crate) raw: &'a [u8],
    /// Whether there are escapes among them.
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    /// What the string says.
    pub(crate) fn unescape(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(
                std::str::from_utf8(self.raw).expect("the scanner checked that this is UTF-8"),
            );
        }
        let mut plain = Vec::with_capacity(self.raw.len());
        unescape_with(self.raw, |bytes| plain.extend_from_slice(bytes));
        Cow::Owned(String::from_utf8(plain).expect("the scanner checked the text and its escapes"))
    }

    /// Where it stands in what `scan` reads, which has just taken it: without its quotes.
    pub(crate) const fn inside(&self, scan: &Scanner<'_>) -> Range<usize> {
        let end = scan.at() - 1;
        end - self.raw.len()..end
    }

    /// Whether the string says `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        if self.escaped { self.unescape() == word } else { self.raw == word.as_bytes() }
    }

    /// Whether the string starts with `word`.
    pub(crate) fn starts_with(&self, word: &str) -> bool {
        if self.escaped { self.unescape().starts_with(word) } else { self.raw.starts_with(word.as_bytes()) }
    }

    /// The unescaped bytes in `buffer`, or the raw ones (which hold a backslash, so they match no name) when too long.
    pub(super) fn unescape_short<'b>(&self, buffer: &'b mut [u8; NAME_BUFFER]) -> &'b [u8]
    where
        'a: 'b,
    {
        let mut length = 0;
        let mut fits = true;
        unescape_with(self.raw, |bytes| {
            if let Some(room) = buffer.get_mut(length..length + bytes.len()) {
                room.copy_from_slice(bytes);
                length += bytes.len();
            } else {
                fits = false;
            }
        });
        if fits { &buffer[..length] } else { self.raw }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks, by its highest bit, the first byte of `word` that ends a run: a quote, a backslash, a control character.
/// Bytes behind the first may be marked wrongly (borrows travel upwards), so only the lowest mark counts.
#[inline]
const fn stops(word: u64) -> u64 {
    // Flipping one bit puts the quote (0x22) next to the control characters and takes the space (0x20) out of the way.
    let control_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (control_or_quote | backslash) & !word & HIGHS
}

/// Up to here a run is read word by word: shorter ones do not repay what the wide loop sets out with.
const SHORT_WORDS: usize = 6;

/// The offset of the next byte from `at` that is not plain text, or the length.
#[inline]
pub(super) fn plain_run(bytes: &[u8], at: usize) -> usize {
    // Names and most values end within two words; only then is a call worth it.
    match words(&bytes[at..], 2) {
        Run::Ends(rest) => bytes.len() - rest,
        Run::GoesOn(rest) => bytes.len() - long_run(rest),
    }
}

/// The length of the string in which `bytes` start, where its closing quote is near and nothing but plain ASCII stands before
/// it: most pieces of a stream. `None` says only that one has to look closer.
#[inline]
pub(crate) fn short_ascii(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    for _ in 0..NEAR_WORDS {
        let (chunk, tail) = rest.split_first_chunk()?;
        let word = u64::from_le_bytes(*chunk);
        let stop = stops(word) | word & HIGHS;
        if stop != 0 {
            let end = bytes.len() - rest.len() + (stop.trailing_zeros() / 8) as usize;
            return (bytes[end] == b'"').then_some(end);
        }
        rest = tail;
    }
    None
}

/// So many words are near.
const NEAR_WORDS: usize = 4;

/// How far some words of a text were read.
enum Run<'a> {
    /// The run ends where so many bytes are left.
    Ends(usize),
    /// What is left to be read.
    GoesOn(&'a [u8]),
}

/// Reads up to `most` words of eight bytes.
#[inline]
fn words(mut rest: &[u8], most: usize) -> Run<'_> {
    for _ in 0..most {
        let Some((chunk, tail)) = rest.split_first_chunk() else { break };
        let stop = stops(u64::from_le_bytes(*chunk));
        if stop != 0 {
            return Run::Ends(rest.len() - (stop.trailing_zeros() / 8) as usize);
        }
        rest = tail;
    }
    Run::GoesOn(rest)
}

/// How many bytes are left of `rest` from the next one on that is not plain text.
#[inline(never)]
fn long_run(rest: &[u8]) -> usize {
    let mut rest = match words(rest, SHORT_WORDS) {
        Run::Ends(left) => return left,
        Run::GoesOn(rest) => rest,
    };
    // In blocks that the compiler turns into vector instructions.
    while let Some((block, tail)) = rest.split_first_chunk::<64>() {
        let stop = block.iter().fold(0, |stop, byte| stop | ends(*byte));
        if stop != 0 {
            break;
        }
        rest = tail;
    }
    match words(rest, usize::MAX) {
        Run::Ends(left) => left,
        Run::GoesOn(rest) => rest.len() - rest.iter().take_while(|byte| ends(**byte) == 0).count(),
    }
}

/// Not 0 when the byte ends a run, by the same trick.
#[inline]
fn ends(byte: u8) -> u8 {
    u8::from((byte ^ 0x02) < 0x21) | u8::from(byte == b'\\')
}

/// The offset of the closing quote of the string that the run up to `at` is part of.
pub(super) fn end(bytes: &[u8], mut at: usize) -> Result<usize, ScanError> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = plain_run(bytes, escape(bytes, at)?),
            Some(_) => return Err(ScanError::new(at, What::Control)),
            None => return Err(ScanError::new(at, What::EndsInString)),
        }
    }
}

/// How far the bytes are UTF-8.
#[cold]
pub(super) fn valid_up_to(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

/// Checks the escape whose backslash is at `at` (both halves of a surrogate pair at once); gives the offset behind it.
pub(super) fn escape(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(bytes, at) {
            Some(0xD800..=0xDBFF) => match unit(bytes, at + 6) {
                Some(0xDC00..=0xDFFF) => Ok(at + 12),
                _ => Err(ScanError::new(at, What::Surrogate)),
            },
            Some(0xDC00..=0xDFFF) => Err(ScanError::new(at, What::Surrogate)),
            Some(_) => Ok(at + 6),
            None => Err(ScanError::new(at, What::HexEscape)),
        },
        _ => Err(ScanError::new(at, What::Escape)),
    }
}

/// The code unit of the `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = bytes.get(at..at + 6)? else { return None };
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

/// Hands out what checked `raw` says, piece by piece.
fn unescape_with(raw: &[u8], mut out: impl FnMut(&[u8])) {
    let mut at = 0;
    while let Some(plain) = memchr::memchr(b'\\', &raw[at..]) {
        out(&raw[at..at + plain]);
        at += plain;
        let (character, length) = unescape_one(raw, at);
        out(character.encode_utf8(&mut [0; 4]).as_bytes());
        at += length;
    }
    out(&raw[at..]);
}

/// The character that the checked escape at `at` stands for, and the escape's length.
fn unescape_one(raw: &[u8], at: usize) -> (char, usize) {
    match raw[at + 1] {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => {
            let first = unit(raw, at).expect("the scanner checked this escape");
            if !(0xD800..=0xDBFF).contains(&first) {
                return (char::from_u32(first).expect("no surrogate, so a character"), 6);
            }
            let second = unit(raw, at + 6).expect("the scanner checked this pair");
            let character = char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            (character.expect("a checked pair is a character"), 12)
        }
        other => (char::from(other), 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_string_is_measured_where_it_is_plain() {
        for length in 0..40 {
            for behind in [b"" as &[u8], b"\x00\x00\x00\x00\x00\x00\x00\x00", b"#################"] {
                let plain = [vec![b'a'; length].as_slice(), b"\"", behind].concat();
                let near = length / 8 < NEAR_WORDS && length / 8 * 8 + 8 <= plain.len();
                assert_eq!(short_ascii(&plain), near.then_some(length), "{length}");
                for at in 0..length {
                    for odd in [b'\\', 0x1f, 0, 0x80, 0xff] {
                        let mut text = plain.clone();
                        text[at] = odd;
                        assert_eq!(short_ascii(&text), None, "{length} {at} {odd}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_run_ends_at_its_first_stop_wherever_that_is() {
        for length in 0..200 {
            let plain = vec![b'a'; length];
            assert_eq!(plain_run(&plain, 0), length);
            for at in 0..length {
                for stop in [b'"', b'\\', 0x1f, 0] {
                    let mut text = plain.clone();
                    text[at] = stop;
                    // What a borrow could mark wrongly stands behind it.
                    text[length - 1] = if at == length - 1 { stop } else { b'#' };
                    assert_eq!(plain_run(&text, 0), at, "{length} {at} {stop}");
                    assert_eq!(plain_run(&text, at / 2), at, "{length} {at} {stop}");
                }
            }
            assert_eq!(plain_run(&vec![0x80; length], 0), length, "no letter of another alphabet is a stop");
        }
    }
}
