//! A maker's loss is one thing, whoever asks: the report's tables, a what-if that is played, an event of a scenario, and the
//! price of insurance, on generated worlds.

use std::collections::BTreeSet;
use std::time::Duration;

use catalogue::{Needs as Abilities, Protocol, Weights};
use proptest::prelude::*;
use routing::{DeploymentIndex, RouteEntry};

use super::{Meaning, taken};
use crate::cuts::Needs;
use crate::domain::{Domain, DomainKind};
use crate::estate::Estate;
use crate::event::{Condition, Event, Outage, Scenario, Target, What, compile};
use crate::fixture::{account, estate, member};
use crate::replay::testing::{play, traffic};
use crate::replay::{PlayedEstate, Reported};
use crate::set::Set;
use crate::shape::{Shape, Size, SizeClass};

const DAY: &str = "2026-11-28";
const MINUTE: Duration = Duration::from_mins(1);
/// What is known of a day: nothing, or one that is past, today, near or far.
const DAYS: [Option<&str>; 5] = [None, Some("2026-11-27"), Some(DAY), Some("2027-03-01"), Some("2032-12-31")];
const HOSTS: [&str; 5] = ["acme", "other", "cloud", "own", "unknown"];

fn day(which: usize) -> Option<crate::Day> {
    DAYS[which].map(Into::into)
}

fn weights(which: usize) -> Weights {
    match which {
        0 => Weights::Open,
        1 => Weights::MakerOnly,
        2 => Weights::Unknown,
        3 => Weights::LicensedUntil("2026-11-27".into()),
        _ => Weights::LicensedUntil("2032-12-31".into()),
    }
}

/// Accounts at any host, with any rights; up to three deployments, so that each request may try all of them; a product on
/// a route over all of them, and one on a route over some.
fn worlds() -> impl Strategy<Value = Estate> {
    let accounts = prop::collection::vec((0..HOSTS.len(), 0..DAYS.len(), 0..DAYS.len()), 1..4);
    let members = prop::collection::vec((any::<u16>(), 0..3_usize, 0..5_usize, 0..DAYS.len()), 1..4);
    (accounts, members, any::<u8>()).prop_map(|(accounts, members, some)| {
        let hosts: Vec<&str> = accounts.iter().map(|(host, ..)| HOSTS[*host]).collect();
        let built = |(index, (host, rights, prices)): (usize, &(usize, usize, usize))| {
            let mut built = account(&format!("a{index}"));
            built.own = HOSTS[*host] == "own";
            (built.rights_until, built.price_until) = (day(*rights), day(*prices));
            built
        };
        let accounts: Vec<_> = accounts.iter().enumerate().map(built).collect();
        let members = members.iter().enumerate().map(|(index, (at, maker, open, ends))| {
            let at = usize::from(*at) % hosts.len();
            let maker = ["acme", "other", "unknown"][*maker];
            let name = format!("a{at}/m{index}");
            let mut member = member(&name, u16::try_from(at).unwrap(), maker, hosts[at], weights(*open));
            member.ends = day(*ends);
            member
        });
        let mut estate = estate(members.collect(), accounts);
        let chosen = |index: &u32| *index == 0 || some >> index & 1 == 1;
        let entries = (0..u32::try_from(estate.members.len()).unwrap()).filter(chosen);
        let entries =
            entries.map(|index| RouteEntry { deployment: DeploymentIndex(index), weight: 1 }).collect();
        estate.routes.push(crate::Route { name: "some".into(), entries, ..estate.routes[0].clone() });
        estate.products.push(crate::Product { name: "q".into(), ..estate.products[0].clone() });
        estate
    })
}

fn target(maker: &str) -> Target {
    Target::Domain(Domain::new(DomainKind::Maker, maker))
}

fn one(maker: &str, what: What) -> Scenario {
    let event = Event { targets: vec![target(maker)], from: Duration::ZERO, until: None, what };
    Scenario { name: "test".into(), why: String::new(), span: MINUTE, events: vec![event], herd: None }
}

/// Whom a scenario changes.
fn changed(scenario: &Scenario, played: &PlayedEstate) -> Set {
    let course = compile(scenario, played, 60_000);
    let conditions = course.steps[0].conditions.iter().enumerate();
    let is_hit = |(_, condition): &(usize, &Condition)| **condition != Condition::default();
    conditions.filter(is_hit).map(|(index, _)| index).collect()
}

/// The part of each product's requests that the report says nobody serves.
fn reported(estate: &Estate, lost: &Set) -> [f64; 2] {
    [("p", "r"), ("q", "some")].map(|(product, route)| {
        let shape = Shape {
            product: product.into(),
            route: route.into(),
            protocol: Protocol::OpenaiChat,
            stream: true,
            needs: Abilities::NONE,
            regions: std::sync::Arc::default(),
            size: SizeClass::default(),
            unsayable: Set::default(),
        };
        let candidates = shape.candidates(Size::default(), estate).expect("its route is there");
        Needs::of_groups(vec![(candidates, 1)]).without(lost).stopped
    })
}

/// Every other request is the second product's, on its route.
fn asked() -> crate::replay::Traffic {
    let mut traffic = traffic(100, 60_000);
    for ask in traffic.asks.iter_mut().skip(1).step_by(2) {
        (ask.product, ask.route) = (1, 1);
    }
    traffic
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The report says that a product stops where the what-if serves nobody, and only there; and all name the same.
    #[test]
    fn report_and_what_if_lose_the_same(estate in worlds()) {
        let (played, asked) = (PlayedEstate::of(&estate, DAY), asked());
        for (name, meaning) in Meaning::NAMES {
            let lost = taken(&estate, "acme", meaning, DAY);
            let scenario = Scenario::loss(&target("acme"), meaning, MINUTE, &played);
            prop_assert_eq!(changed(&Scenario { herd: None, ..scenario.clone() }, &played), lost.clone(), "{}", name);
            let tally = play(&played, &asked, &scenario, 1);
            for (product, none) in tally.products.iter().zip(reported(&estate, &lost)) {
                prop_assert!(product.requests > 200);
                let served = product.served_share();
                prop_assert!(if none > 0.5 { served == 0.0 } else { served > 0.9 }, "{name}: {none} {served}");
            }
        }
    }

    /// Events of a scenario take what the loss takes that they are.
    #[test]
    fn events_on_a_maker_lose_what_the_report_does(estate in worlds()) {
        let played = PlayedEstate::of(&estate, DAY);
        for (what, meaning) in [
            (What::Outage(Outage::Errors), Meaning::Gone),
            (What::Retirement, Meaning::Gone),
            (What::LicenceEnd, Meaning::HostsMayNot),
            (What::Terms(Vec::new()), Meaning::TermsChange),
        ] {
            let lost = taken(&estate, "acme", meaning, DAY);
            prop_assert_eq!(changed(&one("acme", what), &played), lost, "{:?}", meaning);
        }
    }

    /// The price of insurance looks at the estate of the report, and so at its losses, each with what it takes there.
    #[test]
    fn insurance_looks_at_the_losses_of_the_report(estate in worlds()) {
        let played = PlayedEstate::of(&estate, DAY);
        let seen = Reported { estate: estate.clone(), traffic: crate::Traffic::default() }.with(&played, &[]);
        prop_assert_eq!(seen.losses(DAY), estate.losses(DAY));
        // With somebody on offer there is one loss more of each kind that is known of it, and no other changes.
        let offered = played.with_offer(
            routing::Deployment { maker: "new".into(), host: "new".into(), ..played.deployments[0].clone() },
            crate::replay::Backing::default(),
        );
        let all = Reported { estate: estate.clone(), traffic: crate::Traffic::default() }.with(&offered, &[]);
        let last = all.members.len() - 1;
        prop_assert_eq!(all.account_of(last), all.accounts.len() - 1);
        for (domain, takes) in estate.losses(DAY) {
            let takes: Vec<usize> = takes.iter().collect();
            let now = all.losses(DAY).into_iter().find(|(known, _)| *known == domain).unwrap().1;
            prop_assert_eq!(now.iter().filter(|index| *index != last).collect::<Vec<_>>(), takes);
        }
    }

    /// Whatever a maker's loss means, it does not reach open weights on one's own machines; nor do its troubles.
    #[test]
    fn open_weights_on_own_machines_survive_their_maker(estate in worlds()) {
        let played = PlayedEstate::of(&estate, DAY);
        let own: BTreeSet<usize> = (0..estate.members.len())
            .filter(|index| played.is_own(*index) && estate.members[*index].weights == Weights::Open)
            .collect();
        let spared = |lost: Set| lost.iter().all(|index| !own.contains(&index));
        for (_, meaning) in Meaning::NAMES {
            prop_assert!(spared(taken(&estate, "acme", meaning, DAY)), "{:?}", meaning);
        }
        for what in [What::Brownout { slower: 2.0, errors: 0.1 }, What::Limits(0.5), What::Price(2.0)] {
            prop_assert!(spared(changed(&one("acme", what.clone()), &played)), "{:?}", what);
        }
    }
}

/// Rights are looked at on the day on which an event begins, not on the one on which it is asked.
#[test]
fn rights_that_are_over_when_it_happens_secure_nothing() {
    let mut cloud = account("cloud");
    cloud.rights_until = Some("2027-01-15".into());
    let estate = estate(vec![member("cloud/m", 0, "acme", "cloud", Weights::MakerOnly)], vec![cloud]);
    let played = PlayedEstate::of(&estate, DAY);
    let hit = |days: u64| {
        let mut scenario = one("acme", What::LicenceEnd);
        scenario.span = Duration::from_hours(24 * 90);
        scenario.events[0].from = Duration::from_hours(24 * days);
        scenario.events[0].reaches(&played, 0)
    };
    assert_eq!(
        [0, 47, 48, 80].map(hit),
        [false, false, true, true],
        "the last day is 15 January, 48 days on"
    );
}
