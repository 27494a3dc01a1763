//! Whole routes in virtual time: requests arrive, suppliers serve or fail by a script, and everything is counted.
//! No sockets and no waiting, so a minute at 500 requests a second takes some milliseconds.

mod failover;
mod healing;
mod storms;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wire::Failure;

use crate::claim::Permit;
use crate::dice::Dice;
use crate::fixture::Fixture;
use crate::instant::Instant;
use crate::observe::{Outcome, observe};
use crate::plan::{Plan, plan};
use crate::walk::{Turn, Walk};

/// How one attempt will go, decided when it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Serves { after_ms: u64 },
    Fails { after_ms: u64, failure: Failure },
}

/// What a supplier does with an attempt that begins at a moment.
pub(crate) type Supplier = Box<dyn Fn(u64, &mut Dice) -> Fate>;

/// Serves each request in 40 ms.
pub(crate) fn well() -> Supplier {
    Box::new(|_, _| Fate::Serves { after_ms: 40 })
}

/// Fails in the given way while `now` is in `during`, and serves in 40 ms otherwise.
pub(crate) fn failing(during: std::ops::Range<u64>, failure: Failure, after_ms: u64) -> Supplier {
    Box::new(move |now, _| {
        if during.contains(&now) { Fate::Fails { after_ms, failure } } else { Fate::Serves { after_ms: 40 } }
    })
}

/// Fails that share of its attempts, after as long as it takes to serve the others.
pub(crate) fn flaky(share: f64, failure: Failure, after_ms: u64) -> Supplier {
    Box::new(move |_, dice| {
        if dice.unit_f64() < share { Fate::Fails { after_ms, failure } } else { Fate::Serves { after_ms } }
    })
}

pub(crate) fn dead(failure: Failure, after_ms: u64) -> Supplier {
    failing(0..u64::MAX, failure, after_ms)
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) began: u64,
    pub(crate) deployment: usize,
    pub(crate) probe: bool,
    pub(crate) last_resort: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) attempts: Vec<Attempt>,
    /// When each request that nobody served had arrived.
    pub(crate) failed: Vec<u64>,
    pub(crate) requests: usize,
}

impl Tally {
    /// How many attempts at `deployment` began in `during`.
    pub(crate) fn attempts_at(&self, deployment: usize, during: std::ops::Range<u64>) -> usize {
        let hit = |attempt: &&Attempt| attempt.deployment == deployment && during.contains(&attempt.began);
        self.attempts.iter().filter(hit).count()
    }

    /// Attempts that began in `during`, per request that arrived in it.
    #[expect(clippy::cast_precision_loss, reason = "small")]
    pub(crate) fn attempts_per_request(&self, during: std::ops::Range<u64>, interval_ms: u64) -> f64 {
        let made = self.attempts.iter().filter(|attempt| during.contains(&attempt.began)).count();
        made as f64 / ((during.end - during.start) / interval_ms) as f64
    }

    /// The most attempts at `deployment` that began within any second of `during`.
    pub(crate) fn most_in_a_second(&self, deployment: usize, during: std::ops::Range<u64>) -> usize {
        let hit = |attempt: &&Attempt| attempt.deployment == deployment && during.contains(&attempt.began);
        let began: Vec<u64> = self.attempts.iter().filter(hit).map(|attempt| attempt.began).collect();
        let within = |from: usize| began[from..].iter().take_while(|at| **at < began[from] + 1_000).count();
        (0..began.len()).map(within).max().unwrap_or(0)
    }
}

enum Event {
    Arrives,
    Ends { request: usize, permit: Permit, fate: Fate },
    GoesOn { request: usize },
}

/// Lets a request arrive every `interval_ms` until `end_ms`, and sees each to its end.
pub(crate) fn run(fixture: &Fixture, suppliers: &[Supplier], interval_ms: u64, end_ms: u64) -> Tally {
    let requests = usize::try_from(end_ms / interval_ms).unwrap();
    let plans: Vec<OnceCell<Plan>> = (0..requests).map(|_| OnceCell::new()).collect();
    let mut dice = fixture.dice.clone();
    let mut simulation = Simulation {
        fixture,
        suppliers,
        dice: dice.fork(),
        walks: Vec::new(),
        events: BinaryHeap::new(),
        payloads: Vec::new(),
        tally: Tally { requests, ..Tally::default() },
        interval_ms,
    };
    for request in 0..requests as u64 {
        simulation.schedule(request * interval_ms, Event::Arrives);
    }
    while let Some((now, event)) = simulation.next_event() {
        simulation.happens(now, event, &plans, &mut dice);
    }
    simulation.tally
}

struct Simulation<'a> {
    fixture: &'a Fixture,
    suppliers: &'a [Supplier],
    dice: Dice,
    walks: Vec<Walk<'a>>,
    /// When, and which payload; in order of time, then of scheduling.
    events: BinaryHeap<Reverse<(u64, usize)>>,
    payloads: Vec<Option<Event>>,
    tally: Tally,
    interval_ms: u64,
}

impl<'a> Simulation<'a> {
    fn schedule(&mut self, at: u64, event: Event) {
        self.events.push(Reverse((at, self.payloads.len())));
        self.payloads.push(Some(event));
    }

    fn next_event(&mut self) -> Option<(u64, Event)> {
        let Reverse((at, payload)) = self.events.pop()?;
        Some((at, self.payloads[payload].take().expect("each event happens once")))
    }

    fn happens(&mut self, now: u64, event: Event, plans: &'a [OnceCell<Plan>], dice: &mut Dice) {
        match event {
            Event::Arrives => {
                let request = self.walks.len();
                let Fixture { policy, entries, .. } = self.fixture;
                let view = self.fixture.view();
                let facts = crate::fixture::facts();
                let plan =
                    plans[request].get_or_init(|| plan(&facts, policy, entries, &view, Instant(now), dice));
                self.walks.push(Walk::new(plan, policy, dice.fork()));
                self.goes_on(request, now);
            }
            Event::GoesOn { request } => self.goes_on(request, now),
            Event::Ends { request, permit, fate: Fate::Serves { after_ms } } => {
                let _ = request;
                observe(permit, Outcome::Success { ttft_ms: None, total_ms: after_ms }, Instant(now));
            }
            Event::Ends { request, permit, fate: Fate::Fails { failure, .. } } => {
                let deployment = permit.deployment();
                observe(permit, Outcome::Failed(failure), Instant(now));
                self.walks[request].failed(&self.fixture.view(), deployment, failure);
                self.goes_on(request, now);
            }
        }
    }

    /// The request makes its next attempt, or has failed.
    fn goes_on(&mut self, request: usize, now: u64) {
        let view = self.fixture.view();
        while let Some(turn) = self.walks[request].next(&view, Instant(now)) {
            let permit = match turn {
                Turn::Attempt(permit) => permit,
                Turn::Refused(..) => continue,
                Turn::Pause(pause) => {
                    return self.schedule(now + crate::instant::millis(pause), Event::GoesOn { request });
                }
            };
            let deployment = permit.deployment().at();
            let fate = self.suppliers[deployment](now, &mut self.dice);
            let after_ms = match fate {
                Fate::Serves { after_ms } | Fate::Fails { after_ms, .. } => after_ms,
            };
            self.tally.attempts.push(Attempt {
                began: now,
                deployment,
                probe: permit.is_probe(),
                last_resort: permit.is_last_resort(),
            });
            self.schedule(now + after_ms, Event::Ends { request, permit, fate });
            return;
        }
        self.tally.failed.push(request as u64 * self.interval_ms);
    }
}
