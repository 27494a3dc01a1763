//! A small world for tests: deployments at providers of their own, one route over all of them, one product.

use std::sync::Arc;

use catalogue::{Bucket, Needs, PriceList, Protocol, Rate, Rates};
use routing::{Deployment, DeploymentIndex, Policy, ProviderIndex, RouteEntry};

use super::{Ask, Backing, PlayedEstate, Product, Route, Shape, Tally, Traffic};
use crate::event::{Course, Scenario, compile};
use crate::fit::{Certainty, Curve, Fitted, Supplier, Tokens};
use crate::replay::{Play, replay};

/// Deployments `p0/m`, `p1/m`...: made by `maker0`, `maker1`...
pub(crate) fn estate(count: u16) -> PlayedEstate {
    let deployments = (0..count).map(|index| Deployment {
        maker: format!("maker{index}").into(),
        host: format!("maker{index}").into(),
        ..Deployment::unknown(format!("p{index}/m"), ProviderIndex(index), Protocol::OpenaiChat)
    });
    let rate = |usd: u64| Rate::from_picos(usd * 1_000_000);
    let rates = Rates::NONE.with(Bucket::InputUncached, rate(1)).with(Bucket::OutputText, rate(10));
    let backing = Backing { prices: Some(Arc::new(PriceList::configured(rates))), ..Backing::default() };
    PlayedEstate {
        day: "2026-11-28".into(),
        deployments: deployments.collect(),
        backing: vec![backing; usize::from(count)],
        providers: (0..count).map(|index| format!("p{index}").into()).collect(),
        routes: vec![Route {
            name: "r".into(),
            policy: Policy::default(),
            entries: (0..count)
                .map(|index| RouteEntry { deployment: DeploymentIndex(index.into()), weight: 1 })
                .collect(),
        }],
        products: vec![Product { name: "office".into(), ..Product::default() }],
    }
}

/// A request of 1,000 tokens with an answer of 100, each `every_ms`.
pub(crate) fn traffic(every_ms: u64, length_ms: u64) -> Traffic {
    let mut traffic = Traffic { length_ms, ..Traffic::default() };
    let shape =
        Shape { protocol: Protocol::OpenaiChat, needs: Needs::NONE, stream: true, regions: Arc::default() };
    let shape = traffic.shape(shape);
    traffic.asks = (0..length_ms / every_ms)
        .map(|number| Ask {
            at_ms: number * every_ms,
            product: 0,
            route: 0,
            shape,
            counted_by: 0,
            estimated_input: 1_000,
            input: 1_000,
            cached: 0,
            output: 100,
            max_tokens: u32::MAX,
        })
        .collect();
    traffic
}

/// First tokens after 200 ms or so, 10 ms a token, no errors.
pub(crate) fn fitted(count: u16) -> Fitted {
    let supplier = Supplier {
        first: std::array::from_fn(|_| Curve::guess(200.0, 0.1)),
        gap: Curve::guess(10.0, 0.1),
        plain: None,
        hours: [1.0; 24],
        errors: Vec::new(),
        tokens: Tokens { per_estimate: 1.0, error: 0.01, certainty: Certainty::Measured(1_000) },
        estimates: std::collections::HashMap::new(),
        cached: std::collections::HashMap::new(),
        outputs: std::collections::HashMap::new(),
        certainty: Certainty::Measured(1_000),
        speed_error: 0.05,
        attempts: 1_000,
    };
    Fitted { suppliers: vec![supplier; usize::from(count)], illnesses: Vec::new(), routes: vec![Some(0)] }
}

/// Plays a scenario over traffic that begins again; with nothing proven but the first.
pub(crate) fn play(estate: &PlayedEstate, traffic: &Traffic, scenario: &Scenario, seed: u64) -> Tally {
    let count = u16::try_from(estate.deployments.len()).unwrap();
    let course = compile(scenario, estate, u64::try_from(scenario.span.as_millis()).unwrap());
    run(estate, traffic, &fitted(count), &course, seed)
}

pub(crate) fn run(
    estate: &PlayedEstate,
    traffic: &Traffic,
    fitted: &Fitted,
    course: &Course,
    seed: u64,
) -> Tally {
    let proven: Vec<Vec<bool>> = estate
        .products
        .iter()
        .map(|_| (0..estate.deployments.len()).map(|index| index == 0).collect())
        .collect();
    let play = Play { estate, fitted, traffic, course, proven: &proven, output_times: 1.0, again: true };
    replay(&play, seed)
}
