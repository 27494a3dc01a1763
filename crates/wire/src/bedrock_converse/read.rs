//! Reading JSON for translation: what is missing or `null` says nothing, what is of another type is refused by its name.

use bytes::Bytes;

use crate::conversation::TranslateError;
use crate::scan::{Kind, ScanError, Scanner};

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

/// Something that is not as it must be.
pub(super) fn wrong(path: &str, what: &'static str) -> Stop {
    Stop::Translate(TranslateError::malformed(path, what))
}

/// Walks the members of a whole text, which must be an object.
pub(super) fn whole<'a>(
    body: &'a [u8],
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Result<(), TranslateError> {
    let mut read = || {
        let mut scan = Scanner::new(body)?;
        if scan.kind()? != Kind::Object {
            return Err(wrong("body", "an object was expected"));
        }
        object(&mut scan, "body", &mut each)?;
        Ok(scan.end()?)
    };
    Ok(read()?)
}

/// Walks the members of an object, those that are `null` left out; `null` has none.
pub(super) fn object<'a>(
    scan: &mut Scanner<'a>,
    path: &str,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Object => scan.object(|scan, name| {
            if scan.kind()? == Kind::Null {
                return Ok(scan.skip()?);
            }
            each(scan, name)
        }),
        Kind::Null => Ok(scan.skip()?),
        _ => Err(wrong(path, "an object was expected")),
    }
}

/// Walks the elements of a list; `null` has none.
pub(super) fn list<'a>(
    scan: &mut Scanner<'a>,
    path: &str,
    each: impl FnMut(&mut Scanner<'a>) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Array => scan.array(each),
        Kind::Null => Ok(scan.skip()?),
        _ => Err(wrong(path, "a list was expected")),
    }
}

/// A string.
pub(super) fn text(scan: &mut Scanner<'_>, path: &str) -> Read<String> {
    let text = scan.text()?.ok_or_else(|| wrong(path, "a string was expected"))?;
    Ok(text.unescape().into_owned())
}

/// The text of a number.
pub(super) fn number(scan: &mut Scanner<'_>, path: &str) -> Read<String> {
    if scan.kind()? != Kind::Number {
        return Err(wrong(path, "a number was expected"));
    }
    Ok(String::from_utf8_lossy(raw(scan)?).into_owned())
}

/// A whole number from 0.
pub(super) fn count(scan: &mut Scanner<'_>, path: &str) -> Read<u64> {
    scan.integer()?.ok_or_else(|| wrong(path, "a whole number was expected"))
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

/// Whether `json` is a JSON object.
pub(super) fn is_object(json: &[u8]) -> bool {
    let look = || {
        let mut scan = Scanner::new(json)?;
        let is_object = scan.kind()? == Kind::Object;
        scan.skip()?;
        scan.end()?;
        Ok::<_, ScanError>(is_object)
    };
    look().unwrap_or(false)
}
