use catalogue::{Money, Usage, Weights};
use ledger::{Head, RequestFacts, Sighting, Witness};

use super::*;
use crate::fixture::{account, estate, member};
use crate::traffic::Gatherer;

/// `a/x` of maker `m` served 6, `b/y` of maker `n` served 3, and one was served by what is no longer configured.
fn world() -> (Estate, Traffic) {
    let mut of_b = account("b");
    of_b.owner = Some("B Corp".into());
    let members =
        vec![member("a/x", 0, "m", "h", Weights::Unknown), member("b/y", 1, "n", "h", Weights::Unknown)];
    let estate = estate(members, vec![account("a"), of_b]);
    let mut gatherer = Gatherer::new(&estate);
    gatherer.head(Head { facts: RequestFacts::default(), decision: Vec::new() });
    let served = [("a/x", 6), ("b/y", 3), ("b/gone", 1)];
    for (minute, (name, times)) in (0..).zip(served) {
        for _ in 0..times {
            gatherer.sighting(&Sighting {
                head: 0,
                arrived_us: minute * 60_000_000,
                outcome: 0,
                deployment: Some(name),
                usage: Usage { output_text: 100, ..Usage::default() },
                estimated: false,
                cost: Some(Money::from_nanos(7)),
                estimated_input_tokens: 0,
                max_tokens: None,
                shares: &[],
                unsayable: &[],
            });
        }
    }
    (estate, gatherer.finish())
}

#[test]
fn what_is_unknown_is_no_part_of_any_share_and_is_said() {
    let (estate, traffic) = world();
    let makers = Dependence::by(DomainKind::Maker, &traffic, &estate);
    let shares: Vec<(&str, u64)> = makers.shares.iter().map(|share| (&*share.name, share.requests)).collect();
    assert_eq!(shares, [("m", 6), ("n", 3)]);
    assert_eq!(makers.unknown.requests, 1);
    assert!((makers.shares[0].of_all[0] - 0.6).abs() < 1e-9);
    let concentration = makers.concentration[0].as_ref().unwrap();
    assert_eq!(
        (concentration.hhi, &*concentration.largest),
        (5556, "m"),
        "of what is known: (2/3)² + (1/3)²"
    );

    let owners = Dependence::by(DomainKind::Owner, &traffic, &estate);
    assert_eq!(owners.shares[0].requests, 4, "an account is known though its deployment is gone");
    assert_eq!(owners.unknown.requests, 6);
    assert_eq!(owners.concentration[0].as_ref().unwrap().hhi, 10_000);
    let countries = Dependence::by(DomainKind::Country, &traffic, &estate);
    assert_eq!(countries.concentration, [None, None, None], "of nothing there is no concentration");
}

#[test]
fn money_that_nobody_knows_is_not_nothing() {
    let none = Share { requests: 3, unpriced: 3, ..Share::default() };
    let some = Share { nanos: 5, ..none.clone() };
    let free = Share { requests: 3, ..Share::default() };
    assert_eq!([none, some, free].map(|share| share.known_nanos()), [None, Some(5), Some(0)]);
}

#[test]
fn parts_over_time_and_what_was_carried() {
    let (estate, traffic) = world();
    let trends = trend(DomainKind::Account, &traffic, &estate, 3);
    assert_eq!(&*trends[0].name, "a");
    assert_eq!(trends[0].parts, [Some(1.0), Some(0.0), Some(0.0)]);
    assert_eq!(trends[1].parts, [Some(0.0), Some(1.0), Some(1.0)]);
    let carried = carried(&traffic, &estate);
    assert_eq!(
        carried[1],
        Carried { tokens_per_minute: 300, requests_per_minute: 3, at_minute: 1, minutes_near: 1 }
    );
}

/// A step without a minute in it would be a hole in the line, where somebody was served all the time.
#[test]
fn a_short_period_has_no_holes() {
    let (estate, mut traffic) = world();
    let load = |minute| (minute, Load { tokens: 10, requests: 1, nanos: 0 });
    traffic.minutes = vec![(0..7).map(load).collect(), (0..7).map(load).collect(), Vec::new()];
    let trends = trend(DomainKind::Maker, &traffic, &estate, 24);
    assert_eq!(trends[0].parts, [Some(0.5); 6]);
    assert_eq!(trends[0].halves, [Some(0.5); 2]);
}

#[test]
fn a_half_weighs_each_token_alike() {
    let (estate, mut traffic) = world();
    // Eleven quiet minutes of one and a busy one of the other, then as much of both.
    let quiet = (0..11).map(|minute| (minute, 1)).chain([(23, 500)]);
    let busy = [(11, 989), (12, 500)];
    let load = |(minute, tokens)| (minute, Load { tokens, requests: 1, nanos: 0 });
    traffic.minutes[0] = quiet.map(load).collect();
    traffic.minutes[1] = busy.into_iter().map(load).collect();
    traffic.minutes[2] = Vec::new();
    let trends = trend(DomainKind::Maker, &traffic, &estate, 24);
    let of = |name: &str| trends.iter().find(|trend| *trend.name == *name).unwrap();
    assert_eq!(of("m").parts[..2], [Some(1.0), Some(1.0)], "each minute alone");
    assert_eq!(of("m").halves, [Some(0.011), Some(0.5)], "11 of 1,000 tokens, and half of them");
    assert_eq!(of("n").halves, [Some(0.989), Some(0.5)]);
    let even = super::trend(DomainKind::Maker, &traffic, &estate, 1);
    assert_eq!(even[0].halves[0], None, "of no steps there is no share");
}
