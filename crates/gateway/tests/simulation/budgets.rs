//! A budget over midnight, on a clock that gets there at once.

use catalogue::Money;
use ledger::Entry;
use ledger::budget::{Every, Over, Terms};
use routing::Policy;

use crate::world::{Plot, run};

const REQUESTS: usize = 100;
/// Requests come five a second: half of them before midnight.
const BEFORE_MIDNIGHT_S: u64 = 10;
/// 2025-11-23, at midnight UTC.
const MIDNIGHT_S: u64 = 1_763_856_000;

#[test]
fn a_day_that_is_over_gives_the_budget_back() {
    let amount = 1_000_000;
    let terms = Terms { amount: Money::from_nanos(amount), per: Every::Day, over: Over::Refuse };
    let plot = Plot {
        requests: REQUESTS,
        begins_s: MIDNIGHT_S - BEFORE_MIDNIGHT_S,
        terms: Some(terms),
        ..Plot::of([None], Policy::default())
    };
    let outcome = run(&plot);
    let refused: Vec<usize> =
        outcome.answers.iter().filter(|answer| answer.status == 429).map(|answer| answer.request).collect();
    assert_eq!(outcome.entries.len() + refused.len(), REQUESTS, "what is refused is no entry");
    let ends_us = |entry: &Entry| entry.arrived_us + i64::try_from(entry.total_us).unwrap();
    let midnight_us = i64::try_from(MIDNIGHT_S).unwrap() * 1_000_000;
    let (before, after): (Vec<&Entry>, Vec<&Entry>) =
        outcome.entries.iter().partition(|entry| ends_us(entry) < midnight_us);
    // An answer may take twelve tokens, and takes them: no estimate of those falls short.
    let prompt = |entry: &Entry| {
        let told = i64::try_from(entry.usage.input_uncached).unwrap();
        let estimated = i64::try_from(entry.facts.estimated_input_tokens).unwrap();
        (told - estimated).max(0) * 1_000
    };
    for day in [&before, &after] {
        let spent: i64 = day.iter().map(|entry| entry.cost.unwrap().nanos()).sum();
        let short: i64 = day.iter().map(|entry| prompt(entry)).sum();
        assert!(day.len() > 2, "{} prove little", day.len());
        assert!(spent <= amount + short, "{spent} of {amount}, {short} not foreseen");
        let each = spent / i64::try_from(day.len()).unwrap();
        assert!(spent + 2 * each > amount, "{spent} of {amount} is no end, at {each} each");
    }
    let half = REQUESTS / 2;
    let (of_one_day, of_the_next): (Vec<usize>, Vec<usize>) =
        refused.iter().partition(|number| **number < half);
    assert!(of_one_day.contains(&(half - 2)) && of_the_next.contains(&(REQUESTS - 1)), "{refused:?}");
    assert!(!refused.contains(&0) && !refused.contains(&(half + 1)), "a new day: {refused:?}");
}
