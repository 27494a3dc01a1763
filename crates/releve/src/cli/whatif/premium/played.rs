//! The question, played with what could be added.

use scenario::LARGEST;
use scenario::event::{Course, compile};
use scenario::replay::{Added, Figures, PlayedEstate, Reported, Tally, pains, unserved};

use super::super::runs::Question;

/// What is added, and what it comes to on the requests that it was played on.
pub(super) struct Point {
    pub(super) adds: Vec<Added>,
    pub(super) served: f64,
    /// The share of requests by which products are failed: refused, or more degraded than may be.
    pub(super) pains: f64,
    pub(super) usd_per_day: f64,
    pub(super) calm_usd_per_day: f64,
    /// What is paid besides for what was added, used or not, as far as somebody says.
    pub(super) fixed_usd_per_day: f64,
    /// How many of the things added cost what nobody says.
    pub(super) unpriced: usize,
    /// The share of requests that is served by who has no price, in the scenario and without.
    pub(super) served_unpriced: [f64; 2],
    /// Of how many losses the smallest sets are that hurt a product, as the report counts.
    pub(super) smallest_cut: Option<usize>,
}

/// The question, played on some of its requests or all.
pub(super) struct Played<'a> {
    pub(super) question: &'a Question,
    pub(super) reported: &'a Reported,
    pub(super) course: Course,
    pub(super) calm: Course,
}

impl<'a> Played<'a> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    pub(super) fn some(question: &'a Question, reported: &'a Reported, requests: f64) -> Self {
        let needed = (requests / question.traffic.per_second().max(1e-9) * 1_000.0) as u64;
        Self::of(question, reported, question.played_ms.min(needed.max(60_000)))
    }

    pub(super) fn whole(question: &'a Question, reported: &'a Reported) -> Self {
        Self::of(question, reported, question.played_ms)
    }

    fn of(question: &'a Question, reported: &'a Reported, played_ms: u64) -> Self {
        let course = compile(&question.scenario, &question.estate, played_ms);
        let calm = Course::before(&question.scenario, &question.estate, played_ms, course.compressed);
        Self { question, reported, course, calm }
    }

    /// The estate with what is added.
    pub(super) fn estate(&self, adds: &[Added]) -> PlayedEstate {
        let Question { estate, traffic, .. } = self.question;
        adds.iter().fold(estate.clone(), |estate, added| added.to(&estate, traffic))
    }

    pub(super) fn tally(&self, estate: &PlayedEstate) -> Tally {
        self.question.play_in(estate, &self.course, 1.0)
    }

    /// The share of requests that are refused with this added.
    pub(super) fn unserved(&self, adds: &[Added]) -> f64 {
        let estate = self.estate(adds);
        unserved(&estate, &self.tally(&estate))
    }

    /// What it costs besides, used or not, as far as somebody says; and of how many nobody does.
    pub(super) fn fixed_usd_per_day(&self, adds: &[Added]) -> (f64, usize) {
        let price = |(place, added): (usize, &Added)| {
            added.fixed_usd_per_day(&self.reported.with(&self.question.estate, &adds[..place]))
        };
        let prices: Vec<Option<f64>> = adds.iter().enumerate().map(price).collect();
        (prices.iter().flatten().sum(), prices.iter().filter(|price| price.is_none()).count())
    }

    /// As it is.
    pub(super) fn as_it_is(&self) -> Point {
        self.point(Vec::new())
    }

    /// With this added, and what has to be proven then.
    pub(super) fn with(&self, adds: &[Added]) -> Point {
        let estate = self.estate(adds);
        let proofs = Added::proofs(&estate, &self.question.proven, &self.tally(&estate));
        self.point([adds, &proofs].concat())
    }

    fn point(&self, adds: Vec<Added>) -> Point {
        let estate = self.estate(&adds);
        let tally = self.tally(&estate);
        let in_it = Figures::of(&tally, &estate).total;
        let calm = Figures::of(&self.question.play_in(&estate, &self.calm, 1.0), &estate).total;
        let (fixed_usd_per_day, unpriced) = self.fixed_usd_per_day(&adds);
        Point {
            served: in_it.served,
            pains: pains(&estate, &tally),
            usd_per_day: in_it.cost_usd_per_day,
            calm_usd_per_day: calm.cost_usd_per_day,
            fixed_usd_per_day,
            unpriced,
            served_unpriced: [in_it.unpriced, calm.unpriced],
            smallest_cut: self.reported.fragility(&estate, &adds, LARGEST).smallest_cut,
            adds,
        }
    }
}
