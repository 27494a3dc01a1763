//! Money in the report's currency.

use jiff::Unit;
use jiff::civil::Date;
use serde::Serialize;

use super::page::{Language, say};
use crate::config::Config;
use crate::config::contract::{Cost, Every};

const USD: &str = "USD";
const NANOS: i128 = 1_000_000_000;

/// What money is shown in, and by which rate that was worked out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Currency {
    pub(crate) code: String,
    /// US dollars for one unit; exact text.
    pub(crate) usd: String,
    pub(crate) on: Option<Date>,
    pub(crate) source: Option<String>,
    /// What was asked for and has no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) without_rate: Option<String>,
    #[serde(skip)]
    nanos: i128,
}

impl Currency {
    /// That of the configuration; US dollars where it names none, or one without a rate.
    pub(crate) fn of(config: &Config) -> Self {
        let wanted = config.report.as_ref().and_then(|report| report.currency.as_ref());
        let wanted = wanted.map(|wanted| wanted.0.clone()).filter(|code| code != USD);
        let rate = config.rates.iter().find(|rate| wanted.as_ref() == Some(&rate.name.value));
        match (wanted, rate) {
            (Some(code), Some(rate)) => Self {
                code,
                usd: rate.body.usd.0.clone(),
                on: Some(rate.body.on.0),
                source: rate.body.source.as_ref().map(|source| source.value.clone()),
                without_rate: None,
                nanos: nanos(&rate.body.usd.0),
            },
            (without_rate, _) => {
                Self { code: USD.into(), usd: "1".into(), on: None, source: None, without_rate, nanos: NANOS }
            }
        }
    }

    /// The same of a sum in which so many requests have no price: `12.34 EUR and 7 unpriced`, or `unpriced` where nothing else
    /// is known of it.
    pub(crate) fn show_known(&self, language: Language, nanos: i128, unpriced: u64) -> String {
        if unpriced == 0 {
            return self.show(language, nanos);
        }
        if nanos == 0 {
            return say!(language, "unpriced", "sans prix");
        }
        let (known, unpriced) = (self.show(language, nanos), super::words::count(language, unpriced));
        say!(language, "{known} and {unpriced} unpriced", "{known} et {unpriced} sans prix")
    }

    /// `nanos` of a US dollar in this currency, with as many digits as such a sum deserves: `12.34 EUR`.
    pub(crate) fn show(&self, language: Language, nanos: i128) -> String {
        if nanos == 0 {
            return format!("0 {}", self.code);
        }
        let own = nanos * NANOS / self.nanos.max(1);
        // What is less than a billionth of a unit is shown as one: nothing is only what is nothing.
        let own = if own == 0 { nanos.signum() } else { own };
        format!("{} {}", shown(language, own), self.code)
    }
}

/// Billionths of a unit, with the digits that such a sum deserves.
fn shown(language: Language, nanos: i128) -> String {
    // Below one unit the cents say nothing.
    let shown = crate::cli::words::amount(nanos, if nanos.abs() < NANOS { 4 } else { 2 });
    match language {
        Language::En => shown,
        Language::Fr => shown.replace(',', "\u{202f}").replace('.', ","),
    }
}

/// A cost as it is written down: `9,000.00 GBP a month`.
pub(super) fn written(language: Language, cost: &Cost) -> String {
    let (sum, code) = (shown(language, nanos(&cost.amount.0)), &cost.currency.0);
    match cost.per.value {
        Every::Day => say!(language, "{sum} {code} a day", "{sum} {code} par jour"),
        Every::Month => say!(language, "{sum} {code} a month", "{sum} {code} par mois"),
        Every::Year => say!(language, "{sum} {code} a year", "{sum} {code} par an"),
    }
}

/// A cost in nano-dollars a day of the year; `None` where its currency has no rate.
pub(super) fn daily(config: &Config, cost: &Cost) -> Option<i128> {
    let amount = in_dollars(config, cost)?;
    Some(match cost.per.value {
        Every::Day => amount,
        // As many days as a month has in a year.
        Every::Month => amount * 12 / 365,
        Every::Year => amount / 365,
    })
}

/// What falls due from one day to another, in nano-dollars: whole months count as months, the rest by the days that its month
/// has. `None` without a rate. Nothing once the day is past.
pub(super) fn due_between(config: &Config, cost: &Cost, from: Date, to: Date) -> Option<i128> {
    let amount = in_dollars(config, cost)?;
    if to <= from {
        return Some(0);
    }
    let days = i128::from(from.until(to).ok()?.get_days());
    Some(match cost.per.value {
        Every::Day => amount * days,
        Every::Year => amount * days / 365,
        Every::Month => {
            let span = from.until((Unit::Month, to)).ok()?;
            let (months, rest) = (span.get_months(), i128::from(span.get_days()));
            let last = from.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?;
            amount * i128::from(months) + amount * rest / i128::from(last.days_in_month())
        }
    })
}

/// The amount in nano-dollars, each time that it is due; `None` where its currency has no rate.
fn in_dollars(config: &Config, cost: &Cost) -> Option<i128> {
    let rate = if cost.currency.0 == USD {
        NANOS
    } else {
        nanos(&config.rates.iter().find(|rate| rate.name.value == cost.currency.0)?.body.usd.0)
    };
    Some(nanos(&cost.amount.0) * rate / NANOS)
}

fn nanos(amount: &str) -> i128 {
    amount.parse::<catalogue::Money>().map_or(0, |money| money.nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::{Amount, At};

    #[test]
    fn a_month_is_one_of_twelve_however_many_days_it_has() {
        let cost = |amount: &str, per| Cost {
            amount: At::nowhere(Amount(amount.into())),
            currency: At::nowhere(crate::config::value::Currency(USD.into())),
            per: At::nowhere(per),
        };
        let config = Config::default();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let due = |cost: &Cost, from, to| {
            let nanos = due_between(&config, cost, day(from), day(to)).unwrap();
            (nanos + NANOS / 200) / (NANOS / 100)
        };
        let month = cost("20000", Every::Month);
        assert_eq!(
            due(&month, "2026-11-29", "2027-06-30"),
            14_066_667,
            "seven months and one of June's thirty days"
        );
        assert_eq!(due(&month, "2026-11-29", "2027-11-29"), 24_000_000, "a year has twelve");
        assert_eq!(due(&month, "2027-06-30", "2026-11-29"), 0, "it is past");
        assert_eq!(daily(&config, &month).unwrap() * 365 / NANOS, 239_999, "to a nano-dollar a day");
        assert_eq!(due(&cost("365", Every::Year), "2026-01-01", "2026-01-11"), 1_000);
        assert_eq!(due(&cost("3", Every::Day), "2026-01-01", "2026-01-11"), 3_000);
    }

    #[test]
    fn sums_have_the_digits_they_deserve() {
        let euro = Currency {
            code: "EUR".into(),
            usd: "1.08".into(),
            on: None,
            source: None,
            without_rate: None,
            nanos: 1_080_000_000,
        };
        assert_eq!(euro.show(Language::En, 1_080 * NANOS), "1,000.00 EUR");
        assert_eq!(euro.show(Language::En, 108_000_000), "0.1000 EUR");
        assert_eq!(euro.show(Language::En, -1_080_000_000), "-1.00 EUR");
        assert_eq!(euro.show(Language::En, 0), "0 EUR");
        assert_eq!(euro.show(Language::Fr, 1_080 * NANOS), "1\u{202f}000,00 EUR");
        assert_eq!(euro.show(Language::En, -108_000_000), "-0.1000 EUR");
        assert_eq!(euro.show(Language::Fr, 43_200), "0,00004 EUR", "a small sum never looks like none");
        assert_eq!(euro.show(Language::En, 1), "0.000000001 EUR");
    }
}
