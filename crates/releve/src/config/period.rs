//! Durations in the file: `"20s"`, `"1h30m"`, `"90d"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::value::{Read, Refusal};

/// Units from long to short, in milliseconds.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A duration in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period(pub(crate) Duration);

/// Not a duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no duration")]
pub(crate) struct NoPeriod(String);

impl FromStr for Period {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, NoPeriod> {
        let refuse = || NoPeriod(text.to_owned());
        let mut millis = 0_u64;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at(digits);
            let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, tail) = tail.split_at(letters);
            let number: u64 = number.parse().map_err(|_| refuse())?;
            let (_, length) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?;
            let part = number.checked_mul(*length).ok_or_else(refuse)?;
            millis = millis.checked_add(part).ok_or_else(refuse)?;
            rest = tail;
        }
        if text.is_empty() { Err(refuse()) } else { Ok(Self(Duration::from_millis(millis))) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return formatter.write_str("0s");
        }
        // One unit where that is exact ("90d", not "12w6d"); else a sum.
        if let Some((unit, length)) = UNITS[1..].iter().find(|(_, length)| left.is_multiple_of(*length)) {
            let number = left / length;
            if number < 1000 || *length == 1 && left < 10_000 {
                return write!(formatter, "{number}{unit}");
            }
        }
        for (unit, length) in UNITS {
            let number = left / length;
            left %= length;
            if number > 0 {
                write!(formatter, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for Period {
    const WANTED: &'static str = "a number and its unit (ms, s, m, h, d, w), such as \"20s\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let refuse = |what: String| Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) };
        match value {
            DeValue::String(text) => text.parse().map_err(|error: NoPeriod| refuse(error.to_string())),
            DeValue::Integer(digits) => Err(refuse(format!("{digits} has no unit"))),
            _ => Err(Refusal::Kind),
        }
    }
}

/// A time limit that may be absent: a duration, or `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Period>);

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(period) => serializer.collect_str(period),
            None => serializer.serialize_str("off"),
        }
    }
}

impl Read for Limit {
    const WANTED: &'static str = "a number and its unit (ms, s, m, h, d, w), such as \"20s\", or \"off\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        if value.as_str() == Some("off") {
            Ok(Self(None))
        } else {
            Period::read(value).map(|period| Self(Some(period)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u64> {
        text.parse::<Period>().ok().map(|period| u64::try_from(period.0.as_millis()).unwrap())
    }

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(millis("20s"), Some(20_000));
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("90d"), Some(7_776_000_000));
        assert_eq!(millis("250ms"), Some(250));
        for refused in
            ["", "20", "s", "1.5s", "-1s", "20 s", "20S", "99999999999999999999s", "9999999999999999w"]
        {
            assert_eq!(millis(refused), None, "{refused}");
        }
    }

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        for text in ["20s", "90d", "1h", "1h30m", "1m30s", "1500ms", "0s", "15s", "600s", "123456ms", "2w1ms"]
        {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string().parse(), Ok(period), "{text}: {period}");
        }
        assert_eq!("90d".parse::<Period>().unwrap().to_string(), "90d");
        assert_eq!("1500ms".parse::<Period>().unwrap().to_string(), "1500ms");
        assert_eq!("5400s".parse::<Period>().unwrap().to_string(), "90m");
    }
}
