//! Does the model know anything? The second half of what really happened, predicted from what was known before.

use routing::Dice;

use super::ask::{NOBODY, Recording, Traffic};
use super::engine::{Play, replay};
use super::estate::PlayedEstate;
use super::study::{Figures, resampled};
use super::tally::Tally;
use crate::event::Course;
use crate::fit::{Certainty, Fitted, Illness, Sample, Samples, fit};

/// How often it is played, each time with other chances.
const RUNS: usize = 10;
/// More requests are not foretold: the first of them say how good it is, and are played in a moment.
const MOST: usize = 20_000;

/// What was predicted, and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    /// The incident that was cut in half; `None` is ordinary time.
    pub incident: Option<Illness>,
    /// The part that was predicted, in milliseconds since the recording's beginning.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
    /// Requests in it.
    pub requests: usize,
    /// The share of what was served in it, as it came, that was served by suppliers of whose speed too little was known
    /// before.
    pub by_seldom_seen: f64,
    /// Of the attempts at whoever was ill, the share that it served: in the first half of the incident, and in the second.
    /// `None` in ordinary time, and where one of the halves has none.
    pub ill_served: Option<(f64, f64)>,
    /// The share served: predicted, and as it came.
    pub served: (f64, f64),
    /// US dollars, unpriced answers left out: predicted, and as it came.
    pub cost_usd: (f64, f64),
    /// The share of the requests that was answered without a price: predicted, and as it came.
    pub unpriced: (f64, f64),
    /// The middle time to the first content in milliseconds: predicted, and as it came.
    pub first_p50_ms: (f64, f64),
    /// The same of the slowest in twenty.
    pub first_p95_ms: (f64, f64),
    /// In which 95 of a hundred cases should lie, as far as was known before; `None` where nobody asked.
    pub interval: Option<Interval>,
}

/// The least and the greatest of what is predicted, in other worlds that what was known fits as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The share served.
    pub served: (f64, f64),
    /// US dollars.
    pub cost_usd: (f64, f64),
    /// Milliseconds.
    pub first_p50_ms: (f64, f64),
    /// Milliseconds.
    pub first_p95_ms: (f64, f64),
}

/// What a backtest is made of beside the recording: what each ask came to, in the order of the traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Came {
    /// When it was asked for, in milliseconds since the traffic's beginning.
    pub at_ms: u64,
    /// Whether it was served.
    pub served: bool,
    /// What it cost, in US dollars; `None` is unpriced.
    pub cost_usd: Option<f64>,
    /// To its first content, in milliseconds.
    pub first_ms: Option<f32>,
}

/// Cuts the longest incident in half, or else the recording, and predicts the later half. `None` where there is too
/// little to say anything. `resamples`: in how many other worlds, for the interval; [`super::RESAMPLES`] make one of 95 %.
pub fn backtest(
    recording: &Recording,
    estate: &PlayedEstate,
    seed: u64,
    resamples: usize,
) -> Option<Backtest> {
    const LEAST: usize = 30;
    // What holds today is no part of what was known, or so, then.
    let estate = &estate.unheld();
    let length_ms = recording.traffic.length_ms;
    let began = recording.traffic.began_unix_ms;
    let all = fit(&recording.samples, estate, length_ms, began);
    let longest = longest(&all, &recording.samples).cloned();
    let (cut, end) = match &longest {
        Some(Illness { during, .. }) => {
            (during.start.midpoint(during.end.min(length_ms)), during.end.min(length_ms))
        }
        None => (length_ms / 2, length_ms),
    };
    let whole = recording.traffic.part(cut, end);
    let end = whole.asks.get(MOST).map_or(end, |ask| cut + ask.at_ms);
    let traffic = recording.traffic.part(cut, end);
    let known = recording.samples.part(0, cut);
    if traffic.asks.len() < LEAST || known.list.len() < LEAST {
        return None;
    }
    let mut fitted = fit(&known, estate, cut.max(1), began);
    for ill in all.illnesses.iter().filter(|illness| illness.during.contains(&cut)) {
        as_it_is(&mut fitted, &known, ill, cut);
    }
    let proven = vec![vec![true; estate.deployments.len()]; estate.products.len()];
    let course = Course::calm(estate, traffic.length_ms.max(1), 1.0);
    // As a what-if's figures: of suppliers as they were fitted. What is not known of them makes its intervals, and would only
    // pull a mean away: times that may be half or twice as long are longer on average.
    let play = Play {
        estate,
        fitted: &fitted,
        traffic: &traffic,
        course: &course,
        proven: &proven,
        output_times: 1.0,
        again: false,
    };
    let mut dice = Dice::new(seed);
    let tallies: Vec<Tally> = (0..RUNS).map(|_| replay(&play, dice.next_u64())).collect();
    let runs: Vec<Figures> = tallies.iter().map(|tally| Figures::of(tally, estate)).collect();
    let mean = |pick: &dyn Fn(&Figures) -> f64| mean(&runs, pick);
    let days = f(usize::try_from(traffic.length_ms).unwrap_or(0)) / 86_400_000.0;
    let came = Came::sums(recording, cut, end);
    Some(Backtest {
        incident: longest.clone(),
        from_ms: cut,
        to_ms: end,
        requests: traffic.asks.len(),
        by_seldom_seen: by_seldom_seen(&traffic, &fitted),
        ill_served: longest.as_ref().and_then(|ill| {
            let half = |from, to| answered(&recording.samples, ill.deployment, from, to);
            Some((half(ill.during.start, cut)?, half(cut, end)?))
        }),
        served: (mean(&|run| run.total.served), came.served),
        cost_usd: (mean(&|run| run.total.cost_usd_per_day * days), came.cost_usd),
        unpriced: (mean(&|run| run.total.unpriced), came.unpriced),
        first_p50_ms: (mean(&|run| run.total.first_p50_ms), came.first_p50_ms),
        first_p95_ms: (mean(&|run| run.total.first_p95_ms), came.first_p95_ms),
        interval: (resamples > 0).then(|| {
            let others: Vec<Figures> = (0..resamples)
                .map(|_| {
                    let fitted = resampled(&fitted, &mut dice);
                    Figures::of(&replay(&Play { fitted: &fitted, ..play }, dice.next_u64()), estate)
                })
                .collect();
            Interval::of(&others, &runs, days)
        }),
    })
}

/// The longest illness; of those that shared it, that of whom most was asked, which tells most of it.
fn longest<'a>(fitted: &'a Fitted, samples: &Samples) -> Option<&'a Illness> {
    let tried = |ill: &Illness| {
        let is_its =
            |sample: &&Sample| sample.deployment == ill.deployment && ill.during.contains(&sample.at_ms);
        samples.list.iter().filter(is_its).count()
    };
    fitted.illnesses.iter().max_by_key(|ill| (ill.during.end - ill.during.start, tried(ill)))
}

fn mean(runs: &[Figures], pick: &dyn Fn(&Figures) -> f64) -> f64 {
    runs.iter().map(pick).sum::<f64>() / f(runs.len())
}

impl Interval {
    /// Over what other worlds come to, and what is predicted, which is the mean of `runs`.
    fn of(others: &[Figures], runs: &[Figures], days: f64) -> Self {
        let among = |pick: &dyn Fn(&Figures) -> f64| {
            let all = || others.iter().map(pick).chain([mean(runs, pick)]);
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
        };
        Self {
            served: among(&|run| run.total.served),
            cost_usd: among(&|run| run.total.cost_usd_per_day * days),
            first_p50_ms: among(&|run| run.total.first_p50_ms),
            first_p95_ms: among(&|run| run.total.first_p95_ms),
        }
    }
}

/// What came, in the figures of what is foretold.
struct Sums {
    served: f64,
    cost_usd: f64,
    unpriced: f64,
    first_p50_ms: f64,
    first_p95_ms: f64,
}

impl Came {
    fn sums(recording: &Recording, from_ms: u64, to_ms: u64) -> Sums {
        let came: Vec<&Self> =
            recording.came.iter().filter(|came| (from_ms..to_ms).contains(&came.at_ms)).collect();
        let share =
            |is_so: fn(&Self) -> bool| f(came.iter().filter(|came| is_so(came)).count()) / f(came.len());
        let mut firsts: Vec<f32> = came.iter().filter_map(|came| came.first_ms).collect();
        firsts.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
            let rank = (f(firsts.len()) * share) as usize;
            firsts.get(rank.min(firsts.len().saturating_sub(1))).copied().map_or(0.0, f64::from)
        };
        Sums {
            served: share(|came| came.served),
            cost_usd: came.iter().filter_map(|came| came.cost_usd).sum(),
            unpriced: share(|came| came.served && came.cost_usd.is_none()),
            first_p50_ms: at(0.5),
            first_p95_ms: at(0.95),
        }
    }
}

/// The share of the answers that came from suppliers of which too few were known.
fn by_seldom_seen(traffic: &Traffic, fitted: &Fitted) -> f64 {
    let answered = traffic.asks.iter().map(|ask| ask.counted_by).filter(|by| *by != NOBODY);
    let (mut all, mut seldom) = (0_usize, 0_usize);
    for by in answered {
        all += 1;
        seldom += usize::from(fitted.suppliers[usize::from(by)].certainty == Certainty::Assumed);
    }
    f(seldom) / f(all.max(1))
}

/// The share of the attempts at a deployment in some time that it answered.
fn answered(samples: &Samples, deployment: u16, from: u64, to: u64) -> Option<f64> {
    let within = |sample: &&Sample| sample.deployment == deployment && (from..to).contains(&sample.at_ms);
    let all = samples.list.iter().filter(within).count();
    let well = samples.list.iter().filter(within).filter(|sample| sample.failure.is_none()).count();
    (all > 0).then(|| f(well) / f(all))
}

/// Makes one supplier as ill as it was from the illness's beginning to the cut.
fn as_it_is(fitted: &mut Fitted, known: &Samples, ill: &Illness, cut: u64) {
    let during = |sample: &&Sample| {
        sample.deployment == ill.deployment && sample.at_ms >= ill.during.start && sample.at_ms < cut
    };
    let sick: Vec<Sample> = known.list.iter().filter(during).copied().collect();
    if !sick.is_empty() {
        fitted.suppliers[usize::from(ill.deployment)].fall_ill(&sick);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
const fn f(count: usize) -> f64 {
    count as f64
}
