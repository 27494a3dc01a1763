//! What an answer costs, by the same prices as live entries, in thousandths of a nano-dollar until it is rounded.

use catalogue::{Bucket, PriceList, Service};

/// The cost of an answer in billionths of a dollar; `None` is unpriced.
///
/// `multiplied` is for scenarios that change prices; 1 leaves them as they are.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "`as` saturates")]
pub(super) fn nanos(
    prices: Option<&PriceList>,
    input: u64,
    cached: u64,
    output: u64,
    multiplied: f64,
) -> Option<i64> {
    let rates = prices?.rates(Service::Standard, input);
    let cached = cached.min(input);
    let mut picos = 0_u128;
    for (bucket, tokens) in
        [(Bucket::InputUncached, input - cached), (Bucket::CacheRead, cached), (Bucket::OutputText, output)]
    {
        if tokens > 0 {
            // Caches that are not priced apart save time, not money.
            let rate = rates.billed(bucket).or_else(|| rates.billed(Bucket::InputUncached))?;
            picos += u128::from(rate.picos()) * u128::from(tokens);
        }
    }
    if (multiplied - 1.0).abs() < 1e-12 {
        return i64::try_from(picos / 1_000).ok();
    }
    Some((picos as f64 / 1_000.0 * multiplied) as i64)
}
