//! Whether a product gets through a loss: for targets, and for what is watched.

use scenario::{Domain, Estate, Set, Verdict};

use super::losses::{self, OnProduct};
use super::products::Study;

/// Whom a loss takes: as far as anybody says, and if all that may belong to it belongs to it.
#[derive(Debug)]
pub(in crate::report) struct Taken {
    known: Set,
    at_worst: Set,
}

/// Whether a product is served whole after a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Survival {
    Yes,
    No,
    /// Nobody says where some belong who would have to carry it.
    NotKnown,
}

impl Taken {
    pub(in crate::report) fn by(domain: &Domain, estate: &Estate, today: &str) -> Self {
        let known = estate.taken_by(domain, today);
        let supposed = estate.supposing(domain).map(|supposed| supposed.taken_by(domain, today));
        Self { at_worst: supposed.unwrap_or_else(|| known.clone()), known }
    }

    /// Whether it takes nobody, whatever is not known.
    pub(in crate::report) fn is_nobody(&self) -> bool {
        self.known.is_empty() && self.at_worst.is_empty()
    }

    /// What the loss does to a product.
    pub(in crate::report) fn from(&self, study: &Study) -> OnProduct {
        let on_it = losses::on(study, &self.known);
        if self.at_worst == self.known {
            return on_it;
        }
        OnProduct { at_worst: losses::on(study, &self.at_worst).verdict, ..on_it }
    }

    /// Whether a product gets through it. Whoever finds nobody while nothing is lost gets through nothing.
    pub(in crate::report) fn survived_by(&self, study: &Study) -> Survival {
        if study.needs.left_behind > 0 {
            return Survival::No;
        }
        let on_it = self.from(study);
        let stops = |verdict: Verdict, taken: &Set| {
            study.needs.requests() > 0 && !taken.is_empty() && verdict >= Verdict::Partly
        };
        if stops(on_it.verdict, &self.known) {
            Survival::No
        } else if stops(on_it.at_worst, &self.at_worst) {
            Survival::NotKnown
        } else {
            Survival::Yes
        }
    }
}
