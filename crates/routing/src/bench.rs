//! Rate limits. A supplier that names a time after which to come back is obeyed: the time is a floor.
//!
//! One packed word: the moment of the floor. It only ever moves later, so a late 429 (an answer to an attempt begun
//! long ago) can prolong it and never shorten it, and no success clears it.
//!
//! A 429 without a time is no floor. It counts as a failure with the breaker: a supplier that refuses one request in
//! twenty keeps the other nineteen, and one that refuses all is left alone for a second, then longer.

use std::time::Duration;

use crate::dice::mix;
use crate::instant::{Instant, millis};

/// A supplier that says "come back next week" is asked again after a day.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

/// The supplier asked for quiet: at least `retry_after` from `now`, and up to a tenth more so that not all come back at
/// once.
pub(crate) fn step(word: u64, retry_after: Duration, now: Instant) -> u64 {
    let asked = millis(retry_after).min(LONGEST_MS);
    if asked == 0 {
        return word;
    }
    let jitter = mix(word ^ now.0) % (asked / 10 + 10);
    word.max(now.plus_millis(asked + jitter).packed())
}

/// How long the floor still lies ahead, in milliseconds; 0 is free to ask.
pub(crate) const fn wait_ms(word: u64, now: Instant) -> u64 {
    let wait = Instant::unpacked(word).millis_since(now);
    // Further off than any floor: the clock ran backwards.
    if wait > LONGEST_MS + LONGEST_MS / 5 { 0 } else { wait }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bits_any_clock(word: u64, after_ms: u64, now: u64, then: u64) {
            let next = step(word, Duration::from_millis(after_ms), Instant(now));
            prop_assert!(wait_ms(next, Instant(then)) <= LONGEST_MS + LONGEST_MS / 5);
            prop_assert!(next >= word, "the floor never moves earlier");
        }

        #[test]
        fn retry_after_is_a_floor(
            now in 0_u64..1 << 41,
            floors in prop::collection::vec((0_u64..100_000, 0_u64..5_000), 1..20),
        ) {
            let (mut word, mut now, mut latest) = (0, now, 0);
            for (after_ms, later) in floors {
                word = step(word, Duration::from_millis(after_ms), Instant(now));
                latest = latest.max(now + after_ms);
                prop_assert!(now + wait_ms(word, Instant(now)) >= latest);
                prop_assert!(now + wait_ms(word, Instant(now)) <= latest.max(now) + 11_000);
                now += later;
            }
        }
    }

    #[test]
    fn it_ends() {
        let word = step(0, Duration::from_secs(20), Instant(1_000));
        assert!((20_000..22_010).contains(&wait_ms(word, Instant(1_000))));
        assert_eq!(wait_ms(word, Instant(23_100)), 0);
        assert_eq!(step(word, Duration::ZERO, Instant(2_000)), word);
        let absurd = step(0, Duration::MAX, Instant(1_000));
        assert!(wait_ms(absurd, Instant(1_000)) < 2 * LONGEST_MS);
    }
}
