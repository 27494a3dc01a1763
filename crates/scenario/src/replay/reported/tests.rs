use catalogue::Weights;

use super::*;
use crate::replay::testing::traffic;

/// One deployment at each of so many accounts, by makers and at hosts of their own.
fn estate(count: u16) -> Estate {
    let name = |index: u16| format!("p{index}");
    let member = |index: u16| {
        crate::fixture::member(
            &format!("p{index}/m"),
            index,
            &format!("maker{index}"),
            &format!("maker{index}"),
            Weights::Unknown,
        )
    };
    let accounts = (0..count).map(|index| crate::fixture::account(&name(index)));
    crate::fixture::estate((0..count).map(member).collect(), accounts.collect())
}

fn reported(estate: Estate) -> (Reported, PlayedEstate) {
    let played = PlayedEstate::of(&estate, "2026-11-28");
    // Sixty requests a minute, of 1,100 tokens each.
    (Reported::of_asks(estate, &played, &traffic(1_000, 120_000)), played)
}

fn fragility(estate: Estate) -> Fragility {
    let (reported, played) = reported(estate);
    reported.fragility(&played, &[], LARGEST)
}

#[test]
fn as_much_must_fall_as_there_are_independent_candidates() {
    for count in 1..=3_u16 {
        assert_eq!(fragility(estate(count)), Fragility { smallest_cut: Some(count.into()), count: 1 });
    }
    assert_eq!(fragility(estate(4)).smallest_cut, None);
    let mut shared = estate(3);
    for member in &mut shared.members {
        member.routing.host = "one".into();
    }
    assert_eq!(fragility(shared).smallest_cut, Some(1), "they share a house");
    let mut own = estate(2);
    own.members[0].routing.maker = "maker1".into();
    assert_eq!(fragility(own.clone()).smallest_cut, Some(1));
    own.members[1].routing.host = "own".into();
    own.members[1].weights = Weights::Open;
    assert_eq!(fragility(own).smallest_cut, Some(2), "open weights survive their maker");
}

/// A fallback that cannot carry the busiest minute is none, here as in the report.
#[test]
fn who_has_too_little_room_is_no_fallback() {
    let mut narrow = estate(2);
    narrow.accounts[1].tokens_per_minute = Some(40_000);
    let (reported, played) = reported(narrow.clone());
    assert_eq!(reported.traffic.peaks["p"][0].loads.len(), 1);
    let with = |adds: &[Added]| reported.fragility(&played, adds, LARGEST).smallest_cut;
    assert_eq!(with(&[]), Some(1), "66,000 tokens a minute do not fit into 40,000");
    let room = |tenths| Added::Room { account: 1, tenths };
    assert_eq!(with(&[room(15)]), Some(1), "nor into 60,000");
    assert_eq!(with(&[room(20)]), Some(2));
    assert_eq!(with(&[room(15), room(15)]), Some(2), "one raise comes on top of the other");
    // By its slots: one, for as long as an answer takes.
    narrow.accounts[1].tokens_per_minute = None;
    narrow.members[1].routing.max_in_flight = Some(1);
    narrow.members[1].answer = Some(std::time::Duration::from_millis(1_500));
    assert_eq!(fragility(narrow.clone()).smallest_cut, Some(1), "forty requests a minute, of sixty");
    narrow.members[1].answer = Some(std::time::Duration::from_millis(900));
    assert_eq!(fragility(narrow.clone()).smallest_cut, Some(2));
    // Both too small for it: short as it is, before anything is lost.
    for account in &mut narrow.accounts {
        account.requests_per_minute = Some(20);
    }
    assert_eq!(fragility(narrow), Fragility { smallest_cut: Some(0), count: 1 });
}

#[test]
fn whoever_serves_nobody_is_no_fallback() {
    let mut one_left = estate(2);
    one_left.members[0].tenure.off_ms = Some(0);
    assert_eq!(fragility(one_left), Fragility { smallest_cut: Some(1), count: 1 }, "one loss is enough");
}

#[test]
fn no_more_is_searched_than_is_asked_for() {
    let (reported, played) = reported(estate(2));
    let none = Fragility { smallest_cut: None, count: 0 };
    assert_eq!(reported.fragility(&played, &[], 1), none);
    assert_eq!(reported.fragility(&played, &[], 2).smallest_cut, Some(2));
}
