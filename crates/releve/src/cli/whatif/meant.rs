//! Who is meant by a name in a scenario: `maker:@largest` is whoever carried most here.

use std::collections::BTreeMap;

use scenario::event::{Domain, Target};
use scenario::replay::{Estate, NOBODY, Recording};

use crate::config::problem::nearest;

/// What each fault domain carried, in tokens.
#[derive(Debug)]
pub(super) struct Shares {
    carried: BTreeMap<Target, u64>,
}

impl Shares {
    pub(super) fn of(recording: &Recording, estate: &Estate) -> Self {
        let mut by_deployment = vec![0_u64; estate.deployments.len()];
        for ask in recording.traffic.asks.iter().filter(|ask| ask.counted_by != NOBODY) {
            by_deployment[usize::from(ask.counted_by)] += u64::from(ask.input) + u64::from(ask.output);
        }
        let all = Target::all(estate).into_iter();
        let carried = all.map(|target| {
            let own = by_deployment.iter().enumerate().filter(|(index, _)| target.names(estate, *index));
            (target.clone(), own.map(|(_, tokens)| tokens).sum())
        });
        Self { carried: carried.collect() }
    }

    /// Fault domains of a kind, whoever carried most first.
    fn ranked(&self, domain: Domain) -> Vec<&Target> {
        let mut all: Vec<(&Target, u64)> = self
            .carried
            .iter()
            .filter(|(target, _)| target.domain == domain)
            .map(|(target, tokens)| (target, *tokens))
            .collect();
        all.sort_by_key(|(target, tokens)| (std::cmp::Reverse(*tokens), *target));
        all.into_iter().map(|(target, _)| target).collect()
    }

    /// Losses to try, makers and hosts, whoever carried most first.
    pub(super) fn losses(&self) -> Vec<String> {
        let carried = |target: &&Target| self.carried.get(*target).is_some_and(|tokens| *tokens > 0);
        let makers = self.ranked(Domain::Maker).into_iter().filter(carried).take(3);
        let hosts = self.ranked(Domain::Host).into_iter().filter(carried).take(3);
        let mut all: Vec<&Target> = makers.chain(hosts).collect();
        all.sort_by_key(|target| std::cmp::Reverse(self.carried.get(*target).copied()));
        all.into_iter().map(ToString::to_string).collect()
    }

    /// Who is meant; else what there is.
    pub(super) fn meant(&self, name: &str) -> Result<String, String> {
        if name == Domain::Everybody.as_str() {
            return Ok(name.to_owned());
        }
        let Some((kind, own)) = name.split_once(':') else { return Ok(name.to_owned()) };
        let Some(domain) = Domain::ALL.into_iter().find(|domain| domain.as_str() == kind) else {
            return Ok(name.to_owned());
        };
        let ranked = self.ranked(domain);
        let place = match own {
            "@largest" => Some(0),
            "@second" => Some(1),
            _ => None,
        };
        if let Some(place) = place {
            let found = ranked.get(place).map(ToString::to_string);
            return found.ok_or_else(|| format!("it has {} {kind}s only", ranked.len()));
        }
        let names = || ranked.iter().map(|target| &*target.name);
        let inside = |known: &str| domain == Domain::Region && known.starts_with(&format!("{own}/"));
        if names().any(|known| known == own || inside(known)) {
            return Ok(name.to_owned());
        }
        Err(match nearest(own, names()) {
            Some(near) => format!("did you mean \"{kind}:{near}\"?"),
            None if ranked.is_empty() => format!("no {kind} is known of any deployment"),
            None => format!(
                "there are: {}",
                super::super::words::some_of(ranked.iter().map(|target| &*target.name))
            ),
        })
    }
}
