//! What each single loss would do to each product.

use std::sync::Arc;

use scenario::maker::{self, Meaning};
use scenario::{Domain, DomainKind, Estate, Outlook, Set, Verdict};
use serde::Serialize;

use super::products::Study;

/// One loss.
#[derive(Debug, Serialize)]
pub(crate) struct LossFigures {
    /// What is lost, under all its names: domains that take away the same are one loss.
    pub(crate) domains: Vec<Domain>,
    /// Which meaning of a maker's loss, where it is only one of them.
    pub(crate) meaning: Option<Meaning>,
    pub(crate) products: Vec<OnProduct>,
}

/// What a loss does to a product.
#[derive(Debug, Serialize)]
pub(crate) struct OnProduct {
    pub(crate) product: Arc<str>,
    pub(crate) verdict: Verdict,
    #[serde(flatten)]
    pub(crate) outlook: Outlook,
}

/// A kind of fault domain that nobody has named for some of those that could serve.
#[derive(Debug, Serialize)]
pub(crate) struct Unplaced {
    pub(crate) kind: DomainKind,
    /// Deployments that therefore count as surviving every loss of that kind.
    pub(crate) deployments: Vec<Arc<str>>,
}

impl LossFigures {
    /// The worst that it does to any product.
    pub(crate) fn worst(&self) -> Option<Verdict> {
        self.products.iter().map(|on| on.verdict).max()
    }
}

/// What any product's request could use: whatever else is lost is nobody's loss.
fn used(studies: &[Study]) -> Set {
    let groups = studies.iter().flat_map(|study| study.needs.groups());
    groups.fold(Set::default(), |set, (candidates, _)| set.union(candidates))
}

/// Where the losses are not whole, because nobody says what belongs to them.
pub(super) fn unplaced(estate: &Estate, studies: &[Study]) -> Vec<Unplaced> {
    let used = used(studies);
    let of_kind = |kind| {
        let nowhere = used.iter().filter(|member| estate.domain_of(*member, kind).is_none());
        let deployments = nowhere.map(|member| Arc::clone(&estate.members[member].routing.name)).collect();
        Unplaced { kind, deployments }
    };
    DomainKind::ALL.into_iter().map(of_kind).filter(|unplaced| !unplaced.deployments.is_empty()).collect()
}

pub(super) fn all(estate: &Estate, studies: &[Study], today: &str) -> Vec<LossFigures> {
    let used = used(studies);
    let mut whole: Vec<(Vec<Domain>, Set)> = Vec::new();
    for (domain, takes) in estate.losses(today) {
        let takes = takes.intersection(&used);
        if takes.is_empty() {
            continue;
        }
        match whole.iter_mut().find(|(_, known)| *known == takes) {
            Some((domains, _)) => domains.push(domain),
            None => whole.push((vec![domain], takes)),
        }
    }
    let mut losses: Vec<LossFigures> =
        whole.into_iter().map(|(domains, takes)| loss(domains, None, &takes, studies)).collect();
    let mut makers: Vec<Arc<str>> =
        used.iter().filter_map(|member| estate.domain_of(member, DomainKind::Maker)).collect();
    makers.sort();
    makers.dedup();
    for name in makers {
        for meaning in Meaning::ALL {
            let takes = maker::taken(estate, &name, meaning, today);
            let domain = Domain::new(DomainKind::Maker, Arc::clone(&name));
            losses.push(loss(vec![domain], Some(meaning), &takes, studies));
        }
    }
    losses
}

fn loss(domains: Vec<Domain>, meaning: Option<Meaning>, takes: &Set, studies: &[Study]) -> LossFigures {
    let products = studies.iter().filter(|study| study.needs.requests() > 0);
    LossFigures { domains, meaning, products: products.map(|study| on(study, takes)).collect() }
}

pub(in crate::report) fn on(study: &Study, takes: &Set) -> OnProduct {
    let outlook = Outlook::after(&study.needs, &study.carried, &study.proven, takes);
    let touched =
        study.needs.groups().iter().any(|(candidates, _)| !candidates.intersection(takes).is_empty());
    OnProduct { product: Arc::clone(&study.product.name), verdict: outlook.verdict(touched), outlook }
}
