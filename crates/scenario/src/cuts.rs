//! What stops what: the smallest sets of losses that leave a product's recorded requests without a candidate, or with too
//! little capacity at its busiest minute.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::Domain;
use crate::estate::{Estate, Member};
use crate::flow::{Demand, Room, carried};
use crate::set::Set;
use crate::shape::Shape;
use crate::traffic::{Load, Peak, Traffic};

mod alike;

/// The largest sets that are looked for.
pub const LARGEST: usize = 3;

/// A fault domain, or several that take away the same: losing any of them is the same loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Their names.
    pub domains: Vec<Domain>,
    /// The deployments that it takes away.
    pub takes: Set,
}

/// A smallest set of losses: with any of them left out, the product goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cut {
    /// Of each loss, all that it may be: they take away the same of what the product could use.
    pub losses: Vec<Vec<Domain>>,
    /// What it adds to what is wrong already.
    pub effect: Effect,
}

/// What a product lacks, or what a loss, or several, take from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Effect {
    /// The part of its requests that are left without a candidate, of 1.
    pub stopped: f64,
    /// Tokens of its busiest minute that find no capacity, of those that it asked then.
    pub short_tokens: u64,
    /// Requests of its busiest minute that find no capacity.
    pub short_requests: u64,
}

impl Effect {
    /// Whether the product goes on whole.
    pub fn is_none(&self) -> bool {
        self.stopped == 0.0 && self.short_tokens == 0 && self.short_requests == 0
    }

    /// What of it was not there before.
    fn beyond(self, before: Self) -> Self {
        Self {
            stopped: (self.stopped - before.stopped).max(0.0),
            short_tokens: self.short_tokens.saturating_sub(before.short_tokens),
            short_requests: self.short_requests.saturating_sub(before.short_requests),
        }
    }
}

/// A product's needs in one configuration, ready to be asked about losses.
#[derive(Debug)]
pub struct Needs {
    /// Of each group of its requests that have the same candidates: those, and how many requests.
    groups: Vec<(Set, u64)>,
    /// All its requests that can be served while nothing is lost.
    requests: u64,
    /// Requests that nobody can serve even then.
    pub without_any: u64,
    /// Requests whose route is gone.
    pub without_route: u64,
    /// Of both, those that were answered when they came: the configuration has left them behind.
    pub left_behind: u64,
    /// Its busiest minutes: by tokens, by requests.
    busiest: [Busiest; 2],
    /// Which account each deployment belongs to.
    accounts: Arc<[usize]>,
}

/// What was asked in a product's busiest minute, of one measure.
#[derive(Debug, Default)]
struct Busiest {
    /// Of this product: candidates and amount.
    own: Vec<(Set, u64)>,
    /// Of the others, in the same minute.
    others: Vec<(Set, u64)>,
    /// What each account can carry of it.
    limits: Vec<Option<u64>>,
    /// What each deployment can.
    members: Vec<Option<u64>>,
}

impl Needs {
    /// What `product` needed, as `estate` could serve it. `candidates`: of each shape of the traffic, or `None` where its
    /// route is gone.
    pub fn of(product: &str, traffic: &Traffic, candidates: &[Option<Set>], estate: &Estate) -> Self {
        let mut needs = Self {
            groups: Vec::new(),
            requests: 0,
            without_any: 0,
            without_route: 0,
            left_behind: 0,
            busiest: [Busiest::default(), Busiest::default()],
            accounts: (0..estate.members.len()).map(|member| estate.account_of(member)).collect(),
        };
        for ((shape, _, sums), candidates) in traffic.shapes.iter().zip(candidates) {
            let wanted = sums.wanted();
            if *shape.product != *product || wanted == 0 {
                continue;
            }
            if candidates.as_ref().is_none_or(Set::is_empty) {
                needs.left_behind += sums.answered;
            }
            match candidates {
                None => needs.without_route += wanted,
                Some(none) if none.is_empty() => needs.without_any += wanted,
                Some(some) => {
                    needs.requests += wanted;
                    put(&mut needs.groups, some, wanted);
                }
            }
        }
        if let Some([by_tokens, by_requests]) = traffic.peaks.get(product) {
            let is_own = |shape: usize| {
                let (shape, _, sums) = &traffic.shapes[shape];
                (sums.wanted() > 0).then(|| *shape.product == *product)
            };
            needs.busiest = [
                Busiest::of(by_tokens, |load| load.tokens, candidates, is_own).within(
                    estate.accounts.iter().map(|account| account.tokens_per_minute).collect(),
                    estate.members.iter().map(|member| member.tokens_per_minute).collect(),
                ),
                Busiest::of(by_requests, |load| load.requests, candidates, is_own).within(
                    estate.accounts.iter().map(|account| account.requests_per_minute).collect(),
                    estate.members.iter().map(Member::requests_per_minute).collect(),
                ),
            ];
        }
        needs
    }

    /// Needs of candidates alone: groups of requests that have the same ones, and how many. No capacity binds.
    pub fn of_groups(groups: Vec<(Set, u64)>) -> Self {
        Self {
            requests: groups.iter().map(|(_, requests)| requests).sum(),
            groups,
            without_any: 0,
            without_route: 0,
            left_behind: 0,
            busiest: [Busiest::default(), Busiest::default()],
            accounts: Arc::default(),
        }
    }

    /// The same needs, held against what the accounts have carried before (tokens a minute) in place of what they are
    /// configured to.
    pub fn within_tokens(&mut self, limits: Vec<Option<u64>>) {
        self.busiest[0].limits = limits;
        self.busiest[1].limits.iter_mut().for_each(|limit| *limit = None);
        for busiest in &mut self.busiest {
            busiest.members.iter_mut().for_each(|limit| *limit = None);
        }
    }

    /// Requests that can be served while nothing is lost.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// The candidates of its requests, and how many requests have them.
    pub fn groups(&self) -> &[(Set, u64)] {
        &self.groups
    }

    /// What it asked in its busiest minutes: tokens, and requests.
    pub fn peak(&self) -> [u64; 2] {
        self.busiest.each_ref().map(|busiest| busiest.own.iter().map(|(_, amount)| amount).sum())
    }

    /// What is wrong while nothing is lost: no loss is to blame for it.
    pub fn already(&self) -> Effect {
        self.without(&Set::default())
    }

    /// What the loss of these deployments adds to what is wrong already.
    pub fn added_by(&self, lost: &Set) -> Effect {
        self.without(lost).beyond(self.already())
    }

    /// How it is after the loss of these deployments, whatever of that was so before.
    pub fn without(&self, lost: &Set) -> Effect {
        let left_alone: u64 = self
            .groups
            .iter()
            .filter(|(candidates, _)| candidates.within(lost))
            .map(|(_, requests)| requests)
            .sum();
        let [short_tokens, short_requests] =
            self.busiest.each_ref().map(|busiest| busiest.short(lost, &self.accounts));
        Effect { stopped: part(left_alone, self.requests), short_tokens, short_requests }
    }

    /// The smallest sets of losses that add anything to what is wrong already, up to [`LARGEST`] at once; smaller ones
    /// first. Exact: every set is looked at that holds none found before.
    pub fn cuts(&self, losses: &[Loss]) -> Vec<Cut> {
        let already = self.already();
        let search = Search { losses, effect: &|lost| Some(self.without(lost).beyond(already)) };
        let mut found: Vec<(Vec<usize>, Effect)> = Vec::new();
        for size in 1..=LARGEST {
            search.find(size, &mut found);
        }
        let own = self.groups.iter().fold(Set::default(), |set, (candidates, _)| set.union(candidates));
        let takes: Vec<Set> = losses.iter().map(|loss| loss.takes.intersection(&own)).collect();
        let kind = |this: &Set| takes.iter().position(|first| first == this);
        let kinds: Vec<usize> = takes.iter().filter_map(kind).collect();
        let names =
            |loss: &Vec<usize>| loss.iter().flat_map(|index| losses[*index].domains.clone()).collect();
        let named = |cut: alike::Choices| cut.iter().map(names).collect();
        let joined = alike::joined(found, &kinds).into_iter();
        joined.map(|(cut, effect)| Cut { losses: named(cut), effect }).collect()
    }

    /// The losses that matter to this product: those that take away any of its candidates, with those joined that take
    /// away the same of them.
    pub fn losses(&self, all: &[(Domain, Set)]) -> Vec<Loss> {
        joined(all, &self.relevant())
    }

    /// All that are candidates of anything that it looks at.
    fn relevant(&self) -> Set {
        let at_peaks = self.busiest.iter().flat_map(|busiest| busiest.own.iter().chain(&busiest.others));
        let all = self.groups.iter().chain(at_peaks);
        all.fold(Set::default(), |set, (candidates, _)| set.union(candidates))
    }
}

/// Of how many losses the smallest sets are that do anything to any of several products, and how many there are of that
/// size; `None` where it takes more than `most`. Of none where something is wrong already. Looks no further than it must.
pub fn smallest(products: &[Needs], all: &[(Domain, Set)], most: usize) -> Option<(usize, usize)> {
    let relevant = products.iter().fold(Set::default(), |set, needs| set.union(&needs.relevant()));
    let losses = joined(all, &relevant);
    let effect = |lost: &Set| products.iter().map(|needs| needs.without(lost)).find(|it| !it.is_none());
    let search = Search { losses: &losses, effect: &effect };
    (0..=most).find_map(|size| {
        let mut found = Vec::new();
        search.find(size, &mut found);
        (!found.is_empty()).then_some((size, found.len()))
    })
}

/// Those that take away any of the relevant, with those joined that take away the same of them.
fn joined(all: &[(Domain, Set)], relevant: &Set) -> Vec<Loss> {
    let mut losses: Vec<Loss> = Vec::new();
    for (domain, takes) in all {
        let takes = takes.intersection(relevant);
        if takes.is_empty() {
            continue;
        }
        match losses.iter_mut().find(|loss| loss.takes == takes) {
            Some(loss) => loss.domains.push(domain.clone()),
            None => losses.push(Loss { domains: vec![domain.clone()], takes }),
        }
    }
    losses
}

/// A search for sets of losses that do anything.
struct Search<'a> {
    losses: &'a [Loss],
    /// What the loss of these deployments does.
    effect: &'a dyn Fn(&Set) -> Option<Effect>,
}

impl Search<'_> {
    /// Adds those of exactly `size` losses that hold none of those found before.
    fn find(&self, size: usize, found: &mut Vec<(Vec<usize>, Effect)>) {
        let smaller: Vec<Vec<usize>> = found.iter().map(|(cut, _)| cut.clone()).collect();
        let mut chosen = Vec::with_capacity(size);
        self.choose((size, 0), &Set::default(), &mut chosen, &smaller, found);
    }

    fn choose(
        &self,
        (more, from): (usize, usize),
        lost: &Set,
        chosen: &mut Vec<usize>,
        smaller: &[Vec<usize>],
        found: &mut Vec<(Vec<usize>, Effect)>,
    ) {
        if smaller.iter().any(|cut| cut.iter().all(|index| chosen.contains(index))) {
            return;
        }
        if more == 0 {
            if let Some(effect) = (self.effect)(lost).filter(|effect| !effect.is_none()) {
                found.push((chosen.clone(), effect));
            }
            return;
        }
        for (index, loss) in self.losses.iter().enumerate().skip(from) {
            chosen.push(index);
            self.choose((more - 1, index + 1), &lost.union(&loss.takes), chosen, smaller, found);
            chosen.pop();
        }
    }
}

impl Busiest {
    fn of(
        peak: &Peak,
        measure: fn(&Load) -> u64,
        candidates: &[Option<Set>],
        is_own: impl Fn(usize) -> Option<bool>,
    ) -> Self {
        let mut busiest = Self::default();
        for (shape, load) in &peak.loads {
            // What nobody can serve anyway is told of elsewhere, and needs no capacity.
            let Some(candidates) = candidates[*shape].as_ref().filter(|some| !some.is_empty()) else {
                continue;
            };
            let Some(own) = is_own(*shape) else { continue };
            let into = if own { &mut busiest.own } else { &mut busiest.others };
            put(into, candidates, measure(load));
        }
        busiest
    }

    fn within(mut self, limits: Vec<Option<u64>>, members: Vec<Option<u64>>) -> Self {
        (self.limits, self.members) = (limits, members);
        self
    }

    /// How much of what the product asked, and still has candidates for, finds no room once the others have taken theirs.
    ///
    /// Those others first is the worst case for it. It can get better when more is lost: others that are stopped free room.
    /// So a set is never taken for a cut, nor for none, because of what a part of it does.
    fn short(&self, lost: &Set, accounts: &[usize]) -> u64 {
        if self.limits.iter().chain(&self.members).all(Option::is_none) {
            return 0;
        }
        let left = |(candidates, amount): &(Set, u64)| {
            let alive = candidates.without(lost);
            (!alive.is_empty()).then_some(Demand { amount: *amount, members: alive })
        };
        let others: Vec<Demand> = self.others.iter().filter_map(left).collect();
        let own: Vec<Demand> = self.own.iter().filter_map(left).collect();
        let wanted: u64 = own.iter().map(|demand| demand.amount).sum();
        let room = Room { account_of: accounts, accounts: &self.limits, members: &self.members };
        let before = carried(&others, room);
        let all: Vec<Demand> = others.into_iter().chain(own).collect();
        wanted - (carried(&all, room) - before)
    }
}

fn put(groups: &mut Vec<(Set, u64)>, candidates: &Set, amount: u64) {
    match groups.iter_mut().find(|(known, _)| known == candidates) {
        Some((_, sum)) => *sum += amount,
        None => groups.push((candidates.clone(), amount)),
    }
}

/// The candidates of each shape; `None` where its route is gone.
pub fn candidates(traffic: &Traffic, estate: &Estate) -> Vec<Option<Set>> {
    traffic.shapes.iter().map(|(shape, size, _): &(Shape, _, _)| shape.candidates(*size, estate)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn part(some: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { some as f64 / all as f64 }
}

#[cfg(test)]
mod tests;
