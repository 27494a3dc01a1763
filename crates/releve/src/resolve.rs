//! What a configuration means: the file, the catalogue and the environment become the [`Snapshot`] that the hot path
//! reads.
//!
//! Order of precedence: what the file says, then the preset in the catalogue, then the environment's usual variables.
//! A base URL in the environment counts only where neither file nor preset has one, or where the file does not declare
//! the provider at all. A preset that only the provider's name calls for says how to speak to another address, and nothing of
//! who is there. All faults are found before any is reported; one fault and nothing is changed.

mod budgets;
mod credentials;
mod deployments;
mod direct;
mod policy;
mod products;
mod providers;
mod restart;
mod routes;
mod server;
mod targets;

#[cfg(test)]
mod tests;

pub(crate) use self::providers::{Account, found, found_in_vain, known_of};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use gateway::snapshot::{Limits, Names, Route, Snapshot};
use jiff::civil::Date;
use routing::World;
use sha2::{Digest, Sha256};

use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::value::At;
use crate::config::{Config, Loaded};

/// What the configuration is resolved for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a Environment,
    /// What runs now; health that was learnt there is kept.
    pub(crate) previous: Option<&'a Resolved>,
}

/// A configuration that can run.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) snapshot: Arc<Snapshot>,
    /// The configuration with everything filled in that presets, defaults and the environment say.
    pub(crate) effective: Config,
    /// What deserves a person's look but stops nothing.
    pub(crate) warnings: Vec<Problem>,
    /// By deployment of a route, the day (`YYYY-MM-DD`) on which the catalogue says that its model is switched off, where it
    /// does. Reports and what-ifs do not count on it from then on. The router goes on asking it, for the catalogue may be
    /// wrong: the supplier's own answer (404) decides.
    pub(crate) ends: BTreeMap<Arc<str>, String>,
    /// By provider, a digest of its address and credential: whoever changed is asked again at once.
    fingerprints: BTreeMap<Arc<str>, [u8; 32]>,
}

impl Resolved {
    /// The day on which the catalogue says that a deployment's model was switched off, where that is past.
    pub(crate) fn ended(&self, deployment: &str, today: Date) -> Option<&str> {
        let day = self.ends.get(deployment)?;
        day.parse::<Date>().is_ok_and(|last| last < today).then_some(day)
    }

    /// What is in force, as `GET /api/config` answers it and `config diff` reads it. Holds no secret.
    pub(crate) fn shown(&self) -> serde_json::Value {
        serde_json::json!({ "version": &*self.snapshot.version, "config": self.effective.shown() })
    }

    /// SHA-256 of what the configuration means. No secret goes into it but what a literal header may be, which changes the
    /// version as everything does. The version is its beginning.
    pub(crate) fn digest(&self) -> [u8; 32] {
        digest(&self.effective)
    }
}

/// Works out what `loaded` means. All problems at once, or something that can run.
pub(crate) fn resolve(loaded: &Loaded, context: &Context<'_>) -> Result<Resolved, Vec<Problem>> {
    let problems = Problems::default();
    server::check(loaded, context.environment, &problems);
    let loaded = &as_it_would_run(loaded, context.previous, &problems);
    let accounts = providers::accounts(&loaded.config, context.environment, &problems);
    let targets = targets::build(&accounts, loaded, context.environment, &problems);
    let mut names = Names::default();
    let mut deployments = deployments::Deployments::new(&accounts);
    let fetchers = policy::Fetchers::new(&problems);
    let mut routes = routes::build(&loaded.config, &mut deployments, &mut names, &fetchers, &problems);
    let products = products::build(&loaded.config, context.previous, &problems);
    if products.list.iter().any(|product| product.direct) {
        direct::add(&loaded.config, &mut deployments, &mut routes, &mut names, &fetchers);
    }
    budgets::warn_of_unpriced(&loaded.config, &products.list, &routes, &deployments, &problems);
    let problems = problems.into_sorted();
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    let effective = effective(&loaded.config, &accounts);
    let (providers, fingerprints) = targets.into_providers();
    let provider_names: Vec<_> = providers.iter().map(|provider| Arc::clone(&provider.name)).collect();
    let ends = deployments.ends();
    let (routing, deployments) = deployments.into_lists();
    let world = match context.previous {
        Some(previous) => World::grown_from(&previous.snapshot.world, &routing, &provider_names),
        None => World::new(&routing, &provider_names),
    };
    if let Some(previous) = context.previous {
        pardon_changed(&world, &provider_names, &previous.fingerprints, &fingerprints);
    }
    let snapshot = Snapshot {
        version: version(&effective),
        catalogue_version: catalogue::version().into(),
        limits: limits(&loaded.config, &routes),
        routing,
        deployments,
        providers,
        world: Arc::new(world),
        routes,
        products: products.list,
        keyless: products.keyless,
        names,
    };
    Ok(Resolved { snapshot: Arc::new(snapshot), effective, warnings: problems, ends, fingerprints })
}

/// What the file says, where it can be put in force without a restart.
fn as_it_would_run<'a>(
    written: &'a Loaded,
    running: Option<&Resolved>,
    problems: &Problems,
) -> Cow<'a, Loaded> {
    let Some(running) = running else { return Cow::Borrowed(written) };
    let config = restart::keep_started(&written.config, &running.effective, problems);
    Cow::Owned(Loaded { config, source: None, folder: written.folder.clone() })
}

/// Before a route is known, whatever any route lets through must come through.
fn limits(config: &Config, routes: &[Route]) -> Limits {
    let base = policy::resolved(&policy::base(config)).max_request_body;
    let largest = routes.iter().map(|route| route.policy.max_request_body).max();
    Limits { max_request_body: largest.unwrap_or(base) }
}

/// A provider with a new key or address is asked at once, whatever stood against the old one.
fn pardon_changed(
    world: &World,
    names: &[Arc<str>],
    before: &BTreeMap<Arc<str>, [u8; 32]>,
    now: &BTreeMap<Arc<str>, [u8; 32]>,
) {
    for (index, name) in names.iter().enumerate() {
        if before.get(name) != now.get(name) {
            world.pardon(providers::index(index));
        }
    }
}

/// The configuration with nothing left to guess: it reads back as the same.
fn effective(config: &Config, accounts: &[providers::Account]) -> Config {
    let base = policy::base(config);
    let mut effective = config.clone();
    effective.providers = accounts.iter().map(|account| account.filled.clone()).collect();
    for route in &mut effective.routes {
        let own = route.body.policy.take().map(|policy| policy.value).unwrap_or_default();
        route.body.policy = Some(At::nowhere(policy::filled(&own.over(&base))));
    }
    effective.policy = Some(At::nowhere(policy::filled(&base)));
    effective
}

fn digest(effective: &Config) -> [u8; 32] {
    let text = toml::to_string(effective).expect("what was read can be written");
    Sha256::digest(text.as_bytes()).into()
}

/// The first twelve digits of the digest.
fn version(effective: &Config) -> Arc<str> {
    digest(effective)[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")).into()
}
