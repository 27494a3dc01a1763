//! The configuration as a replay reads it.

use std::sync::Arc;

use catalogue::Weights;
use gateway::snapshot::{Snapshot, Unpriced};
use scenario::fit::Samples;
use scenario::replay::{Backing, Estate, Product, Route};

use crate::config::provider::Provider;
use crate::config::{Config, product};
use crate::settings::Settings;

/// The host of organisations' own machines in the catalogue.
const OWN: &str = "own";

/// Everything configured, with the limits that it states.
pub(super) fn of(settings: &Settings) -> Estate {
    let snapshot = &settings.resolved.snapshot;
    let backing = (0..snapshot.routing.len()).map(|index| backing(settings, index)).collect();
    Estate {
        deployments: snapshot.routing.clone(),
        backing,
        providers: snapshot.providers.iter().map(|provider| Arc::clone(&provider.name)).collect(),
        routes: snapshot
            .routes
            .iter()
            .map(|route| Route {
                name: Arc::clone(&route.name),
                policy: route.policy.clone(),
                entries: route.entries.clone(),
            })
            .collect(),
        products: snapshot
            .products
            .iter()
            .map(|product| {
                let written =
                    settings.loaded.config.products.iter().find(|named| *named.name.value == *product.name);
                Product {
                    name: Arc::clone(&product.name),
                    max_outage: written
                        .and_then(|named| named.body.max_outage.as_ref())
                        .map(|outage| outage.value.0),
                    refuses_unpriced: product.unpriced == Unpriced::Refuse,
                    regions: Some(Arc::clone(&product.regions)),
                    approved: written.map_or_else(Vec::new, |named| approved(snapshot, &named.body)),
                }
            })
            .collect(),
    }
}

fn backing(settings: &Settings, index: usize) -> Backing {
    let snapshot = &settings.resolved.snapshot;
    let providers = &settings.resolved.effective.providers;
    let facts = &snapshot.routing[index];
    let account = &snapshot.providers[usize::from(facts.provider.0)];
    let written = providers.iter().find(|named| *named.name.value == *account.name).map(|named| &named.body);
    let is_own = &*facts.host == OWN;
    let contract = written.and_then(|provider| provider.contract.as_ref());
    let capacity = written.and_then(|provider| provider.capacity.as_ref());
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let per_minute = |limit: Option<u64>| limit.map(|limit| limit as f64);
    let requests = per_minute(capacity.and_then(|all| all.requests_per_minute.as_ref()).map(|all| all.value));
    let tokens = per_minute(capacity.and_then(|all| all.tokens_per_minute.as_ref()).map(|all| all.value));
    Backing {
        owner: contract.and_then(|terms| terms.owner.as_ref()).map(|owner| owner.value.as_str().into()),
        country: contract
            .and_then(|terms| terms.country.as_ref())
            .map(|country| country.value.as_str().into()),
        prices: snapshot.deployments[index].prices.clone(),
        shares_requests: requests.is_some(),
        shares_tokens: tokens.is_some(),
        requests_per_minute: requests,
        // What own machines cannot do at once queues; what a supplier does not let through is refused.
        tokens_per_minute: tokens.filter(|_| !is_own),
        works_off_per_minute: tokens.filter(|_| is_own),
        fixed_usd_per_day: written
            .map_or(0.0, |provider| fixed_usd_per_day(provider, &settings.loaded.config)),
        weights: if is_own { Weights::Open } else { weights(written, &facts.name) },
    }
}

/// What the catalogue says of a deployment's model.
fn weights(provider: Option<&Provider>, deployment: &str) -> Weights {
    let (name, model) = deployment.split_once('/').unwrap_or((deployment, ""));
    let preset = provider.and_then(|provider| provider.preset.as_ref()).map_or(name, |preset| &preset.value);
    let entry = catalogue::provider(preset);
    entry.and_then(|entry| entry.model(model).map(|model| model.weights.clone())).unwrap_or_default()
}

/// Fixed costs in US dollars, by the configuration's rates; 0 where a rate is missing, which `check` says.
fn fixed_usd_per_day(provider: &Provider, config: &Config) -> f64 {
    let Some(cost) = &provider.fixed_cost else { return 0.0 };
    let amount = cost.amount.value.0.parse::<f64>().unwrap_or(0.0);
    let days = match cost.per.as_str() {
        "day" => 1.0,
        "month" => 365.25 / 12.0,
        _ => 365.25,
    };
    let currency = &cost.currency.value.0;
    let rate = config.rates.iter().find(|named| named.name.value == *currency);
    let rate = rate.and_then(|named| named.body.usd.value.0.parse::<f64>().ok());
    let usd = if currency == "USD" { 1.0 } else { rate.unwrap_or(0.0) };
    amount / days * usd
}

/// Whom people have approved for a product, by index.
fn approved(snapshot: &Snapshot, product: &product::Product) -> Vec<usize> {
    let names = product.approved.iter().map(|approval| approval.target.value.as_str());
    names
        .filter_map(|name| snapshot.deployments.iter().position(|deployment| *deployment.name == *name))
        .collect()
}

/// Limits that suppliers told in their headers, where the configuration states none.
pub(super) fn take_limits(estate: &mut Estate, samples: &Samples) {
    for (index, backing) in estate.backing.iter_mut().enumerate() {
        let Some((requests, tokens)) = u16::try_from(index).ok().and_then(|index| samples.limits.get(&index))
        else {
            continue;
        };
        if &*estate.deployments[index].host != OWN {
            backing.requests_per_minute = backing.requests_per_minute.or(*requests);
            backing.tokens_per_minute = backing.tokens_per_minute.or(*tokens);
        }
    }
}
