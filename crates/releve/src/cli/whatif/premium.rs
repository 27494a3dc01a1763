//! The price of insurance: what to add, one thing after the other, so that the scenario is painless, and then so that more
//! must fall at once before a product stops.

use std::cmp::Ordering;

use scenario::LARGEST;
use scenario::event::{Course, compile};
use scenario::replay::{Added, Figures, Fragility, PlayedEstate, Reported, Tally};

use super::outcome::PremiumRow;
use super::runs::{Chance, Question, on_all_cores};

/// No more is added than this.
const MOST_ADDED: usize = 8;
/// The share that may go unserved and still count as painless.
const PAINLESS: f64 = 0.999;
/// Candidates are compared on so many requests.
const COMPARED_ON: f64 = 1_500.0;

/// One state of the estate, and what it comes to on the requests that it was played on.
struct Point {
    estate: PlayedEstate,
    adds: Vec<Added>,
    served: f64,
    usd_per_day: f64,
    calm_usd_per_day: f64,
    /// What is paid besides for what was added, used or not, as far as somebody says.
    fixed_usd_per_day: f64,
    /// How many of the things added cost what nobody says.
    unpriced: usize,
    /// The share of requests that is served by who has no price, in the scenario and without.
    served_unpriced: [f64; 2],
}

impl Point {
    /// With what is paid whether it is used or not.
    fn whole_usd_per_day(&self) -> f64 {
        self.usd_per_day + self.fixed_usd_per_day
    }

    /// How many new ones it takes.
    fn contracts(&self) -> usize {
        self.adds.iter().filter(|added| matches!(added, Added::Contract { .. })).count()
    }

    /// By how much room was raised, in all.
    fn raised(&self) -> u32 {
        let raise = |added: &Added| if let Added::Room { tenths, .. } = added { *tenths } else { 0 };
        self.adds.iter().map(raise).sum()
    }

    /// How many of a thousand requests are answered at a price that nobody says.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "up to a thousand")]
    fn unpriced_of_a_thousand(&self) -> u64 {
        (self.served_unpriced[0].max(self.served_unpriced[1]) * 1_000.0).round() as u64
    }

    /// The cheaper of two that do the same: without a new contract, at a price that is known, for less, by less.
    fn cheaper(&self, other: &Self) -> Ordering {
        self.contracts()
            .cmp(&other.contracts())
            .then(self.unpriced.cmp(&other.unpriced))
            .then(self.unpriced_of_a_thousand().cmp(&other.unpriced_of_a_thousand()))
            .then(self.whole_usd_per_day().total_cmp(&other.whole_usd_per_day()))
            .then(self.raised().cmp(&other.raised()))
    }
}

/// The curve: as it is, then each addition. What to add is found on few requests; what is said of it comes from as many as
/// all other figures of the answer do. A step that serves more, but by less than the share served is uncertain by, is none:
/// from there on, and where nothing serves more, only what must fall at once counts.
pub(super) fn curve(question: &Question, reported: &Reported, served_doubt: f64) -> Vec<PremiumRow> {
    let (short, whole) = (Played::short(question, reported), Played::whole(question, reported));
    let chance = [&whole.course, &whole.calm].map(|course| question.chance(course));
    let mut last = short.point(question.estate.clone(), Vec::new());
    let mut points = vec![whole.again(&last)];
    // How many points there are when no more is to be gained in the scenario itself.
    let mut settled = None;
    while points.len() <= MOST_ADDED {
        if last.served < PAINLESS
            && settled.is_none()
            && let Some(next) = short.more_served(&last)
        {
            let point = whole.again(&next);
            if point.0.served - points[points.len() - 1].0.served > served_doubt {
                points.push(point);
                last = next;
                continue;
            }
        }
        settled = settled.or(Some(points.len()));
        let Some(next) = short.sturdier(&last, points[points.len() - 1].1) else { break };
        points.push(whole.again(&next));
        last = next;
    }
    rows(&points, settled.unwrap_or(points.len()), (question, reported), &chance)
}

/// The lines that say something: as it is, what serves more, and whatever is the first to hold one loss more. What comes
/// after the last of them was bought for nothing.
fn rows(
    points: &[(Point, Fragility)],
    settled: usize,
    (question, reported): (&Question, &Reported),
    [in_it, in_calm]: &[Chance; 2],
) -> Vec<PremiumRow> {
    let (usd, calm) = (points[0].0.usd_per_day, points[0].0.calm_usd_per_day);
    // With somebody more to choose from chance falls otherwise: what lies within it is no price.
    let price = |change: f64, chance: f64| if change.abs() > chance { change } else { 0.0 };
    let unpriced = |point: &Point, which: usize, chance: &Chance| {
        let (share, as_it_is) = (point.served_unpriced[which], points[0].0.served_unpriced[which]);
        if (share - as_it_is).abs() > chance.served_unpriced { share } else { as_it_is }
    };
    let said = |point: &Point| {
        let all = point.adds.iter().enumerate();
        all.map(|(place, added)| added.words(&reported.with(&question.estate, &point.adds[..place])))
            .collect()
    };
    let row = |(point, fragility): &(Point, Fragility)| PremiumRow {
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
        smallest_cut: fragility.smallest_cut,
    };
    let holds: Vec<usize> =
        points.iter().map(|(_, fragility)| fragility.smallest_cut.unwrap_or(usize::MAX)).collect();
    worth_a_line(&holds, settled).map(|place| row(&points[place])).collect()
}

/// Of points that each hold so many losses: those that serve more, of which there are `settled`, and each that is the
/// first to hold more than the one before.
fn worth_a_line(holds: &[usize], settled: usize) -> impl Iterator<Item = usize> {
    (0..holds.len()).filter(move |place| *place < settled || holds[*place] > holds[*place - 1])
}

/// The question, played on some of its requests or all.
struct Played<'a> {
    question: &'a Question,
    reported: &'a Reported,
    course: Course,
    calm: Course,
}

impl<'a> Played<'a> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    fn short(question: &'a Question, reported: &'a Reported) -> Self {
        let needed = (COMPARED_ON / question.traffic.per_second().max(1e-9) * 1_000.0) as u64;
        Self::of(question, reported, question.played_ms.min(needed.max(60_000)))
    }

    fn whole(question: &'a Question, reported: &'a Reported) -> Self {
        Self::of(question, reported, question.played_ms)
    }

    fn of(question: &'a Question, reported: &'a Reported, played_ms: u64) -> Self {
        let course = compile(&question.scenario, &question.estate, played_ms);
        let calm = Course::before(&question.scenario, &question.estate, played_ms, course.compressed);
        Self { question, reported, course, calm }
    }

    fn point(&self, estate: PlayedEstate, adds: Vec<Added>) -> Point {
        let figures =
            |course: &Course| Figures::of(&self.question.play_in(&estate, course, 1.0), &estate).total;
        let (in_it, calm) = (figures(&self.course), figures(&self.calm));
        let fixed: Vec<Option<f64>> = adds
            .iter()
            .enumerate()
            .map(|(place, added)| {
                added.fixed_usd_per_day(&self.reported.with(&self.question.estate, &adds[..place]))
            })
            .collect();
        Point {
            served: in_it.served,
            usd_per_day: in_it.cost_usd_per_day,
            calm_usd_per_day: calm.cost_usd_per_day,
            fixed_usd_per_day: fixed.iter().flatten().sum(),
            unpriced: fixed.iter().filter(|price| price.is_none()).count(),
            served_unpriced: [in_it.unpriced, calm.unpriced],
            estate,
            adds,
        }
    }

    /// The same estate, played on these requests; and how much must fall at once there.
    fn again(&self, point: &Point) -> (Point, Fragility) {
        let fragility = self.reported.fragility(&point.estate, &point.adds, LARGEST);
        (self.point(point.estate.clone(), point.adds.clone()), fragility)
    }

    fn with(&self, last: &Point, added: Added) -> Point {
        let mut adds = last.adds.clone();
        adds.push(added);
        self.point(added.to(&last.estate, &self.question.traffic), adds)
    }

    /// What serves most more; of what serves as much, the cheapest.
    fn more_served(&self, last: &Point) -> Option<Point> {
        let Question { traffic, offers, .. } = self.question;
        let tally: Tally = self.question.play_in(&last.estate, &self.course, 1.0);
        let hurt = |route: usize| {
            let asks = traffic.asks.iter().filter(|ask| usize::from(ask.route) == route);
            asks.map(|ask| usize::from(ask.product))
                .any(|product| tally.products[product].served_share() < PAINLESS)
        };
        let useful = |added: &Added| match added {
            Added::Fallback { route, .. } => hurt(*route),
            Added::Contract { .. } | Added::Room { .. } => true,
        };
        let tight = Added::turned_away(&last.estate, traffic, &tally);
        let all = Added::all(&last.estate, traffic, *offers, &tight);
        let all: Vec<Added> = all.into_iter().filter(useful).collect();
        let points = on_all_cores(&all, |added| self.with(last, *added)).into_iter();
        points.filter(|point| point.served > last.served + 1e-4).min_by(|one, other| {
            let tenths = |share: f64| (share * 1_000.0).round();
            tenths(other.served).total_cmp(&tenths(one.served)).then(one.cheaper(other))
        })
    }

    /// What leaves fewer of the smallest common losses; of what leaves as few, the cheapest.
    fn sturdier(&self, last: &Point, now: Fragility) -> Option<Point> {
        let size = now.smallest_cut.filter(|size| *size < LARGEST)?;
        let Question { traffic, offers, .. } = self.question;
        let tight = Added::limited(&last.estate, traffic);
        let all = Added::all(&last.estate, traffic, *offers, &tight);
        // Larger losses are not looked at: it is enough that none so small is left.
        let left = on_all_cores(&all, |added| {
            let adds = [&last.adds[..], &[*added]].concat();
            self.reported.fragility(&added.to(&last.estate, traffic), &adds, size).count_of(size)
        });
        let mut useful: Vec<(usize, Added)> =
            left.into_iter().zip(all).filter(|(count, _)| *count < now.count).collect();
        let fewest = useful.iter().map(|(count, _)| *count).min()?;
        useful.retain(|(count, _)| *count == fewest);
        let points = on_all_cores(&useful, |(_, added)| self.with(last, *added)).into_iter();
        points.min_by(Point::cheaper)
    }
}

#[cfg(test)]
mod tests {
    use super::worth_a_line;

    #[test]
    fn nothing_is_bought_that_holds_no_more_than_before() {
        let lines = |holds: &[usize], settled| worth_a_line(holds, settled).collect::<Vec<_>>();
        assert_eq!(lines(&[1, 2, 2, 2], 1), [0, 1], "the first that holds two is enough");
        assert_eq!(lines(&[1, 1, 1, 2, usize::MAX], 1), [0, 3, 4]);
        assert_eq!(lines(&[1, 1, 1, 1], 3), [0, 1, 2], "who serves more is worth it by that");
        assert_eq!(lines(&[usize::MAX], 1), [0]);
    }
}
