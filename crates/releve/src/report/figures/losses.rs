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
    /// The verdict if everything that may belong to what is lost, because nobody says where it belongs, is lost too.
    pub(crate) at_worst: Verdict,
    #[serde(flatten)]
    pub(crate) outlook: Outlook,
}

impl OnProduct {
    /// Whether the verdict is only the better of what may be: some that would carry on may be lost as well.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.verdict < Verdict::Partly && self.at_worst > self.verdict && self.at_worst >= Verdict::Unproven
    }

    /// Whether it is not known that the product goes on.
    pub(crate) fn may_stop(&self) -> bool {
        self.verdict < Verdict::Partly && self.at_worst >= Verdict::Partly
    }
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
    let mut whole: Vec<(LossFigures, Set)> = Vec::new();
    for (domain, takes) in estate.losses(today) {
        let takes = takes.intersection(&used);
        if takes.is_empty() {
            continue;
        }
        let supposed = estate.supposing(&domain);
        let at_worst = supposed.map_or_else(|| takes.clone(), |supposed| supposed.taken_by(&domain, today));
        let figures = loss(domain, None, (&takes, &at_worst), studies);
        let is_same = |known: &LossFigures| {
            let mut pairs = known.products.iter().zip(&figures.products);
            pairs.all(|(known, this)| known.at_worst == this.at_worst)
        };
        match whole.iter_mut().find(|(known, taken)| *taken == takes && is_same(known)) {
            Some((known, _)) => known.domains.extend(figures.domains),
            None => whole.push((figures, takes)),
        }
    }
    let mut losses: Vec<LossFigures> = whole.into_iter().map(|(figures, _)| figures).collect();
    let mut makers: Vec<Arc<str>> =
        used.iter().filter_map(|member| estate.domain_of(member, DomainKind::Maker)).collect();
    makers.sort();
    makers.dedup();
    for name in makers {
        for meaning in Meaning::ALL {
            let domain = Domain::new(DomainKind::Maker, Arc::clone(&name));
            let taken = |estate: &Estate| maker::taken(estate, &name, meaning, today);
            let takes = taken(estate);
            let at_worst =
                estate.supposing(&domain).map_or_else(|| takes.clone(), |supposed| taken(&supposed));
            losses.push(loss(domain, Some(meaning), (&takes, &at_worst), studies));
        }
    }
    losses
}

/// `takes`: what is lost, and what is lost at worst.
fn loss(
    domain: Domain,
    meaning: Option<Meaning>,
    (takes, at_worst): (&Set, &Set),
    studies: &[Study],
) -> LossFigures {
    let products = studies.iter().filter(|study| study.needs.requests() > 0);
    let products = products.map(|study| {
        let on_it = on(study, takes);
        if at_worst == takes { on_it } else { OnProduct { at_worst: on(study, at_worst).verdict, ..on_it } }
    });
    LossFigures { domains: vec![domain], meaning, products: products.collect() }
}

/// Of a loss that takes just these, whatever else is not known.
pub(in crate::report) fn on(study: &Study, takes: &Set) -> OnProduct {
    let outlook = Outlook::after(&study.needs, &study.carried, &study.proven, takes);
    let touched =
        study.needs.groups().iter().any(|(candidates, _)| !candidates.intersection(takes).is_empty());
    let verdict = outlook.verdict(touched);
    OnProduct { product: Arc::clone(&study.product.name), verdict, at_worst: verdict, outlook }
}
