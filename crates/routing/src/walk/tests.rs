use std::time::Duration;

use super::*;
use crate::fixture::Fixture;
use crate::observe::{Outcome, observe};
use crate::plan::Standing;

/// Walks a fresh plan; each attempt goes as `fate` says for its deployment, `None` being served. Who was attempted.
fn walked(fixture: &mut Fixture, now: u64, fate: impl Fn(u32) -> Option<Failure>) -> Vec<u32> {
    let plan = fixture.plan(now);
    let (view, now) = (fixture.view(), Instant(now));
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let mut attempted = Vec::new();
    while let Some(turn) = walk.next(&view, now) {
        let Turn::Attempt(permit) = turn else { continue };
        let deployment = permit.deployment();
        attempted.push(deployment.0);
        let Some(failure) = fate(deployment.0) else {
            observe(permit, Outcome::Success { ttft_ms: None, total_ms: 1 }, now);
            break;
        };
        observe(permit, Outcome::Failed(failure), now);
        walk.failed(&view, deployment, failure);
    }
    attempted
}

#[test]
fn the_next_candidate_follows_a_failure() {
    let served_by_2 = |index| (index < 2).then_some(Failure::Overloaded { retry_after: None });
    assert_eq!(walked(&mut Fixture::new(3), 0, served_by_2), [0, 1, 2]);
}

#[test]
fn a_callers_fault_ends_it() {
    assert_eq!(walked(&mut Fixture::new(3), 0, |_| Some(Failure::Client)), [0]);
}

#[test]
fn never_more_than_the_attempts_allowed() {
    let mut fixture = Fixture::new(5);
    assert_eq!(walked(&mut fixture, 0, |_| Some(Failure::Timeout)).len(), 3);
    fixture.policy.max_attempts = 1;
    assert_eq!(walked(&mut fixture, 0, |_| Some(Failure::Timeout)).len(), 1);
}

#[test]
fn a_passing_failure_is_tried_again_where_nobody_else_is_left() {
    assert_eq!(walked(&mut Fixture::new(1), 0, |_| Some(Failure::Server)), [0, 0, 0]);
    assert_eq!(walked(&mut Fixture::new(2), 0, |_| Some(Failure::Unreachable)), [0, 1, 0]);
    for lasting in [
        Failure::Timeout,
        Failure::Quota,
        Failure::ModelMissing,
        Failure::Overloaded { retry_after: None },
        Failure::RateLimited { retry_after: Some(Duration::from_secs(1)) },
        Failure::Broken(Broken::TooLong),
    ] {
        assert_eq!(walked(&mut Fixture::new(1), 0, |_| Some(lasting)), [0], "{lasting}");
    }
}

/// G14: another candidate is asked at once, the same one after a pause that grows and differs between requests.
#[test]
fn g14_the_same_deployment_is_asked_again_only_after_a_pause() {
    let pauses = |deployments: u16, seed: u64| {
        let mut fixture = Fixture::new(deployments);
        fixture.policy.max_attempts = 4;
        let plan = fixture.plan(0);
        let (view, now) = (fixture.view(), Instant(0));
        let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(seed));
        let mut told = Vec::new();
        while let Some(turn) = walk.next(&view, now) {
            match turn {
                Turn::Pause(pause) => told.push(Some(pause)),
                Turn::Refused(..) => panic!("all are held for healthy"),
                Turn::Attempt(permit) => {
                    let deployment = permit.deployment();
                    told.push(None);
                    observe(permit, Outcome::Failed(Failure::Server), now);
                    walk.failed(&view, deployment, Failure::Server);
                }
            }
        }
        told
    };
    let alone = pauses(1, 1);
    let [None, Some(first), None, Some(second), None, Some(third), None] = alone[..] else {
        panic!("{alone:?}")
    };
    for (pause, usual_ms) in [(first, 100), (second, 200), (third, 400)] {
        let usual = Duration::from_millis(usual_ms);
        assert!((usual / 2..usual * 3 / 2).contains(&pause), "{alone:?}");
    }
    assert_ne!(pauses(1, 2), alone, "chance keeps requests apart");
    assert!(matches!(pauses(3, 1)[..], [None, None, None, Some(_), None]));
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    let mut fixture = Fixture::new(2);
    fixture.policy.max_attempts = 4;
    let plan = fixture.plan(0);
    let (view, now) = (fixture.view(), Instant(0));
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let mut asked = Vec::new();
    while let Some(turn) = walk.next(&view, now) {
        let Turn::Attempt(permit) = turn else { continue };
        let deployment = permit.deployment();
        asked.push(deployment.0);
        observe(permit, Outcome::Failed(Failure::Unreachable), now);
        walk.failed(&view, deployment, Failure::Unreachable);
        if deployment.0 == 0 {
            walk.give_up(deployment);
        }
    }
    assert_eq!(asked, [0, 1, 1, 1], "the other may come back");
}

#[test]
fn who_fell_by_this_very_request_is_neither_asked_again_nor_told_of() {
    let mut fixture = Fixture::new(1);
    fixture.policy.retry_budget = 10.0; // enough for any last resort
    for _ in 0..4 {
        walked(&mut fixture, 0, |_| Some(Failure::Timeout));
    }
    let plan = fixture.plan(0);
    let (view, now) = (fixture.view(), Instant(0));
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let Some(Turn::Attempt(permit)) = walk.next(&view, now) else { panic!("healthy until now") };
    observe(permit, Outcome::Failed(Failure::Server), now);
    walk.failed(&view, DeploymentIndex(0), Failure::Server);
    assert!(walk.next(&view, now).is_none());
    assert!(fixture.candidate(0, 0).is_last_resort());
}

#[test]
fn an_outgrown_window_is_followed_by_a_larger_one_only() {
    let mut fixture = Fixture::new(5);
    for (index, window) in [Some(8_000), Some(4_000), Some(8_000), Some(32_000), None].into_iter().enumerate()
    {
        fixture.deployments[index].context_window = window;
    }
    fixture.policy.max_attempts = 9;
    assert_eq!(walked(&mut fixture, 0, |_| Some(Failure::ContextExceeded)), [0, 3, 4]);
}

#[test]
fn excluded_candidates_are_not_asked_wherever_they_stand() {
    let mut fixture = Fixture::new(3);
    let mut plan = fixture.plan(0);
    plan.candidates[1].standing = Standing::Excluded(Reason::Unpriced);
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let mut asked = Vec::new();
    while let Some(Turn::Attempt(permit)) = walk.next(&fixture.view(), Instant(0)) {
        asked.push(permit.deployment().0);
    }
    assert_eq!(asked, [0, 2]);
}

#[test]
fn who_fell_since_the_plan_is_passed_over_and_kept_as_a_last_resort() {
    let mut fixture = Fixture::new(2);
    let plan = fixture.plan(60_000);
    let now = Instant(60_000);
    // Meanwhile, others found the first candidate dead.
    for _ in 0..5 {
        let other = claim(&fixture.view(), &fixture.policy, &plan.candidates[0], Cost::First, now).unwrap();
        observe(other, Outcome::Failed(Failure::Server), now);
    }
    let view = fixture.view();
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let mut told = Vec::new();
    while let Some(turn) = walk.next(&view, now) {
        match turn {
            Turn::Pause(_) => panic!("nobody is asked again"),
            Turn::Refused(deployment, reason) => told.push((deployment.0, reason.as_str())),
            Turn::Attempt(permit) => {
                told.push((
                    permit.deployment().0,
                    if permit.is_last_resort() { "last resort" } else { "tried" },
                ));
                walk.failed(&view, permit.deployment(), Failure::Timeout);
                observe(permit, Outcome::Failed(Failure::Timeout), now);
            }
        }
    }
    assert_eq!(told, [(0, "open"), (1, "tried"), (0, "last resort")]);
}

#[test]
fn an_attempt_that_waits_holds_nobodys_slot_and_comes_next() {
    let mut fixture = Fixture::new(2);
    fixture.deployments[0].max_in_flight = Some(1);
    let plan = fixture.plan(0);
    let (view, now) = (fixture.view(), Instant(0));
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let attempt = |walk: &mut Walk<'_>| match walk.next(&view, now) {
        Some(Turn::Attempt(permit)) => permit,
        other => panic!("{other:?}"),
    };
    let permit = attempt(&mut walk);
    assert_eq!(permit.deployment().0, 0);
    walk.postpone(permit);
    assert_eq!(walk.attempts(), 0);
    let other = claim(&view, &fixture.policy, &plan.candidates[0], Cost::First, now).unwrap();
    drop(other);
    let permit = attempt(&mut walk);
    assert_eq!((permit.deployment().0, walk.attempts()), (0, 1), "the same one, before all others");
    walk.postpone(permit);
    let other = claim(&view, &fixture.policy, &plan.candidates[0], Cost::First, now).unwrap();
    assert!(matches!(walk.next(&view, now), Some(Turn::Refused(deployment, _)) if deployment.0 == 0));
    assert_eq!(attempt(&mut walk).deployment().0, 1, "who is full meanwhile is passed over");
    drop(other);
}

/// A request pays into its target's budget once, however often it comes back to it.
#[test]
fn an_attempt_that_waited_is_paid_for_once() {
    let mut fixture = Fixture::new(1);
    let plan = fixture.plan(0);
    let (view, now) = (fixture.view(), Instant(0));
    let tokens = || view.world.deployment(plan.candidates[0].deployment).tokens(now);
    let mut walk = Walk::new(&plan, &fixture.policy, Dice::new(1));
    let before = tokens();
    let paid = |walk: &mut Walk<'_>| {
        let Some(Turn::Attempt(permit)) = walk.next(&view, now) else { panic!("it is healthy") };
        walk.postpone(permit);
        tokens() - before
    };
    let once = paid(&mut walk);
    assert!(once > 0.0);
    assert!((paid(&mut walk) - once).abs() < f64::EPSILON);
}
