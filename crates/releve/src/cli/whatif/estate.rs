//! The configuration as a replay reads it: the one that reports read.

use jiff::civil::Date;
use scenario::replay::PlayedEstate;
use store::Act;

use crate::posture::Held;
use crate::report;
use crate::settings::Settings;

/// What holds of whom on a day, by decisions on record and contracts.
pub(super) fn held(settings: &Settings, acts: &[Act], day: Date) -> Held {
    Held::on(day, &settings.resolved, acts)
}

/// Everything configured, with the limits that it states, on that day.
pub(super) fn of(settings: &Settings, held: &Held) -> PlayedEstate {
    PlayedEstate::of(&report::estate(&settings.resolved, held), &held.day().to_string())
}
