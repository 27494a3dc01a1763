//! How fast a deployment was of late: one exponentially weighted mean per word, for policies and for people.
//!
//! One packed word: the mean in 1/1024 ms, and how many samples went in (saturating).

const COUNT_BITS: u32 = 20;
const MOST_COUNT: u64 = (1 << COUNT_BITS) - 1;
const MOST_MEAN: u64 = (1 << (u64::BITS - COUNT_BITS)) - 1;
const FRACTION_BITS: u32 = 10;
/// Each sample weighs one in so many; the first few weigh more, so that a new mean is soon right.
const WEIGHT: u64 = 8;

/// A sample, in milliseconds.
pub(crate) fn step(word: u64, sample_ms: u64) -> u64 {
    let (mean, count) = (word >> COUNT_BITS, (word & MOST_COUNT).saturating_add(1).min(MOST_COUNT));
    let sample = sample_ms.min(MOST_MEAN >> FRACTION_BITS) << FRACTION_BITS;
    let weight = count.min(WEIGHT);
    let mean = if sample >= mean { mean + (sample - mean) / weight } else { mean - (mean - sample) / weight };
    (mean << COUNT_BITS) | count
}

/// The mean in milliseconds; `None` before the first sample.
pub(crate) fn mean_ms(word: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "44 bits fit exactly")]
    let mean = (word >> COUNT_BITS) as f64 / 1024.0;
    (word & MOST_COUNT > 0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_mean_stays_between_what_it_was_and_what_came(word: u64, sample: u64) {
            #[expect(clippy::cast_precision_loss, reason = "bounded")]
            let came = sample.min(MOST_MEAN >> FRACTION_BITS) as f64;
            let next = mean_ms(step(word, sample)).unwrap();
            let was = mean_ms(word).unwrap_or(came);
            #[expect(clippy::cast_precision_loss, reason = "44 bits")]
            let was_bits = (word >> COUNT_BITS) as f64 / 1024.0;
            let low = came.min(was).min(was_bits);
            let high = came.max(was).max(was_bits);
            prop_assert!(next >= low - 0.01 && next <= high + 0.01, "{next} of {was} and {came}");
        }
    }

    #[test]
    fn it_follows() {
        assert_eq!(mean_ms(0), None);
        let mut word = step(0, 100);
        assert_eq!(mean_ms(word), Some(100.0));
        for _ in 0..50 {
            word = step(word, 300);
        }
        assert!((299.0..=300.0).contains(&mean_ms(word).unwrap()));
    }
}
