//! One falls and nobody notices.

use wire::{Broken, Failure};

use super::{Fate, Supplier, dead, failing, flaky, run, well};
use crate::fixture::{Fixture, deployment};
use crate::policy::Prefer;

const FAILURES: [(Failure, u64); 8] = [
    (Failure::Server, 20),
    (Failure::Unreachable, 1),
    (Failure::Unreachable, 2_000),
    (Failure::Credential, 30),
    (Failure::ModelMissing, 30),
    (Failure::RateLimited { retry_after: None }, 30),
    (Failure::Timeout, 20_000),
    (Failure::Broken(Broken::Empty), 30),
];

#[test]
fn p1_one_of_two_dead_fails_no_request() {
    for prefer in [Prefer::Listed, Prefer::Weighted] {
        for (failure, after_ms) in FAILURES {
            for the_dead_one in [0, 1] {
                let mut fixture = Fixture::new(2);
                fixture.policy.prefer = prefer;
                let mut suppliers: Vec<Supplier> = vec![well(), well()];
                suppliers[the_dead_one] = failing(5_000..50_000, failure, after_ms);
                let tally = run(&fixture, &suppliers, 2, 90_000);
                assert!(
                    tally.failed.is_empty(),
                    "{prefer}, {the_dead_one} {failure}: {}",
                    tally.failed.len()
                );
                // A failover needs none while somebody is healthy.
                assert!(tally.attempts.iter().all(|attempt| !attempt.last_resort));
            }
        }
    }
}

#[test]
fn two_of_three_dead_fail_no_request_even_at_one_account() {
    let mut fixture =
        Fixture::of(vec![deployment("p0/a", 0), deployment("p0/b", 0), deployment("p1/a", 1)], 2);
    fixture.policy.prefer = Prefer::Weighted;
    for (failure, after_ms) in FAILURES {
        let suppliers = [dead(failure, after_ms), dead(failure, after_ms), well()];
        let tally = run(&fixture, &suppliers, 2, 60_000);
        assert!(tally.failed.is_empty(), "{failure}: {}", tally.failed.len());
    }
}

#[test]
fn three_per_cent_of_errors_move_three_per_cent() {
    let tally = run(&Fixture::new(2), &[flaky(0.03, Failure::Server, 40), well()], 2, 200_000);
    assert!(tally.failed.is_empty());
    assert_eq!(tally.attempts_at(0, 0..200_000), 100_000, "all are sent there first");
    let moved = tally.attempts_at(1, 0..200_000);
    assert!((2_700..3_300).contains(&moved), "{moved} of 100,000 moved");
}

#[test]
fn a_fallback_that_once_fell_takes_over_at_full_rate() {
    // The second was down for a while when a few requests met it; nobody asked it since. Then the first falls.
    for quiet_ms in [3_000, 30_000, 300_000] {
        let first_falls = 20_000 + quiet_ms;
        let first: Supplier = Box::new(move |now, _| match now {
            10_000..10_500 => Fate::Fails { after_ms: 5, failure: Failure::Server },
            _ if now >= first_falls => Fate::Fails { after_ms: 5, failure: Failure::Unreachable },
            _ => Fate::Serves { after_ms: 800 },
        });
        let second: Supplier = Box::new(|now, _| match now {
            10_000..12_000 => Fate::Fails { after_ms: 5, failure: Failure::Server },
            _ => Fate::Serves { after_ms: 800 },
        });
        let tally = run(&Fixture::new(2), &[first, second], 2, first_falls + 30_000);
        let late = tally.failed.iter().filter(|arrived| **arrived >= 15_000).count();
        assert_eq!(late, 0, "after {quiet_ms} ms");
    }
}
