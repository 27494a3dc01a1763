//! Which part of the ledger: `--last 30d`, `--from 2026-11-01 --to 2026-12-01`.

use std::str::FromStr;

use gateway::Clock;
use jiff::civil;
use jiff::tz::TimeZone;
use store::Period;

use super::super::CliError;
use crate::config::period;

/// Flattened into the arguments of others.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only what was booked in the last 24h, 30d...
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["from", "to"])]
    last: Option<period::Period>,
    /// Only what was booked from this day or moment on (UTC): 2026-11-01, 2026-11-01T12:00.
    #[arg(long, value_name = "WHEN")]
    from: Option<Moment>,
    /// Only what was booked before this day or moment.
    #[arg(long, value_name = "WHEN")]
    to: Option<Moment>,
}

/// A moment, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(i64);

impl Moment {
    /// In microseconds since 1970.
    pub(crate) const fn us(self) -> i64 {
        self.0
    }
}

/// Text that is no moment.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no day or moment: write 2026-11-01, 2026-11-01T12:00 or 2026-11-01T12:00:00+01:00")]
pub(crate) struct NoMoment(String);

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_microsecond()));
        }
        let local = text.parse::<civil::DateTime>().map_err(|_| NoMoment(text.to_owned()))?;
        let moment = local.to_zoned(TimeZone::UTC).map_err(|_| NoMoment(text.to_owned()))?;
        Ok(Self(moment.timestamp().as_microsecond()))
    }
}

impl Arguments {
    /// The period that they name; everything where they name none.
    pub(in crate::cli) fn period(&self) -> Result<Period, CliError> {
        if let Some(last) = self.last {
            let length = i64::try_from(last.0.as_micros()).unwrap_or(i64::MAX);
            return Ok(Period {
                // Nothing was booked before 1970, nor can that be written as a moment however long ago it is.
                from_us: Some(Clock::system().unix_us().saturating_sub(length).max(0)),
                to_us: None,
            });
        }
        let period = Period { from_us: self.from.map(|from| from.0), to_us: self.to.map(|to| to.0) };
        match (period.from_us, period.to_us) {
            (Some(from), Some(to)) if from >= to => {
                Err(CliError::usage("--from is not before --to").mend("--to is the first moment left out"))
            }
            _ => Ok(period),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_utc_unless_they_say_otherwise() {
        let read = |text: &str| text.parse::<Moment>().map(|moment| moment.0);
        assert_eq!(read("1970-01-02").unwrap(), 86_400_000_000);
        assert_eq!(read("1970-01-01T01:00").unwrap(), 3_600_000_000);
        assert_eq!(read("1970-01-01T01:00:00+01:00").unwrap(), 0);
        assert!(read("yesterday").is_err());
    }

    #[test]
    fn a_period_that_is_none_is_refused() {
        let arguments = Arguments { from: Some(Moment(5)), to: Some(Moment(5)), ..Arguments::default() };
        assert!(arguments.period().is_err());
        assert_eq!(Arguments::default().period().unwrap(), Period::default());
    }
}
