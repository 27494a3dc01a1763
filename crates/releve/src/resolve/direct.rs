//! Names that need no route of their own: `provider/model`, and bare model ids wherever those weights are found.
//!
//! They are open to `direct` products only. A name that a route or alias has keeps that meaning. Where the catalogue
//! cannot know what a provider serves (an own engine), `provider/` and any model will do: one deployment, `provider/*`,
//! stands for all of them, so that neither memory nor metrics grow with what clients ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::ModelEntry;
use gateway::snapshot::{Names, Route};
use routing::{DeploymentIndex, Policy, RouteEntry};
use upstream::Fetcher;

use super::deployments::{ANY_MODEL, Deployments};
use super::policy::{self, Fetchers};
use super::providers::Account;
use crate::config::Config;

/// Adds a route for every such name.
pub(super) fn add(
    config: &Config,
    deployments: &mut Deployments<'_>,
    routes: &mut Vec<Route>,
    names: &mut Names,
    fetchers: &Fetchers<'_>,
) {
    let base = policy::base(config);
    let (policy, fetcher) = (policy::resolved(&base), fetchers.of(&base));
    let mut direct = Direct { policy, fetcher, may_drop: policy::may_drop(&base), routes, names };
    let mut bare = Bare::default();
    for entry in config.routes.iter().flat_map(|route| &route.body.deployments) {
        let Some((provider, model)) = entry.target.as_ref().and_then(|target| target.split_once('/')) else {
            continue;
        };
        let id = entry.id.as_ref().map_or(model, |id| id.value.as_str());
        let Some(position) = deployments.accounts().iter().position(|account| account.name() == provider)
        else {
            continue;
        };
        let deployment = deployments.add(position, id, None);
        for name in [id, model] {
            direct.route(&format!("{provider}/{name}"), &[deployment]);
        }
        bare.note(Fit::Id, model, position, deployment);
    }
    for (position, account) in deployments.accounts().iter().enumerate() {
        for model in servable(account) {
            let deployment = deployments.add(position, &model.id, Some(model));
            direct.route(&format!("{}/{}", account.name(), model.id), &[deployment]);
            bare.note(Fit::Id, &model.id, position, deployment);
            for alias in &model.aliases {
                direct.route(&format!("{}/{alias}", account.name()), &[deployment]);
                bare.note(Fit::Alias, alias, position, deployment);
            }
            if let Some(weights) = &model.known_as {
                bare.note(Fit::Weights, weights, position, deployment);
            }
        }
    }
    for (name, found) in &bare.0 {
        let deployments: Vec<_> = found.values().map(|(_, deployment)| *deployment).collect();
        direct.route(name, &deployments);
    }
    // Last: a pattern, for what nobody knows by name.
    for (position, account) in
        deployments.accounts().iter().enumerate().filter(|(_, account)| is_open(account))
    {
        let deployment = deployments.add(position, ANY_MODEL, None);
        direct.add(&format!("{}/{ANY_MODEL}", account.name()), &[deployment]);
    }
}

/// Whether it may serve models that the catalogue cannot know: an engine of one's own, whatever it imitates.
fn is_open(account: &Account) -> bool {
    let listed = account.preset.as_ref().is_some_and(|preset| !preset.models.is_empty());
    wire::codec(account.protocol).is_some() && (!listed || account.address_is_its_own())
}

/// How well a bare name fits a model; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the model's id there.
    Id,
    /// It is another name of it there.
    Alias,
    /// It is what those weights are called elsewhere.
    Weights,
}

/// Bare names, and the one deployment at each provider that fits each best.
#[derive(Debug, Default)]
struct Bare(BTreeMap<String, BTreeMap<usize, (Fit, DeploymentIndex)>>);

impl Bare {
    fn note(&mut self, fit: Fit, name: &str, position: usize, deployment: DeploymentIndex) {
        let found = self.0.entry(name.to_owned()).or_default();
        let best = found.entry(position).or_insert((fit, deployment));
        if fit < best.0 {
            *best = (fit, deployment);
        }
    }
}

/// The catalogue's models at an account that can be asked for over the protocols that are spoken.
fn servable(account: &Account) -> impl Iterator<Item = &ModelEntry> {
    let protocol = account.protocol;
    let spoken = wire::codec(protocol).is_some();
    let models = account.preset.iter().flat_map(|preset| &preset.models);
    models.filter(move |model| {
        spoken && model.kind == "chat" && model.protocol.is_none_or(|speaks| speaks == protocol)
    })
}

struct Direct<'a> {
    policy: Policy,
    fetcher: Option<Fetcher>,
    may_drop: Arc<[Arc<str>]>,
    routes: &'a mut Vec<Route>,
    names: &'a mut Names,
}

impl Direct<'_> {
    fn route(&mut self, name: &str, deployments: &[DeploymentIndex]) {
        // Asked of the patterns too: an alias such as "claude-*" means its route, not the model.
        if self.names.find(name).is_none() && !name.contains('*') {
            self.add(name, deployments);
        }
    }

    fn add(&mut self, name: &str, deployments: &[DeploymentIndex]) {
        self.names.add(name, self.routes.len());
        self.routes.push(Route {
            name: name.into(),
            policy: self.policy.clone(),
            fetcher: self.fetcher.clone(),
            may_drop: Arc::clone(&self.may_drop),
            entries: deployments
                .iter()
                .map(|deployment| RouteEntry { deployment: *deployment, weight: 1 })
                .collect(),
            direct: true,
        });
    }
}
