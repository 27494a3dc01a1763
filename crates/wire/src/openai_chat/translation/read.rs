//! Reading with a place: what is wrong in a body is told with the path to it, and what has no place in the neutral
//! conversation is noted as lost.
//!
//! **For**: clients' requests, which are held to their types. (Suppliers' answers are read with more patience.)

use bytes::Bytes;

use crate::conversation::{Loss, TranslateError};
use crate::placed::{self, Placed};
use crate::scan::{Kind, ScanError, Scanner};

/// What reading gives.
pub(super) type Read<T> = Result<T, Fault>;

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// The text is not JSON, or a value is not of the type that it has to be.
    Json(ScanError),
    /// Anything else.
    Told(TranslateError),
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self::Json(error)
    }
}

impl From<TranslateError> for Fault {
    fn from(error: TranslateError) -> Self {
        Self::Told(error)
    }
}

impl From<Fault> for TranslateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Json(error) => Self::malformed("", error.what.as_str()),
            Fault::Told(error) => error,
        }
    }
}

impl Placed for Fault {
    fn within(self, place: &str) -> Self {
        Self::Told(TranslateError::from(self).within(place))
    }
}

/// The value that is being read is wrong.
pub(super) fn wrong(what: &'static str) -> Fault {
    TranslateError::malformed("", what).into()
}

/// Walks the members of an object; `null` has none. `each` gets a member's name and must take its value.
pub(super) fn members<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    scan.object(|scan, name| each(scan, name).map_err(|fault| fault.within(&shown(name))))
}

/// Walks the elements of a list; `null` has none. `each` must take its element.
pub(super) fn elements<'a>(
    scan: &mut Scanner<'a>,
    each: impl FnMut(&mut Scanner<'a>) -> Read<()>,
) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    placed::elements(scan, each)
}

/// A string, or `null`.
pub(super) fn text(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    Ok(Some(scan.string()?.unescape().into_owned()))
}

/// A number as it is written, or `null`.
pub(super) fn number(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    match scan.kind()? {
        Kind::Null => scan.skip().map(|()| None).map_err(Fault::from),
        Kind::Number => {
            let range = scan.range()?;
            Ok(Some(String::from_utf8_lossy(scan.slice(range)).into_owned()))
        }
        _ => Err(wrong("a number was expected")),
    }
}

/// A whole number that is not below `least`, or `null`.
pub(super) fn count(scan: &mut Scanner<'_>, least: u64) -> Read<Option<u64>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let count = scan.integer()?.ok_or_else(|| wrong("a whole number was expected, not below zero"))?;
    if count < least { Err(wrong("too small")) } else { Ok(Some(count)) }
}

/// `true` or `false`, or `null`.
pub(super) fn flag(scan: &mut Scanner<'_>) -> Read<Option<bool>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let flag = scan.boolean()?.ok_or_else(|| wrong("`true` or `false` was expected"))?;
    Ok(Some(flag))
}

/// Any value as it is written; `null` is none.
pub(super) fn raw(scan: &mut Scanner<'_>) -> Read<Option<Bytes>> {
    let kind = scan.kind()?;
    let range = scan.range()?;
    Ok((kind != Kind::Null).then(|| Bytes::copy_from_slice(scan.slice(range))))
}

/// An object as it is written; `null` is none.
pub(super) fn raw_object(scan: &mut Scanner<'_>) -> Read<Option<Bytes>> {
    if !matches!(scan.kind()?, Kind::Object | Kind::Null) {
        return Err(wrong("an object was expected"));
    }
    raw(scan)
}

/// More losses than this of one message help nobody; a sender must not make us hold, and compare, any number of names.
const MOST_LOSSES: usize = 64;

/// The longest name that is told, in characters.
const LONGEST_NAME: usize = 80;

/// What was lost so far, each once.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

impl Losses {
    /// Notes something that is lost.
    pub(super) fn note(&mut self, what: &str, why: &'static str) {
        if self.0.len() < MOST_LOSSES && !self.0.iter().any(|known| known.what == what) {
            self.0.push(Loss::new(what, why));
        }
    }

    /// Takes the value of a member that means nothing here; it is lost if it says anything.
    pub(super) fn unknown(
        &mut self,
        scan: &mut Scanner<'_>,
        within: &str,
        name: &[u8],
    ) -> Result<(), ScanError> {
        if scan.says_something()? {
            let dot = if within.is_empty() { "" } else { "." };
            self.note(&format!("{within}{dot}{}", shown(name)), NO_PLACE);
        }
        Ok(())
    }

    pub(super) fn as_slice(&self) -> &[Loss] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Loss> {
        self.0
    }
}

/// Why most things are lost.
pub(super) const NO_PLACE: &str = "other protocols have no place for it";

/// A member's name, for people.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(LONGEST_NAME).collect()
}
