use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Money, Rate};
use crate::DecimalError;

/// The same product by arbitrary-precision decimals: the rate in dollars per million, rounded half to even.
fn by_decimals(rate: Rate, units: u64) -> Decimal {
    let exact = Decimal::from_i128_with_scale(i128::from(rate.picos()) * i128::from(units), 12);
    exact.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven)
}

fn decimal(amount: Money) -> Decimal {
    Decimal::new(amount.nanos(), 9)
}

proptest! {
    #[test]
    fn money_reads_back_as_written(nanos: i64) {
        let amount = Money::from_nanos(nanos);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        prop_assert_eq!(amount.to_string().parse::<Decimal>().unwrap(), decimal(amount));
    }

    #[test]
    fn rate_reads_back_as_written(picos: u64) {
        let rate = Rate::from_picos(picos);
        prop_assert_eq!(rate.to_string().parse(), Ok(rate));
    }

    #[test]
    fn a_figure_is_never_written_with_idle_zeros(nanos: i64) {
        let text = Money::from_nanos(nanos).to_string();
        prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{}", text);
    }

    #[test]
    fn a_line_is_the_exact_product_rounded_once(picos in 0_u64..1 << 40, units in 0_u64..1 << 40) {
        let rate = Rate::from_picos(picos);
        match rate.times(units) {
            Some(amount) => prop_assert_eq!(decimal(amount), by_decimals(rate, units)),
            None => prop_assert!(by_decimals(rate, units) > decimal(Money::from_nanos(i64::MAX))),
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour(nanos in 0_u64..1 << 50) {
        let half = Rate::from_picos(1).times(nanos * 1000 + 500).unwrap();
        let even = nanos + nanos % 2;
        prop_assert_eq!(half.nanos(), i64::try_from(even).unwrap());
    }

    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _ = text.parse::<Money>();
        let _ = text.parse::<Rate>();
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order(mut nanos: Vec<i64>) {
        let sum = |nanos: &[i64]| nanos.iter().copied().map(Money::from_nanos).sum::<Option<Money>>();
        let before = sum(&nanos);
        nanos.sort_unstable();
        prop_assert_eq!(sum(&nanos), before);
    }
}

#[test]
fn a_million_entries_sum_exactly_to_the_last_digit() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let (mut exact, mut amounts) = (Decimal::ZERO, Vec::with_capacity(1_000_000));
    for _ in 0..1_000_000 {
        let (rate, units) = (Rate::from_picos(next() % 100_000_000), next() % 2_000_000);
        exact += by_decimals(rate, units);
        amounts.push(rate.times(units).unwrap());
    }
    assert_eq!(decimal(amounts.into_iter().sum::<Option<Money>>().unwrap()), exact);
}

#[test]
fn what_does_not_fit_is_said_and_never_clamped() {
    let most = Money::from_nanos(i64::MAX);
    assert_eq!(most.checked_add(Money::from_nanos(1)), None);
    assert_eq!(Money::from_nanos(i64::MIN).checked_sub(Money::from_nanos(1)), None);
    assert_eq!([most, Money::from_nanos(1)].into_iter().sum::<Option<Money>>(), None);
    assert_eq!(
        [most, Money::from_nanos(1), Money::from_nanos(-1)].into_iter().sum::<Option<Money>>(),
        Some(most)
    );
    assert_eq!(Rate::from_picos(u64::MAX).times(u64::MAX), None);
}

#[test]
fn only_plain_decimals_are_figures() {
    for text in
        ["", "-", ".", ".5", "5.", "1e3", "+1", " 1", "1 ", "1,5", "1_000", "--1", "1.2.3", "0x1", "٣", "NaN"]
    {
        assert_eq!(text.parse::<Money>(), Err(DecimalError::NotDecimal), "{text:?}");
    }
    assert_eq!("0.0000000001".parse::<Money>(), Err(DecimalError::TooPrecise(9)));
    assert_eq!("2.5000001".parse::<Rate>(), Err(DecimalError::TooPrecise(6)));
    assert_eq!("2.5000000000".parse::<Rate>(), Ok(Rate::from_picos(2_500_000)));
    assert_eq!("9223372036.854775808".parse::<Money>(), Err(DecimalError::OutOfRange));
    assert_eq!("-1".parse::<Rate>(), Err(DecimalError::OutOfRange));
    assert_eq!("9".repeat(60).parse::<Rate>(), Err(DecimalError::OutOfRange));
}

#[test]
fn figures_are_written_short() {
    assert_eq!(Money::from_nanos(123_456).to_string(), "0.000123456");
    assert_eq!(Money::from_nanos(-1_500_000_000).to_string(), "-1.5");
    assert_eq!(Money::ZERO.to_string(), "0");
    assert_eq!(Rate::from_picos(2_500_000).to_string(), "2.5");
    assert_eq!(
        format!("{:>8}|{:<6}|", Money::from_nanos(-500_000_000), Rate::from_picos(3_000_000)),
        "    -0.5|3     |"
    );
}
