use proptest::prelude::*;
use wire::{Blame, Broken};

use super::*;
use crate::claim::{Cost, claim};
use crate::deployment::{DeploymentIndex, ProviderIndex};
use crate::fixture::{Fixture, deployment};
use crate::health::State;
use crate::reason::Reason;

const D0: DeploymentIndex = DeploymentIndex(0);
const P0: ProviderIndex = ProviderIndex(0);

fn every_failure() -> Vec<Failure> {
    let after = |millis| Some(Duration::from_millis(millis));
    let asked_to_wait = [
        Failure::RateLimited { retry_after: after(20_000) },
        Failure::Overloaded { retry_after: after(20_000) },
    ];
    [&Failure::EACH[..], &asked_to_wait].concat()
}

/// One attempt that begins and ends at `now`; `false` if it was refused.
fn attempt(fixture: &mut Fixture, index: u32, outcome: Outcome, now: u64) -> bool {
    let candidate = fixture.candidate(index, now);
    match claim(&fixture.view(), &fixture.policy, &candidate, Cost::First, Instant(now)) {
        Ok(permit) => {
            observe(permit, outcome, Instant(now));
            true
        }
        Err(_) => false,
    }
}

/// What of the deployment and of its provider is left after `failures` at one moment.
fn states_after(failures: impl IntoIterator<Item = Failure>) -> (State, State) {
    let mut fixture = Fixture::new(1);
    fixture.policy.retry_budget = 0.0;
    for failure in failures {
        attempt(&mut fixture, 0, Outcome::Failed(failure), 1_000);
    }
    let now = Instant(1_000);
    (fixture.world.health(D0, now).state, fixture.world.provider_health(P0, now).state)
}

proptest! {
    /// Whatever callers do wrong, in whatever order and at whatever pace, nobody is left for it; and it hides no failure
    /// that would otherwise count.
    #[test]
    fn g15_caller_faults_never_eject(
        faults in prop::collection::vec((any::<bool>(), 0_u64..2_000), 1..300),
        real in 0_usize..=5,
    ) {
        let mut fixture = Fixture::new(1);
        for _ in 0..real.min(4) {
            attempt(&mut fixture, 0, Outcome::Failed(Failure::Server), 0);
        }
        let mut now = 0;
        for (client, later) in faults {
            now += later;
            let failure = if client { Failure::Client } else { Failure::ContextExceeded };
            prop_assert!(attempt(&mut fixture, 0, Outcome::Failed(failure), now));
            prop_assert_eq!(fixture.world.health(D0, Instant(now)).state, State::Healthy);
            prop_assert_eq!(fixture.world.provider_health(P0, Instant(now)).state, State::Healthy);
        }
        if real == 5 {
            attempt(&mut fixture, 0, Outcome::Failed(Failure::Server), now);
            prop_assert_eq!(fixture.world.health(D0, Instant(now)).state, State::Open);
        }
    }
}

#[test]
fn a_failure_counts_where_wire_says_it_belongs() {
    for failure in every_failure() {
        let (deployment, provider) = states_after([failure; 10]);
        let expected = match failure.blame() {
            Blame::None => (true, true),
            Blame::Deployment => (false, true),
            // Shown at the deployment too, since its provider's trouble is its own.
            Blame::Provider => (false, false),
        };
        assert_eq!((deployment == State::Healthy, provider == State::Healthy), expected, "{failure}");
    }
}

#[test]
fn what_a_person_must_mend_benches_at_once_and_the_rest_after_five() {
    for failure in every_failure() {
        let benched = matches!(failure, Failure::Credential | Failure::Quota | Failure::ModelMissing);
        let limited = failure.retry_after().is_some();
        let (once, _) = states_after([failure]);
        let (often, _) = states_after([failure; 5]);
        let expected = if limited {
            (State::RateLimited, State::RateLimited)
        } else if benched {
            (State::Benched, State::Benched)
        } else if failure.blame() == Blame::None {
            (State::Healthy, State::Healthy)
        } else {
            (State::Healthy, State::Open)
        };
        assert_eq!((once, often), expected, "{failure}");
    }
}

#[test]
fn a_dead_provider_takes_its_other_deployments_along() {
    let at_one_provider = vec![deployment("p0/a", 0), deployment("p0/b", 0), deployment("p1/a", 1)];
    for (failure, times) in [(Failure::Unreachable, 5), (Failure::Credential, 1), (Failure::Quota, 1)] {
        let mut fixture = Fixture::of(at_one_provider.clone(), 2);
        for _ in 0..times {
            attempt(&mut fixture, 0, Outcome::Failed(failure), 1_000);
        }
        let available = |index| fixture.world.health(DeploymentIndex(index), Instant(1_000)).is_available();
        assert_eq!([available(0), available(1), available(2)], [false, false, true], "{failure}");
    }
}

#[test]
fn failing_models_do_not_take_their_provider_along() {
    let mut fixture = Fixture::of(vec![deployment("p0/a", 0), deployment("p0/b", 0)], 1);
    for failure in [Failure::Server, Failure::Timeout, Failure::Broken(Broken::Empty)] {
        for _ in 0..5 {
            attempt(&mut fixture, 0, Outcome::Failed(failure), 1_000);
        }
    }
    assert!(!fixture.world.health(D0, Instant(1_000)).is_available());
    assert!(fixture.world.health(DeploymentIndex(1), Instant(1_000)).is_available());
}

#[test]
fn retry_after_is_a_floor_that_neither_success_nor_last_resort_breaks() {
    let mut fixture = Fixture::new(1);
    let candidate = fixture.candidate(0, 0);
    let claim_at = |fixture: &Fixture, now| {
        claim(&fixture.view(), &fixture.policy, &candidate, Cost::First, Instant(now))
    };
    let earlier = claim_at(&fixture, 0).unwrap();
    let late_limit = claim_at(&fixture, 0).unwrap();
    let limited = Failure::RateLimited { retry_after: Some(Duration::from_secs(20)) };
    attempt(&mut fixture, 0, Outcome::Failed(limited), 1_000);
    observe(earlier, Outcome::Success { ttft_ms: None, total_ms: 2_000 }, Instant(2_000));
    for now in (1_000..21_000).step_by(100) {
        for _ in 0..10 {
            assert!(matches!(claim_at(&fixture, now), Err(Reason::RateLimited { .. })), "at {now}");
        }
    }
    // A late 429, of an attempt begun before all this, is the supplier's latest word.
    observe(late_limit, Outcome::Failed(limited), Instant(21_000));
    assert!(matches!(claim_at(&fixture, 40_999), Err(Reason::RateLimited { .. })));
    assert!(claim_at(&fixture, 43_100).is_ok());
}

#[test]
fn a_few_limits_without_a_time_do_not_drive_traffic_away() {
    let mut fixture = Fixture::new(1);
    for request in 0..10_000 {
        let limited = request % 20 == 0;
        let outcome = if limited {
            Outcome::Failed(Failure::RateLimited { retry_after: None })
        } else {
            Outcome::Success { ttft_ms: None, total_ms: 500 }
        };
        assert!(attempt(&mut fixture, 0, outcome, request * 10));
    }
}

#[test]
fn speed_is_learnt_from_what_served() {
    let mut fixture = Fixture::new(1);
    attempt(&mut fixture, 0, Outcome::Failed(Failure::Server), 0);
    assert_eq!(fixture.world.health(D0, Instant(0)).total_time_ms, None);
    attempt(&mut fixture, 0, Outcome::Success { ttft_ms: Some(200), total_ms: 900 }, 0);
    attempt(&mut fixture, 0, Outcome::Success { ttft_ms: None, total_ms: 1_100 }, 0);
    let health = fixture.world.health(D0, Instant(0));
    assert_eq!(health.time_to_first_token_ms, Some(200.0));
    assert_eq!(health.total_time_ms, Some(1_000.0));
}
