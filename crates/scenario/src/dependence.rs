//! On whom the served requests depend: shares by fault domain, concentration, trend.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::cuts::part;
use crate::domain::DomainKind;
use crate::estate::Estate;
use crate::traffic::{Load, Sums, Traffic};

/// The shares of one kind of fault domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    /// Which kind.
    pub kind: DomainKind,
    /// Largest first, by requests.
    pub shares: Vec<Share>,
    /// What no domain of this kind is known for: a finding, and no part of any share.
    pub unknown: Share,
    /// How concentrated the known part is, by requests, tokens and money.
    pub concentration: [Option<Concentration>; 3],
}

/// What one fault domain carried.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Share {
    /// Its name.
    pub name: Arc<str>,
    /// Answered requests.
    pub requests: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Money in nano-dollars, without the unpriced.
    pub nanos: i128,
    /// Requests of which something that it did has no price: the money is that much more.
    pub unpriced: u64,
    /// Parts of everything that is known and unknown, of 1: requests, tokens, money.
    pub of_all: [f64; 3],
}

impl Share {
    /// Money in nano-dollars; `None` where nothing that it did has a price.
    pub fn known_nanos(&self) -> Option<i128> {
        (self.unpriced == 0 || self.nanos != 0).then_some(self.nanos)
    }
}

/// Concentration by one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Concentration {
    /// The Herfindahl-Hirschman index: the sum of the squared shares in per cent, from near 0 to 10,000 for one alone.
    pub hhi: u32,
    /// Who has the largest share.
    pub largest: Arc<str>,
    /// Its part of what is known, of 1.
    pub share: f64,
}

/// A domain's part over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// Its name; empty for what no domain is known for.
    pub name: Arc<str>,
    /// Its part of the tokens in each step of the period, of 1; `None` where nothing was served.
    pub parts: Vec<Option<f64>>,
    /// Its part of the tokens of the first half of the steps, and of the second: each token counts as much as any other,
    /// whatever else came in its step.
    pub halves: [Option<f64>; 2],
}

/// Which member each server is, where the configuration still has it; and the account of those that it has not.
pub fn places(traffic: &Traffic, estate: &Estate) -> Vec<(Option<usize>, Option<usize>)> {
    let place = |name: &Arc<str>| {
        let member = estate.members.iter().position(|member| member.routing.name == *name);
        let account = name.split_once('/').map_or(&**name, |(account, _)| account);
        let account = estate.accounts.iter().position(|known| *known.name == *account);
        (member, account)
    };
    traffic.servers.iter().map(place).collect()
}

/// The domain of each server; `None` where nobody knows.
pub fn domains(traffic: &Traffic, estate: &Estate, kind: DomainKind) -> Vec<Option<Arc<str>>> {
    let of_account = |account: usize| {
        let account = &estate.accounts[account];
        match kind {
            DomainKind::Account => Some(Arc::clone(&account.name)),
            DomainKind::Owner => account.owner.clone(),
            DomainKind::Country => account.country.clone(),
            _ => None,
        }
    };
    let servers = places(traffic, estate).into_iter().zip(&traffic.servers);
    servers
        .map(|((member, account), name)| match (member, kind) {
            (Some(member), _) => estate.domain_of(member, kind),
            (None, DomainKind::Deployment) => Some(Arc::clone(name)),
            (None, _) => account.and_then(of_account),
        })
        .collect()
}

impl Dependence {
    /// The shares of one kind.
    pub fn by(kind: DomainKind, traffic: &Traffic, estate: &Estate) -> Self {
        Self::among(kind, traffic, estate, |_| true)
    }

    /// The same of one product's requests.
    pub fn of_product(product: &str, kind: DomainKind, traffic: &Traffic, estate: &Estate) -> Self {
        Self::among(kind, traffic, estate, |shape| *traffic.shapes[shape].0.product == *product)
    }

    /// The same of the requests of some shapes.
    fn among(kind: DomainKind, traffic: &Traffic, estate: &Estate, counts: impl Fn(usize) -> bool) -> Self {
        let domains = domains(traffic, estate, kind);
        let mut sums: BTreeMap<Option<Arc<str>>, Sums> = BTreeMap::new();
        let mut total = Sums::default();
        for ((_, server), served) in traffic.served.iter().filter(|((shape, _), _)| counts(*shape)) {
            sums.entry(domains[*server].clone()).or_default().join(served);
            total.join(served);
        }
        let share = |(name, sums): (Option<Arc<str>>, Sums)| Share {
            name: name.unwrap_or_default(),
            requests: sums.answered,
            tokens: sums.tokens,
            nanos: sums.nanos,
            unpriced: sums.unpriced,
            of_all: [
                part(sums.answered, total.answered),
                part(sums.tokens, total.tokens),
                money_part(sums.nanos, total.nanos),
            ],
        };
        let unknown = sums.remove(&None).map_or_else(Share::default, |sums| share((None, sums)));
        let mut shares: Vec<Share> = sums.into_iter().map(share).collect();
        shares.sort_by(|one, two| two.requests.cmp(&one.requests).then(one.name.cmp(&two.name)));
        let concentration = [0, 1, 2].map(|measure| Concentration::of(&shares, measure));
        Self { kind, shares, unknown, concentration }
    }

    /// Requests of which something has no price, whoever did it.
    pub fn unpriced(&self) -> u64 {
        self.shares.iter().chain([&self.unknown]).map(|share| share.unpriced).sum()
    }
}

impl Concentration {
    /// `None` where nothing is known.
    fn of(shares: &[Share], measure: usize) -> Option<Self> {
        let known: f64 = shares.iter().map(|share| share.of_all[measure]).sum();
        if known <= 0.0 {
            return None;
        }
        let largest = shares.iter().max_by(|one, two| one.of_all[measure].total_cmp(&two.of_all[measure]))?;
        let squares: f64 = shares.iter().map(|share| (100.0 * share.of_all[measure] / known).powi(2)).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10,000")]
        let hhi = squares.round() as u32;
        Some(Self { hhi, largest: Arc::clone(&largest.name), share: largest.of_all[measure] / known })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn money_part(some: i128, all: i128) -> f64 {
    if all <= 0 { 0.0 } else { some as f64 / all as f64 }
}

/// Each domain's part of the tokens over the period, in `steps` steps of the same length; largest first. A period of fewer minutes
/// has fewer, for a minute is in one step: an even number of them, so that there are halves.
pub fn trend(kind: DomainKind, traffic: &Traffic, estate: &Estate, steps: usize) -> Vec<Trend> {
    let Some((first, last)) = span_minutes(traffic) else { return Vec::new() };
    let length = (last - first + 1).max(1);
    let minutes = usize::try_from(length).unwrap_or(usize::MAX);
    let steps = if minutes < steps { (minutes / 2 * 2).max(1) } else { steps };
    let domains = domains(traffic, estate, kind);
    let mut totals = vec![0_u64; steps];
    let mut by_domain: BTreeMap<Arc<str>, Vec<u64>> = BTreeMap::new();
    for (domain, minutes) in domains.into_iter().zip(&traffic.minutes) {
        let sums = by_domain.entry(domain.unwrap_or_default()).or_insert_with(|| vec![0; steps]);
        for (minute, Load { tokens, .. }) in minutes {
            let step = step_of(minute - first, length, steps);
            sums[step] += tokens;
            totals[step] += tokens;
        }
    }
    let mut trends: Vec<(u64, Trend)> = by_domain
        .into_iter()
        .map(|(name, sums)| {
            let of = |sum: u64, all: u64| (all > 0).then(|| part(sum, all));
            let parts = sums.iter().zip(&totals).map(|(sum, all)| of(*sum, *all)).collect();
            let middle = steps / 2;
            let half = |steps: std::ops::Range<usize>| {
                of(sums[steps.clone()].iter().sum(), totals[steps].iter().sum())
            };
            let halves = [half(0..middle), half(middle..steps)];
            (sums.iter().sum(), Trend { name, parts, halves })
        })
        .collect();
    trends.sort_by_key(|(tokens, _)| std::cmp::Reverse(*tokens));
    trends.into_iter().map(|(_, trend)| trend).collect()
}

fn span_minutes(traffic: &Traffic) -> Option<(i64, i64)> {
    let all = || traffic.minutes.iter().flatten().map(|(minute, _)| *minute);
    Some((all().min()?, all().max()?))
}

fn step_of(offset: i64, length: i64, steps: usize) -> usize {
    let steps = i64::try_from(steps).unwrap_or(1).max(1);
    usize::try_from((offset * steps / length).clamp(0, steps - 1)).unwrap_or(0)
}

/// The most that an account has carried in one minute here, and for how long it has carried nearly that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Carried {
    /// Tokens of its busiest minute.
    pub tokens_per_minute: u64,
    /// Answers in its busiest minute by answers.
    pub requests_per_minute: u64,
    /// Its busiest minute by tokens, in minutes since 1970.
    pub at_minute: i64,
    /// In how many minutes it has carried at least 8 tenths of that.
    pub minutes_near: u64,
}

/// What each account has proven to carry, by the estate's indices.
pub fn carried(traffic: &Traffic, estate: &Estate) -> Vec<Carried> {
    let mut by_account: Vec<BTreeMap<i64, Load>> = vec![BTreeMap::new(); estate.accounts.len()];
    for ((_, account), minutes) in places(traffic, estate).into_iter().zip(&traffic.minutes) {
        let Some(account) = account else { continue };
        for (minute, load) in minutes {
            by_account[account].entry(*minute).or_default().add(load);
        }
    }
    by_account.iter().map(most).collect()
}

fn most(minutes: &BTreeMap<i64, Load>) -> Carried {
    let Some((at, peak)) = minutes.iter().max_by_key(|(_, load)| load.tokens) else {
        return Carried::default();
    };
    let near = |load: &&Load| load.tokens.saturating_mul(10) >= peak.tokens.saturating_mul(8);
    Carried {
        tokens_per_minute: peak.tokens,
        requests_per_minute: minutes.values().map(|load| load.requests).max().unwrap_or(0),
        at_minute: *at,
        minutes_near: minutes.values().filter(near).count() as u64,
    }
}

#[cfg(test)]
mod tests;
