use catalogue::{PriceList, Rate, Rates};

use super::*;
use crate::attempt::AttemptOutcome;

fn prices(version: &str, input: &str) -> PriceList {
    let [input, output]: [Rate; 2] = [input, "10"].map(|rate| rate.parse().unwrap());
    let rates = Rates::NONE.with(Bucket::InputUncached, input).with(Bucket::OutputText, output);
    PriceList { version: version.into(), ..PriceList::configured(rates) }
}

fn entry(deployments: &[&str]) -> Entry {
    let mut entry = Entry::new(RequestId::new(1, [1, 1]), 1_000, Arc::default(), Arc::default());
    entry.attempts = deployments.iter().map(|name| AttemptRecord::started((*name).into(), 0)).collect();
    entry.deployment = deployments.last().map(|name| (*name).into());
    entry
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage { input_uncached: input, output_text: output, ..Usage::default() }
}

#[test]
fn an_entry_that_used_nothing_costs_nothing_and_adds_up() {
    let entry = entry(&["a/m", "b/m"]);
    assert_eq!(entry.cost, Some(Money::ZERO));
    assert_eq!(entry.check(), Ok(()));
    assert!(!entry.is_split());
}

#[test]
fn h09_lost_attempts_have_lines_of_their_own() {
    let mut entry = entry(&["a/m", "b/m"]);
    entry.attempts[0].outcome = AttemptOutcome::Abandoned;
    entry.book(0, tokens(1_000, 0), UsageSource::Estimated, Some(&prices("p", "1")));
    entry.book(1, tokens(1_000, 100), UsageSource::Supplier, Some(&prices("p", "2")));
    assert_eq!(entry.cost, Some("0.004".parse().unwrap()));
    assert_eq!(entry.usage, tokens(2_000, 100));
    assert_eq!(entry.usage_source, UsageSource::Estimated);
    let lines: Vec<_> = entry.cost_lines.iter().map(|line| (line.attempt, line.cost.nanos())).collect();
    assert_eq!(lines, [(0, 1_000_000), (1, 2_000_000), (1, 1_000_000)]);
    assert!(entry.is_split());
    assert_eq!(entry.check(), Ok(()));
}

#[test]
fn booking_again_replaces_an_estimate() {
    let mut entry = entry(&["a/m"]);
    let list = prices("p", "1");
    entry.book(0, tokens(5_000, 900), UsageSource::Estimated, Some(&list));
    entry.book(0, tokens(1_000, 100), UsageSource::Supplier, Some(&list));
    assert_eq!(entry.cost, Some("0.002".parse().unwrap()));
    assert_eq!(entry.usage_source, UsageSource::Supplier);
    assert_eq!(entry.cost_lines.len(), 2);
    assert_eq!(entry.check(), Ok(()));
}

#[test]
fn g19_one_attempt_without_a_price_makes_the_whole_unpriced() {
    let mut entry = entry(&["a/m", "b/m"]);
    entry.book(0, tokens(10, 0), UsageSource::Supplier, Some(&prices("p", "1")));
    entry.book(1, tokens(10, 0), UsageSource::Supplier, None);
    assert_eq!(entry.cost, None);
    assert_eq!(entry.cost_lines.len(), 1, "what could be priced is still told");
    assert_eq!(entry.check(), Ok(()));
    entry.book(1, Usage::default(), UsageSource::None, None);
    assert_eq!(entry.cost, Some(Money::from_nanos(10_000)), "no usage needs no price");
}

#[test]
fn each_attempt_names_its_prices() {
    let mut entry = entry(&["a/m", "b/m", "c/m"]);
    entry.book(0, tokens(10, 0), UsageSource::Supplier, Some(&prices("old", "1")));
    entry.book(2, tokens(10, 0), UsageSource::Supplier, Some(&prices("new", "1")));
    assert_eq!(entry.price_version.as_deref(), Some("new"));
    let named: Vec<_> = entry.attempts.iter().map(|attempt| attempt.price_version.as_deref()).collect();
    assert_eq!(named, [Some("old"), None, None]);
}

#[test]
fn a_changed_entry_is_found_out() {
    let mut good = entry(&["a/m"]);
    good.book(0, tokens(1_000, 100), UsageSource::Supplier, Some(&prices("p", "1")));
    let mut bad = good.clone();
    bad.usage.output_text += 1;
    assert_eq!(bad.check(), Err(EntryError::Usage));
    let mut bad = good.clone();
    bad.cost_lines[0].cost = Money::from_nanos(1);
    assert_eq!(bad.check(), Err(EntryError::Lines { attempt: 0 }));
    let mut bad = good.clone();
    bad.cost = None;
    assert_eq!(bad.check(), Err(EntryError::Cost));
    let mut bad = good;
    bad.cost_lines.push(CostLine { attempt: 7, bucket: Bucket::AudioIn, cost: Money::ZERO });
    assert_eq!(bad.check(), Err(EntryError::Lines { attempt: 7 }));
}
