//! Strings: finding their end quickly, checking and undoing escapes.

use std::borrow::Cow;

use super::ScanError;

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
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    (control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS
}

/// The offset of the next byte from `at` that is not plain text, or the length. `high` becomes 0x80 or more when there
/// may have been a byte outside ASCII on the way.
#[inline]
pub(super) fn plain_run(bytes: &[u8], mut at: usize, high: &mut u8) -> usize {
    // Names and most values end within a few words; only then is the wider loop worth its start.
    for _ in 0..6 {
        let Some(chunk) = bytes[at..].first_chunk::<8>() else { return short_run(bytes, at, high) };
        let word = u64::from_le_bytes(*chunk);
        *high |= if word & HIGHS == 0 { 0 } else { 0x80 };
        let stop = stops(word);
        if stop != 0 {
            return at + (stop.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    long_run(bytes, at, high)
}

/// The same in blocks that the compiler turns into vector instructions.
fn long_run(bytes: &[u8], mut at: usize, high: &mut u8) -> usize {
    while let Some(block) = bytes[at..].first_chunk::<64>() {
        let mut stop = 0;
        let mut seen = 0;
        for &byte in block {
            stop |= u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
            seen |= byte;
        }
        if stop != 0 {
            break;
        }
        *high |= seen;
        at += 64;
    }
    short_run(bytes, at, high)
}

/// The same byte by byte: for the last few, or the block that holds the end.
fn short_run(bytes: &[u8], at: usize, high: &mut u8) -> usize {
    let plain = bytes[at..].iter().take_while(|byte| {
        let plain = **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
        *high |= **byte;
        plain
    });
    at + plain.count()
}

/// UTF-8 of a string's bytes; `offset` is where they start.
pub(super) fn check_utf8(raw: &[u8], offset: usize) -> Result<(), ScanError> {
    std::str::from_utf8(raw).map(drop).map_err(|error| ScanError::Syntax {
        offset: offset + error.valid_up_to(),
        what: "a string that is not UTF-8",
    })
}

/// Checks the escape whose backslash is at `at` (both halves of a surrogate pair at once); gives the offset behind it.
pub(super) fn escape(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(bytes, at) {
            Some(0xD800..=0xDBFF) => match unit(bytes, at + 6) {
                Some(0xDC00..=0xDFFF) => Ok(at + 12),
                _ => Err(ScanError::Syntax { offset: at, what: "half of a surrogate pair" }),
            },
            Some(0xDC00..=0xDFFF) => Err(ScanError::Syntax { offset: at, what: "half of a surrogate pair" }),
            Some(_) => Ok(at + 6),
            None => Err(ScanError::Syntax { offset: at, what: "an escape that is not \\u and four digits" }),
        },
        _ => Err(ScanError::Syntax { offset: at, what: "an unknown escape" }),
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
