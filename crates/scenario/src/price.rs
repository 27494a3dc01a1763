//! What recorded requests would have cost elsewhere.

use catalogue::{Bucket, PriceList, Usage};

use crate::traffic::Sums;

/// What the sums would cost by a list, in nano-dollars: the usual request's price, times as many. So prices by size hold as
/// for the usual request. `None` where the list lacks a rate.
pub fn at_list_price(sums: &Sums, prices: &PriceList) -> Option<i128> {
    let requests = sums.answered.max(1);
    let mut usual = Usage::default();
    for bucket in Bucket::ALL {
        // Caches are cold at first, and whether they warm up nobody knows: all input counts as fresh.
        let into = match bucket {
            Bucket::CacheRead | Bucket::CacheWrite5m | Bucket::CacheWrite1h => Bucket::InputUncached,
            other => other,
        };
        *usual.get_mut(into) += sums.usage[bucket as usize] * 1000 / requests;
    }
    let cost = prices.cost(&usual).total?;
    Some(i128::from(cost.nanos()) * i128::from(requests) / 1000)
}
