//! Deployments: one for each model at each provider that anything names, however many routes share it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use catalogue::{Bucket, Capabilities, ModelEntry, Needs, PriceList, Protocols, Quirks, Rate, Rates};
use routing::DeploymentIndex;

use super::providers::{self, Account};
use crate::config::problem::{Problem, Problems, nearest};
use crate::config::route::{Entry, Price, union};
use crate::config::value::At;

/// In a model's place: whatever the request names there.
pub(super) const ANY_MODEL: &str = "*";

/// The deployments so far.
pub(super) struct Deployments<'a> {
    accounts: &'a [Account],
    by_name: HashMap<Arc<str>, DeploymentIndex>,
    routing: Vec<routing::Deployment>,
    gateway: Vec<gateway::snapshot::Deployment>,
    /// Whose price the file states.
    priced: HashSet<DeploymentIndex>,
    /// Each deployment of a route, and where it is named first.
    named: Vec<(DeploymentIndex, At<String>)>,
    /// The day on which a routed model is switched off, where that is known.
    ends: BTreeMap<Arc<str>, String>,
}

impl<'a> Deployments<'a> {
    pub(super) fn new(accounts: &'a [Account]) -> Self {
        Self {
            accounts,
            by_name: HashMap::new(),
            routing: Vec::new(),
            gateway: Vec::new(),
            priced: HashSet::new(),
            named: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    pub(super) fn accounts(&self) -> &'a [Account] {
        self.accounts
    }

    pub(super) fn into_lists(self) -> (Vec<routing::Deployment>, Vec<gateway::snapshot::Deployment>) {
        (self.routing, self.gateway)
    }

    /// By deployment of a route, the day (`YYYY-MM-DD`) on which its model is switched off, where that is known.
    pub(super) fn ends(&self) -> BTreeMap<Arc<str>, String> {
        self.ends.clone()
    }

    /// What routing knows of it.
    pub(super) fn get(&self, index: DeploymentIndex) -> &routing::Deployment {
        &self.routing[index.0 as usize]
    }

    /// The deployment that an entry of a route names. `None` where that is wrong or its provider is.
    pub(super) fn of_entry(&mut self, entry: &Entry, problems: &Problems) -> Option<DeploymentIndex> {
        let target = entry.target.as_ref()?;
        let Some((provider, model)) = target.split_once('/').filter(|(_, model)| !model.is_empty()) else {
            let what = format!("\"{}\" names no deployment", target.value);
            problems.add(Problem::error(&target.at, what).mend("write \"PROVIDER/MODEL\""));
            return None;
        };
        let position = self.accounts.iter().position(|account| account.name() == provider)?;
        let known = model_of(&self.accounts[position], model);
        let id = entry.id.as_ref().map_or(model, |id| id.value.as_str());
        let index = self.add(position, id, known);
        // A warning holds wherever the deployment is named again.
        let is_new = !self.named.iter().any(|(named, _)| *named == index);
        if is_new {
            self.named.push((index, target.clone()));
        }
        if known.is_none() && is_new {
            self.warn_unknown(position, model, target, problems);
        }
        if let Some(known) = known {
            self.warn_unservable(known, target, is_new, problems);
            let name = &self.routing[index.0 as usize].name;
            self.ends.extend(known.ends.clone().map(|day| (Arc::clone(name), day)));
        }
        self.override_with(index, entry, problems);
        Some(index)
    }

    /// Whether anybody has a price of it.
    pub(super) fn is_priced(&self, index: DeploymentIndex) -> bool {
        self.gateway[index.0 as usize].prices.is_some()
    }

    /// One warning for all that routes name and nobody has a price of, where the first of them is named. To be called when all
    /// routes are known: a price that is stated once holds in each.
    pub(super) fn warn_unpriced(&self, problems: &Problems) {
        let unpriced: Vec<_> = self.named.iter().filter(|(index, _)| !self.is_priced(*index)).collect();
        let Some((_, first)) = unpriced.first() else { return };
        let names: Vec<&str> = unpriced.iter().map(|(_, target)| target.as_str()).collect();
        let what = match names.as_slice() {
            [name] => format!("no price is known for {name}: its cost is recorded as unpriced"),
            [others @ .., last] => {
                let others = others.join(", ");
                format!("no price is known for {others} and {last}: their cost is recorded as unpriced")
            }
            [] => return,
        };
        let mut mend = "add price = { input = \"...\", output = \"...\" } per million tokens".to_owned();
        let accounts =
            unpriced.iter().map(|(index, _)| &self.accounts[usize::from(self.get(*index).provider.0)]);
        if let Some(account) = accounts.into_iter().find(|account| account.is_likened()) {
            let name = account.name();
            let _ = write!(
                mend,
                "; or preset = \"{name}\" to providers.{name}, if its models are behind that address"
            );
        }
        problems.add(Problem::warning(&first.at, what).mend(mend).consequence());
    }

    /// The deployment of that id at the account, made if it is new.
    pub(super) fn add(&mut self, position: usize, id: &str, known: Option<&ModelEntry>) -> DeploymentIndex {
        let account = &self.accounts[position];
        let name: Arc<str> = format!("{}/{id}", account.name()).into();
        if let Some(index) = self.by_name.get(&name) {
            return *index;
        }
        let index = DeploymentIndex(u32::try_from(self.routing.len()).expect("fewer than 2^32 deployments"));
        let body = &account.filled.body;
        let region = body.region.as_ref().map(|region| region.value.clone());
        let maker = known.map(|model| model.maker.as_str()).filter(|maker| *maker != "unknown");
        let maker = maker.or(body.maker.as_ref().map(|maker| maker.value.as_str())).unwrap_or("unknown");
        self.gateway.push(gateway::snapshot::Deployment {
            name: Arc::clone(&name),
            model: (id != ANY_MODEL).then(|| gateway::snapshot::Model::new(id)),
            quirks: account.quirks().union(known.map(|model| model.quirks).unwrap_or_default()),
            refuses: known.map(|model| Arc::clone(&model.refuses)).unwrap_or_default(),
            name_header: header_value(&name),
            prices: known.and_then(|model| model.price(region.as_ref())).map(Arc::clone),
            amendments: wire::Amendments::default(),
        });
        self.routing.push(routing::Deployment {
            name: Arc::clone(&name),
            provider: providers::index(position),
            protocol: known.and_then(|model| model.protocol).unwrap_or(account.protocol),
            // A model of which the catalogue says what it speaks speaks nothing else.
            also: if known.is_some_and(|model| model.protocol.is_some()) {
                Protocols::NONE
            } else {
                account.also()
            },
            region,
            context_window: known.and_then(|model| model.context_window.or(model.max_input)),
            max_output: known.and_then(|model| model.max_output),
            capabilities: known.map(|model| model.capabilities).unwrap_or_default(),
            maker: maker.into(),
            host: body.host.as_ref().map_or("unknown", |host| host.value.as_str()).into(),
            max_in_flight: None,
            prefix_tokens: 0,
        });
        self.by_name.insert(name, index);
        index
    }

    /// What the file says of a deployment, in place of the catalogue. Said once, it holds in every route; said twice
    /// and differently, it is an error.
    fn override_with(&mut self, index: DeploymentIndex, entry: &Entry, problems: &Problems) {
        if let Some(price) = &entry.price {
            self.override_price(index, price, problems);
        }
        self.amend(index, entry, problems);
        let deployment = &mut self.routing[index.0 as usize];
        if let Some(slots) = &entry.max_in_flight {
            deployment.max_in_flight = Some(slots.value);
        }
        if let Some(window) = &entry.context_window {
            deployment.context_window = Some(window.value);
        }
        if let Some(output) = &entry.max_output {
            deployment.max_output = Some(output.value);
        }
        deployment.capabilities =
            stated(deployment.capabilities, union(&entry.supports), union(&entry.lacks));
    }

    fn amend(&mut self, index: DeploymentIndex, entry: &Entry, problems: &Problems) {
        let (prefix, parameters) = (entry.system_prefix.as_ref(), entry.parameters.as_ref());
        let Some(at) = prefix.map(|prefix| &prefix.at).or(parameters.map(|parameters| &parameters.at)) else {
            return;
        };
        let amendments = wire::Amendments {
            system_prefix: prefix.map(|prefix| prefix.value.as_str().into()),
            parameters: parameters.map(|parameters| parameters.resolved()).unwrap_or_default(),
        };
        let deployment = &mut self.gateway[index.0 as usize];
        if !deployment.amendments.is_empty() && deployment.amendments != amendments {
            let what = format!("{} has two different system prefixes or parameters", deployment.name);
            let mend = "state them once, they hold in every route; or give the second a provider of its own";
            problems.add(Problem::error(at, what).mend(mend).consequence());
            return;
        }
        let prefix_bytes = amendments.system_prefix.as_ref().map_or(0, |prefix| prefix.len() as u64);
        self.routing[index.0 as usize].prefix_tokens = gateway::estimated_tokens(prefix_bytes);
        deployment.amendments = amendments;
        if let Some(parameters) = parameters.filter(|_| deployment.quirks.contains(Quirks::ADAPTIVE_THINKING))
        {
            let name = &deployment.name;
            for (key, at) in parameters.beside_thinking() {
                let what = format!("{name} takes no {key} while it thinks, as `reasoning_effort` has it do");
                let mend = format!("leave out `{key}`, or write `reasoning_effort = \"none\"`");
                problems.add(Problem::error(at, what).mend(mend));
            }
        }
    }

    fn override_price(&mut self, index: DeploymentIndex, price: &At<Price>, problems: &Problems) {
        let rates = rates(price);
        if rates.is_empty() {
            return;
        }
        let deployment = &mut self.gateway[index.0 as usize];
        if self.priced.contains(&index) {
            if deployment.prices.as_ref().is_some_and(|list| list.standard != rates) {
                let what = format!("{} has two different prices", deployment.name);
                problems.add(
                    Problem::error(&price.at, what)
                        .mend("state its price once; it holds in every route")
                        .consequence(),
                );
            }
            return;
        }
        for (bucket, key) in [(Bucket::InputUncached, "input"), (Bucket::OutputText, "output")] {
            if rates.get(bucket).is_none() {
                let what =
                    format!("the price of {} has no {key}: its cost will be unpriced", deployment.name);
                problems.add(
                    Problem::warning(&price.at, what).mend(format!("add {key} = \"...\"")).consequence(),
                );
            }
        }
        deployment.prices = Some(Arc::new(PriceList::configured(rates)));
        self.priced.insert(index);
    }

    fn warn_unknown(&self, position: usize, model: &str, target: &At<String>, problems: &Problems) {
        let account = &self.accounts[position];
        let Some(preset) = account.preset.as_ref().filter(|preset| !preset.models.is_empty()) else { return };
        let near = nearest(model, preset.models.iter().map(|model| model.id.as_str()));
        let mend = near.map(|near| format!("if that is a slip: \"{}/{near}\"", account.name()));
        let what = format!(
            "the catalogue does not know \"{model}\" at {}: windows and abilities unknown",
            preset.name
        );
        problems.add(Problem::warning(&target.at, what).mend_if(mend));
    }

    fn warn_unservable(&self, known: &ModelEntry, target: &At<String>, is_new: bool, problems: &Problems) {
        if is_new && !["chat", "responses"].contains(&known.kind.as_str()) {
            let what = format!("\"{}\" is for {}, which routes do not serve yet", known.id, known.kind);
            problems.add(Problem::warning(&target.at, what));
        }
        let provider = target.split('/').next().unwrap_or_default();
        let account = self.accounts.iter().find(|account| account.name() == provider);
        if let Some((speaks, account)) =
            known.protocol.zip(account).filter(|(speaks, account)| !account.speaks(*speaks))
        {
            let what = format!(
                "\"{}\" speaks {speaks} there, providers.{} {}",
                known.id,
                account.name(),
                account.protocol
            );
            let mend = format!("give it a provider of its own with protocol = \"{speaks}\" and its base_url");
            problems.add(Problem::error(&target.at, what).mend(mend));
        }
    }
}

/// The catalogue's word on a model at an account.
pub(super) fn model_of<'a>(account: &'a Account, model: &str) -> Option<&'a ModelEntry> {
    account.preset.as_ref()?.model(model)
}

fn stated(known: Capabilities, supports: Needs, lacks: Needs) -> Capabilities {
    Capabilities {
        yes: known.yes.union(supports).difference(lacks),
        no: known.no.union(lacks).difference(supports),
    }
}

fn rates(price: &Price) -> Rates {
    const THOUSANDS_IN_A_MILLION: u64 = 1000;
    let per_request = |rate: Rate| Rate::from_picos(rate.picos().saturating_mul(THOUSANDS_IN_A_MILLION));
    let rate = |key: &Option<At<Rate>>| key.as_ref().map(|rate| rate.value);
    let written = [
        (Bucket::InputUncached, rate(&price.input)),
        (Bucket::OutputText, rate(&price.output)),
        (Bucket::CacheRead, rate(&price.cache_read)),
        (Bucket::CacheWrite5m, rate(&price.cache_write_5m)),
        (Bucket::CacheWrite1h, rate(&price.cache_write_1h)),
        (Bucket::AudioIn, rate(&price.audio_input)),
        (Bucket::AudioOut, rate(&price.audio_output)),
        (Bucket::ImageIn, rate(&price.image_input)),
        (Bucket::ImageOut, rate(&price.image_output)),
        (Bucket::Reasoning, rate(&price.reasoning)),
        (Bucket::ToolRequests, rate(&price.tool_requests).map(per_request)),
    ];
    written
        .into_iter()
        .filter_map(|(bucket, rate)| Some((bucket, rate?)))
        .fold(Rates::NONE, |rates, (bucket, rate)| rates.with(bucket, rate))
}

/// The name as a header. Bytes that no header carries are percent-encoded, and so is `%`: no two names look alike.
fn header_value(name: &str) -> http::HeaderValue {
    let mut sendable = String::with_capacity(name.len());
    for byte in name.bytes() {
        if (byte.is_ascii_graphic() || byte == b' ') && byte != b'%' {
            sendable.push(char::from(byte));
        } else {
            write!(sendable, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    http::HeaderValue::from_str(&sendable).expect("only printable ASCII is left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart_in_a_header() {
        let shown = |name| header_value(name).to_str().unwrap().to_owned();
        assert_eq!(shown("p/gpt-5.2:a b"), "p/gpt-5.2:a b");
        assert_eq!(shown("p/模"), "p/%E6%A8%A1");
        assert_eq!(shown("p/%E6%A8%A1"), "p/%25E6%25A8%25A1");
        assert_eq!(shown("p/\n\u{7f}"), "p/%0A%7F");
    }
}
