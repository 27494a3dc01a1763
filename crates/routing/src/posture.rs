//! What people have decided about a deployment, its provider, maker or host: a suspicion, a slow retreat, an end.
//!
//! The crises that matter most are not outages, so no breaker sees them. A posture is one packed word in the world,
//! set from outside; planning reads it. A retreat is a pure function of the moment: nobody has to turn it down.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::instant::Instant;

/// While its first choice is watched, each fallback gets this share of a route's requests, so that it is proven.
pub const WATCH_KEEPS_WARM: f64 = 0.02;

const HOUR_MS: f64 = 3_600_000.0;
const KIND: u32 = 62;
const RATE: u32 = Instant::BITS;
const RATE_BITS: u32 = 18;
/// A packed rate is the upper bits of a positive `f32`: exact to a thousandth, from years to milliseconds.
const RATE_SHIFT: u32 = 31 - RATE_BITS;
/// The slowest drain: a year.
const SLOWEST: f64 = 1.0 / 8_760.0;

/// What people have decided.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Posture {
    /// Nothing.
    #[default]
    Normal,
    /// It serves, and its fallbacks are kept warm ([`WATCH_KEEPS_WARM`]).
    Watch,
    /// Its share shrinks with time; what it loses goes to the others. It stays their last fallback.
    Drain {
        /// When nothing is left.
        gone_at: Instant,
        /// How much of everything goes in an hour, such as 0.1.
        per_hour: f64,
    },
    /// Nothing is sent there, whatever else fails.
    Leave,
}

/// A posture's name, without its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostureKind {
    /// [`Posture::Normal`].
    Normal,
    /// [`Posture::Watch`].
    Watch,
    /// [`Posture::Drain`].
    Drain,
    /// [`Posture::Leave`].
    Leave,
}

impl PostureKind {
    /// Every posture there is, from the mildest on.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Watch, Self::Drain, Self::Leave];

    /// The name, as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Watch => "watch",
            Self::Drain => "drain",
            Self::Leave => "leave",
        }
    }
}

impl fmt::Display for PostureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No posture of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no posture: write watch, drain, leave or normal")]
pub struct UnknownPosture(String);

impl FromStr for PostureKind {
    type Err = UnknownPosture;

    fn from_str(text: &str) -> Result<Self, UnknownPosture> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| UnknownPosture(text.to_owned()))
    }
}

impl Posture {
    /// A retreat that began at `from`, in milliseconds of the world's clock, perhaps before the world did.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, NaN is 0")]
    pub fn drain_from(from_ms: i64, per_hour: f64) -> Self {
        let takes = (HOUR_MS / per_hour.max(SLOWEST)).round() as i64;
        Self::Drain { gone_at: Instant(from_ms.saturating_add(takes).max(0) as u64), per_hour }
    }

    /// Its name.
    pub const fn kind(&self) -> PostureKind {
        match self {
            Self::Normal => PostureKind::Normal,
            Self::Watch => PostureKind::Watch,
            Self::Drain { .. } => PostureKind::Drain,
            Self::Leave => PostureKind::Leave,
        }
    }

    /// The share of its usual requests that it keeps now, `0.0 ..= 1.0`.
    pub fn kept(&self, now: Instant) -> f64 {
        match *self {
            Self::Normal | Self::Watch => 1.0,
            Self::Leave => 0.0,
            Self::Drain { gone_at, per_hour } => {
                let hours = gone_at.since(now).as_secs_f64() / Duration::from_hours(1).as_secs_f64();
                (hours * per_hour).clamp(0.0, 1.0)
            }
        }
    }

    /// The stricter of two that hold at once, at `now`.
    #[must_use]
    pub fn and(self, other: Self, now: Instant) -> Self {
        match (self.kept(now).total_cmp(&other.kept(now)), self.kind() >= other.kind()) {
            (std::cmp::Ordering::Less, _) | (std::cmp::Ordering::Equal, true) => self,
            _ => other,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a rate fits")]
    pub(crate) fn packed(self) -> u64 {
        match self {
            Self::Normal => 0,
            Self::Watch => 1 << KIND,
            Self::Drain { gone_at, per_hour } => {
                let rate = (per_hour.max(SLOWEST) as f32).to_bits() >> RATE_SHIFT;
                (2 << KIND) | (u64::from(rate) << RATE) | gone_at.packed()
            }
            Self::Leave => 3 << KIND,
        }
    }

    pub(crate) fn unpacked(word: u64) -> Self {
        match word >> KIND {
            0 => Self::Normal,
            1 => Self::Watch,
            2 => {
                let bits = (word >> RATE) & ((1 << RATE_BITS) - 1);
                let rate = f32::from_bits((bits as u32) << RATE_SHIFT);
                let rate = if rate.is_finite() { rate } else { f32::MAX };
                Self::Drain { gone_at: Instant::unpacked(word), per_hour: f64::from(rate) }
            }
            _ => Self::Leave,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bits_any_clock(word: u64, now: u64) {
            let posture = Posture::unpacked(word);
            prop_assert!((0.0..=1.0).contains(&posture.kept(Instant(now))));
            prop_assert_eq!(Posture::unpacked(posture.packed()).kind(), posture.kind());
        }

        #[test]
        fn a_drain_only_shrinks(from in -10_000_000_i64..10_000_000, per_hour in 0.01_f64..4.0, steps in prop::collection::vec(0_u64..1_000_000, 1..40)) {
            let posture = Posture::unpacked(Posture::drain_from(from, per_hour).packed());
            let (mut now, mut before) = (0, 1.0);
            for step in steps {
                now += step;
                let kept = posture.kept(Instant(now));
                prop_assert!(kept <= before);
                before = kept;
            }
        }
    }

    #[test]
    fn a_tenth_an_hour_is_gone_after_ten() {
        let hour = 3_600_000;
        let posture = Posture::unpacked(Posture::drain_from(-2 * hour, 0.1).packed());
        let kept = |hours: u64| posture.kept(Instant(hours * 3_600_000));
        assert!((kept(0) - 0.8).abs() < 1e-3, "two hours of it were before the world began: {}", kept(0));
        assert!((kept(3) - 0.5).abs() < 1e-3);
        assert!(kept(8) < 1e-9 && kept(100) < 1e-9);
    }

    #[test]
    fn the_stricter_holds() {
        let now = Instant(0);
        let drain = Posture::drain_from(-1_800_000, 1.0);
        assert_eq!(Posture::Normal.and(Posture::Watch, now), Posture::Watch);
        assert_eq!(Posture::Watch.and(Posture::Normal, now), Posture::Watch);
        assert_eq!(drain.and(Posture::Watch, now), drain);
        assert_eq!(drain.and(Posture::Leave, now), Posture::Leave);
    }

    #[test]
    fn names_go_both_ways() {
        for kind in PostureKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("gone".parse::<PostureKind>().is_err());
    }
}
