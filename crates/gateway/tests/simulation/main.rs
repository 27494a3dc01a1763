//! The whole pipeline on a simulated network and a virtual clock. A seed decides everything: what fails, when, in
//! which order; the same seed gives the same world, so a failure found here can be looked at as often as needed.
//!
//! `RELEVE_SEEDS=1000` runs that many seeds, `RELEVE_SEED=42` that one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod budgets;
mod limits;
mod network;
mod packed;
mod world;

use std::collections::HashSet;
use std::time::Duration;

use ledger::Outcome as Ended;
use simulator::Fault;

use crate::world::{Outcome, Plot, run};

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    match number("RELEVE_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("RELEVE_SEEDS").unwrap_or(12)).collect(),
    }
}

#[test]
fn p1_p2_g12_whatever_suppliers_do_each_client_gets_a_whole_answer_or_an_error_that_says_so() {
    for seed in seeds() {
        let plot = Plot::drawn(seed);
        let outcome = run(&plot);
        assert_eq!(outcome.answers.len(), plot.requests, "seed {seed}");
        for answer in &outcome.answers {
            let text = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, 200, "seed {seed}: one supplier is always healthy: {text}");
            if answer.stream {
                let whole = text.ends_with("data: [DONE]\n\n") && text.contains("\"finish_reason\":\"");
                let said = text.contains("\"error\"");
                assert!(whole != said, "seed {seed}, request {}: {text}", answer.request);
            } else {
                let reply: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                assert!(reply["choices"][0]["message"]["content"].is_string(), "seed {seed}: {text}");
            }
        }
    }
}

#[test]
fn p5_each_request_has_exactly_one_entry_that_tells_what_its_client_saw() {
    for seed in seeds() {
        let Outcome { answers, entries, .. } = run(&Plot::drawn(seed));
        let ids: HashSet<_> = entries.iter().map(|entry| entry.id).collect();
        assert_eq!((ids.len(), entries.len()), (answers.len(), answers.len()), "seed {seed}");
        let broken =
            answers.iter().filter(|answer| answer.body.windows(7).any(|found| found == b"\"error\"")).count();
        let told = entries.iter().filter(|entry| entry.outcome == Ended::BrokenOff).count();
        assert_eq!(broken, told, "seed {seed}");
        for entry in &entries {
            entry.check().unwrap_or_else(|error| panic!("seed {seed}, {}: {error}", entry.id));
            assert!(entry.attempts.len() <= 8, "seed {seed}: {:?}", entry.attempts);
        }
    }
}

#[test]
fn a_failing_seed_replays_exactly() {
    let plot = Plot::drawn(7);
    assert_eq!(run(&plot), run(&plot));
    assert_ne!(run(&plot).answers, run(&Plot::drawn(8)).answers);
}

/// A request that met a bug of ours has its entry, too, and its client is not said to have left.
#[test]
fn p5_a_panic_leaves_an_entry_that_says_who_broke_off() {
    let plot = Plot { has_bug: true, ..Plot::of([None], routing::Policy::default()) };
    let Outcome { answers, entries, .. } = run(&plot);
    assert_eq!(answers[0].status, 0, "{answers:?}");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].outcome, Ended::Interrupted);
}

/// What takes longer than ten milliseconds leaves a trace before its end, should nobody live to see that; what does not,
/// leaves its entry alone.
#[test]
fn p5_what_takes_long_leaves_its_intent_first() {
    let refused = Some(Fault::ServerError { status: 500 });
    let quick = Plot { latency: Duration::ZERO, ..Plot::of([refused], routing::Policy::default()) };
    let plots = seeds().into_iter().map(Plot::drawn).chain([quick]);
    let (mut short, mut long) = (0, 0);
    for plot in plots {
        let Outcome { entries, intents, .. } = run(&plot);
        assert!(intents.iter().all(|(_, is_first)| *is_first), "seed {}", plot.seed);
        for entry in entries {
            let written = intents.iter().filter(|(id, _)| *id == entry.id).count();
            // The clock moves on by a millisecond at a time.
            match entry.total_us {
                ..9_000 => {
                    short += 1;
                    assert_eq!(written, 0, "{entry:?}");
                }
                12_000.. => {
                    long += 1;
                    assert_eq!(written, 1, "{entry:?}");
                }
                _ => {}
            }
        }
    }
    assert!(short > 0 && long > 0, "{short} short, {long} long");
}
