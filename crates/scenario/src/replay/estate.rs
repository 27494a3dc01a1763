//! What a replay knows of the configuration: who could serve whom, at what price, within which limits. Made of
//! [`crate::Estate`], in the form that `routing` plans with; scenarios add to it.

use std::sync::Arc;
use std::time::Duration;

use catalogue::{PriceList, Region, Weights};
use jiff::civil::Date;
use routing::{Deployment, Policy, RouteEntry};

use crate::domain::{Company, Domain, DomainKind, UNKNOWN};
use crate::estate::Day;
use crate::fit::Samples;
use crate::maker::{Meaning, Ties};
use crate::tenure::Tenure;

/// The estate as it is played: what [`crate::Estate`] says, by the indices of `routing`, without what only reports ask for
/// and with whatever a scenario adds.
#[derive(Debug, Clone)]
pub struct PlayedEstate {
    /// The day on which it is played: rights and promises that end after it hold.
    pub day: Day,
    /// What `routing` knows of each deployment.
    pub deployments: Vec<Deployment>,
    /// What else is known of it; the same indices.
    pub backing: Vec<Backing>,
    /// The providers' names; indexed by [`routing::ProviderIndex`].
    pub providers: Vec<Arc<str>>,
    /// What can be asked for.
    pub routes: Vec<Route>,
    /// Who asks.
    pub products: Vec<Product>,
}

/// What stands behind a deployment.
#[derive(Debug, Clone, Default)]
pub struct Backing {
    /// Who owns the company that the account is with, where that is known.
    pub owner: Option<Arc<str>>,
    /// Whose law that company obeys, where that is known.
    pub country: Option<Arc<str>>,
    /// How long it may serve.
    pub tenure: Tenure,
    /// What it costs; `None` is unpriced.
    pub prices: Option<Arc<PriceList>>,
    /// Requests a minute that the supplier lets through; `None` is unknown and does not bind.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that the supplier lets through; `None` is unknown and does not bind.
    pub tokens_per_minute: Option<f64>,
    /// Tokens a minute that own machines work off; what comes faster queues. `None` is unknown and does not bind.
    pub works_off_per_minute: Option<f64>,
    /// Whether the requests a minute are its account's, which the account's other deployments draw from too.
    pub shares_requests: bool,
    /// The same of the tokens a minute, let through or worked off.
    pub shares_tokens: bool,
    /// What is paid whether it is used or not, in US dollars a day.
    pub fixed_usd_per_day: f64,
    /// Who may run the model.
    pub weights: Weights,
    /// Until when the account has a right to it, whatever becomes of its maker.
    pub rights_until: Option<Day>,
    /// Until when the account's prices are promised.
    pub price_until: Option<Day>,
    /// The day on which the model is switched off there, where that is known.
    pub ends: Option<Day>,
}

impl Backing {
    fn of(estate: &crate::Estate, member: usize) -> Self {
        let account = &estate.accounts[estate.account_of(member)];
        let member = &estate.members[member];
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let per_minute = |limit: Option<u64>| limit.map(|limit| limit as f64);
        let (requests, tokens) =
            (per_minute(account.requests_per_minute), per_minute(account.tokens_per_minute));
        Self {
            owner: account.owner.clone(),
            country: account.country.clone(),
            tenure: member.tenure.clone(),
            prices: member.prices.clone(),
            shares_requests: requests.is_some(),
            shares_tokens: tokens.is_some(),
            requests_per_minute: requests,
            tokens_per_minute: tokens.filter(|_| !account.own),
            works_off_per_minute: tokens.filter(|_| account.own),
            fixed_usd_per_day: account.fixed_usd_per_day,
            weights: member.weights.clone(),
            rights_until: account.rights_until.clone(),
            price_until: account.price_until.clone(),
            ends: member.ends.clone(),
        }
    }
}

/// What a product asks for.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name.
    pub name: Arc<str>,
    /// What is allowed, preferred and tried next.
    pub policy: Policy,
    /// Who may serve it.
    pub entries: Vec<RouteEntry>,
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Its name.
    pub name: Arc<str>,
    /// How long it may stand still.
    pub max_outage: Option<Duration>,
    /// The share of its requests that may go unserved, or to who is not proven for it.
    pub max_degradation: Option<f64>,
    /// Whether deployments without a price are no candidates.
    pub refuses_unpriced: bool,
    /// Where it may be served, as configured now; `None` leaves it to what was recorded.
    pub regions: Option<Arc<[Region]>>,
    /// Deployments that people have approved for it, by index. What has served it is proven besides.
    pub approved: Vec<usize>,
}

/// The host that stands for an organisation's own machines in the catalogue.
pub(crate) const OWN: &str = "own";

impl PlayedEstate {
    /// The configured world, with the limits that it states. What own machines cannot do at once queues; what a supplier
    /// does not let through is refused. `day`: on which it is played (`YYYY-MM-DD`).
    pub fn of(estate: &crate::Estate, day: &str) -> Self {
        let backing = (0..estate.members.len()).map(|member| Backing::of(estate, member)).collect();
        let products = estate.products.iter().map(|product| Product {
            name: Arc::clone(&product.name),
            max_outage: product.max_outage,
            max_degradation: product.max_degradation,
            refuses_unpriced: product.priced_only,
            regions: Some(Arc::clone(&product.regions)),
            approved: product.approved.iter().map(|(member, _)| *member).collect(),
        });
        let routes = estate.routes.iter().map(|route| Route {
            name: Arc::clone(&route.name),
            policy: route.policy.clone(),
            entries: route.entries.clone(),
        });
        Self {
            day: day.into(),
            deployments: estate.members.iter().map(|member| member.routing.clone()).collect(),
            backing,
            providers: estate.accounts.iter().map(|account| Arc::clone(&account.name)).collect(),
            routes: routes.collect(),
            products: products.collect(),
        }
    }

    /// Takes over limits that suppliers told in their headers, where the configuration states none.
    pub fn take_limits(&mut self, samples: &Samples) {
        for index in 0..self.backing.len() {
            let said = u16::try_from(index).ok().and_then(|index| samples.limits.get(&index));
            let Some((requests, tokens)) = said.filter(|_| !self.is_own(index)) else { continue };
            let backing = &mut self.backing[index];
            backing.requests_per_minute = backing.requests_per_minute.or(*requests);
            backing.tokens_per_minute = backing.tokens_per_minute.or(*tokens);
        }
    }

    /// The same where nothing was decided about anybody, and contracts and models go on.
    #[must_use]
    pub fn unheld(&self) -> Self {
        let mut free = self.clone();
        for backing in &mut free.backing {
            backing.tenure = Tenure::default();
        }
        free
    }

    /// The index of a deployment by its name.
    pub fn deployment(&self, name: &str) -> Option<usize> {
        self.deployments.iter().position(|deployment| &*deployment.name == name)
    }

    /// Whether a deployment runs on own machines: no crowd comes there.
    pub fn is_own(&self, deployment: usize) -> bool {
        &*self.deployments[deployment].host == OWN
    }

    /// Whether a deployment goes when its model's maker is lost in this meaning, `after` so long.
    pub fn goes_with_its_maker(&self, deployment: usize, meaning: Meaning, after: Duration) -> bool {
        let (facts, backing) = (&self.deployments[deployment], &self.backing[deployment]);
        let ties = Ties {
            maker: &facts.maker,
            host: &facts.host,
            own: self.is_own(deployment),
            weights: &backing.weights,
            rights_until: backing.rights_until.as_deref(),
            price_until: backing.price_until.as_deref(),
            ends: backing.ends.as_deref(),
        };
        ties.are_cut(meaning, &self.day_after(after))
    }

    fn day_after(&self, after: Duration) -> Day {
        let later = self.day.parse::<Date>().ok().and_then(|day| day.checked_add(after).ok());
        later.map_or_else(|| Arc::clone(&self.day), |day| day.to_string().into())
    }

    /// Whether a deployment belongs to a fault domain.
    pub fn belongs(&self, deployment: usize, domain: &Domain) -> bool {
        let backing = &self.backing[deployment];
        let company = Company { owner: backing.owner.as_deref(), country: backing.country.as_deref() };
        domain.holds(&self.deployments[deployment], self.provider_of(deployment), company)
    }

    /// Whether somebody says which fault domain of a kind a deployment belongs to.
    pub fn is_placed(&self, deployment: usize, kind: DomainKind) -> bool {
        let (facts, backing) = (&self.deployments[deployment], &self.backing[deployment]);
        match kind {
            DomainKind::Region => facts.region.is_some(),
            DomainKind::Owner => backing.owner.is_some(),
            DomainKind::Country => backing.country.is_some(),
            DomainKind::Maker => *facts.maker != *UNKNOWN,
            DomainKind::Host => *facts.host != *UNKNOWN,
            DomainKind::Account | DomainKind::Deployment => true,
        }
    }

    /// All fault domains that anybody belongs to, each once, in order.
    pub fn domains(&self) -> Vec<Domain> {
        let mut all = Vec::new();
        for (index, facts) in self.deployments.iter().enumerate() {
            let backing = &self.backing[index];
            let region = facts.region.as_ref().map(|region| Arc::from(region.as_str()));
            let named = [
                (DomainKind::Maker, Some(Arc::clone(&facts.maker))),
                (DomainKind::Host, Some(Arc::clone(&facts.host))),
                (DomainKind::Region, region),
                (DomainKind::Account, Some(Arc::clone(self.provider_of(index)))),
                (DomainKind::Owner, backing.owner.clone()),
                (DomainKind::Country, backing.country.clone()),
                (DomainKind::Deployment, Some(Arc::clone(&facts.name))),
            ];
            all.extend(named.into_iter().filter_map(|(kind, name)| Some(Domain::new(kind, name?))));
        }
        all.sort();
        all.dedup();
        all
    }

    /// The name of a deployment's provider.
    pub fn provider_of(&self, deployment: usize) -> &Arc<str> {
        &self.providers[usize::from(self.deployments[deployment].provider.0)]
    }
}

impl PlayedEstate {
    /// The same with somebody whom no route lists yet: a provider, named by the first part of the deployment's name, and
    /// the deployment.
    #[must_use]
    pub fn with_offer(&self, deployment: Deployment, backing: Backing) -> Self {
        let mut grown = self.clone();
        let provider = u16::try_from(grown.providers.len()).expect("fewer providers");
        grown.providers.push(deployment.name.split('/').next().unwrap_or_default().into());
        grown.deployments.push(Deployment { provider: routing::ProviderIndex(provider), ..deployment });
        grown.backing.push(backing);
        grown
    }

    /// The same with somebody new: a provider and a deployment of its own, last in the routes that list it.
    #[must_use]
    pub fn with(&self, arrival: &crate::event::Arrival) -> Self {
        let deployment = u32::try_from(self.deployments.len()).expect("fewer deployments");
        let arrives = Deployment {
            // Whoever is to come is taken to speak what is asked of it.
            also: catalogue::Protocol::ALL.into_iter().collect(),
            region: arrival.region.clone(),
            maker: Arc::clone(&arrival.maker),
            host: Arc::clone(&arrival.host),
            ..Deployment::unknown(
                Arc::clone(&arrival.name),
                routing::ProviderIndex(0),
                catalogue::Protocol::OpenaiChat,
            )
        };
        let mut grown = self.with_offer(
            arrives,
            Backing {
                prices: Some(Arc::new(PriceList::configured(rates(arrival.price_usd)))),
                works_off_per_minute: arrival.tokens_per_minute,
                fixed_usd_per_day: arrival.fixed_usd_per_day,
                weights: if arrival.open { Weights::Open } else { Weights::Unknown },
                ..Backing::default()
            },
        );
        let lists = |route: &Route| arrival.routes.is_empty() || arrival.routes.contains(&route.name);
        for route in grown.routes.iter_mut().filter(|route| lists(route)) {
            let weight = match route.policy.prefer {
                routing::Prefer::Weighted => weigh(&mut route.entries, arrival.share),
                routing::Prefer::Listed => 1,
            };
            route.entries.push(RouteEntry { deployment: routing::DeploymentIndex(deployment), weight });
        }
        grown
    }
}

/// The weight that has this share beside `entries`, which are made finer for it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(super) fn weigh(entries: &mut [RouteEntry], share: f64) -> u32 {
    const FINER: u32 = 1_000;
    for entry in &mut *entries {
        entry.weight = entry.weight.saturating_mul(FINER);
    }
    let others: u32 = entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.weight));
    let share = share.clamp(0.0, 0.999);
    ((f64::from(others) * share / (1.0 - share)).round() as u32).max(1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn rates((input, output): (f64, f64)) -> catalogue::Rates {
    let rate = |usd: f64| catalogue::Rate::from_picos((usd * 1e6).round() as u64);
    catalogue::Rates::NONE
        .with(catalogue::Bucket::InputUncached, rate(input))
        .with(catalogue::Bucket::OutputText, rate(output))
}
