//! Money on a screen: short. What counts is printed exactly.

use catalogue::Money;

/// In hundredths of a cent: `$0.1234`. Half a unit is rounded up.
pub(super) fn short(money: Money) -> String {
    const NANOS_IN_A_UNIT: i64 = 100_000;
    let units = (money.nanos() + NANOS_IN_A_UNIT / 2).div_euclid(NANOS_IN_A_UNIT);
    format!("${}.{:04}", units / 10_000, units % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_for_the_eye_only() {
        assert_eq!(short(Money::ZERO), "$0.0000");
        assert_eq!(short(Money::from_nanos(123_456_789)), "$0.1235");
        assert_eq!(short(Money::from_nanos(12_000_049_999)), "$12.0000");
        assert_eq!(short(Money::from_nanos(50_000)), "$0.0001");
    }
}
