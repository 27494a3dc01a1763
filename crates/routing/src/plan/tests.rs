use std::time::Duration;

use catalogue::Protocol;
use wire::Failure;

use super::*;
use crate::claim::{Cost, claim};
use crate::fixture::{self, Fixture, deployment};
use crate::observe::{Outcome, observe};
use crate::posture::{Day, Ground};

/// Fails `index` until it is not asked any more.
fn fell(fixture: &mut Fixture, index: u32, failure: Failure, now: u64) {
    let healthy =
        Candidate { deployment: DeploymentIndex(index), standing: Standing::Eligible, trouble: None };
    while let Ok(permit) = claim(&fixture.view(), &fixture.policy, &healthy, Cost::Further, Instant(now)) {
        observe(permit, Outcome::Failed(failure), Instant(now));
    }
}

#[test]
fn listed_asks_in_the_routes_order() {
    assert_eq!(Fixture::new(3).order(0), [0, 1, 2]);
}

#[test]
fn weighted_asks_by_share_and_never_who_has_none() {
    let mut fixture = Fixture::new(3);
    fixture.policy.prefer = Prefer::Weighted;
    fixture.entries[0].weight = 0;
    fixture.entries[1].weight = 3;
    let mut first = [0; 3];
    for _ in 0..10_000 {
        let plan = fixture.plan(0);
        first[plan.candidates[0].deployment.at()] += 1;
        assert_eq!(plan.candidates[2].standing, Standing::Excluded(Reason::ZeroWeight));
    }
    assert_eq!(first[0], 0);
    assert!((7_300..7_700).contains(&first[1]), "{first:?}");
}

#[test]
fn g16_candidates_are_filtered_first_and_each_says_why() {
    let mut deployments: Vec<_> = (0..4).map(|index| deployment(&format!("p{index}/m"), index)).collect();
    deployments[0].protocol = Protocol::Gemini;
    deployments[1].context_window = Some(1_000);
    deployments[3].region = Some("eu/france".parse().unwrap());
    let fixture = Fixture::of(deployments, 4);
    let eu = ["eu".parse().unwrap()];
    let facts = Facts { regions: &eu, estimated_input_tokens: 5_000, ..fixture::facts() };
    let mut dice = Dice::new(1);
    let plan = plan(&facts, &fixture.policy, &fixture.entries, &fixture.view(), Instant(0), &mut dice);
    let told: Vec<_> =
        plan.candidates.iter().map(|candidate| (candidate.deployment.0, candidate.reason())).collect();
    assert_eq!(
        told,
        [
            (3, None),
            (0, Some(Reason::Protocol)),
            (1, Some(Reason::RegionUnknown)),
            (2, Some(Reason::RegionUnknown)),
        ]
    );
}

#[test]
fn whoever_is_in_trouble_comes_last_and_the_less_hopeless_first() {
    let mut fixture = Fixture::new(5);
    fixture.deployments[1].max_in_flight = Some(0);
    fell(&mut fixture, 0, Failure::RateLimited { retry_after: Some(Duration::from_secs(9)) }, 1_000);
    fell(&mut fixture, 2, Failure::Quota, 1_000);
    fell(&mut fixture, 3, Failure::Server, 1_000);
    assert_eq!(fixture.order(1_000), [4, 3, 2, 1, 0]);
    let plan = fixture.plan(1_000);
    assert!(plan.candidates.iter().all(Candidate::is_eligible));
    let codes: Vec<_> =
        plan.candidates[1..].iter().map(|candidate| candidate.reason().unwrap().as_str()).collect();
    assert_eq!(codes, ["open", "benched", "no_slot", "rate_limited"]);
}

#[test]
fn a_due_one_is_asked_at_its_place_but_only_one_before_a_healthy_one() {
    let mut fixture = Fixture::new(4);
    for index in 0..3 {
        fell(&mut fixture, index, Failure::Server, 1_000);
    }
    assert_eq!(fixture.order(1_000)[0], 3);
    assert_eq!(fixture.order(2_300), [0, 3, 1, 2]);
    let due = fixture.candidate(1, 2_300);
    assert!(!due.is_last_resort() && matches!(due.trouble, Some(Reason::Due { .. })));
    // While the first is being probed, the second's turn comes.
    let first = fixture.candidate(0, 2_300);
    let probe = claim(&fixture.view(), &fixture.policy, &first, Cost::First, Instant(2_300)).unwrap();
    assert!(probe.is_probe());
    assert_eq!(fixture.order(2_300), [1, 3, 2, 0]);
}

#[test]
fn last_resorts_are_shared_out() {
    let mut fixture = Fixture::new(3);
    for index in 0..3 {
        fell(&mut fixture, index, Failure::Server, 1_000);
    }
    let mut first = [0; 3];
    for _ in 0..3_000 {
        let plan = fixture.plan(1_000);
        assert!(plan.candidates.iter().all(Candidate::is_last_resort));
        first[plan.candidates[0].deployment.at()] += 1;
    }
    assert!(first.iter().all(|count| (850..1_150).contains(count)), "{first:?}");
}

#[test]
fn planning_changes_nothing() {
    let mut fixture = Fixture::new(3);
    fell(&mut fixture, 0, Failure::Server, 1_000);
    let seen = |fixture: &Fixture| {
        [0, 1, 2].map(|index| fixture.world.health(DeploymentIndex(index), Instant(2_500)))
    };
    let before = seen(&fixture);
    for now in [2_500, 100_000, 0] {
        fixture.plan(now);
    }
    assert_eq!(seen(&fixture), before);
}

/// How often each of the first three is asked first, of so many requests.
fn first_asked(fixture: &mut Fixture, now: u64, requests: u32) -> [u32; 3] {
    let mut counts = [0; 3];
    for _ in 0..requests {
        counts[fixture.order(now)[0] as usize] += 1;
    }
    counts
}

#[test]
fn whom_people_left_is_excluded_and_says_so() {
    let mut fixture = Fixture::new(3);
    let last = Day { year: 2026, month: 2, day: 20 };
    for (ground, reason) in [
        (Ground::Untold, Reason::Left),
        (Ground::Decision(3), Reason::LeftBy { decision: 3 }),
        (Ground::ContractEnded(last), Reason::ContractEnded { last }),
    ] {
        fixture.world.set_posture(DeploymentIndex(0), Posture::Leave(ground));
        assert_eq!(fixture.order(0), [1, 2, 0]);
        assert_eq!(fixture.candidate(0, 0).standing, Standing::Excluded(reason));
    }
    fixture.world.set_posture(DeploymentIndex(0), Posture::Normal);
    assert_eq!(fixture.order(0), [0, 1, 2]);
}

#[test]
fn a_drain_takes_away_its_share_an_hour_and_leaves_a_last_fallback() {
    let mut fixture = Fixture::new(3);
    fixture.world.set_posture(DeploymentIndex(0), Posture::drain_from(0, 0.1));
    let hour = 3_600_000;
    assert_eq!(first_asked(&mut fixture, 0, 1_000), [1_000, 0, 0]);
    let [kept, taken, none] = first_asked(&mut fixture, 3 * hour, 10_000);
    assert!((6_800..7_200).contains(&kept) && none == 0, "{kept} of 10,000 after three hours");
    assert_eq!(kept + taken, 10_000);
    assert_eq!(fixture.order(11 * hour), [1, 2, 0]);
    let drained = fixture.candidate(0, 11 * hour);
    assert_eq!((drained.standing, drained.trouble), (Standing::Eligible, Some(Reason::Drained)));
    assert!(!drained.is_last_resort(), "it is asked before those in trouble, and costs no token");
    fixture.world.set_posture(DeploymentIndex(1), Posture::drain_from(0, 1.0));
    fixture.world.set_posture(DeploymentIndex(2), Posture::drain_from(0, 1.0));
    assert_eq!(fixture.order(11 * hour), [0, 1, 2], "where all are drained, preference decides");
}

#[test]
fn fallbacks_are_kept_warm_where_wanted_or_watched() {
    let mut fixture = Fixture::new(3);
    assert_eq!(first_asked(&mut fixture, 0, 1_000), [1_000, 0, 0]);
    fixture.policy.keep_warm = 0.05;
    let [_, one, other] = first_asked(&mut fixture, 0, 20_000);
    assert!((850..1_150).contains(&one) && (850..1_150).contains(&other), "{one}, {other} of 20,000");
    fixture.policy.keep_warm = 0.0;
    fixture.world.set_posture(DeploymentIndex(0), Posture::Watch);
    let [_, one, other] = first_asked(&mut fixture, 0, 20_000);
    assert!((300..500).contains(&one) && (300..500).contains(&other), "{one}, {other} of 20,000");
}
