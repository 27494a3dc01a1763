//! What the report would say of an estate as it is played and added to: of how many losses the smallest sets are that hurt
//! a product. The report's own shapes, busiest minutes, limits and search, so that both say the same.

use std::fmt;
use std::sync::Arc;

use catalogue::{Bucket, Usage};
use ledger::{Head, Outcome, RequestFacts, Sighting, Witness};

use super::ask::{Ask, NOBODY, Traffic};
use super::estate::PlayedEstate;
use super::insurance::Added;
use crate::cuts::{LARGEST, Needs, candidates, smallest};
use crate::estate::{Account, Estate, Member, RoomPrice};
use crate::traffic::Gatherer;

/// What a report knows.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The configuration, with the limits that were seen.
    pub estate: Estate,
    /// What was asked, over all that is recorded, also where less of it is played.
    pub traffic: crate::traffic::Traffic,
}

/// The smallest common losses that hurt a product: recorded requests are left without a candidate, or find too little room
/// in its busiest minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragility {
    /// Of how many fault domains; 0 where a product is short while nothing is lost, `None` where it takes more than
    /// [`LARGEST`].
    pub smallest_cut: Option<usize>,
    /// How many such losses there are; domains that take away the same are one.
    pub count: usize,
}

impl Fragility {
    /// How many of the smallest are of this size; none where the smallest is larger, all there could be where it is smaller.
    pub fn count_of(&self, size: usize) -> usize {
        match self.smallest_cut {
            Some(smallest) if smallest < size => usize::MAX,
            Some(smallest) if smallest == size => self.count,
            _ => 0,
        }
    }
}

impl fmt::Display for Fragility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.smallest_cut {
            Some(size) => write!(f, "{size} ({} of them)", self.count),
            None => write!(f, "more than {LARGEST}"),
        }
    }
}

impl Reported {
    /// Of requests that no ledger has: those that are played.
    pub fn of_asks(estate: Estate, played: &PlayedEstate, asked: &Traffic) -> Self {
        let mut gatherer = Gatherer::new(&estate);
        let mut heads: Vec<(u16, u16, u16)> = Vec::new();
        for ask in &asked.asks {
            let of = (ask.product, ask.route, ask.shape);
            let known = heads.iter().position(|head| *head == of);
            let head = known.unwrap_or_else(|| {
                heads.push(of);
                gatherer.head(head(ask, played, asked));
                heads.len() - 1
            });
            gatherer.sighting(&sighting(head, ask, asked));
        }
        Self { estate, traffic: gatherer.finish() }
    }

    /// The estate as the report would see it with whoever else is played, and what was added.
    #[must_use]
    pub fn with(&self, played: &PlayedEstate, adds: &[Added]) -> Estate {
        let mut estate = self.estate.clone();
        for index in estate.accounts.len()..played.providers.len() {
            estate.accounts.push(newcomer(played, index));
        }
        for index in estate.members.len()..played.deployments.len() {
            estate.members.push(member(played, index));
        }
        for (route, as_played) in estate.routes.iter_mut().zip(&played.routes) {
            route.entries.clone_from(&as_played.entries);
        }
        for added in adds {
            added.make_room(&mut estate);
        }
        estate
    }

    /// How much has to fall at once, on the day on which `played` is played; no more than `most` losses are looked at.
    /// `played` has what was added but for its room, which comes of `adds`.
    pub fn fragility(&self, played: &PlayedEstate, adds: &[Added], most: usize) -> Fragility {
        let estate = self.with(played, adds);
        let candidates = candidates(&self.traffic, &estate);
        let needs =
            |product: &crate::estate::Product| Needs::of(&product.name, &self.traffic, &candidates, &estate);
        let products: Vec<Needs> = estate.products.iter().map(needs).collect();
        let smallest = smallest(&products, &estate.losses(&played.day), most.min(LARGEST));
        Fragility {
            smallest_cut: smallest.map(|(size, _)| size),
            count: smallest.map_or(0, |(_, count)| count),
        }
    }
}

/// An account that comes with a scenario, or is on offer.
fn newcomer(played: &PlayedEstate, index: usize) -> Account {
    let own = |deployment: &usize| usize::from(played.deployments[*deployment].provider.0) == index;
    let Some(deployment) = (0..played.deployments.len()).find(own) else { return Account::default() };
    let backing = &played.backing[deployment];
    let limit = backing.tokens_per_minute.or(backing.works_off_per_minute);
    Account {
        name: Arc::clone(&played.providers[index]),
        owner: backing.owner.clone(),
        country: backing.country.clone(),
        own: played.is_own(deployment),
        tokens_per_minute: limit.map(whole),
        requests_per_minute: backing.requests_per_minute.map(whole),
        fixed_usd_per_day: backing.fixed_usd_per_day,
        room: (backing.fixed_usd_per_day > 0.0 && limit.is_some())
            .then_some(RoomPrice { usd_per_day: backing.fixed_usd_per_day, tokens_per_minute: None }),
        ..Account::default()
    }
}

fn member(played: &PlayedEstate, index: usize) -> Member {
    let backing = &played.backing[index];
    Member {
        routing: played.deployments[index].clone(),
        weights: backing.weights.clone(),
        ends: backing.ends.clone(),
        prices: backing.prices.clone(),
        said_requests_per_minute: None,
        tokens_per_minute: None,
        answer: None,
        tenure: backing.tenure.clone(),
    }
}

fn head(ask: &Ask, played: &PlayedEstate, asked: &Traffic) -> Head {
    let shape = &asked.shapes[usize::from(ask.shape)];
    let facts = RequestFacts {
        product: Arc::clone(&played.products[usize::from(ask.product)].name),
        route: Arc::clone(&played.routes[usize::from(ask.route)].name),
        protocol: shape.protocol,
        stream: shape.stream,
        needs: shape.needs,
        regions: Arc::clone(&shape.regions),
        ..RequestFacts::default()
    };
    Head { facts, decision: Vec::new() }
}

fn sighting(head: usize, ask: &Ask, asked: &Traffic) -> Sighting<'static> {
    let mut usage = Usage::default();
    *usage.get_mut(Bucket::InputUncached) = u64::from(ask.input);
    *usage.get_mut(Bucket::OutputText) = u64::from(ask.output);
    let at_ms = asked.began_unix_ms.saturating_add(ask.at_ms);
    Sighting {
        head,
        arrived_us: i64::try_from(at_ms).unwrap_or(i64::MAX).saturating_mul(1_000),
        outcome: Outcome::Answered.code(),
        deployment: None,
        usage,
        estimated: ask.counted_by == NOBODY,
        cost: None,
        estimated_input_tokens: u64::from(ask.estimated_input),
        max_tokens: (ask.max_tokens != u32::MAX).then_some(u64::from(ask.max_tokens)),
        shares: &[],
        unsayable: &[],
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(limit: f64) -> u64 {
    limit as u64
}

#[cfg(test)]
mod tests;
