use std::time::Duration;

use routing::PostureKind;

use super::testing::{estate, fitted, play, run, traffic};
use super::*;
use crate::event::{Arrival, Course, Event, Herd, Outage, Scenario, Target, What, compile};
use crate::maker::Meaning;

const MINUTE: u64 = 60_000;

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

fn scenario(span: Duration, events: Vec<Event>) -> Scenario {
    Scenario { name: "test".into(), why: String::new(), span, events, herd: None }
}

fn event(target: &str, from: Duration, until: Option<Duration>, what: What) -> Event {
    let targets = if target.is_empty() { Vec::new() } else { vec![target.parse().unwrap()] };
    Event { targets, from, until, what }
}

#[test]
fn the_same_seed_gives_the_same_tally_and_another_another() {
    let (estate, traffic) = (estate(3), traffic(50, 2 * MINUTE));
    let down = event("maker:maker0", minutes(1), None, What::Brownout { slower: 3.0, errors: 0.4 });
    let scenario = scenario(minutes(4), vec![down]);
    assert_eq!(play(&estate, &traffic, &scenario, 7), play(&estate, &traffic, &scenario, 7));
    assert_ne!(play(&estate, &traffic, &scenario, 7), play(&estate, &traffic, &scenario, 8));
}

#[test]
fn calm_costs_what_the_prices_say_and_each_request_is_counted_once() {
    let (estate, traffic) = (estate(2), traffic(100, MINUTE));
    let tally = run(&estate, &traffic, &fitted(2), &Course::calm(&estate, 3 * MINUTE, 1.0), 1);
    let office = &tally.products[0];
    assert_eq!((office.requests, office.proven, office.unproven), (1_800, 1_800, 0));
    // 1,000 tokens at $1 and 100 at $10 a million: $0.002 each.
    assert_eq!(office.cost_nanos, 1_800 * 2_000_000);
    assert!((190.0..210.0).contains(&office.first.quantile(0.5).unwrap()));
}

/// A fallback without a price saves no money: how much of the traffic it serves stands beside the sum.
#[test]
fn what_has_no_price_is_never_nothing() {
    let (mut estate, traffic) = (estate(2), traffic(100, MINUTE));
    estate.backing[1].prices = None;
    let lost: Target = "maker:maker0".parse().unwrap();
    let loss = Scenario::loss(&lost, Meaning::Gone, minutes(10), &estate);
    let tally = play(&estate, &traffic, &loss, 1);
    let Figures { products, total } = Figures::of(&tally, &estate);
    assert_eq!((products[0].cost_usd_per_day, products[0].served), (0.0, 1.0));
    assert_eq!((products[0].unpriced, total.unpriced), (1.0, 1.0));
    assert_eq!(tally.deployments[1].unpriced, tally.products[0].requests);
}

#[test]
fn a_loss_moves_everything_and_hides_behind_the_fallback() {
    let (estate, traffic) = (estate(2), traffic(100, MINUTE));
    let lost: Target = "maker:maker0".parse().unwrap();
    let loss = Scenario::loss(&lost, Meaning::Gone, minutes(10), &estate);
    let tally = play(&estate, &traffic, &loss, 1);
    let office = &tally.products[0];
    assert_eq!(office.served(), office.requests);
    assert_eq!(office.proven, 0);
    assert_eq!(tally.deployments[0].served, 0);
    assert!(tally.deployments[0].attempts < office.requests / 10, "a breaker keeps them away");
    // The herd doubles the time to the first token.
    assert!((380.0..440.0).contains(&office.first.quantile(0.5).unwrap()));
}

#[test]
fn what_is_being_answered_when_a_supplier_vanishes_is_broken_off_or_goes_elsewhere() {
    let (estate, traffic) = (estate(2), traffic(100, MINUTE));
    let down = |kind| event("provider:p0", minutes(1), None, What::Outage(kind));
    let gone = play(&estate, &traffic, &scenario(minutes(2), vec![down(Outage::Refused)]), 1);
    // An answer takes about 1.2 s, of which 0.2 s before its first token: ten a second are in their middle.
    let broken = gone.products[0].refused.get("broken_off").copied().unwrap_or(0);
    assert!((8..=12).contains(&broken), "{broken}");
    assert_eq!(
        gone.products[0].served() + broken,
        gone.products[0].requests,
        "who had no word yet is served elsewhere"
    );
    let errors = play(&estate, &traffic, &scenario(minutes(2), vec![down(Outage::Errors)]), 1);
    assert_eq!(
        errors.products[0].served(),
        errors.products[0].requests,
        "errors leave what is being answered alone"
    );
}

#[test]
fn without_a_fallback_it_stops_and_says_when_and_why() {
    let (mut estate, traffic) = (estate(1), traffic(100, MINUTE));
    estate.products[0].max_outage = Some(minutes(2));
    let down = event("provider:p0", minutes(2), Some(minutes(8)), What::Outage(Outage::Refused));
    let tally = play(&estate, &traffic, &scenario(minutes(10), vec![down]), 1);
    let office = &tally.products[0];
    let share = office.served_share();
    // A request that comes just before the return meets a wait of up to a minute and a fifth.
    assert!((0.27..=0.4).contains(&share), "{share}");
    let hurt = office.first_hurt(&ProductTally::default(), 0.01).unwrap();
    assert!((79..84).contains(&hurt), "two of ten minutes, in 400 parts: {hurt}");
    let known = ["all_lost", "unreachable", "no_budget", "probe_taken", "open", "broken_off", "broken_cut"];
    assert!(office.refused.keys().all(|why| known.contains(why)), "{:?}", office.refused);
    let figures = Figures::of(&tally, &estate);
    let outside = figures.products[0].outside_ms;
    assert!((4.0..5.3).contains(&(outside / 60_000.0)), "six minutes, two of which it may: {outside}");
}

#[test]
fn limits_bind_and_the_herd_halves_them() {
    let (mut estate, traffic) = (estate(2), traffic(100, MINUTE));
    // Ten a second are asked, of eight that the fallback takes.
    estate.backing[1].requests_per_minute = Some(480.0);
    let served = |herd: Option<Herd>| {
        let down = event("maker:maker0", Duration::ZERO, None, What::Outage(Outage::Refused));
        let scenario = Scenario { herd, ..scenario(minutes(30), vec![down]) };
        let tally = play(&estate, &traffic, &scenario, 1);
        let [requests, tokens] = tally.deployments[1].limits;
        assert_eq!((requests.turned_away, tokens.turned_away), (tally.deployments[1].turned_away, 0));
        // Six hundred come in a minute, and may come again; who is told to wait is not asked meanwhile.
        assert!((requests.lets_in..=1_800.0).contains(&requests.asked), "{requests:?}");
        (tally.products[0].served_share(), requests.lets_in)
    };
    let (alone, of_alone) = served(None);
    assert!((0.7..0.85).contains(&alone), "{alone}");
    let (crowded, of_crowded) = served(Some(Herd::default()));
    assert!((0.35..0.45).contains(&crowded), "{crowded}");
    assert_eq!((of_alone, of_crowded), (480.0, 240.0), "as it is played, not as it is configured");
}

#[test]
fn what_an_account_takes_is_shared_by_its_deployments() {
    let (mut estate, traffic) = (estate(2), traffic(100, MINUTE));
    estate.deployments[1].provider = estate.deployments[0].provider;
    for backing in &mut estate.backing {
        backing.requests_per_minute = Some(300.0);
    }
    let served = |estate: &PlayedEstate| {
        play(estate, &traffic, &scenario(minutes(30), Vec::new()), 1).products[0].served_share()
    };
    // Ten a second are asked: twice 300 a minute is enough, once is not.
    assert!(served(&estate) > 0.95, "{}", served(&estate));
    for backing in &mut estate.backing {
        backing.shares_requests = true;
    }
    assert!((0.45..0.6).contains(&served(&estate)), "{}", served(&estate));
}

#[test]
fn postures_ramps_and_arrivals_shift_shares() {
    let (estate, traffic) = (estate(2), traffic(100, MINUTE));
    let share = |events: Vec<Event>, deployment: usize| {
        let arrivals: Vec<Arrival> = scenario(minutes(20), events.clone()).arrivals().cloned().collect();
        let grown = arrivals.iter().fold(estate.clone(), |estate, arrival| estate.with(arrival));
        let tally = play(&grown, &traffic, &scenario(minutes(20), events), 1);
        let all: u64 = tally.deployments.iter().map(|deployment| deployment.served).sum();
        assert_eq!(all, tally.products[0].requests);
        #[expect(clippy::cast_precision_loss, reason = "counts")]
        let share = tally.deployments[deployment].served as f64 / all as f64;
        share
    };
    let ramp = event("maker:maker0", minutes(0), Some(minutes(20)), What::RampDown);
    assert!((0.47..0.53).contains(&share(vec![ramp], 1)), "evenly over the whole time is half of it");
    let leave =
        event("maker:maker0", minutes(5), None, What::Posture { kind: PostureKind::Leave, per_hour: 0.0 });
    assert!((0.74..0.76).contains(&share(vec![leave], 1)));
    let arrives = event("", Duration::ZERO, None, What::Arrival(Box::new(own(0.3))));
    assert!((0.28..0.32).contains(&share(vec![arrives], 2)));
}

fn own(share: f64) -> Arrival {
    Arrival {
        name: "own/new".into(),
        maker: "own".into(),
        host: "own".into(),
        region: None,
        price_usd: (0.1, 0.1),
        first_ms: 100.0,
        tokens_per_second: 100.0,
        tokens_per_minute: None,
        fixed_usd_per_day: 0.0,
        routes: Vec::new(),
        share,
        open: true,
    }
}

#[test]
fn whoever_is_to_arrive_serves_nobody_before() {
    let (mut estate, traffic) = (estate(2), traffic(100, MINUTE));
    for prefer in [routing::Prefer::Listed, routing::Prefer::Weighted] {
        estate.routes[0].policy.prefer = prefer;
        let arrives = event("", minutes(5), None, What::Arrival(Box::new(own(0.6))));
        let scenario = scenario(minutes(10), vec![arrives]);
        let grown = estate.with(scenario.arrivals().next().unwrap());
        let served = |course: &Course| {
            let tally = run(&grown, &traffic, &fitted(3), course, 1);
            assert_eq!(tally.products[0].served(), tally.products[0].requests);
            tally.deployments[2].served
        };
        assert_eq!(served(&Course::before(&scenario, &grown, 10 * MINUTE, 1.0)), 0, "{prefer:?}");
        let after = served(&compile(&scenario, &grown, 10 * MINUTE));
        assert!((1_650..1_950).contains(&after), "six of ten of three thousand: {after}");
    }
}

#[test]
fn growth_regions_terms_and_prices_do_what_they_say() {
    let (mut estate, traffic) = (estate(2), traffic(100, MINUTE));
    estate.deployments[1].region = Some("eu/france".parse().unwrap());
    let of = |what: What, target: &str| {
        play(&estate, &traffic, &scenario(minutes(10), vec![event(target, Duration::ZERO, None, what)]), 1)
    };
    let grown = of(What::Growth(1.5), "").products[0].requests;
    assert!((8_700..9_300).contains(&grown), "{grown}");
    let regions = vec!["eu".parse().unwrap()];
    let ruled = of(What::Region { products: Vec::new(), regions }, "");
    assert_eq!((ruled.deployments[0].attempts, ruled.products[0].served()), (0, ruled.products[0].requests));
    let shut = of(What::Terms(vec!["office".into()]), "maker:maker0");
    assert_eq!((shut.deployments[0].attempts, shut.products[0].served()), (0, shut.products[0].requests));
    let calm = of(What::Price(1.0), "maker:maker0").products[0].cost_nanos;
    assert_eq!(of(What::Price(3.0), "maker:maker0").products[0].cost_nanos, calm * 3);
    let everywhere = of(What::Terms(Vec::new()), "maker:maker0");
    assert_eq!(everywhere.deployments[0].attempts, 0);
}

#[test]
fn what_a_maker_is_lost_for_decides_who_is_lost() {
    let mut estate = estate(3);
    for index in 0..3 {
        estate.deployments[index].maker = "acme".into();
    }
    estate.deployments[0].host = "acme".into();
    estate.deployments[1].host = "azure".into();
    estate.deployments[2].host = "own".into();
    estate.backing[2].weights = catalogue::Weights::Open;
    let lost = |meaning: Meaning| {
        let target: Target = "maker:acme".parse().unwrap();
        let scenario = Scenario::loss(&target, meaning, minutes(1), &estate);
        let targets: Vec<String> =
            scenario.events.iter().flat_map(|event| &event.targets).map(ToString::to_string).collect();
        targets
    };
    assert_eq!(lost(Meaning::Gone), ["deployment:p0/m", "deployment:p1/m"]);
    assert_eq!(lost(Meaning::ApiStops), ["deployment:p0/m"]);
    assert_eq!(lost(Meaning::HostsMayNot), ["deployment:p1/m"]);
    assert_eq!(lost(Meaning::TermsChange), ["deployment:p0/m", "deployment:p1/m"]);
    assert_eq!(lost(Meaning::Frozen), Vec::<String>::new());
}

#[test]
fn resampling_keeps_what_is_known_and_moves_what_is_not() {
    let mut dice = routing::Dice::new(1);
    let known = fitted(1);
    let firsts: Vec<f32> =
        (0..200).map(|_| resampled(&known, &mut dice).suppliers[0].first[0].median()).collect();
    let mean = firsts.iter().sum::<f32>() / 200.0;
    assert!((196.0..204.0).contains(&mean), "{mean}");
    assert!(firsts.iter().any(|first| *first < 190.0) && firsts.iter().any(|first| *first > 210.0));
    let usual = traffic(100, 10 * MINUTE);
    let other = shaken(&usual, &mut dice);
    assert!(other.asks.is_sorted_by_key(|ask| ask.at_ms));
    assert_eq!(other.asks.len(), usual.asks.len());
}

#[test]
fn where_all_that_could_serve_are_out_there_is_one_reason() {
    let (estate, traffic) = (estate(2), traffic(1_000, 60_000));
    let with = |second| {
        let first = event("provider:p0", Duration::ZERO, None, What::Outage(Outage::Errors));
        let events = vec![first, event("provider:p1", Duration::ZERO, None, second)];
        let tally = play(&estate, &traffic, &scenario(minutes(10), events), 1);
        assert_eq!(tally.products[0].served(), 0);
        tally.products[0].refused.clone()
    };
    for gone in [What::Outage(Outage::Hang), What::Retirement] {
        assert_eq!(with(gone), [("all_lost", 600)].into());
    }
    // As long as somebody is there, what is heard of them says more.
    let there = with(What::Brownout { slower: 1.0, errors: 1.0 });
    assert!(!there.is_empty() && !there.contains_key("all_lost"), "{there:?}");
}
