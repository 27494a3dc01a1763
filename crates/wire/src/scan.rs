//! One strict pass over JSON text, borrowed, without a tree.
//!
//! **For**: looking into bodies that are then passed on as they are. The caller walks the values that it cares about
//! ([`object`](Scanner::object), [`array`](Scanner::array), [`string`](Scanner::string)) and skips the rest.
//!
//! **Promises**: the verdict of `serde_json::Value` on the same bytes (syntax, UTF-8, escapes, number range, depth);
//! time linear in the input; no allocation; stack bounded by [`MAX_DEPTH`].
//!
//! **Never**: panics on any input, changes a byte, or reads past the value it was asked for.

mod number;
mod text;

use std::ops::Range;

pub(crate) use self::text::Text;
use self::text::plain_run;

/// Arrays and objects may nest this deep; one more is refused, as by `serde_json`.
pub(crate) const MAX_DEPTH: u8 = 127;

/// Why the text is not JSON that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// A syntax error.
    Syntax {
        /// Where, in bytes from the start.
        offset: usize,
        /// What should have been there, or what must not be.
        what: &'static str,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// A place in a JSON text.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u8,
}

type Scanned<T> = Result<T, ScanError>;

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// The offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The text between two offsets that this scanner gave.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        &self.bytes[range]
    }

    /// Skips white space and says what value starts there.
    #[inline]
    pub(crate) fn kind(&mut self) -> Scanned<Kind> {
        self.blank();
        match self.bytes.get(self.at) {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.error("a value was expected")),
            None => Err(self.error("the text ends where a value was expected")),
        }
    }

    /// Walks the members of the object that starts here. `each` gets a member's name, unescaped, and must take its value.
    pub(crate) fn object<E: From<ScanError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'{')?;
        self.blank();
        if !self.next_is(b'}') {
            loop {
                self.blank();
                let name = self.name()?;
                self.blank();
                self.expect(b':', "`:` was expected")?;
                if name.escaped {
                    each(self, name.unescape_short(&mut [0; text::NAME_BUFFER]))?;
                } else {
                    each(self, name.raw)?;
                }
                self.blank();
                if !self.next_is(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        Ok(self.leave(b'}', "`,` or `}` was expected")?)
    }

    /// Walks the elements of the array that starts here. `each` must take its element.
    pub(crate) fn array<E: From<ScanError>>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'[')?;
        self.blank();
        if !self.next_is(b']') {
            loop {
                each(self)?;
                self.blank();
                if !self.next_is(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        Ok(self.leave(b']', "`,` or `]` was expected")?)
    }

    /// Takes the string that starts here.
    #[inline]
    pub(crate) fn string(&mut self) -> Scanned<Text<'a>> {
        self.blank();
        self.expect(b'"', "a string was expected")?;
        let start = self.at;
        let mut high = 0;
        let mut escaped = false;
        loop {
            self.at = plain_run(self.bytes, self.at, &mut high);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at = text::escape(self.bytes, self.at)?;
                }
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the text ends inside a string")),
            }
        }
        let raw = &self.bytes[start..self.at];
        if high >= 0x80 {
            // The run looked at whole words, so the high byte may lie past the string; then this is merely superfluous.
            text::check_utf8(raw, start)?;
        }
        self.at += 1;
        Ok(Text { raw, escaped })
    }

    /// Takes the value that starts here, whatever it is.
    pub(crate) fn skip(&mut self) -> Scanned<()> {
        match self.kind()? {
            Kind::String => self.string().map(|_| ()),
            Kind::Object => self.object(|scan, _| scan.skip()),
            Kind::Array => self.array(Self::skip),
            Kind::Number => {
                self.at = number::number(self.bytes, self.at)?;
                Ok(())
            }
            Kind::True => self.word(b"true"),
            Kind::False => self.word(b"false"),
            Kind::Null => self.word(b"null"),
        }
    }

    /// The same, and its range.
    pub(crate) fn range(&mut self) -> Scanned<Range<usize>> {
        self.blank();
        let start = self.at;
        self.skip()?;
        Ok(start..self.at)
    }

    /// Takes `true` or `false`; any other value is skipped and is `None`.
    pub(crate) fn boolean(&mut self) -> Scanned<Option<bool>> {
        let kind = self.kind()?;
        self.skip()?;
        Ok(match kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        })
    }

    /// Takes a number that is a non-negative integer within `u64`; any other value is skipped and is `None`.
    pub(crate) fn integer(&mut self) -> Scanned<Option<u64>> {
        let range = self.range()?;
        Ok(std::str::from_utf8(&self.bytes[range]).ok().and_then(|text| text.parse().ok()))
    }

    /// Takes a string; any other value is skipped and is `None`.
    pub(crate) fn text(&mut self) -> Scanned<Option<Text<'a>>> {
        if self.kind()? == Kind::String { self.string().map(Some) } else { self.skip().map(|()| None) }
    }

    /// Takes any value; whether it says anything: neither `null` nor `false`, nor an empty string, list or object.
    pub(crate) fn says_something(&mut self) -> Scanned<bool> {
        let kind = self.kind()?;
        let range = self.range()?;
        Ok(match kind {
            Kind::Null | Kind::False => false,
            Kind::String => range.len() > 2,
            Kind::Array | Kind::Object => {
                let inside = range.start + 1..range.end - 1;
                !self.bytes[inside].trim_ascii().is_empty()
            }
            Kind::Number | Kind::True => true,
        })
    }

    /// Makes sure that only white space is left.
    pub(crate) fn end(&mut self) -> Scanned<()> {
        self.blank();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("more text after the value")) }
    }

    #[inline]
    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    fn next_is(&self, byte: u8) -> bool {
        self.bytes.get(self.at) == Some(&byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Scanned<()> {
        if self.next_is(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(what))
        }
    }

    #[inline]
    fn name(&mut self) -> Scanned<Text<'a>> {
        if self.next_is(b'"') { self.string() } else { Err(self.error("a member's name was expected")) }
    }

    fn word(&mut self, word: &'static [u8]) -> Scanned<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.error("a value was expected"));
        }
        self.at += word.len();
        Ok(())
    }

    fn enter(&mut self, open: u8) -> Scanned<()> {
        self.blank();
        self.expect(open, "an object or array was expected")?;
        if self.depth == MAX_DEPTH {
            return Err(ScanError::TooDeep);
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self, close: u8, what: &'static str) -> Scanned<()> {
        self.depth -= 1;
        self.expect(close, what)
    }

    const fn error(&self, what: &'static str) -> ScanError {
        ScanError::Syntax { offset: self.at, what }
    }
}
