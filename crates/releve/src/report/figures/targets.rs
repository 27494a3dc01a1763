//! Whether what the configuration wants is so: yes, no, or not known. What is not known meets nothing.

use std::time::Duration;

use scenario::{Dependence, Domain, DomainKind, Estate};
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
    /// No domain of a kind has more than a share, of 1, of all, over the last so long.
    AtMost { kind: DomainKind, share: f64, of: Measure, over: Option<Duration> },
}

/// `dependence`: the shares of the time that `max_share` is over.
pub(super) fn check(
    config: &Config,
    dependence: &[Dependence],
    estate: &Estate,
    studies: &[Study],
    today: &str,
) -> Vec<TargetResult> {
    let Some(targets) = &config.targets else { return Vec::new() };
    let survive = targets.must_survive.iter().map(|loss| survives(&loss.value.0, estate, studies, today));
    let mut results: Vec<TargetResult> = survive.collect();
    if let Some(most) = &targets.max_share {
        results.extend(shares(most, dependence));
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

fn shares(most: &MaxShare, dependence: &[Dependence]) -> Vec<TargetResult> {
    let measure = most.of.as_ref().map_or(Measure::Money, |measure| measure.value);
    let index = match measure {
        Measure::Requests => 0,
        Measure::Tokens => 1,
        Measure::Money => 2,
    };
    let over = most.over.as_ref().map(|over| over.value);
    let written = over.map_or_else(String::new, |over| format!(" over {over}"));
    let limits: [(DomainKind, &Option<At<Share>>); 4] = [
        (DomainKind::Maker, &most.maker),
        (DomainKind::Host, &most.host),
        (DomainKind::Account, &most.provider),
        (DomainKind::Region, &most.region),
    ];
    let limits = limits.into_iter().filter_map(|(kind, limit)| Some((kind, limit.as_ref()?.value.0)));
    limits
        .map(|(kind, limit)| {
            let of_kind = || dependence.iter().filter(|dependence| dependence.kind == kind);
            let part = |share: &scenario::Share| share.of_all[index];
            let known: Vec<&scenario::Share> = of_kind().flat_map(|dependence| &dependence.shares).collect();
            let unknown: f64 = of_kind().map(|dependence| part(&dependence.unknown)).sum();
            let shown = |name: &str, part: f64| format!("{name} ({:.1} %)", part * 100.0);
            let above = || known.iter().filter(|share| part(share) > limit);
            let broken_by: Vec<String> = above().map(|share| shown(&share.name, part(share))).collect();
            let mut shares: Vec<_> =
                above().map(|share| (Some(share.name.to_string()), part(share))).collect();
            let largest = known.iter().map(|share| part(share)).fold(0.0, f64::max);
            // All of the unknown may be the largest's. Where nothing was measured, nothing is known.
            let measured = known.iter().map(|share| part(share)).sum::<f64>() + unknown > 0.0;
            let may_be_above = unknown > 0.0 && largest + unknown > limit;
            let unpriced = match measure {
                Measure::Money => of_kind().map(Dependence::unpriced).sum(),
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
            TargetResult {
                target: format!("max_share.{kind} = {limit} of {}{written}", measure.as_str()),
                wanted: Wanted::AtMost { kind, share: limit, of: measure, over: over.map(|over| over.0) },
                met,
                broken_by,
                not_known_for,
                shares,
                unpriced,
                names_nothing: false,
            }
        })
        .collect()
}
