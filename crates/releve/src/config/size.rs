//! Sizes in the file: `"32MiB"`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::value::{Read, Refusal};

/// The units, in bytes, from large to small.
const UNITS: [(&str, usize); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) usize);

/// Not a size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no size")]
pub(crate) struct NoSize(String);

impl FromStr for Size {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim_start());
        let bytes = unit.zip(number.parse().ok()).and_then(|((_, unit), number)| unit.checked_mul(number));
        bytes.map(Self).ok_or_else(|| NoSize(text.to_owned()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, length): &&(&str, usize)| self.0 > 0 && self.0.is_multiple_of(*length);
        let (unit, length) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(formatter, "{}{unit}", self.0 / length)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for Size {
    const WANTED: &'static str = "a number and its unit (KiB, MiB, GiB), such as \"32MiB\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let refuse = |what: String| Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) };
        match value {
            DeValue::String(text) => text.parse().map_err(|error: NoSize| refuse(error.to_string())),
            DeValue::Integer(digits) => Err(refuse(format!("{digits} has no unit"))),
            _ => Err(Refusal::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_units() {
        for (text, bytes, shown) in [
            ("32MiB", 32 << 20, "32MiB"),
            ("8 KiB", 8192, "8KiB"),
            ("1MB", 1_000_000, "1MB"),
            ("0B", 0, "0B"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
        }
        for refused in ["", "32", "MiB", "1.5MiB", "-1B", "1mib", "99999999999GiB"] {
            assert!(refused.parse::<Size>().is_err(), "{refused}");
        }
    }
}
