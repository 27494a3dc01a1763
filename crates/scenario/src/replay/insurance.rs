//! What could be added so that a scenario is painless, and how much still has to fall at once afterwards.

use std::collections::BTreeSet;
use std::fmt;

use routing::{DeploymentIndex, Dice, Instant, Prefer, RouteEntry, View, World};

use super::ask::Traffic;
use super::estate::{Estate, Route, weigh};
use super::tally::Tally;
use crate::event::{Domain, Meaning, Target};
use crate::set::Set;

/// The largest common loss that is looked for.
pub const LARGEST_CUT: usize = 3;

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
    /// Twice the limits, or twice the machines.
    Room {
        /// Index of the deployment.
        deployment: usize,
    },
}

impl Added {
    /// What could be added: to routes that were asked for, deployments that serve others; room where limits were hit.
    pub fn all(estate: &Estate, traffic: &Traffic, after: &Tally) -> Vec<Self> {
        let routes: BTreeSet<usize> = traffic.asks.iter().map(|ask| usize::from(ask.route)).collect();
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
        let hit =
            after.deployments.iter().enumerate().filter(|(_, tally)| tally.limited + tally.overflowed > 0);
        all.extend(hit.map(|(deployment, _)| Self::Room { deployment }));
        all
    }

    /// The estate with it.
    #[must_use]
    pub fn to(self, estate: &Estate) -> Estate {
        let mut grown = estate.clone();
        match self {
            Self::Fallback { route, deployment } => {
                let index = DeploymentIndex(u32::try_from(deployment).unwrap_or(u32::MAX));
                let Route { policy, entries, .. } = &mut grown.routes[route];
                // A share as good as none: it is there for the others' absence.
                let weight = if policy.prefer == Prefer::Weighted { weigh(entries, 0.0) } else { 1 };
                entries.push(RouteEntry { deployment: index, weight });
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
    pub fn fixed_usd_per_day(self, estate: &Estate) -> f64 {
        match self {
            Self::Fallback { .. } => 0.0,
            Self::Room { deployment } => estate.backing[deployment].fixed_usd_per_day,
        }
    }

    /// In words.
    pub fn words(self, estate: &Estate) -> String {
        match self {
            Self::Fallback { route, deployment } => {
                format!(
                    "{} as a fallback of {}",
                    estate.deployments[deployment].name, estate.routes[route].name
                )
            }
            Self::Room { deployment } => format!("twice the room at {}", estate.provider_of(deployment)),
        }
    }
}

/// The smallest common losses that leave recorded requests without a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragility {
    /// Of how many fault domains; `None` is more than [`LARGEST_CUT`].
    pub smallest_cut: Option<usize>,
    /// How many such losses there are, over all groups of requests with the same candidates.
    pub count: usize,
}

impl fmt::Display for Fragility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.smallest_cut {
            Some(size) => write!(f, "{size} ({} of them)", self.count),
            None => write!(f, "more than {LARGEST_CUT}"),
        }
    }
}

/// How much has to fall at once. Makers (gone everywhere but as open weights on own machines), hosts, regions, owners,
/// countries and accounts are looked at; health and limits are not.
pub fn fragility(estate: &Estate, traffic: &Traffic) -> Fragility {
    let groups = groups(estate, traffic);
    let losses = losses(estate);
    for size in 1..=LARGEST_CUT {
        let mut count = 0;
        for group in &groups {
            count += covers(group, &losses, 0, size);
        }
        if count > 0 {
            return Fragility { smallest_cut: Some(size), count };
        }
    }
    Fragility { smallest_cut: None, count: 0 }
}

/// The candidates of each kind of request, each set once.
fn groups(estate: &Estate, traffic: &Traffic) -> BTreeSet<Set> {
    let world = World::new(&estate.deployments, &estate.providers);
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
            group.insert(candidate.deployment.0 as usize);
        }
        if !group.is_empty() {
            groups.insert(group);
        }
    }
    groups
}

/// What each fault domain takes with it, each set once, and none that another holds.
fn losses(estate: &Estate) -> Vec<Set> {
    let domains = Target::all(estate).into_iter().filter(|target| target.domain != Domain::Deployment);
    let mut all: Vec<Set> = Vec::new();
    for target in domains {
        let mut takes = Set::default();
        for index in
            (0..estate.deployments.len()).filter(|index| Meaning::Gone.takes(&target, estate, *index))
        {
            takes.insert(index);
        }
        if !takes.is_empty() && !all.iter().any(|known| takes.within(known)) {
            all.retain(|known| !known.within(&takes));
            all.push(takes);
        }
    }
    all
}

/// How many sets of exactly `size` losses from `from` on take the whole of `group`.
fn covers(group: &Set, losses: &[Set], from: usize, size: usize) -> usize {
    if group.is_empty() {
        return 0;
    }
    let mut count = 0;
    for (place, loss) in losses.iter().enumerate().skip(from) {
        let left = group.without(loss);
        if left.is_empty() {
            count += 1;
        } else if size > 1 && left != *group {
            count += covers(&left, losses, place + 1, size - 1);
        }
    }
    count
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
        assert_eq!(Added::all(&small, &traffic, &tally), [], "the others serve nobody who asked");
        let added = Added::Fallback { route: 0, deployment: 2 };
        let grown = added.to(&small);
        assert_eq!(fragility(&small, &traffic).smallest_cut, Some(1));
        assert_eq!(fragility(&grown, &traffic).smallest_cut, Some(2));
        assert_eq!(added.words(&small), "p2/m as a fallback of r");
        small.backing[0].requests_per_minute = Some(10.0);
        assert_eq!(Added::Room { deployment: 0 }.to(&small).backing[0].requests_per_minute, Some(20.0));
    }
}
