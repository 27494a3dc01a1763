//! The loop: requests arrive, suppliers serve or fail as fitted, everything is counted.

mod door;
mod fate;
mod flight;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use routing::{
    DeploymentIndex, Dice, Instant, Outcome, Plan, Policy, Reason, RouteEntry, Standing, Turn, View, Walk,
    World,
};
use smallvec::SmallVec;
use wire::{Broken, Failure};

use self::fate::{Fate, Suppliers};
use self::flight::{Flight, Flights, Next};
use super::ask::{Ask, Traffic};
use super::estate::PlayedEstate;
use super::money;
use super::tally::Tally;
use crate::event::{Condition, Course, Outage, Step};
use crate::fit::Fitted;

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Play<'a> {
    /// The configured world, with everybody who arrives in the course.
    pub estate: &'a PlayedEstate,
    /// How suppliers are; by the estate's indices.
    pub fitted: &'a Fitted,
    /// Who asks.
    pub traffic: &'a Traffic,
    /// What happens.
    pub course: &'a Course,
    /// By product, a bit of each deployment that is proven for it.
    pub proven: &'a [Vec<bool>],
    /// How many times as long answers are as recorded.
    pub output_times: f64,
    /// Whether the traffic begins again where it ends, until the course is over.
    pub again: bool,
}

/// Plays it. `seed` decides every chance.
pub fn replay(play: &Play<'_>, seed: u64) -> Tally {
    let mut engine = Engine::new(play, seed);
    let mut lap_ms = 0;
    loop {
        for ask in &play.traffic.asks {
            let at_ms = lap_ms + ask.at_ms;
            if at_ms >= play.course.played_ms {
                break;
            }
            engine.until(at_ms);
            for _ in 0..engine.copies() {
                engine.arrives(ask, at_ms);
            }
        }
        lap_ms += play.traffic.length_ms.max(1);
        if !play.again || lap_ms >= play.course.played_ms || play.traffic.asks.is_empty() {
            break;
        }
    }
    engine.until(u64::MAX);
    let Engine { suppliers, mut tally, .. } = engine;
    for (index, deployment) in tally.deployments.iter_mut().enumerate() {
        deployment.limits = suppliers.limits(index);
        deployment.turned_away = deployment.limits.iter().map(|limit| limit.turned_away).sum();
    }
    tally
}

pub(super) struct Engine<'a> {
    play: &'a Play<'a>,
    world: World,
    suppliers: Suppliers<'a>,
    /// Chance of the router, and of everything else.
    dice: Dice,
    chance: Dice,
    /// When something ends, and which flight: the moment in the upper bits.
    events: BinaryHeap<Reverse<(u64, u32)>>,
    flights: Flights<'a>,
    step: usize,
    /// By deployment, when it vanishes next, with all that it is answering.
    cuts: Vec<u64>,
    /// Whether somebody is asked first for a share, whatever the routes say.
    lifted: bool,
    tally: Tally,
}

impl<'a> Engine<'a> {
    fn new(play: &'a Play<'a>, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let estate = play.estate;
        let mut engine = Self {
            play,
            world: World::new(&estate.deployments, &estate.providers),
            suppliers: Suppliers::new(play.estate, play.fitted, play.traffic.began_unix_ms, dice.fork()),
            chance: dice.fork(),
            dice,
            events: BinaryHeap::with_capacity(1_024),
            flights: Flights::default(),
            step: 0,
            cuts: Vec::new(),
            lifted: false,
            tally: Tally::new(
                estate.products.len(),
                estate.deployments.len(),
                play.course.played_ms,
                play.course.compressed,
            ),
        };
        engine.enter(0);
        engine
    }

    fn conditions(&self) -> &'a Step {
        &self.play.course.steps[self.step]
    }

    fn condition(&self, deployment: usize) -> &'a Condition {
        &self.conditions().conditions[deployment]
    }

    fn enter(&mut self, step: usize) {
        self.step = step;
        self.lifted = false;
        self.cuts = (0..self.tally.deployments.len()).map(|index| self.next_cut(index)).collect();
        for (index, condition) in (0..).zip(&self.conditions().conditions) {
            self.world.set_posture(DeploymentIndex(index), condition.posture);
            self.lifted |= condition.asked_first > 0.0;
        }
    }

    fn next_cut(&self, deployment: usize) -> u64 {
        let out = |step: &Step| step.conditions[deployment].outage == Some(Outage::Refused);
        let steps = &self.play.course.steps[self.step..];
        let next = steps.windows(2).find(|pair| !out(&pair[0]) && out(&pair[1]));
        next.map_or(u64::MAX, |pair| pair[1].at_ms)
    }

    /// Lets everything happen that is due before `moment`.
    fn until(&mut self, moment: u64) {
        loop {
            let next_step = self.play.course.steps.get(self.step + 1).map_or(u64::MAX, |step| step.at_ms);
            let next_event = self.events.peek().map_or(u64::MAX, |Reverse((at_ms, _))| *at_ms);
            if next_step.min(next_event) > moment || next_step == u64::MAX && next_event == u64::MAX {
                return;
            }
            if next_step <= next_event {
                self.enter(self.step + 1);
            } else if let Some(Reverse((at_ms, flight))) = self.events.pop() {
                self.lands(flight, at_ms);
            }
        }
    }

    /// How many times the next recorded request arrives.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    fn copies(&mut self) -> u32 {
        let growth = self.conditions().growth;
        if (growth - 1.0).abs() < 1e-12 {
            return 1;
        }
        growth as u32 + u32::from(self.chance.unit_f64() < growth.fract())
    }

    fn arrives(&mut self, ask: &'a Ask, now: u64) {
        let product = usize::from(ask.product);
        let part = self.tally.part(now);
        let tally = &mut self.tally.products[product];
        tally.requests += 1;
        tally.parts[part].0 += 1;
        let plan = self.plan(ask, now);
        let route = &self.play.estate.routes[usize::from(ask.route)];
        let walk = Walk::new(plan, &route.policy, self.dice.fork());
        let deadline = now.saturating_add(millis(route.policy.total_timeout));
        let said = self.is_shut_out(walk.plan(), product).then_some("not_allowed");
        let flight = self.flights.take(Flight { ask, arrived: now, deadline, walk, next: Next::Goes, said });
        self.goes_on(flight, now);
    }

    fn plan(&mut self, ask: &Ask, now: u64) -> Plan {
        let estate = self.play.estate;
        let route = &estate.routes[usize::from(ask.route)];
        let product = usize::from(ask.product);
        let regions = self.conditions().regions[product].as_deref();
        let facts = self.play.traffic.facts(ask, route.policy.translate, regions);
        let view = View { deployments: &estate.deployments, world: &self.world };
        let mut plan = if self.lifted {
            let entries = lifted(&route.entries, &self.play.course.steps[self.step], &mut self.chance);
            // Who is asked first for a share is so whatever the route prefers.
            routing::plan(&facts, &route.policy, &entries, &view, Instant(now), &mut self.dice)
        } else {
            routing::plan(&facts, &route.policy, &route.entries, &view, Instant(now), &mut self.dice)
        };
        let bit = crate::event::bit(product);
        let refuses_unpriced = estate.products[product].refuses_unpriced;
        for candidate in &mut plan.candidates {
            let deployment = candidate.deployment.0 as usize;
            if self.condition(deployment).shut_to & bit != 0 {
                candidate.standing = Standing::Excluded(Reason::Left);
            } else if refuses_unpriced && estate.backing[deployment].prices.is_none() {
                candidate.standing = Standing::Excluded(Reason::Unpriced);
            }
        }
        plan
    }

    /// Whether nobody may serve, and somebody could but for the scenario.
    fn is_shut_out(&self, plan: &Plan, product: usize) -> bool {
        let bit = crate::event::bit(product);
        let shut = |candidate: &routing::Candidate| {
            self.condition(candidate.deployment.0 as usize).shut_to & bit != 0
        };
        plan.candidates.iter().all(|candidate| !candidate.is_eligible()) && plan.candidates.iter().any(shut)
    }

    /// The flight's next attempt, or its end.
    fn goes_on(&mut self, number: u32, now: u64) {
        let mut flight = self.flights.lift(number);
        let view = View { deployments: &self.play.estate.deployments, world: &self.world };
        while now < flight.deadline
            && let Some(turn) = flight.walk.next(&view, Instant(now))
        {
            match turn {
                Turn::Attempt(permit) => {
                    let deployment = permit.deployment().0 as usize;
                    let condition = self.condition(deployment);
                    let begun = self.begin(&flight, deployment, condition, now);
                    let probes = permit.is_probe() || permit.is_last_resort();
                    let at = match begun {
                        Fate::Serves { first_ms, .. } | Fate::Breaks { first_ms, .. } if probes => {
                            now + whole(first_ms)
                        }
                        Fate::Serves { total_ms, .. } => now + whole(total_ms),
                        Fate::Fails { after_ms, .. } | Fate::Breaks { after_ms, .. } => now + whole(after_ms),
                    };
                    flight.next = Next::Lands { permit, fate: begun, began: now, told: !probes };
                    self.flights.set(number, flight);
                    self.events.push(Reverse((at, number)));
                    return;
                }
                Turn::Refused(_, reason) => flight.said = flight.said.or(Some(reason.as_str())),
                Turn::Pause(pause) => {
                    let at = now + millis(pause);
                    if at >= flight.deadline {
                        break;
                    }
                    flight.next = Next::Goes;
                    self.flights.set(number, flight);
                    self.events.push(Reverse((at, number)));
                    return;
                }
            }
        }
        self.refused(&flight);
        self.flights.give_back(number);
    }

    fn begin(&mut self, flight: &Flight<'a>, deployment: usize, condition: &Condition, now: u64) -> Fate {
        let ask = flight.ask;
        let shape = &self.play.traffic.shapes[usize::from(ask.shape)];
        let counts = self.suppliers.counts(ask, deployment, self.play.output_times);
        let policy = &self.play.estate.routes[usize::from(ask.route)].policy;
        let fate = self.suppliers.fate(deployment, counts, shape.stream, condition, now, policy);
        self.tally.deployments[deployment].attempts += 1;
        let cut = self.cuts[deployment];
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        let fate = if cut == u64::MAX { fate } else { fate.cut(cut.saturating_sub(now) as f32) };
        patient(fate, flight, shape.stream, shape.needs, policy, now)
    }

    /// An event of a flight has come.
    fn lands(&mut self, number: u32, now: u64) {
        let mut flight = self.flights.lift(number);
        match std::mem::replace(&mut flight.next, Next::Goes) {
            Next::Goes => {
                self.flights.set(number, flight);
                self.goes_on(number, now);
            }
            Next::Lands {
                mut permit,
                fate: fate @ (Fate::Serves { total_ms: end_ms, .. } | Fate::Breaks { after_ms: end_ms, .. }),
                began,
                told: false,
            } => {
                permit.begun_well(Instant(now));
                flight.next = Next::Lands { permit, fate, began, told: true };
                self.flights.set(number, flight);
                self.events.push(Reverse((began + whole(end_ms), number)));
            }
            Next::Lands { permit, fate: Fate::Breaks { .. }, .. } => {
                routing::observe(permit, Outcome::Failed(Failure::Broken(Broken::Cut)), Instant(now));
                flight.said = Some("broken_off");
                self.refused(&flight);
                self.flights.give_back(number);
            }
            Next::Lands { permit, fate: Fate::Serves { first_ms, total_ms }, began, .. } => {
                let deployment = permit.deployment().0 as usize;
                let stream = self.play.traffic.shapes[usize::from(flight.ask.shape)].stream;
                let ttft_ms = stream.then(|| whole(first_ms));
                routing::observe(
                    permit,
                    Outcome::Success { ttft_ms, total_ms: whole(total_ms) },
                    Instant(now),
                );
                self.served(&flight, deployment, began, first_ms);
                self.flights.give_back(number);
            }
            Next::Lands { permit, fate: Fate::Fails { failure, .. }, .. } => {
                let deployment = permit.deployment();
                routing::observe(permit, Outcome::Failed(failure), Instant(now));
                let view = View { deployments: &self.play.estate.deployments, world: &self.world };
                flight.walk.failed(&view, deployment, failure);
                flight.said = Some(failure.as_str());
                self.flights.set(number, flight);
                self.goes_on(number, now);
            }
        }
    }

    fn served(&mut self, flight: &Flight<'a>, deployment: usize, began: u64, first_ms: f32) {
        let ask = flight.ask;
        let counts = self.suppliers.counts(ask, deployment, self.play.output_times);
        let prices = self.play.estate.backing[deployment].prices.as_deref();
        let price = self.condition(deployment).price;
        let cost = money::nanos(prices, counts.input, counts.cached, counts.output, price);
        let part = self.tally.part(began);
        let product = &mut self.tally.products[usize::from(ask.product)];
        let is_proven = self.play.proven[usize::from(ask.product)][deployment];
        if is_proven {
            product.proven += 1;
        } else {
            product.unproven += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        product.first.add((began - flight.arrived) as f32 + first_ms);
        product.served_by[deployment] += 1;
        let unpriced = u64::from(cost.is_none());
        let cost = i128::from(cost.unwrap_or(0));
        product.unpriced += unpriced;
        product.cost_nanos += cost;
        product.parts_cost[part] += cost;
        let tally = &mut self.tally.deployments[deployment];
        tally.served += 1;
        tally.cost_nanos += cost;
        tally.unpriced += unpriced;
        tally.tokens += counts.input + counts.output;
        if !is_proven {
            let fell = self.falls(flight);
            self.tally.products[usize::from(ask.product)].parts_unproven[fell] += 1;
        }
    }

    /// Whether all that could serve it are gone now, by the course: then it does not matter what was heard of each.
    fn all_are_lost(&self, flight: &Flight<'_>) -> bool {
        let mut could = flight.able().peekable();
        could.peek().is_some()
            && could.all(|deployment| {
                let condition = self.condition(deployment);
                condition.outage.is_some() || condition.retired
            })
    }

    fn refused(&mut self, flight: &Flight<'a>) {
        let why = match flight.said {
            // It had begun well: that is how it ended.
            Some("broken_off") => "broken_off",
            _ if self.all_are_lost(flight) => "all_lost",
            said => said.or_else(|| flight.excluded()).unwrap_or("timeout"),
        };
        let fell = self.falls(flight);
        let product = &mut self.tally.products[usize::from(flight.ask.product)];
        *product.refused.entry(why).or_default() += 1;
        product.parts[fell].1 += 1;
    }

    /// The part of the time in which a request counts that is worse off than it was: what was under way when things changed
    /// fell by the change, not before it.
    fn falls(&mut self, flight: &Flight<'a>) -> usize {
        let fell = flight.arrived.max(self.conditions().at_ms);
        let (came, fell) = (self.tally.part(flight.arrived), self.tally.part(fell));
        let parts = &mut self.tally.products[usize::from(flight.ask.product)].parts;
        parts[came].0 -= 1;
        parts[fell].0 += 1;
        fell
    }
}

/// A route's entries, with one that is asked first for a share in front if chance says so, and last otherwise.
fn lifted(entries: &[RouteEntry], step: &Step, chance: &mut Dice) -> SmallVec<[RouteEntry; 8]> {
    let mut ordered: SmallVec<[RouteEntry; 8]> = SmallVec::from_slice(entries);
    let share = |entry: &RouteEntry| step.conditions[entry.deployment.0 as usize].asked_first;
    for place in 0..ordered.len() {
        let share = share(&ordered[place]);
        if share > 0.0 && chance.unit_f64() < share {
            ordered[..=place].rotate_right(1);
        }
    }
    ordered
}

/// What the policy's time limits make of an answer.
fn patient(
    fate: Fate,
    flight: &Flight<'_>,
    stream: bool,
    needs: catalogue::Needs,
    policy: &Policy,
    now: u64,
) -> Fate {
    let left = flight.deadline.saturating_sub(now);
    let thinking = if needs.contains(catalogue::Needs::REASONING) { 10 } else { 1 };
    let first_limit =
        policy.max_time_to_first_token.map_or(u64::MAX, |limit| millis(limit).saturating_mul(thinking));
    let limit =
        if stream { first_limit.min(millis(policy.header_timeout)) } else { first_limit.min(left / 2) };
    let limit = limit.min(left);
    let comes = match fate {
        Fate::Serves { first_ms, .. } | Fate::Breaks { first_ms, .. } => first_ms,
        Fate::Fails { after_ms, .. } => after_ms,
    };
    if whole(comes) > limit {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
        return Fate::Fails { failure: Failure::Timeout, after_ms: limit as f32 };
    }
    fate
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, NaN is 0")]
fn whole(ms: f32) -> u64 {
    ms.max(0.0) as u64
}
