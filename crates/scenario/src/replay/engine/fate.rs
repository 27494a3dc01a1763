//! What a supplier does with an attempt: as fitted, as the scenario has it, as its limits allow.

use routing::{Dice, Policy};
use wire::{Broken, Failure};

use super::door::Doors;
use crate::event::{Condition, Outage};
use crate::fit::{self, Fitted};
use crate::replay::ask::{Ask, NOBODY};
use crate::replay::estate::PlayedEstate;
use crate::replay::tally::LimitTally;

/// How an attempt goes; times from its beginning, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Serves {
        first_ms: f32,
        total_ms: f32,
    },
    Fails {
        failure: Failure,
        after_ms: f32,
    },
    /// It begins to answer and is cut off: too late for anybody else.
    Breaks {
        first_ms: f32,
        after_ms: f32,
    },
}

impl Fate {
    /// The same, if the supplier vanishes `cut_ms` from the beginning.
    pub(super) fn cut(self, cut_ms: f32) -> Self {
        match self {
            Self::Serves { first_ms, .. } if cut_ms < first_ms => {
                Self::Fails { failure: Failure::Broken(Broken::Cut), after_ms: cut_ms }
            }
            Self::Serves { first_ms, total_ms } if cut_ms < total_ms => {
                Self::Breaks { first_ms, after_ms: cut_ms }
            }
            other => other,
        }
    }
}

/// An ask in a deployment's own tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) output: u64,
}

/// A refused connection and an error are told within this.
const QUICK_MS: f32 = 5.0;
/// A server error takes a moment longer.
const ERROR_MS: f32 = 50.0;

/// The suppliers' side of the replay.
pub(super) struct Suppliers<'a> {
    estate: &'a PlayedEstate,
    fitted: &'a Fitted,
    began_unix_ms: u64,
    dice: Dice,
    doors: Doors<'a>,
    /// By deployment and route: how many times as long its answers are as those of another deployment.
    ratios: Vec<f32>,
    /// By route and deployment: tokens that it counts for each estimated one.
    per_estimate: Vec<Vec<f64>>,
    /// By deployment and route: the share of prompts' tokens from a cache.
    cached: Vec<f32>,
}

impl<'a> Suppliers<'a> {
    pub(super) fn new(estate: &'a PlayedEstate, fitted: &'a Fitted, began_unix_ms: u64, dice: Dice) -> Self {
        let (deployments, routes) = (estate.deployments.len(), estate.routes.len());
        let mut ratios = Vec::with_capacity(deployments * deployments * routes);
        let mut cached = Vec::with_capacity(deployments * routes);
        #[expect(clippy::cast_possible_truncation, reason = "a factor")]
        for route in 0..routes {
            for to in 0..deployments {
                let of = fitted.routes.get(route).copied().flatten();
                let share = of.and_then(|route| fitted.suppliers[to].cached.get(&route)).copied();
                cached.push(share.unwrap_or(0.0) as f32);
                ratios.extend((0..deployments).map(|from| fitted.length_ratio(from, to, route) as f32));
            }
        }
        let mut per_estimate = fitted.per_estimate();
        per_estimate.resize_with(routes, || vec![1.0; deployments]);
        let doors = Doors::new(estate);
        Self { estate, fitted, began_unix_ms, dice, doors, ratios, per_estimate, cached }
    }

    /// What an ask comes to at a deployment: as counted where it was served there, else by tokenizer, length and cache.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "`as` saturates"
    )]
    pub(super) fn counts(&self, ask: &Ask, deployment: usize, output_times: f64) -> Counts {
        let longer =
            |output: f64| (output * output_times).round().max(1.0).min(f64::from(ask.max_tokens)) as u64;
        if usize::from(ask.counted_by) == deployment {
            return Counts {
                input: ask.input.into(),
                cached: ask.cached.into(),
                output: longer(f64::from(ask.output)),
            };
        }
        let there = &self.per_estimate[usize::from(ask.route)];
        let own = there[deployment];
        let known = ask.counted_by != NOBODY;
        let theirs = if known { there[usize::from(ask.counted_by)] } else { 1.0 };
        let input = (f64::from(ask.input) * own / theirs.max(1e-3)).round() as u64;
        let deployments = self.estate.deployments.len();
        let at = usize::from(ask.route) * deployments + deployment;
        let ratio = if known { self.ratios[at * deployments + usize::from(ask.counted_by)] } else { 1.0 };
        let cached = (input as f32 * self.cached[at]) as u64;
        Counts { input, cached, output: longer(f64::from(ask.output) * f64::from(ratio)) }
    }

    /// How each limit of a deployment was hit.
    pub(super) fn limits(&self, deployment: usize) -> [LimitTally; 2] {
        self.doors.tally(deployment)
    }

    pub(super) fn fate(
        &mut self,
        deployment: usize,
        counts: Counts,
        stream: bool,
        condition: &Condition,
        now: u64,
        policy: &Policy,
    ) -> Fate {
        if let Some(outage) = condition.outage {
            return out(outage, policy);
        }
        if condition.retired {
            return Fate::Fails { failure: Failure::ModelMissing, after_ms: ERROR_MS };
        }
        if condition.errors > 0.0 && self.dice.unit_f64() < condition.errors {
            return Fate::Fails { failure: Failure::Server, after_ms: ERROR_MS };
        }
        let waits = match self.doors.let_in(deployment, counts, condition.limits, now) {
            Ok(waits) => waits,
            Err(failure) => return Fate::Fails { failure, after_ms: QUICK_MS },
        };
        let supplier = &self.fitted.suppliers[deployment];
        if !supplier.errors.is_empty() {
            let mut chance = self.dice.unit_f64();
            for kind in &supplier.errors {
                chance -= kind.share;
                if chance < 0.0 {
                    return Fate::Fails { failure: kind.failure, after_ms: kind.after_ms };
                }
            }
        }
        self.answer(deployment, counts, stream, condition.slower, waits, now)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "times and tokens")]
    fn answer(
        &mut self,
        deployment: usize,
        counts: Counts,
        stream: bool,
        slower: f64,
        waits: f64,
        now: u64,
    ) -> Fate {
        let supplier = &self.fitted.suppliers[deployment];
        // Arrivals that have no hour of the day meet suppliers as they are on average.
        let has_hours = self.began_unix_ms > 0;
        let hour = if has_hours { supplier.hours[fit::hour(self.began_unix_ms, now)] } else { 1.0 };
        let slower = slower as f32 * hour;
        let tokens = counts.output as f32;
        if let Some(plain) = supplier.plain.as_ref().filter(|_| !stream) {
            let stray = plain.stray.at(self.dice.unit_f64());
            let total_ms = (plain.base_ms + plain.per_token_ms * tokens) * stray * slower + waits as f32;
            return Fate::Serves { first_ms: total_ms, total_ms };
        }
        let size = fit::size(u32::try_from(counts.input).unwrap_or(u32::MAX));
        let first = supplier.first[size].at(self.dice.unit_f64()) * slower + waits as f32;
        let gap = supplier.gap.at(self.dice.unit_f64()) * slower;
        let total_ms = first + gap * (tokens - 1.0).max(0.0);
        Fate::Serves { first_ms: if stream { first } else { total_ms }, total_ms }
    }
}

fn out(outage: Outage, policy: &Policy) -> Fate {
    let (failure, after_ms) = match outage {
        Outage::Refused => (Failure::Unreachable, QUICK_MS),
        Outage::Hang => (Failure::Unreachable, policy.connect_timeout.as_secs_f32() * 1_000.0),
        Outage::Errors => (Failure::Server, ERROR_MS),
        Outage::RateLimited => (Failure::RateLimited { retry_after: None }, ERROR_MS),
        Outage::Credential => (Failure::Credential, ERROR_MS),
        Outage::Quota => (Failure::Quota, ERROR_MS),
    };
    Fate::Fails { failure, after_ms }
}
