//! A distribution as its quantiles: drawn from in one look-up.

/// Equally spaced quantiles, from the least to the greatest.
const KNOTS: usize = 129;

/// A distribution of positive numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    knots: Box<[f32; KNOTS]>,
    /// How many samples it was made from; 0 is a guess.
    pub samples: usize,
}

impl Curve {
    /// Of samples; `None` of too few to say anything (fewer than `least`).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks"
    )]
    pub fn of(mut samples: Vec<f32>, least: usize) -> Option<Self> {
        if samples.len() < least.max(1) {
            return None;
        }
        samples.sort_unstable_by(f32::total_cmp);
        let last = samples.len() - 1;
        let at = |knot: usize| {
            // The outermost knots stand for half a step: a greatest value is one sample, not a 128th of all.
            let rank = (knot as f64 / (KNOTS - 1) as f64) * last as f64;
            let (low, part) = (rank.floor() as usize, rank.fract() as f32);
            let high = (low + 1).min(last);
            samples[low] + (samples[high] - samples[low]) * part
        };
        let mut knots = Box::new([0.0; KNOTS]);
        knots.iter_mut().enumerate().for_each(|(knot, value)| *value = at(knot));
        Some(Self { knots, samples: samples.len() })
    }

    /// A log-normal guess: its median, and the deviation of its logarithm.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "knots")]
    pub fn guess(median: f64, sigma: f64) -> Self {
        let mut knots = Box::new([0.0; KNOTS]);
        for (knot, value) in knots.iter_mut().enumerate() {
            let share = (knot as f64 / (KNOTS - 1) as f64).clamp(0.002, 0.998);
            *value = (median * (sigma * normal_quantile(share)).exp()) as f32;
        }
        Self { knots, samples: 0 }
    }

    /// The value at a share of all, `0.0 ..= 1.0`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "knots"
    )]
    pub fn at(&self, share: f64) -> f32 {
        let place = share.clamp(0.0, 1.0) as f32 * (KNOTS - 1) as f32;
        let low = (place as usize).min(KNOTS - 2);
        self.knots[low] + (self.knots[low + 1] - self.knots[low]) * (place - low as f32)
    }

    /// The same, so many times as much.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a factor")]
    pub fn times(&self, factor: f64) -> Self {
        let mut knots = self.knots.clone();
        knots.iter_mut().for_each(|knot| *knot *= factor as f32);
        Self { knots, samples: self.samples }
    }

    /// The middle.
    pub fn median(&self) -> f32 {
        self.knots[KNOTS / 2]
    }

    /// The deviation of the logarithm, from the middle two thirds.
    pub fn spread(&self) -> f64 {
        let (low, high) = (f64::from(self.at(0.16)).max(1e-3), f64::from(self.at(0.84)).max(1e-3));
        (high / low).ln() / 2.0
    }
}

/// The standard normal distribution's quantile, within 0.00045 (Abramowitz and Stegun, 26.2.23).
pub(crate) fn normal_quantile(share: f64) -> f64 {
    let tail = share.min(1.0 - share).max(1e-12);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let z = t - above / below;
    if share < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_gives_back_what_went_in() {
        let curve = Curve::of((0..=1_000_u16).map(f32::from).collect(), 20).unwrap();
        for share in [0.0, 0.1, 0.5, 0.95, 1.0] {
            assert!((f64::from(curve.at(share)) - share * 1_000.0).abs() < 1.0);
        }
        assert!(Curve::of(vec![1.0; 19], 20).is_none());
        assert!((Curve::of(vec![7.0], 1).unwrap().at(0.3) - 7.0).abs() < 1e-6);
    }

    #[test]
    fn a_guess_has_its_median_and_its_spread() {
        let guess = Curve::guess(600.0, 0.8);
        assert!((f64::from(guess.median()) - 600.0).abs() < 1.0);
        assert!((guess.spread() - 0.8).abs() < 0.02, "{}", guess.spread());
        assert_eq!(guess.samples, 0);
    }
}
