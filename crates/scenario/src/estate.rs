//! What the configuration says of who could serve: the facts that dependence and losses are worked out from.

use std::sync::Arc;
use std::time::Duration;

use catalogue::{PriceList, Region, Weights};
use routing::{Deployment, Policy, Prefer, RouteEntry};

use crate::domain::{Domain, DomainKind};
use crate::maker::{self, Meaning, Ties};
use crate::replay::OWN_HOST;
use crate::set::Set;
use crate::tenure::Tenure;

/// A day, `YYYY-MM-DD`: such texts compare as days do.
pub type Day = Arc<str>;

/// Everything that could serve, and for whom: the facts. A replay plays a [`crate::replay::PlayedEstate`] made of them.
#[derive(Debug, Clone, Default)]
pub struct Estate {
    /// The deployments, by the indices of [`RouteEntry::deployment`].
    pub members: Vec<Member>,
    /// The accounts, by the indices of [`Deployment::provider`].
    pub accounts: Vec<Account>,
    /// The routes.
    pub routes: Vec<Route>,
    /// The products.
    pub products: Vec<Product>,
}

/// One deployment, with what routing does not need to know of it.
#[derive(Debug, Clone)]
pub struct Member {
    /// What routing knows.
    pub routing: Deployment,
    /// Who may run the model.
    pub weights: Weights,
    /// The day on which the model is switched off there, where that is known.
    pub ends: Option<Day>,
    /// What it costs; `None` is unpriced.
    pub prices: Option<Arc<PriceList>>,
    /// Most requests a minute that the supplier says it lets through.
    pub said_requests_per_minute: Option<u64>,
    /// Most tokens a minute that the supplier says it lets through.
    pub tokens_per_minute: Option<u64>,
    /// How long one of its answers takes on average, where that was seen: a slot is taken for as long.
    pub answer: Option<Duration>,
    /// How long it may serve: what was decided, what its contract's dates come to, when its model is switched off.
    pub tenure: Tenure,
}

impl Member {
    /// Most requests a minute that it carries: what the supplier says, and what its slots (`max_in_flight`) let through,
    /// whichever is less. By Little's law so many slots carry a minute's worth of them, each for as long as an answer
    /// takes; where nobody has seen an answer, they bind nothing.
    pub fn requests_per_minute(&self) -> Option<u64> {
        let slots = self.routing.max_in_flight.zip(self.answer).map(|(slots, answer)| {
            let minute = Duration::from_mins(1).as_millis() * u128::from(slots);
            u64::try_from(minute / answer.as_millis().max(1)).unwrap_or(u64::MAX)
        });
        match (self.said_requests_per_minute, slots) {
            (Some(said), Some(slots)) => Some(said.min(slots)),
            (said, slots) => said.or(slots),
        }
    }
}

/// One account: who is behind it, and what it can carry. What is `None` is unknown.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The provider's name in the configuration.
    pub name: Arc<str>,
    /// Who owns the company that the contract is with.
    pub owner: Option<Arc<str>>,
    /// Whose law that company obeys.
    pub country: Option<Arc<str>>,
    /// Whether it is the organisation's own machines.
    pub own: bool,
    /// Until when the models may be used there, whatever becomes of their maker.
    pub rights_until: Option<Day>,
    /// Until when its prices are promised.
    pub price_until: Option<Day>,
    /// Most tokens a minute that it serves, as configured.
    pub tokens_per_minute: Option<u64>,
    /// Most requests a minute that it serves, as configured.
    pub requests_per_minute: Option<u64>,
    /// What is paid whether it is used or not, in US dollars a day.
    pub fixed_usd_per_day: f64,
    /// What its room costs, where somebody says.
    pub room: Option<RoomPrice>,
}

/// What so much room costs at an account, whether it is used or not. More of it is taken to cost as much more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoomPrice {
    /// In US dollars a day.
    pub usd_per_day: f64,
    /// The tokens a minute that this buys; `None` is all that the account has.
    pub tokens_per_minute: Option<u64>,
}

/// A route's deployments.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Its name.
    pub name: Arc<str>,
    /// In the configured order.
    pub entries: Vec<RouteEntry>,
    /// What is allowed, preferred and tried next.
    pub policy: Policy,
}

impl Route {
    /// Whether its entries are chosen by weight, so that one of weight 0 is none.
    pub fn is_weighted(&self) -> bool {
        self.policy.prefer == Prefer::Weighted
    }
}

/// What a product may use.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Its name.
    pub name: Arc<str>,
    /// Where its answers may be made; empty is anywhere.
    pub regions: Arc<[Region]>,
    /// Whether deployments without a price are no candidates.
    pub priced_only: bool,
    /// Deployments that somebody has approved for it, and that still are: index, and the day.
    pub approved: Vec<(usize, Day)>,
    /// How long it may stand still.
    pub max_outage: Option<Duration>,
    /// The share of its requests that may go unserved, or to who is not proven for it.
    pub max_degradation: Option<f64>,
}

impl Estate {
    /// The fault domain of each kind that a deployment belongs to; `None` where nobody says.
    pub fn domain_of(&self, member: usize, kind: DomainKind) -> Option<Arc<str>> {
        let routing = &self.members[member].routing;
        let account = &self.accounts[usize::from(routing.provider.0)];
        match kind {
            DomainKind::Maker => known(&routing.maker),
            DomainKind::Host => known(&routing.host),
            DomainKind::Region => routing.region.as_ref().map(|region| Arc::from(region.as_str())),
            DomainKind::Account => Some(Arc::clone(&account.name)),
            DomainKind::Owner => account.owner.clone(),
            DomainKind::Country => account.country.clone(),
            DomainKind::Deployment => Some(Arc::clone(&routing.name)),
        }
    }

    /// Takes an account as if nothing had been decided about it and its contract went on: for asking what leaving it takes.
    pub fn readmit(&mut self, account: usize) {
        for member in
            self.members.iter_mut().filter(|member| usize::from(member.routing.provider.0) == account)
        {
            member.tenure = Tenure::default();
        }
    }

    /// The account that a deployment belongs to.
    pub fn account_of(&self, member: usize) -> usize {
        usize::from(self.members[member].routing.provider.0)
    }

    /// What ties a deployment to its model's maker.
    pub fn ties(&self, member: usize) -> Ties<'_> {
        let (account, member) = (&self.accounts[self.account_of(member)], &self.members[member]);
        Ties {
            maker: &member.routing.maker,
            host: &member.routing.host,
            own: account.own || *member.routing.host == *OWN_HOST,
            weights: &member.weights,
            rights_until: account.rights_until.as_deref(),
            price_until: account.price_until.as_deref(),
            ends: member.ends.as_deref(),
        }
    }

    /// All fault domains of the kinds that losses are made of, each with the deployments that it takes away, in the
    /// order of kinds and names.
    ///
    /// A region's loss takes what lies within it. A maker's is the whole of it: see [`crate::maker`].
    pub fn losses(&self, today: &str) -> Vec<(Domain, Set)> {
        let mut losses: Vec<(Domain, Set)> = Vec::new();
        for kind in DomainKind::ALL.into_iter().filter(|kind| *kind != DomainKind::Deployment) {
            let mut names: Vec<Arc<str>> =
                (0..self.members.len()).filter_map(|member| self.domain_of(member, kind)).collect();
            names.sort();
            names.dedup();
            for name in names {
                let domain = Domain::new(kind, name);
                let taken = self.taken_by(&domain, today);
                losses.push((domain, taken));
            }
        }
        losses
    }

    /// The deployments that the loss of a domain takes away.
    pub fn taken_by(&self, domain: &Domain, today: &str) -> Set {
        match domain.kind {
            DomainKind::Maker => maker::taken(self, &domain.name, Meaning::Gone, today),
            DomainKind::Region => {
                let wide: Option<Region> = domain.name.parse().ok();
                let lies_within = |member: &Member| {
                    member
                        .routing
                        .region
                        .as_ref()
                        .zip(wide.as_ref())
                        .is_some_and(|(at, wide)| at.within(wide))
                };
                self.members
                    .iter()
                    .enumerate()
                    .filter(|(_, member)| lies_within(member))
                    .map(|(at, _)| at)
                    .collect()
            }
            kind => (0..self.members.len())
                .filter(|member| self.domain_of(*member, kind).as_deref() == Some(&*domain.name))
                .collect(),
        }
    }
}

/// A name, unless it stands for not knowing.
fn known(name: &Arc<str>) -> Option<Arc<str>> {
    (!name.is_empty() && **name != *"unknown").then(|| Arc::clone(name))
}
