//! What could be added so that a scenario is painless, and how much still has to fall at once afterwards.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use routing::{DeploymentIndex, Dice, Instant, Prefer, RouteEntry, View, World};

use super::ask::Traffic;
use super::estate::{PlayedEstate, Route, weigh};
use super::tally::Tally;
use crate::cuts::{LARGEST, Needs};
use crate::domain::{Domain, DomainKind};
use crate::event::Target;
use crate::maker::Meaning;
use crate::set::Set;

/// One thing that can be added to an estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Added {
    /// A deployment that is there becomes the last fallback of a route that does not list it.
    Fallback {
        /// Index of the route.
        route: usize,
        /// Index of the deployment.
        deployment: usize,
    },
    /// Somebody whom nobody has a contract with yet becomes the last fallback of every route that was asked for, at public
    /// prices.
    Contract {
        /// Index of the deployment, among those on offer.
        deployment: usize,
    },
    /// Twice the limits, or twice the machines.
    Room {
        /// Index of the deployment.
        deployment: usize,
    },
}

impl Added {
    /// What could be added: to routes that were asked for, deployments that serve others, and those from `offers` on, whom
    /// no route lists yet; room where limits were hit.
    pub fn all(estate: &PlayedEstate, traffic: &Traffic, after: &Tally, offers: usize) -> Vec<Self> {
        let routes = asked(traffic);
        let listed: BTreeSet<usize> = routes
            .iter()
            .flat_map(|route| &estate.routes[*route].entries)
            .map(|entry| entry.deployment.0 as usize)
            .collect();
        let lists = |route: usize, deployment: usize| {
            estate.routes[route].entries.iter().any(|entry| entry.deployment.0 as usize == deployment)
        };
        let pairs =
            routes.iter().flat_map(|route| listed.iter().map(move |deployment| (*route, *deployment)));
        let fallbacks = pairs.filter(|(route, deployment)| !lists(*route, *deployment));
        let mut all: Vec<Self> =
            fallbacks.map(|(route, deployment)| Self::Fallback { route, deployment }).collect();
        // Once a contract is there, its model is a fallback like any other.
        let offered = (offers..estate.deployments.len()).filter(|deployment| !listed.contains(deployment));
        all.extend(offered.map(|deployment| Self::Contract { deployment }));
        let hit = after.deployments.iter().enumerate().filter(|(_, tally)| tally.turned_away > 0);
        all.extend(hit.map(|(deployment, _)| Self::Room { deployment }));
        all
    }

    /// The estate with it; `traffic` says which routes were asked for.
    #[must_use]
    pub fn to(self, estate: &PlayedEstate, traffic: &Traffic) -> PlayedEstate {
        let mut grown = estate.clone();
        match self {
            Self::Fallback { route, deployment } => list_last(&mut grown.routes[route], deployment),
            Self::Contract { deployment } => {
                for route in asked(traffic) {
                    list_last(&mut grown.routes[route], deployment);
                }
            }
            Self::Room { deployment } => {
                let provider = grown.deployments[deployment].provider;
                for index in 0..grown.deployments.len() {
                    if grown.deployments[index].provider == provider {
                        let backing = &mut grown.backing[index];
                        for limit in [
                            &mut backing.requests_per_minute,
                            &mut backing.tokens_per_minute,
                            &mut backing.works_off_per_minute,
                        ] {
                            *limit = limit.map(|limit| limit * 2.0);
                        }
                    }
                }
            }
        }
        grown
    }

    /// What it costs more each day, whether it is needed or not, as far as that is known: machines; a fallback is paid
    /// when it is used.
    pub fn fixed_usd_per_day(self, estate: &PlayedEstate) -> f64 {
        match self {
            Self::Fallback { .. } | Self::Contract { .. } => 0.0,
            Self::Room { deployment } => estate.backing[deployment].fixed_usd_per_day,
        }
    }

    /// In words.
    pub fn words(self, estate: &PlayedEstate) -> String {
        match self {
            Self::Fallback { route, deployment } => {
                format!(
                    "{} as a fallback of {}",
                    estate.deployments[deployment].name, estate.routes[route].name
                )
            }
            Self::Contract { deployment } => format!(
                "a contract with {}: {} as everybody's last fallback, at its public price, unproven",
                estate.provider_of(deployment),
                estate.deployments[deployment].name
            ),
            Self::Room { deployment } => format!("twice the room at {}", estate.provider_of(deployment)),
        }
    }
}

/// The routes that were asked for.
fn asked(traffic: &Traffic) -> BTreeSet<usize> {
    traffic.asks.iter().map(|ask| usize::from(ask.route)).collect()
}

fn list_last(route: &mut Route, deployment: usize) {
    let index = DeploymentIndex(u32::try_from(deployment).unwrap_or(u32::MAX));
    let Route { policy, entries, .. } = route;
    // A share as good as none: it is there for the others' absence.
    let weight = if policy.prefer == Prefer::Weighted { weigh(entries, 0.0) } else { 1 };
    entries.push(RouteEntry { deployment: index, weight });
}

/// The smallest common losses that leave recorded requests without a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragility {
    /// Of how many fault domains; `None` is more than [`LARGEST`].
    pub smallest_cut: Option<usize>,
    /// How many such losses there are; domains that take away the same are one.
    pub count: usize,
}

impl fmt::Display for Fragility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.smallest_cut {
            Some(size) => write!(f, "{size} ({} of them)", self.count),
            None => write!(f, "more than {LARGEST}"),
        }
    }
}

/// How much has to fall at once: of the losses that the report looks at, as it means them ([`crate::Estate::losses`]), on
/// the day on which the estate is played. Health and limits are not looked at, so it is more than the report's cuts where
/// those are of capacity.
pub fn fragility(estate: &PlayedEstate, traffic: &Traffic) -> Fragility {
    let groups = groups(estate, traffic).into_iter().map(|candidates| (candidates, 1));
    let needs = Needs::of_groups(groups.collect());
    let smallest = needs.smallest(&needs.losses(&losses(estate)));
    Fragility { smallest_cut: smallest.map(|(size, _)| size), count: smallest.map_or(0, |(_, count)| count) }
}

/// The candidates of each kind of request, each set once.
fn groups(estate: &PlayedEstate, traffic: &Traffic) -> BTreeSet<Set> {
    let world = World::new(&estate.deployments, &estate.providers);
    for (index, backing) in (0..).zip(&estate.backing) {
        world.set_posture(DeploymentIndex(index), backing.tenure.posture(0, &[]));
    }
    let view = View { deployments: &estate.deployments, world: &world };
    let mut seen = BTreeSet::new();
    let mut groups = BTreeSet::new();
    for ask in &traffic.asks {
        // Sizes matter to windows; within a factor of two they are alike.
        let size = (ask.estimated_input.max(1).ilog2(), ask.max_tokens.max(1).ilog2());
        if !seen.insert((ask.product, ask.route, ask.shape, size)) {
            continue;
        }
        let route = &estate.routes[usize::from(ask.route)];
        let regions = estate.products[usize::from(ask.product)].regions.as_deref();
        let facts = traffic.facts(ask, route.policy.translate, regions);
        let plan = routing::plan(&facts, &route.policy, &route.entries, &view, Instant(0), &mut Dice::new(0));
        let mut group = Set::default();
        for candidate in plan.candidates.iter().filter(|candidate| candidate.is_eligible()) {
            let index = candidate.deployment.0 as usize;
            if !estate.backing[index].tenure.is_off(0) {
                group.insert(index);
            }
        }
        if !group.is_empty() {
            groups.insert(group);
        }
    }
    groups
}

/// What each fault domain takes with it. Those that share no more than that nobody has named their maker or their host
/// share nothing.
pub(crate) fn losses(estate: &PlayedEstate) -> Vec<(Domain, Set)> {
    let is_one = |domain: &Domain| domain.kind != DomainKind::Deployment && !domain.is_unnamed();
    let taken = |domain: Domain| {
        let target = Target::Domain(domain.clone());
        let all = 0..estate.deployments.len();
        (domain, all.filter(|index| target.takes(Meaning::Gone, estate, *index, Duration::ZERO)).collect())
    };
    estate.domains().into_iter().filter(is_one).map(taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::testing::{estate, traffic};

    #[test]
    fn as_much_must_fall_as_there_are_independent_candidates() {
        let traffic = traffic(1_000, 10_000);
        for count in 1..=3_u16 {
            let fragility = fragility(&estate(count), &traffic);
            assert_eq!(fragility, Fragility { smallest_cut: Some(count.into()), count: 1 });
        }
        assert_eq!(fragility(&estate(4), &traffic).smallest_cut, None);
        let mut shared = estate(3);
        for deployment in &mut shared.deployments {
            deployment.host = "one".into();
        }
        assert_eq!(fragility(&shared, &traffic).smallest_cut, Some(1), "they share a house");
        let mut own = estate(2);
        own.deployments[0].maker = "maker1".into();
        assert_eq!(fragility(&own, &traffic).smallest_cut, Some(1));
        own.deployments[1].host = "own".into();
        own.backing[1].weights = catalogue::Weights::Open;
        assert_eq!(fragility(&own, &traffic).smallest_cut, Some(2), "open weights survive their maker");
    }

    #[test]
    fn what_is_added_is_added() {
        let (mut small, traffic) = (estate(3), traffic(1_000, 10_000));
        small.routes[0].entries.truncate(1);
        small.routes.push(crate::replay::Route {
            entries: estate(3).routes[0].entries.clone(),
            ..small.routes[0].clone()
        });
        let tally = Tally::new(1, 3, 1, 1.0);
        assert_eq!(Added::all(&small, &traffic, &tally, 3), [], "the others serve nobody who asked");
        let contract = Added::Contract { deployment: 2 };
        assert_eq!(Added::all(&small, &traffic, &tally, 2), [contract], "whoever is on offer could");
        let listed = contract.to(&small, &traffic);
        assert_eq!(
            (listed.routes[0].entries.len(), listed.routes[1].entries.len()),
            (2, 3),
            "where it was asked"
        );
        assert!(contract.words(&small).starts_with("a contract with p2: p2/m"), "{}", contract.words(&small));
        let added = Added::Fallback { route: 0, deployment: 2 };
        let grown = added.to(&small, &traffic);
        assert_eq!(fragility(&small, &traffic).smallest_cut, Some(1));
        assert_eq!(fragility(&grown, &traffic).smallest_cut, Some(2));
        assert_eq!(added.words(&small), "p2/m as a fallback of r");
        small.backing[0].requests_per_minute = Some(10.0);
        assert_eq!(
            Added::Room { deployment: 0 }.to(&small, &traffic).backing[0].requests_per_minute,
            Some(20.0)
        );
    }
}
