//! Names what is written but does nothing in this version, so that nobody believes it does.

use super::Config;
use super::policy::{PolicyKeys, Prefer, TakeoverMode};
use super::problem::Problem;
use super::product::Product;
use super::provider::Provider;
use super::route::Route;
use super::value::At;

/// A warning for each key that is kept without effect, in the order of the file.
pub(crate) fn without_effect(config: &Config) -> Vec<Problem> {
    let mut found = Vec::new();
    let default = PolicyKeys::default();
    let base = config.policy.as_ref().map_or(&default, |policy| &policy.value);
    of_policy(base, &mut found);
    for provider in &config.providers {
        of_provider(&provider.body, &mut found);
    }
    for route in &config.routes {
        of_route(&route.body, base, &mut found);
    }
    for product in &config.products {
        of_product(&product.body, &mut found);
    }
    found.sort_by_key(|problem| problem.at.as_ref().map_or(usize::MAX, |at| at.start));
    found
}

fn of_policy(policy: &PolicyKeys, found: &mut Vec<Problem>) {
    if let Some(prefer) = &policy.prefer
        && !matches!(prefer.value, Prefer::Listed | Prefer::Weighted)
    {
        let what =
            format!("prefer = \"{}\" does not act yet: candidates are taken as listed", prefer.as_str());
        found.push(Problem::warning(&prefer.at, what).mend("list the deployments in the order you prefer"));
    }
    if let Some(takeover) = &policy.takeover
        && matches!(takeover.value, TakeoverMode::Continue | TakeoverMode::BestEffort)
    {
        let what = format!(
            "takeover = \"{}\" acts as \"before-content\" for now: an answer that breaks later ends in an error",
            takeover.as_str()
        );
        found.push(Problem::warning(&takeover.at, what));
    }
}

fn of_provider(provider: &Provider, found: &mut Vec<Problem>) {
    let mut kept = |at: Option<&std::ops::Range<usize>>, key: &str| {
        if let Some(at) = at {
            let what = format!("{key} is kept for reports; it does not steer requests yet");
            found.push(Problem::warning(at, what));
        }
    };
    kept(provider.contract.as_ref().map(|contract| &contract.at), "contract");
    kept(provider.capacity.as_ref().map(|capacity| &capacity.at), "capacity");
    kept(provider.fixed_cost.as_ref().map(|cost| &cost.at), "fixed_cost");
}

fn of_route(route: &Route, base: &PolicyKeys, found: &mut Vec<Problem>) {
    let own = route.policy.as_ref().map(|policy| &policy.value);
    if let Some(own) = own {
        of_policy(own, found);
    }
    let prefer = own.and_then(|own| own.prefer.as_ref()).or(base.prefer.as_ref());
    let weighted = prefer.is_some_and(|prefer| prefer.value == Prefer::Weighted);
    for weight in route.deployments.iter().filter_map(|entry| entry.weight.as_ref()).filter(|_| !weighted) {
        let what = "weight has no effect without prefer = \"weighted\"";
        found.push(
            Problem::warning(&weight.at, what).mend("set prefer in the route's policy, or take weight out"),
        );
    }
}

fn of_product(product: &Product, found: &mut Vec<Problem>) {
    fn place<T>(key: Option<&At<T>>) -> Option<std::ops::Range<usize>> {
        key.map(|key| key.at.clone())
    }
    let kept = [
        (
            "criticality",
            place(product.criticality.as_ref()),
            "is kept for reports; it changes nothing for requests",
        ),
        ("owner", place(product.owner.as_ref()), "is kept for reports; it changes nothing for requests"),
        (
            "function",
            place(product.function.as_ref()),
            "is kept for reports; it changes nothing for requests",
        ),
        (
            "max_outage",
            place(product.max_outage.as_ref()),
            "is kept for reports; it changes nothing for requests",
        ),
        ("max_share", place(product.max_share.as_ref()), "is kept; it does not steer requests yet"),
    ];
    for (key, at, effect) in kept {
        if let Some(at) = at {
            found.push(Problem::warning(&at, format!("{key} {effect}")));
        }
    }
}
