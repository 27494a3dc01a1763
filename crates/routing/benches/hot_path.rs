//! What one request costs in routing: plan, claim and observe, three candidates. `cargo bench -p routing`.
//!
//! Prints nanoseconds per request, on one thread and on two that share the world. The aim is 500.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on should stop"
)]
#![expect(clippy::print_stdout, reason = "its purpose")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use catalogue::{Capabilities, Needs, Protocol};
use routing::{
    Deployment, DeploymentIndex, Dice, Facts, Instant, Outcome, Policy, Prefer, ProviderIndex, RouteEntry,
    Turn, View, Walk, World, observe, plan,
};

const ROUNDS: u64 = 1_000_000;

fn main() {
    let names: Vec<Arc<str>> = (0..3).map(|index| format!("p{index}").into()).collect();
    let deployments: Vec<Deployment> = (0..3).map(deployment).collect();
    for prefer in [Prefer::Listed, Prefer::Weighted] {
        for threads in [1, 2] {
            let world = World::new(&deployments, &names);
            let view = View { deployments: &deployments, world: &world };
            let per_request: Vec<f64> = std::thread::scope(|scope| {
                let runs: Vec<_> =
                    (0..threads).map(|seed| scope.spawn(move || measure(&view, prefer, seed))).collect();
                runs.into_iter().map(|run| run.join().expect("does not panic")).collect()
            });
            let slowest = per_request.into_iter().fold(0.0, f64::max);
            println!("{prefer}, {threads} thread(s): {slowest:.0} ns per request");
        }
    }
}

fn measure(view: &View<'_>, prefer: Prefer, seed: u64) -> f64 {
    let policy = Policy { prefer, ..Policy::default() };
    let entries = [0, 1, 2].map(|index| RouteEntry { deployment: DeploymentIndex(index), weight: index + 1 });
    let facts = Facts {
        protocol: Protocol::OpenaiChat,
        translates: catalogue::Protocols::NONE,
        needs: Needs::TOOLS,
        estimated_input_tokens: 1_000,
        max_tokens: Some(500),
        regions: &["eu".parse().expect("a region")],
        stream: true,
    };
    let mut dice = Dice::new(seed);
    let begun = Clock::now();
    for round in 0..ROUNDS {
        request(&facts, &policy, &entries, view, Instant(round / 2), &mut dice);
    }
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let per_request = begun.elapsed().as_nanos() as f64 / ROUNDS as f64;
    per_request
}

fn request(
    facts: &Facts<'_>,
    policy: &Policy,
    entries: &[RouteEntry],
    view: &View<'_>,
    now: Instant,
    dice: &mut Dice,
) {
    let plan = plan(black_box(facts), policy, entries, view, now, dice);
    let mut walk = Walk::new(&plan, policy, dice.fork());
    if let Some(Turn::Attempt(mut permit)) = walk.next(view, now) {
        permit.begun_well(now);
        observe(black_box(permit), Outcome::Success { ttft_ms: Some(200), total_ms: 900 }, now);
    }
}

fn deployment(index: u16) -> Deployment {
    Deployment {
        region: Some("eu/france".parse().expect("a region")),
        context_window: Some(128_000),
        max_output: Some(16_000),
        capabilities: Capabilities { yes: Needs::TOOLS, no: Needs::AUDIO_OUT },
        max_in_flight: Some(1_000),
        ..Deployment::unknown(format!("p{index}/model"), ProviderIndex(index), Protocol::OpenaiChat)
    }
}
