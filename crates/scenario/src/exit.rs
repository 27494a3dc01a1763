//! How one leaves an account: who would serve its products' recorded requests, what those would cost there, and by when
//! what must be done.

mod schedule;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

pub use self::schedule::{Milestone, RAMP_DAYS, Schedule, Step, TEST_DAYS, Terms};
use crate::cuts::{Effect, Needs, part};
use crate::dependence::{Carried, places};
use crate::domain::{Domain, DomainKind};
use crate::estate::{Estate, Product};
use crate::outlook::{Outlook, Verdict};
use crate::price::at_list_price;
use crate::proof::{Proof, proofs, proven, served};
use crate::set::Set;
use crate::traffic::{Sums, Traffic};

/// What leaving an account would mean for one product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaving {
    /// Its name.
    pub product: Arc<str>,
    /// Its recorded requests that the account could serve.
    pub could: u64,
    /// Requests that the account did answer for it.
    pub answered_here: u64,
    /// What the account cost for it, in nano-dollars, without the unpriced.
    pub nanos_here: i128,
    /// Answered requests there that have no price: the money is more.
    pub unpriced_here: u64,
    /// Who would serve all its requests without the account.
    #[serde(flatten)]
    pub outlook: Outlook,
    /// The same in one word.
    pub verdict: Verdict,
    /// Tokens of its busiest minute, and when that was, in minutes since 1970.
    pub peak_tokens: u64,
    /// See `peak_tokens`; `None` where nothing was asked.
    pub peak_minute: Option<i64>,
    /// The other deployments of the routes that lead to the account: best first.
    pub substitutes: Vec<Substitute>,
    /// When any of them last answered a request of the product, in microseconds since 1970.
    pub last_test_us: Option<i64>,
}

/// How far a deployment is known to be able to take over. Everywhere the same three classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It serves the product, or somebody has approved it.
    Proven,
    /// It could, by what is known of it.
    Unproven,
    /// It can serve none of the requests.
    None,
}

/// Another deployment of the same routes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Substitute {
    /// Its name.
    pub deployment: Arc<str>,
    /// In one word.
    pub class: Class,
    /// What speaks for it.
    pub proof: Proof,
    /// The part of what the account could serve that it could too, of 1.
    pub could: f64,
    /// What would be missing if it had to serve the product alone, all others first; without its limits, nothing.
    pub alone: Effect,
    /// Most tokens a minute of its account, as configured.
    pub capacity_tokens_per_minute: Option<u64>,
    /// Most tokens that its account has carried here in one minute.
    pub carried_tokens_per_minute: u64,
    /// When it last answered a request of the product, in microseconds since 1970.
    pub last_us: Option<i64>,
    /// What the requests that the account answered would have cost here by list, in nano-dollars; `None` is unpriced.
    pub nanos: Option<i128>,
    /// Fault domains that it shares with the account's deployments: it may fall with them.
    pub shares: Vec<Domain>,
}

/// What leaving `account` would mean for each product that uses it or could. In the estate's order, then those that it no
/// longer has.
pub fn leaving(
    account: usize,
    traffic: &Traffic,
    estate: &Estate,
    candidates: &[Option<Set>],
    carried: &[Carried],
) -> Vec<Leaving> {
    let mut products: Vec<Product> = Vec::new();
    let gone = traffic
        .shapes
        .iter()
        .map(|(shape, _, _)| Product { name: Arc::clone(&shape.product), ..Product::default() });
    for product in estate.products.iter().cloned().chain(gone) {
        if !products.iter().any(|known| known.name == product.name) {
            products.push(product);
        }
    }
    let exit = Exit { account, members: members(account, estate), traffic, estate, candidates, carried };
    products.iter().filter_map(|product| exit.of(product)).collect()
}

/// The deployments of an account.
pub fn members(account: usize, estate: &Estate) -> Set {
    (0..estate.members.len()).filter(|member| estate.account_of(*member) == account).collect()
}

#[derive(Debug)]
struct Exit<'a> {
    account: usize,
    members: Set,
    traffic: &'a Traffic,
    estate: &'a Estate,
    candidates: &'a [Option<Set>],
    carried: &'a [Carried],
}

impl Exit<'_> {
    /// `None` for a product that has nothing to do with the account.
    fn of(&self, product: &Product) -> Option<Leaving> {
        let needs = Needs::of(&product.name, self.traffic, self.candidates, self.estate);
        let touched: Vec<&(Set, u64)> =
            needs.groups().iter().filter(|(set, _)| !set.intersection(&self.members).is_empty()).collect();
        let here = self.here(&product.name);
        if touched.is_empty() && here.requests == 0 {
            return None;
        }
        let mut within = Needs::of(&product.name, self.traffic, self.candidates, self.estate);
        within.within_tokens(self.carried.iter().map(|carried| Some(carried.tokens_per_minute)).collect());
        let proofs = proofs(product, self.traffic, self.estate);
        let outlook = Outlook::after(&needs, &within, &proven(&proofs), &self.members);
        let could = touched.iter().map(|(_, requests)| requests).sum();
        let mut substitutes: Vec<Substitute> = self
            .listed(&product.name)
            .iter()
            .map(|member| {
                let both = touched.iter().filter(|(set, _)| set.contains(member));
                let both = part(both.map(|(_, requests)| requests).sum(), could);
                self.substitute(product, &needs, (member, &proofs[member]), both, &here)
            })
            .collect();
        substitutes.sort_by(|one, two| {
            let better = two.could.total_cmp(&one.could);
            one.class.cmp(&two.class).then(better).then(one.deployment.cmp(&two.deployment))
        });
        Some(Leaving {
            product: Arc::clone(&product.name),
            could,
            answered_here: here.answered,
            nanos_here: here.nanos,
            unpriced_here: here.unpriced,
            outlook,
            verdict: outlook.verdict(!touched.is_empty()),
            peak_tokens: needs.peak()[0],
            peak_minute: self
                .traffic
                .peaks
                .get(&product.name)
                .map(|[by_tokens, _]| by_tokens.minute)
                .filter(|_| needs.peak()[0] > 0),
            last_test_us: substitutes.iter().filter_map(|substitute| substitute.last_us).max(),
            substitutes,
        })
    }

    /// What the account did for a product, also by deployments that the configuration no longer has.
    fn here(&self, product: &str) -> Sums {
        let places = places(self.traffic, self.estate);
        let mut sums = Sums::default();
        for ((shape, server), served) in &self.traffic.served {
            if *self.traffic.shapes[*shape].0.product == *product && places[*server].1 == Some(self.account) {
                sums.join(served);
            }
        }
        sums
    }

    /// All others on the product's routes that lead to the account.
    fn listed(&self, product: &str) -> Set {
        let of_product = self.traffic.shapes.iter().filter(|(shape, _, _)| *shape.product == *product);
        let names: BTreeSet<&str> = of_product.map(|(shape, _, _)| &*shape.route).collect();
        let mut listed = Set::default();
        for route in self.estate.routes.iter().filter(|route| names.contains(&*route.name)) {
            let all: Set = route.entries.iter().map(|entry| entry.deployment.0 as usize).collect();
            if !all.intersection(&self.members).is_empty() {
                listed = listed.union(&all);
            }
        }
        listed.without(&self.members)
    }

    fn substitute(
        &self,
        product: &Product,
        needs: &Needs,
        (index, proof): (usize, &Proof),
        could: f64,
        here: &Sums,
    ) -> Substitute {
        let member = &self.estate.members[index];
        let account = self.estate.account_of(index);
        let others = (0..self.estate.members.len()).filter(|other| *other != index).collect();
        let class = match proof {
            _ if could <= 0.0 => Class::None,
            proof if proof.is_proven() => Class::Proven,
            _ => Class::Unproven,
        };
        let served = served(&product.name, self.traffic);
        let last_us = served.get(&*member.routing.name).map(|sums| sums.last_us);
        Substitute {
            deployment: Arc::clone(&member.routing.name),
            class,
            proof: proof.clone(),
            could,
            alone: needs.without(&others),
            capacity_tokens_per_minute: self.estate.accounts[account].tokens_per_minute,
            carried_tokens_per_minute: self.carried[account].tokens_per_minute,
            last_us: last_us.filter(|last| *last > 0),
            nanos: member.prices.as_ref().and_then(|prices| at_list_price(here, prices)),
            shares: self.shared(index),
        }
    }

    fn shared(&self, index: usize) -> Vec<Domain> {
        let kinds = [DomainKind::Maker, DomainKind::Host, DomainKind::Owner];
        let with = |kind| {
            let name = self.estate.domain_of(index, kind)?;
            let theirs = self
                .members
                .iter()
                .any(|member| self.estate.domain_of(member, kind).is_some_and(|theirs| theirs == name));
            theirs.then(|| Domain::new(kind, name))
        };
        kinds.into_iter().filter_map(with).collect()
    }
}

#[cfg(test)]
mod tests;
