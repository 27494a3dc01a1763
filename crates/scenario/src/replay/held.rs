//! What holds by itself, decisions and contracts, holds in a replay too: before and after, on its own clock.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small numbers, and none is exactly none"
)]

use std::time::Duration;

use routing::{Ground, Posture, PostureKind};

use super::testing::{estate, fitted, run, traffic};
use super::{PlayedEstate, Tally};
use crate::event::{Course, Event, Scenario, Target, What, compile};
use crate::tenure::{Hold, Tenure};

const MINUTE: u64 = 60_000;
const LEFT: Posture = Posture::Leave(Ground::Untold);

/// Two deployments, of which the first is held so.
fn held(on: Option<&str>, (from_ms, until_ms): (u64, Option<u64>), posture: Posture) -> PlayedEstate {
    let mut estate = estate(2);
    let on = on.map(|on| on.parse().unwrap());
    estate.backing[0].tenure = Tenure { holds: vec![Hold { on, from_ms, until_ms, posture }], off_ms: None };
    estate
}

fn scenario(span: Duration, events: Vec<Event>) -> Scenario {
    Scenario { name: "s".to_owned(), why: String::new(), span, events, herd: None }
}

fn decided(kind: PostureKind, on: &str) -> Event {
    let targets: Vec<Target> = vec![on.parse().unwrap()];
    Event { targets, from: Duration::ZERO, until: None, what: What::Posture { kind, per_hour: 0.1 } }
}

/// Ten minutes of a request a second, which are `compressed` times as long in the scenario.
fn calm(estate: &PlayedEstate, compressed: f64) -> Tally {
    played(estate, &Course::calm(estate, 10 * MINUTE, compressed))
}

fn played(estate: &PlayedEstate, course: &Course) -> Tally {
    run(estate, &traffic(1_000, 10 * MINUTE), &fitted(2), course, 1)
}

/// The share that the first of two served.
fn share(tally: &Tally) -> f64 {
    let [first, second] = [0, 1].map(|index| tally.deployments[index].served as f64);
    first / (first + second)
}

#[test]
fn whoever_was_left_serves_nobody_before_anything_happens() {
    for estate in [held(Some("maker:maker0"), (0, None), LEFT), held(None, (0, None), LEFT), {
        let mut off = estate(2);
        off.backing[0].tenure.off_ms = Some(0);
        off
    }] {
        let tally = calm(&estate, 1.0);
        assert!(tally.products[0].served_share() > 0.99 && share(&tally) == 0.0, "{}", share(&tally));
    }
}

#[test]
fn what_ends_by_itself_ends_on_the_scenarios_clock() {
    // A contract that is over half way, a decision that expires then, a model that is switched off: also where a day is
    // played in ten minutes.
    for compressed in [1.0, 144.0] {
        let half = (5.0 * MINUTE as f64 * compressed) as u64;
        let ends = held(None, (half, None), LEFT);
        let expires = held(Some("maker:maker0"), (0, Some(half)), LEFT);
        let mut off = estate(2);
        off.backing[0].tenure.off_ms = Some(half);
        for estate in [ends, expires, off] {
            let share = share(&calm(&estate, compressed));
            assert!((share - 0.5).abs() < 0.02, "{compressed}: {share}");
        }
    }
}

#[test]
fn a_drain_goes_on_from_what_is_left_of_it() {
    for compressed in [1.0, 6.0] {
        // It began one span ago and is gone after another: half is left, which shrinks to nothing.
        let span_ms = (10.0 * MINUTE as f64 * compressed) as i64;
        let per_hour = 3_600_000.0 / (2.0 * span_ms as f64);
        let estate = held(None, (0, None), Posture::drain_from(-span_ms, per_hour));
        let share = share(&calm(&estate, compressed));
        assert!((share - 0.25).abs() < 0.05, "{compressed}: {share}");
    }
}

#[test]
fn what_people_do_in_a_scenario_stands_beside_what_holds_but_on_the_same_target() {
    let (maker, span) = (Some("maker:maker0"), Duration::from_millis(10 * MINUTE));
    let with = |estate: &PlayedEstate, event: Event| {
        let scenario = scenario(span, vec![event]);
        assert!(scenario.does_something(estate, &[true, true]) || share(&calm(estate, 1.0)) == 0.0);
        share(&played(estate, &compile(&scenario, estate, 10 * MINUTE)))
    };
    let left = held(maker, (0, None), LEFT);
    assert_eq!(with(&left, decided(PostureKind::Watch, "host:maker0")), 0.0, "the strictest holds");
    assert!(
        with(&left, decided(PostureKind::Normal, "maker:maker0")) > 0.95,
        "the last word on a target holds"
    );
    let over = held(None, (0, None), LEFT);
    assert_eq!(
        with(&over, decided(PostureKind::Normal, "maker:maker0")),
        0.0,
        "a contract is over all the same"
    );
    let lifted = scenario(span, vec![decided(PostureKind::Leave, "host:maker0")]);
    assert!(!lifted.does_something(&left, &[true, true]), "whoever was left cannot be left again");
}
