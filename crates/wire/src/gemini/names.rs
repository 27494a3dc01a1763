//! Members' names. Google's readers take each in `lowerCamelCase` and in `snake_case`, and one element without its list;
//! so do we with what clients send.

use crate::scan::{Kind, ScanError, Scanner};

/// No name that we know is longer.
const LONGEST: usize = 64;

/// The name in `lowerCamelCase`.
pub(super) fn camel<'n>(name: &'n [u8], buffer: &'n mut [u8; LONGEST]) -> &'n [u8] {
    if name.len() > LONGEST || name.first() == Some(&b'_') || !name.contains(&b'_') {
        return name;
    }
    let mut length = 0;
    let mut raise = false;
    for byte in name {
        if *byte == b'_' {
            raise = true;
            continue;
        }
        buffer[length] = if raise { byte.to_ascii_uppercase() } else { *byte };
        raise = false;
        length += 1;
    }
    &buffer[..length]
}

/// Walks the members of the object that starts here, names in `lowerCamelCase`. A value of another kind is skipped and
/// is `false`.
pub(super) fn members<'a, E: From<ScanError>>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Result<(), E>,
) -> Result<bool, E> {
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(false);
    }
    scan.object(|scan, name| each(scan, camel(name, &mut [0; LONGEST])))?;
    Ok(true)
}

/// Walks the elements of the list that starts here; a value that is no list is its only element, `null` is none.
pub(super) fn elements<'a, E: From<ScanError>>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>) -> Result<(), E>,
) -> Result<(), E> {
    match scan.kind()? {
        Kind::Array => scan.array(each),
        Kind::Null => Ok(scan.skip()?),
        _ => each(scan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_name() {
        for (name, expected) in [
            ("max_output_tokens", "maxOutputTokens"),
            ("maxOutputTokens", "maxOutputTokens"),
            ("text", "text"),
            ("_self", "_self"),
            ("any_of", "anyOf"),
            ("a_", "a"),
            ("größe_x", "größeX"),
        ] {
            assert_eq!(camel(name.as_bytes(), &mut [0; LONGEST]), expected.as_bytes());
        }
        let long = "a_".repeat(40);
        assert_eq!(camel(long.as_bytes(), &mut [0; LONGEST]), long.as_bytes());
    }
}
