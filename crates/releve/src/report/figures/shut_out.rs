//! Requests that find nobody though somebody in the configuration could serve them: whom people have left, whose contract
//! is over, whose model is switched off.

use std::collections::BTreeSet;
use std::sync::Arc;

use scenario::{Estate, Set, Traffic};
use serde::Serialize;

/// Of a product.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ShutOut {
    /// How many of the requests that were answered when they came.
    pub(crate) requests: u64,
    /// Who could serve them.
    pub(crate) deployments: Vec<Arc<str>>,
}

/// The candidates of each shape if nobody were held back.
pub(super) fn readmitted(traffic: &Traffic, estate: &Estate) -> Vec<Option<Set>> {
    let mut all = estate.clone();
    for account in 0..all.accounts.len() {
        all.readmit(account);
    }
    scenario::candidates(traffic, &all)
}

pub(super) fn of(
    product: &str,
    traffic: &Traffic,
    estate: &Estate,
    candidates: &[Option<Set>],
    readmitted: &[Option<Set>],
) -> ShutOut {
    let mut requests = 0;
    let mut deployments = BTreeSet::new();
    let shapes = traffic.shapes.iter().zip(candidates).zip(readmitted);
    for (((shape, _, sums), now), then) in shapes {
        let is_left = now.as_ref().is_none_or(Set::is_empty) && sums.wanted() > 0;
        let Some(then) = then.as_ref().filter(|then| is_left && !then.is_empty()) else { continue };
        if *shape.product == *product && sums.answered > 0 {
            requests += sums.answered;
            deployments.extend(then.iter().map(|member| Arc::clone(&estate.members[member].routing.name)));
        }
    }
    ShutOut { requests, deployments: deployments.into_iter().collect() }
}
