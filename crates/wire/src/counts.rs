//! Counts in a usage object, read with patience: suppliers put nulls, floats, strings and new fields there, and none of
//! it may cost us the rest.

use crate::scan::{Kind, ScanError, Scanner};

/// Takes one count: the group (the member that it is in, or nothing), its name, the count.
pub(crate) type Each<'e> = dyn FnMut(&[u8], &[u8], u64) + 'e;

/// Hands each number of the object that starts here to `each`. Looks one level deep; a value that is no object has no counts.
pub(crate) fn counts(scan: &mut Scanner<'_>, each: &mut Each<'_>) -> Result<(), ScanError> {
    if scan.kind()? != Kind::Object {
        return scan.skip();
    }
    scan.object(|scan, name| member(scan, name, each))
}

/// The same for one member, whose value starts here.
pub(crate) fn member(scan: &mut Scanner<'_>, name: &[u8], each: &mut Each<'_>) -> Result<(), ScanError> {
    match scan.kind()? {
        Kind::Number => each(b"", name, count(scan)?),
        Kind::Object => scan.object(|scan, inner| {
            if scan.kind()? == Kind::Number {
                each(name, inner, count(scan)?);
                return Ok(());
            }
            scan.skip()
        })?,
        _ => scan.skip()?,
    }
    Ok(())
}

/// A number as a count: whole, not below zero, at most `u64::MAX`.
fn count(scan: &mut Scanner<'_>) -> Result<u64, ScanError> {
    if let Some(number) = scan.plain_integer() {
        return Ok(number);
    }
    let range = scan.range()?;
    let number = scan.slice(range);
    let text = std::str::from_utf8(number).unwrap_or_default();
    Ok(text.parse().unwrap_or_else(|_| saturating(text.parse().unwrap_or_default())))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, as wanted"
)]
const fn saturating(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(json: &str) -> Vec<(String, String, u64)> {
        let mut found = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        counts(&mut Scanner::new(json.as_bytes()).unwrap(), &mut |group, name, count| {
            found.push((text(group), text(name), count));
        })
        .unwrap();
        found
    }

    #[test]
    fn odd_values_cost_nothing_else() {
        let json = r#"{"a":1,"b":null,"c":"x","d":[1],"e":{"f":2.9,"g":{},"h":-3,"i":1e99},"j":18446744073709551616,"k":9999999999999999999,"l":12345678901234567890}"#;
        let expected = [
            ("", "a", 1),
            ("e", "f", 2),
            ("e", "h", 0),
            ("e", "i", u64::MAX),
            ("", "j", u64::MAX),
            ("", "k", 9_999_999_999_999_999_999),
            ("", "l", 12_345_678_901_234_567_890),
        ];
        assert_eq!(all(json), expected.map(|(group, name, n)| (group.to_owned(), name.to_owned(), n)));
    }

    #[test]
    fn what_is_no_number_is_an_error_all_the_same() {
        for json in [r#"{"a":007}"#, r#"{"a":1.}"#, r#"{"a":1e}"#, r#"{"a":1x}"#, r#"{"a":-}"#] {
            let read = counts(&mut Scanner::new(json.as_bytes()).unwrap(), &mut |_, _, _| ());
            assert!(read.is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_counts() {
        for json in ["null", "[1]", "3", r#""x""#] {
            assert_eq!(all(json), []);
        }
    }
}
