//! Before against after, how sure that is, and what it hangs on.

use routing::Dice;

use super::ask::Traffic;
use super::estate::PlayedEstate;
use super::tally::{ProductTally, Tally};
use crate::fit::{Certainty, Fitted, normal};

/// One product's figures, as numbers that can be averaged. Shares are of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProductFigures {
    /// Requests in the scenario's whole time.
    pub requests: f64,
    /// The share that is served.
    pub served: f64,
    /// The share that is served by a deployment proven for it.
    pub proven: f64,
    /// The share that is served by another.
    pub unproven: f64,
    /// What its answers cost, in US dollars a day.
    pub cost_usd_per_day: f64,
    /// Half of the requests have their first content within so many milliseconds.
    pub first_p50_ms: f64,
    /// 95 of a hundred have.
    pub first_p95_ms: f64,
    /// How long it stood still beyond what it may, in milliseconds of the scenario.
    pub outside_ms: f64,
    /// The share that is served by who has no price: the cost is without it.
    pub unpriced: f64,
}

/// All products' figures, and their sum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// By product.
    pub products: Vec<ProductFigures>,
    /// Of all requests together.
    pub total: ProductFigures,
}

/// A figure with the interval in which it lies in 95 of a hundred cases.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Band {
    /// With everything as fitted.
    pub value: f64,
    /// Its low end.
    pub low: f64,
    /// Its high end.
    pub high: f64,
}

/// So many resamples: the least and the greatest of forty hold the next with a chance of 39/41, which is 95 %.
pub const RESAMPLES: usize = 40;

impl Figures {
    /// Of a replay.
    pub fn of(tally: &Tally, estate: &PlayedEstate) -> Self {
        let products: Vec<ProductFigures> = tally
            .products
            .iter()
            .enumerate()
            .map(|(index, product)| {
                let allowed = estate.products[index].max_outage;
                figures(product, tally, allowed.map_or(0.0, |allowed| allowed.as_secs_f64() * 1_000.0))
            })
            .collect();
        Self { total: sum(tally), products }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn figures(product: &ProductTally, tally: &Tally, allowed_ms: f64) -> ProductFigures {
    let share = |count: u64| if product.requests == 0 { 0.0 } else { count as f64 / product.requests as f64 };
    let part_ms = tally.part_ms();
    let days = tally.played_ms as f64 / 86_400_000.0;
    ProductFigures {
        requests: product.requests as f64 * tally.compressed,
        served: product.served_share(),
        proven: share(product.proven),
        unproven: share(product.unproven),
        cost_usd_per_day: product.cost_nanos as f64 / 1e9 / days.max(1e-12),
        first_p50_ms: product.first.quantile(0.5).unwrap_or(0.0),
        first_p95_ms: product.first.quantile(0.95).unwrap_or(0.0),
        outside_ms: product.parts_outside(allowed_ms / part_ms.max(1e-9)) * part_ms,
        unpriced: share(product.unpriced),
    }
}

fn sum(tally: &Tally) -> ProductFigures {
    let mut all = ProductTally::default();
    for product in &tally.products {
        all.requests += product.requests;
        all.proven += product.proven;
        all.unproven += product.unproven;
        all.cost_nanos += product.cost_nanos;
        all.unpriced += product.unpriced;
        all.first.join(&product.first);
    }
    figures(&all, tally, 0.0)
}

impl ProductFigures {
    const fn values(&self) -> [f64; 9] {
        [
            self.requests,
            self.served,
            self.proven,
            self.unproven,
            self.cost_usd_per_day,
            self.first_p50_ms,
            self.first_p95_ms,
            self.outside_ms,
            self.unpriced,
        ]
    }
}

/// The bands of one product's figures, in the order of [`ProductFigures`]' fields.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bands(pub [Band; 9]);

/// What each figure was with everything as fitted, and over all resamples.
pub fn compare(point: &Figures, resamples: &[Figures]) -> (Vec<Bands>, Bands) {
    let of = |pick: &dyn Fn(&Figures) -> ProductFigures| {
        let values = pick(point).values();
        let all: Vec<[f64; 9]> = resamples.iter().map(|figures| pick(figures).values()).collect();
        Bands(std::array::from_fn(|field| {
            let among = || all.iter().map(|values| values[field]).chain([values[field]]);
            Band {
                value: values[field],
                low: among().fold(f64::INFINITY, f64::min),
                high: among().fold(f64::NEG_INFINITY, f64::max),
            }
        }))
    };
    let products =
        (0..point.products.len()).map(|index| of(&|figures: &Figures| figures.products[index])).collect();
    (products, of(&|figures: &Figures| figures.total))
}

/// Another world that the recording fits as well: speeds, errors and tokenizers within what is known of them.
#[must_use]
pub fn resampled(fitted: &Fitted, dice: &mut Dice) -> Fitted {
    let mut other = fitted.clone();
    for supplier in &mut other.suppliers {
        let faster = (normal(dice) * supplier.speed_error).exp();
        supplier.first = supplier.first.each_ref().map(|curve| curve.times(faster));
        supplier.gap = supplier.gap.times(faster);
        if let Some(plain) = &mut supplier.plain {
            plain.stray = plain.stray.times(faster);
        }
        let attempts = f64::from(u32::try_from(supplier.attempts).unwrap_or(u32::MAX)).max(1.0);
        for kind in &mut supplier.errors {
            let error = (kind.share * (1.0 - kind.share) / attempts).sqrt();
            kind.share = (kind.share + normal(dice) * error).clamp(0.0, 1.0);
        }
        if supplier.certainty == Certainty::Assumed && supplier.errors.is_empty() {
            // Nobody has seen it fail; nobody has seen it serve.
            let share = 0.02 * dice.unit_f64();
            supplier.errors.push(crate::fit::ErrorKind {
                failure: wire::Failure::Server,
                share,
                after_ms: 50.0,
            });
        }
        supplier.tokens.per_estimate *= (normal(dice) * supplier.tokens.error).exp();
    }
    other
}

/// The same traffic with its neighbouring minutes in another order: each of about a hundred parts is played by itself or
/// by one within two of it.
#[must_use]
pub fn shaken(traffic: &Traffic, dice: &mut Dice) -> Traffic {
    const PARTS: u64 = 100;
    let part_ms = (traffic.length_ms / PARTS).max(1);
    let parts = traffic.length_ms.div_ceil(part_ms);
    let starts: Vec<usize> =
        (0..=parts).map(|part| traffic.asks.partition_point(|ask| ask.at_ms < part * part_ms)).collect();
    let mut asks = Vec::with_capacity(traffic.asks.len());
    for part in 0..parts {
        let offset = dice.next_u64() % 5;
        let from = (part + offset).saturating_sub(2).min(parts - 1);
        let (begin, end) =
            (starts[usize::try_from(from).unwrap_or(0)], starts[usize::try_from(from + 1).unwrap_or(0)]);
        let moved = traffic.asks[begin..end]
            .iter()
            .map(|ask| super::Ask { at_ms: ask.at_ms - from * part_ms + part * part_ms, ..*ask });
        asks.extend(moved.filter(|ask| ask.at_ms < traffic.length_ms));
    }
    Traffic { asks, shapes: traffic.shapes.clone(), ..*traffic }
}
