//! Reading what a client has to write in its type, as Google holds it to that: anything else is the client's error, told with
//! its place. `null` says nothing.

use super::names::members;
use super::reading::{Read, Wrong, is_number, named, number, raw, string};
use crate::placed::{Placed, elements};
use crate::scan::{Kind, Scanner};

/// Walks the members of an object, names in `lowerCamelCase`; those that are `null` are left out.
pub(super) fn object<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Object => members(scan, |scan, name| {
            if scan.kind()? == Kind::Null {
                return Ok(scan.skip()?);
            }
            each(scan, name).map_err(|wrong| wrong.within(&named("", name)))
        })
        .map(drop),
        Kind::Null => Ok(scan.skip()?),
        _ => Err(Wrong::malformed("", "an object was expected")),
    }
}

/// Walks the elements of a list; a value that is no list is its only element, which Google takes.
pub(super) fn list<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>) -> Read<()>,
) -> Read<()> {
    match scan.kind()? {
        Kind::Array => elements(scan, each),
        Kind::Null => Ok(scan.skip()?),
        _ => each(scan),
    }
}

/// Nothing where `null` starts here, else what `read` makes of the value, which it has to make something of.
fn some<T>(
    scan: &mut Scanner<'_>,
    read: impl FnOnce(&mut Scanner<'_>) -> Read<Option<T>>,
    expected: &'static str,
) -> Read<Option<T>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    read(scan)?.map(Some).ok_or_else(|| Wrong::malformed("", expected))
}

/// A string.
pub(super) fn text(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    some(scan, string, "a string was expected")
}

/// A number as it was written, also in quotes.
pub(super) fn amount(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    some(scan, number, "a number was expected")
}

/// A whole number as it was written, also in quotes, without the `.0` of languages that know fractions alone.
pub(super) fn whole(scan: &mut Scanner<'_>) -> Read<Option<String>> {
    let whole = |scan: &mut Scanner<'_>| {
        let number =
            number(scan)?.map(|number| number.strip_suffix(".0").map(str::to_owned).unwrap_or(number));
        let is_whole = |number: &String| is_number(number.as_bytes()) && !number.contains(['.', 'e', 'E']);
        Ok(number.filter(is_whole))
    };
    some(scan, whole, "a whole number was expected")
}

/// A whole number from 0.
pub(super) fn count<T: TryFrom<u64>>(scan: &mut Scanner<'_>) -> Read<Option<T>> {
    let count = |scan: &mut Scanner<'_>| {
        let number = whole(scan)?.and_then(|number| number.parse::<u64>().ok());
        Ok(number.and_then(|number| T::try_from(number).ok()))
    };
    some(scan, count, "a whole number was expected, not below zero")
}

/// `true` or `false`.
pub(super) fn flag(scan: &mut Scanner<'_>) -> Read<Option<bool>> {
    some(scan, |scan| Ok(scan.boolean()?), "`true` or `false` was expected")
}

/// Refuses what is no object.
pub(super) fn check_object(scan: &mut Scanner<'_>) -> Read<()> {
    if scan.kind()? == Kind::Object { Ok(()) } else { Err(Wrong::malformed("", "an object was expected")) }
}

/// An object as it stands.
pub(super) fn raw_object<'a>(scan: &mut Scanner<'a>) -> Read<&'a [u8]> {
    check_object(scan)?;
    raw(scan)
}
