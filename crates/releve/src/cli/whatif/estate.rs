//! The configuration as a replay reads it: the one that reports read, with what suppliers say of their limits.

use scenario::fit::Samples;
use scenario::replay::PlayedEstate;

use crate::report;
use crate::settings::Settings;

/// Everything configured, with the limits that it states, on this day.
pub(super) fn of(settings: &Settings) -> PlayedEstate {
    PlayedEstate::of(&report::estate(&settings.resolved, &super::super::report::today().to_string()))
}

/// Limits that suppliers told in their headers, where the configuration states none.
pub(super) fn take_limits(estate: &mut PlayedEstate, samples: &Samples) {
    for index in 0..estate.backing.len() {
        let Some((requests, tokens)) = u16::try_from(index).ok().and_then(|index| samples.limits.get(&index))
        else {
            continue;
        };
        if !estate.is_own(index) {
            let backing = &mut estate.backing[index];
            backing.requests_per_minute = backing.requests_per_minute.or(*requests);
            backing.tokens_per_minute = backing.tokens_per_minute.or(*tokens);
        }
    }
}
