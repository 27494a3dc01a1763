//! Chance, as the caller gives it: the same seed gives the same decisions, live and in replay.

/// `splitmix64`: eight bytes of state, equidistributed, fast; not for secrets.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants as in
/// `java.util.SplittableRandom`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dice(u64);

/// The golden ratio in 64 bits: the step of the underlying counter.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// Dice that always fall the same way for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number in `0.0 .. 1.0`, in steps of 2^-53.
    pub const fn unit_f64(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
        let unit = (self.next_u64() >> 11) as f64;
        unit / 9_007_199_254_740_992.0
    }

    /// Dice of their own for a part of the work: how much that part draws changes nothing here.
    #[must_use]
    pub const fn fork(&mut self) -> Self {
        Self(self.next_u64())
    }
}

/// A good hash of 64 bits. Also used where jitter must come from what is at hand.
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_generator() {
        // Reference values of splitmix64.c (Vigna) for the seed 1234567.
        let mut dice = Dice::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| dice.next_u64()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn units_stay_in_range_and_fill_it() {
        let mut dice = Dice::new(7);
        let drawn: Vec<f64> = (0..10_000).map(|_| dice.unit_f64()).collect();
        assert!(drawn.iter().all(|unit| (0.0..1.0).contains(unit)));
        let mean = drawn.iter().sum::<f64>() / 10_000.0;
        assert!((0.49..0.51).contains(&mean), "{mean}");
    }

    #[test]
    fn a_fork_draws_without_being_felt() {
        let (mut one, mut other) = (Dice::new(3), Dice::new(3));
        let mut fork = one.fork();
        for _ in 0..10 {
            fork.next_u64();
        }
        other.next_u64();
        assert_eq!(one, other);
    }
}
