//! The configuration as a replay reads it: the one that reports read.

use jiff::civil::Date;
use scenario::replay::PlayedEstate;

use crate::report;
use crate::settings::Settings;

/// Everything configured, with the limits that it states, on this day.
pub(super) fn of(settings: &Settings, day: Date) -> PlayedEstate {
    PlayedEstate::of(&report::estate(&settings.resolved, &day.to_string()))
}
