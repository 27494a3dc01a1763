//! What could be added so that a scenario is painless: fallbacks, contracts, room, proofs.

use std::collections::{BTreeMap, BTreeSet};

use routing::{DeploymentIndex, Prefer, RouteEntry};

use super::ask::Traffic;
use super::estate::{PlayedEstate, Product, Route, weigh};
use super::tally::{ProductTally, Tally};
use crate::estate::{Account, Estate};

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
    /// An account takes more: its limits, its machines, its slots.
    Room {
        /// Index of the account.
        account: usize,
        /// So many tenths of what it takes now.
        tenths: u32,
    },
    /// A deployment is proven for a product, which may not be served by too many that are not.
    Proof {
        /// Index of the product.
        product: usize,
        /// Index of the deployment.
        deployment: usize,
    },
}

/// The share that may go unserved and still count as painless.
const PAINLESS: f64 = 0.999;

/// The share of its requests that a product is refused, beyond what counts as none.
fn unserved_of(tally: &ProductTally) -> f64 {
    (PAINLESS - tally.served_share()).max(0.0)
}

/// The share of its requests that is degraded beyond what the product may bear.
fn degraded_of(product: &Product, tally: &ProductTally) -> f64 {
    product.max_degradation.map_or(0.0, |most| tally.degraded_share() - most).max(0.0)
}

/// The share of all requests that are refused, beyond what counts as none.
pub fn unserved(estate: &PlayedEstate, tally: &Tally) -> f64 {
    of_all(estate, tally, |_, tally| unserved_of(tally))
}

/// The share of all requests by which products are failed: those refused, or else those degraded beyond what may be.
/// 0 is painless.
pub fn pains(estate: &PlayedEstate, tally: &Tally) -> f64 {
    of_all(estate, tally, |product, tally| unserved_of(tally).max(degraded_of(product, tally)))
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn of_all(estate: &PlayedEstate, tally: &Tally, part: impl Fn(&Product, &ProductTally) -> f64) -> f64 {
    let products = || estate.products.iter().zip(&tally.products);
    let all: u64 = products().map(|(_, tally)| tally.requests).sum();
    let parts = products().map(|(product, tally)| part(product, tally) * tally.requests as f64);
    parts.sum::<f64>() / all.max(1) as f64
}

impl Added {
    /// By how much room is raised at once: half as much again, twice, four times.
    pub const RAISES: [u32; 3] = [15, 20, 40];

    /// What could be added: to routes that were asked for, deployments that serve others, and those from `offers` on, whom
    /// no route lists yet; and room at these accounts.
    pub fn all(
        estate: &PlayedEstate,
        traffic: &Traffic,
        offers: usize,
        tight: &BTreeSet<usize>,
    ) -> Vec<Self> {
        let mut all = Self::fallbacks(estate, traffic);
        let listed = listed(estate, &asked(traffic));
        // Once a contract is there, its model is a fallback like any other.
        let offered = (offers..estate.deployments.len()).filter(|deployment| !listed.contains(deployment));
        all.extend(offered.map(|deployment| Self::Contract { deployment }));
        let raises = tight.iter().flat_map(|account| Self::RAISES.map(|tenths| (*account, tenths)));
        all.extend(raises.map(|(account, tenths)| Self::Room { account, tenths }));
        all
    }

    /// To routes that were asked for, deployments that serve others.
    fn fallbacks(estate: &PlayedEstate, traffic: &Traffic) -> Vec<Self> {
        let routes = asked(traffic);
        let listed = listed(estate, &routes);
        let lists = |route: usize, deployment: usize| {
            estate.routes[route].entries.iter().any(|entry| entry.deployment.0 as usize == deployment)
        };
        let pairs =
            routes.iter().flat_map(|route| listed.iter().map(move |deployment| (*route, *deployment)));
        let fallbacks = pairs.filter(|(route, deployment)| !lists(*route, *deployment));
        fallbacks.map(|(route, deployment)| Self::Fallback { route, deployment }).collect()
    }

    /// What must be proven so that no product is too degraded that was served by somebody: of those who served it and are
    /// not `proven` for it (by product and deployment), those who served it most, as many as it takes.
    pub fn proofs(estate: &PlayedEstate, proven: &[Vec<bool>], after: &Tally) -> Vec<Self> {
        let mut proofs = Vec::new();
        for (product, (known, tally)) in estate.products.iter().zip(&after.products).enumerate() {
            let mut unproven: Vec<(u64, usize)> = tally
                .served_by
                .iter()
                .enumerate()
                .filter(|(deployment, _)| {
                    !proven[product][*deployment] && !known.approved.contains(deployment)
                })
                .map(|(deployment, answers)| (*answers, deployment))
                .collect();
            unproven.sort_unstable();
            let mut tally = tally.clone();
            while degraded_of(known, &tally) > 0.0
                && let Some((answers @ 1.., deployment)) = unproven.pop()
            {
                tally.proven += answers;
                proofs.push(Self::Proof { product, deployment });
            }
        }
        proofs
    }

    /// Each deployment that is there as a fallback of all these routes that do not list it, where there are several.
    pub fn everywhere(estate: &PlayedEstate, traffic: &Traffic, routes: &BTreeSet<usize>) -> Vec<Vec<Self>> {
        let mut by_deployment: BTreeMap<usize, Vec<Self>> = BTreeMap::new();
        for added in Self::fallbacks(estate, traffic) {
            if let Self::Fallback { route, deployment } = added
                && routes.contains(&route)
            {
                by_deployment.entry(deployment).or_default().push(added);
            }
        }
        by_deployment.into_values().filter(|fallbacks| fallbacks.len() > 1).collect()
    }

    /// The routes of products that are refused.
    pub fn refused_routes(traffic: &Traffic, after: &Tally) -> BTreeSet<usize> {
        let refused = |product: usize| unserved_of(&after.products[product]) > 0.0;
        let asks = traffic.asks.iter().filter(|ask| refused(ask.product.into()));
        asks.map(|ask| usize::from(ask.route)).collect()
    }

    /// The accounts whose limits turned anybody away who was then refused or went elsewhere, or whose slots were all taken.
    pub fn turned_away(estate: &PlayedEstate, traffic: &Traffic, after: &Tally) -> BTreeSet<usize> {
        let without_slot = after.products.iter().any(|product| product.refused.contains_key("no_slot"));
        let is_tight = |deployment: &usize| {
            let had_none = without_slot && estate.deployments[*deployment].max_in_flight.is_some();
            after.deployments[*deployment].turned_away > 0 || had_none
        };
        accounts(estate, traffic, is_tight)
    }

    /// The accounts whose room has an end that somebody says.
    pub fn limited(estate: &PlayedEstate, traffic: &Traffic) -> BTreeSet<usize> {
        accounts(estate, traffic, |deployment| {
            let backing = &estate.backing[*deployment];
            let limits =
                [backing.requests_per_minute, backing.tokens_per_minute, backing.works_off_per_minute];
            limits.iter().any(Option::is_some) || estate.deployments[*deployment].max_in_flight.is_some()
        })
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
            Self::Proof { product, deployment } => grown.products[product].approved.push(deployment),
            Self::Room { account, tenths } => {
                let all = grown.deployments.iter_mut().zip(&mut grown.backing);
                for (facts, backing) in all.filter(|(facts, _)| usize::from(facts.provider.0) == account) {
                    facts.max_in_flight = facts.max_in_flight.map(|slots| more_slots(slots, tenths));
                    for limit in [
                        &mut backing.requests_per_minute,
                        &mut backing.tokens_per_minute,
                        &mut backing.works_off_per_minute,
                    ] {
                        *limit = limit.map(|limit| limit * times(tenths));
                    }
                }
            }
        }
        grown
    }

    /// Raises limits as the report counts them. Who is listed where is the routes' business.
    pub(super) fn make_room(self, estate: &mut Estate) {
        let Self::Room { account, tenths } = self else { return };
        for member in &mut estate.members {
            if usize::from(member.routing.provider.0) == account {
                member.routing.max_in_flight =
                    member.routing.max_in_flight.map(|slots| more_slots(slots, tenths));
                for limit in [&mut member.said_requests_per_minute, &mut member.tokens_per_minute] {
                    *limit = limit.map(|limit| more(limit, tenths));
                }
            }
        }
        let Account { tokens_per_minute, requests_per_minute, room, .. } = &mut estate.accounts[account];
        for limit in [tokens_per_minute, requests_per_minute] {
            *limit = limit.map(|limit| more(limit, tenths));
        }
        if let Some(room) = room.as_mut().filter(|room| room.tokens_per_minute.is_none()) {
            room.usd_per_day *= times(tenths);
        }
    }

    /// What it costs more each day, used or not, added to an estate as the report sees it; `None` where nobody says. A
    /// fallback is paid when it is used, and a contract has its public price.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn fixed_usd_per_day(self, estate: &Estate) -> Option<f64> {
        let Self::Room { account, tenths } = self else { return Some(0.0) };
        let more = times(tenths) - 1.0;
        let price = estate.accounts[account].room?;
        let Some(bought) = price.tokens_per_minute else { return Some(price.usd_per_day * more) };
        let limit = tokens_per_minute(estate, account)?;
        Some(price.usd_per_day * more * limit as f64 / bought.max(1) as f64)
    }

    /// Which sort of thing it is: a stable code.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Fallback { .. } => "fallback",
            Self::Contract { .. } => "contract",
            Self::Room { .. } => "capacity",
            Self::Proof { .. } => "proof",
        }
    }

    /// In words, added to an estate as the report sees it.
    pub fn words(self, estate: &Estate) -> String {
        let name = |deployment: usize| &estate.members[deployment].routing.name;
        match self {
            Self::Fallback { route, deployment } => {
                format!("{} as a fallback of {}", name(deployment), estate.routes[route].name)
            }
            Self::Proof { product, deployment } => format!(
                "{} proven for {}: by a small share of its requests, or by an approval",
                name(deployment),
                estate.products[product].name
            ),
            Self::Contract { deployment } => format!(
                "a contract with {}: {} as everybody's last fallback, at its public price, unproven",
                estate.accounts[estate.account_of(deployment)].name,
                name(deployment)
            ),
            Self::Room { account, tenths } => {
                let so_much = match tenths {
                    20 => "twice".to_owned(),
                    tenths => format!("{} times", times(tenths)),
                };
                let limits = limits(estate, account, tenths).join(", ");
                let price = self.fixed_usd_per_day(estate).map_or_else(
                    || "what that costs nobody has written down".to_owned(),
                    |usd| {
                        let usd = dollars(usd);
                        format!("{usd} a day more, used or not, if more costs as much as what is there")
                    },
                );
                format!("{so_much} the room at {} ({limits}): {price}", estate.accounts[account].name)
            }
        }
    }
}

/// `$30.00`, `$0.0004`: a small price with two figures that say something, never as none.
fn dollars(usd: f64) -> String {
    let decimals = (2..9).find(|decimals| usd * 10_f64.powi(*decimals) >= 9.5).unwrap_or(9);
    let shown = format!("{usd:.*}", usize::try_from(decimals).unwrap_or(9));
    let cents = shown.find('.').map_or(shown.len(), |point| (point + 3).min(shown.len()));
    let kept = shown.trim_end_matches('0').len().max(cents);
    format!("${}", &shown[..kept])
}

/// What an account's room is raised to: `20,000 tokens a minute in place of 10,000`.
fn limits(estate: &Estate, account: usize, tenths: u32) -> Vec<String> {
    let of = &estate.accounts[account];
    let members = estate.members.iter().filter(|member| usize::from(member.routing.provider.0) == account);
    let (mut tokens, mut requests, mut slots) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for member in members {
        tokens.extend(of.tokens_per_minute.or(member.tokens_per_minute));
        requests.extend(of.requests_per_minute.or(member.said_requests_per_minute));
        slots.extend(member.routing.max_in_flight);
    }
    let say = |limit, raised, of| format!("{} {of} in place of {}", grouped(raised), grouped(limit));
    let tokens = tokens.into_iter().map(|limit| say(limit, more(limit, tenths), "tokens a minute"));
    let requests = requests.into_iter().map(|limit| say(limit, more(limit, tenths), "requests a minute"));
    let slots = slots
        .into_iter()
        .map(|slots| say(slots.into(), more_slots(slots, tenths).into(), "requests at a time"));
    tokens.chain(requests).chain(slots).collect()
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The tokens a minute of an account, or of all its deployments where each has its own; `None` where nobody says.
fn tokens_per_minute(estate: &Estate, account: usize) -> Option<u64> {
    let members = estate.members.iter().filter(|member| usize::from(member.routing.provider.0) == account);
    let own = members.filter_map(|member| member.tokens_per_minute).reduce(u64::saturating_add);
    estate.accounts[account].tokens_per_minute.or(own)
}

fn times(tenths: u32) -> f64 {
    f64::from(tenths) / 10.0
}

fn more(limit: u64, tenths: u32) -> u64 {
    limit.saturating_mul(tenths.into()) / 10
}

fn more_slots(slots: u32, tenths: u32) -> u32 {
    slots.saturating_mul(tenths).div_ceil(10)
}

/// The routes that were asked for.
fn asked(traffic: &Traffic) -> BTreeSet<usize> {
    traffic.asks.iter().map(|ask| usize::from(ask.route)).collect()
}

/// Whom they list.
fn listed(estate: &PlayedEstate, routes: &BTreeSet<usize>) -> BTreeSet<usize> {
    let entries = routes.iter().flat_map(|route| &estate.routes[*route].entries);
    entries.map(|entry| entry.deployment.0 as usize).collect()
}

/// The accounts of listed deployments of which something holds.
fn accounts(estate: &PlayedEstate, traffic: &Traffic, holds: impl Fn(&usize) -> bool) -> BTreeSet<usize> {
    let listed = listed(estate, &asked(traffic)).into_iter().filter(holds);
    listed.map(|deployment| usize::from(estate.deployments[deployment].provider.0)).collect()
}

fn list_last(route: &mut Route, deployment: usize) {
    let index = DeploymentIndex(u32::try_from(deployment).unwrap_or(u32::MAX));
    let Route { policy, entries, .. } = route;
    // A share as good as none: it is there for the others' absence.
    let weight = if policy.prefer == Prefer::Weighted { weigh(entries, 0.0) } else { 1 };
    entries.push(RouteEntry { deployment: index, weight });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::RoomPrice;
    use crate::fixture;
    use crate::replay::testing::{estate, traffic};

    #[test]
    fn what_is_added_is_added() {
        let (mut small, traffic) = (estate(3), traffic(1_000, 10_000));
        small.routes[0].entries.truncate(1);
        small.routes.push(crate::replay::Route {
            entries: estate(3).routes[0].entries.clone(),
            ..small.routes[0].clone()
        });
        let none = BTreeSet::new();
        assert_eq!(Added::all(&small, &traffic, 3, &none), [], "the others serve nobody who asked");
        let contract = Added::Contract { deployment: 2 };
        assert_eq!(Added::all(&small, &traffic, 2, &none), [contract], "whoever is on offer could");
        let listed = contract.to(&small, &traffic);
        assert_eq!(
            (listed.routes[0].entries.len(), listed.routes[1].entries.len()),
            (2, 3),
            "where it was asked"
        );
        let added = Added::Fallback { route: 0, deployment: 2 };
        assert_eq!(added.to(&small, &traffic).routes[0].entries.len(), 2);
        assert_eq!(Added::limited(&small, &traffic), none, "who has no limit needs no room");
        small.backing[0].requests_per_minute = Some(10.0);
        small.deployments[0].max_in_flight = Some(3);
        assert_eq!(Added::limited(&small, &traffic), BTreeSet::from([0]));
        let room = |tenths| Added::Room { account: 0, tenths };
        let all = Added::all(&small, &traffic, 3, &BTreeSet::from([0]));
        assert_eq!(all, Added::RAISES.map(room));
        let raised = room(15).to(&small, &traffic);
        assert_eq!(raised.backing[0].requests_per_minute, Some(15.0));
        assert_eq!(raised.deployments[0].max_in_flight, Some(5), "a slot is whole");
        assert_eq!(raised.deployments[1].max_in_flight, None, "another account");
    }

    #[test]
    fn room_is_wanted_where_limits_turned_somebody_away() {
        let (mut small, traffic) = (estate(3), traffic(1_000, 10_000));
        let mut tally = Tally::new(1, 3, 1, 1.0);
        assert_eq!(Added::turned_away(&small, &traffic, &tally), BTreeSet::new());
        tally.deployments[1].turned_away = 1;
        assert_eq!(Added::turned_away(&small, &traffic, &tally), BTreeSet::from([1]));
        small.deployments[2].max_in_flight = Some(1);
        tally.products[0].refused.insert("no_slot", 1);
        assert_eq!(Added::turned_away(&small, &traffic, &tally), BTreeSet::from([1, 2]));
    }

    /// Nobody's price is made up: it is what the account's own room costs, or none.
    #[test]
    fn room_costs_what_is_written_down_or_nobody_knows() {
        let member =
            |name: &str, account| fixture::member(name, account, "acme", "acme", catalogue::Weights::Unknown);
        let mut own = fixture::account("own");
        own.tokens_per_minute = Some(10_000);
        own.room = Some(RoomPrice { usd_per_day: 100.0, tokens_per_minute: None });
        let mut committed = fixture::account("committed");
        committed.room = Some(RoomPrice { usd_per_day: 60.0, tokens_per_minute: Some(5_000) });
        let mut estate = fixture::estate(
            vec![member("own/m", 0), member("committed/m", 1), member("third/m", 2)],
            vec![own, committed, fixture::account("third")],
        );
        estate.members[1].tokens_per_minute = Some(20_000);
        let room = |account, tenths| Added::Room { account, tenths };
        let prices = [room(0, 15), room(0, 40), room(1, 20), room(2, 20)];
        let costs = |estate: &Estate| prices.map(|room| room.fixed_usd_per_day(estate));
        assert_eq!(costs(&estate), [Some(50.0), Some(300.0), Some(240.0), None]);
        assert_eq!(
            room(0, 15).words(&estate),
            "1.5 times the room at own (15,000 tokens a minute in place of 10,000): \
             $50.00 a day more, used or not, if more costs as much as what is there"
        );
        assert_eq!([7, 999, 1_000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.0, 0.0004, 0.0123, 0.25, 30.0, 1_234.567].map(dollars),
            ["$0.00", "$0.0004", "$0.012", "$0.25", "$30.00", "$1234.57"]
        );
        let unknown = room(2, 20).words(&estate);
        assert!(unknown.ends_with("what that costs nobody has written down"), "{unknown}");
        room(0, 20).make_room(&mut estate);
        room(1, 20).make_room(&mut estate);
        assert_eq!(costs(&estate)[0], Some(100.0), "half as much again of what is there now");
        assert_eq!(costs(&estate)[2], Some(480.0));
        estate.members[1].tokens_per_minute = None;
        assert_eq!(costs(&estate)[2], None, "a price of tokens is none where nobody counts them");
    }
}
