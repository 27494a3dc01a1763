//! What one request costs in a what-if, with ten deployments. `cargo bench -p scenario`.
//!
//! Prints requests per second on one core. The aim is 500,000.

#![expect(clippy::print_stdout, reason = "its purpose")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::{Bucket, Capabilities, Needs, PriceList, Protocol, Rate, Rates};
use routing::{Deployment, DeploymentIndex, Policy, ProviderIndex, RouteEntry};
use scenario::event::{Herd, Scenario, compile};
use scenario::fit::{Samples, fit};
use scenario::maker::Meaning;
use scenario::replay::{Ask, Backing, Play, PlayedEstate, Product, Route, Shape, Traffic, replay};

const REQUESTS: u64 = 1_000_000;

fn main() {
    let estate = estate();
    let traffic = traffic();
    let fitted = fit(&Samples::default(), &estate, traffic.length_ms, 0);
    let span = Duration::from_millis(traffic.length_ms);
    let target = "maker:maker0".parse().expect("a target");
    let calm = Scenario { name: String::new(), why: String::new(), span, events: Vec::new(), herd: None };
    let loss =
        Scenario { herd: Some(Herd::default()), ..Scenario::loss(&target, Meaning::Gone, span, &estate) };
    let proven = vec![vec![true; estate.deployments.len()]; estate.products.len()];
    for (name, scenario) in [("calm", calm), ("the first maker is lost", loss)] {
        let course = compile(&scenario, &estate, traffic.length_ms);
        let play = Play {
            estate: &estate,
            fitted: &fitted,
            traffic: &traffic,
            course: &course,
            proven: &proven,
            output_times: 1.0,
            again: false,
        };
        let begun = Instant::now();
        let tally = replay(&play, 1);
        let seconds = begun.elapsed().as_secs_f64();
        let requests: u64 = tally.products.iter().map(|product| product.requests).sum();
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let rate = requests as f64 / seconds;
        println!("{name}: {rate:.0} requests a second on one core ({requests} in {seconds:.2} s)");
    }
}

/// Ten deployments of five makers at ten providers; five routes of three or four, one of all ten.
fn estate() -> PlayedEstate {
    let deployments = (0..10_u16).map(|index| Deployment {
        region: Some("eu/france".parse().expect("a region")),
        context_window: Some(200_000),
        max_output: Some(16_000),
        capabilities: Capabilities { yes: Needs::TOOLS, no: Needs::AUDIO_OUT },
        maker: format!("maker{}", index / 2).into(),
        host: format!("host{index}").into(),
        ..Deployment::unknown(format!("p{index}/m"), ProviderIndex(index), Protocol::OpenaiChat)
    });
    let rates = Rates::NONE
        .with(Bucket::InputUncached, Rate::from_picos(2_500_000))
        .with(Bucket::OutputText, Rate::from_picos(10_000_000));
    let backing = Backing {
        prices: Some(Arc::new(PriceList::configured(rates))),
        tokens_per_minute: Some(50_000_000.0),
        ..Backing::default()
    };
    let entry = |index: u32| RouteEntry { deployment: DeploymentIndex(index % 10), weight: 1 };
    let route = |number: u32| Route {
        name: format!("r{number}").into(),
        policy: Policy::default(),
        entries: if number == 5 {
            (0..10).map(entry).collect()
        } else {
            (number * 2..number * 2 + 3 + number % 2).map(entry).collect()
        },
    };
    PlayedEstate {
        day: "2026-11-28".into(),
        deployments: deployments.collect(),
        backing: vec![backing; 10],
        providers: (0..10).map(|index| format!("p{index}").into()).collect(),
        routes: (0..6).map(route).collect(),
        products: (0..6)
            .map(|number| Product { name: format!("product{number}").into(), ..Product::default() })
            .collect(),
    }
}

/// A thousand requests a second.
fn traffic() -> Traffic {
    let mut traffic = Traffic { length_ms: REQUESTS, ..Traffic::default() };
    let shape = |stream| Shape {
        protocol: Protocol::OpenaiChat,
        needs: Needs::TOOLS,
        stream,
        regions: Arc::default(),
    };
    let shapes = [traffic.shape(shape(true)), traffic.shape(shape(false))];
    traffic.asks = (0..REQUESTS)
        .map(|number| {
            let turn = u16::try_from(number % 6).expect("small");
            let spread = u32::try_from(number * 7_919 % 4_000).expect("small");
            Ask {
                at_ms: number,
                product: turn,
                route: turn,
                shape: shapes[usize::from(turn % 2)],
                counted_by: turn,
                estimated_input: 200 + spread,
                input: 200 + spread,
                cached: 0,
                output: 20 + spread / 20,
                max_tokens: 4_000,
            }
        })
        .collect();
    traffic
}
