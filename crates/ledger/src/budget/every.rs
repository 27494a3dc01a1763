//! Periods of the calendar.

use std::fmt;
use std::ops::Range;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// How long a period is. All begin and end at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month, from its first day on.
    Month,
}

impl Every {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period that a moment lies in. Moments are microseconds since 1970.
    pub fn around(self, at_us: i64) -> Range<i64> {
        self.calendar(at_us).unwrap_or(i64::MIN..i64::MAX)
    }

    /// `None` where the calendar ends.
    fn calendar(self, at_us: i64) -> Option<Range<i64>> {
        let moment = Timestamp::from_microsecond(at_us).ok()?.to_zoned(TimeZone::UTC);
        let day = moment.start_of_day().ok()?;
        let (first, length) = match self {
            Self::Day => (day, 1.day()),
            Self::Week => {
                let past = i32::from(day.weekday().since(Weekday::Monday)).days();
                (day.checked_sub(past).ok()?, 1.week())
            }
            Self::Month => (day.first_of_month().ok()?, 1.month()),
        };
        let us = |moment: &Zoned| moment.timestamp().as_microsecond();
        Some(us(&first)..us(&first.checked_add(length).ok()?))
    }
}

/// The day that a moment lies in.
pub(super) fn day(at_us: i64) -> String {
    let moment = Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::MAX);
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
