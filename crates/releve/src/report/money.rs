//! Money in the report's currency.

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

/// A cost in nano-dollars a day; `None` where its currency has no rate.
pub(super) fn daily(config: &Config, cost: &Cost) -> Option<i128> {
    let amount = nanos(&cost.amount.0);
    let rate = if cost.currency.0 == USD {
        NANOS
    } else {
        nanos(&config.rates.iter().find(|rate| rate.name.value == cost.currency.0)?.body.usd.0)
    };
    let days = match cost.per.value {
        Every::Day => 1,
        Every::Month => 30,
        Every::Year => 365,
    };
    Some(amount * rate / NANOS / days)
}

fn nanos(amount: &str) -> i128 {
    amount.parse::<catalogue::Money>().map_or(0, |money| money.nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
