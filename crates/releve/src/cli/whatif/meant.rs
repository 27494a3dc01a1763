//! Who is meant by a name in a scenario: `maker:@largest` is whoever carried most here.

use std::collections::BTreeMap;
use std::sync::Arc;

use scenario::event::EVERYBODY;
use scenario::replay::{NOBODY, PlayedEstate, Recording};
use scenario::{Domain, DomainKind};

use crate::config::problem::nearest;

/// What a maker is called that nobody has named. Deployments that share it have nothing else in common.
const UNNAMED: &str = "unknown";

/// How many requests each fault domain answered, as the report ranks them; and what else can be named.
#[derive(Debug)]
pub(super) struct Shares {
    carried: BTreeMap<Domain, u64>,
    products: Vec<Arc<str>>,
    routes: Vec<Arc<str>>,
}

impl Shares {
    pub(super) fn of(recording: &Recording, estate: &PlayedEstate) -> Self {
        let mut by_deployment = vec![0_u64; estate.deployments.len()];
        for ask in recording.traffic.asks.iter().filter(|ask| ask.counted_by != NOBODY) {
            by_deployment[usize::from(ask.counted_by)] += 1;
        }
        Self::counted(estate, &by_deployment)
    }

    /// The same names before anything was read that says what they carried.
    pub(super) fn unread(estate: &PlayedEstate) -> Self {
        Self::counted(estate, &vec![0; estate.deployments.len()])
    }

    fn counted(estate: &PlayedEstate, by_deployment: &[u64]) -> Self {
        let is_named = |domain: &Domain| domain.kind != DomainKind::Maker || *domain.name != *UNNAMED;
        let carried = estate.domains().into_iter().filter(is_named).map(|domain| {
            let own = by_deployment.iter().enumerate().filter(|(index, _)| estate.belongs(*index, &domain));
            let answers = own.map(|(_, answers)| answers).sum();
            (domain, answers)
        });
        Self {
            carried: carried.collect(),
            products: estate.products.iter().map(|product| Arc::clone(&product.name)).collect(),
            routes: estate.routes.iter().map(|route| Arc::clone(&route.name)).collect(),
        }
    }

    /// Fault domains of a kind, whoever carried most first.
    fn ranked(&self, kind: DomainKind) -> Vec<&Domain> {
        let mut all: Vec<(&Domain, u64)> = self
            .carried
            .iter()
            .filter(|(domain, _)| domain.kind == kind)
            .map(|(domain, answers)| (domain, *answers))
            .collect();
        all.sort_by_key(|(domain, answers)| (std::cmp::Reverse(*answers), *domain));
        all.into_iter().map(|(domain, _)| domain).collect()
    }

    /// Losses to try, makers and hosts, whoever carried most first.
    pub(super) fn losses(&self) -> Vec<String> {
        let carried = |domain: &&Domain| self.carried.get(*domain).is_some_and(|answers| *answers > 0);
        let makers = self.ranked(DomainKind::Maker).into_iter().filter(carried).take(3);
        let hosts = self.ranked(DomainKind::Host).into_iter().filter(carried).take(3);
        let mut all: Vec<&Domain> = makers.chain(hosts).collect();
        all.sort_by_key(|domain| std::cmp::Reverse(self.carried.get(*domain).copied()));
        all.into_iter().map(ToString::to_string).collect()
    }

    /// Who is meant; else what there is.
    pub(super) fn meant(&self, name: &str) -> Result<String, String> {
        if name == EVERYBODY {
            return Ok(name.to_owned());
        }
        let Some((kind, own)) = name.split_once(':') else { return Ok(name.to_owned()) };
        match kind {
            "product" => return one_of(own, &self.products).map(|()| name.to_owned()),
            "route" => return one_of(own, &self.routes).map(|()| name.to_owned()),
            _ => {}
        }
        let Some(domain) = DomainKind::named(kind) else { return Ok(name.to_owned()) };
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
        let names = || ranked.iter().map(|domain| &*domain.name);
        let inside = |known: &str| domain == DomainKind::Region && known.starts_with(&format!("{own}/"));
        if names().any(|known| known == own || inside(known)) {
            return Ok(name.to_owned());
        }
        if domain == DomainKind::Maker && own == UNNAMED {
            return Err(
                "that is said of models whose maker nobody has named: write `maker = \"...\"` beside them"
                    .to_owned(),
            );
        }
        Err(match nearest(own, names()) {
            Some(near) => format!("did you mean \"{kind}:{near}\"?"),
            None if ranked.is_empty() => format!("no {kind} is known of any deployment"),
            None => format!(
                "there are: {}",
                super::super::words::some_of(ranked.iter().map(|domain| &*domain.name))
            ),
        })
    }
}

/// Whether there is one of this name; else which there are.
fn one_of(name: &str, all: &[Arc<str>]) -> Result<(), String> {
    if all.iter().any(|known| **known == *name) {
        return Ok(());
    }
    Err(match nearest(name, all.iter().map(|known| &**known)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("there are: {}", super::super::words::some_of(all.iter().map(|known| &**known))),
    })
}
