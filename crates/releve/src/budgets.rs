//! What products have spent of their budgets. A budget begins with what the ledger has of its running period, so that neither
//! a restart nor a change forgets anything.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use catalogue::Money;
use gateway::snapshot::{Product, Snapshot};
use gateway::{Clock, tell_of_budget};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::budget::{Budget, Change, Over, Standing, Terms};
use serde::Serialize;
use store::{Period, Reader, StoreError};

use crate::cli::terminal::Tone;
use crate::cli::words;
use crate::config::Config;
use crate::settings::Settings;

/// Puts what products may spend in force, and tells the budgets that begin anew what was spent before.
///
/// From one moment on the budgets count; what was booked before that they are told. Where nobody `is_serving` yet, that is all.
pub(crate) fn put_in_force(
    snapshot: &Snapshot,
    ledger: &Path,
    clock: Clock,
    is_serving: bool,
) -> Result<(), StoreError> {
    let mut anew = BTreeMap::<i64, Vec<&Product>>::new();
    let now_us = clock.unix_us();
    for product in &snapshot.products {
        let terms = product.allowance.as_ref().map(|allowance| allowance.terms);
        match product.budget.set(terms, now_us) {
            Change::From(from_us) => anew.entry(from_us).or_default().push(product),
            Change::Known(Some(mark)) => tell_of_budget(&product.name, &product.budget, mark, now_us),
            Change::Known(None) => {}
        }
    }
    if anew.is_empty() {
        return Ok(());
    }
    let reader = Reader::open(ledger)?;
    for (from_us, products) in anew {
        let period = Period { from_us: Some(from_us), to_us: is_serving.then_some(now_us) };
        let spent = reader.summary(period)?.by(|group| Arc::clone(&group.product));
        for product in products {
            let Some(spent) = spent.get(&product.name) else { continue };
            if let Some(mark) = product.budget.carry(from_us, spent.cost_nanos, spent.unpriced) {
                tell_of_budget(&product.name, &product.budget, mark, now_us);
            }
        }
    }
    Ok(())
}

/// How a product's budget stands, for people and programs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Spending {
    pub(crate) product: Arc<str>,
    /// As it is written: `500 EUR a month`.
    pub(crate) budget: Arc<str>,
    /// The same without the period: `500 EUR`.
    #[serde(skip)]
    pub(crate) amount: String,
    #[serde(skip)]
    pub(crate) terms: Terms,
    pub(crate) amount_usd: Money,
    pub(crate) spent_usd: Money,
    /// The part of it that is spent; above 1 where more is.
    pub(crate) share: f64,
    /// Requests of the period without a price, whose money is in no sum.
    pub(crate) unpriced: i64,
    /// The first day of the running period, and of the next.
    pub(crate) from: String,
    pub(crate) until: String,
    /// `refuse` or `tell`.
    pub(crate) over: &'static str,
    /// Spending, in the budget's own currency: `123.45 EUR`.
    #[serde(skip)]
    pub(crate) spent: String,
}

/// Each budget as the ledger has it at a moment, with what was booked before `to_us`. Without a ledger nothing is spent.
pub(crate) fn spent(
    settings: &Settings,
    ledger: Option<&Reader>,
    at_us: i64,
    to_us: Option<i64>,
) -> Result<Vec<Spending>, StoreError> {
    let mut all: Vec<Spending> = Vec::new();
    let mut sums = BTreeMap::new();
    for product in &settings.resolved.snapshot.products {
        // The product of requests without a key may be one that is listed anyway.
        let is_known = all.iter().any(|known| known.product == product.name);
        let Some(allowance) = product.allowance.as_ref().filter(|_| !is_known) else { continue };
        let budget = Budget::default();
        let change = budget.set(Some(allowance.terms), at_us);
        if let (Change::From(from_us), Some(ledger)) = (change, ledger) {
            let of_period = match sums.entry(from_us) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let period = Period { from_us: Some(from_us), to_us };
                    new.insert(ledger.summary(period)?.by(|group| Arc::clone(&group.product)))
                }
            };
            if let Some(own) = of_period.get(&product.name) {
                budget.carry(from_us, own.cost_nanos, own.unpriced);
            }
        }
        if let Some(standing) = budget.standing(at_us) {
            all.push(Spending::of(&product.name, &allowance.words, &standing, &settings.resolved.effective));
        }
    }
    Ok(all)
}

/// The moment as of which budgets are told on a day: that of the last record, if it is of that day, else the day's beginning.
/// So the same ledger and day tell the same each time.
pub(crate) fn as_of(day: Date, last_us: Option<i64>) -> i64 {
    const DAY_US: i64 = 86_400_000_000;
    let midnight = day.to_zoned(TimeZone::UTC).map_or(0, |moment| moment.timestamp().as_microsecond());
    last_us.filter(|last| (midnight..midnight + DAY_US).contains(last)).unwrap_or(midnight)
}

/// The same now, by the configured ledger.
pub(crate) fn spent_now(settings: &Settings) -> Result<Vec<Spending>, StoreError> {
    if !settings.resolved.snapshot.products.iter().any(|product| product.allowance.is_some()) {
        return Ok(Vec::new());
    }
    let ledger = match Reader::open(&settings.loaded.config.ledger.url.path(&settings.loaded.folder)) {
        Ok(ledger) => Some(ledger),
        Err(StoreError::Missing { .. }) => None,
        Err(error) => return Err(error),
    };
    spent(settings, ledger.as_ref(), Clock::system().unix_us(), None)
}

impl Spending {
    fn of(product: &Arc<str>, words: &Arc<str>, standing: &Standing, config: &Config) -> Self {
        let (amount, spent) = in_own_currency(product, standing, config);
        Self {
            product: Arc::clone(product),
            budget: Arc::clone(words),
            amount,
            terms: standing.terms,
            amount_usd: standing.terms.amount,
            spent_usd: standing.spent,
            share: standing.share(),
            unpriced: standing.unpriced,
            from: standing.from(),
            until: standing.until(),
            over: if standing.terms.over == Over::Refuse { "refuse" } else { "tell" },
            spent,
        }
    }

    /// The same as a line of its own, in the tone that it deserves.
    pub(crate) fn said(&self) -> (Tone, String) {
        let tone = match self.share {
            1.0.. => Tone::Bad,
            0.8.. => Tone::Doubtful,
            _ => Tone::Plain,
        };
        (tone, format!("budget: {}", self.words()))
    }

    /// `123.45 EUR of 500 EUR a month spent (25 %), anew on 2026-12-01`.
    pub(crate) fn words(&self) -> String {
        let unpriced = match u128::try_from(self.unpriced) {
            Ok(some @ 1..) => format!(" and {} unpriced", words::counted(some, "request")),
            _ => String::new(),
        };
        let past = match self.terms.over {
            Over::Refuse if self.share >= 1.0 => ": its requests are refused",
            Over::Refuse => "; past it requests are refused",
            Over::Tell => "; past it requests are served all the same",
        };
        let (amount, per, share) = (&self.amount, self.terms.per, words::share(self.share));
        format!("{}{unpriced} of {amount} a {per} spent ({share}), anew on {}{past}", self.spent, self.until)
    }
}

/// The amount, and what is spent, at the rate by which the budget was turned into US dollars.
fn in_own_currency(product: &str, standing: &Standing, config: &Config) -> (String, String) {
    let written = config.products.iter().find(|named| named.name.value == product);
    let written = written.and_then(|named| named.body.budget.as_ref());
    let own: Option<Money> = written.and_then(|budget| budget.amount.0.parse().ok());
    let currency = written.and_then(|budget| budget.currency.as_ref()).map_or("USD", |currency| &currency.0);
    let nanos = i128::from(standing.spent.nanos());
    let turned = own.map_or(nanos, |own| {
        nanos * i128::from(own.nanos()) / i128::from(standing.terms.amount.nanos().max(1))
    });
    let amount = own.unwrap_or(standing.terms.amount);
    (format!("{amount} {currency}"), format!("{} {currency}", words::amount(turned, 2)))
}
