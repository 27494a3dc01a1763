//! Who arrives in a scenario: where its machines stand, and what is paid for them whether they are used or not.

use std::sync::Arc;

use catalogue::Region;
use scenario::event::{Arrival, Event, Scenario, What};
use scenario::replay::{PlayedEstate, Product};

use crate::config::Config;

/// The host's name of one's own machines.
const OWN: &str = "own";

/// Own machines of which a scenario says not where stand where one's own do: those that are configured, else Relève's.
pub(super) fn place(scenario: &mut Scenario, estate: &PlayedEstate, config: &Config) {
    let configured = (0..estate.deployments.len()).filter(|index| estate.is_own(*index));
    let mut regions: Vec<Region> =
        configured.filter_map(|index| estate.deployments[index].region.clone()).collect();
    regions.dedup();
    let house = match &regions[..] {
        [only] => Some(only.clone()),
        [] => {
            let own = config.report.as_ref().and_then(|report| report.own.as_ref());
            own.and_then(|own| own.region.as_ref()).map(|region| region.value.clone())
        }
        // In which of several nobody can tell.
        _ => None,
    };
    for event in &mut scenario.events {
        if let What::Arrival(arrival) = &mut event.what
            && arrival.region.is_none()
            && *arrival.host == *OWN
        {
            arrival.region.clone_from(&house);
        }
    }
}

/// Each, and what is paid for it a day whether it is used or not, over the whole scenario: it is not there all the time.
pub(super) fn fixed(scenario: &Scenario) -> Vec<(Arc<str>, f64)> {
    let there = |event: &Event| {
        let until = event.until.unwrap_or(scenario.span).min(scenario.span);
        until.saturating_sub(event.from).as_secs_f64() / scenario.span.as_secs_f64().max(1e-9)
    };
    let arrivals = scenario.events.iter().filter_map(|event| match &event.what {
        What::Arrival(arrival) => Some((Arc::clone(&arrival.name), arrival.fixed_usd_per_day * there(event))),
        _ => None,
    });
    arrivals.collect()
}

/// Where each stands, for what it rests on; `None` where nobody arrives.
pub(super) fn rest_on(scenario: &Scenario, estate: &PlayedEstate) -> Option<String> {
    let has_rule = |product: &&Product| product.regions.as_ref().is_some_and(|regions| !regions.is_empty());
    let rules: Vec<&str> = estate.products.iter().filter(has_rule).map(|product| &*product.name).collect();
    let said = |arrival: &Arrival| match &arrival.region {
        Some(region) => format!("{} in {region}", arrival.name),
        None if rules.is_empty() => arrival.name.to_string(),
        None => format!(
            "{}, of which nobody says where it stands, so that nothing of {} may go there (`region` in the scenario says it)",
            arrival.name,
            rules.join(", ")
        ),
    };
    let all: Vec<String> = scenario.arrivals().map(said).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
