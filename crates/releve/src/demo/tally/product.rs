//! One product's own count: what it asked and got, and how fast.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use catalogue::Money;

use super::NOW;
use crate::demo::cast::{SUPPLIERS, SupplierIndex};

/// Errors of one product are not told more often.
const ERROR_EVERY: Duration = Duration::from_secs(1);

/// One product's side of it.
#[derive(Debug, Default)]
pub(in crate::demo) struct ProductTally {
    pub(in crate::demo) asked: u64,
    pub(in crate::demo) answered: u64,
    pub(in crate::demo) errors: u64,
    pub(in crate::demo) takeovers: u64,
    pub(in crate::demo) cost: Money,
    first_ms: Vec<u32>,
    recent: VecDeque<Recent>,
    /// When an error was last worth a line.
    error_told: Option<Instant>,
    /// Who has taken over in this scene, so that the same again is no news.
    carried_by: Vec<SupplierIndex>,
}

#[derive(Debug, Clone, Copy)]
struct Recent {
    at: Instant,
    supplier: Option<SupplierIndex>,
    first_ms: u32,
}

impl ProductTally {
    /// It got an answer.
    pub(super) fn answered(&mut self, now: Instant, supplier: Option<SupplierIndex>, first: Duration) {
        let first_ms = u32::try_from(first.as_millis()).unwrap_or(u32::MAX);
        self.answered += 1;
        self.first_ms.push(first_ms);
        self.recent.push_back(Recent { at: now, supplier, first_ms });
    }

    /// The answer was a takeover. Gives the supplier where it is the first by that one in this scene.
    pub(super) fn taken_over(&mut self, by: Option<SupplierIndex>) -> Option<SupplierIndex> {
        self.takeovers += 1;
        let first = by.filter(|by| !self.carried_by.contains(by));
        self.carried_by.extend(first);
        first
    }

    /// It saw an error. Says whether that is worth a line: where all fail, one a second says enough.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.errors += 1;
        let is_news = self.error_told.is_none_or(|told| now - told >= ERROR_EVERY);
        if is_news {
            self.error_told = Some(now);
        }
        is_news
    }

    /// What was known is news again.
    pub(super) fn scene_begins(&mut self) {
        self.carried_by.clear();
    }

    /// Who answered of late, the busiest first.
    pub(in crate::demo) fn served_by_now(&mut self) -> Vec<SupplierIndex> {
        self.forget_the_old();
        let mut counts = vec![0_usize; SUPPLIERS.len()];
        for supplier in self.recent.iter().filter_map(|recent| recent.supplier) {
            counts[supplier] += 1;
        }
        let mut serving: Vec<_> = (0..counts.len()).filter(|supplier| counts[*supplier] > 0).collect();
        serving.sort_by_key(|supplier| std::cmp::Reverse(counts[*supplier]));
        serving
    }

    /// The median time to the first token of late, in milliseconds.
    pub(in crate::demo) fn first_p50_now(&mut self) -> Option<u32> {
        self.forget_the_old();
        percentile(self.recent.iter().map(|recent| recent.first_ms).collect(), 0.5)
    }

    /// A percentile of the times to the first token, in milliseconds; `part` from 0 to 1.
    pub(in crate::demo) fn first_percentile(&self, part: f64) -> Option<u32> {
        percentile(self.first_ms.clone(), part)
    }

    fn forget_the_old(&mut self) {
        let now = Instant::now();
        while self.recent.front().is_some_and(|recent| now - recent.at > NOW) {
            self.recent.pop_front();
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a list that fits into memory"
)]
fn percentile(mut all: Vec<u32>, part: f64) -> Option<u32> {
    all.sort_unstable();
    let last = all.len().checked_sub(1)?;
    all.get((last as f64 * part).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_seen() {
        assert_eq!(percentile(Vec::new(), 0.5), None);
        assert_eq!(percentile(vec![3, 1, 2], 0.5), Some(2));
        assert_eq!(percentile(vec![5], 0.95), Some(5));
        assert_eq!(percentile((0..101).rev().collect(), 0.95), Some(95));
    }
}
