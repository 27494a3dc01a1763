//! The price of insurance: the cheapest that could be added so that the scenario is painless, and then so that more must
//! fall at once before a product stops.

mod played;
mod shops;

use std::collections::BTreeMap;

use scenario::replay::{Added, Reported};
use scenario::{LARGEST, cheapest};

use self::played::{Played, Point};
use self::shops::{Goal, Wares};
use super::outcome::PremiumRow;
use super::runs::{Chance, Question};

/// Sets are compared on so many requests; on more where that is seen to be too few, for a limit lets a minute's worth through at first.
const COMPARED_ON: [f64; 2] = [1_500.0, 12_000.0];
/// Of the cost of a day, what is no reason for one contract more.
const AS_MUCH: f64 = 0.02;
/// No more is added at once than this.
const MOST_ADDED: usize = 8;

/// The curve: as it is; what makes it painless, or as painless as can be; and what holds one loss more each time. What to
/// add is found on few requests; what is said of it comes from as many as all other figures of the answer do. What is better
/// in the scenario, but by less than the share served is uncertain by, is none.
pub(super) fn curve(question: &Question, reported: &Reported, served_doubt: f64) -> Vec<PremiumRow> {
    let whole = Played::whole(question, reported);
    let chance = [&whole.course, &whole.calm].map(|course| question.chance(course));
    let mut points = vec![whole.as_it_is()];
    // Of two that cost about as much, the one that is less effort.
    let usd = chance[0].usd_per_day.max(points[0].usd_per_day * AS_MUCH);
    let mut short = Played::some(question, reported, COMPARED_ON[0]);
    let mut start = Vec::new();
    if points[0].pains > 0.0 {
        let find = |short: &Played<'_>| {
            with_and_without_contract(|it| Wares::new(short, Goal::Served, it, usd), &[])
        };
        let is_mistaken =
            |short: &Played<'_>, set: &[Added]| whole.unserved(set) - short.unserved(set) > served_doubt;
        let mut found = find(&short);
        if found.iter().any(|set| is_mistaken(&short, set)) {
            short = Played::some(question, reported, COMPARED_ON[1]);
            found = find(&short);
        }
        for set in found {
            let point = whole.with(&set);
            if points[0].pains - point.pains > served_doubt {
                points.push(point);
                start = set;
            }
        }
    }
    while let Some(losses) = points[points.len() - 1].smallest_cut.filter(|size| *size < LARGEST) {
        let goal = Goal::Holds { losses, unserved: short.unserved(&start) };
        let found = with_and_without_contract(|it| Wares::new(&short, goal, it, usd), &start);
        let holds = |point: &Point| point.smallest_cut.is_none_or(|size| size > losses);
        let more: Vec<(Point, Vec<Added>)> =
            found.into_iter().map(|set| (whole.with(&set), set)).filter(|(point, _)| holds(point)).collect();
        let Some((_, best)) = more.last() else { break };
        start.clone_from(best);
        points.extend(more.into_iter().map(|(point, _)| point));
    }
    rows(&points, (question, reported), &chance)
}

/// The best set without a new contract and, where that is better, the best with one.
fn with_and_without_contract<'a>(wares: impl Fn(bool) -> Wares<'a>, start: &[Added]) -> Vec<Vec<Added>> {
    let mut known = BTreeMap::new();
    let [without, with] =
        [false, true].map(|contracts| cheapest(&wares(contracts), start, MOST_ADDED, &mut known));
    if with.0 < without.0 { vec![without.1, with.1] } else { vec![without.1] }
}

fn rows(
    points: &[Point],
    (question, reported): (&Question, &Reported),
    [in_it, in_calm]: &[Chance; 2],
) -> Vec<PremiumRow> {
    let (usd, calm) = (points[0].usd_per_day, points[0].calm_usd_per_day);
    // With somebody more to choose from chance falls otherwise: what lies within it is no price.
    let price = |change: f64, chance: f64| if change.abs() > chance { change } else { 0.0 };
    let unpriced = |point: &Point, which: usize, chance: &Chance| {
        let (share, as_it_is) = (point.served_unpriced[which], points[0].served_unpriced[which]);
        if (share - as_it_is).abs() > chance.served_unpriced { share } else { as_it_is }
    };
    let said = |point: &Point| {
        let all = point.adds.iter().enumerate();
        all.map(|(place, added)| added.words(&reported.with(&question.estate, &point.adds[..place])))
            .collect()
    };
    let row = |point: &Point| PremiumRow {
        adds: said(point),
        kinds: point.adds.iter().map(|added| added.kind()).collect(),
        unpriced: point.unpriced,
        served: point.served,
        usd_per_day: price(point.usd_per_day - usd, in_it.usd_per_day) + point.fixed_usd_per_day,
        usd_per_calm_day: price(point.calm_usd_per_day - calm, in_calm.usd_per_day) + point.fixed_usd_per_day,
        served_unpriced: unpriced(point, 0, in_it),
        served_unpriced_calm: unpriced(point, 1, in_calm),
        usd_per_day_doubt: in_it.usd_per_day,
        usd_per_calm_day_doubt: in_calm.usd_per_day,
        smallest_cut: point.smallest_cut,
    };
    points.iter().map(row).collect()
}
