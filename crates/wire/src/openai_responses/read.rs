//! Reading values for translation: what is not of the protocol is named by its path.

use crate::conversation::{Loss, TranslateError};
use crate::scan::{Kind, ScanError, Scanner};
use crate::translate::note;

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Fault {
    Scan(ScanError),
    Said(TranslateError),
}

pub(super) type Read<T> = Result<T, Fault>;

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<TranslateError> for Fault {
    fn from(error: TranslateError) -> Self {
        Self::Said(error)
    }
}

impl Fault {
    /// What is wrong in an element of the list at `path`, with the element's place.
    fn of_element(self, path: &str, at: usize) -> Self {
        let Self::Said(TranslateError::Malformed { path: told, what }) = self else { return self };
        let told = match told.strip_prefix(path) {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => format!("{path}[{at}]{rest}"),
            _ => told,
        };
        Self::Said(TranslateError::Malformed { path: told, what })
    }

    /// What is wrong with a member of the object at `path`, with the member's name where that was not told.
    fn of_member(self, path: &str, name: &[u8]) -> Self {
        let Self::Said(TranslateError::Malformed { path: told, what }) = self else { return self };
        let told = if told == path { format!("{path}.{}", String::from_utf8_lossy(name)) } else { told };
        Self::Said(TranslateError::Malformed { path: told, what })
    }
}

impl From<Fault> for TranslateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Scan(error) => Self::malformed(format!("byte {}", error.offset()), error.what.as_str()),
            Fault::Said(error) => error,
        }
    }
}

/// Reads the one object that `body` is.
pub(super) fn document<'a>(
    body: &'a [u8],
    each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Result<(), TranslateError> {
    let read = || {
        let mut scan = Scanner::new(body)?;
        object(&mut scan, "body", each)?;
        Ok::<_, Fault>(scan.end()?)
    };
    Ok(read()?)
}

/// Walks the object that starts here.
pub(super) fn object<'a>(
    scan: &mut Scanner<'a>,
    path: &str,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Object => {
            scan.object(|scan, name| each(scan, name).map_err(|fault| fault.of_member(path, name)))
        }
        _ => Err(TranslateError::malformed(path, "an object was expected").into()),
    }
}

/// Walks the list that starts here; `null` is an empty one.
pub(super) fn list<'a>(
    scan: &mut Scanner<'a>,
    path: &str,
    mut each: impl FnMut(&mut Scanner<'a>) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Array => {
            let mut at = 0;
            scan.array(|scan| {
                each(scan).map_err(|fault| fault.of_element(path, at))?;
                at += 1;
                Ok(())
            })
        }
        Kind::Null => Ok(scan.skip()?),
        _ => Err(TranslateError::malformed(path, "a list was expected").into()),
    }
}

/// Takes a string; `null` is none.
pub(super) fn string(scan: &mut Scanner<'_>, path: &str) -> Read<Option<String>> {
    match scan.kind()? {
        Kind::String => Ok(Some(scan.string()?.unescape().into_owned())),
        Kind::Null => Ok(scan.skip().map(|()| None)?),
        _ => Err(TranslateError::malformed(path, "a string was expected").into()),
    }
}

/// Takes a whole number that is not negative; `null` is none.
pub(super) fn integer(scan: &mut Scanner<'_>, path: &str) -> Read<Option<u64>> {
    let is_null = scan.kind()? == Kind::Null;
    match scan.integer()? {
        None if !is_null => Err(TranslateError::malformed(path, "a whole number was expected").into()),
        number => Ok(number),
    }
}

/// Takes a number as it is written; `null` is none.
pub(super) fn number(scan: &mut Scanner<'_>, path: &str) -> Read<Option<String>> {
    match scan.kind()? {
        Kind::Number => Ok(Some(String::from_utf8_lossy(raw(scan)?).into_owned())),
        Kind::Null => Ok(scan.skip().map(|()| None)?),
        _ => Err(TranslateError::malformed(path, "a number was expected").into()),
    }
}

/// Takes `true` or `false`; `null` is none.
pub(super) fn boolean(scan: &mut Scanner<'_>, path: &str) -> Read<Option<bool>> {
    match scan.kind()? {
        Kind::True | Kind::False | Kind::Null => Ok(scan.boolean()?),
        _ => Err(TranslateError::malformed(path, "true or false was expected").into()),
    }
}

/// Takes any value; gives its JSON.
pub(super) fn raw<'a>(scan: &mut Scanner<'a>) -> Result<&'a [u8], ScanError> {
    let range = scan.range()?;
    Ok(scan.slice(range))
}

/// Takes any value; gives its JSON unless it is `null`.
pub(super) fn some_raw<'a>(scan: &mut Scanner<'a>) -> Result<Option<&'a [u8]>, ScanError> {
    let is_null = scan.kind()? == Kind::Null;
    Ok(Some(raw(scan)?).filter(|_| !is_null))
}

/// Takes any value; whether it says anything, as [`Scanner::says_something`], and, where it does, notes that it is lost.
pub(super) fn lose(
    scan: &mut Scanner<'_>,
    losses: &mut Vec<Loss>,
    path: &str,
    name: &[u8],
    why: &'static str,
) -> Read<()> {
    if scan.says_something()? && losses.len() < MOST_LOSSES {
        let name = String::from_utf8_lossy(name);
        let dot = if path.is_empty() { "" } else { "." };
        note(losses, Loss::new(format!("{path}{dot}{name}"), why));
    }
    Ok(())
}

/// Why a member is lost that nobody else has.
pub(super) const NO_PLACE: &str = "nothing to say it with in other protocols";

/// More kinds of loss are not told apart: whoever sends a body of unknown members is not to keep us busy.
const MOST_LOSSES: usize = 64;
