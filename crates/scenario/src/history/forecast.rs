//! How long a group of suppliers will be out at once in the weeks to come, from the weeks before.
//!
//! The weeks to come are drawn from those before, with replacement: outages come in clusters and their lengths have no
//! tidy distribution, and a drawn week brings both as they were. The weeks before are themselves drawn anew for each
//! try, for a few of them say little of the next; that widens the interval as it must. And no supplier stays what it was:
//! the interval, though not the mean, is of weeks that may all be better or worse than those before ([`DRIFT`]). Weeks
//! without any outage do not say that there is none: one more is drawn beside them, like those with one longer ago. Of
//! suppliers that were not out at once in those weeks the interval reaches up to what such silence leaves possible
//! ([`at_most_a_week`]).

use std::ops::Range;

use routing::Dice;
use serde::Serialize;

use super::{History, Minute, Spans, WEEK};
use crate::fit::normal;

/// No more weeks before are looked at: what is older was another supplier.
pub const MOST_WEEKS: usize = 52;
/// From fewer nothing is said.
pub const LEAST_WEEKS: usize = 8;
/// By how much suppliers get better or worse within a year: the standard deviation of the logarithm of their time out of
/// service, so that two times in three it changes by no more than 1.8 times. Chosen on the public incidents of two
/// suppliers of 2021 to 2024: without it 85 of a hundred periods lay in their intervals, with it 95.
pub(super) const DRIFT: f64 = 0.6;
/// The chance that an interval leaves on each side.
const EACH_SIDE: f64 = 0.025;
/// Tries of one forecast.
const TRIES: usize = 2_000;
/// The tries left out at each end of an interval of 95 of a hundred.
const OUTSIDE: usize = TRIES / 40;

/// Minutes out of service, in a number of weeks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    /// On average.
    pub mean: f64,
    /// The low end of the interval that holds 95 of a hundred.
    pub low: f64,
    /// Its high end.
    pub high: f64,
}

/// One forecast in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook {
    /// They fall together as often as they did.
    pub together: Forecast,
    /// Each falls by itself. For one supplier alone this is the same.
    pub apart: Forecast,
}

/// What the weeks before `from` say of the `weeks` from then on; `None` where fewer than [`LEAST_WEEKS`] of them were
/// watched without a break.
pub fn forecast(
    history: &History,
    group: &[usize],
    from: Minute,
    weeks: usize,
    dice: &mut Dice,
) -> Option<Outlook> {
    let before = before(&history.watched(group), from);
    if before.len() < LEAST_WEEKS {
        return None;
    }
    let out = history.out(group);
    let together: Vec<Minute> = before.iter().map(|week| out.within(week).minutes()).collect();
    let quiet = together.iter().all(|minutes| *minutes == 0);
    let rare = if quiet { longer_ago(history, group, from) } else { Vec::new() };
    let mut drawn = dice.fork();
    let tries: Vec<Minute> = (0..TRIES)
        .map(|_| {
            let like = like(before.len(), &mut drawn);
            (0..weeks).map(|_| week(&together, &like, &rare, &mut drawn)).sum()
        })
        .collect();
    let mut both = told(&tries, weeks, &mut drawn);
    if group.len() < 2 {
        return Some(Outlook { together: both, apart: both });
    }
    if quiet {
        both.high = both.high.max(still_possible(history, group, &before, &rare, weeks, dice));
    }
    let each: Vec<Vec<Spans>> = group
        .iter()
        .map(|supplier| before.iter().map(|week| history.suppliers[*supplier].out.since(week)).collect())
        .collect();
    let mut drawn = dice.fork();
    let tries: Vec<Minute> = (0..TRIES)
        .map(|_| {
            let likes: Vec<Vec<usize>> = each.iter().map(|weeks| like(weeks.len(), &mut drawn)).collect();
            (0..weeks).map(|_| at_once(&each, &likes, &mut drawn)).sum()
        })
        .collect();
    let apart = told(&tries, weeks, &mut drawn);
    if quiet && rare.is_empty() {
        // They never were: of what is to be expected nothing else is known than what each does by itself.
        both.mean = apart.mean;
        both.high = both.high.max(apart.high);
    }
    Some(Outlook { together: both, apart })
}

/// The highest chance of an event in a week that is still likely enough after so many weeks without one: the upper end of
/// the interval of Clopper and Pearson (Biometrika 26, 1934) for none of them. With 52 it is 6.8 %; by the "rule of three",
/// which leaves 5 % on that side alone, it would be 3/52.
#[expect(clippy::cast_precision_loss, reason = "weeks")]
fn at_most_a_week(weeks: usize) -> f64 {
    1.0 - EACH_SIDE.powf(1.0 / weeks.max(1) as f64)
}

/// The minutes at once that are still possible for suppliers that were never out at once in the weeks `before`: as often as
/// that silence allows, and each time as long as they once were (`rare`); where they never were, as long as the shortest of
/// an outage of each, all of it at once.
fn still_possible(
    history: &History,
    group: &[usize],
    before: &[Range<Minute>],
    rare: &[Minute],
    weeks: usize,
    dice: &mut Dice,
) -> f64 {
    let (Some(latest), Some(first)) = (before.first(), before.last()) else { return 0.0 };
    let lengths: Vec<Vec<Minute>> =
        group.iter().map(|supplier| lengths(history, *supplier, &(first.start..latest.end))).collect();
    if rare.is_empty() && lengths.iter().any(Vec::is_empty) {
        return 0.0;
    }
    let chance = at_most_a_week(before.len());
    let mut drawn = dice.fork();
    let mut once = || match rare {
        [] => lengths.iter().map(|own| own[below(own.len(), &mut drawn)]).min().unwrap_or(0),
        rare => rare[below(rare.len(), &mut drawn)],
    };
    let mut chances = dice.fork();
    let tries: Vec<Minute> = (0..TRIES)
        .map(|_| (0..weeks).filter(|_| chances.unit_f64() < chance).map(|_| once()).sum())
        .collect();
    told(&tries, weeks, dice).high
}

/// How long a supplier's outages were in a time; else those before it, else everybody's.
fn lengths(history: &History, supplier: usize, during: &Range<Minute>) -> Vec<Minute> {
    let of = |out: &Spans, range: &Range<Minute>| -> Vec<Minute> {
        out.within(range).iter().map(|span| span.end - span.start).collect()
    };
    let ever = Minute::MIN..during.end;
    let own = &history.suppliers[supplier].out;
    let found = [of(own, during), of(own, &ever)].into_iter().find(|found| !found.is_empty());
    found.unwrap_or_else(|| history.suppliers.iter().flat_map(|other| of(&other.out, &ever)).collect())
}

/// The weeks before a moment that were watched without a break, the latest first.
fn before(watched: &Spans, from: Minute) -> Vec<Range<Minute>> {
    let weeks = (1..).map(|back| from - back * WEEK..from - (back - 1) * WEEK);
    weeks.take(MOST_WEEKS).take_while(|week| watched.cover(week)).collect()
}

/// What a week with an outage was like, for those who had none in the weeks before: their own of longer ago; of one supplier
/// that never had any, everybody's.
fn longer_ago(history: &History, group: &[usize], from: Minute) -> Vec<Minute> {
    let told = |out: &Spans| -> Vec<Minute> {
        let first = out.ends().map_or(from, |ends| ends.start);
        let weeks = (1..).map(|back| from - back * WEEK..from - (back - 1) * WEEK);
        let weeks = weeks.take_while(|week| week.end > first).map(|week| out.within(&week).minutes());
        weeks.filter(|minutes| *minutes > 0).collect()
    };
    let own = told(&history.out(group));
    if !own.is_empty() || group.len() > 1 {
        return own;
    }
    history.suppliers.iter().flat_map(|supplier| told(&supplier.out)).collect()
}

/// Minutes of one week to come.
fn week(together: &[Minute], like: &[usize], rare: &[Minute], dice: &mut Dice) -> Minute {
    if !rare.is_empty() && below(together.len() + 1, dice) == together.len() {
        return rare[below(rare.len(), dice)];
    }
    together[one_of(like, dice)]
}

/// Weeks that might as well have been.
fn like(weeks: usize, dice: &mut Dice) -> Vec<usize> {
    (0..weeks).map(|_| below(weeks, dice)).collect()
}

/// Minutes at once in a week of each supplier's own; the hours of the week stay as they were.
fn at_once(each: &[Vec<Spans>], likes: &[Vec<usize>], dice: &mut Dice) -> Minute {
    let mut drawn = each.iter().zip(likes).map(|(weeks, like)| &weeks[one_of(like, dice)]);
    let first = drawn.next().cloned().unwrap_or_default();
    drawn.fold(first, |spans, other| spans.both(other)).minutes()
}

fn one_of(like: &[usize], dice: &mut Dice) -> usize {
    like[below(like.len(), dice)]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place among few"
)]
fn below(count: usize, dice: &mut Dice) -> usize {
    (dice.unit_f64() * count as f64) as usize
}

#[expect(clippy::cast_precision_loss, reason = "minutes")]
fn told(tries: &[Minute], weeks: usize, dice: &mut Dice) -> Forecast {
    // Nobody is out for longer than the time that there is.
    let most = weeks as f64 * WEEK as f64;
    let mean = tries.iter().map(|minutes| *minutes as f64).sum::<f64>() / TRIES as f64;
    let drifted = tries.iter().map(|minutes| (*minutes as f64 * (DRIFT * normal(dice)).exp()).min(most));
    let mut drifted: Vec<f64> = drifted.collect();
    drifted.sort_unstable_by(f64::total_cmp);
    Forecast { mean, low: drifted[OUTSIDE], high: drifted[TRIES - 1 - OUTSIDE] }
}
