//! What is shown at one moment: plain values, so that drawing needs nothing else and can be tested.

use std::time::Duration;

use catalogue::Money;
use gateway::Shared;
use routing::{Health, State};
use tokio::time::Instant;

use super::cast::{self, PRODUCTS, SUPPLIERS};
use super::stage::Stage;
use super::story::{Condition, SCENES, Scene};
use super::tally::{Event, Tally, Totals};

/// One moment.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) scene: &'static Scene,
    /// How much of the story is over, 0 to 1.
    pub(super) share: f64,
    pub(super) elapsed: Duration,
    pub(super) paused: bool,
    /// The story is over and the last answers are awaited.
    pub(super) ending: bool,
    pub(super) products: Vec<ProductRow>,
    pub(super) suppliers: Vec<SupplierRow>,
    pub(super) events: Vec<Event>,
    pub(super) totals: Totals,
}

/// A product's line.
#[derive(Debug)]
pub(super) struct ProductRow {
    pub(super) name: &'static str,
    /// The busiest first.
    pub(super) served_by: Vec<&'static str>,
    pub(super) first_p50_ms: Option<u32>,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) takeovers: u64,
    pub(super) cost: Money,
}

/// A supplier's line.
#[derive(Debug)]
pub(super) struct SupplierRow {
    pub(super) name: &'static str,
    pub(super) who: &'static str,
    pub(super) condition: Condition,
    /// By the hand of whoever watches.
    pub(super) cut: bool,
    pub(super) standing: Standing,
    /// Of the answers of late, 0 to 1.
    pub(super) share: f64,
    pub(super) cost: Money,
}

/// How the gateway sees a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) words: String,
}

impl Picture {
    /// Looks at everything.
    pub(super) fn of(moment: &Moment, stage: &Stage, tally: &mut Tally, gateway: &Shared) -> Self {
        let standings = standings(gateway);
        let shares = tally.shares_now();
        let suppliers = SUPPLIERS.iter().zip(standings).zip(shares).enumerate().map(
            |(index, ((supplier, standing), share))| {
                let (condition, cut) = stage.condition(index);
                let cost = tally.suppliers[index].cost;
                SupplierRow { name: supplier.name, who: supplier.who, condition, cut, standing, share, cost }
            },
        );
        let suppliers = suppliers.collect();
        let products = PRODUCTS.iter().zip(&mut tally.products).map(|(product, tally)| ProductRow {
            name: product.name,
            served_by: tally.served_by_now().into_iter().map(|supplier| SUPPLIERS[supplier].name).collect(),
            first_p50_ms: tally.first_p50_now(),
            requests: tally.asked,
            errors: tally.errors,
            takeovers: tally.takeovers,
            cost: tally.cost,
        });
        let products = products.collect();
        Self {
            scene: &SCENES[moment.scene],
            share: moment.share,
            elapsed: tally.elapsed(),
            paused: moment.paused,
            ending: moment.ending,
            products,
            suppliers,
            events: tally.events().cloned().collect(),
            totals: tally.totals(),
        }
    }
}

/// Where in the story we are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moment {
    pub(super) scene: usize,
    pub(super) share: f64,
    pub(super) paused: bool,
    pub(super) ending: bool,
}

/// How the gateway sees each supplier: as the worst of its deployments that any route uses.
pub(super) fn standings(gateway: &Shared) -> Vec<Standing> {
    let snapshot = gateway.snapshot.load();
    let now = gateway.clock.world(Instant::now());
    let mut worst: Vec<Option<Health>> = vec![None; SUPPLIERS.len()];
    let routed = snapshot.routes.iter().filter(|route| !route.direct).flat_map(|route| &route.entries);
    for entry in routed {
        let Some(supplier) = cast::supplier_of(&snapshot.deployment(entry.deployment).name) else { continue };
        let health = snapshot.world.health(entry.deployment, now);
        if worst[supplier].as_ref().is_none_or(|known| health.state > known.state) {
            worst[supplier] = Some(health);
        }
    }
    worst.into_iter().map(Standing::of).collect()
}

impl Standing {
    fn of(health: Option<Health>) -> Self {
        let state = health.as_ref().map_or(State::Healthy, |health| health.state);
        let words = match (state, health.and_then(|health| health.reason)) {
            (State::Due, _) => "due for a probe".to_owned(),
            (State::Probing, _) => "a probe is under way".to_owned(),
            (_, Some(reason)) => reason.to_string(),
            (_, None) => state.to_string(),
        };
        Self { state, words }
    }
}
