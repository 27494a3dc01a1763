use catalogue::{Needs as Abilities, Protocol, Weights};

use super::*;
use crate::cuts::candidates;
use crate::dependence::carried;
use crate::estate::Account;
use crate::fixture::{account, estate, member};
use crate::shape::{Shape, Size, SizeClass};
use crate::traffic::{Load, Peak};

/// Who served 30 requests each of `p`, at 1,000 tokens for each of them; the peak asked for 600 tokens.
fn traffic(servers: &[&str], max_tokens: Option<u64>) -> Traffic {
    let shape = Shape {
        product: "p".into(),
        route: "r".into(),
        protocol: Protocol::OpenaiChat,
        stream: false,
        needs: Abilities::NONE,
        regions: Arc::default(),
        size: SizeClass::default(),
        unsayable: Set::default(),
    };
    let requests = 30 * servers.len() as u64;
    let sums = Sums { requests, answered: requests, ..Sums::default() };
    let mut traffic = Traffic::default();
    traffic.shapes.push((shape, Size { estimated_input_tokens: 100, max_tokens }, sums));
    for (index, server) in servers.iter().enumerate() {
        traffic.servers.push((*server).into());
        traffic.minutes.push(vec![(7, Load { requests: 30, tokens: 300, nanos: 0 })]);
        let last_us = 1_000_000 * i64::try_from(1 + index).unwrap();
        let served =
            Sums { requests: 30, answered: 30, tokens: 30_000, nanos: 5, last_us, ..Sums::default() };
        traffic.served.insert((0, index), served);
    }
    let loads = vec![(0, Load { requests: 60, tokens: 600, nanos: 0 })];
    traffic.peaks.insert("p".into(), [Peak { minute: 7, loads: loads.clone() }, Peak { minute: 7, loads }]);
    traffic
}

fn world() -> Estate {
    let narrow = Account { tokens_per_minute: Some(400), ..account("narrow") };
    let mut small = member("small/tiny", 3, "third", "small", Weights::Unknown);
    small.routing.max_output = Some(10);
    let members = vec![
        member("old/big", 0, "acme", "old", Weights::MakerOnly),
        member("cloud/big", 1, "acme", "cloud", Weights::MakerOnly),
        member("narrow/other", 2, "other", "narrow", Weights::Open),
        small,
    ];
    estate(members, vec![account("old"), account("cloud"), narrow, account("small")])
}

fn leave(estate: &Estate, traffic: &Traffic, account: usize) -> Vec<Leaving> {
    leaving(account, traffic, estate, &candidates(traffic, estate), &carried(traffic, estate))
}

#[test]
fn substitutes_are_classed_by_what_they_did_and_can_do() {
    let estate = world();
    let traffic = traffic(&["old/big", "cloud/big"], Some(50));
    let plan = leave(&estate, &traffic, 0);
    let [p] = &plan[..] else { panic!("{plan:?}") };
    assert_eq!((p.could, p.answered_here, p.nanos_here), (60, 30, 5));
    assert_eq!((p.verdict, p.peak_tokens, p.peak_minute), (Verdict::Proven, 600, Some(7)));
    let classes: Vec<_> = p.substitutes.iter().map(|other| (&*other.deployment, other.class)).collect();
    assert_eq!(
        classes,
        [("cloud/big", Class::Proven), ("narrow/other", Class::Unproven), ("small/tiny", Class::None)]
    );
    let [cloud, narrow, small] = &p.substitutes[..] else { panic!("{p:?}") };
    assert_eq!(cloud.shares, [Domain::new(DomainKind::Maker, "acme")], "it falls with the maker");
    assert_eq!((cloud.last_us, p.last_test_us), (Some(2_000_000), Some(2_000_000)));
    assert!(cloud.alone.is_none() && cloud.carried_tokens_per_minute == 300);
    assert_eq!((narrow.alone.short_tokens, narrow.last_us), (200, None), "600 do not fit into 400");
    assert_eq!((small.could, small.alone.stopped), (0.0, 1.0));
}

#[test]
fn a_product_without_another_is_stopped() {
    let mut estate = world();
    estate.routes[0].entries.truncate(1);
    let plan = leave(&estate, &traffic(&["old/big"], None), 0);
    assert_eq!(plan[0].verdict, Verdict::Stopped);
    assert!(plan[0].substitutes.is_empty() && plan[0].last_test_us.is_none());
}

#[test]
fn only_products_that_have_to_do_with_it_are_named() {
    let mut estate = world();
    let traffic = traffic(&["cloud/big"], None);
    estate.routes[0].entries.remove(0);
    assert!(leave(&estate, &traffic, 0).is_empty());
    // What the account served before its deployment left the routes is still its business.
    let traffic = self::traffic(&["old/other", "cloud/big"], None);
    let plan = leave(&estate, &traffic, 0);
    assert_eq!((plan[0].could, plan[0].answered_here), (0, 30));
    assert_eq!(plan[0].verdict, Verdict::Untouched);
}
