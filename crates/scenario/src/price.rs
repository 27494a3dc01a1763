//! What recorded requests would have cost elsewhere.

use catalogue::{Bucket, PriceList, Usage};

use crate::traffic::Sums;

/// What the sums would cost by a list, in nano-dollars. Prices by size hold as for the usual request. `None` where the list
/// lacks a rate.
pub fn at_list_price(sums: &Sums, prices: &PriceList) -> Option<i128> {
    let mut all = Usage::default();
    for bucket in Bucket::ALL {
        // Caches are cold at first, and whether they warm up nobody knows: all input counts as fresh.
        let into = match bucket {
            Bucket::CacheRead | Bucket::CacheWrite5m | Bucket::CacheWrite1h => Bucket::InputUncached,
            other => other,
        };
        *all.get_mut(into) += sums.usage[bucket as usize];
    }
    let usual_input = all.input_total() / sums.answered.max(1);
    Some(prices.cost_together(usual_input, &all).total?.nanos().into())
}

/// What warm caches saved of the sums by a list, in nano-dollars: what was read from them, at the price of fresh input, less
/// what reading it cost. `None` where the list lacks a rate.
pub fn saved_by_caches(sums: &Sums, prices: &PriceList) -> Option<i128> {
    let read = sums.usage[Bucket::CacheRead as usize];
    let input = [Bucket::InputUncached, Bucket::CacheRead, Bucket::CacheWrite5m, Bucket::CacheWrite1h];
    let input: u64 = input.into_iter().map(|bucket| sums.usage[bucket as usize]).sum();
    let usual_input = input / sums.answered.max(1);
    let cost = |bucket| {
        let mut usage = Usage::default();
        *usage.get_mut(bucket) = read;
        Some(i128::from(prices.cost_together(usual_input, &usage).total?.nanos()))
    };
    Some(cost(Bucket::InputUncached)? - cost(Bucket::CacheRead)?)
}

#[cfg(test)]
mod tests {
    use catalogue::{LongContext, Rate, Rates};

    use super::*;

    fn rates(input: &str) -> Rates {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        Rates::NONE.with(Bucket::InputUncached, rate(input)).with(Bucket::OutputText, rate("8"))
    }

    #[test]
    fn what_caches_saved_is_what_reading_them_was_cheaper() {
        let cached = rates("4").with(Bucket::CacheRead, "1".parse().unwrap());
        let prices = PriceList::configured(cached);
        // 30 of 40 tokens of each request: three dollars less a million.
        assert_eq!(saved_by_caches(&sums(1_000, 40), &prices), Some(30_000 * 3_000));
        assert_eq!(saved_by_caches(&sums(1_000, 40), &PriceList::configured(rates("4"))), None, "no rate");
        assert_eq!(saved_by_caches(&Sums::default(), &prices), Some(0));
    }

    fn sums(requests: u64, input_each: u64) -> Sums {
        let mut sums = Sums { requests, answered: requests, ..Sums::default() };
        sums.usage[Bucket::InputUncached as usize] = requests * input_each / 4;
        sums.usage[Bucket::CacheRead as usize] = requests * input_each / 4 * 3;
        sums.usage[Bucket::OutputText as usize] = requests * 10;
        sums
    }

    /// A price for long prompts is not that of many short ones.
    #[test]
    fn many_short_requests_are_not_one_long_one() {
        let long_context = vec![LongContext { above_tokens: 1_000, rates: rates("4") }];
        let prices = PriceList { long_context, ..PriceList::configured(rates("2")) };
        // 100 times 400 tokens at 2, and 10 at 8, a million.
        assert_eq!(at_list_price(&sums(100, 400), &prices), Some(88_000_000));
        assert_eq!(at_list_price(&sums(100, 4_000), &prices), Some(1_608_000_000), "each of them is long");
        assert_eq!(at_list_price(&sums(100, 400), &PriceList::configured(Rates::NONE)), None);
    }
}
