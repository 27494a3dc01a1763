//! Whether what the configuration wants is so: yes, no, or not known. What is not known meets nothing.

use std::sync::Arc;
use std::time::Duration;

use scenario::{Dependence, Domain, DomainKind, Estate, Traffic};
use serde::Serialize;

use super::products::Study;
use super::survival::{Survival, Taken};
use crate::config::Config;
use crate::config::product::{MaxShare, Measure};
use crate::config::value::{At, Share};

/// One target.
#[derive(Debug, Serialize)]
pub(crate) struct TargetResult {
    /// As it is written: `must_survive = maker:openai`, `max_share.maker = 0.7 of money over 30d`.
    pub(crate) target: String,
    /// The same for who puts it into words.
    #[serde(skip)]
    pub(crate) wanted: Wanted,
    /// `None` where it is not known.
    pub(crate) met: Option<bool>,
    /// Who breaks it: products that would not be served whole, or the domain with too large a share.
    pub(crate) broken_by: Vec<String>,
    /// Where it is not known: products that may not be served whole, or the share that nobody has placed.
    pub(crate) not_known_for: Vec<String>,
    /// Of the largest share that is wanted, who has more, or has it in the share that nobody has placed: without a name.
    #[serde(skip)]
    pub(crate) shares: Vec<(Option<String>, f64)>,
    /// Requests without a price, where money decides: what they cost may make a share too large.
    pub(crate) unpriced: u64,
    /// Whether nothing that is configured has that name.
    pub(crate) names_nothing: bool,
}

/// What a target wants.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// No product stops when this is lost.
    Survives(Domain),
    /// No domain of a kind has more than a share, of 1, of all, or of what one product asked, over the last so long.
    AtMost { kind: DomainKind, share: f64, of: Measure, over: Option<Duration>, product: Option<Arc<str>> },
}

/// What targets are held against.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// In the whole period.
    pub(super) ever: &'a Traffic,
    /// In its last days, of each length that a target looks at.
    pub(super) recently: &'a [(Duration, Traffic)],
}

impl Asked<'_> {
    /// What a share is one of.
    fn over(&self, most: &MaxShare) -> &Traffic {
        let over = most.over.as_ref().map(|over| over.value.0);
        let of_it = self.recently.iter().find(|(length, _)| Some(*length) == over);
        of_it.map_or(self.ever, |(_, traffic)| traffic)
    }
}

pub(super) fn check(
    config: &Config,
    asked: &Asked<'_>,
    estate: &Estate,
    studies: &[Study],
    today: &str,
) -> Vec<TargetResult> {
    let mut results = Vec::new();
    if let Some(targets) = &config.targets {
        let survive = targets.must_survive.iter();
        results.extend(survive.map(|loss| survives(&loss.value.0, estate, studies, today)));
        if let Some(most) = &targets.max_share {
            results.extend(shares(most, None, |kind| Dependence::by(kind, asked.over(most), estate)));
        }
    }
    // Of a product that asked nothing there are no shares.
    for study in studies {
        let name = &study.product.name;
        let written = config.products.iter().find(|product| *product.name.value == **name);
        let Some(most) = written.and_then(|product| product.body.max_share.as_ref()) else { continue };
        let of = |kind| Dependence::of_product(name, kind, asked.over(most), estate);
        results.extend(shares(most, Some(name), of));
    }
    results
}

/// Whether nothing that is configured is known to belong to a domain.
pub(crate) fn is_nowhere(domain: &Domain, estate: &Estate, today: &str) -> bool {
    let mut names = (0..estate.members.len()).filter_map(|member| estate.domain_of(member, domain.kind));
    estate.taken_by(domain, today).is_empty() && !names.any(|name| name == domain.name)
}

fn survives(domain: &Domain, estate: &Estate, studies: &[Study], today: &str) -> TargetResult {
    let taken = Taken::by(domain, estate, today);
    let named = |how: Survival| -> Vec<String> {
        let studies = studies.iter().filter(|study| taken.survived_by(study) == how);
        studies.map(|study| study.product.name.to_string()).collect()
    };
    let broken_by = named(Survival::No);
    let names_nothing = is_nowhere(domain, estate, today);
    let not_known_for = if broken_by.is_empty() { named(Survival::NotKnown) } else { Vec::new() };
    let met = match (broken_by.is_empty(), names_nothing || !not_known_for.is_empty()) {
        (false, _) => Some(false),
        (true, true) => None,
        (true, false) => Some(true),
    };
    let (target, wanted) = (format!("must_survive = {domain}"), Wanted::Survives(domain.clone()));
    TargetResult {
        target,
        wanted,
        met,
        broken_by,
        not_known_for,
        shares: Vec::new(),
        unpriced: 0,
        names_nothing,
    }
}

/// `by`: the shares of a kind in what the target is of, which is what `product` asked or everything.
fn shares(
    most: &MaxShare,
    product: Option<&Arc<str>>,
    by: impl Fn(DomainKind) -> Dependence,
) -> Vec<TargetResult> {
    let measure = most.of.as_ref().map_or(Measure::Money, |measure| measure.value);
    let over = most.over.as_ref().map(|over| over.value);
    let written = over.map_or_else(String::new, |over| format!(" over {over}"));
    let whose = product.map_or_else(String::new, |name| format!("products.{name}."));
    let limits: [(DomainKind, &Option<At<Share>>); 4] = [
        (DomainKind::Maker, &most.maker),
        (DomainKind::Host, &most.host),
        (DomainKind::Account, &most.provider),
        (DomainKind::Region, &most.region),
    ];
    let limits = limits.into_iter().filter_map(|(kind, limit)| Some((kind, limit.as_ref()?.value.0)));
    let result = |(kind, share)| {
        let target = format!("{whose}max_share.{kind} = {share} of {}{written}", measure.as_str());
        let over = over.map(|over| over.0);
        let wanted = Wanted::AtMost { kind, share, of: measure, over, product: product.cloned() };
        share_of(&by(kind), (target, wanted), (share, measure))
    };
    limits.map(result).collect()
}

/// One target, by the shares of its kind.
fn share_of(
    dependence: &Dependence,
    (target, wanted): (String, Wanted),
    (limit, measure): (f64, Measure),
) -> TargetResult {
    let index = match measure {
        Measure::Requests => 0,
        Measure::Tokens => 1,
        Measure::Money => 2,
    };
    let part = |share: &scenario::Share| share.of_all[index];
    let shown = |name: &str, part: f64| format!("{name} ({:.1} %)", part * 100.0);
    let unknown = part(&dependence.unknown);
    let above = || dependence.shares.iter().filter(|share| part(share) > limit);
    let broken_by: Vec<String> = above().map(|share| shown(&share.name, part(share))).collect();
    let mut shares: Vec<_> = above().map(|share| (Some(share.name.to_string()), part(share))).collect();
    let largest = dependence.shares.iter().map(part).fold(0.0, f64::max);
    // All of the unknown may be the largest's. Where nothing was measured, nothing is known.
    let measured = dependence.shares.iter().map(part).sum::<f64>() + unknown > 0.0;
    let may_be_above = unknown > 0.0 && largest + unknown > limit;
    let unpriced = match measure {
        Measure::Money => dependence.unpriced(),
        Measure::Requests | Measure::Tokens => 0,
    };
    let met = match (broken_by.is_empty(), measured && !may_be_above && unpriced == 0) {
        (false, _) => Some(false),
        (true, known) => known.then_some(true),
    };
    let mut not_known_for = Vec::new();
    if met.is_none() && unpriced > 0 {
        not_known_for.push(format!("unpriced ({unpriced} requests)"));
    } else if met.is_none() {
        not_known_for.push(shown("unknown", unknown));
        shares.push((None, unknown));
    }
    TargetResult { target, wanted, met, broken_by, not_known_for, shares, unpriced, names_nothing: false }
}
