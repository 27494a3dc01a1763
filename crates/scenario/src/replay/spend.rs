//! When a product's budget would be spent in the course of what was played.

use ledger::budget::Terms;

use super::tally::Tally;

/// What a product may spend, and what of it is spent where the play begins.
#[derive(Debug, Clone, Copy)]
pub struct Spend {
    /// What it may.
    pub terms: Terms,
    /// What it has, in the period that is running then, in billionths of a dollar.
    pub nanos: i128,
}

impl Tally {
    /// The first moment at which a product has spent its budget of a period, in microseconds since 1970; `None` is never, in
    /// the time that was played. `begins_us`: when that began.
    ///
    /// Within a part of the time money goes evenly, and what was played stands for the whole length of the scenario.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a prediction")]
    pub fn spends(&self, product: usize, spend: &Spend, begins_us: i64) -> Option<i64> {
        let amount = spend.terms.amount.nanos() as f64;
        let mut spent = spend.nanos as f64;
        if spent >= amount {
            return Some(begins_us);
        }
        let (begins, part_us) = (begins_us as f64, self.part_ms() * 1_000.0);
        let mut ends = spend.terms.per.around(begins_us).end as f64;
        for (part, cost) in self.products[product].parts_cost.iter().enumerate() {
            let a_us = *cost as f64 * self.compressed / part_us;
            let mut at = begins + part as f64 * part_us;
            let until = at + part_us;
            // A part may be longer than a period.
            while at < until {
                let stop = until.min(ends);
                let more = a_us * (stop - at);
                if spent + more >= amount {
                    return Some((at + (amount - spent) / a_us) as i64);
                }
                spent += more;
                at = stop;
                if stop >= ends {
                    spent = 0.0;
                    ends = spend.terms.per.around(stop as i64).end as f64;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use catalogue::Money;
    use ledger::budget::{Every, Over};

    use super::*;
    use crate::replay::tally::{PARTS, ProductTally};

    const HOUR: i64 = 3_600_000_000;
    /// 2026-11-30, a Monday, at midnight UTC.
    const MONDAY: i64 = 1_795_996_800_000_000;

    /// So many days, in which each part of the time costs a nano-dollar; a tenth of that was played.
    fn tally(days: u64) -> Tally {
        let parts_cost = vec![1; PARTS];
        let product = ProductTally { parts_cost, ..ProductTally::default() };
        Tally {
            products: vec![product],
            played_ms: days * 86_400_000 / 10,
            compressed: 10.0,
            ..Tally::default()
        }
    }

    fn spend(amount: i64, per: Every, nanos: i128) -> Spend {
        Spend { terms: Terms { amount: Money::from_nanos(amount), per, over: Over::Tell }, nanos }
    }

    fn hours(tally: &Tally, spend: &Spend) -> Option<i64> {
        tally.spends(0, spend, MONDAY).map(|at| (at - MONDAY + HOUR / 2) / HOUR)
    }

    #[test]
    fn what_was_played_stands_for_the_whole_length() {
        // 4,000 nano-dollars in ten days.
        assert_eq!(hours(&tally(10), &spend(400, Every::Week, 0)), Some(24));
        assert_eq!(hours(&tally(10), &spend(400, Every::Week, 300)), Some(6), "some was spent before");
        assert_eq!(hours(&tally(10), &spend(400, Every::Week, 400)), Some(0), "all was");
        assert_eq!(hours(&tally(10), &spend(100_000, Every::Week, 0)), None);
    }

    #[test]
    fn a_new_period_begins_at_nothing() {
        assert_eq!(hours(&tally(10), &spend(401, Every::Day, 0)), None, "400 a day");
        assert_eq!(hours(&tally(10), &spend(399, Every::Day, 0)), Some(24));
        // The month ends on that day: what was spent in it is not December's.
        assert_eq!(hours(&tally(10), &spend(1_000, Every::Month, 500)), Some(24 + 60));
    }

    #[test]
    fn a_part_may_be_longer_than_a_period() {
        // Five years in 400 parts: four days and a half each.
        assert_eq!(hours(&tally(1_825), &spend(3, Every::Day, 0)), None, "about two a day");
        assert_eq!(hours(&tally(1_825), &spend(2, Every::Day, 0)), Some(22));
    }

    #[test]
    fn who_spends_nothing_spends_no_budget() {
        let mut idle = tally(10);
        idle.products[0].parts_cost.fill(0);
        assert_eq!(hours(&idle, &spend(1, Every::Day, 0)), None);
    }
}
