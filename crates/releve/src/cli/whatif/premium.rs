//! The price of insurance: what to add, one thing after the other, so that the scenario is painless, and then so that more
//! must fall at once before a product stops.

use scenario::LARGEST;
use scenario::event::{Course, compile};
use scenario::replay::{Added, Figures, Fragility, PlayedEstate, Tally, fragility};

use super::outcome::PremiumRow;
use super::runs::{Question, on_all_cores};

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
    /// What is paid besides for what was added, used or not.
    fixed_usd_per_day: f64,
    fragility: Fragility,
}

/// By how much the figures may be off, either way.
pub(super) struct Doubt {
    pub(super) served: f64,
    /// In the scenario.
    pub(super) usd_per_day: f64,
    /// Without it.
    pub(super) usd_per_calm_day: f64,
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
}

/// The curve: as it is, then each addition. What to add is found on few requests; what is said of it comes from as many as
/// all other figures of the answer do. A step that serves more, but by less than the share served is uncertain by, is none:
/// from there on, and where nothing serves more, only what must fall at once counts.
pub(super) fn curve(question: &Question, doubt: &Doubt) -> Vec<PremiumRow> {
    let (short, whole) = (Played::short(question), Played::whole(question));
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
            if point.served - points[points.len() - 1].served > doubt.served {
                points.push(point);
                last = next;
                continue;
            }
        }
        settled = settled.or(Some(points.len()));
        let Some(next) = short.sturdier(&last) else { break };
        points.push(whole.again(&next));
        last = next;
    }
    rows(&points, settled.unwrap_or(points.len()), question, doubt)
}

/// The lines that say something: as it is, what serves more, and whatever is the first to hold one loss more. What comes
/// after the last of them was bought for nothing.
fn rows(points: &[Point], settled: usize, question: &Question, doubt: &Doubt) -> Vec<PremiumRow> {
    let (usd, calm) = (points[0].usd_per_day, points[0].calm_usd_per_day);
    // With somebody more to choose from chance falls otherwise: what lies within it is no price.
    let price = |change: f64, doubt: f64| if change.abs() > doubt { change } else { 0.0 };
    let row = |point: &Point| PremiumRow {
        adds: point.adds.iter().map(|added| added.words(&question.estate)).collect(),
        served: point.served,
        usd_per_day: price(point.usd_per_day - usd, doubt.usd_per_day) + point.fixed_usd_per_day,
        usd_per_calm_day: price(point.calm_usd_per_day - calm, doubt.usd_per_calm_day)
            + point.fixed_usd_per_day,
        usd_per_day_doubt: doubt.usd_per_day,
        usd_per_calm_day_doubt: doubt.usd_per_calm_day,
        smallest_cut: point.fragility.smallest_cut,
    };
    let holds: Vec<usize> =
        points.iter().map(|point| point.fragility.smallest_cut.unwrap_or(usize::MAX)).collect();
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
    course: Course,
    calm: Course,
}

impl<'a> Played<'a> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    fn short(question: &'a Question) -> Self {
        let needed = (COMPARED_ON / question.traffic.per_second().max(1e-9) * 1_000.0) as u64;
        Self::of(question, question.played_ms.min(needed.max(60_000)))
    }

    fn whole(question: &'a Question) -> Self {
        Self::of(question, question.played_ms)
    }

    fn of(question: &'a Question, played_ms: u64) -> Self {
        let course = compile(&question.scenario, &question.estate, played_ms);
        let calm = Course::before(&question.scenario, &question.estate, played_ms, course.compressed);
        Self { question, course, calm }
    }

    fn point(&self, estate: PlayedEstate, adds: Vec<Added>) -> Point {
        let figures =
            |course: &Course| Figures::of(&self.question.play_in(&estate, course, 1.0), &estate).total;
        let (in_it, calm) = (figures(&self.course), figures(&self.calm));
        let fixed: f64 = adds.iter().map(|added| added.fixed_usd_per_day(&self.question.estate)).sum();
        Point {
            served: in_it.served,
            usd_per_day: in_it.cost_usd_per_day,
            calm_usd_per_day: calm.cost_usd_per_day,
            fixed_usd_per_day: fixed,
            fragility: fragility(&estate, &self.question.traffic),
            estate,
            adds,
        }
    }

    /// The same estate, played on these requests.
    fn again(&self, point: &Point) -> Point {
        self.point(point.estate.clone(), point.adds.clone())
    }

    fn with(&self, last: &Point, added: Added) -> Point {
        let mut adds = last.adds.clone();
        adds.push(added);
        self.point(added.to(&last.estate, &self.question.traffic), adds)
    }

    /// What serves most more; of what serves as much, what needs no new contract, and of that the cheapest.
    fn more_served(&self, last: &Point) -> Option<Point> {
        let tally: Tally = self.question.play_in(&last.estate, &self.course, 1.0);
        let hurt = |route: usize| {
            let asks = self.question.traffic.asks.iter().filter(|ask| usize::from(ask.route) == route);
            asks.map(|ask| usize::from(ask.product))
                .any(|product| tally.products[product].served_share() < PAINLESS)
        };
        let useful = |added: &Added| match added {
            Added::Fallback { route, .. } => hurt(*route),
            Added::Contract { .. } | Added::Room { .. } => true,
        };
        let all = Added::all(&last.estate, &self.question.traffic, &tally, self.question.offers);
        let all: Vec<Added> = all.into_iter().filter(useful).collect();
        let points = on_all_cores(&all, |added| self.with(last, *added)).into_iter();
        let best = points.filter(|point| point.served > last.served + 1e-4).min_by(|one, other| {
            let tenths = |share: f64| (share * 1_000.0).round();
            tenths(other.served)
                .total_cmp(&tenths(one.served))
                .then(one.contracts().cmp(&other.contracts()))
                .then(one.whole_usd_per_day().total_cmp(&other.whole_usd_per_day()))
        })?;
        Some(best)
    }

    /// What leaves fewer of the smallest common losses; of what leaves as few, what needs no new contract, and of that the
    /// cheapest.
    fn sturdier(&self, last: &Point) -> Option<Point> {
        let size = last.fragility.smallest_cut.filter(|size| *size < LARGEST)?;
        let tally = Tally::default();
        let better = |next: &Fragility| {
            next.smallest_cut.is_none_or(|next| next > size) || next.count < last.fragility.count
        };
        let all = Added::all(&last.estate, &self.question.traffic, &tally, self.question.offers);
        let left = on_all_cores(&all, |added| {
            fragility(&added.to(&last.estate, &self.question.traffic), &self.question.traffic)
        });
        let mut useful: Vec<(usize, Added)> = left
            .into_iter()
            .zip(all)
            .filter(|(next, _)| better(next))
            .map(|(next, added)| (if next.smallest_cut == Some(size) { next.count } else { 0 }, added))
            .collect();
        let fewest = useful.iter().map(|(count, _)| *count).min()?;
        useful.retain(|(count, _)| *count == fewest);
        let points = on_all_cores(&useful, |(_, added)| self.with(last, *added)).into_iter();
        points.min_by(|one, other| {
            one.contracts()
                .cmp(&other.contracts())
                .then(one.whole_usd_per_day().total_cmp(&other.whole_usd_per_day()))
        })
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
