//! What a report says, in figures: worked out once, shown in every form.

mod accounts;
pub(super) mod losses;
pub(super) mod products;
mod shut_out;
pub(super) mod survival;
pub(super) mod targets;

use std::time::Duration;

use jiff::civil::Date;
use scenario::{Dependence, DomainKind, Estate, Sums, Traffic, Trend};
use serde::Serialize;

pub(super) use self::accounts::unknown_terms;
pub(crate) use self::accounts::{AccountFigures, Event};
pub(crate) use self::losses::{LossFigures, OnProduct, Unplaced};
pub(crate) use self::products::{Candidate, ProductFigures};
pub(crate) use self::targets::{TargetResult, Wanted, is_nowhere};
use super::capacity::{self, OwnLimit};
use super::foretold::Foretold;
use super::money::Currency;
use crate::config::estate::{Declared, Own};
use crate::config::value::At;
use crate::posture::Left;
use crate::settings::Settings;

/// Into how many steps a trend is cut.
const STEPS: usize = 24;

/// Everything that a report says.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) organisation: Option<String>,
    /// The day on which it was made: dates are held against it.
    pub(crate) today: Date,
    pub(crate) basis: Basis,
    pub(crate) currency: Currency,
    pub(crate) totals: Totals,
    pub(crate) dependence: Vec<Dependence>,
    /// Each maker's part of the tokens over the period.
    pub(crate) trend: Vec<Trend>,
    pub(crate) losses: Vec<LossFigures>,
    /// Who could serve and may not on that day: nobody's substitute.
    pub(crate) left: Vec<Left>,
    /// Where those losses are not whole.
    pub(crate) unplaced: Vec<Unplaced>,
    pub(crate) products: Vec<ProductFigures>,
    /// Products of the configuration that asked nothing in the period: nothing is known of them.
    pub(crate) idle: Vec<String>,
    pub(crate) accounts: Vec<AccountFigures>,
    /// What binds deployments beside their accounts' capacity.
    pub(crate) own_limits: Vec<OwnLimit>,
    /// What ends, soonest first.
    pub(crate) calendar: Vec<Event>,
    pub(crate) state: State,
    pub(crate) declared: Vec<At<Declared>>,
    pub(crate) own: Option<At<Own>>,
    pub(crate) targets: Vec<TargetResult>,
    /// How well the newest incident would have been foretold; `None` where too little is recorded, or nobody looked.
    pub(crate) foretold: Option<Foretold>,
}

/// On what it rests.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Basis {
    pub(crate) program: &'static str,
    pub(crate) config_version: String,
    pub(crate) catalogue_version: String,
    pub(crate) ledger: String,
    /// The first and the last place of the ledger that were read, and the chain after the last: no later record changes
    /// any of it.
    pub(crate) ledger_first_seq: i64,
    pub(crate) ledger_seq: i64,
    pub(crate) ledger_chain: evidence::Digest,
    /// What people had decided about suppliers by the end of the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ledger_decisions: Option<evidence::DecisionsPart>,
    /// The period as it was taken, in microseconds since 1970: when the records were booked that were read, from the first
    /// moment on (`None`: from the beginning) and before the second.
    pub(crate) booked_from_us: Option<i64>,
    pub(crate) booked_until_us: Option<i64>,
    /// The first and the last arrival, in microseconds since 1970.
    pub(crate) from_us: i64,
    pub(crate) to_us: i64,
    /// Different request shapes.
    pub(crate) shapes: usize,
}

/// Sums of the period.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) answered: u64,
    /// Requests that were wrong by themselves.
    pub(crate) wrong: u64,
    pub(crate) tokens: u64,
    /// In nano-dollars.
    pub(crate) nanos: i128,
    pub(crate) unpriced: u64,
    pub(crate) estimated: u64,
    pub(crate) corrections: u64,
    /// Requests whose route the configuration no longer has.
    pub(crate) without_route: u64,
}

/// What binds to a supplier beside habit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct State {
    /// Input tokens that were read from suppliers' caches, of all input tokens: a new supplier starts without.
    pub(crate) warm_input: f64,
    pub(crate) cache_read_tokens: u64,
    /// What that saved by list prices, in nano-dollars: the most that starting without costs in as long a time. `None` where
    /// none of it has a price.
    pub(crate) caches_saved_nanos: Option<i128>,
    /// Requests in a protocol whose suppliers can keep conversations. Whether they did, the ledger does not say.
    pub(crate) responses_requests: u64,
}

impl Figures {
    /// Works everything out. `recent`: what was asked in the last days, of each length that a target looks at.
    pub(crate) fn of(
        settings: &Settings,
        (traffic, recent): (&Traffic, &[(Duration, Traffic)]),
        estate: &Estate,
        basis: Basis,
        today: Date,
    ) -> Self {
        let config = &settings.loaded.config;
        let candidates = scenario::candidates(traffic, estate);
        let carried = scenario::carried(traffic, estate);
        let on = today.to_string();
        let studies = products::studies(traffic, estate, &candidates, &carried);
        let losses = losses::all(estate, &studies, &on);
        let total = traffic.total();
        let dependence: Vec<Dependence> =
            DomainKind::ALL.into_iter().map(|kind| Dependence::by(kind, traffic, estate)).collect();
        let accounts = accounts::all(settings, traffic, estate, &carried, &basis);
        let asked = targets::Asked { ever: traffic, recently: recent };
        let targets = targets::check(config, &asked, estate, &studies, &on);
        let without_route = studies.iter().map(|study| study.needs.without_route).sum();
        Self {
            organisation: config.organisation(),
            today,
            currency: Currency::of(config),
            totals: totals(&total, traffic, without_route),
            trend: scenario::trend(DomainKind::Maker, traffic, estate, STEPS),
            products: products::all(config, (traffic, &candidates), estate, &studies, &on),
            idle: products::idle(config, &studies),
            calendar: accounts::calendar(settings, estate),
            state: state(&total, traffic, estate),
            declared: config.declared.clone(),
            own: config.report.as_ref().and_then(|report| report.own.clone()),
            own_limits: capacity::own_limits(estate),
            unplaced: losses::unplaced(estate, &studies),
            dependence,
            losses,
            accounts,
            targets,
            basis,
            left: Vec::new(),
            foretold: None,
        }
    }

    /// The shares of one kind.
    pub(crate) fn shares(&self, kind: DomainKind) -> Option<&Dependence> {
        self.dependence.iter().find(|dependence| dependence.kind == kind)
    }

    /// Whether every target is known to be met.
    pub(crate) fn meets_targets(&self) -> bool {
        self.targets.iter().all(|target| target.met == Some(true))
    }

    /// The length of the period, from the first arrival to the last.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.basis.to_us - self.basis.from_us).unwrap_or(0))
    }
}

#[expect(clippy::cast_precision_loss, reason = "days for people")]
fn days(basis: &Basis) -> f64 {
    (basis.to_us - basis.from_us).max(0) as f64 / 86_400e6
}

fn totals(total: &Sums, traffic: &Traffic, without_route: u64) -> Totals {
    Totals {
        requests: total.requests,
        answered: total.answered,
        wrong: total.wrong,
        tokens: total.tokens,
        nanos: total.nanos,
        unpriced: total.unpriced,
        estimated: total.estimated,
        corrections: traffic.corrections,
        without_route,
    }
}

fn state(total: &Sums, traffic: &Traffic, estate: &Estate) -> State {
    use catalogue::{Bucket, Protocol};

    let input = [Bucket::InputUncached, Bucket::CacheRead, Bucket::CacheWrite5m, Bucket::CacheWrite1h];
    let input: u64 = input.into_iter().map(|bucket| total.usage[bucket as usize]).sum();
    let read = total.usage[Bucket::CacheRead as usize];
    let of_responses =
        traffic.shapes.iter().filter(|(shape, _, _)| shape.protocol == Protocol::OpenaiResponses);
    let places = scenario::places(traffic, estate);
    let saved = traffic.served.iter().filter_map(|((_, server), sums)| {
        let prices = estate.members[places[*server].0?].prices.as_ref()?;
        let has_read = sums.usage[Bucket::CacheRead as usize] > 0;
        has_read.then(|| scenario::saved_by_caches(sums, prices)).flatten()
    });
    State {
        caches_saved_nanos: saved.reduce(|one, two| one + two),
        warm_input: share(read, input),
        cache_read_tokens: read,
        responses_requests: of_responses.map(|(_, _, sums)| sums.requests).sum(),
    }
}

/// A part of 1.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn share(some: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { some as f64 / all as f64 }
}
