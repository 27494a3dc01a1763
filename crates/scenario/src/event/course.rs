//! A scenario as a replay reads it: at which moment the world changes, and how everybody stands from then on.

use std::sync::Arc;
use std::time::Duration;

use catalogue::Region;
use routing::{Ground, Instant, Posture, PostureKind};

use super::{Arrival, Event, Outage, Scenario, Target, What};
use crate::replay::PlayedEstate;

/// Into how many steps a gradual growth is cut.
const GROWTH_STEPS: u32 = 50;

/// How one deployment stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// It serves nobody.
    pub outage: Option<Outage>,
    /// It does not know its models any more.
    pub retired: bool,
    /// How much later everything comes.
    pub slower: f64,
    /// The share of requests that fail besides its usual errors.
    pub errors: f64,
    /// What is left of its limits.
    pub limits: f64,
    /// How many times its price it costs.
    pub price: f64,
    /// The products that may not use it, a bit each; those past the 64th share the last.
    pub shut_to: u64,
    /// The share of its routes' requests that ask it first, whatever the routes say.
    pub asked_first: f64,
    /// What people have decided, with moments of the replay's own clock.
    pub posture: Posture,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            outage: None,
            retired: false,
            slower: 1.0,
            errors: 0.0,
            limits: 1.0,
            price: 1.0,
            shut_to: 0,
            asked_first: 0.0,
            posture: Posture::Normal,
        }
    }
}

/// How everybody stands from a moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// From when, in milliseconds of the replay.
    pub at_ms: u64,
    /// The same in the scenario's own time.
    pub from: Duration,
    /// By deployment.
    pub conditions: Vec<Condition>,
    /// How many times the recorded requests arrive.
    pub growth: f64,
    /// By product, where it may be served; `None` is as recorded.
    pub regions: Vec<Option<Arc<[Region]>>>,
}

/// A compiled scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// In order of time; the first is at zero.
    pub steps: Vec<Step>,
    /// How long it is played, in milliseconds.
    pub played_ms: u64,
    /// How much longer the scenario is than what is played.
    pub compressed: f64,
}

/// The bit of a product in [`Condition::shut_to`].
pub(crate) const fn bit(product: usize) -> u64 {
    1 << (if product < 63 { product } else { 63 })
}

/// Compiles a scenario for an estate that already holds its arrivals; `played_ms` stands for its whole span.
pub fn compile(scenario: &Scenario, estate: &PlayedEstate, played_ms: u64) -> Course {
    let span_ms = scenario.span.as_secs_f64() * 1_000.0;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    let compressed = (span_ms / played_ms.max(1) as f64).max(1e-9);
    let clock = Clock { compressed };
    let mut moments = turns(estate);
    for event in &scenario.events {
        moments.push(event.from);
        moments.extend(event.until);
        if let (What::Growth(_), Some(until)) = (&event.what, event.until) {
            let length = until.saturating_sub(event.from);
            moments.extend((1..GROWTH_STEPS).map(|step| event.from + length * step / GROWTH_STEPS));
        }
    }
    let moments = within(moments, scenario.span);
    let steps = moments.into_iter().map(|moment| step(scenario, estate, moment, clock)).collect();
    Course { steps, played_ms, compressed }
}

/// When somebody's contract, decision or model begins or ends.
fn turns(estate: &PlayedEstate) -> Vec<Duration> {
    estate.backing.iter().flat_map(|backing| backing.tenure.turns()).map(Duration::from_millis).collect()
}

/// The moments of a span, its beginning among them, each once and in order.
fn within(mut moments: Vec<Duration>, span: Duration) -> Vec<Duration> {
    moments.push(Duration::ZERO);
    moments.retain(|moment| *moment < span || moment.is_zero());
    moments.sort_unstable();
    moments.dedup();
    moments
}

impl Course {
    /// Nothing happens but what comes by itself: what was decided holds and expires, contracts and models end.
    pub fn calm(estate: &PlayedEstate, played_ms: u64, compressed: f64) -> Self {
        let span = Duration::from_millis(played_ms).mul_f64(compressed);
        let moments = within(turns(estate), span).into_iter();
        let steps =
            moments.map(|moment| Step::by_itself(estate, moment, compressed, &Anew::default())).collect();
        Self { steps, played_ms, compressed }
    }

    /// What a scenario is held against: nothing of it happens, and whoever is to arrive is not there.
    pub fn before(scenario: &Scenario, estate: &PlayedEstate, played_ms: u64, compressed: f64) -> Self {
        let mut before = Self::calm(estate, played_ms, compressed);
        for arrival in scenario.arrivals() {
            let newcomer = newcomer(estate, arrival);
            for step in &mut before.steps {
                step.conditions[newcomer].shut_to = u64::MAX;
            }
        }
        before
    }
}

impl Step {
    /// How everybody stands at a moment of a scenario where nothing happens. What is decided or agreed `anew` does not count.
    pub(crate) fn by_itself(
        estate: &PlayedEstate,
        moment: Duration,
        compressed: f64,
        anew: &Anew<'_>,
    ) -> Self {
        let clock = Clock { compressed };
        let at_ms = u64::try_from(moment.as_millis()).unwrap_or(u64::MAX);
        let conditions = estate.backing.iter().enumerate().map(|(index, backing)| {
            let renewed = anew.contracts.iter().any(|event| event.reaches(estate, index));
            Condition {
                posture: clock.posture(backing.tenure.posture(at_ms, &anew.decided, renewed)),
                retired: backing.tenure.is_off(at_ms),
                ..Condition::default()
            }
        });
        Self {
            at_ms: clock.played(moment),
            from: moment,
            conditions: conditions.collect(),
            growth: 1.0,
            regions: estate.products.iter().map(|product| product.regions.clone()).collect(),
        }
    }
}

fn newcomer(estate: &PlayedEstate, arrival: &Arrival) -> usize {
    estate.deployment(&arrival.name).expect("arrivals were added to the estate")
}

/// From the scenario's time to the replay's.
#[derive(Debug, Clone, Copy)]
struct Clock {
    compressed: f64,
}

impl Clock {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    fn played(self, moment: Duration) -> u64 {
        (moment.as_secs_f64() * 1_000.0 / self.compressed).round() as u64
    }

    /// A rate per hour of the scenario, per hour of the replay.
    fn per_hour(self, rate: f64) -> f64 {
        rate * self.compressed
    }

    /// A posture of the scenario's clock on the replay's.
    fn posture(self, posture: Posture) -> Posture {
        match posture {
            Posture::Drain { gone_at, per_hour } => Posture::Drain {
                gone_at: Instant(self.played(Duration::from_millis(gone_at.0))),
                per_hour: self.per_hour(per_hour),
            },
            other => other,
        }
    }
}

fn step(scenario: &Scenario, estate: &PlayedEstate, moment: Duration, clock: Clock) -> Step {
    let anew = Anew::at(scenario, moment);
    let mut calm = Step::by_itself(estate, moment, clock.compressed, &anew);
    // The strictest of what holds by itself and what people do in the scenario.
    let held: Vec<Posture> =
        calm.conditions.iter_mut().map(|condition| std::mem::take(&mut condition.posture)).collect();
    let mut crowded = false;
    let mut fallen = vec![false; estate.deployments.len()];
    for event in &scenario.events {
        let begun = event.from <= moment;
        let over = event.until.is_some_and(|until| until <= moment);
        if let What::Arrival(arrival) = &event.what {
            let index = newcomer(estate, arrival);
            let is_there = begun && !over;
            calm.conditions[index].shut_to = if is_there { 0 } else { u64::MAX };
            calm.conditions[index].asked_first = if is_there { arrival.share } else { 0.0 };
        }
        // What shrinks or grows stays where it came to.
        let lasts = matches!(event.what, What::RampDown | What::Growth(_));
        if !begun || (over && !lasts) {
            continue;
        }
        match &event.what {
            What::Growth(times) => calm.growth *= grown(event, *times, moment),
            What::Region { products, regions } => {
                let regions: Arc<[Region]> = regions.iter().cloned().collect();
                for (index, product) in estate.products.iter().enumerate() {
                    if products.is_empty() || products.contains(&product.name) {
                        calm.regions[index] = Some(Arc::clone(&regions));
                    }
                }
            }
            _ => {}
        }
        for (index, condition) in calm.conditions.iter_mut().enumerate() {
            if event.reaches(estate, index) {
                apply(event, estate, condition, clock);
                let falls = matches!(event.what, What::Outage(_) | What::Retirement | What::LicenceEnd);
                let browns = matches!(event.what, What::Brownout { .. });
                fallen[index] |= falls || browns;
                crowded |= falls && !estate.is_own(index);
            }
        }
    }
    let now = Instant(calm.at_ms);
    for (condition, held) in calm.conditions.iter_mut().zip(held) {
        condition.posture = held.and(condition.posture, now);
    }
    if let Some(herd) = scenario.herd.filter(|_| crowded) {
        for (index, condition) in calm.conditions.iter_mut().enumerate() {
            if !fallen[index] && !estate.is_own(index) {
                condition.limits *= herd.limits;
                condition.slower *= herd.slower;
            }
        }
    }
    calm
}

/// What a scenario has in place of what holds by itself.
#[derive(Debug, Default)]
pub(crate) struct Anew<'a> {
    /// On whom people decide in it: there the last word holds, which is not today's.
    decided: Vec<&'a Target>,
    /// New contracts.
    contracts: Vec<&'a Event>,
}

impl<'a> Anew<'a> {
    fn at(scenario: &'a Scenario, moment: Duration) -> Self {
        let is_on = |event: &&Event| event.from <= moment && event.until.is_none_or(|until| moment < until);
        let (mut decided, mut contracts) = (Vec::new(), Vec::new());
        for event in scenario.events.iter().filter(is_on) {
            match event.what {
                What::Posture { .. } => decided.extend(&event.targets),
                What::Contract => contracts.push(event),
                _ => {}
            }
        }
        Self { decided, contracts }
    }
}

fn apply(event: &Event, estate: &PlayedEstate, condition: &mut Condition, clock: Clock) {
    match &event.what {
        What::Outage(outage) => condition.outage = Some(*outage),
        What::Brownout { slower, errors } => {
            condition.slower *= slower;
            condition.errors = 1.0 - (1.0 - condition.errors) * (1.0 - errors);
        }
        What::Limits(share) => condition.limits *= share,
        What::Price(times) => condition.price *= times,
        What::Terms(products) => {
            let named = |name: &Arc<str>| products.is_empty() || products.contains(name);
            let shut = estate.products.iter().enumerate().filter(|(_, product)| named(&product.name));
            condition.shut_to |= shut.fold(0, |bits, (product, _)| bits | bit(product));
        }
        What::Retirement | What::LicenceEnd => condition.retired = true,
        What::RampDown => {
            let takes = event.until.map_or(Duration::from_hours(1), |until| until.saturating_sub(event.from));
            let per_hour = 1.0 / (takes.as_secs_f64() / 3_600.0).max(1e-6);
            condition.posture = drain(event, per_hour, clock);
        }
        What::Posture { kind, per_hour } => {
            condition.posture = match kind {
                PostureKind::Normal => Posture::Normal,
                PostureKind::Watch => Posture::Watch,
                PostureKind::Drain => drain(event, *per_hour, clock),
                PostureKind::Leave => Posture::Leave(Ground::Untold),
            };
        }
        What::Contract | What::Merger(_) | What::Arrival(_) | What::Growth(_) | What::Region { .. } => {}
    }
}

fn drain(event: &Event, per_hour: f64, clock: Clock) -> Posture {
    let from = i64::try_from(clock.played(event.from)).unwrap_or(i64::MAX);
    Posture::drain_from(from, clock.per_hour(per_hour))
}

fn grown(event: &Event, times: f64, moment: Duration) -> f64 {
    let Some(until) = event.until else { return times };
    let length = until.saturating_sub(event.from).as_secs_f64().max(1e-9);
    let part = (moment.saturating_sub(event.from).as_secs_f64() / length).clamp(0.0, 1.0);
    1.0 + (times - 1.0) * part
}
