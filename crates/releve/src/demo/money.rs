//! Money on a screen: short. What counts is printed exactly.

use catalogue::Money;

use crate::cli::words::amount;

/// In hundredths of a cent: `$0.1234`; finer where that would be nothing.
pub(super) fn short(money: Money) -> String {
    format!("${}", amount(money.nanos().into(), 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_for_the_eye_only() {
        assert_eq!(short(Money::ZERO), "$0.0000");
        assert_eq!(short(Money::from_nanos(123_456_789)), "$0.1235");
        assert_eq!(short(Money::from_nanos(12_000_049_999)), "$12.0000");
        assert_eq!(short(Money::from_nanos(1_234_512_345_678)), "$1,234.5123");
        assert_eq!(
            short(Money::from_nanos(50_000)),
            "$0.00005",
            "what is not nothing is never shown as nothing"
        );
    }
}
