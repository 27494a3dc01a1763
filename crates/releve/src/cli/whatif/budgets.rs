//! When budgets are spent, before against after.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use scenario::replay::{PlayedEstate, Spend, Tally};
use serde::Serialize;
use store::{Extent, Reader};

use super::super::{CliError, words};
use crate::budgets::{Spending, as_of, spent};
use crate::settings::Settings;

/// How budgets stand when a scenario begins.
#[derive(Debug, Clone)]
pub(super) struct Budgets {
    /// When it begins, in microseconds since 1970.
    begins_us: i64,
    spent: Vec<Spending>,
}

/// One product's.
#[derive(Debug, Serialize)]
pub(super) struct BudgetRow {
    pub(super) product: Arc<str>,
    /// As it is written: `500 EUR a month`.
    pub(super) budget: Arc<str>,
    /// `refuse` or `tell`: what a gateway does past it.
    pub(super) over: &'static str,
    pub(super) amount_usd: catalogue::Money,
    /// In the period that runs when the scenario begins, until then.
    pub(super) spent_usd: catalogue::Money,
    /// When it is first spent, in UTC; `null` is never within the scenario.
    pub(super) spent_before: Option<String>,
    pub(super) spent_after: Option<String>,
    /// The same in words.
    #[serde(skip)]
    pub(super) says: String,
}

impl Budgets {
    /// A scenario begins with the last record, if that is of the day that is asked for, else with that day.
    pub(super) fn read(
        settings: &Settings,
        ledger: Option<&(PathBuf, Extent)>,
        day: Date,
    ) -> Result<Self, CliError> {
        let last = ledger.and_then(|(_, extent)| extent.period.to_us);
        let begins_us = as_of(day, last);
        if settings.resolved.snapshot.products.iter().all(|product| product.allowance.is_none()) {
            return Ok(Self { begins_us, spent: Vec::new() });
        }
        let reader = ledger.map(|(path, _)| Reader::open(path)).transpose()?;
        let until = last.map(|last| last.min(begins_us));
        Ok(Self { begins_us, spent: spent(settings, reader.as_ref(), begins_us, until)? })
    }

    /// What it rests on; `None` where nobody has a budget.
    pub(super) fn rest_on(&self) -> Option<String> {
        let refuse = self.spent.iter().any(|spent| spent.over == "refuse");
        let unpriced: i64 = self.spent.iter().map(|spent| spent.unpriced).sum();
        let refuse = if refuse {
            "; past a budget requests are served here all the same and their cost is counted, where a gateway would refuse them"
        } else {
            ""
        };
        let unpriced = if unpriced > 0 { "; what has no price is in none" } else { "" };
        let begins = words::moment(self.begins_us);
        let says = format!(
            "as spent by {begins}, when it begins, and then as played, as if its cost came evenly within a moment{unpriced}{refuse}"
        );
        (!self.spent.is_empty()).then_some(says)
    }

    pub(super) fn rows(&self, estate: &PlayedEstate, before: &Tally, after: &Tally) -> Vec<BudgetRow> {
        let row = |spent: &Spending| {
            let product = estate.products.iter().position(|product| product.name == spent.product)?;
            let spend = Spend { terms: spent.terms, nanos: spent.spent_usd.nanos().into() };
            let at = |tally: &Tally| tally.spends(product, &spend, self.begins_us);
            Some(self.row(spent, at(before), at(after)))
        };
        self.spent.iter().filter_map(row).collect()
    }

    fn row(&self, spent: &Spending, before: Option<i64>, after: Option<i64>) -> BudgetRow {
        let moment = |at: i64| jiff::Timestamp::from_microsecond(at).ok().map(hour);
        let when = |at: Option<i64>| match at {
            None => "never in this time".to_owned(),
            Some(at) => moment(at).map_or_else(|| "some day".to_owned(), |hour| format!("on {hour}")),
        };
        let budget = &spent.budget;
        let says = match (before, after) {
            (_, Some(at)) if at <= self.begins_us => format!("has spent its {budget} as it begins"),
            (None, None) => format!("stays within its {budget}, as before"),
            (Some(_), None) => {
                format!("stays within its {budget}; before it would have spent it {}", when(before))
            }
            (before, after) => {
                format!("has spent its {budget} {}; before: {}", when(after), when(before))
            }
        };
        let exact = |at: Option<i64>| at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
        let text = |at| exact(at).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        BudgetRow {
            product: Arc::clone(&spent.product),
            budget: Arc::clone(budget),
            over: spent.over,
            amount_usd: spent.amount_usd,
            spent_usd: spent.spent_usd,
            spent_before: text(before),
            spent_after: text(after),
            says,
        }
    }
}

/// `2026-12-14 about 09:00 UTC`: no prediction knows the minute.
fn hour(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%d about %H:00 UTC").to_string()
}
