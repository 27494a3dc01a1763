//! What the configuration says, in the terms of `scenario`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalogue::{ModelEntry, Weights};
use gateway::snapshot::Unpriced;
use scenario::{Account, Day, Estate, Member, Product, RoomPrice, Route};

use super::money::daily;
use crate::config::Config;
use crate::config::contract::Cost;
use crate::config::product;
use crate::config::provider::Provider;
use crate::config::value::{At, Named};
use crate::posture::Held;
use crate::resolve::{Resolved, known_of};

/// The host's name of own machines, in the catalogue.
const OWN: &str = "own";

/// Everything that could serve, and for whom, on the day that `held` is of; with what holds then.
pub(crate) fn estate(resolved: &Resolved, held: &Held) -> Estate {
    let today = held.day().to_string();
    let snapshot = &resolved.snapshot;
    let config = &resolved.effective;
    let members: Vec<Member> = snapshot
        .routing
        .iter()
        .zip(&snapshot.deployments)
        .zip(held.tenures(resolved))
        .map(|((routing, gateway), tenure)| {
            let provider = &config.providers[usize::from(routing.provider.0)];
            let known = known_model(provider, &routing.name);
            let mut routing = routing.clone();
            if *routing.maker == *"unknown"
                && let Some(model) = known.as_ref().filter(|model| model.maker != "unknown")
            {
                routing.maker = model.maker.as_str().into();
            }
            Member {
                weights: weights(config, &routing.name, known.as_ref()),
                ends: resolved.ends.get(&routing.name).map(|day| Day::from(day.as_str())),
                prices: gateway.prices.clone(),
                routing,
                said_requests_per_minute: None,
                tokens_per_minute: None,
                answer: None,
                tenure,
            }
        })
        .collect();
    let accounts = config.providers.iter().map(|provider| account(config, provider)).collect();
    let route = |name: Arc<str>, route: &gateway::snapshot::Route| Route {
        name,
        entries: route.entries.clone(),
        policy: route.policy.clone(),
    };
    let mut routes: Vec<Route> =
        snapshot.routes.iter().map(|named| route(Arc::clone(&named.name), named)).collect();
    // Whoever has renamed a route keeps its old name as an alias: what was recorded under that goes the same way.
    let known: BTreeSet<&str> = snapshot.routes.iter().map(|route| &*route.name).collect();
    let aliases: BTreeMap<&str, usize> =
        snapshot.names.exact().filter(|(name, _)| !known.contains(name)).collect();
    routes.extend(aliases.into_iter().map(|(name, index)| route(name.into(), &snapshot.routes[index])));
    let products = snapshot.products.iter().map(|product| Product {
        name: Arc::clone(&product.name),
        regions: Arc::clone(&product.regions),
        priced_only: product.unpriced == Unpriced::Refuse,
        approved: approved(config, &product.name, &members, &today),
        max_outage: written(config, &product.name)
            .and_then(|body| body.max_outage.as_ref())
            .map(|outage| outage.value.0),
        max_degradation: written(config, &product.name)
            .and_then(|body| body.max_degradation.as_ref())
            .map(|share| share.value.0),
    });
    let products = products.collect();
    Estate { members, accounts, routes, products }
}

/// What the catalogue knows of a deployment's model: at that provider, else under that name anywhere.
fn known_model(provider: &Named<Provider>, name: &str) -> Option<ModelEntry> {
    let (_, model) = name.split_once('/')?;
    let preset = known_of(provider);
    let there = preset.as_ref().and_then(|preset| preset.model(model).cloned());
    // Whatever bears such a name at an address that only speaks like a supplier: what nobody else may run is not there.
    let is_likened = preset.is_some() && provider.body.preset.is_none();
    let same_weights = |entry: &&ModelEntry| {
        (entry.known_as.as_deref() == Some(model) || entry.id == model)
            && !(is_likened && entry.weights == Weights::MakerOnly)
    };
    there.or_else(|| catalogue::models().map(|(_, entry)| entry).find(same_weights).cloned())
}

/// Who may run it: what a route says, else the catalogue.
fn weights(config: &Config, name: &str, known: Option<&ModelEntry>) -> Weights {
    let entries = config.routes.iter().flat_map(|route| &route.body.deployments);
    let written = entries
        .filter(|entry| entry.target.as_ref().is_some_and(|target| target.value == name))
        .find_map(|entry| entry.weights.as_ref());
    written
        .map(|weights| weights.value.clone())
        .or(known.map(|model| model.weights.clone()))
        .unwrap_or_default()
}

/// What the configuration says of a product.
fn written<'c>(config: &'c Config, product: &str) -> Option<&'c product::Product> {
    config.products.iter().find(|named| named.name.value == product).map(|named| &named.body)
}

/// `config`: with the rates that money is turned by.
fn account(config: &Config, provider: &Named<Provider>) -> Account {
    let contract = provider.body.contract.as_ref();
    let text = |field: Option<&At<String>>| field.map(|text| Arc::from(text.as_str()));
    let day = |field: Option<&At<crate::config::value::Day>>| field.map(|day| Day::from(day.0.to_string()));
    let capacity = provider.body.capacity.as_ref();
    Account {
        name: provider.name.as_str().into(),
        owner: text(contract.and_then(|contract| contract.owner.as_ref())),
        country: text(contract.and_then(|contract| contract.country.as_ref())),
        own: provider.body.host.as_ref().is_some_and(|host| host.value == OWN),
        rights_until: day(contract.and_then(|contract| contract.rights_until.as_ref())),
        price_until: day(contract.and_then(|contract| contract.price_until.as_ref())),
        tokens_per_minute: capacity.and_then(|capacity| Some(capacity.tokens_per_minute.as_ref()?.value)),
        requests_per_minute: capacity.and_then(|capacity| Some(capacity.requests_per_minute.as_ref()?.value)),
        fixed_usd_per_day: provider
            .body
            .fixed_cost
            .as_ref()
            .and_then(|cost| usd_per_day(config, cost))
            .unwrap_or(0.0),
        room: room(config, provider),
    }
}

/// What the account's room costs: what is paid for the throughput that was committed, else its fixed cost where that pays
/// for a `capacity`. A commitment without throughput buys none, and what is written in a currency without a rate is unknown.
fn room(config: &Config, provider: &Named<Provider>) -> Option<RoomPrice> {
    let contract = provider.body.contract.as_ref();
    let committed = contract.and_then(|contract| contract.committed_tokens_per_minute.as_ref());
    let commitment = contract.and_then(|contract| contract.commitment.as_ref()).map(|cost| &cost.value);
    let fixed = provider.body.fixed_cost.as_ref().map(|cost| &cost.value);
    let paid = match committed {
        Some(_) => fixed.or(commitment)?,
        None => fixed.filter(|_| provider.body.capacity.is_some())?,
    };
    Some(RoomPrice {
        usd_per_day: usd_per_day(config, paid)?,
        tokens_per_minute: committed.map(|tokens| tokens.value),
    })
}

/// In US dollars by the configuration's rates; `None` where a rate is missing, which `check` says.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn usd_per_day(config: &Config, cost: &Cost) -> Option<f64> {
    daily(config, cost).map(|nanos| nanos as f64 / 1e9)
}

/// Approvals that hold today.
fn approved(config: &Config, product: &str, members: &[Member], today: &str) -> Vec<(usize, Day)> {
    let Some(body) = written(config, product) else { return Vec::new() };
    body.approved
        .iter()
        .filter(|approval| approval.holds(today))
        .filter_map(|approval| {
            let member = members.iter().position(|member| *member.routing.name == *approval.target.value)?;
            Some((member, Day::from(approval.on.0.to_string())))
        })
        .collect()
}
