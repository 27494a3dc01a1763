//! Decimal text to a scaled integer and back, without ever passing through a float.
//!
//! Shared by [`Money`](crate::Money) and [`Rate`](crate::Rate), which differ only in how many places they keep.

use std::fmt;

/// Why a decimal figure was refused. No figure is ever rounded to make it fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not of the form `-?[0-9]+(.[0-9]+)?`: write `0.5`, not `.5`, `5e-1` or `0,5`.
    #[error("not a plain decimal number such as 2.50")]
    NotDecimal,
    /// More decimals than are kept exactly.
    #[error("more than {0} decimals cannot be kept exactly")]
    TooPrecise(usize),
    /// Larger, or smaller, than the type holds; also a negative figure where none can be.
    #[error("out of range")]
    OutOfRange,
}

/// Reads `text` as an integer in units of `10^-places`.
pub(crate) fn parse(text: &str, places: usize) -> Result<i128, DecimalError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(DecimalError::NotDecimal),
        Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::NotDecimal);
    }
    if fraction.len() > places {
        return Err(DecimalError::TooPrecise(places));
    }
    let padding = std::iter::repeat_n(b'0', places - fraction.len());
    let magnitude = whole
        .bytes()
        .chain(fraction.bytes())
        .chain(padding)
        .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')));
    let magnitude = magnitude.ok_or(DecimalError::OutOfRange)?;
    Ok(if negative { -magnitude } else { magnitude })
}

/// Writes an integer in units of `10^-places` as the shortest decimal that reads back as the same value.
pub(crate) fn format(f: &mut fmt::Formatter<'_>, value: i128, places: usize) -> fmt::Result {
    let unit = 10_u128.pow(u32::try_from(places).expect("a handful of decimals"));
    let magnitude = value.unsigned_abs();
    let mut text = (magnitude / unit).to_string();
    let fraction = magnitude % unit;
    if fraction != 0 {
        text.push('.');
        text.push_str(format!("{fraction:0places$}").trim_end_matches('0'));
    }
    f.pad_integral(value >= 0, "", &text)
}
