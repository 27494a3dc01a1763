//! The retry budget: what keeps a failure from becoming a storm.
//!
//! Each request pays a fraction of a token (the policy's `retry_budget`, 0.2) to the target that it asks first. An
//! attempt at a target that is not healthy takes a whole one from that target. So attempts at what is probably dead
//! are at most that fraction of recent requests; recent means ten seconds, since tokens wither that fast. An attempt
//! at a healthy target takes none, so a failover never lacks budget.
//!
//! One token comes back by itself within ten seconds, so that where there is little traffic a request is tried rather
//! than turned away. The alternative, a fixed reserve per second, would be either useless for large traffic or a storm
//! for small.
//!
//! One packed word: the balance in thousandths of a token, and the tenth of a second up to which it has withered.

use crate::instant::Instant;

const TOKEN: u64 = 1_000;
const TICK_MS: u64 = 100;
/// Ticks in which tokens wither, and in which the one token of the reserve comes back.
const WINDOW_TICKS: u64 = 100;
const BALANCE_BITS: u32 = 28;
const MOST: u64 = (1 << BALANCE_BITS) - 1;
const TICK_BITS: u32 = u64::BITS - BALANCE_BITS;

/// A request that asks this target first pays `ratio` of a token.
pub(crate) fn pay(word: u64, ratio: f64, now: Instant) -> u64 {
    let (balance, tick) = wither(word, now);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, NaN is 0")]
    let paid = ((ratio * 1_000.0).round() as u64).min(MOST);
    pack(balance + paid, tick)
}

/// An attempt takes a token, if there is one.
pub(crate) fn take(word: u64, now: Instant) -> Option<u64> {
    let (balance, tick) = wither(word, now);
    balance.checked_sub(TOKEN).map(|left| pack(left, tick))
}

/// What there is, in tokens.
pub(crate) fn tokens(word: u64, now: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "28 bits fit exactly")]
    let balance = wither(word, now).0 as f64;
    balance / 1_000.0
}

/// The balance now, and the tick that it belongs to. Time that runs backwards changes nothing.
fn wither(word: u64, now: Instant) -> (u64, u64) {
    let (balance, tick) = (word & MOST, word >> BALANCE_BITS);
    let present = (now.0 / TICK_MS).min((1 << TICK_BITS) - 1);
    let passed = present.saturating_sub(tick);
    if passed == 0 {
        return (balance, tick);
    }
    let balance = if balance < TOKEN {
        balance.saturating_add(passed.saturating_mul(TOKEN / WINDOW_TICKS)).min(TOKEN)
    } else {
        let kept = WINDOW_TICKS.saturating_sub(passed);
        (balance * kept / WINDOW_TICKS).max(TOKEN)
    };
    (balance, present)
}

const fn pack(balance: u64, tick: u64) -> u64 {
    let balance = if balance > MOST { MOST } else { balance };
    balance | (tick << BALANCE_BITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bits_any_clock(word: u64, ratio: f64, now: u64, then: u64) {
            let next = pay(word, ratio, Instant(now));
            prop_assert!((0.0..=268_436.0).contains(&tokens(next, Instant(then))));
            if let Some(taken) = take(word, Instant(now)) {
                let (before, after) = (tokens(word, Instant(now)), tokens(taken, Instant(now)));
                prop_assert!((before - after - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn what_is_taken_was_paid(
            ratio in 0.0_f64..1.0,
            events in prop::collection::vec((0_u64..500, any::<bool>()), 1..500),
        ) {
            let (mut word, mut now, mut paid, mut taken) = (0, 0, 0.0, 0.0);
            for (later, pays) in events {
                now += later;
                if pays {
                    word = pay(word, ratio, Instant(now));
                    paid += ratio + 0.000_5;
                } else if let Some(next) = take(word, Instant(now)) {
                    word = next;
                    taken += 1.0;
                }
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let reserve = now as f64 / 10_000.0;
                prop_assert!(taken <= paid + reserve + 1e-6, "{taken} of {paid} + {reserve}");
            }
        }
    }

    #[test]
    fn it_holds_a_fifth_of_the_last_ten_seconds() {
        let mut word = 0;
        for request in 0..60_000_u64 {
            word = pay(word, 0.2, Instant(request * 2)); // 500 a second for two minutes
        }
        let held = tokens(word, Instant(120_000));
        assert!((950.0..1_050.0).contains(&held), "{held}");
        assert!((tokens(word, Instant(130_100)) - 1.0).abs() < 1e-9, "all but the reserve is gone");
    }

    #[test]
    fn one_comes_back_by_itself() {
        let word = take(0, Instant(10_000)).unwrap();
        assert_eq!(take(word, Instant(19_000)), None);
        assert!(take(word, Instant(20_000)).is_some());
    }

    #[test]
    fn a_ratio_that_is_no_number_pays_nothing() {
        assert!(tokens(pay(0, f64::NAN, Instant(0)), Instant(0)).abs() < 1e-9);
        assert!(tokens(pay(0, -1.0, Instant(0)), Instant(0)).abs() < 1e-9);
    }
}
