//! Who carries what part of it, before and after.

use std::cmp::Ordering;
use std::sync::Arc;

use routing::Deployment;
use scenario::event::{Target, What};
use scenario::replay::{DeploymentTally, Tally};
use scenario::{Domain, DomainKind};

use super::arrivals;
use super::outcome::ShareRow;
use super::runs::Question;

/// What somebody served, and what that cost as far as it has a price.
#[derive(Debug, Clone, Copy, Default)]
struct Served {
    requests: f64,
    unpriced: f64,
    nanos: f64,
}

impl Served {
    /// `fixed`: what is paid for each besides, used or not, in billionths of a dollar.
    fn by(tally: &Tally, fixed: &[f64], pick: impl Fn(usize) -> bool) -> Self {
        let own = tally.deployments.iter().zip(fixed).enumerate().filter(|(index, _)| pick(*index));
        own.fold(Self::default(), |sum, (_, (deployment, fixed))| sum.and(deployment, *fixed))
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn and(self, deployment: &DeploymentTally, fixed: f64) -> Self {
        Self {
            requests: self.requests + deployment.served as f64,
            unpriced: self.unpriced + deployment.unpriced as f64,
            nanos: self.nanos + deployment.cost_nanos as f64 + fixed,
        }
    }

    /// The part of all the money that is known; `None` where nothing of its own is.
    fn money(&self, all: &Self) -> Option<f64> {
        let is_known = self.requests <= 0.0 || self.unpriced < self.requests;
        is_known.then(|| part(self.nanos, all.nanos))
    }
}

fn part(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Shares of makers and hosts. Who was merged counts with its new owner afterwards.
pub(super) fn of(question: &Question, before: &Tally, after: &Tally) -> Vec<ShareRow> {
    let estate = &question.estate;
    let (nothing, fixed) = (vec![0.0; estate.deployments.len()], fixed(question, after));
    let before = |pick: &dyn Fn(usize) -> bool| Served::by(before, &nothing, pick);
    let after = |pick: &dyn Fn(usize) -> bool| Served::by(after, &fixed, pick);
    let (all_before, all_after) = (before(&|_| true), after(&|_| true));
    let mut rows = Vec::new();
    for domain in estate.domains() {
        if !matches!(domain.kind, DomainKind::Maker | DomainKind::Host) {
            continue;
        }
        let belongs = |index: usize| estate.belongs(index, &domain);
        let joins = |index: usize| {
            let own = Domain::new(DomainKind::Maker, Arc::clone(&estate.deployments[index].maker));
            domain.kind == DomainKind::Maker && merged(question, &own).as_ref() == Some(&domain)
        };
        let was = before(&belongs);
        let is = match merged(question, &domain) {
            Some(_) => Served::default(),
            None => after(&|index| belongs(index) || joins(index)),
        };
        if was.requests + is.requests == 0.0 {
            continue;
        }
        rows.push(ShareRow {
            domain: domain.kind.as_str(),
            name: Arc::clone(&domain.name),
            requests_before: part(was.requests, all_before.requests),
            requests_after: part(is.requests, all_after.requests),
            money_before: was.money(&all_before),
            money_after: is.money(&all_after),
            unpriced_before: part(was.unpriced, was.requests),
            unpriced_after: part(is.unpriced, is.requests),
        });
    }
    rows.sort_by(|one, other| {
        (one.domain, other.requests_before)
            .partial_cmp(&(other.domain, one.requests_before))
            .unwrap_or(Ordering::Equal)
    });
    rows
}

/// By deployment, what is paid whether it is used or not in the time that is played, in billionths of a dollar.
fn fixed(question: &Question, after: &Tally) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    let days = after.played_ms as f64 / 86_400_000.0;
    let arrivals = arrivals::fixed(&question.scenario);
    let of = |deployment: &Deployment| {
        let own = arrivals.iter().filter(|(name, _)| *name == deployment.name);
        own.map(|(_, usd_per_day)| usd_per_day * days * 1e9).sum()
    };
    question.estate.deployments.iter().map(of).collect()
}

/// Whose part a domain becomes.
fn merged(question: &Question, domain: &Domain) -> Option<Domain> {
    let target = Target::Domain(domain.clone());
    question.scenario.events.iter().find_map(|event| match &event.what {
        What::Merger(into) if event.targets.contains(&target) => {
            Some(Domain::new(DomainKind::Maker, Arc::clone(into)))
        }
        _ => None,
    })
}
