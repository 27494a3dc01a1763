//! Reading JSON for translation: what is missing or `null` says nothing, what is of another type is refused by its name.

use bytes::Bytes;

use crate::conversation::{Loss, TranslateError};
use crate::placed::{Placed, elements};
use crate::scan::{Kind, ScanError, Scanner};
use crate::translate::note;

/// Why reading stops: not JSON, or nothing that can be translated.
#[derive(Debug)]
pub(super) enum Stop {
    Scan(ScanError),
    Translate(TranslateError),
}

impl From<ScanError> for Stop {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<TranslateError> for Stop {
    fn from(error: TranslateError) -> Self {
        Self::Translate(error)
    }
}

impl From<Stop> for TranslateError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Scan(error) => Self::malformed(format!("byte {}", error.offset()), error.what.as_str()),
            Stop::Translate(error) => error,
        }
    }
}

pub(super) type Read<T> = Result<T, Stop>;

impl Placed for Stop {
    fn within(self, place: &str) -> Self {
        match self {
            Self::Translate(error) => Self::Translate(error.within(place)),
            Self::Scan(error) => Self::Scan(error),
        }
    }
}

/// The value that is read is not as it must be. Whoever walks to it tells where it stands.
pub(super) fn wrong(what: &'static str) -> Stop {
    Stop::Translate(TranslateError::malformed("", what))
}

/// Walks the members of a whole text, which must be an object.
pub(super) fn whole<'a>(
    body: &'a [u8],
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Result<(), TranslateError> {
    let mut read = || {
        let mut scan = Scanner::new(body)?;
        if scan.kind()? != Kind::Object {
            return Err(TranslateError::malformed("body", "an object was expected").into());
        }
        object(&mut scan, &mut each)?;
        Ok::<_, Stop>(scan.end()?)
    };
    Ok(read()?)
}

/// Walks the members of an object, those that are `null` left out; `null` has none.
pub(super) fn object<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Object => scan.object(|scan, name| {
            if scan.kind()? == Kind::Null {
                return Ok(scan.skip()?);
            }
            each(scan, name).map_err(|stop| stop.within(&named("", name)))
        }),
        Kind::Null => Ok(scan.skip()?),
        _ => Err(wrong("an object was expected")),
    }
}

/// Walks the elements of a list; `null` has none.
pub(super) fn list<'a>(scan: &mut Scanner<'a>, each: impl FnMut(&mut Scanner<'a>) -> Read<()>) -> Read<()> {
    match scan.kind()? {
        Kind::Array => elements(scan, each),
        Kind::Null => Ok(scan.skip()?),
        _ => Err(wrong("a list was expected")),
    }
}

/// A string.
pub(super) fn text(scan: &mut Scanner<'_>) -> Read<String> {
    let text = scan.text()?.ok_or_else(|| wrong("a string was expected"))?;
    Ok(text.unescape().into_owned())
}

/// The text of a number.
pub(super) fn number(scan: &mut Scanner<'_>) -> Read<String> {
    if scan.kind()? != Kind::Number {
        return Err(wrong("a number was expected"));
    }
    Ok(String::from_utf8_lossy(raw(scan)?).into_owned())
}

/// A whole number from 0.
pub(super) fn count(scan: &mut Scanner<'_>) -> Read<u64> {
    scan.integer()?.ok_or_else(|| wrong("a whole number was expected"))
}

/// `true` or `false`.
pub(super) fn flag(scan: &mut Scanner<'_>) -> Read<bool> {
    scan.boolean()?.ok_or_else(|| wrong("`true` or `false` was expected"))
}

/// Skips what has no place elsewhere, and names it where it says something.
pub(super) fn lose(scan: &mut Scanner<'_>, within: &str, name: &[u8], losses: &mut Vec<Loss>) -> Read<()> {
    if scan.says_something()? {
        note(losses, Loss::new(named(within, name), "no place for it elsewhere"));
    }
    Ok(())
}

/// Any value, as it stands.
pub(super) fn raw<'a>(scan: &mut Scanner<'a>) -> Read<&'a [u8]> {
    let range = scan.range()?;
    Ok(scan.slice(range))
}

/// The same, kept.
pub(super) fn bytes(scan: &mut Scanner<'_>) -> Read<Bytes> {
    Ok(Bytes::copy_from_slice(raw(scan)?))
}

/// A member's name, for people.
pub(super) fn named(prefix: &str, name: &[u8]) -> String {
    format!("{prefix}{}", String::from_utf8_lossy(name))
}
