//! The answer, as programs read it and as it is printed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use scenario::replay::{Band, Bands};
use serde::Serialize;

use super::budgets::BudgetRow;
use super::pairs::PairRow;
use crate::report::Foretold;

/// See the module.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// What happens.
    pub(super) scenario: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) why: String,
    /// Why what is lost takes nobody away, where it does not, and what is played then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) takes_nobody: Option<String>,
    pub(super) span_s: f64,
    pub(super) seed: u64,
    /// What it rests on, first.
    pub(super) assumptions: Vec<Assumption>,
    pub(super) products: Vec<ProductRow>,
    pub(super) total: Change,
    /// What requests come to at those who take them over.
    pub(super) tokens: Vec<PairRow>,
    /// What is paid for those who arrive, used or not, in US dollars a day of the whole scenario. It is in the total after,
    /// in what it hangs on and in the shares of money; in no product's row.
    pub(super) added_fixed_usd_per_day: f64,
    /// When each product's budget is spent.
    pub(super) budgets: Vec<BudgetRow>,
    pub(super) shares: Vec<ShareRow>,
    pub(super) limits_hit: Vec<LimitRow>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    /// What would make it painless, the cheapest first.
    pub(super) insurance: Vec<PremiumRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) backtest: Option<Foretold>,
}

#[derive(Debug, Serialize)]
pub(super) struct Assumption {
    pub(super) about: &'static str,
    pub(super) says: String,
}

/// A figure and its 95 % interval.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Figure {
    /// By how much it may be off, either way.
    pub(super) const fn doubt(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

impl From<Band> for Figure {
    fn from(band: Band) -> Self {
        Self { value: band.value, low: band.low, high: band.high }
    }
}

/// One side of the comparison.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Side {
    pub(super) requests: Figure,
    /// Shares of requests.
    pub(super) served: Figure,
    pub(super) served_by_proven: Figure,
    pub(super) served_by_unproven: Figure,
    /// Without the unpriced.
    pub(super) cost_usd_per_day: Figure,
    /// The share of requests that is served by who has no price.
    pub(super) served_unpriced: Figure,
    pub(super) first_token_p50_ms: Figure,
    pub(super) first_token_p95_ms: Figure,
    /// Out of service for longer than it may be.
    pub(super) outside_max_outage_ms: Figure,
}

impl From<Bands> for Side {
    fn from(bands: Bands) -> Self {
        let [requests, served, proven, unproven, cost, p50, p95, outside, unpriced] =
            bands.0.map(Figure::from);
        Self {
            requests,
            served,
            served_by_proven: proven,
            served_by_unproven: unproven,
            cost_usd_per_day: cost,
            served_unpriced: unpriced,
            first_token_p50_ms: p50,
            first_token_p95_ms: p95,
            outside_max_outage_ms: outside,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Change {
    pub(super) before: Side,
    pub(super) after: Side,
}

impl Side {
    /// The same, where so much more is paid a day.
    pub(super) const fn dearer(mut self, usd_per_day: f64) -> Self {
        let cost = &mut self.cost_usd_per_day;
        cost.value += usd_per_day;
        cost.low += usd_per_day;
        cost.high += usd_per_day;
        self
    }

    /// The share of requests that are degraded: refused, or served by who is not proven for the product.
    pub(super) fn degraded(&self) -> f64 {
        1.0 - self.served_by_proven.value
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ProductRow {
    pub(super) product: Arc<str>,
    #[serde(flatten)]
    pub(super) change: Change,
    /// Shares of its requests, by why they were refused.
    pub(super) refused: BTreeMap<&'static str, f64>,
    /// The same without the scenario.
    pub(super) refused_before: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_outage_s: Option<f64>,
    /// The share of its requests that may be degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_degradation: Option<f64>,
    /// When more than one request in a hundred is first refused that was not before, or more are degraded than may be,
    /// in seconds from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_hurts_s: Option<f64>,
    /// Who carries it afterwards, the largest share first.
    pub(super) carried_by: Vec<(Arc<str>, f64)>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShareRow {
    pub(super) domain: &'static str,
    pub(super) name: Arc<str>,
    pub(super) requests_before: f64,
    pub(super) requests_after: f64,
    /// Of the money that is known; `None` where all that it served has no price.
    pub(super) money_before: Option<f64>,
    pub(super) money_after: Option<f64>,
    /// The share of what it served that has no price.
    pub(super) unpriced_before: f64,
    pub(super) unpriced_after: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct LimitRow {
    pub(super) deployment: Arc<str>,
    /// `requests` or `tokens`.
    pub(super) of: &'static str,
    /// The share of the attempts there that this limit turned away.
    pub(super) turned_away: f64,
    /// What was asked of it in its worst minute, tries again included.
    pub(super) asked_per_minute: f64,
    /// What it let in, or worked off, a minute then: as the scenario had it.
    pub(super) lets_in_per_minute: f64,
    /// Whether it is one for the whole account, so that all that is asked there counts.
    pub(super) of_account: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct SensitivityRow {
    pub(super) what: String,
    pub(super) served: f64,
    /// Without the unpriced, and the share of requests that is.
    pub(super) cost_usd_per_day: f64,
    pub(super) served_unpriced: f64,
    pub(super) first_token_p95_ms: f64,
}

/// One point of the price of insurance.
#[derive(Debug, Default, Serialize)]
pub(super) struct PremiumRow {
    /// What is added.
    pub(super) adds: Vec<String>,
    /// Of each, which sort of thing it is: fallback, contract, capacity or proof.
    pub(super) kinds: Vec<&'static str>,
    /// How many of them cost what nobody has written down: the money is that much more.
    pub(super) unpriced: usize,
    /// The share served with it.
    pub(super) served: f64,
    /// What it costs more than today, in US dollars a day, with the scenario and without.
    pub(super) usd_per_day: f64,
    pub(super) usd_per_calm_day: f64,
    /// The share of requests that is then served by who has no price, with the scenario and without.
    pub(super) served_unpriced: f64,
    pub(super) served_unpriced_calm: f64,
    /// By how much the cost of two plays of the same differs: what played requests cost more or less by no more than that is
    /// chance, and left out of it.
    pub(super) usd_per_day_doubt: f64,
    pub(super) usd_per_calm_day_doubt: f64,
    /// The fewest fault domains whose common loss still hurts a product, as the report counts: requests find nobody, or too
    /// little room in its busiest minute. 0 where that is so while nothing is lost.
    pub(super) smallest_cut: Option<usize>,
}
