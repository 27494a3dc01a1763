//! One supplier's fitted behaviour, and how sure it is.

use std::collections::HashMap;

use wire::Failure;

use super::curve::Curve;
use super::few;
use super::illness::{self, Illness};
use super::sample::{Sample, Samples};
use super::tokens::{self, Tokens};
use crate::replay::PlayedEstate;

/// Upper bounds of the size classes, in tokens of the prompt; the last is open.
const SIZES: [u32; 3] = [1_000, 4_000, 16_000];
/// A class with fewer samples is that of all sizes.
const LEAST: usize = 30;
/// An hour of the day with fewer samples is like the whole day.
const LEAST_AN_HOUR: usize = 30;
/// What nobody has seen: a first token after 600 ms, 20 ms a token, each perhaps twice or half of it.
const PRIOR_FIRST_MS: f64 = 600.0;
const PRIOR_GAP_MS: f64 = 20.0;
pub(super) const PRIOR_SIGMA: f64 = 0.7;
/// Two halves of a recording differ by more than chance says: so much is added to what is not known of a speed.
const DRIFT: f64 = 0.03;

/// How sure something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Certainty {
    /// Measured here, on so many.
    Measured(usize),
    /// Nobody has seen it: like the others, or a rule of thumb.
    Assumed,
}

/// A way of failing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorKind {
    /// Which.
    pub failure: Failure,
    /// Its share of all attempts.
    pub share: f64,
    /// How long it takes to fail.
    pub after_ms: f32,
}

/// How whole, unstreamed answers take their time: `base + per_token * tokens`, times what `stray` gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Length {
    /// Milliseconds before the first token.
    pub base_ms: f32,
    /// Milliseconds a token.
    pub per_token_ms: f32,
    /// The factor by which answers differ.
    pub stray: Curve,
}

/// One deployment, as it is when nothing is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplier {
    /// Time to the first token of streams, by size class, in milliseconds.
    pub first: [Curve; SIZES.len() + 1],
    /// Milliseconds a token of streams.
    pub gap: Curve,
    /// Whole answers; `None` are taken to be like streams.
    pub plain: Option<Length>,
    /// How the hour of the day changes speed; 1 is no change.
    pub hours: [f32; 24],
    /// Ways of failing.
    pub errors: Vec<ErrorKind>,
    /// Its tokenizer.
    pub tokens: Tokens,
    /// By route of the samples, how many times that it counts there, and how many prompts were counted.
    pub estimates: HashMap<u32, (f64, usize)>,
    /// By route of the samples: the share of prompts' tokens that come from a cache.
    pub cached: HashMap<u32, f64>,
    /// By route of the samples: the mean length of answers in tokens, and how many were counted.
    pub outputs: HashMap<u32, (f64, usize)>,
    /// How sure its speed is.
    pub certainty: Certainty,
    /// The deviation of the logarithm of its speed that is not known.
    pub speed_error: f64,
    /// Attempts that its errors were counted on.
    pub attempts: usize,
}

/// All suppliers, by the deployments' indices, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// By deployment.
    pub suppliers: Vec<Supplier>,
    /// When somebody was ill.
    pub illnesses: Vec<Illness>,
    /// The routes' numbers in samples, by the estate's route.
    pub routes: Vec<Option<u32>>,
}

/// The size class of a prompt.
pub(crate) fn size(input: u32) -> usize {
    SIZES.iter().position(|bound| input < *bound).unwrap_or(SIZES.len())
}

/// The hour of the day (UTC) of a moment.
pub(crate) fn hour(began_unix_ms: u64, at_ms: u64) -> usize {
    usize::try_from((began_unix_ms + at_ms) / 3_600_000 % 24).unwrap_or(0)
}

/// Fits all deployments of an estate to a recording of `length_ms` that began at `began_unix_ms`.
pub fn fit(samples: &Samples, estate: &PlayedEstate, length_ms: u64, began_unix_ms: u64) -> Fitted {
    let mut by_deployment: Vec<Vec<Sample>> = vec![Vec::new(); estate.deployments.len()];
    for sample in &samples.list {
        by_deployment[usize::from(sample.deployment)].push(*sample);
    }
    let account = |deployment: usize| estate.deployments[deployment].provider;
    let illnesses = illness::leave_out(&mut by_deployment, account, length_ms);
    let everybody: Vec<Sample> = by_deployment.iter().flatten().copied().collect();
    let prior = prior(&everybody);
    let suppliers = by_deployment.iter().map(|own| supplier(own, &prior, began_unix_ms)).collect();
    let routes = estate.routes.iter().map(|route| samples.route(&route.name)).collect();
    Fitted { suppliers, illnesses, routes }
}

/// A supplier that nobody has seen: like the others here, with a wide spread.
fn prior(everybody: &[Sample]) -> Supplier {
    let firsts: Vec<f64> = everybody.iter().filter_map(|sample| sample.first_ms).map(f64::from).collect();
    let gaps: Vec<f64> = everybody.iter().filter_map(gap).map(f64::from).collect();
    let first = illness::median(firsts).unwrap_or(PRIOR_FIRST_MS);
    let gap = illness::median(gaps).unwrap_or(PRIOR_GAP_MS);
    Supplier {
        first: std::array::from_fn(|_| Curve::guess(first, PRIOR_SIGMA)),
        gap: Curve::guess(gap, PRIOR_SIGMA),
        plain: plain(everybody).map(|line| {
            let stray = Curve::guess(line.stray.median().into(), PRIOR_SIGMA);
            Length { stray, ..line }
        }),
        hours: [1.0; 24],
        errors: Vec::new(),
        tokens: Tokens {
            per_estimate: Tokens::of(everybody).per_estimate,
            error: 0.15,
            certainty: Certainty::Assumed,
        },
        estimates: HashMap::new(),
        cached: HashMap::new(),
        outputs: HashMap::new(),
        certainty: Certainty::Assumed,
        speed_error: PRIOR_SIGMA,
        attempts: 0,
    }
}

fn supplier(own: &[Sample], prior: &Supplier, began_unix_ms: u64) -> Supplier {
    let served: Vec<Sample> = own.iter().filter(|sample| sample.failure.is_none()).copied().collect();
    let firsts: Vec<(u32, f32)> =
        served.iter().filter_map(|sample| Some((sample.input, sample.first_ms?.max(0.1)))).collect();
    let plain = plain(&served);
    let tokens = Tokens::of(&served).or(prior.tokens);
    if firsts.len() < LEAST && plain.is_none() {
        // Errors, tokens and caches may be known all the same.
        return Supplier {
            errors: errors(own),
            attempts: own.len(),
            tokens,
            estimates: tokens::by_route(&served, tokens.per_estimate),
            cached: cached(&served),
            outputs: tokens::lengths(&served),
            ..few::supplier(&served, prior)
        };
    }
    let hours = hours(&served, began_unix_ms);
    let all = Curve::of(firsts.iter().map(|(_, ms)| *ms).collect(), LEAST);
    let first = std::array::from_fn(|class| {
        let of_class = firsts.iter().filter(|(input, _)| size(*input) == class).map(|(_, ms)| *ms).collect();
        let known = Curve::of(of_class, LEAST).or_else(|| all.clone());
        known.unwrap_or_else(|| {
            let guess =
                if firsts.is_empty() { plain.as_ref().map(|plain| plain.base_ms.max(1.0)) } else { None };
            let guess = guess.unwrap_or_else(|| prior.first[0].median());
            few::Few::of(firsts.iter().map(|(_, ms)| *ms), guess.into()).curve()
        })
    });
    let gap = Curve::of(served.iter().filter_map(gap).collect(), LEAST);
    let gap = gap.unwrap_or_else(|| {
        plain.as_ref().map_or_else(
            || prior.gap.clone(),
            |plain| Curve::guess(f64::from(plain.per_token_ms.max(0.01)), 0.2),
        )
    });
    let count = firsts.len().max(plain.as_ref().map_or(0, |plain| plain.stray.samples));
    let spread = all.as_ref().map_or(0.3, Curve::spread);
    Supplier {
        first,
        gap,
        plain,
        hours,
        errors: errors(own),
        tokens,
        estimates: tokens::by_route(&served, tokens.per_estimate),
        cached: cached(&served),
        outputs: tokens::lengths(&served),
        certainty: Certainty::Measured(count),
        speed_error: ratio(spread, root(count)) + DRIFT,
        attempts: own.len(),
    }
}

impl Length {
    /// How many times as long as by the line a whole answer took; `None` of another.
    #[expect(clippy::cast_precision_loss, reason = "a count of tokens")]
    pub(super) fn times(&self, sample: &Sample) -> Option<f64> {
        let line = self.base_ms + self.per_token_ms * sample.output as f32;
        let is_whole = !sample.stream && sample.failure.is_none() && sample.total_ms > 0.0;
        is_whole.then(|| f64::from(sample.total_ms / line.max(0.1)))
    }
}

impl Supplier {
    /// It is as it was while these attempts were made: as often in error, and so much slower.
    pub(crate) fn fall_ill(&mut self, sick: &[Sample]) {
        const ENOUGH: usize = 5;
        self.errors = errors(sick);
        self.attempts = sick.len();
        // Against what is usual for prompts of that size: those that it got then need not be those that it usually gets.
        let usual = |sample: &Sample| f64::from(self.first[size(sample.input)].median()).max(0.1);
        let firsts = sick.iter().filter_map(|sample| Some(f64::from(sample.first_ms?) / usual(sample)));
        let firsts: Vec<f64> = firsts.collect();
        if firsts.len() >= ENOUGH {
            let slower = illness::median(firsts).unwrap_or(1.0);
            self.first = self.first.each_ref().map(|curve| curve.times(slower));
        }
        if let Some(plain) = &mut self.plain {
            let wholes: Vec<f64> = sick.iter().filter_map(|sample| plain.times(sample)).collect();
            if wholes.len() >= ENOUGH {
                plain.stray = plain.stray.times(illness::median(wholes).unwrap_or(1.0));
            }
        }
        let gaps: Vec<f64> = sick.iter().filter_map(gap).map(f64::from).collect();
        if gaps.len() >= ENOUGH {
            let usual = f64::from(self.gap.median()).max(1e-3);
            let slower = illness::median(gaps).map_or(1.0, |now| now / usual);
            self.gap = self.gap.times(slower);
        }
    }
}

/// Milliseconds a token of a stream, where it is long enough to tell.
pub(super) fn gap(sample: &Sample) -> Option<f32> {
    let first = sample.first_ms?;
    #[expect(clippy::cast_precision_loss, reason = "a count of tokens")]
    let tokens = sample.output.checked_sub(1).filter(|tokens| *tokens >= 4)? as f32;
    Some(((sample.total_ms - first) / tokens).max(0.0))
}

/// A straight line through whole answers' times.
#[expect(clippy::cast_possible_truncation, reason = "times fit")]
fn plain(served: &[Sample]) -> Option<Length> {
    let whole: Vec<(f64, f64)> = served
        .iter()
        .filter(|sample| !sample.stream && sample.total_ms > 0.0)
        .map(|sample| (f64::from(sample.output), f64::from(sample.total_ms)))
        .collect();
    if whole.len() < LEAST {
        return None;
    }
    let count = f(whole.len());
    let (sum_x, sum_y) = whole.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut across, mut along) = (0.0, 0.0);
    for (x, y) in &whole {
        across += (x - mean_x) * (y - mean_y);
        along += (x - mean_x) * (x - mean_x);
    }
    let slope = if along > 0.0 { (across / along).clamp(0.0, mean_y / mean_x.max(1.0)) } else { 0.0 };
    let base = (mean_y - slope * mean_x).max(0.1);
    let stray = whole.iter().map(|(x, y)| (y / (base + slope * x)) as f32).collect();
    Some(Length { base_ms: base as f32, per_token_ms: slope as f32, stray: Curve::of(stray, LEAST)? })
}

/// How much slower each hour of the day is than the whole, as far as that is known.
#[expect(clippy::cast_possible_truncation, reason = "a factor")]
fn hours(served: &[Sample], began_unix_ms: u64) -> [f32; 24] {
    let mut by_hour: [Vec<f64>; 24] = std::array::from_fn(|_| Vec::new());
    for sample in served {
        if let Some(first) = sample.first_ms {
            by_hour[hour(began_unix_ms, sample.at_ms)].push(f64::from(first));
        }
    }
    let known = by_hour.iter().filter(|hour| hour.len() >= LEAST_AN_HOUR).count();
    let usual = illness::median(by_hour.iter().flatten().copied().collect());
    by_hour.map(|firsts| {
        let enough = firsts.len() >= LEAST_AN_HOUR && known > 1;
        let own = illness::median(firsts).filter(|_| enough);
        own.zip(usual).map_or(1.0, |(own, usual)| (own / usual.max(0.1)).clamp(0.2, 5.0) as f32)
    })
}

fn errors(own: &[Sample]) -> Vec<ErrorKind> {
    let mut kinds: Vec<(Failure, usize, f32)> = Vec::new();
    for sample in own {
        let Some(failure) = sample.failure.filter(|failure| failure.blame() != wire::Blame::None) else {
            continue;
        };
        match kinds.iter_mut().find(|(known, ..)| *known == failure) {
            Some((_, count, time)) => (*count, *time) = (*count + 1, *time + sample.total_ms),
            None => kinds.push((failure, 1, sample.total_ms)),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let kind = |(failure, count, time): (Failure, usize, f32)| ErrorKind {
        failure,
        share: ratio(f(count), f(own.len())),
        after_ms: time / count as f32,
    };
    kinds.into_iter().map(kind).collect()
}

/// By route, the share of prompts' tokens that came from a cache.
fn cached(served: &[Sample]) -> HashMap<u32, f64> {
    let mut sums: HashMap<u32, (f64, f64)> = HashMap::new();
    for sample in served.iter().filter(|sample| sample.input > 0) {
        let sum = sums.entry(sample.route).or_default();
        *sum = (sum.0 + f64::from(sample.cached), sum.1 + f64::from(sample.input));
    }
    sums.into_iter().map(|(route, (cached, all))| (route, ratio(cached, all))).collect()
}

pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
pub(super) const fn f(count: usize) -> f64 {
    count as f64
}

pub(super) fn root(count: usize) -> f64 {
    f(count.max(1)).sqrt()
}

impl Fitted {
    /// The same with somebody new, last: as it is said to be.
    #[must_use]
    pub fn with(&self, arrival: &crate::event::Arrival) -> Self {
        const SPREAD: f64 = 0.25;
        self.with_guess(arrival.first_ms, 1_000.0 / arrival.tokens_per_second.max(0.1), SPREAD)
    }

    /// The same with somebody whom nobody has seen, as the last.
    #[must_use]
    pub fn with_unseen(&self) -> Self {
        const SPREAD: f64 = 0.7;
        self.with_guess(PRIOR_FIRST_MS, PRIOR_GAP_MS, SPREAD)
    }

    fn with_guess(&self, first_ms: f64, gap_ms: f64, spread: f64) -> Self {
        let mut grown = self.clone();
        let mean = grown.suppliers.iter().map(|supplier| supplier.tokens.per_estimate).sum::<f64>();
        let mean = if grown.suppliers.is_empty() { 1.0 } else { mean / f(grown.suppliers.len()) };
        grown.suppliers.push(Supplier {
            first: std::array::from_fn(|_| Curve::guess(first_ms, spread)),
            gap: Curve::guess(gap_ms, spread),
            plain: None,
            hours: [1.0; 24],
            errors: Vec::new(),
            tokens: Tokens { per_estimate: mean, error: 0.15, certainty: Certainty::Assumed },
            estimates: HashMap::new(),
            cached: HashMap::new(),
            outputs: HashMap::new(),
            certainty: Certainty::Assumed,
            speed_error: 0.3,
            attempts: 0,
        });
        grown
    }
}
