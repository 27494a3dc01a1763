//! Whoever is back gets its traffic back.

use wire::Failure;

use super::{Fate, Supplier, failing, flaky, run, well};
use crate::fixture::Fixture;
use crate::policy::Prefer;

/// The longest wait with its jitter.
const LONGEST_WAIT_MS: u64 = 72_000;

#[test]
fn listed_returns_to_the_first_after_healing() {
    for outage_ms in [500, 5_000, 60_000, 300_000] {
        let back = 10_000 + outage_ms;
        let first = failing(10_000..back, Failure::Server, 20);
        let end = back + LONGEST_WAIT_MS + 10_000;
        let tally = run(&Fixture::new(2), &[first, well()], 10, end);
        assert!(tally.failed.is_empty());
        let healed = back + LONGEST_WAIT_MS;
        assert_eq!(tally.attempts_at(1, healed..end), 0, "after {outage_ms} ms");
        assert_eq!(tally.attempts_at(0, healed..end), 1_000);
        // A short outage is forgiven soon.
        let soon = back + (2 * outage_ms).clamp(2_500, LONGEST_WAIT_MS);
        assert_eq!(tally.attempts_at(1, soon..end), 0, "after {outage_ms} ms, by {soon}");
    }
}

#[test]
fn weighted_shares_again_after_healing() {
    let mut fixture = Fixture::new(2);
    fixture.policy.prefer = Prefer::Weighted;
    let tally = run(&fixture, &[failing(10_000..70_000, Failure::Unreachable, 5), well()], 2, 200_000);
    let shared = tally.attempts_at(0, 150_000..200_000);
    assert!((12_000..13_000).contains(&shared), "{shared} of 25,000");
}

#[test]
fn when_all_were_down_the_first_to_be_back_is_found_at_once() {
    for back in 0..3 {
        let suppliers: Vec<Supplier> = (0..3)
            .map(|index| {
                let until = if index == back { 310_000 } else { u64::MAX };
                failing(10_000..until, Failure::Server, 20)
            })
            .collect();
        let tally = run(&Fixture::new(3), &suppliers, 2, 330_000);
        let late = tally.failed.iter().filter(|arrived| **arrived >= 311_000).count();
        assert_eq!(late, 0, "{back} was found late");
    }
}

#[test]
fn a_blip_of_the_only_supplier_is_over_when_it_is_over() {
    // Long plain answers: nobody knows that it is back until the first of them is whole.
    let slow: Supplier = Box::new(|now, _| match now {
        30_000..31_000 => Fate::Fails { after_ms: 5, failure: Failure::Unreachable },
        _ => Fate::Serves { after_ms: 3_000 },
    });
    let tally = run(&Fixture::new(1), &[slow], 10, 60_000);
    let after = tally.failed.iter().filter(|arrived| **arrived >= 31_000).count();
    assert_eq!(after, 0, "refused although it was back");
}

#[test]
fn half_of_nothing_but_errors_still_serves_the_other_half() {
    // One supplier, six in ten fail, for minutes: better than turning everybody away.
    let overloaded = Failure::Overloaded { retry_after: None };
    let tally = run(&Fixture::new(1), &[flaky(0.6, overloaded, 20)], 2, 120_000);
    let served = tally.requests - tally.failed.len();
    assert!(served * 4 > tally.requests, "{served} of {}", tally.requests);
}
