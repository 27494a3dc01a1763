//! The configuration as a replay reads it: the one that reports read.

use scenario::replay::PlayedEstate;

use crate::report;
use crate::settings::Settings;

/// Everything configured, with the limits that it states, on this day.
pub(super) fn of(settings: &Settings) -> PlayedEstate {
    let today = super::super::report::today().to_string();
    PlayedEstate::of(&report::estate(&settings.resolved, &today), &today)
}
