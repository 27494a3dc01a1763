//! Suppliers that the catalogue knows and the configuration does not have: with whom one could sign a contract.

use std::collections::BTreeSet;
use std::sync::Arc;

use catalogue::{Bucket, ModelEntry, PriceList, ProviderEntry, Usage};
use routing::{Deployment, ProviderIndex};
use scenario::replay::{Backing, NOBODY, PlayedEstate, Traffic};

/// No more are looked at: each is played many times.
const MOST: usize = 6;
/// The host of own engines, which are no contract.
const OWN: &str = "own";

/// One model of each host that is new, the price of which is nearest to what the requests cost now; the nearest first.
pub(super) fn of(estate: &PlayedEstate, traffic: &Traffic) -> Vec<(Deployment, Backing)> {
    let usual = usual(traffic);
    let asked: BTreeSet<u16> = traffic.asks.iter().map(|ask| ask.route).collect();
    let listed = asked.iter().flat_map(|route| &estate.routes[usize::from(*route)].entries);
    let costs: Vec<f64> = listed
        .filter_map(|entry| estate.backing[entry.deployment.0 as usize].prices.as_deref())
        .filter_map(|prices| cost(prices, &usual))
        .collect();
    if costs.is_empty() {
        return Vec::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let now = costs.iter().map(|cost| cost.ln()).sum::<f64>() / costs.len() as f64;
    let is_new = |entry: &&ProviderEntry| {
        entry.host != OWN
            && entry.base_url.is_some()
            && estate.deployments.iter().all(|known| *known.host != *entry.host)
            && estate.providers.iter().all(|known| **known != *entry.name)
    };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let new = catalogue::models().map(|(entry, _)| entry).filter(|entry| is_new(entry));
    let new = new.filter(|entry| seen.insert(&entry.host));
    let mut offers: Vec<(f64, Deployment, Backing)> =
        new.filter_map(|entry| nearest(entry, now, &usual)).collect();
    offers.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.name.cmp(&other.1.name)));
    offers.into_iter().take(MOST).map(|(_, deployment, backing)| (deployment, backing)).collect()
}

/// The usual request, of the tokens that were counted.
fn usual(traffic: &Traffic) -> Usage {
    let counted = || traffic.asks.iter().filter(|ask| ask.counted_by != NOBODY || ask.output > 0);
    let asks = counted().count().max(1) as u64;
    let mean =
        |of: fn(&scenario::replay::Ask) -> u32| counted().map(|ask| u64::from(of(ask))).sum::<u64>() / asks;
    let mut usual = Usage::default();
    *usual.get_mut(Bucket::InputUncached) = mean(|ask| ask.input).max(1);
    *usual.get_mut(Bucket::OutputText) = mean(|ask| ask.output).max(1);
    usual
}

#[expect(clippy::cast_precision_loss, reason = "a comparison")]
fn cost(prices: &PriceList, usual: &Usage) -> Option<f64> {
    prices.cost(usual).total.map(|cost| cost.nanos() as f64).filter(|nanos| *nanos > 0.0)
}

/// The model of a provider whose usual request costs nearest to `now`, a logarithm; and how far off it is.
fn nearest(entry: &ProviderEntry, now: f64, usual: &Usage) -> Option<(f64, Deployment, Backing)> {
    let chats = entry.models.iter().filter(|model| model.kind == "chat" && model.ends.is_none());
    let priced = chats.filter_map(|model| {
        let prices = model.price(entry.region.as_ref())?;
        Some(((cost(prices, usual)?.ln() - now).abs(), model, Arc::clone(prices)))
    });
    let (off, model, prices) = priced.min_by(|one, other| one.0.total_cmp(&other.0))?;
    let backing = Backing { prices: Some(prices), weights: model.weights.clone(), ..Backing::default() };
    Some((off, deployment(entry, model), backing))
}

fn deployment(entry: &ProviderEntry, model: &ModelEntry) -> Deployment {
    Deployment {
        name: format!("{}/{}", entry.name, model.id).into(),
        provider: ProviderIndex(0),
        protocol: model.protocol.unwrap_or(entry.protocol),
        also: entry.also,
        region: entry.region.clone(),
        context_window: model.context_window,
        max_output: model.max_output,
        capabilities: model.capabilities,
        maker: model.maker.as_str().into(),
        host: entry.host.as_str().into(),
        max_in_flight: None,
        prefix_tokens: 0,
    }
}
