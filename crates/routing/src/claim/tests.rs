use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use proptest::prelude::*;
use wire::Failure;

use super::*;
use crate::deployment::ProviderIndex;
use crate::fixture::{Fixture, deployment};
use crate::health::State;
use crate::observe::{Outcome, observe};
use crate::plan::Standing as Planned;
use crate::world::World;

const HEALTHY: Candidate =
    Candidate { deployment: DeploymentIndex(0), standing: Planned::Eligible, trouble: None };
const SERVED: Outcome = Outcome::Success { ttft_ms: None, total_ms: 1 };

fn last_resort() -> Candidate {
    Candidate { trouble: Some(Reason::NoSlot), ..HEALTHY }
}

fn take(fixture: &Fixture, candidate: &Candidate, cost: Cost, now: u64) -> Result<Permit, Reason> {
    claim(&fixture.view(), &fixture.policy, candidate, cost, Instant(now))
}

/// Fails it until it is not asked any more.
fn fell(fixture: &Fixture, failure: Failure, now: u64) {
    while let Ok(permit) = take(fixture, &HEALTHY, Cost::Further, now) {
        observe(permit, Outcome::Failed(failure), Instant(now));
    }
}

fn state(fixture: &Fixture, now: u64) -> State {
    fixture.world.health(DeploymentIndex(0), Instant(now)).state
}

fn in_flight(fixture: &Fixture) -> u64 {
    fixture.world.health(DeploymentIndex(0), Instant(0)).in_flight
}

#[test]
fn slots_bind_and_come_back() {
    let mut fixture = Fixture::new(1);
    fixture.deployments[0].max_in_flight = Some(2);
    let one = take(&fixture, &HEALTHY, Cost::First, 0).unwrap();
    let two = take(&fixture, &HEALTHY, Cost::First, 0).unwrap();
    assert_eq!(take(&fixture, &HEALTHY, Cost::First, 0).unwrap_err(), Reason::NoSlot);
    assert_eq!(take(&fixture, &last_resort(), Cost::First, 0).unwrap_err(), Reason::NoSlot);
    drop(one);
    observe(two, SERVED, Instant(1));
    assert_eq!(in_flight(&fixture), 0);
}

#[test]
fn a_failover_to_a_healthy_target_needs_no_budget() {
    let mut fixture = Fixture::new(1);
    fixture.policy.retry_budget = 0.0;
    let permits: Vec<_> = (0..10_000).map(|_| take(&fixture, &HEALTHY, Cost::Further, 0).unwrap()).collect();
    assert!(!permits[0].is_last_resort());
}

#[test]
fn a_last_resort_costs_a_token_and_a_target_that_just_fell_is_refused() {
    let fixture = Fixture::new(1);
    fell(&fixture, Failure::Server, 1_000);
    assert!(matches!(take(&fixture, &HEALTHY, Cost::Further, 1_000), Err(Reason::Open { .. })));
    let refused = take(&fixture, &last_resort(), Cost::Further, 1_000);
    assert!(matches!(refused, Err(Reason::NoBudget { wait_ms: 1.. })));
    // Five requests that ask here first pay for one that fails.
    let fails = |cost| match take(&fixture, &last_resort(), cost, 1_000) {
        Ok(permit) => {
            assert!(permit.is_last_resort());
            observe(permit, Outcome::Failed(Failure::Timeout), Instant(1_000));
            true
        }
        Err(_) => false,
    };
    assert_eq!((0..50).filter(|_| fails(Cost::First)).count(), 10);
    assert!(!fails(Cost::Further));
    assert_eq!(in_flight(&fixture), 0, "what was refused holds no slot");
}

#[test]
fn first_attempts_go_on_credit_so_that_slow_answers_keep_nobody_out() {
    let fixture = Fixture::new(1);
    fell(&fixture, Failure::Server, 20_000);
    let in_flight: Vec<_> =
        (0..1_000).map(|_| take(&fixture, &last_resort(), Cost::First, 20_000).unwrap()).collect();
    let refused_by_caller = Outcome::Failed(Failure::Client);
    for permit in in_flight {
        observe(permit, refused_by_caller, Instant(20_000));
    }
    assert!(take(&fixture, &last_resort(), Cost::First, 20_000).is_ok(), "a caller's fault costs nothing");
    // Further ones pay at once: 200 that these thousand paid, one of the reserve, one by this request and the last.
    let further: Vec<_> =
        std::iter::from_fn(|| take(&fixture, &last_resort(), Cost::Further, 20_000).ok()).collect();
    assert_eq!(further.len(), 201);
}

#[test]
fn a_last_resort_that_serves_brings_it_back_at_once() {
    let fixture = Fixture::new(1);
    // Nobody asked for a last resort before, so the one token of the reserve is there.
    fell(&fixture, Failure::Server, 20_000);
    let mut permit = take(&fixture, &last_resort(), Cost::Further, 20_000).unwrap();
    permit.begun_well(Instant(20_100));
    assert_eq!(state(&fixture, 20_100), State::Healthy);
}

#[test]
fn a_probe_needs_both_breakers_and_is_given_back_by_dropping() {
    let fixture = Fixture::new(1);
    fell(&fixture, Failure::Unreachable, 1_000);
    let due = 2_300;
    let probe = take(&fixture, &HEALTHY, Cost::First, due).unwrap();
    assert!(probe.is_probe());
    assert!(matches!(take(&fixture, &HEALTHY, Cost::First, due), Err(Reason::ProbeTaken { .. })));
    let provider = |fixture: &Fixture| fixture.world.provider_health(ProviderIndex(0), Instant(due)).state;
    assert_eq!(provider(&fixture), State::Probing);
    drop(probe);
    let again = take(&fixture, &HEALTHY, Cost::First, due).unwrap();
    assert!(again.is_probe());
    observe(again, SERVED, Instant(due));
    assert_eq!((state(&fixture, due), provider(&fixture)), (State::Healthy, State::Healthy));
}

#[test]
fn a_probe_refused_by_one_breaker_does_not_hold_the_other() {
    // The provider was unreachable; one of its models is in trouble of its own for longer.
    let fixture = Fixture::of(vec![deployment("p0/a", 0), deployment("p0/b", 0)], 1);
    let other = Candidate { deployment: DeploymentIndex(1), ..HEALTHY };
    let permit = take(&fixture, &HEALTHY, Cost::First, 0).unwrap();
    observe(permit, Outcome::Failed(Failure::ModelMissing), Instant(0));
    while let Ok(permit) = take(&fixture, &other, Cost::Further, 1_000) {
        observe(permit, Outcome::Failed(Failure::Unreachable), Instant(1_000));
    }
    assert!(matches!(take(&fixture, &HEALTHY, Cost::First, 2_300), Err(Reason::Benched { .. })));
    // The same where the deployment falls between the look and the claim.
    let (benched, provider) = (fixture.world.deployment(HEALTHY.deployment), &fixture.world);
    let refused = admitted_by_both(benched, provider.provider_of(HEALTHY.deployment), Instant(2_300));
    assert!(matches!(refused, Err(Reason::Benched { .. })));
    assert!(take(&fixture, &other, Cost::First, 2_300).unwrap().is_probe());
}

#[test]
fn an_answer_that_begins_well_ends_the_probing_early_and_its_break_still_counts() {
    let fixture = Fixture::new(1);
    fell(&fixture, Failure::Server, 1_000);
    let mut probe = take(&fixture, &HEALTHY, Cost::First, 2_300).unwrap();
    assert_eq!(state(&fixture, 2_400), State::Probing);
    probe.begun_well(Instant(2_400));
    probe.begun_well(Instant(2_401));
    assert_eq!(state(&fixture, 2_400), State::Healthy);
    let before = fixture.world.health(DeploymentIndex(0), Instant(3_000)).failure_rate;
    observe(probe, Outcome::Failed(Failure::Broken(wire::Broken::Cut)), Instant(3_000));
    assert!(fixture.world.health(DeploymentIndex(0), Instant(3_000)).failure_rate > before);
}

#[test]
fn a_reload_keeps_what_is_known_and_what_is_in_flight() {
    let mut fixture = Fixture::new(3);
    let permit = take(&fixture, &HEALTHY, Cost::First, 1_000).unwrap();
    fell(&fixture, Failure::Server, 1_000);
    // The first deployment is now the last; one is gone, one is new.
    let names = ["p1", "p9", "p0"].map(Into::into);
    fixture.deployments = vec![deployment("p1/m", 0), deployment("p9/m", 1), deployment("p0/m", 2)];
    fixture.world = World::grown_from(&fixture.world, &fixture.deployments, &names);
    let health = |index| fixture.world.health(DeploymentIndex(index), Instant(1_000));
    assert_eq!([0, 1, 2].map(|index| health(index).state), [State::Healthy, State::Healthy, State::Open]);
    assert_eq!(health(2).in_flight, 1);
    drop(permit);
    assert_eq!(health(2).in_flight, 0);
    fixture.world.pardon(ProviderIndex(2));
    assert_eq!(health(2).state, State::Healthy);
}

/// Two threads go through thousands of due breakers in lockstep: each has exactly one probe, and no slot is lost.
#[test]
fn one_probe_winner_among_racing_threads() {
    const BREAKERS: u16 = 5_000;
    let fixture = Fixture::new(BREAKERS);
    let candidates: Vec<Candidate> = (0..u32::from(BREAKERS))
        .map(|index| Candidate { deployment: DeploymentIndex(index), ..HEALTHY })
        .collect();
    for candidate in &candidates {
        let failure = if candidate.deployment.0 % 2 == 0 { Failure::Server } else { Failure::Unreachable };
        while let Ok(permit) = take(&fixture, candidate, Cost::Further, 1_000) {
            observe(permit, Outcome::Failed(failure), Instant(1_000));
        }
    }
    let arrived: Vec<AtomicU32> = candidates.iter().map(|_| AtomicU32::new(0)).collect();
    let probes: Vec<AtomicU32> = candidates.iter().map(|_| AtomicU32::new(0)).collect();
    let race = || {
        let claimed = candidates.iter().enumerate().filter_map(|(index, candidate)| {
            meet(&arrived[index]);
            let permit = take(&fixture, candidate, Cost::First, 2_300).ok()?;
            assert!(permit.is_probe());
            probes[index].fetch_add(1, SeqCst);
            Some(permit)
        });
        claimed.collect::<Vec<Permit>>()
    };
    // Nobody gives a probe back before both are through.
    let held = std::thread::scope(|scope| {
        let racing = [scope.spawn(race), scope.spawn(race)];
        racing.map(|thread| thread.join().unwrap())
    });
    drop(held);
    for (index, probes) in probes.iter().enumerate() {
        assert_eq!(probes.load(SeqCst), 1, "breaker {index}");
    }
    let left = |candidate: &Candidate| fixture.world.health(candidate.deployment, Instant(2_300)).in_flight;
    assert!(candidates.iter().all(|candidate| left(candidate) == 0));
}

/// Two threads leave together, as nearly as can be.
fn meet(arrived: &AtomicU32) {
    arrived.fetch_add(1, SeqCst);
    let mut spins = 0_u32;
    while arrived.load(SeqCst) < 2 {
        spins += 1;
        if spins.is_multiple_of(1_000) {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// Threads claim, observe and drop at random: the limit holds at every moment and nothing is left over.
#[test]
fn racing_threads_neither_exceed_nor_leak_slots() {
    const LIMIT: u32 = 3;
    let mut fixture = Fixture::new(1);
    fixture.deployments[0].max_in_flight = Some(LIMIT);
    let held = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (fixture, held) = (&fixture, &held);
            scope.spawn(move || {
                for turn in 0..5_000 {
                    let Ok(permit) = take(fixture, &last_resort(), Cost::First, turn) else { continue };
                    assert!(held.fetch_add(1, SeqCst) < LIMIT);
                    held.fetch_sub(1, SeqCst);
                    match (turn + thread) % 3 {
                        0 => drop(permit),
                        1 => drop(observe(permit, SERVED, Instant(turn))),
                        _ => drop(observe(permit, Outcome::Failed(Failure::Server), Instant(turn))),
                    }
                }
            });
        }
    });
    assert_eq!(in_flight(&fixture), 0);
}

#[test]
fn a_permit_may_be_moved_to_another_thread() {
    fn is_send<T: Send + 'static>() {}
    is_send::<Permit>();
}

proptest! {
    /// Whatever happens to permits, the count is that of those held, and in the end none.
    #[test]
    fn in_flight_is_what_is_held(moves in prop::collection::vec((0_u8..5, 0_u64..2_000), 1..200)) {
        let fixture = Fixture::new(1);
        let (mut held, mut now) = (Vec::new(), 0);
        for (kind, later) in moves {
            now += later;
            match kind {
                0 | 1 => held.extend(take(&fixture, &last_resort(), Cost::First, now)),
                2 => drop(held.pop()),
                3 => drop(held.pop().map(|permit| observe(permit, SERVED, Instant(now)))),
                _ => held.pop().into_iter().for_each(|permit| {
                    observe(permit, Outcome::Failed(Failure::Server), Instant(now));
                }),
            }
            prop_assert_eq!(in_flight(&fixture), held.len() as u64);
        }
        drop(held);
        prop_assert_eq!(in_flight(&fixture), 0);
    }
}

#[test]
fn p10_whoever_turns_a_breaker_is_told_and_nobody_else() {
    let fixture = Fixture::new(1);
    let fails = |now| {
        observe(
            take(&fixture, &last_resort(), Cost::First, now).unwrap(),
            Outcome::Failed(Failure::Unreachable),
            Instant(now),
        )
    };
    let mut turned = Vec::new();
    while turned.is_empty() {
        turned = fails(0).into_iter().flatten().collect();
    }
    assert!(turned.iter().all(|change| change.is_open), "{turned:?}");
    let probe_at = |later| {
        let permit = take(&fixture, &last_resort(), Cost::First, later).ok()?;
        permit.is_probe().then_some((permit, later))
    };
    let (mut probe, later) = (0..60_000).step_by(100).find_map(probe_at).unwrap();
    let back: Vec<_> = probe.begun_well(Instant(later)).into_iter().flatten().collect();
    assert!(!back.is_empty() && back.iter().all(|change| !change.is_open), "{back:?}");
    assert_eq!(observe(probe, SERVED, Instant(later)), [None, None]);
}
