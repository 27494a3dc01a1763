//! How models count and how much they write, against each other: what a request comes to at somebody else.

use std::collections::HashMap;

use super::sample::Sample;
use super::supplier::{Certainty, Fitted, f, ratio, root};

/// How a model counts, against the gateway's estimate and against other models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens {
    /// Tokens counted for each token estimated.
    pub per_estimate: f64,
    /// The deviation of that.
    pub error: f64,
    /// How sure.
    pub certainty: Certainty,
}

impl Tokens {
    pub(super) fn of(served: &[Sample]) -> Self {
        const ENOUGH: usize = 20;
        let (input, estimated) = counted(served).fold((0.0, 0.0), |(input, estimated), sample| {
            (input + f64::from(sample.input), estimated + f64::from(sample.estimated_input))
        });
        let count = counted(served).count();
        if count < ENOUGH {
            return Self { per_estimate: 1.0, error: 0.15, certainty: Certainty::Assumed };
        }
        let mean = input / estimated;
        let squares: f64 = counted(served)
            .map(|sample| (f64::from(sample.input) - mean * f64::from(sample.estimated_input)).powi(2))
            .sum();
        let error = ratio((squares / f(count)).sqrt() / ratio(estimated, f(count)) / mean, root(count));
        Self { per_estimate: mean, error, certainty: Certainty::Measured(count) }
    }

    pub(super) fn or(self, other: Self) -> Self {
        if self.certainty == Certainty::Assumed { other } else { self }
    }
}

fn counted(served: &[Sample]) -> impl Iterator<Item = &Sample> {
    served.iter().filter(|sample| sample.input > 0 && sample.estimated_input > 0)
}

/// By route, how many times the `usual` tokens for each estimated one a model counts there, and on how many prompts.
pub(super) fn by_route(served: &[Sample], usual: f64) -> HashMap<u32, (f64, usize)> {
    let mut sums: HashMap<u32, (f64, f64, usize)> = HashMap::new();
    for sample in counted(served) {
        let sum = sums.entry(sample.route).or_default();
        sum.0 += f64::from(sample.input);
        sum.1 += f64::from(sample.estimated_input);
        sum.2 += 1;
    }
    let times = |(input, estimated, count)| (ratio(ratio(input, estimated), usual), count);
    sums.into_iter().map(|(route, sum)| (route, times(sum))).collect()
}

/// By route, how long answers are on average, in tokens, and how many there were.
pub(super) fn lengths(served: &[Sample]) -> HashMap<u32, (f64, usize)> {
    let mut sums: HashMap<u32, (f64, usize)> = HashMap::new();
    for sample in served.iter().filter(|sample| sample.input > 0) {
        let sum = sums.entry(sample.route).or_default();
        *sum = (sum.0 + f64::from(sample.output), sum.1 + 1);
    }
    sums.into_iter().map(|(route, (sum, count))| (route, (ratio(sum, f(count)), count))).collect()
}

impl Fitted {
    /// Tokens that each deployment counts for each estimated one, by route and then deployment.
    ///
    /// How an estimate is off depends on the prompts, so that models are compared on the same route: what was counted there;
    /// else what the route's others count, times how this one differs from others where they met.
    pub(crate) fn per_estimate(&self) -> Vec<Vec<f64>> {
        let all = 0..self.suppliers.len();
        let routes: Vec<Vec<Option<(f64, usize)>>> = (0..self.routes.len())
            .map(|route| all.clone().map(|deployment| self.counted(deployment, route)).collect())
            .collect();
        let usual = mean(self.suppliers.iter().filter_map(|supplier| match supplier.tokens.certainty {
            Certainty::Measured(count) => Some((supplier.tokens.per_estimate, count)),
            Certainty::Assumed => None,
        }));
        let bases: Vec<f64> = routes
            .iter()
            .map(|route| mean(route.iter().copied().flatten()).or(usual).unwrap_or(1.0))
            .collect();
        let differs = |deployment: usize| {
            let met = routes.iter().zip(&bases);
            let met = met.filter_map(|(route, base)| {
                let (own, count) = route[deployment]?;
                Some((ratio(own, *base), count))
            });
            // Who was seen on no route often enough differs by all that was counted of it.
            let counted = self.suppliers[deployment].tokens;
            let overall = usual.filter(|_| counted.certainty != Certainty::Assumed);
            mean(met).or(overall.map(|usual| ratio(counted.per_estimate, usual))).unwrap_or(1.0)
        };
        let differ: Vec<f64> = all.map(differs).collect();
        let known = |(route, base): (&Vec<Option<(f64, usize)>>, &f64)| {
            let there = route.iter().zip(&differ);
            there.map(|(own, differs)| own.map_or(base * differs, |(own, _)| own)).collect()
        };
        routes.iter().zip(&bases).map(known).collect()
    }

    /// What a deployment was seen to count on a route, and on how many prompts.
    fn counted(&self, deployment: usize, route: usize) -> Option<(f64, usize)> {
        const ENOUGH: usize = 10;
        let route = self.routes.get(route).copied().flatten()?;
        let supplier = &self.suppliers[deployment];
        let (times, count) = supplier.estimates.get(&route).copied().filter(|(_, count)| *count >= ENOUGH)?;
        (supplier.tokens.certainty != Certainty::Assumed)
            .then_some((supplier.tokens.per_estimate * times, count))
    }

    /// What answers of `to` are long, against those of `from`, on a route; 1 where it is not known.
    pub(crate) fn length_ratio(&self, from: usize, to: usize, route: usize) -> f64 {
        self.answers(from, to, route).unwrap_or(1.0)
    }

    /// The same; `None` where it is not known.
    fn answers(&self, from: usize, to: usize, route: usize) -> Option<f64> {
        const ENOUGH: usize = 30;
        let route = self.routes.get(route).copied().flatten()?;
        let known = |index: usize| {
            self.suppliers[index].outputs.get(&route).filter(|(mean, count)| *count >= ENOUGH && *mean > 0.0)
        };
        let ((from, _), (to, _)) = known(from).zip(known(to))?;
        Some((to / from).clamp(0.2, 5.0))
    }

    /// How many times the tokens of `from` those of `to` are, by what was counted here: of the same prompts, and of answers
    /// on a route. `None` where that is not known, and taken as equal.
    pub fn times(&self, from: usize, to: usize, route: usize) -> [Option<f64>; 2] {
        let is_counted = |index: usize| self.suppliers[index].tokens.certainty != Certainty::Assumed;
        let prompts = (is_counted(from) && is_counted(to)).then(|| {
            let there = &self.per_estimate()[route];
            there[to] / there[from].max(1e-3)
        });
        [prompts, self.answers(from, to, route)]
    }
}

/// The mean, each weighing as much as it was counted on.
fn mean(values: impl Iterator<Item = (f64, usize)>) -> Option<f64> {
    let (sum, count) =
        values.fold((0.0, 0.0), |(sum, all), (value, count)| (sum + value * f(count), all + f(count)));
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::testing::fitted;

    /// Of each deployment, what it counts on each route for each estimated token.
    fn seen(counts: &[[Option<f64>; 2]]) -> Fitted {
        let mut fitted = fitted(u16::try_from(counts.len()).unwrap());
        fitted.routes = vec![Some(0), Some(1)];
        for (supplier, routes) in fitted.suppliers.iter_mut().zip(counts) {
            for (route, count) in (0..).zip(routes) {
                supplier.estimates.extend(count.map(|count| (route, (count, 50))));
            }
        }
        fitted
    }

    fn times(fitted: &Fitted, from: usize, to: usize, route: usize) -> f64 {
        fitted.times(from, to, route)[0].unwrap()
    }

    #[test]
    fn models_are_compared_on_the_same_prompts() {
        // Long prompts come to fewer tokens for each estimated one than short ones, whoever counts; the third counts a fifth
        // more than the others and was never asked on the second route.
        let fitted = seen(&[[Some(0.8), Some(1.2)], [None, Some(1.2)], [Some(0.96), None]]);
        assert!((times(&fitted, 0, 1, 0) - 1.0).abs() < 0.1, "{}", times(&fitted, 0, 1, 0));
        assert!((times(&fitted, 0, 2, 0) - 1.2).abs() < 1e-9);
        assert!((times(&fitted, 0, 2, 1) - 1.1).abs() < 0.11, "{}", times(&fitted, 0, 2, 1));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mut fitted = seen(&[[Some(1.0), None], [Some(1.25), None], [None, None]]);
        fitted.suppliers[2].tokens.certainty = Certainty::Assumed;
        for (supplier, counts) in [(0, (100.0, 50)), (1, (80.0, 50)), (2, (80.0, 3))] {
            fitted.suppliers[supplier].outputs.insert(0, counts);
        }
        assert_eq!(fitted.times(0, 1, 0), [Some(1.25), Some(0.8)]);
        assert_eq!(fitted.times(1, 0, 0), [Some(0.8), Some(1.25)]);
        assert_eq!(fitted.times(0, 2, 0), [None, None], "too few answers were seen of it");
    }
}
