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

use std::borrow::Cow;
use std::ops::Range;

use self::text::plain_run;
pub(crate) use self::text::{Text, short_ascii};
use crate::seals;

/// Arrays and objects may nest this deep; one more is refused, as by `serde_json`.
pub(crate) const MAX_DEPTH: u8 = 127;

/// Why the text is not JSON that we take. Small, so that results of the inner functions stay in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanError {
    /// Where, in bytes from the start; at most `u32::MAX`.
    offset: u32,
    pub(crate) what: What,
}

impl ScanError {
    #[cold]
    fn new(offset: usize, what: What) -> Self {
        Self { offset: u32::try_from(offset).unwrap_or(u32::MAX), what }
    }

    pub(crate) const fn offset(self) -> usize {
        self.offset as usize
    }
}

/// What is wrong at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    Value,
    Ends,
    Name,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Container,
    Quote,
    Control,
    EndsInString,
    Utf8,
    Escape,
    HexEscape,
    Surrogate,
    LeadingZero,
    Digit,
    Range,
    Trailing,
}

impl What {
    /// In words.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TooDeep => "nested too deeply",
            Self::Value => "a value was expected",
            Self::Ends => "the text ends where a value was expected",
            Self::Name => "a member's name was expected",
            Self::Colon => "`:` was expected",
            Self::CommaOrBrace => "`,` or `}` was expected",
            Self::CommaOrBracket => "`,` or `]` was expected",
            Self::Container => "an object or array was expected",
            Self::Quote => "a string was expected",
            Self::Control => "a control character in a string",
            Self::EndsInString => "the text ends inside a string",
            Self::Utf8 => "a string that is not UTF-8",
            Self::Escape => "an unknown escape",
            Self::HexEscape => "an escape that is not \\u and four digits",
            Self::Surrogate => "half of a surrogate pair",
            Self::LeadingZero => "a number must not start with 0",
            Self::Digit => "a digit was expected",
            Self::Range => "a number out of range",
            Self::Trailing => "more text after the value",
        }
    }
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
    names_proofs: bool,
}

type Scanned<T> = Result<T, ScanError>;

/// The inside of the string in which `bytes` start, up to its closing quote. Its UTF-8 is not checked.
pub(crate) fn string_inside(bytes: &[u8]) -> Scanned<&[u8]> {
    let end = text::end(bytes, plain_run(bytes, 0))?;
    Ok(&bytes[..end])
}

/// What the string says that `bytes` start in, behind its opening quote; `None` where it is not sound.
pub(crate) fn said(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let raw = string_inside(bytes).ok()?;
    std::str::from_utf8(raw).ok()?;
    Some(Text { raw, escaped: memchr::memchr(b'\\', raw).is_some() }.unescape())
}

/// The kind of the one value that `text` is, with nothing but white space around it; `None` where it is no JSON.
pub(crate) fn kind_of(text: &[u8]) -> Option<Kind> {
    let mut scan = Scanner::new(text).ok()?;
    let kind = scan.kind().ok()?;
    scan.skip().ok()?;
    scan.end().ok()?;
    Some(kind)
}

/// Whether `text` is a JSON object.
pub(crate) fn is_object(text: &[u8]) -> bool {
    kind_of(text) == Some(Kind::Object)
}

/// So many digits are always within `u64`.
const ALWAYS_FIT: usize = 19;

impl<'a> Scanner<'a> {
    /// Starts at the front of `bytes`.
    ///
    /// # Errors
    /// [`What::Utf8`]: the text is checked once, as a whole, so that nothing after this has to.
    pub(crate) fn new(bytes: &'a [u8]) -> Scanned<Self> {
        match simdutf8::basic::from_utf8(bytes) {
            Ok(_) => Ok(Self { bytes, at: 0, depth: 0, names_proofs: false }),
            Err(_) => Err(ScanError::new(text::valid_up_to(bytes), What::Utf8)),
        }
    }

    /// The offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Whether a string has gone by that is the name or the type of something signed or encrypted: without one, no proof has.
    pub(crate) const fn names_proofs(&self) -> bool {
        self.names_proofs
    }

    /// The text between two offsets that this scanner gave.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        &self.bytes[range]
    }

    /// A scanner of one value alone, between two offsets that this one gave.
    pub(crate) fn again(&self, range: Range<usize>) -> Self {
        Self { bytes: &self.bytes[range], at: 0, depth: self.depth, names_proofs: self.names_proofs }
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
            Some(_) => Err(self.error(What::Value)),
            None => Err(self.error(What::Ends)),
        }
    }

    /// Walks the members of the object that starts here. `each` gets a member's name, unescaped, and must take its value.
    #[inline]
    pub(crate) fn object<E: From<ScanError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'{')?;
        if self.next_is(b'}') {
            return self.leave().map_err(E::from);
        }
        loop {
            let name = self.name()?;
            if name.escaped {
                each(self, name.unescape_short(&mut [0; text::NAME_BUFFER]))?;
            } else {
                each(self, name.raw)?;
            }
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.leave().map_err(E::from),
                _ => return Err(self.error(What::CommaOrBrace).into()),
            }
        }
    }

    /// Walks the elements of the array that starts here. `each` must take its element.
    #[inline]
    pub(crate) fn array<E: From<ScanError>>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'[')?;
        if self.next_is(b']') {
            return self.leave().map_err(E::from);
        }
        loop {
            each(self)?;
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => return self.leave().map_err(E::from),
                _ => return Err(self.error(What::CommaOrBracket).into()),
            }
        }
    }

    /// Takes the string that starts here.
    #[inline]
    pub(crate) fn string(&mut self) -> Scanned<Text<'a>> {
        self.blank();
        if self.next_is(b'"') { self.string_behind_quote() } else { Err(self.error(What::Quote)) }
    }

    #[inline]
    fn string_behind_quote(&mut self) -> Scanned<Text<'a>> {
        let start = self.at + 1;
        let end = plain_run(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            let raw = &self.bytes[start..end];
            self.names_proofs |= seals::is_proofs_name(raw);
            return Ok(Text { raw, escaped: false });
        }
        self.escaped_string(start, end)
    }

    /// The rest of a string whose first run, up to `end`, does not end in a quote.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize, end: usize) -> Scanned<Text<'a>> {
        let end = text::end(self.bytes, end)?;
        self.at = end + 1;
        let text = Text { raw: &self.bytes[start..end], escaped: true };
        self.names_proofs |= seals::is_proofs_name(text.unescape_short(&mut [0; text::NAME_BUFFER]));
        Ok(text)
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
        if let Some(number) = self.plain_integer() {
            return Ok(Some(number));
        }
        let range = self.range()?;
        let number = &self.bytes[range];
        Ok(std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()))
    }

    /// Takes the number that starts here, if it is of few digits and nothing else, as nearly all are. Takes nothing else.
    #[inline]
    pub(crate) fn plain_integer(&mut self) -> Option<u64> {
        self.blank();
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take(ALWAYS_FIT + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let goes_on = matches!(rest.get(length), Some(b'.' | b'e' | b'E'));
        let leads_with_0 = length > 1 && rest[0] == b'0';
        if goes_on || leads_with_0 || length == 0 || length > ALWAYS_FIT {
            return None;
        }
        let number = rest[..length].iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        self.at += length;
        Some(number)
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
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error(What::Trailing)) }
    }

    #[inline]
    fn blank(&mut self) {
        // One comparison in the usual case: nothing is blank in what programs write.
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return;
            }
            self.at += 1;
        }
    }

    #[inline]
    fn next_is(&self, byte: u8) -> bool {
        self.bytes.get(self.at) == Some(&byte)
    }

    /// A member's name and the colon behind it.
    #[inline]
    fn name(&mut self) -> Scanned<Text<'a>> {
        self.blank();
        if !self.next_is(b'"') {
            return Err(self.error(What::Name));
        }
        let name = self.string_behind_quote()?;
        self.blank();
        if !self.next_is(b':') {
            return Err(self.error(What::Colon));
        }
        self.at += 1;
        Ok(name)
    }

    fn word(&mut self, word: &'static [u8]) -> Scanned<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.error(What::Value));
        }
        self.at += word.len();
        Ok(())
    }

    /// Steps over the opening bracket and what is blank behind it.
    #[inline]
    fn enter(&mut self, open: u8) -> Scanned<()> {
        self.blank();
        if !self.next_is(open) {
            return Err(self.error(What::Container));
        }
        if self.depth == MAX_DEPTH {
            return Err(self.error(What::TooDeep));
        }
        self.at += 1;
        self.depth += 1;
        self.blank();
        Ok(())
    }

    /// Steps over the closing bracket, which was seen.
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "ends the walks, which can fail")]
    const fn leave(&mut self) -> Scanned<()> {
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    fn error(&self, what: What) -> ScanError {
        ScanError::new(self.at, what)
    }
}
