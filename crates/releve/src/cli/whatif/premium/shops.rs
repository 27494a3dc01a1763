//! What could be added, how far that leads, and what it costs.

use std::collections::BTreeSet;

use scenario::replay::{Added, Figures, Fragility, unserved};
use scenario::{Score, Shop};

use super::super::runs::on_all_cores;
use super::played::Played;

/// By so much, of all requests, may what is drawn in two plays differ.
const DRAWN: f64 = 0.001;

/// What is wanted of a set. What has to be proven then follows from it, and is an effort of its price.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal {
    /// No product is refused in the scenario.
    Served,
    /// No product is hurt by so many losses at once, and no larger share of the requests than this is refused in the scenario.
    Holds { losses: usize, unserved: f64 },
}

/// What a set costs: what is known comes before what is not, and of as much money the lesser effort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Price {
    /// Things whose price nobody says.
    unpriced: usize,
    /// Of a thousand requests, those that are answered at a price that nobody says.
    unpriced_of_a_thousand: i64,
    /// Money a day in the scenario, in steps that are worth an effort.
    money: i64,
    contracts: usize,
    things: usize,
    /// By how much room is raised, in all.
    raised: u32,
    cents: i64,
}

/// Everything that could be added.
pub(super) struct Wares<'a> {
    played: &'a Played<'a>,
    goal: Goal,
    /// Whether new contracts are.
    contracts: bool,
    /// So much money a day is worth an effort.
    step_usd: f64,
}

impl<'a> Wares<'a> {
    pub(super) fn new(played: &'a Played<'a>, goal: Goal, contracts: bool, step_usd: f64) -> Self {
        Self { played, goal, contracts, step_usd }
    }

    fn score(&self, adds: &[Added]) -> Score<Price> {
        let estate = self.played.estate(adds);
        let (fixed, unpriced) = self.played.fixed_usd_per_day(adds);
        let raise = |added: &Added| if let Added::Room { tenths, .. } = added { *tenths } else { 0 };
        let mut price = Price {
            unpriced,
            contracts: adds.iter().filter(|added| matches!(added, Added::Contract { .. })).count(),
            things: adds.len(),
            raised: adds.iter().map(raise).sum(),
            ..Price::default()
        };
        let holds = match self.goal {
            Goal::Served => 0,
            Goal::Holds { losses, .. } => {
                missing_losses(self.played.reported.fragility(&estate, adds, losses), losses)
            }
        };
        if holds > 0 {
            // What leads nowhere need not be played.
            return Score { missing: holds, price };
        }
        let tally = self.played.tally(&estate);
        let total = Figures::of(&tally, &estate).total;
        let usd = total.cost_usd_per_day + fixed;
        price.things += Added::proofs(&estate, &self.played.question.proven, &tally).len();
        price.unpriced_of_a_thousand = rounded(total.unpriced * 1_000.0);
        price.money = rounded(usd / self.step_usd.max(0.01));
        price.cents = rounded(usd * 100.0);
        let allowed = match self.goal {
            Goal::Served => 0.0,
            Goal::Holds { unserved, .. } => unserved + DRAWN,
        };
        Score { missing: of_a_thousand(unserved(&estate, &tally) - allowed), price }
    }
}

impl Shop for Wares<'_> {
    type Thing = Added;
    type Price = Price;

    fn offers(&self, set: &[Added]) -> Vec<Added> {
        let question = self.played.question;
        let estate = self.played.estate(set);
        let (tight, refused) = match self.goal {
            Goal::Served => {
                let tally = self.played.tally(&estate);
                let tight = Added::turned_away(&estate, &question.traffic, &tally);
                (tight, Some(Added::refused_routes(&question.traffic, &tally)))
            }
            Goal::Holds { .. } => (Added::limited(&estate, &question.traffic), None),
        };
        let all = Added::all(&estate, &question.traffic, question.offers, &tight);
        let useful = |added: &Added| match added {
            Added::Fallback { route, .. } => refused.as_ref().is_none_or(|refused| refused.contains(route)),
            Added::Contract { .. } => self.contracts,
            // More of the same room is another raise, and not one upon the other.
            Added::Room { account, .. } => !set
                .iter()
                .any(|known| matches!(known, Added::Room { account: raised, .. } if raised == account)),
            Added::Proof { .. } => true,
        };
        all.into_iter().filter(useful).collect()
    }

    fn bundles(&self) -> Vec<Vec<Added>> {
        let question = self.played.question;
        let estate = self.played.estate(&[]);
        let routes: BTreeSet<usize> = match self.goal {
            Goal::Served => Added::refused_routes(&question.traffic, &self.played.tally(&estate)),
            Goal::Holds { .. } => (0..estate.routes.len()).collect(),
        };
        Added::everywhere(&estate, &question.traffic, &routes)
    }

    fn scores(&self, sets: &[Vec<Added>]) -> Vec<Score<Price>> {
        on_all_cores(sets, |set| self.score(set))
    }
}

/// How far an estate is from holding so many losses at once: how many fewer it holds, and by how many such losses.
fn missing_losses(fragility: Fragility, losses: usize) -> u64 {
    const EACH: usize = 10_000;
    let Some(size) = fragility.smallest_cut.filter(|size| *size <= losses) else { return 0 };
    ((losses - size) * EACH + fragility.count.clamp(1, EACH)) as u64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn of_a_thousand(share: f64) -> u64 {
    // Not one for what rounding leaves.
    (share * 1_000.0 - 1e-6).ceil() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_loss_more_counts_before_how_many_such_there_are() {
        let missing = |smallest_cut, count| missing_losses(Fragility { smallest_cut, count }, 2);
        assert_eq!(missing(None, 0), 0);
        assert_eq!(missing(Some(3), 7), 0);
        assert_eq!(missing(Some(2), 7), 7);
        assert!(missing(Some(1), 1) > missing(Some(2), 100_000));
        assert!(missing(Some(0), 1) > missing(Some(1), 100));
    }

    #[test]
    fn a_thousandth_is_missing_or_not() {
        assert_eq!([-1.0, 0.0, 1e-12, 0.0004, 0.001, 0.0011].map(of_a_thousand), [0, 0, 0, 1, 1, 2]);
    }
}
