//! The file's routes, and the names that lead to them.

use std::collections::HashMap;
use std::ops::Range;

use gateway::snapshot::{Names, Route};
use routing::{Policy, RouteEntry};

use super::deployments::Deployments;
use super::policy::{self, Fetchers};
use crate::config::Config;
use crate::config::problem::{Problem, Problems};
use crate::config::route;
use crate::config::value::{At, Named};

/// The routes in the order of the file.
pub(super) fn build(
    config: &Config,
    deployments: &mut Deployments<'_>,
    names: &mut Names,
    fetchers: &Fetchers<'_>,
    problems: &Problems,
) -> Vec<Route> {
    let base = policy::base(config);
    let mut routes = Vec::with_capacity(config.routes.len());
    for named in &config.routes {
        let keys = named.body.policy.as_ref().map_or_else(|| base.clone(), |policy| policy.value.over(&base));
        routes.push(Route {
            name: named.name.value.as_str().into(),
            policy: Policy {
                keep_warm: named.body.keep_warm.as_ref().map_or(0.0, |share| share.0),
                ..policy::resolved(&keys)
            },
            fetcher: fetchers.of(&keys),
            may_drop: policy::may_drop(&keys),
            entries: entries(named, deployments, problems),
            direct: false,
        });
    }
    deployments.warn_unpriced(problems);
    add_names(config, names, problems);
    routes
}

fn entries(
    route: &Named<route::Route>,
    deployments: &mut Deployments<'_>,
    problems: &Problems,
) -> Vec<RouteEntry> {
    let mut entries: Vec<RouteEntry> = Vec::with_capacity(route.body.deployments.len());
    for entry in &route.body.deployments {
        let Some(deployment) = deployments.of_entry(entry, problems) else { continue };
        if entries.iter().any(|known| known.deployment == deployment) {
            let name = &deployments.get(deployment).name;
            let what = format!("the route \"{}\" names {name} twice", route.name.value);
            problems.add(Problem::error(&entry.at, what).mend("take one out"));
            continue;
        }
        entries
            .push(RouteEntry { deployment, weight: entry.weight.as_ref().map_or(1, |weight| weight.value) });
    }
    if route.body.deployments.is_empty() {
        let what = format!("the route \"{}\" has no deployments", route.name.value);
        let mend = "add deployments = [\"PROVIDER/MODEL\", ...]";
        problems.add(Problem::error(&route.name.at, what).mend(mend).consequence());
    }
    entries
}

/// Names first, then aliases: a route's own name is never taken by another's alias.
fn add_names(config: &Config, names: &mut Names, problems: &Problems) {
    let mut taken: HashMap<&str, (&str, &Range<usize>)> = HashMap::new();
    for (index, route) in config.routes.iter().enumerate() {
        names.add(&route.name, index);
        taken.insert(&route.name, (&route.name, &route.name.at));
    }
    for (index, route) in config.routes.iter().enumerate() {
        for alias in &route.body.aliases {
            if let Some((owner, _)) = taken.get(alias.as_str()) {
                refuse_alias(alias, owner, problems);
                continue;
            }
            taken.insert(alias, (&route.name, &alias.at));
            names.add(alias, index);
        }
    }
}

fn refuse_alias(alias: &At<String>, owner: &str, problems: &Problems) {
    let what = format!("the alias \"{}\" already leads to the route \"{owner}\"", alias.value);
    problems.add(Problem::error(&alias.at, what).mend("a name can lead to one route only: take one out"));
}
