//! How long each thing may take, on a clock that skips the waiting.

use std::time::Duration;

use ledger::{AttemptOutcome, AttemptRecord, Entry, Outcome, UsageSource};
use routing::Policy;
use simulator::{After, Fault};
use wire::Failure;

use crate::world::{Plot, run};

/// No limit in the way of the one that is tried.
fn patient() -> Policy {
    let long = Duration::from_mins(8);
    Policy { connect_timeout: long, header_timeout: long, token_gap_timeout: long, ..Policy::default() }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn only_entry(plot: &Plot) -> Entry {
    let mut entries = run(plot).entries;
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

fn took(attempt: &AttemptRecord) -> Duration {
    Duration::from_micros(attempt.ended_us.unwrap() - attempt.started_us)
}

/// About `expected`: messages take up to a tenth of a second here.
fn is_about(time: Duration, expected: Duration) -> bool {
    (expected..expected + Duration::from_millis(700)).contains(&time)
}

const PINGING: Fault = Fault::Stall { after: After::Preamble, pings_ms: 500 };
const SILENT: Fault = Fault::Stall { after: After::Preamble, pings_ms: 0 };

/// G31: each limit alone makes the next candidate be asked, when it is over and not before.
#[test]
fn g31_connect_headers_first_token_and_silence_are_limited_apart() {
    let limit = seconds(7);
    let cases: [(&str, Option<Fault>, Policy); 5] = [
        ("connect", None, Policy { connect_timeout: limit, ..patient() }),
        ("headers", Some(Fault::Hang), Policy { header_timeout: limit, ..patient() }),
        ("first token", Some(PINGING), Policy { max_time_to_first_token: Some(limit), ..patient() }),
        ("silence", Some(SILENT), Policy { token_gap_timeout: limit, ..patient() }),
        (
            "silence after headers",
            Some(Fault::Stall { after: After::Headers, pings_ms: 0 }),
            Policy { token_gap_timeout: limit, ..patient() },
        ),
    ];
    for (what, fault, policy) in cases {
        let mut plot = Plot::of([fault.clone(), None], policy);
        plot.cut_off.extend(fault.is_none().then_some(0));
        let entry = only_entry(&plot);
        let [failed, served] = &entry.attempts[..] else { panic!("{what}: {:?}", entry.attempts) };
        let expected = if fault.is_none() { Failure::Unreachable } else { Failure::Timeout };
        assert_eq!(failed.outcome, AttemptOutcome::Failed(expected), "{what}");
        assert!(is_about(took(failed), limit), "{what}: {:?}", took(failed));
        assert_eq!(served.outcome, AttemptOutcome::Served, "{what}");
    }
}

/// G31: the whole request has a limit of its own, whatever signs of life there are.
#[test]
fn g31_the_total_is_limited_apart() {
    let entry = only_entry(&Plot::of([Some(PINGING)], Policy { total_timeout: seconds(7), ..patient() }));
    assert_eq!(entry.attempts.len(), 1, "nobody is asked after it: {:?}", entry.attempts);
    assert!(matches!(entry.outcome, Outcome::Failed { failure: Some(Failure::Timeout) }), "{entry:?}");
    assert!(is_about(Duration::from_micros(entry.total_us), seconds(7)), "{}", entry.total_us);
}

/// G31: who thinks is given ten times as long for the first content, but still half of the time is left for the next.
#[test]
fn g31_thinking_takes_ten_times_as_long() {
    let asking = serde_json::json!({ "reasoning_effort": "high" });
    let first_token = Policy { max_time_to_first_token: Some(seconds(7)), ..patient() };
    let silence = Policy { token_gap_timeout: seconds(7), ..patient() };
    let headers = Policy { header_timeout: seconds(7), ..patient() };
    for (fault, policy, expected) in [
        (PINGING, first_token, 70),
        (SILENT, silence, 70),
        (Fault::Hang, headers, 7),
        (SILENT, Policy::default(), 300),
    ] {
        let plot = Plot { asking: asking.clone(), ..Plot::of([Some(fault.clone()), None], policy) };
        let entry = only_entry(&plot);
        assert_eq!(entry.attempts.len(), 2, "{fault:?}: {:?}", entry.attempts);
        assert!(is_about(took(&entry.attempts[0]), seconds(expected)), "{fault:?}: {:?}", entry.attempts);
    }
}

/// G14: nobody is asked again at once, and nobody waits for another candidate.
#[test]
fn g14_the_same_supplier_is_asked_again_after_a_pause() {
    let broken = || Some(Fault::ServerError { status: 500 });
    let pauses = |entry: &Entry| -> Vec<Duration> {
        let pairs = entry.attempts.windows(2);
        pairs.map(|pair| Duration::from_micros(pair[1].started_us - pair[0].ended_us.unwrap())).collect()
    };
    let alone = pauses(&only_entry(&Plot::of([broken()], Policy::default())));
    let [first, second] = alone[..] else { panic!("{alone:?}") };
    let around =
        |usual_ms: u64| Duration::from_millis(usual_ms / 2)..Duration::from_millis(usual_ms * 3 / 2 + 2);
    assert!(around(100).contains(&first) && around(200).contains(&second), "{alone:?}");
    let others = pauses(&only_entry(&Plot::of([broken(), broken(), broken()], Policy::default())));
    assert_eq!(others, [Duration::ZERO; 2]);
}

/// A pause that the deadline would end is not begun.
#[test]
fn g14_no_pause_outlasts_the_deadline() {
    let broken = Fault::ServerError { status: 500 };
    let policy = Policy { total_timeout: Duration::from_millis(400), max_attempts: 9, ..patient() };
    let entry = only_entry(&Plot::of([Some(broken)], policy));
    assert!(entry.attempts.len() < 9 && entry.total_us < 400_000, "{entry:?}");
}

/// G15: how long a client is ready to wait is no verdict on who was asked, and the next request finds it in its place.
#[test]
fn g15_a_clients_own_short_time_is_no_ones_fault() {
    let plot =
        Plot { requests: 9, deadline: Some("300ms"), ..Plot::of([Some(Fault::Hang), None], patient()) };
    for entry in run(&plot).entries {
        let first = &entry.attempts[0];
        assert!(first.deployment.starts_with("supplier0"), "{entry:?}");
        assert_eq!(first.outcome, AttemptOutcome::Abandoned, "{entry:?}");
        assert_eq!(first.usage_source, UsageSource::Estimated, "the prompt was sent: {entry:?}");
        assert!(first.usage.input_total() > 0 && first.usage.output_total() == 0, "{entry:?}");
    }
}

/// H08: who was hung up on by our own time limit has the prompt, and bills it, whether or not it goes on writing.
#[test]
fn h08_a_timeout_is_booked_as_a_prompt_that_was_read() {
    for stops_billing in [true, false] {
        let policy = Policy { header_timeout: seconds(7), ..patient() };
        let entry = only_entry(&Plot { stops_billing, ..Plot::of([Some(Fault::Hang), None], policy) });
        let hung = &entry.attempts[0];
        assert_eq!(hung.outcome, AttemptOutcome::Failed(Failure::Timeout));
        assert_eq!(hung.usage_source, UsageSource::Estimated);
        assert!(hung.usage.input_total() > 0 && hung.usage.output_total() == 0, "{hung:?}");
    }
}
