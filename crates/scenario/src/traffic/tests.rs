use catalogue::Weights;
use ledger::{RequestFacts, UsageShare};

use super::*;
use crate::fixture::{account, estate, member};

fn gatherer() -> Gatherer {
    let members =
        ["a/x", "b/y"].iter().zip(0..).map(|(name, index)| member(name, index, "m", "h", Weights::Unknown));
    let estate = estate(members.collect(), vec![account("a"), account("b")]);
    let mut gatherer = Gatherer::new(&estate);
    for product in ["p", "q"] {
        let facts = RequestFacts { product: product.into(), route: "r".into(), ..RequestFacts::default() };
        gatherer.head(Head { facts, decision: Vec::new() });
    }
    gatherer
}

fn sighting<'a>(head: usize, minute: i64, tokens: u64) -> Sighting<'a> {
    Sighting {
        head,
        arrived_us: minute * MINUTE_US + 5,
        outcome: ANSWERED,
        deployment: Some("a/x"),
        usage: Usage { input_uncached: tokens, ..Usage::default() },
        estimated: false,
        cost: Some(Money::from_nanos(10)),
        estimated_input_tokens: tokens,
        max_tokens: None,
        shares: &[],
        unsayable: &[],
    }
}

#[test]
fn the_busiest_minute_is_that_of_the_product_and_holds_the_others() {
    let mut gatherer = gatherer();
    for (head, minute, tokens) in [(0, 1, 100), (1, 1, 900), (0, 2, 60), (0, 2, 60), (1, 2, 5)] {
        gatherer.sighting(&sighting(head, minute, tokens));
    }
    let traffic = gatherer.finish();
    let [by_tokens, by_requests] = &traffic.peaks["p"];
    assert_eq!((by_tokens.minute, by_requests.minute), (2, 2));
    let loads: Vec<(usize, u64)> =
        by_tokens.loads.iter().map(|(shape, load)| (*shape, load.tokens)).collect();
    assert_eq!(loads, [(0, 120), (1, 5)]);
    assert_eq!(traffic.peaks["q"][0].minute, 1);
    assert_eq!(traffic.total().requests, 5);
    assert_eq!(traffic.total().nanos, 50);
}

#[test]
fn requests_that_end_late_still_count_in_the_minute_of_their_arrival() {
    let mut gatherer = gatherer();
    gatherer.sighting(&sighting(0, 100, 10));
    gatherer.sighting(&sighting(0, 100 - OPEN_MINUTES, 7));
    gatherer.sighting(&sighting(0, 100 + 2 * OPEN_MINUTES, 3));
    gatherer.sighting(&sighting(0, 100, 10));
    let traffic = gatherer.finish();
    let tokens: Vec<(i64, u64)> = traffic.minutes[0].iter().map(|(at, load)| (*at, load.tokens)).collect();
    assert_eq!(tokens, [(70, 7), (100, 20), (160, 3)], "once closed, it is opened again and put together");
}

#[test]
fn what_several_used_counts_where_each_used_it_and_the_request_where_it_was_served() {
    let mut gatherer = gatherer();
    let shares = [("b/y", 30), ("a/x", 70)].map(|(name, tokens)| UsageShare {
        deployment: name.into(),
        usage: Usage { input_uncached: tokens, ..Usage::default() },
        cost: Some(Money::from_nanos(1)),
    });
    gatherer.sighting(&Sighting { shares: &shares, ..sighting(0, 1, 100) });
    let wrong = Sighting { outcome: CLIENT_ERROR, deployment: None, cost: None, ..sighting(0, 1, 0) };
    gatherer.sighting(&wrong);
    let traffic = gatherer.finish();
    let of = |name: &str| {
        let server = traffic.servers.iter().position(|known| **known == *name).unwrap();
        traffic.served[&(0, server)].clone()
    };
    assert_eq!((of("a/x").answered, of("a/x").tokens, of("a/x").nanos), (1, 70, 1));
    assert_eq!((of("b/y").answered, of("b/y").tokens, of("b/y").nanos), (0, 30, 1));
    assert_eq!(traffic.total().wanted(), 1);
    assert_eq!(traffic.unserved, 1);
}

/// Who served it has a price; who tried before has none, and it is their sum that is not whole.
#[test]
fn what_has_no_price_is_missed_where_it_was_used() {
    let mut gatherer = gatherer();
    let shares = [("b/y", None), ("a/x", Some(Money::from_nanos(1)))].map(|(name, cost)| UsageShare {
        deployment: name.into(),
        usage: Usage { input_uncached: 30, ..Usage::default() },
        cost,
    });
    gatherer.sighting(&Sighting { shares: &shares, cost: None, ..sighting(0, 1, 60) });
    let traffic = gatherer.finish();
    let unpriced = |name: &str| {
        let server = traffic.servers.iter().position(|known| **known == *name).unwrap();
        traffic.served[&(0, server)].unpriced
    };
    assert_eq!((unpriced("a/x"), unpriced("b/y"), traffic.total().unpriced), (0, 1, 1));
}
