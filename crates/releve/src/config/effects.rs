//! Names what is written but does nothing in this version, so that nobody believes it does: a warning for what should
//! steer, a list for what only describes.

use super::Config;
use super::contract::Contract;
use super::policy::{PolicyKeys, Prefer, TakeoverMode};
use super::problem::Problem;
use super::product::Product;
use super::provider::Provider;
use super::route::Route;
use super::value::Named;

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
        let mend = "leave it if that is well; \"off\" is the other one that acts";
        found.push(Problem::warning(&takeover.at, what).mend(mend));
    }
}

fn of_provider(provider: &Provider, found: &mut Vec<Problem>) {
    if let Some(capacity) = &provider.capacity {
        let what = "capacity is kept, but does not steer or limit requests yet";
        found.push(
            Problem::warning(&capacity.at, what).mend("max_in_flight of a route's deployment limits today"),
        );
    }
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
    if let Some(store_for) = &product.store_for
        && !product.keeps_responses()
    {
        let what = "store_for has no effect where no responses are kept";
        let mend = "add store = true or store = \"client\", or take store_for out";
        found.push(Problem::warning(&store_for.at, what).mend(mend));
    }
    if let Some(share) = &product.max_share {
        found.push(Problem::warning(
            &share.at,
            "max_share does not steer requests yet: the report says whether it is met",
        ));
    }
}

/// Whether a rate says what a product may spend.
fn turns_a_budget(config: &Config) -> bool {
    let budgets = config.products.iter().filter_map(|product| product.body.budget.as_ref());
    budgets
        .filter_map(|budget| budget.currency.as_ref())
        .any(|currency| config.rates.iter().any(|rate| rate.name.value == currency.0))
}

/// Keys that describe rather than steer: recorded for reports, and nothing more in this version.
pub(crate) fn only_recorded(config: &Config) -> Vec<String> {
    let mut keys = Vec::new();
    for Named { name, body } in &config.providers {
        // A contract with a date acts by it.
        let dated = |contract: &Contract| contract.ends.is_some() || contract.ramp_down_from.is_some();
        let undated = body.contract.as_ref().is_some_and(|contract| !dated(contract));
        let written = [("contract", undated), ("fixed_cost", body.fixed_cost.is_some())];
        let written = written.into_iter().filter(|(_, written)| *written);
        keys.extend(written.map(|(key, _)| format!("providers.{}.{key}", name.value)));
    }
    for Named { name, body } in &config.products {
        let written = [
            ("criticality", body.criticality.is_some()),
            ("owner", body.owner.is_some()),
            ("function", body.function.is_some()),
            ("max_outage", body.max_outage.is_some()),
            ("max_degradation", body.max_degradation.is_some()),
            ("approved", !body.approved.is_empty()),
        ];
        let written = written.into_iter().filter(|(_, written)| *written);
        keys.extend(written.map(|(key, _)| format!("products.{}.{key}", name.value)));
    }
    let whole = [
        ("declared", !config.declared.is_empty()),
        ("rates", !config.rates.is_empty() && !turns_a_budget(config)),
        ("targets", config.targets.is_some()),
        ("report", config.report.is_some()),
    ];
    keys.extend(whole.into_iter().filter(|(_, written)| *written).map(|(key, _)| key.to_owned()));
    keys
}
