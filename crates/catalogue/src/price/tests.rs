use proptest::prelude::*;

use super::{LongContext, PriceList, Rates, Service};
use crate::{Agreement, Bucket, Money, Rate, Usage};

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn list(standard: Rates) -> PriceList {
    PriceList {
        agreement: Agreement::SingleSource,
        version: "a test".into(),
        ..PriceList::configured(standard)
    }
}

fn in_and_out() -> Rates {
    Rates::NONE.with(Bucket::InputUncached, rate("2.5")).with(Bucket::OutputText, rate("10"))
}

fn any_usage() -> impl Strategy<Value = Usage> {
    proptest::array::uniform11(0_u64..1 << 40).prop_map(|counts| {
        let mut usage = Usage::default();
        for (bucket, count) in Bucket::ALL.into_iter().zip(counts) {
            *usage.get_mut(bucket) = count;
        }
        usage
    })
}

fn any_rates() -> impl Strategy<Value = Rates> {
    proptest::array::uniform11(proptest::option::of(0_u64..1 << 30)).prop_map(|picos| {
        let stated = Bucket::ALL.into_iter().zip(picos);
        stated.fold(Rates::NONE, |rates, (bucket, picos)| match picos {
            Some(picos) => rates.with(bucket, Rate::from_picos(picos)),
            None => rates,
        })
    })
}

proptest! {
    /// Disjoint buckets: each is billed as if it were alone, and nothing is billed twice or left out.
    #[test]
    fn a_bill_is_the_sum_of_its_buckets_alone(usage in any_usage(), rates in any_rates()) {
        let prices = list(rates);
        let whole = prices.cost(&usage);
        let mut alone = Vec::new();
        for (bucket, count) in usage.iter() {
            let mut one = Usage::default();
            *one.get_mut(bucket) = count;
            alone.push(prices.cost(&one).total);
        }
        prop_assert_eq!(whole.total, alone.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().sum()));
        let billed = whole.lines.len() + whole.missing.len();
        prop_assert_eq!(billed, usage.iter().filter(|(_, count)| *count > 0).count());
    }

    #[test]
    fn a_line_is_its_count_at_its_rate(usage in any_usage(), rates in any_rates()) {
        for (bucket, amount) in list(rates).cost(&usage).lines.iter() {
            prop_assert_eq!(rates.billed(*bucket).unwrap().times(usage.get(*bucket)), Some(*amount));
        }
    }

    #[test]
    fn rates_read_back_as_written(rates in any_rates()) {
        // Tool requests are written per thousand, so only whole multiples of that can be written.
        let written = match rates.get(Bucket::ToolRequests) {
            Some(tool) => rates.with(Bucket::ToolRequests, Rate::from_picos(tool.picos() * 1000)),
            None => rates,
        };
        let text = toml::to_string(&written).unwrap();
        prop_assert_eq!(toml::from_str::<Rates>(&text).unwrap(), written);
    }
}

#[test]
fn a_missing_price_is_unpriced_and_never_free() {
    let cost = list(in_and_out()).cost(&Usage { input_uncached: 1000, cache_read: 1, ..Usage::default() });
    assert_eq!(cost.total, None);
    assert_eq!(cost.missing, [Bucket::CacheRead]);
    assert_eq!(*cost.lines, [(Bucket::InputUncached, Money::from_nanos(2_500_000))]);
}

#[test]
fn a_stated_price_of_nothing_is_free_and_no_usage_costs_nothing() {
    let free = list(Rates::NONE.with(Bucket::InputUncached, rate("0")));
    assert_eq!(free.cost(&Usage { input_uncached: 5, ..Usage::default() }).total, Some(Money::ZERO));
    assert_eq!(list(Rates::NONE).cost(&Usage::default()).total, Some(Money::ZERO));
}

#[test]
fn reasoning_is_billed_as_output_and_images_as_input_unless_priced_apart() {
    let usage = Usage { reasoning: 100, image_in: 100, ..Usage::default() };
    let nanos = |rates| list(rates).cost(&usage).total.map(Money::nanos);
    assert_eq!(nanos(in_and_out()), Some(1_000_000 + 250_000));
    let apart = in_and_out().with(Bucket::Reasoning, rate("40")).with(Bucket::ImageIn, rate("0"));
    assert_eq!(nanos(apart), Some(4_000_000));
}

#[test]
fn a_long_input_changes_the_price_of_the_whole_request() {
    let mut prices = list(in_and_out());
    prices.long_context = ["5", "7"]
        .into_iter()
        .zip([100, 200])
        .map(|(input, above_tokens)| LongContext {
            above_tokens,
            rates: Rates::NONE.with(Bucket::InputUncached, rate(input)).with(Bucket::OutputText, rate("20")),
        })
        .collect();
    let nanos = |input_uncached| {
        prices.cost(&Usage { input_uncached, output_text: 1, ..Usage::default() }).total.map(Money::nanos)
    };
    assert_eq!(nanos(100), Some(250_000 + 10_000));
    assert_eq!(nanos(101), Some(505_000 + 20_000));
    assert_eq!(nanos(201), Some(1_407_000 + 20_000));
    let cached = Usage { input_uncached: 100, cache_read: 1, ..Usage::default() };
    assert_eq!(
        prices.cost(&cached).missing,
        [Bucket::CacheRead],
        "a rate of the short tier must not stand in"
    );
    let short_only = Usage { input_uncached: 101, ..Usage::default() };
    assert_eq!(prices.cost_at(Service::Batch, &short_only).total, None);
}

#[test]
fn another_class_of_service_has_its_own_price_or_none() {
    let mut prices = list(in_and_out());
    prices.services.push((Service::Flex, Rates::NONE.with(Bucket::InputUncached, rate("1.25"))));
    let usage = Usage { input_uncached: 1_000_000, ..Usage::default() };
    assert_eq!(prices.cost_at(Service::Flex, &usage).total, Some("1.25".parse().unwrap()));
    assert_eq!(prices.cost_at(Service::Priority, &usage).total, None);
}

#[test]
fn an_absurd_count_is_unpriced_and_not_clamped() {
    let usage = Usage { output_text: u64::MAX, ..Usage::default() };
    let cost = list(in_and_out()).cost(&usage);
    assert_eq!((cost.total, cost.missing), (None, vec![Bucket::OutputText]));
}

#[test]
fn tool_requests_are_priced_per_thousand() {
    let rates: Rates = toml::from_str("tool_requests = \"10\"").unwrap();
    let cost = list(rates).cost(&Usage { tool_requests: 3, ..Usage::default() });
    assert_eq!(cost.total, Some("0.03".parse().unwrap()));
}

#[test]
fn a_misspelt_rate_is_refused() {
    assert!(toml::from_str::<Rates>("inptu = \"1\"").is_err());
    assert!(toml::from_str::<Rates>("input = 1.5").is_err(), "a float would not be exact");
}

#[test]
fn a_class_of_service_is_billed_at_its_own_rates_or_the_bill_says_that_others_stand_in() {
    let rates = |input, output| {
        Rates::NONE.with(Bucket::InputUncached, rate(input)).with(Bucket::OutputText, rate(output))
    };
    let mut list = PriceList::configured(rates("2", "10"));
    list.services.push((Service::of_word("flex"), rates("1", "5")));
    list.long_context.push(LongContext { above_tokens: 1000, rates: rates("4", "20") });
    let bill = |word, input_uncached| {
        let usage = Usage { input_uncached, output_text: 10, ..Usage::default() };
        let list = list.at(Service::of_word(word), usage.input_total());
        let total = list.cost(&usage).total.map(|total| total.to_string());
        (list.version.to_string(), list.agreement, total.unwrap_or_default())
    };
    let as_ours = Agreement::Configured;
    assert_eq!(bill("default", 100), ("config".into(), as_ours, "0.0003".into()));
    assert_eq!(bill("STANDARD", 2000), ("config".into(), as_ours, "0.0082".into()));
    assert_eq!(bill("flex", 100), ("config, flex".into(), as_ours, "0.00015".into()));
    let stands_in = Agreement::StandIn;
    assert_eq!(bill("flex", 2000), ("config, flex".into(), stands_in, "0.0082".into()));
    assert_eq!(bill("priority", 100), ("config, priority".into(), stands_in, "0.0003".into()));
    assert_eq!(bill("ultrafast", 100), ("config, another service".into(), stands_in, "0.0003".into()));
}
