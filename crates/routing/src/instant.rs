//! A moment, as the caller tells it. This crate never asks a clock.

use std::ops::Add;
use std::time::Duration;

/// Milliseconds since the world's epoch: any fixed moment that the caller chose, the start of the process or 1970.
///
/// Live it is read from a monotonic clock, in replay from the recording. Arithmetic saturates; a clock that runs
/// backwards is survived everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub u64);

impl Instant {
    /// How many bits of a packed word a moment takes: 139 years.
    pub(crate) const BITS: u32 = 42;
    const LATEST: u64 = (1 << Self::BITS) - 1;

    /// How long this is after `earlier`; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.millis_since(earlier))
    }

    pub(crate) const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    #[must_use]
    pub(crate) const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The form that fits in [`Self::BITS`] bits; later moments become the latest that fits.
    pub(crate) const fn packed(self) -> u64 {
        if self.0 > Self::LATEST { Self::LATEST } else { self.0 }
    }

    pub(crate) const fn unpacked(word: u64) -> Self {
        Self(word & Self::LATEST)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.plus_millis(millis(duration))
    }
}

/// A duration in whole milliseconds, rounded up: it is often a floor.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_and_floors_are_kept() {
        assert_eq!(Instant(5).since(Instant(9)), Duration::ZERO);
        assert_eq!(Instant(u64::MAX) + Duration::from_secs(1), Instant(u64::MAX));
        assert_eq!(Instant(1) + Duration::from_micros(1), Instant(2));
        assert_eq!(millis(Duration::MAX), u64::MAX);
        assert_eq!(Instant::unpacked(Instant(u64::MAX).packed()).0, (1 << 42) - 1);
    }
}
