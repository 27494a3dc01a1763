use catalogue::{PriceList, Rate, Rates};
use proptest::prelude::*;

use super::*;
use crate::attempt::AttemptRecord;
use crate::facts::RequestFacts;
use crate::request_id::RequestId;

fn entry(product: &str, attempts: &[(&str, u64, bool)]) -> Entry {
    let facts = RequestFacts { product: product.into(), route: "r".into(), ..RequestFacts::default() };
    let mut entry = Entry::new(RequestId::new(1, [1, 1]), 1, Arc::new(facts), Arc::default());
    let prices = PriceList::configured(Rates::NONE.with(Bucket::InputUncached, Rate::from_picos(1_000_000)));
    for (index, (deployment, tokens, priced)) in attempts.iter().enumerate() {
        entry.attempts.push(AttemptRecord::started((*deployment).into(), 0));
        let usage = Usage { input_uncached: *tokens, ..Usage::default() };
        entry.book(index, usage, UsageSource::Supplier, priced.then_some(&prices));
        entry.deployment = Some((*deployment).into());
    }
    entry.outcome = Outcome::Answered;
    entry
}

fn correction(entry: &Entry, before: Option<i64>, after: Option<i64>) -> Correction {
    Correction {
        id: entry.id,
        arrived_us: entry.arrived_us,
        product: Arc::clone(&entry.facts.product),
        route: Arc::clone(&entry.facts.route),
        deployment: entry.deployment.clone(),
        before: before.map(Money::from_nanos),
        after: after.map(Money::from_nanos),
        price_version: None,
        why: "price was wrong".into(),
        author: "ann".into(),
    }
}

#[test]
fn a_lost_attempt_is_paid_where_it_was_made() {
    let mut summary = Summary::default();
    summary.add_entry(&entry("office", &[("a/m", 10, true), ("b/m", 5, true)]));
    let by = summary.by(|group| group.deployment.clone().unwrap());
    let sums: Vec<_> = by.iter().map(|(who, sum)| (&**who, sum.requests, sum.cost_nanos)).collect();
    assert_eq!(sums, [("a/m", 0, 10_000), ("b/m", 1, 5_000)]);
    assert_eq!(summary.total().used(Bucket::InputUncached), 15);
}

#[test]
fn g19_the_unpriced_is_counted_and_never_zero_money() {
    let mut summary = Summary::default();
    summary.add_entry(&entry("office", &[("a/m", 10, true)]));
    summary.add_entry(&entry("office", &[("a/m", 10, true), ("b/m", 10, false)]));
    let total = summary.total();
    assert_eq!((total.requests, total.unpriced, total.cost_nanos), (2, 1, 10_000));
    assert_eq!(total.cost(), Some(Money::from_nanos(10_000)), "what is known");
    // Where nothing is known, there is no sum: not of who served, and not of who was tried and used tokens.
    let mut summary = Summary::default();
    summary.add_entry(&entry("office", &[("a/m", 10, true), ("b/m", 10, false)]));
    let by = summary.by(|group| group.deployment.clone().unwrap());
    let costs: Vec<_> = by.iter().map(|(who, sum)| (&**who, sum.cost())).collect();
    assert_eq!(costs, [("a/m", None), ("b/m", None)]);
    assert_eq!(summary.total().cost(), None);
    let mut nothing_used = Summary::default();
    nothing_used.add_entry(&entry("office", &[("a/m", 0, true)]));
    assert_eq!(nothing_used.total().cost(), Some(Money::ZERO), "a known 0 is one");
}

#[test]
fn g20_a_correction_adds_its_difference() {
    let mut summary = Summary::default();
    let [priced, unpriced] = [true, false].map(|priced| entry("office", &[("a/m", 10, priced)]));
    summary.add_entry(&priced);
    summary.add_entry(&unpriced);
    summary.add_correction(&correction(&priced, Some(10_000), Some(7_000)));
    summary.add_correction(&correction(&unpriced, None, Some(500)));
    let total = summary.total();
    assert_eq!((total.requests, total.corrections, total.unpriced), (2, 2, 0));
    assert_eq!(total.cost(), Some(Money::from_nanos(7_500)));
}

proptest! {
    #[test]
    fn a_whole_entry_and_its_line_say_the_same(tokens in 0..1_000_000_u64, priced: bool, product in "[ab]") {
        let entry = entry(&product, &[("a/m", tokens, priced)]);
        prop_assert!(!entry.is_split());
        let (mut whole, mut line) = (Summary::default(), Summary::default());
        whole.add_entry(&entry);
        let group = Group { product: product.as_str().into(), route: "r".into(), deployment: Some("a/m".into()) };
        let Entry { outcome, usage, usage_source, cost, .. } = entry;
        line.add_line(group, &Line { outcome: outcome.code(), usage, usage_source, cost });
        prop_assert_eq!(whole, line);
    }
    #[test]
    fn a_split_entry_and_its_shares_say_the_same(lost in 1..1_000_u64, tokens in 0..1_000_u64, priced: (bool, bool)) {
        let entry = entry("office", &[("a/m", lost, priced.0), ("b/m", tokens, priced.1)]);
        prop_assert!(entry.is_split());
        let (mut whole, mut shared) = (Summary::default(), Summary::default());
        whole.add_entry(&entry);
        let group = Group { product: "office".into(), route: "r".into(), deployment: Some("b/m".into()) };
        let paid = entry.attempts.iter().filter(|attempt| !attempt.usage.is_zero());
        let shares: Vec<_> = paid
            .map(|attempt| UsageShare {
                deployment: Arc::clone(&attempt.deployment),
                usage: attempt.usage,
                cost: entry.cost.and(attempt.cost),
            })
            .collect();
        let Entry { outcome, usage, usage_source, cost, .. } = entry;
        shared.add_shared(group, &Line { outcome: outcome.code(), usage, usage_source, cost }, &shares);
        prop_assert_eq!(whole, shared);
    }
}
