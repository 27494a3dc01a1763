//! The configuration as the hot path reads it: resolved, indexed, immutable, swapped whole on reload.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalogue::{PriceList, Quirks, Region};
use ledger::budget::Budget;
use routing::{DeploymentIndex, Policy, RouteEntry, World};
use upstream::{Fetcher, Target};

use crate::budget::Allowance;

/// Everything that one request needs to know of the configuration. A request keeps the one it began with.
#[derive(Debug)]
pub struct Snapshot {
    /// A digest of the configuration, recorded in each entry.
    pub version: Arc<str>,
    /// The catalogue's version, recorded in each entry.
    pub catalogue_version: Arc<str>,
    /// What `routing` knows of each deployment.
    pub routing: Vec<routing::Deployment>,
    /// What the gateway adds to it; the same indices.
    pub deployments: Vec<Deployment>,
    /// The providers; indexed by [`routing::ProviderIndex`].
    pub providers: Vec<Provider>,
    /// What is known of each deployment's health. Survives reloads.
    pub world: Arc<World>,
    /// All routes, those made for bare model ids included.
    pub routes: Vec<Route>,
    /// Who may ask for what.
    pub products: Vec<Product>,
    /// The product of requests without a virtual key; `None` where a key is required.
    pub keyless: Option<ProductIndex>,
    /// How a name in `model` leads to a route.
    pub names: Names,
    /// Bounds that hold before a route is known.
    pub limits: Limits,
}

/// Index into [`Snapshot::routes`].
pub type RouteIndex = usize;
/// Index into [`Snapshot::products`].
pub type ProductIndex = usize;

/// An account at a place that serves models.
#[derive(Debug)]
pub struct Provider {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Where it is and how we prove ourselves.
    pub target: Target,
    /// Which beta features of its protocol it takes.
    pub betas: Betas,
    /// Whether it takes a request for usage in streams (`stream_options.include_usage`).
    pub stream_usage: bool,
    /// Whether it stops billing when a request is cancelled. `Some(false)`: the rest is drained to learn the usage.
    pub stops_billing_on_abort: Option<bool>,
}

/// Beta features, by the values of `anthropic-beta` and `OpenAI-Beta`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Betas {
    /// All that there are.
    #[default]
    All,
    /// These.
    Only(Box<[Box<str>]>),
}

impl Betas {
    /// Those of a list; `*` in it stands for all.
    pub fn of(list: &[&str]) -> Self {
        if list.contains(&"*") {
            Self::All
        } else {
            Self::Only(list.iter().map(|beta| Box::from(*beta)).collect())
        }
    }

    /// Whether this one is taken.
    pub fn take(&self, beta: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(taken) => taken.iter().any(|taken| **taken == *beta),
        }
    }
}

/// One model at one provider, as the hot path sees it.
#[derive(Debug)]
pub struct Deployment {
    /// `provider/model`, or the provider and the configured id.
    pub name: Arc<str>,
    /// The model. `None`: what the request names after the provider's slash, so that one deployment stands for all
    /// models of an engine that nobody listed.
    pub model: Option<Model>,
    /// How it wants to be spoken to, where somebody translates.
    pub quirks: Quirks,
    /// Parameters that it refuses, likewise.
    pub refuses: Arc<[Arc<str>]>,
    /// Its name, ready to be sent in `x-releve-deployment`.
    pub name_header: http::HeaderValue,
    /// What it costs; `None` is unpriced.
    pub prices: Option<Arc<PriceList>>,
    /// What is changed in each request that it gets.
    pub amendments: wire::Amendments,
}

/// A model's id at its provider.
#[derive(Debug, Clone)]
pub struct Model {
    /// As it is.
    pub id: Arc<str>,
    /// As a JSON string with its quotes, ready to be spliced in.
    pub json: Bytes,
}

impl Model {
    /// The model `id`.
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), json: serde_json::to_vec(id).expect("text is JSON").into() }
    }
}

/// What a product asks for in `model`.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: Arc<str>,
    /// What is allowed, preferred and tried next.
    pub policy: Policy,
    /// Who fetches what a client points at, where that is wanted.
    pub fetcher: Option<Fetcher>,
    /// Tools that suppliers run themselves which its requests may do without: [`wire::conversation::Target::may_drop`].
    pub may_drop: Arc<[Arc<str>]>,
    /// Its deployments, in the configured order.
    pub entries: Vec<RouteEntry>,
    /// Whether it stands for one deployment or bare model id, and so is open to `direct` products only.
    pub direct: bool,
}

/// A consumer with keys of its own.
#[derive(Debug)]
pub struct Product {
    /// Its name.
    pub name: Arc<str>,
    /// The routes it may use; `None` is all of them.
    pub routes: Option<Vec<RouteIndex>>,
    /// Where a request goes whose `model` is no known name.
    pub default_route: Option<RouteIndex>,
    /// Region prefixes that a deployment must lie in; empty is anywhere.
    pub regions: Arc<[Region]>,
    /// Whether `provider/model` and bare model ids may be asked for.
    pub direct: bool,
    /// What happens to a request whose deployment has no price.
    pub unpriced: Unpriced,
    /// What it may spend; `None` is as much as it will.
    pub allowance: Option<Allowance>,
    /// What it has spent of that. Survives reloads.
    pub budget: Arc<Budget>,
    /// Who keeps its responses.
    pub store: Store,
    /// How long they are kept here after the last turn that builds on them.
    pub store_for: Duration,
}

/// Who keeps a product's responses (`store`, `previous_response_id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Store {
    /// Nobody here: what a request says of it is for the supplier.
    #[default]
    Suppliers,
    /// We do, where the client does not say that it wants none kept.
    Client,
    /// We do, whatever the client says.
    Always,
    /// Nobody, neither here nor there.
    Never,
}

impl Store {
    /// Whether anything may be kept here.
    pub const fn keeps(self) -> bool {
        matches!(self, Self::Client | Self::Always)
    }
}

/// The policy for deployments without a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unpriced {
    /// They serve; the entry says `unpriced` and a metric counts it.
    #[default]
    Allow,
    /// They are not candidates.
    Refuse,
}

/// Bounds on what a client may send, before anything of it is understood.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest request body of any route, in bytes, after decompression. Each route's policy has its own.
    pub max_request_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_request_body: 32 << 20 }
    }
}

/// Names that lead to a route: the route's own, its aliases, aliases with a `*`, deployments and bare model ids.
#[derive(Debug, Default)]
pub struct Names {
    exact: HashMap<Box<str>, RouteIndex>,
    globs: Vec<(Glob, RouteIndex)>,
}

impl Names {
    /// Adds a name; one with a `*` matches any text there. A name already taken keeps its first meaning and
    /// `false` comes back.
    pub fn add(&mut self, name: &str, route: RouteIndex) -> bool {
        if let Some(glob) = Glob::parse(name) {
            self.globs.push((glob, route));
            return true;
        }
        if self.exact.contains_key(name) {
            return false;
        }
        self.exact.insert(name.into(), route);
        true
    }

    /// The route that `name` leads to: an exact name first, then the first matching pattern.
    pub fn find(&self, name: &str) -> Option<RouteIndex> {
        self.exact
            .get(name)
            .copied()
            .or_else(|| self.globs.iter().find(|(glob, _)| glob.matches(name)).map(|(_, route)| *route))
    }

    /// All exact names, in no particular order.
    pub fn exact(&self) -> impl Iterator<Item = (&str, RouteIndex)> {
        self.exact.iter().map(|(name, route)| (&**name, *route))
    }
}

/// A name with `*` in it: `claude-sonnet-*`.
struct Glob(Vec<Box<str>>);

impl Glob {
    fn parse(pattern: &str) -> Option<Self> {
        pattern.contains('*').then(|| Self(pattern.split('*').map(Into::into).collect()))
    }

    fn matches(&self, name: &str) -> bool {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return false };
        let middle = &self.0[1..self.0.len() - 1];
        let Some(mut rest) = name.strip_prefix(&**first).and_then(|rest| rest.strip_suffix(&**last)) else {
            return false;
        };
        for part in middle {
            let Some(position) = rest.find(&**part) else { return false };
            rest = &rest[position + part.len()..];
        }
        true
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("*"))
    }
}

impl Snapshot {
    /// The provider of a deployment.
    pub fn provider_of(&self, deployment: DeploymentIndex) -> &Provider {
        &self.providers[usize::from(self.routing[deployment.0 as usize].provider.0)]
    }

    /// Routing's side of a deployment.
    pub fn routing_of(&self, deployment: DeploymentIndex) -> &routing::Deployment {
        &self.routing[deployment.0 as usize]
    }

    /// The gateway's side of a deployment.
    pub fn deployment(&self, deployment: DeploymentIndex) -> &Deployment {
        &self.deployments[deployment.0 as usize]
    }

    /// Whether `product` may use `route`.
    pub fn may_use(&self, product: &Product, route: RouteIndex) -> bool {
        if self.routes[route].direct {
            return product.direct;
        }
        product.routes.as_ref().is_none_or(|routes| routes.contains(&route))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_route_by_itself_then_by_pattern() {
        let mut names = Names::default();
        assert!(names.add("assistant", 0));
        assert!(names.add("claude-sonnet-*", 1));
        assert!(names.add("*-mini-*x", 2));
        assert!(!names.add("assistant", 3));
        assert_eq!(names.find("assistant"), Some(0));
        assert_eq!(names.find("claude-sonnet-4-5"), Some(1));
        assert_eq!(names.find("gpt-mini-2x"), Some(2));
        assert_eq!(names.find("gpt-mini-2"), None);
        assert_eq!(names.find("claude"), None);
    }
}
