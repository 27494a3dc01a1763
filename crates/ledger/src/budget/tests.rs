use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400_000_000;
/// 2026-11-29, a Sunday, at 14:00 UTC.
const NOW: i64 = 1_795_960_800_000_000;
const TODAY: i64 = NOW - 14 * 3_600_000_000;

fn money(nanos: i64) -> Money {
    Money::from_nanos(nanos)
}

fn terms(amount: i64, over: Over) -> Terms {
    Terms { amount: money(amount), per: Every::Day, over }
}

fn budget(amount: i64, over: Over) -> Budget {
    let budget = Budget::default();
    assert!(matches!(budget.set(Some(terms(amount, over)), NOW), Change::From(_)));
    budget
}

fn held(budget: &Budget, estimate: i64) -> Money {
    match budget.admit(money(estimate), NOW) {
        Verdict::Held(held) => held,
        other => panic!("{other:?}"),
    }
}

fn why(budget: &Budget, estimate: i64) -> Shortage {
    match budget.admit(money(estimate), NOW) {
        Verdict::Refused(refused) => refused.why,
        other => panic!("{other:?}"),
    }
}

fn standing(budget: &Budget) -> (i64, i64) {
    let standing = budget.standing(NOW).unwrap();
    (standing.spent.nanos(), standing.held.nanos())
}

#[test]
fn periods_are_the_calendars_in_utc() {
    let shown = |every: Every, at: &str| {
        let at: jiff::Timestamp = at.parse().unwrap();
        let span = every.around(at.as_microsecond());
        let show = |us| jiff::Timestamp::from_microsecond(us).unwrap().to_string();
        (show(span.start), show(span.end))
    };
    for (every, at, from, until) in [
        (Every::Day, "2026-11-29T14:00:00Z", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z"),
        (Every::Day, "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
        (Every::Week, "2026-11-29T23:59:59Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        (Every::Week, "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"),
        (Every::Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (Every::Month, "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
    ] {
        assert_eq!(shown(every, at), (from.to_owned(), until.to_owned()), "{every} around {at}");
    }
    assert_eq!(Every::Day.around(i64::MAX), i64::MIN..i64::MAX, "where the calendar ends it does not panic");
}

#[test]
fn without_a_budget_nothing_is_counted() {
    let budget = Budget::default();
    assert_eq!(budget.admit(money(1), NOW), Verdict::Unbounded);
    assert_eq!(budget.settle(None, Some(money(5)), NOW), None);
    assert_eq!(budget.standing(NOW), None);
}

#[test]
fn what_stands_in_the_way_is_told_apart() {
    let budget = budget(100, Over::Refuse);
    let first = held(&budget, 60);
    assert_eq!(why(&budget, 41), Shortage::Held, "the first may cost less in the end");
    let second = held(&budget, 40);
    assert_eq!(why(&budget, 1), Shortage::Held);
    budget.abandon(second);
    assert_eq!(budget.settle(Some(first), Some(money(70)), NOW), None);
    assert_eq!(why(&budget, 31), Shortage::TooDear);
    let third = held(&budget, 30);
    assert_eq!(budget.settle(Some(third), Some(money(30)), NOW), Some(Mark::All));
    assert_eq!(why(&budget, 0), Shortage::Spent, "also what is free: nobody knows that before");
    assert_eq!(standing(&budget), (100, 0));
}

#[test]
fn the_first_refusal_of_a_period_is_told_from_the_next() {
    let budget = budget(100, Over::Refuse);
    let first = |budget: &Budget, at| match budget.admit(money(101), at) {
        Verdict::Refused(refused) => (refused.is_first, refused.until_us - NOW),
        other => panic!("{other:?}"),
    };
    let hours = |count: i64| count * 3_600_000_000;
    assert_eq!(first(&budget, NOW), (true, hours(10)));
    assert_eq!(first(&budget, NOW), (false, hours(10)));
    assert_eq!(first(&budget, NOW + DAY), (true, hours(34)));
    assert_eq!(budget.standing(NOW).unwrap().until(), "2026-12-01", "time does not run backwards");
}

#[test]
fn marks_are_passed_once_a_period() {
    let budget = budget(100, Over::Tell);
    let spend = |cost, at| {
        let _ = budget.admit(money(0), at);
        budget.settle(Some(money(0)), Some(money(cost)), at)
    };
    let marks: Vec<_> = [79, 1, 10, 10, 50].into_iter().map(|cost| spend(cost, NOW)).collect();
    assert_eq!(marks, [None, Some(Mark::Most), None, Some(Mark::All), None]);
    assert_eq!(spend(200, NOW + DAY), Some(Mark::All), "both at once are the greater");
}

#[test]
fn what_is_held_goes_along_into_the_next_period_and_what_is_spent_does_not() {
    let budget = budget(100, Over::Refuse);
    let long = held(&budget, 40);
    let short = held(&budget, 50);
    budget.settle(Some(short), Some(money(50)), NOW);
    let tomorrow = budget.standing(NOW + DAY).unwrap();
    assert_eq!((tomorrow.spent, tomorrow.held), (money(0), money(40)));
    assert_eq!(tomorrow.from_us, NOW + DAY - 14 * 3_600_000_000);
    budget.settle(Some(long), Some(money(30)), NOW + DAY);
    assert_eq!(budget.standing(NOW + DAY).unwrap().spent, money(30));
    // A clock that is set back forgets nothing and refills nothing.
    assert_eq!(standing(&budget), (30, 0));
}

#[test]
fn another_amount_keeps_what_is_spent_and_another_period_asks_the_ledger() {
    let budget = budget(100, Over::Refuse);
    let one = held(&budget, 50);
    budget.settle(Some(one), Some(money(50)), NOW);
    let _under_way = held(&budget, 10);
    assert_eq!(budget.set(Some(terms(1000, Over::Tell)), NOW), Change::Known(None));
    assert_eq!(standing(&budget), (50, 10));
    assert_eq!(budget.set(Some(terms(55, Over::Refuse)), NOW), Change::Known(Some(Mark::Most)));
    assert_eq!(why(&budget, 5), Shortage::Held);
    let per_week = Terms { per: Every::Week, ..terms(100, Over::Refuse) };
    let Change::From(monday) = budget.set(Some(per_week), NOW) else {
        panic!("the week has more than the day")
    };
    assert_eq!(NOW - monday, 6 * DAY + 14 * 3_600_000_000);
    assert_eq!(standing(&budget), (0, 10));
    assert_eq!(budget.carry(monday, 85, 2), Some(Mark::Most));
    assert_eq!(standing(&budget), (85, 10));
    assert_eq!(budget.standing(NOW).unwrap().unpriced, 2);
    assert_eq!(why(&budget, 6), Shortage::Held);
}

#[test]
fn a_budget_that_is_taken_away_and_given_back_asks_the_ledger() {
    let budget = budget(100, Over::Refuse);
    let under_way = held(&budget, 40);
    assert_eq!(budget.set(None, NOW), Change::Known(None));
    assert_eq!(budget.settle(Some(under_way), Some(money(30)), NOW), None);
    assert_eq!(budget.set(Some(terms(100, Over::Refuse)), NOW), Change::From(TODAY));
    budget.carry(TODAY, 30, 0);
    assert_eq!(standing(&budget), (30, 0));
    // One that began when there was none.
    budget.settle(None, Some(money(7)), NOW);
    assert_eq!(standing(&budget), (37, 0));
}

/// The ledger is read for a while, and may be read over midnight.
#[test]
fn what_was_spent_in_a_period_that_is_over_is_not_carried_into_the_next() {
    let budget = budget(100, Over::Refuse);
    let tomorrow = NOW + DAY;
    assert_eq!(budget.standing(tomorrow).unwrap().spent, money(0));
    assert_eq!(budget.carry(TODAY, 90, 1), None);
    let standing = budget.standing(tomorrow).unwrap();
    assert_eq!((standing.spent, standing.unpriced), (money(0), 0));
}

#[test]
fn absurd_sums_do_no_harm() {
    let budget = budget(i64::MAX, Over::Refuse);
    let most = held(&budget, i64::MAX);
    budget.settle(Some(most), Some(money(i64::MAX)), NOW);
    assert_eq!(why(&budget, 1), Shortage::Spent);
    budget.carry(TODAY, i128::MAX, 1);
    budget.carry(TODAY, i128::MIN, 1);
    assert!(budget.standing(NOW).unwrap().spent > money(0));
}

#[test]
fn a_crowd_at_the_edge_gets_as_much_as_there_is() {
    const EACH: i64 = 7;
    let budget = budget(1000, Over::Refuse);
    let served: i64 = std::thread::scope(|scope| {
        let one = || {
            let mut served = 0;
            for round in 0..2000 {
                if let Verdict::Held(held) = budget.admit(money(EACH), NOW) {
                    assert!(budget.standing(NOW).unwrap().spent.nanos() <= 1000);
                    if round % 3 == 0 {
                        budget.abandon(held);
                    } else {
                        budget.settle(Some(held), Some(money(EACH)), NOW);
                        served += EACH;
                    }
                }
            }
            served
        };
        let crowd: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        crowd.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(served, 1000 / EACH * EACH, "no more, and in the end no less");
    assert_eq!(standing(&budget), (served, 0));
}

/// What can happen.
#[derive(Debug, Clone)]
enum Event {
    Admit(i64),
    Settle(usize, Option<i64>),
    Abandon(usize),
    Later(i64),
    Amount(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..40i64).prop_map(Event::Admit),
        4 => (any::<usize>(), prop::option::weighted(0.9, 0..60i64)).prop_map(|(who, cost)| Event::Settle(who, cost)),
        1 => any::<usize>().prop_map(Event::Abandon),
        1 => (0..DAY).prop_map(Event::Later),
        1 => (1..300i64).prop_map(Event::Amount),
    ]
}

/// The same, kept as a list of what was settled when.
#[derive(Debug, Default)]
struct Book {
    open: Vec<Money>,
    settled: Vec<(i64, Option<i64>)>,
}

impl Book {
    fn spent(&self, at: i64) -> (i64, i64) {
        let today = Every::Day.around(at);
        let of_today = self.settled.iter().filter(|(settled, _)| today.contains(settled));
        of_today.fold((0, 0), |(sum, unpriced), (_, cost)| match cost {
            Some(cost) => (sum + cost, unpriced),
            None => (sum, unpriced + 1),
        })
    }

    fn held(&self) -> i64 {
        self.open.iter().map(|held| held.nanos()).sum()
    }
}

proptest! {
    /// Whatever happens in whatever order, nothing is lost or counted twice, and no estimate is held past the amount.
    #[test]
    fn the_sums_are_those_of_the_book(events in prop::collection::vec(event(), 0..80), refuses: bool) {
        let over = if refuses { Over::Refuse } else { Over::Tell };
        let (budget, mut book, mut now, mut amount) = (budget(100, over), Book::default(), NOW, 100);
        for event in events {
            match event {
                Event::Admit(estimate) => {
                    let room = amount - book.spent(now).0 - book.held();
                    let fits = estimate <= room && book.spent(now).0 < amount;
                    match budget.admit(money(estimate), now) {
                        Verdict::Held(held) => {
                            prop_assert!(fits || !refuses, "{estimate} of {room}");
                            prop_assert_eq!(held, money(estimate));
                            book.open.push(held);
                        }
                        Verdict::Refused(refused) => {
                            prop_assert!(refuses && !fits, "{estimate} of {room}: {refused:?}");
                            prop_assert_eq!(refused.until_us, Every::Day.around(now).end);
                        }
                        Verdict::Unbounded => prop_assert!(false, "there is one"),
                    }
                }
                Event::Settle(who, cost) if !book.open.is_empty() => {
                    let held = book.open.swap_remove(who % book.open.len());
                    let before = book.spent(now).0;
                    book.settled.push((now, cost));
                    let mark = budget.settle(Some(held), cost.map(money), now);
                    let passed = Mark::at(book.spent(now).0, amount);
                    prop_assert_eq!(mark, passed.filter(|passed| Some(*passed) > Mark::at(before, amount)));
                }
                Event::Abandon(who) if !book.open.is_empty() => {
                    budget.abandon(book.open.swap_remove(who % book.open.len()));
                }
                Event::Later(by) => now += by,
                Event::Amount(other) => {
                    amount = other;
                    let change = budget.set(Some(terms(other, over)), now);
                    prop_assert!(matches!(change, Change::Known(_)));
                }
                Event::Settle(..) | Event::Abandon(_) => {}
            }
            let standing = budget.standing(now).unwrap();
            let (spent, unpriced) = book.spent(now);
            prop_assert_eq!((standing.spent, standing.held), (money(spent), money(book.held())));
            prop_assert_eq!(standing.unpriced, unpriced);
        }
    }

    /// Where it refuses, a period is never overspent by more than its requests' estimates fell short.
    #[test]
    fn no_more_is_spent_than_estimates_fell_short(
        requests in prop::collection::vec((0..40i64, 0..60i64, any::<bool>()), 0..80),
    ) {
        let (budget, mut open, mut short) = (budget(100, Over::Refuse), Vec::new(), 0);
        for (estimate, cost, ends_one) in requests {
            if let Verdict::Held(held) = budget.admit(money(estimate), NOW) {
                open.push((held, cost));
            }
            if ends_one && let Some((held, cost)) = open.pop() {
                budget.settle(Some(held), Some(money(cost)), NOW);
                short += (cost - held.nanos()).max(0);
            }
            let (spent, held) = standing(&budget);
            prop_assert!(spent + held <= 100 + short, "{spent} + {held} > 100 + {short}");
        }
    }
}
