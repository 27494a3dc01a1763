//! No retry storm: when everything is down, little is sent; and a due breaker sends one.

use std::time::Duration;

use wire::Failure;

use super::{Supplier, dead, failing, run};
use crate::fixture::Fixture;
use crate::policy::Prefer;

/// Failures in a row by which a supplier is known to be dead.
const FOUND_OUT_AFTER: u64 = 8;

fn fixture(count: u16, prefer: Prefer, seed: u64) -> Fixture {
    let mut fixture = Fixture::new(count);
    fixture.policy.prefer = prefer;
    fixture.dice = crate::dice::Dice::new(seed);
    fixture
}

fn all_dead(count: u16, failure: Failure, after_ms: u64, from: u64) -> Vec<Supplier> {
    (0..count).map(|_| failing(from..u64::MAX, failure, after_ms)).collect()
}

/// A failure, how long it takes to show, and how many suppliers at most have it in the test.
const DEATHS: [(Failure, u64, u16); 6] = [
    (Failure::Server, 20, 8),
    (Failure::Unreachable, 1, 8),
    (Failure::Unreachable, 2_000, 8),
    (Failure::Overloaded { retry_after: None }, 20, 8),
    (Failure::Credential, 50, 8),
    // With eight, five seconds each, finding out who is dead takes most of the minute.
    (Failure::Timeout, 5_000, 3),
];

#[test]
fn p3_all_dead_makes_fewer_than_1_2_attempts_a_request() {
    for prefer in [Prefer::Listed, Prefer::Weighted] {
        for (failure, after_ms, most) in DEATHS {
            for count in [1, 3, 8].into_iter().filter(|count| *count <= most) {
                // Dead from the start, and dead after twenty good seconds that filled the budgets.
                for from in [0, 20_000] {
                    let case = format!("{prefer}, {count} of {failure} ({after_ms} ms) from {from} ms");
                    let fixture = fixture(count, prefer, 5);
                    let tally = run(&fixture, &all_dead(count, failure, after_ms, from), 2, from + 60_000);
                    let rate = tally.attempts_per_request(from..from + 60_000, 2);
                    assert!(rate < 1.2, "{case}: {rate}");
                    // Once it is known, little is sent where failures show soon.
                    let later = tally.attempts_per_request(from + 30_000..from + 60_000, 2);
                    assert!(later < if after_ms <= 50 { 0.5 } else { 1.0 }, "{case}: {later} later");
                }
            }
        }
    }
}

#[test]
fn a_dead_route_asks_for_little_even_where_little_is_asked() {
    // Two requests a second, three suppliers: at first each fails over, then the reserve and the probes are what is left.
    let fixture = fixture(3, Prefer::Listed, 2);
    let tally = run(&fixture, &all_dead(3, Failure::Server, 20, 0), 500, 300_000);
    let rate = tally.attempts_per_request(0..300_000, 500);
    assert!(rate < 1.2, "{rate}");
}

/// A fifth of few requests is less than one attempt, and nobody could be tried. So there is a reserve: what it takes to find
/// out that a supplier is dead, and one attempt each ten seconds. No more than that, however few ask.
#[test]
fn p3_the_reserve_is_all_that_few_requests_get_beyond_their_share() {
    const SUPPLIERS: u16 = 3;
    const UNTIL: u64 = 600_000;
    for every_ms in [2_000, 5_000, 20_000] {
        let fixture = fixture(SUPPLIERS, Prefer::Listed, 2);
        let tally = run(&fixture, &all_dead(SUPPLIERS, Failure::Server, 20, 0), every_ms, UNTIL);
        let (requests, each) = (UNTIL / every_ms, u64::from(SUPPLIERS));
        let reserve = each * (FOUND_OUT_AFTER + UNTIL / 10_000);
        let attempts = tally.attempts.len() as u64;
        assert!(attempts <= requests * 6 / 5 + reserve, "{attempts} for {requests}, each {every_ms} ms");
    }
}

#[test]
fn a_supplier_that_asks_for_quiet_gets_it() {
    let quiet = Failure::RateLimited { retry_after: Some(Duration::from_secs(5)) };
    let fixture = fixture(1, Prefer::Listed, 1);
    let tally = run(&fixture, &[dead(quiet, 20)], 2, 30_000);
    // Those in flight when the first answer came, each five seconds anew, and none between.
    assert!(tally.attempts.len() <= 6 * 11, "{}", tally.attempts.len());
    for pair in tally.attempts.windows(2) {
        let gap = pair[1].began - pair[0].began;
        assert!(gap <= 20 || gap >= 4_980, "asked again after {gap} ms");
    }
}

#[test]
fn no_probe_storm() {
    for (failure, after_ms) in [(Failure::Server, 30), (Failure::Timeout, 10_000)] {
        for prefer in [Prefer::Listed, Prefer::Weighted] {
            let fixture = fixture(2, prefer, 3);
            let suppliers = [dead(failure, after_ms), super::well()];
            let tally = run(&fixture, &suppliers, 2, 300_000);
            let probes: Vec<_> =
                tally.attempts.iter().filter(|attempt| attempt.deployment == 0 && attempt.probe).collect();
            // 1 + 2 + 4 .. 60 s: nine in the first four minutes, fewer where each takes ten seconds.
            assert!((5..=11).contains(&probes.len()), "{prefer}, {failure}: {} probes", probes.len());
            // Once it is known to be dead, the probes are all that it gets.
            let known = 12_000;
            assert!(tally.most_in_a_second(0, known..300_000) <= 1);
            assert!(tally.failed.is_empty());
        }
    }
}
