//! Numbers, by the grammar of RFC 8259 and the range of `f64`.

use super::{ScanError, What};

/// Up to this length a number without exponent is surely within `f64` (309 digits are not).
const SURELY_IN_RANGE: usize = 300;

/// Checks the number that starts at `start` (a digit or `-`) and gives the offset behind it.
pub(super) fn number(bytes: &[u8], start: usize) -> Result<usize, ScanError> {
    let mut at = start + usize::from(bytes[start] == b'-');
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    if matches!(bytes.get(at), Some(b'0'..=b'9')) {
        return Err(ScanError::new(at, What::LeadingZero));
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
    if exponent {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(bytes, at)?;
    }
    if exponent || at - start > SURELY_IN_RANGE {
        in_range(&bytes[start..at], start)?;
    }
    Ok(at)
}

/// At least one digit.
fn digits(bytes: &[u8], start: usize) -> Result<usize, ScanError> {
    let count = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return Err(ScanError::new(start, What::Digit));
    }
    Ok(start + count)
}

/// Leaves the rounding at the edge of `f64` to `serde_json`, so that both always agree. Rare, so its cost does not matter.
#[cold]
fn in_range(number: &[u8], offset: usize) -> Result<(), ScanError> {
    let parsed: Result<f64, _> = serde_json::from_slice(number);
    parsed.map(drop).map_err(|_| ScanError::new(offset, What::Range))
}
