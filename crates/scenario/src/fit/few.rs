//! A supplier of which few answers are known: too few for a distribution, and too many to be passed over for a guess.
//!
//! Times are taken as log-normal. What the others are like counts as one answer of its own, with its wide spread: of none
//! it is all that is known, and of thirty next to nothing. (The mean of a normal distribution with a normal prior, where
//! the prior is as wide as the answers may be.)

use super::curve::Curve;
use super::sample::Sample;
use super::supplier::{Length, PRIOR_SIGMA, Supplier, f, gap};

/// What few times say of a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Few {
    median: f64,
    /// The deviation of the logarithm.
    spread: f64,
    /// How much of it is not known: that of the median's.
    error: f64,
}

impl Few {
    /// Of those that were seen, where they are guessed to be like `guess`.
    pub(super) fn of(seen: impl IntoIterator<Item = f32>, guess: f64) -> Self {
        let logs: Vec<f64> = seen.into_iter().map(|time| f64::from(time.max(0.1)).ln()).collect();
        let all = f(logs.len() + 1);
        let mean = (guess.max(1e-3).ln() + logs.iter().sum::<f64>()) / all;
        let apart: f64 = logs.iter().map(|log| (log - mean) * (log - mean)).sum();
        Self {
            median: mean.exp(),
            spread: ((PRIOR_SIGMA * PRIOR_SIGMA + apart) / all).sqrt(),
            error: PRIOR_SIGMA / all.sqrt(),
        }
    }

    /// As a distribution.
    pub(super) fn curve(self) -> Curve {
        Curve::guess(self.median, self.spread)
    }
}

/// What few answers say of a supplier's speed; the rest is the prior's.
pub(super) fn supplier(served: &[Sample], prior: &Supplier) -> Supplier {
    let first = Few::of(served.iter().filter_map(|sample| sample.first_ms), prior.first[0].median().into());
    let gaps = Few::of(served.iter().filter_map(gap), prior.gap.median().into());
    // Whole answers, against everybody's; where nobody's are known, against streams.
    let line = prior.plain.clone().unwrap_or_else(|| Length {
        base_ms: prior.first[0].median(),
        per_token_ms: prior.gap.median(),
        stray: Curve::guess(1.0, PRIOR_SIGMA),
    });
    #[expect(clippy::cast_possible_truncation, reason = "a factor")]
    let wholes: Vec<f32> =
        served.iter().filter_map(|sample| line.times(sample)).map(|times| times as f32).collect();
    let whole = Few::of(wholes.iter().copied(), line.stray.median().into());
    Supplier {
        first: std::array::from_fn(|_| first.curve()),
        gap: gaps.curve(),
        plain: if wholes.is_empty() {
            prior.plain.clone()
        } else {
            Some(Length { stray: whole.curve(), ..line })
        },
        speed_error: first.error.min(whole.error),
        ..prior.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::{Certainty, Samples, fit};
    use crate::replay::testing::estate;

    fn sample(deployment: u16, at_ms: u64, stream: bool, ms: f32) -> Sample {
        Sample {
            at_ms,
            deployment,
            route: 0,
            stream,
            failure: None,
            first_ms: stream.then_some(ms),
            total_ms: if stream { ms + 990.0 } else { ms },
            estimated_input: 500,
            input: 500,
            cached: 0,
            output: 100,
        }
    }

    #[test]
    fn the_guess_counts_as_one_answer() {
        let none = Few::of([], 400.0);
        assert!((none.median - 400.0).abs() < 1e-6 && (none.spread - 0.7).abs() < 1e-9);
        assert!((none.error - 0.7).abs() < 1e-9);
        let one = Few::of([100.0], 400.0);
        assert!((one.median - 200.0).abs() < 1e-3, "half way, by times: {one:?}");
        let many = Few::of([100.0; 29], 400.0);
        assert!((many.median / 100.0 - 1.0).abs() < 0.05, "{many:?}");
        assert!(many.spread < 0.3 && many.error < 0.14, "{many:?}");
    }

    /// Sixteen answers at 240 ms, beside another's hundred at 700, are no answers at 700.
    #[test]
    fn few_answers_say_more_than_everybody_elses() {
        let others = (0..100).map(|number| sample(0, number * 100, number % 2 == 0, 700.0));
        let few = (0..16).map(|number| sample(1, number * 500, number % 2 == 0, 240.0));
        let samples = Samples::of(others.chain(few).collect());
        let fitted = fit(&samples, &estate(3), 10_000, 0);
        let [_, seldom, never] = &fitted.suppliers[..] else { panic!("three") };
        let first = |supplier: &Supplier| f64::from(supplier.first[1].median());
        assert!((240.0..300.0).contains(&first(seldom)), "{}", first(seldom));
        assert!((first(never) - 700.0).abs() < 1.0, "nobody saw it: {}", first(never));
        assert_eq!(
            (seldom.certainty, never.certainty),
            (Certainty::Assumed, Certainty::Assumed),
            "said all the same"
        );
        assert!(seldom.speed_error < never.speed_error, "{} {}", seldom.speed_error, never.speed_error);
        // Whole answers of a hundred tokens: as it answered, and of who never did, as others do.
        let whole = |supplier: &Supplier| {
            let plain = supplier.plain.as_ref().unwrap();
            f64::from((plain.base_ms + 100.0 * plain.per_token_ms) * plain.stray.median())
        };
        assert!((240.0..300.0).contains(&whole(seldom)), "{}", whole(seldom));
        assert!((whole(never) - 700.0).abs() < 10.0, "{}", whole(never));
    }

    #[test]
    fn an_illness_is_measured_against_prompts_of_the_same_size_and_reaches_whole_answers() {
        let sized = |sample: Sample, input: u32| Sample { input, ..sample };
        let small = (0..60).map(|number| sized(sample(0, number, true, 100.0), 500));
        let large = (0..60).map(|number| sized(sample(0, number, true, 1_000.0), 8_000));
        let whole = (0..60).map(|number| sample(0, number, false, 400.0));
        let samples = Samples::of(small.chain(large).chain(whole).collect());
        let mut ill = fit(&samples, &estate(1), 10_000, 0).suppliers.remove(0);
        // Twice as slow, and only long prompts came.
        let sick: Vec<Sample> = (0..10)
            .map(|number| sized(sample(0, number, true, 2_000.0), 8_000))
            .chain((0..10).map(|number| sample(0, number, false, 1_200.0)))
            .collect();
        ill.fall_ill(&sick);
        assert!((ill.first[0].median() - 200.0).abs() < 1.0, "not twenty times: {}", ill.first[0].median());
        let plain = ill.plain.unwrap();
        let took = (plain.base_ms + 100.0 * plain.per_token_ms) * plain.stray.median();
        assert!((took - 1_200.0).abs() < 12.0, "{took}");
    }

    /// What its caches served was counted, however seldom it was asked: it is not cold.
    #[test]
    fn few_answers_tell_of_caches() {
        let warm = (0..16).map(|number| Sample { cached: 450, ..sample(1, number * 500, true, 240.0) });
        let samples = Samples::of(warm.collect());
        let fitted = fit(&samples, &estate(3), 10_000, 0);
        assert!((fitted.suppliers[1].cached[&0] - 0.9).abs() < 1e-9);
        assert!(fitted.suppliers[2].cached.is_empty(), "nobody saw it");
    }

    /// Five attempts at a model are too few to tell a brownout; its neighbour at the same account tells of it.
    #[test]
    fn what_befell_the_account_tells_of_who_is_seldom_asked() {
        let lost = Some(wire::Failure::Unreachable);
        let failed = |sample: Sample| Sample { failure: lost, first_ms: None, ..sample };
        let often = (0..400).map(|number| sample(0, number * 250, true, 200.0));
        let seldom = [5_000, 41_000, 41_250, 47_000, 47_250].map(|at| sample(1, at, true, 200.0));
        let is_hit = |at: u64| (40_000..60_000).contains(&at) && at.is_multiple_of(500);
        let samples =
            often.chain(seldom).map(|sample| if is_hit(sample.at_ms) { failed(sample) } else { sample });
        let samples = Samples::of(samples.collect());
        let mut estate = estate(2);
        let apart = fit(&samples, &estate, 100_000, 0);
        assert!(!apart.suppliers[1].errors.is_empty(), "by itself that is how it is");
        estate.deployments[1].provider = estate.deployments[0].provider;
        let fitted = fit(&samples, &estate, 100_000, 0);
        assert!(fitted.suppliers.iter().all(|supplier| supplier.errors.is_empty()), "{:?}", fitted.suppliers);
        assert!([0, 1].iter().all(|of| fitted.illnesses.iter().any(|ill| ill.deployment == *of)));
    }
}
