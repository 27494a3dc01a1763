//! All the runs behind one answer: before and after as fitted, forty other worlds that fit as well, and variations.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use routing::Dice;
use scenario::event::{Course, Herd, Scenario, Target, compile};
use scenario::fit::Fitted;
use scenario::replay::{
    Figures, Measured, Play, PlayedEstate, ProductFigures, ProductTally, RESAMPLES, Reported, Tally, Traffic,
    compare, replay, resampled, shaken,
};

use super::input::Input;
use super::outcome::{Answer, Change, LimitRow, ProductRow, SensitivityRow, Side};
use super::{Arguments, arrivals, carried, layout, offers, pairs, premium, shares};
use crate::report::Foretold;

/// A run is not shorter than this: breakers wait for up to a minute.
const SHORTEST_MS: u64 = 120_000;

/// Everything that the runs of one question share.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) estate: PlayedEstate,
    pub(super) fitted: Fitted,
    /// What a report knows, for the price of insurance.
    reported: Option<Reported>,
    pub(super) traffic: Traffic,
    pub(super) proven: Vec<Vec<bool>>,
    pub(super) scenario: Scenario,
    /// Who is lost, as it was asked.
    pub(super) lost: Vec<Target>,
    pub(super) played_ms: u64,
    pub(super) seed: u64,
    /// The first deployment of those on offer, whom no route lists.
    pub(super) offers: usize,
    /// The most tokens a minute that each deployment has carried, of those who are here before anybody arrives.
    carried: Vec<f64>,
}

pub(super) fn answer(input: Input, scenario: Scenario, arguments: &Arguments) -> Answer {
    let backtest = input.backtest.as_ref().map(|backtest| Foretold::of(backtest, &input.estate.deployments));
    let source = input.source.clone();
    let facts = layout::Facts::of(&input);
    let budgets = input.budgets.clone();
    let question = Question::new(input, scenario, arguments);
    let calm =
        Course::before(&question.scenario, &question.estate, question.played_ms, question.compressed());
    let course = compile(&question.scenario, &question.estate, question.played_ms);
    let [before, after] = &on_all_cores(&[&calm, &course], |course| question.play(course, 1.0))[..] else {
        unreachable!("one tally a course")
    };
    let (resampled_before, resampled_after) = question.resamples(&calm, &course);
    let estate = &question.estate;
    let (figures_before, figures_after) = (Figures::of(before, estate), Figures::of(after, estate));
    let (products_before, total_before) = compare(&figures_before, &resampled_before);
    let (products_after, total_after) = compare(&figures_after, &resampled_after);
    let products = (0..estate.products.len())
        .filter(|index| before.products[*index].requests > 0)
        .map(|index| {
            let change =
                Change { before: products_before[index].into(), after: products_after[index].into() };
            product(&question, (before, after), index, &change, &course)
        })
        .collect();
    let assumptions = layout::assumptions(&facts, &question, &source);
    let fixed = arrivals::fixed(&question.scenario).iter().fold(0.0, |sum, (_, usd)| sum + usd);
    let sensitivity = sensitivity(&question, after, &course, fixed);
    let (side_before, side_after) = (Side::from(total_before), Side::from(total_after).dearer(fixed));
    Answer {
        scenario: question.scenario.name.clone(),
        why: question.scenario.why.clone(),
        takes_nobody: None,
        span_s: question.scenario.span.as_secs_f64(),
        seed: arguments.seed,
        assumptions,
        products,
        total: Change { before: side_before, after: side_after },
        tokens: pairs::of(&question, before, after),
        added_fixed_usd_per_day: fixed,
        budgets: budgets.rows(estate, before, after),
        shares: shares::of(&question, before, after),
        limits_hit: limits(estate, after),
        sensitivity,
        insurance: question
            .reported
            .as_ref()
            .map_or_else(Vec::new, |reported| premium::curve(&question, reported, side_after.served.doubt())),
        backtest,
    }
}

/// By how much two plays of the same differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    pub(super) usd_per_day: f64,
    pub(super) served_unpriced: f64,
}

impl Question {
    fn new(input: Input, scenario: Scenario, arguments: &Arguments) -> Self {
        let Input { mut estate, recording, mut fitted, mut proven, reported, .. } = input;
        let carried = carried::per_minute(&estate, &recording.traffic);
        for arrival in scenario.arrivals() {
            estate = estate.with(arrival);
            fitted = fitted.with(arrival);
            for product in &mut proven {
                product.push(false);
            }
        }
        let mut traffic = recording.traffic;
        let span_ms = u64::try_from(scenario.span.as_millis()).unwrap_or(u64::MAX);
        let played_ms = played(&traffic, span_ms, arguments.most, Scenario::growth(&scenario.events));
        if traffic.length_ms > played_ms {
            // The newest part says most of what is to come.
            traffic = traffic.part(traffic.length_ms - played_ms, traffic.length_ms);
        }
        let offers = estate.deployments.len();
        if !arguments.in_short {
            for (deployment, backing) in offers::of(&estate, &traffic) {
                estate = estate.with_offer(deployment, backing);
                fitted = fitted.with_unseen();
                for product in &mut proven {
                    product.push(false);
                }
            }
        }
        let (lost, seed) = (arguments.lose.clone(), arguments.seed);
        Self { estate, fitted, reported, traffic, proven, scenario, lost, played_ms, seed, offers, carried }
    }

    /// How much longer the scenario is than what is played.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    pub(super) fn compressed(&self) -> f64 {
        self.scenario.span.as_secs_f64() * 1_000.0 / self.played_ms.max(1) as f64
    }

    pub(super) fn play(&self, course: &Course, output_times: f64) -> Tally {
        self.play_in(&self.estate, course, output_times)
    }

    pub(super) fn play_in(&self, estate: &PlayedEstate, course: &Course, output_times: f64) -> Tally {
        self.play_with(estate, course, output_times, self.seed)
    }

    fn play_with(&self, estate: &PlayedEstate, course: &Course, output_times: f64, seed: u64) -> Tally {
        let (fitted, traffic) = (&self.fitted, &self.traffic);
        let mut proven = self.proven.clone();
        for (product, known) in estate.products.iter().zip(&mut proven) {
            product.approved.iter().for_each(|deployment| known[*deployment] = true);
        }
        replay(&Play { estate, fitted, traffic, course, proven: &proven, output_times, again: true }, seed)
    }

    /// By how much two plays differ by chance alone, in 95 of a hundred cases: what a day costs, and the share that has no price.
    pub(super) fn chance(&self, course: &Course) -> Chance {
        const PLAYS: usize = 8;
        let mut dice = Dice::new(self.seed ^ 0x6368_616e_6365);
        let seeds: Vec<u64> = (0..PLAYS).map(|_| dice.next_u64()).collect();
        let totals = on_all_cores(&seeds, |seed| {
            Figures::of(&self.play_with(&self.estate, course, 1.0, *seed), &self.estate).total
        });
        let differ = |pick: fn(&ProductFigures) -> f64| {
            // Student's t of eight, for a difference of two.
            const TIMES: f64 = 2.365 * std::f64::consts::SQRT_2;
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            let all = totals.len() as f64;
            let mean = totals.iter().map(pick).sum::<f64>() / all;
            let squares: f64 = totals.iter().map(|total| (pick(total) - mean).powi(2)).sum();
            (squares / (all - 1.0)).sqrt() * TIMES
        };
        Chance {
            usd_per_day: differ(|total| total.cost_usd_per_day),
            served_unpriced: differ(|total| total.unpriced),
        }
    }

    /// Before and after in other worlds that the recording fits as well, each under the same chances.
    fn resamples(&self, calm: &Course, course: &Course) -> (Vec<Figures>, Vec<Figures>) {
        let mut dice = Dice::new(self.seed ^ 0x7265_7361_6d70_6c65);
        let seeds: Vec<u64> = (0..RESAMPLES).map(|_| dice.next_u64()).collect();
        let run = |seed: &u64| {
            let mut dice = Dice::new(*seed);
            let fitted = resampled(&self.fitted, &mut dice);
            let traffic = shaken(&self.traffic, &mut dice);
            let figures = |course: &Course| {
                let play = Play {
                    estate: &self.estate,
                    fitted: &fitted,
                    traffic: &traffic,
                    course,
                    proven: &self.proven,
                    output_times: 1.0,
                    again: true,
                };
                Figures::of(&replay(&play, *seed), &self.estate)
            };
            (figures(calm), figures(course))
        };
        on_all_cores(&seeds, run).into_iter().unzip()
    }
}

/// What `run` makes of each, in their order.
pub(super) fn on_all_cores<T: Sync, R: Send>(all: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let parts = all.chunks(all.len().div_ceil(cores).max(1));
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(run).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a replay does not panic")).collect()
    })
}

/// How long is played, so that about `most` requests are, `grown` times as many as recorded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "`as` saturates"
)]
fn played(traffic: &Traffic, span_ms: u64, most: usize, grown: f64) -> u64 {
    let affordable = most as f64 / (traffic.per_second() * grown).max(1e-9) * 1_000.0;
    span_ms.min((affordable as u64).max(SHORTEST_MS)).max(1)
}

fn product(
    question: &Question,
    (before, after): (&Tally, &Tally),
    index: usize,
    change: &Change,
    course: &Course,
) -> ProductRow {
    let (tally, was) = (&after.products[index], &before.products[index]);
    let product = &question.estate.products[index];
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let part = |count: u64, of: &ProductTally| count as f64 / of.requests.max(1) as f64;
    let share = |count: u64| part(count, tally);
    let degraded = product.max_degradation.and_then(|most| tally.first_degraded(was, most));
    let first = [tally.first_hurt(was, 0.01), degraded].into_iter().flatten().min();
    let hurts = first.map(|part| after.begins(part, course).as_secs_f64());
    let mut carried: Vec<(Arc<str>, f64)> = tally
        .served_by
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(deployment, count)| (Arc::clone(&question.estate.deployments[deployment].name), share(*count)))
        .collect();
    carried.sort_by(|one, other| other.1.total_cmp(&one.1));
    ProductRow {
        product: Arc::clone(&product.name),
        change: *change,
        refused: tally.refused.iter().map(|(why, count)| (*why, share(*count))).collect(),
        refused_before: was.refused.iter().map(|(why, count)| (*why, part(*count, was))).collect(),
        max_outage_s: product.max_outage.map(|outage| outage.as_secs_f64()),
        max_degradation: product.max_degradation,
        first_hurts_s: hurts,
        carried_by: carried,
    }
}

/// The limits that were hit.
#[expect(clippy::cast_precision_loss, reason = "counts")]
fn limits(estate: &PlayedEstate, after: &Tally) -> Vec<LimitRow> {
    let deployments = after.deployments.iter().enumerate();
    let all =
        deployments.flat_map(|(index, tally)| tally.limits.iter().map(move |limit| (index, tally, limit)));
    all.filter(|(.., limit)| limit.turned_away > 0)
        .map(|(index, tally, limit)| {
            let backing = &estate.backing[index];
            let (of, is_shared) = match limit.of {
                Measured::Requests => ("requests", backing.shares_requests),
                Measured::Tokens => ("tokens", backing.shares_tokens),
            };
            LimitRow {
                deployment: Arc::clone(&estate.deployments[index].name),
                of,
                turned_away: limit.turned_away as f64 / tally.attempts.max(1) as f64,
                asked_per_minute: limit.asked,
                lets_in_per_minute: limit.lets_in,
                of_account: is_shared,
            }
        })
        .collect()
}

/// Something that is otherwise than assumed.
struct Variation {
    what: &'static str,
    /// `None` is as assumed.
    estate: Option<PlayedEstate>,
    course: Course,
    output_times: f64,
}

/// What the answer hangs on.
fn sensitivity(question: &Question, after: &Tally, course: &Course, fixed: f64) -> Vec<SensitivityRow> {
    let row = |what: &str, tally: &Tally| {
        let total = Figures::of(tally, &question.estate).total;
        SensitivityRow {
            what: what.to_owned(),
            served: total.served,
            cost_usd_per_day: total.cost_usd_per_day + fixed,
            served_unpriced: total.unpriced,
            first_token_p95_ms: total.first_p95_ms,
        }
    };
    let mut variations = Vec::new();
    let mut vary = |what, estate: Option<PlayedEstate>, course: Course, output_times| {
        variations.push(Variation { what, estate, course, output_times });
    };
    if question.scenario.herd.is_some() {
        let with = |herd: Option<Herd>| {
            let scenario = Scenario { herd, ..question.scenario.clone() };
            compile(&scenario, &question.estate, question.played_ms)
        };
        vary("no herd: others are as ever", None, with(None), 1.0);
        let worse = Herd { limits: 0.25, slower: 4.0 };
        vary("a worse herd: limits x 0.25, first tokens x 4", None, with(Some(worse)), 1.0);
    }
    if question.carried.iter().any(|tokens| *tokens > 0.0) {
        let bounded = carried::bounded(&question.estate, &question.carried);
        let what = "limits: nobody takes more a minute than it has carried here";
        vary(what, Some(bounded), course.clone(), 1.0);
    }
    vary("answers half as long again", None, course.clone(), 1.5);
    let varied = on_all_cores(&variations, |varied| {
        let estate = varied.estate.as_ref().unwrap_or(&question.estate);
        row(varied.what, &question.play_in(estate, &varied.course, varied.output_times))
    });
    [row("as assumed", after)].into_iter().chain(varied).collect()
}
