//! The configuration as a replay reads it: the one that reports read.

use scenario::replay::PlayedEstate;
use store::Act;

use crate::posture::Held;
use crate::report;
use crate::settings::Settings;

/// What holds now of whom, by decisions on record and contracts.
pub(super) fn held(settings: &Settings, acts: &[Act]) -> Held {
    Held::on(super::super::report::today(), &settings.resolved, acts)
}

/// Everything configured, with the limits that it states, on this day.
pub(super) fn of(settings: &Settings, held: &Held) -> PlayedEstate {
    let today = super::super::report::today().to_string();
    PlayedEstate::of(&report::estate(&settings.resolved, held), &today)
}
