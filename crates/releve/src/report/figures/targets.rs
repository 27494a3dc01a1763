//! Whether what the configuration wants is so.

use scenario::{Dependence, Domain, DomainKind, Estate, Verdict};
use serde::Serialize;

use super::losses;
use super::products::Study;
use crate::config::Config;
use crate::config::product::{MaxShare, Measure};
use crate::config::value::{At, Share};

/// One target.
#[derive(Debug, Serialize)]
pub(crate) struct TargetResult {
    /// As it is written: `must_survive = maker:openai`, `max_share.maker = 0.7 of money over 30d`.
    pub(crate) target: String,
    pub(crate) met: bool,
    /// Who breaks it: products that would not be served whole, or the domain with too large a share.
    pub(crate) broken_by: Vec<String>,
    /// Whether nothing that is configured has anything to do with it.
    pub(crate) names_nothing: bool,
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

fn survives(domain: &Domain, estate: &Estate, studies: &[Study], today: &str) -> TargetResult {
    let takes = estate.taken_by(domain, today);
    let known = (0..estate.members.len())
        .filter_map(|member| estate.domain_of(member, domain.kind))
        .any(|name| name == domain.name);
    let is_stopped = |study: &&Study| {
        let has_needs = study.needs.requests() > 0 && !takes.is_empty();
        // Who finds nobody while nothing is lost survives nothing.
        study.needs.left_behind > 0 || has_needs && losses::on(study, &takes).verdict >= Verdict::Partly
    };
    let broken_by: Vec<String> =
        studies.iter().filter(is_stopped).map(|study| study.product.name.to_string()).collect();
    TargetResult {
        target: format!("must_survive = {domain}"),
        met: broken_by.is_empty(),
        broken_by,
        names_nothing: takes.is_empty() && !known,
    }
}

fn shares(most: &MaxShare, dependence: &[Dependence]) -> Vec<TargetResult> {
    let measure = most.of.as_ref().map_or(Measure::Money, |measure| measure.value);
    let index = match measure {
        Measure::Requests => 0,
        Measure::Tokens => 1,
        Measure::Money => 2,
    };
    let over = most.over.as_ref().map_or_else(String::new, |over| format!(" over {}", over.value));
    let limits: [(DomainKind, &Option<At<Share>>); 4] = [
        (DomainKind::Maker, &most.maker),
        (DomainKind::Host, &most.host),
        (DomainKind::Account, &most.provider),
        (DomainKind::Region, &most.region),
    ];
    let limits = limits.into_iter().filter_map(|(kind, limit)| Some((kind, limit.as_ref()?.value.0)));
    limits
        .map(|(kind, limit)| {
            let all = dependence.iter().filter(|dependence| dependence.kind == kind);
            let above =
                all.flat_map(|dependence| &dependence.shares).filter(|share| share.of_all[index] > limit);
            let broken_by: Vec<String> =
                above.map(|share| format!("{} ({:.1} %)", share.name, share.of_all[index] * 100.0)).collect();
            TargetResult {
                target: format!("max_share.{kind} = {limit} of {}{over}", measure.as_str()),
                met: broken_by.is_empty(),
                broken_by,
                names_nothing: false,
            }
        })
        .collect()
}
