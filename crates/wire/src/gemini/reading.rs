//! What the readers of requests, answers and streams share.

use crate::conversation::{Loss, TranslateError};
use crate::placed::Placed;
use crate::scan::{Kind, ScanError, Scanner, kind_of};
use crate::translate::note;

/// What a reader of this dialect gives.
pub(super) type Read<T> = Result<T, Wrong>;

/// Why something is not read.
#[derive(Debug)]
pub(super) struct Wrong(pub(super) TranslateError);

impl From<ScanError> for Wrong {
    fn from(error: ScanError) -> Self {
        Self(TranslateError::malformed("", error.what.as_str()))
    }
}

impl From<TranslateError> for Wrong {
    fn from(error: TranslateError) -> Self {
        Self(error)
    }
}

impl Placed for Wrong {
    fn within(self, place: &str) -> Self {
        Self(self.0.within(place))
    }
}

impl Wrong {
    pub(super) fn malformed(path: &str, what: &'static str) -> Self {
        Self(TranslateError::malformed(path, what))
    }

    pub(super) fn unsayable(what: &str, why: &'static str) -> Self {
        Self(TranslateError::unsayable(what, why))
    }
}

/// The string that starts here, owned; any other value is skipped and is `None`.
pub(super) fn string(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    Ok(scan.text()?.map(|text| text.unescape().into_owned()))
}

/// The number that starts here as it was written, also where it stands in quotes, which Google's readers take.
pub(super) fn number(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    let kind = scan.kind()?;
    let range = scan.range()?;
    let text = scan.slice(range);
    let inside = match kind {
        Kind::Number => text,
        Kind::String => text.get(1..text.len() - 1).unwrap_or_default(),
        _ => return Ok(None),
    };
    Ok(is_number(inside).then(|| String::from_utf8_lossy(inside).into_owned()))
}

/// Whether `text` is one JSON number and nothing else.
pub(super) fn is_number(text: &[u8]) -> bool {
    !text.first().is_some_and(u8::is_ascii_whitespace) && kind_of(text) == Some(Kind::Number)
}

/// The whole number that starts here.
pub(super) fn integer(scan: &mut Scanner<'_>) -> Read<Option<u64>> {
    Ok(number(scan)?.and_then(|number| number.strip_suffix(".0").unwrap_or(&number).parse().ok()))
}

/// The value that starts here as it stands.
pub(super) fn raw<'a>(scan: &mut Scanner<'a>) -> Read<&'a [u8]> {
    let range = scan.range()?;
    Ok(scan.slice(range))
}

/// Skips a member that has no neutral form, and names it where it says something.
pub(super) fn lose(scan: &mut Scanner<'_>, what: impl Into<String>, losses: &mut Vec<Loss>) -> Read<()> {
    if scan.says_something()? {
        note(losses, Loss::new(what, "no form outside of this protocol"));
    }
    Ok(())
}

/// The name as text: what is no UTF-8 was refused with the body.
pub(super) fn named(prefix: &str, name: &[u8]) -> String {
    format!("{prefix}{}", String::from_utf8_lossy(name))
}
