//! What came of a replay.

use std::collections::BTreeMap;
use std::time::Duration;

use super::histogram::Histogram;
use crate::event::Course;

/// Into how many parts a replay's time is cut, to see when something hurts.
pub(crate) const PARTS: usize = 400;

/// The whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// By product.
    pub products: Vec<ProductTally>,
    /// By deployment.
    pub deployments: Vec<DeploymentTally>,
    /// How long was played, in milliseconds.
    pub played_ms: u64,
    /// How much longer the scenario is than that.
    pub compressed: f64,
}

/// Why a request was refused: the last that was heard, or what stood against everybody. A stable code.
pub type Why = &'static str;

/// One product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductTally {
    /// Requests.
    pub requests: u64,
    /// Served by a deployment that is proven for it.
    pub proven: u64,
    /// Served by another.
    pub unproven: u64,
    /// Not served, by why.
    pub refused: BTreeMap<Why, u64>,
    /// What its answers cost, in billionths of a dollar, unpriced ones left out.
    pub cost_nanos: i128,
    /// The same by part of the time.
    pub parts_cost: Vec<i128>,
    /// Answers without a price.
    pub unpriced: u64,
    /// Time to the first content, or to the whole of what is not streamed.
    pub first: Histogram,
    /// By part of the time: requests, and those refused.
    pub parts: Vec<(u32, u32)>,
    /// By part of the time: those served by who is not proven for it.
    pub parts_unproven: Vec<u32>,
    /// By deployment, answers.
    pub served_by: Vec<u64>,
}

/// One deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeploymentTally {
    /// Answers.
    pub served: u64,
    /// What they cost, in billionths of a dollar, unpriced ones left out.
    pub cost_nanos: i128,
    /// Answers without a price.
    pub unpriced: u64,
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// Attempts.
    pub attempts: u64,
    /// Attempts that its limits or its queue turned away; not those that it refuses as ever.
    pub turned_away: u64,
    /// How each of its limits was hit: requests, tokens.
    pub limits: [LimitTally; 2],
}

/// What a limit is measured in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Measured {
    /// Attempts a minute.
    #[default]
    Requests,
    /// Tokens a minute, let through or worked off.
    Tokens,
}

/// How a limit was hit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LimitTally {
    /// Which.
    pub of: Measured,
    /// Attempts at the deployment that it turned away.
    pub turned_away: u64,
    /// What was asked of it in a minute, by all that share it and with all that was tried again: of the minutes in which it
    /// turned somebody away, in that in which most was asked for what it let in.
    pub asked: f64,
    /// What it let in a minute then, as the scenario had it.
    pub lets_in: f64,
}

impl Tally {
    pub(super) fn new(products: usize, deployments: usize, played_ms: u64, compressed: f64) -> Self {
        let product = ProductTally {
            parts: vec![(0, 0); PARTS],
            parts_unproven: vec![0; PARTS],
            parts_cost: vec![0; PARTS],
            served_by: vec![0; deployments],
            ..ProductTally::default()
        };
        Self {
            products: vec![product; products],
            deployments: vec![DeploymentTally::default(); deployments],
            played_ms,
            compressed,
        }
    }

    /// Which part of the time a moment lies in.
    pub(super) fn part(&self, at_ms: u64) -> usize {
        let part = u128::from(at_ms) * PARTS as u128 / u128::from(self.played_ms.max(1));
        usize::try_from(part).unwrap_or(PARTS).min(PARTS - 1)
    }

    /// How long one part is in the scenario's time, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    pub fn part_ms(&self) -> f64 {
        self.played_ms as f64 * self.compressed / PARTS as f64
    }

    /// From when on something counts in a part of the time, in the scenario's time: where things change within it, from the change.
    pub fn begins(&self, part: usize, course: &Course) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let begins = Duration::from_secs_f64(part as f64 * self.part_ms() / 1_000.0);
        let change = course.steps.iter().find(|step| self.part(step.at_ms) == part);
        change.map_or(begins, |step| step.from.max(begins))
    }
}

impl ProductTally {
    /// Requests that were served.
    pub const fn served(&self) -> u64 {
        self.proven + self.unproven
    }

    /// The share of its requests that was served; 1 of none.
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub fn served_share(&self) -> f64 {
        if self.requests == 0 { 1.0 } else { self.served() as f64 / self.requests as f64 }
    }

    /// The share of its requests that was refused, or served by who is not proven for it; 0 of none.
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    pub fn degraded_share(&self) -> f64 {
        (self.requests - self.proven) as f64 / self.requests.max(1) as f64
    }

    /// The first part of the time from which on more than `share` of its requests are refused beyond those that were
    /// in the same parts of `before`; two at least within a fiftieth of the time.
    pub fn first_hurt(&self, before: &Self, share: f64) -> Option<usize> {
        first_worse(&self.parts, &before.parts, |_, more| more > share)
    }

    /// Likewise the first from which on more than `most` of its requests, and more than before, are degraded: refused, or served
    /// by who is not proven for it.
    pub fn first_degraded(&self, before: &Self, most: f64) -> Option<usize> {
        let degraded = |product: &Self| -> Vec<(u32, u32)> {
            let parts = product.parts.iter().zip(&product.parts_unproven);
            parts.map(|((requests, refused), unproven)| (*requests, refused + unproven)).collect()
        };
        first_worse(&degraded(self), &degraded(before), |now, _| now > most)
    }

    /// How many parts of the time lie outside an outage of at most `allowed` parts: of each run of parts in which most
    /// requests were refused, those after the first `allowed`. Parts without requests go on as they were before.
    pub fn parts_outside(&self, allowed: f64) -> f64 {
        let (mut outside, mut run) = (0.0, 0.0);
        for (requests, refused) in &self.parts {
            if *requests == 0 && run > 0.0 || *refused * 2 > *requests {
                run += 1.0;
            } else {
                outside += f64::max(run - allowed, 0.0);
                run = 0.0;
            }
        }
        outside + f64::max(run - allowed, 0.0)
    }
}

/// The first part of the time in which more is amiss than in the same of `before`, by two requests at least within a fiftieth
/// of the time, and by as much as it takes: `is_worse` gets the share of that time's requests, and how much of it is more.
fn first_worse(
    now: &[(u32, u32)],
    before: &[(u32, u32)],
    is_worse: impl Fn(f64, f64) -> bool,
) -> Option<usize> {
    const TOGETHER: usize = PARTS / 50;
    let sum = |parts: &[(u32, u32)], place: usize| {
        let near = parts.get(place..parts.len().min(place + TOGETHER)).unwrap_or_default();
        near.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    };
    let is_first = |place: &usize| {
        let (near, then) = (sum(now, *place), sum(before, *place));
        let (asked, amiss) = (f64::from(near.0.max(1)), f64::from(near.1));
        // Of as many requests as there are now, so many were amiss anyway.
        let anyway = f64::from(then.1) / f64::from(then.0.max(1)) * f64::from(near.0);
        let (here, more) = (now[*place], amiss - anyway);
        let were = before.get(*place).copied().unwrap_or_default();
        let is_here = f64::from(here.1) * f64::from(were.0) > f64::from(were.1) * f64::from(here.0)
            || here.1 > 0 && were.0 == 0;
        is_here && more >= 2.0 && is_worse(amiss / asked, more / asked)
    };
    (0..now.len()).find(is_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_counts_from_where_it_is_too_long() {
        let parts = vec![(10, 0), (10, 6), (10, 10), (0, 0), (10, 10), (10, 1), (10, 9), (10, 0)];
        let product = ProductTally { parts, ..ProductTally::default() };
        assert!((product.parts_outside(0.0) - 5.0).abs() < 1e-9);
        assert!((product.parts_outside(1.0) - 3.0).abs() < 1e-9, "the short one is allowed");
        let none = ProductTally::default();
        assert_eq!(product.first_hurt(&none, 0.01), Some(1));
        assert_eq!(none.first_hurt(&none, 0.01), None);
    }

    #[test]
    fn what_was_refused_before_hurts_nobody_first() {
        let of = |parts: &[(u32, u32)]| ProductTally { parts: parts.to_vec(), ..ProductTally::default() };
        let before =
            of(&[(10, 10), (10, 10), (10, 2), (10, 2), (10, 2), (10, 2), (10, 2), (10, 2), (10, 2), (10, 2)]);
        assert_eq!(before.first_hurt(&before, 0.01), None, "all is as it was");
        let mut parts = before.parts.clone();
        parts[4].1 = 9;
        assert_eq!(of(&parts).first_hurt(&before, 0.01), Some(4), "not those of the beginning");
        let grown = of(&[(20, 20); 10]);
        assert_eq!(
            grown.first_hurt(&of(&[(10, 10); 10]), 0.01),
            None,
            "twice as many, none of whom was served"
        );
    }

    #[test]
    fn degraded_is_who_is_refused_or_served_by_somebody_unproven() {
        let of = |refused: [u32; 4], unproven: [u32; 4]| ProductTally {
            parts: refused.map(|refused| (100, refused)).to_vec(),
            parts_unproven: unproven.to_vec(),
            ..ProductTally::default()
        };
        let before = of([0; 4], [5, 5, 5, 5]);
        let after = of([0, 0, 0, 6], [5, 5, 5, 12]);
        assert_eq!(after.first_degraded(&before, 0.02), Some(3), "more is only there");
        assert_eq!(after.first_degraded(&before, 0.17), Some(3));
        assert_eq!(after.first_degraded(&before, 0.18), None, "it may be");
        assert_eq!(before.first_degraded(&before, 0.01), None, "as it was, though it may not be");
        assert_eq!(after.first_hurt(&before, 0.01), Some(3));
    }
}
