//! What people have decided about a deployment, its provider, maker or host: a suspicion, a slow retreat, an end.
//!
//! The crises that matter most are not outages, so no breaker sees them. A posture is one packed word in the world,
//! set from outside; planning reads it. A retreat is a pure function of the moment: nobody has to turn it down.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    Leave(Ground),
}

/// On what ground nothing is sent to somebody: what to tell those who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ground {
    /// None that was told.
    #[default]
    Untold,
    /// A decision on record, by its place there.
    Decision(u32),
    /// Its contract is over; the last day.
    ContractEnded(Day),
}

/// A day of the calendar. Only carried and shown: nothing is reckoned with it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// Of our era.
    pub year: u16,
    /// `1 ..= 12`.
    pub month: u8,
    /// `1 ..= 31`.
    pub day: u8,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// No day such as `2026-02-20`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no day such as 2026-02-20")]
pub struct NoDay(String);

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let read = || {
            let mut parts = text.splitn(3, '-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let read = Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
            ((1..=12).contains(&read.month) && (1..=31).contains(&read.day)).then_some(read)
        };
        read().ok_or_else(|| NoDay(text.to_owned()))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl Ground {
    const KIND: u32 = 32;

    fn packed(self) -> u64 {
        match self {
            Self::Untold => 0,
            Self::Decision(place) => (1 << Self::KIND) | u64::from(place),
            Self::ContractEnded(Day { year, month, day }) => {
                let day = u64::from(year) << 16 | u64::from(month) << 8 | u64::from(day);
                (2 << Self::KIND) | day
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "each takes its own bits")]
    const fn unpacked(word: u64) -> Self {
        match word >> Self::KIND & 3 {
            1 => Self::Decision(word as u32),
            2 => Self::ContractEnded(Day {
                year: (word >> 16) as u16,
                month: (word >> 8) as u8,
                day: word as u8,
            }),
            _ => Self::Untold,
        }
    }
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
            Self::Leave(_) => PostureKind::Leave,
        }
    }

    /// The share of its usual requests that it keeps now, `0.0 ..= 1.0`.
    pub fn kept(&self, now: Instant) -> f64 {
        match *self {
            Self::Normal | Self::Watch => 1.0,
            Self::Leave(_) => 0.0,
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
            Self::Leave(ground) => (3 << KIND) | ground.packed(),
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
            _ => Self::Leave(Ground::unpacked(word)),
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
        let left = Posture::Leave(Ground::Decision(7));
        assert_eq!(drain.and(left, now), left);
        assert_eq!(left.and(Posture::Leave(Ground::Untold), now), left, "the first of two");
    }

    #[test]
    fn why_it_is_left_is_kept() {
        let last = Day { year: 2026, month: 2, day: 20 };
        for ground in [
            Ground::Untold,
            Ground::Decision(0),
            Ground::Decision(u32::MAX),
            Ground::ContractEnded(last),
            Ground::ContractEnded(Day { year: 9999, month: 12, day: 31 }),
        ] {
            let posture = Posture::Leave(ground);
            assert_eq!(Posture::unpacked(posture.packed()), posture);
        }
        assert_eq!((last.to_string().as_str(), "2026-02-20".parse()), ("2026-02-20", Ok(last)));
        for wrong in ["2026-02", "2026-13-01", "soon", "2026-02-00", "2026-02-20-1"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for kind in PostureKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("gone".parse::<PostureKind>().is_err());
    }
}
