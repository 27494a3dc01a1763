//! What the products have seen, counted by themselves and by the suppliers' invoices; nothing here comes from the
//! gateway's own books, so that these can be held against it in the end.

mod event;
mod product;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalogue::{Money, PriceList, Usage};
use gateway::snapshot::Snapshot;
use simulator::Billed;

pub(super) use self::event::{Event, EventKind};
pub(super) use self::product::ProductTally;

use super::cast::{self, PRODUCTS, ProductIndex, SUPPLIERS, SupplierIndex};
use super::stage::InvoiceLine;
use crate::client::{Answer, Unanswered};

/// What is shown as "now" is what happened in this time.
const NOW: Duration = Duration::from_secs(3);
/// Events kept for the screen.
const EVENTS_KEPT: usize = 200;

/// See the module.
#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    pub(super) products: Vec<ProductTally>,
    pub(super) suppliers: Vec<SupplierTally>,
    /// The price lists, by deployment.
    prices: BTreeMap<Arc<str>, Arc<PriceList>>,
    /// Which product got the answer of that id.
    owners: HashMap<String, ProductIndex>,
    /// Lines whose owner has not come forward yet.
    unclaimed: Vec<(String, Money)>,
    /// Invoice lines without a known price: there should be none.
    pub(super) unpriced: u64,
    events: VecDeque<Event>,
    events_seen: u64,
    /// A request that was taken over, to be explained later; any request until there is one.
    example: Option<(String, bool)>,
}

/// One supplier's side of it.
#[derive(Debug, Default)]
pub(super) struct SupplierTally {
    pub(super) served: u64,
    pub(super) cost: Money,
    recent: VecDeque<Instant>,
}

/// Sums of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) takeovers: u64,
    pub(super) cost: Money,
}

impl Tally {
    /// Nothing has happened yet.
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let priced = snapshot.deployments.iter().filter_map(|deployment| {
            Some((Arc::clone(&deployment.name), Arc::clone(deployment.prices.as_ref()?)))
        });
        Self {
            began: Instant::now(),
            products: PRODUCTS.iter().map(|_| ProductTally::default()).collect(),
            suppliers: SUPPLIERS.iter().map(|_| SupplierTally::default()).collect(),
            prices: priced.collect(),
            owners: HashMap::new(),
            unclaimed: Vec::new(),
            unpriced: 0,
            events: VecDeque::new(),
            events_seen: 0,
            example: None,
        }
    }

    /// A product asks.
    pub(super) fn asked(&mut self, product: ProductIndex) {
        self.products[product].asked += 1;
    }

    /// A product was answered.
    pub(super) fn answered(&mut self, product: ProductIndex, answer: Answer) {
        let now = Instant::now();
        let supplier = answer.head.deployment.as_deref().and_then(cast::supplier_of);
        self.products[product].answered(now, supplier, answer.first);
        if let Some(supplier) = supplier {
            self.suppliers[supplier].served += 1;
            self.suppliers[supplier].recent.push_back(now);
        }
        if let Some(id) = answer.id {
            self.owners.insert(id, product);
        }
        if answer.head.takeover {
            self.taken_over(product, supplier);
        }
        if let Some(id) = answer.head.request_id {
            self.offer_example(id, answer.head.takeover);
        }
    }

    fn taken_over(&mut self, product: ProductIndex, supplier: Option<SupplierIndex>) {
        let Some(supplier) = self.products[product].taken_over(supplier) else { return };
        let (product, by) = (PRODUCTS[product].name, SUPPLIERS[supplier].name);
        self.event(EventKind::Trouble, format!("{product}: {by} takes over, before the first token"));
    }

    fn offer_example(&mut self, id: String, takeover: bool) {
        if self.example.as_ref().is_none_or(|(_, already)| takeover && !already) {
            self.example = Some((id, takeover));
        }
    }

    /// A product saw an error.
    pub(super) fn failed(&mut self, product: ProductIndex, why: &Unanswered) {
        if self.products[product].failed(Instant::now()) {
            self.event(EventKind::Error, format!("{} saw an error: {why}", PRODUCTS[product].name));
        }
        if let Some(id) = &why.head.request_id {
            self.offer_example(id.clone(), false);
        }
    }

    /// New lines on the invoices: what was really billed, at list prices.
    pub(super) fn billed(&mut self, lines: Vec<InvoiceLine>) {
        for line in lines {
            let deployment = format!("{}/{}", SUPPLIERS[line.supplier].name, line.model);
            let prices = self.prices.get(deployment.as_str());
            let Some(cost) = prices.and_then(|prices| prices.cost(&usage(&line.billed)).total) else {
                self.unpriced += 1;
                continue;
            };
            add(&mut self.suppliers[line.supplier].cost, cost);
            self.unclaimed.push((line.answer, cost));
        }
        let Self { unclaimed, owners, products, .. } = self;
        unclaimed.retain(|(answer, cost)| match owners.remove(answer) {
            Some(product) => {
                add(&mut products[product].cost, *cost);
                false
            }
            None => true,
        });
    }

    /// What was billed for answers that no product got.
    pub(super) fn lost(&self) -> Money {
        self.unclaimed.iter().fold(Money::ZERO, |mut sum, (_, cost)| {
            add(&mut sum, *cost);
            sum
        })
    }

    /// A new scene: what was known before is news again.
    pub(super) fn scene(&mut self, words: String, more: &'static str) {
        self.products.iter_mut().for_each(ProductTally::scene_begins);
        self.push(EventKind::Scene, words, more);
    }

    /// Notes something for the screen.
    pub(super) fn event(&mut self, kind: EventKind, words: impl Into<String>) {
        self.push(kind, words.into(), "");
    }

    fn push(&mut self, kind: EventKind, words: String, more: &'static str) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events_seen += 1;
        self.events.push_back(Event { at: self.began.elapsed(), kind, words, more });
    }

    /// The last events, oldest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// Those after the first `seen` ones, and how many there were in all.
    pub(super) fn events_since(&self, seen: u64) -> (Vec<Event>, u64) {
        let new = usize::try_from(self.events_seen - seen).unwrap_or(usize::MAX);
        let skip = self.events.len().saturating_sub(new);
        (self.events.iter().skip(skip).cloned().collect(), self.events_seen)
    }

    /// The id of a request to explain, and whether it was taken over.
    pub(super) fn example(&self) -> Option<(&str, bool)> {
        self.example.as_ref().map(|(id, takeover)| (id.as_str(), *takeover))
    }

    /// How long it has gone on.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Everything together. The cost is what the suppliers billed.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for product in &self.products {
            totals.requests += product.asked;
            totals.errors += product.errors;
            totals.takeovers += product.takeovers;
        }
        for supplier in &self.suppliers {
            add(&mut totals.cost, supplier.cost);
        }
        totals
    }

    /// The share of the answers of late that each supplier gave, 0 to 1.
    pub(super) fn shares_now(&mut self) -> Vec<f64> {
        let now = Instant::now();
        for supplier in &mut self.suppliers {
            while supplier.recent.front().is_some_and(|at| now - *at > NOW) {
                supplier.recent.pop_front();
            }
        }
        let all: usize = self.suppliers.iter().map(|supplier| supplier.recent.len()).sum();
        let share = |supplier: &SupplierTally| fraction(supplier.recent.len(), all);
        self.suppliers.iter().map(share).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for the screen")]
pub(super) fn fraction(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

fn add(sum: &mut Money, cost: Money) {
    *sum = sum.checked_add(cost).expect("a demo costs less than nine billion dollars");
}

fn usage(billed: &Billed) -> Usage {
    Usage {
        input_uncached: billed.input_uncached,
        cache_read: billed.cache_read,
        cache_write_5m: billed.cache_write_5m,
        cache_write_1h: billed.cache_write_1h,
        output_text: billed.output,
        reasoning: billed.reasoning,
        ..Usage::default()
    }
}
