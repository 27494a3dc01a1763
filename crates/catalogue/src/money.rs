//! Exact money and exact prices, as integers.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::{self, DecimalError};

const MONEY_PLACES: usize = 9;
const RATE_PLACES: usize = 6;

/// An amount in US dollars, as a whole number of nano-dollars. Negative amounts exist for corrections.
///
/// Text form, also in JSON: a plain decimal of dollars without trailing zeros, such as `"0.000123456"`. An `i64` holds
/// 9.2 thousand million dollars; every operation that could pass that says so instead of saturating.
///
/// ```
/// use catalogue::Money;
/// let amount: Money = "0.000123456".parse().unwrap();
/// assert_eq!(amount.nanos(), 123_456);
/// assert_eq!([amount, amount].into_iter().sum::<Option<Money>>(), Some(Money::from_nanos(246_912)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Money(i64);

impl Money {
    /// No money. Never used to mean "unknown": that is `Option::None`.
    pub const ZERO: Self = Self(0);

    /// An amount of `nanos` nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The sum, or `None` where it would not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The difference, or `None` where it would not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }
}

/// Adds in 128 bits and checks once at the end, so that the order of the terms never matters. `None` where the sum
/// does not fit.
impl Sum<Money> for Option<Money> {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Self {
        let nanos: i128 = amounts.map(|amount| i128::from(amount.0)).sum();
        i64::try_from(nanos).ok().map(Money)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::format(f, i128::from(self.0), MONEY_PLACES)
    }
}

impl FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let nanos = decimal::parse(text, MONEY_PLACES)?;
        i64::try_from(nanos).map(Self).map_err(|_| DecimalError::OutOfRange)
    }
}

impl From<Money> for String {
    fn from(amount: Money) -> Self {
        amount.to_string()
    }
}

impl TryFrom<String> for Money {
    type Error = DecimalError;

    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

/// A price: pico-dollars per unit. For tokens that is exactly "US dollars per million tokens" with up to six
/// decimals, which is also its text form (`"2.5"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rate(u64);

impl Rate {
    /// A price of `picos` pico-dollars per unit.
    pub const fn from_picos(picos: u64) -> Self {
        Self(picos)
    }

    /// Pico-dollars per unit.
    pub const fn picos(self) -> u64 {
        self.0
    }

    /// What `units` cost, rounded half to even to the nano-dollar: one line of a bill. `None` where it does not fit
    /// into [`Money`] (above nine thousand million dollars: an absurd count, which must not become a bill).
    pub const fn times(self, units: u64) -> Option<Money> {
        let picos = self.0 as u128 * units as u128;
        let (nanos, rest) = (picos / 1000, picos % 1000);
        let rounded = if rest > 500 || (rest == 500 && nanos % 2 == 1) { nanos + 1 } else { nanos };
        if rounded > i64::MAX as u128 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
        Some(Money(rounded as i64))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::format(f, i128::from(self.0), RATE_PLACES)
    }
}

impl FromStr for Rate {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let picos = decimal::parse(text, RATE_PLACES)?;
        u64::try_from(picos).map(Self).map_err(|_| DecimalError::OutOfRange)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = DecimalError;

    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
