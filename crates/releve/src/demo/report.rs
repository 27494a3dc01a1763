//! How it ended: what products and suppliers counted, held against what the gateway's ledger says, and how to go on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use catalogue::Money;
use ledger::{Outcome, Summary};
use serde::Serialize;

use super::cast::{PRODUCTS, SUPPLIERS};
use super::files::{CONFIG, LEDGER};
use super::lateness::Lateness;
use super::tally::Tally;

/// The end of a demo. Money is exact, in US dollars.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) requests: u64,
    pub(crate) product_errors: u64,
    pub(crate) takeovers: u64,
    pub(crate) cost_usd: String,
    seconds: f64,
    seed: u64,
    /// How late the machine was itself.
    pub(crate) late: Lateness,
    pub(crate) ledger: LedgerSays,
    /// The configuration that the ledger's commands want.
    pub(crate) config: &'static str,
    pub(crate) products: Vec<ProductReport>,
    pub(crate) suppliers: Vec<SupplierReport>,
    /// Commands to go on with.
    pub(crate) next: Vec<NextStep>,
}

/// A command to go on with.
#[derive(Debug, Serialize)]
pub(crate) struct NextStep {
    pub(crate) command: String,
    /// What it shows.
    pub(crate) shows: &'static str,
}

/// The gateway's own account, read back from disk.
#[derive(Debug, Serialize)]
pub(crate) struct LedgerSays {
    pub(crate) file: &'static str,
    pub(crate) requests: u64,
    pub(crate) answered: u64,
    pub(crate) cost_usd: String,
    /// Whether it is the same as what the products counted and the suppliers billed, product by product.
    pub(crate) agrees: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProductReport {
    pub(crate) name: &'static str,
    pub(crate) route: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) takeovers: u64,
    pub(crate) ttft_p50_ms: Option<u32>,
    pub(crate) ttft_p95_ms: Option<u32>,
    pub(crate) cost_usd: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct SupplierReport {
    pub(crate) name: &'static str,
    pub(crate) who: &'static str,
    pub(crate) answers: u64,
    /// Of all answers, 0 to 1.
    pub(crate) share: f64,
    pub(crate) cost_usd: String,
}

/// What a demo was asked for, as far as the report repeats it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) seed: u64,
    pub(super) took: Duration,
    pub(super) late: Lateness,
    /// How this program was called.
    pub(super) program: &'a str,
}

impl Report {
    /// Draws the line under it.
    pub(super) fn new(tally: &Tally, ledger: &Summary, asked: &Asked<'_>) -> Self {
        let totals = tally.totals();
        let total = ledger.total();
        let answers: u64 = tally.suppliers.iter().map(|supplier| supplier.served).sum();
        let products = PRODUCTS.iter().zip(&tally.products).map(|(product, tally)| ProductReport {
            name: product.name,
            route: product.route,
            protocol: product.protocol.as_str(),
            requests: tally.asked,
            errors: tally.errors,
            takeovers: tally.takeovers,
            ttft_p50_ms: tally.first_percentile(0.5),
            ttft_p95_ms: tally.first_percentile(0.95),
            cost_usd: tally.cost.to_string(),
        });
        let suppliers = SUPPLIERS.iter().zip(&tally.suppliers).map(|(supplier, tally)| SupplierReport {
            name: supplier.name,
            who: supplier.who,
            answers: tally.served,
            share: share(tally.served, answers),
            cost_usd: tally.cost.to_string(),
        });
        Self {
            requests: totals.requests,
            product_errors: totals.errors,
            takeovers: totals.takeovers,
            cost_usd: totals.cost.to_string(),
            seconds: (asked.took.as_secs_f64() * 10.0).round() / 10.0,
            seed: asked.seed,
            late: asked.late,
            ledger: LedgerSays {
                file: LEDGER,
                requests: total.requests,
                answered: total.ended(&Outcome::Answered),
                cost_usd: total.cost().map_or_else(String::new, |cost| cost.to_string()),
                agrees: agrees(tally, ledger),
            },
            config: CONFIG,
            products: products.collect(),
            suppliers: suppliers.collect(),
            next: next_steps(asked.program, tally.example()),
        }
    }

    /// Whether nobody saw an error and the books agree.
    pub(crate) fn is_good(&self) -> bool {
        self.product_errors == 0 && self.ledger.agrees
    }
}

/// Holds the ledger against what the products counted and the suppliers billed.
fn agrees(tally: &Tally, ledger: &Summary) -> bool {
    let mut counted = BTreeMap::new();
    for (product, tally) in PRODUCTS.iter().zip(&tally.products).filter(|(_, tally)| tally.asked > 0) {
        counted.insert(Arc::<str>::from(product.name), (tally.asked, tally.answered, Some(tally.cost)));
    }
    let by_product = ledger.by(|group| Arc::clone(&group.product)).into_iter();
    let booked = by_product
        .map(|(product, sums)| (product, (sums.requests, sums.ended(&Outcome::Answered), sums.cost())))
        .collect::<BTreeMap<_, _>>();
    counted == booked && tally.lost() == Money::ZERO && tally.unpriced == 0
}

#[expect(clippy::cast_precision_loss, reason = "a share of a few thousand")]
fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { (part as f64 / all as f64 * 1000.0).round() / 1000.0 }
}

/// Commands that work on what is left.
fn next_steps(program: &str, example: Option<(&str, bool)>) -> Vec<NextStep> {
    let program =
        if program.contains(char::is_whitespace) { format!("'{program}'") } else { program.to_owned() };
    let step = |what: &str, shows| NextStep { command: format!("{program} --config {CONFIG} {what}"), shows };
    let first = match example {
        Some((id, true)) => step(&format!("explain {id}"), "one takeover: why, and by whom"),
        Some((id, false)) => step(&format!("explain {id}"), "one request: who served it, and why"),
        None => step("ledger summary", "who was asked, and what it cost"),
    };
    let report = step("report", "on whom the products depend, and what loss would stop which");
    let whatif = step(
        "whatif --lose maker:anthropic --for 3d",
        "and if another maker went? two products have nobody else",
    );
    vec![first, report, whatif]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_called_as_this_program_was() {
        let all = next_steps("./target/debug/releve", Some(("req_1", true)));
        assert_eq!(all[0].command, "./target/debug/releve --config releve-demo.toml explain req_1");
        assert_eq!(all.len(), 3);
        assert!(next_steps("/my tools/releve", None)[0].command.starts_with("'/my tools/releve' --config"));
    }
}
