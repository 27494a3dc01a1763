//! What the ledger's entries add up to: by shape, by who served, by minute. Each entry is looked at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use catalogue::{Bucket, Money, Usage};
use ledger::{Head, Sighting, Witness};

use crate::estate::Estate;
use crate::set::Set;
use crate::shape::{Limits, Shape, Size};

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;
/// For how many minutes after its arrival a request may still be booked into its minute.
const OPEN_MINUTES: i64 = 30;
/// [`Outcome::code`](ledger::Outcome::code) of an answer.
const ANSWERED: u8 = 0;
/// That of a request that was wrong by itself: no candidate could have mended it.
const CLIENT_ERROR: u8 = 1;

/// Index of a shape in [`Traffic::shapes`].
pub type ShapeIndex = usize;
/// Index of who served in [`Traffic::servers`].
pub type ServerIndex = usize;

/// Sums of requests. Money in nano-dollars, without the unpriced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Requests.
    pub requests: u64,
    /// Those with a whole answer.
    pub answered: u64,
    /// Those that were wrong by themselves: no candidate could have mended them.
    pub wrong: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Money, in nano-dollars.
    pub nanos: i128,
    /// Requests without a price: the money is that much more.
    pub unpriced: u64,
    /// Requests whose usage is our own guess.
    pub estimated: u64,
    /// When the last was answered, in microseconds since 1970.
    pub last_us: i64,
    /// What was used, in the order of [`Bucket::ALL`].
    pub usage: [u64; Bucket::COUNT],
}

impl Sums {
    /// Requests that wanted to be served.
    pub const fn wanted(&self) -> u64 {
        self.requests.saturating_sub(self.wrong)
    }

    /// Adds others.
    pub fn join(&mut self, other: &Self) {
        self.requests += other.requests;
        self.answered += other.answered;
        self.wrong += other.wrong;
        self.tokens += other.tokens;
        self.nanos += other.nanos;
        self.unpriced += other.unpriced;
        self.estimated += other.estimated;
        self.last_us = self.last_us.max(other.last_us);
        self.usage.iter_mut().zip(other.usage).for_each(|(sum, more)| *sum += more);
    }

    fn use_up(&mut self, usage: &Usage, cost: Option<Money>) {
        self.tokens += tokens(usage);
        self.nanos += i128::from(cost.unwrap_or_default().nanos());
        self.usage.iter_mut().zip(usage.iter()).for_each(|(sum, (_, count))| *sum += count);
    }
}

/// What was asked or served in one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests.
    pub requests: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Money, in nano-dollars.
    pub nanos: i64,
}

/// A minute in which more was asked than in any other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peak {
    /// Minutes since 1970.
    pub minute: i64,
    /// What each shape asked then, also those of other products.
    pub loads: Vec<(ShapeIndex, Load)>,
}

/// What the entries add up to.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// The shapes, in the order in which they were first seen, each with one of its sizes and its sums.
    pub shapes: Vec<(Shape, Size, Sums)>,
    /// Whoever served: deployments by name, also those that the configuration no longer has.
    pub servers: Vec<Arc<str>>,
    /// What each server did for each shape. An attempt's usage counts where it was made, the request where it was served.
    pub served: BTreeMap<(ShapeIndex, ServerIndex), Sums>,
    /// What each server did in each minute, in order.
    pub minutes: Vec<Vec<(i64, Load)>>,
    /// By product, the minute in which it asked for most tokens, and that of most requests.
    pub peaks: BTreeMap<Arc<str>, [Peak; 2]>,
    /// The first and last arrival, in microseconds since 1970.
    pub span_us: Option<(i64, i64)>,
    /// Requests in which nobody was tried or served.
    pub unserved: u64,
    /// Corrections that are in the money.
    pub corrections: u64,
}

impl Traffic {
    /// All sums together.
    pub fn total(&self) -> Sums {
        let mut total = Sums::default();
        self.shapes.iter().for_each(|(_, _, sums)| total.join(sums));
        total
    }
}

/// Tokens read and written: what limits and prices count.
pub fn tokens(usage: &Usage) -> u64 {
    usage.input_total().saturating_add(usage.output_total())
}

/// Adds entries up.
#[derive(Debug)]
pub struct Gatherer {
    traffic: Traffic,
    limits: Limits,
    /// The deployments' indices in the estate, for [`Shape::unsayable`].
    members: HashMap<Arc<str>, usize>,
    heads: Vec<HeadOf>,
    shapes: HashMap<Shape, ShapeIndex>,
    servers: HashMap<Arc<str>, ServerIndex>,
    /// The minutes that may still grow.
    open: BTreeMap<i64, Minute>,
    last_minute: i64,
}

/// What a head becomes, and the shapes that were made of it.
#[derive(Debug)]
struct HeadOf {
    shape: Shape,
    known: Vec<(Shape, ShapeIndex)>,
}

#[derive(Debug, Default)]
struct Minute {
    asked: Vec<(ShapeIndex, Load)>,
    served: Vec<(ServerIndex, Load)>,
}

impl Gatherer {
    /// Nothing yet; sizes are told apart where the estate's deployments have limits.
    pub fn new(estate: &Estate) -> Self {
        let members = estate.members.iter().enumerate();
        Self {
            traffic: Traffic::default(),
            limits: Limits::of(estate.members.iter().map(|member| &member.routing)),
            members: members.map(|(index, member)| (Arc::clone(&member.routing.name), index)).collect(),
            heads: Vec::new(),
            shapes: HashMap::new(),
            servers: HashMap::new(),
            open: BTreeMap::new(),
            last_minute: i64::MIN,
        }
    }

    /// The sums of everything that was handed over.
    pub fn finish(mut self) -> Traffic {
        while let Some((minute, loads)) = self.open.pop_first() {
            self.close(minute, &loads);
        }
        for series in &mut self.traffic.minutes {
            series.sort_unstable_by_key(|(minute, _)| *minute);
            series.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    earlier.1.add(&later.1);
                }
                same
            });
        }
        self.traffic
    }

    fn shape(&mut self, sighting: &Sighting<'_>) -> ShapeIndex {
        let size =
            Size { estimated_input_tokens: sighting.estimated_input_tokens, max_tokens: sighting.max_tokens };
        let class = self.limits.class(size);
        let head = &mut self.heads[sighting.head];
        let plain = sighting.unsayable.is_empty();
        let same = |shape: &Shape| shape.size == class && plain && shape.unsayable.is_empty();
        if let Some((_, index)) = head.known.iter().find(|(shape, _)| same(shape)) {
            return *index;
        }
        let unsayable =
            sighting.unsayable.iter().filter_map(|name| self.members.get(name).copied()).collect();
        let shape = Shape { size: class, unsayable, ..head.shape.clone() };
        let next = self.traffic.shapes.len();
        let index = *self.shapes.entry(shape.clone()).or_insert(next);
        if index == next {
            self.traffic.shapes.push((shape.clone(), size, Sums::default()));
        }
        head.known.push((shape, index));
        index
    }

    fn server(&mut self, name: &str) -> ServerIndex {
        if let Some(known) = self.servers.get(name) {
            return *known;
        }
        let index = self.traffic.servers.len();
        let name: Arc<str> = name.into();
        self.traffic.servers.push(Arc::clone(&name));
        self.traffic.minutes.push(Vec::new());
        self.servers.insert(name, index);
        index
    }

    /// Counts what each server used, and the request where it was served.
    fn serve(&mut self, shape: ShapeIndex, sighting: &Sighting<'_>, minute: i64) {
        let Some(server) = sighting.deployment.map(|name| self.server(name)) else {
            self.traffic.unserved += 1;
            return;
        };
        let answered = sighting.outcome == ANSWERED;
        let sums = self.traffic.served.entry((shape, server)).or_default();
        sums.requests += 1;
        sums.answered += u64::from(answered);
        sums.estimated += u64::from(sighting.estimated);
        if answered {
            sums.last_us = sums.last_us.max(sighting.arrived_us);
        }
        let mut load = Load { requests: u64::from(answered), ..Load::default() };
        if sighting.shares.is_empty() {
            sums.unpriced += u64::from(sighting.cost.is_none());
            sums.use_up(&sighting.usage, sighting.cost);
            load.tokens = tokens(&sighting.usage);
            load.nanos = sighting.cost.unwrap_or_default().nanos();
        }
        self.book(minute, server, load);
        for share in sighting.shares {
            let server = self.server(&share.deployment);
            let sums = self.traffic.served.entry((shape, server)).or_default();
            sums.unpriced += u64::from(share.cost.is_none());
            sums.use_up(&share.usage, share.cost);
            let nanos = share.cost.unwrap_or_default().nanos();
            self.book(minute, server, Load { requests: 0, tokens: tokens(&share.usage), nanos });
        }
    }

    fn book(&mut self, minute: i64, server: ServerIndex, load: Load) {
        put(&mut self.open.entry(minute).or_default().served, server, load);
    }

    /// Draws the line under a minute.
    fn close(&mut self, minute: i64, loads: &Minute) {
        for (server, load) in &loads.served {
            self.traffic.minutes[*server].push((minute, *load));
        }
        let mut by_product: BTreeMap<Arc<str>, Load> = BTreeMap::new();
        for (shape, load) in &loads.asked {
            let product = &self.traffic.shapes[*shape].0.product;
            by_product.entry(Arc::clone(product)).or_default().add(load);
        }
        for (product, load) in by_product {
            let peaks = self.traffic.peaks.entry(Arc::clone(&product)).or_default();
            let measures: [fn(&Load) -> u64; 2] = [|load| load.tokens, |load| load.requests];
            for (peak, measure) in peaks.iter_mut().zip(measures) {
                let of_product = |(shape, load): &(ShapeIndex, Load)| {
                    if self.traffic.shapes[*shape].0.product == product { measure(load) } else { 0 }
                };
                if measure(&load) > peak.loads.iter().map(of_product).sum() {
                    *peak = Peak { minute, loads: loads.asked.clone() };
                }
            }
        }
    }
}

impl Witness for Gatherer {
    fn head(&mut self, head: Head) {
        let facts = head.facts;
        let shape = Shape {
            product: facts.product,
            route: facts.route,
            protocol: facts.protocol,
            stream: facts.stream,
            needs: facts.needs,
            regions: facts.regions,
            size: crate::shape::SizeClass::default(),
            unsayable: Set::default(),
        };
        self.heads.push(HeadOf { shape, known: Vec::new() });
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) {
        let shape = self.shape(sighting);
        let minute = sighting.arrived_us.div_euclid(MINUTE_US);
        let (first, last) = self.traffic.span_us.unwrap_or((i64::MAX, i64::MIN));
        self.traffic.span_us = Some((first.min(sighting.arrived_us), last.max(sighting.arrived_us)));
        let sums = &mut self.traffic.shapes[shape].2;
        sums.requests += 1;
        sums.answered += u64::from(sighting.outcome == ANSWERED);
        sums.unpriced += u64::from(sighting.cost.is_none());
        sums.estimated += u64::from(sighting.estimated);
        sums.use_up(&sighting.usage, sighting.cost);
        sums.wrong += u64::from(sighting.outcome == CLIENT_ERROR);
        // What nobody could serve was asked for all the same.
        let used = tokens(&sighting.usage);
        let asked = if used == 0 { sighting.estimated_input_tokens } else { used };
        let load = Load { requests: 1, tokens: asked, nanos: 0 };
        put(&mut self.open.entry(minute).or_default().asked, shape, load);
        self.serve(shape, sighting, minute);
        if minute > self.last_minute {
            self.last_minute = minute;
            while let Some(oldest) =
                self.open.first_entry().filter(|oldest| *oldest.key() < minute - OPEN_MINUTES)
            {
                let (closed, loads) = oldest.remove_entry();
                self.close(closed, &loads);
            }
        }
    }

    fn correction(&mut self, product: &str, deployment: Option<&str>, difference: Money) {
        self.traffic.corrections += 1;
        let nanos = i128::from(difference.nanos());
        let server = deployment.map(|name| self.server(name));
        let of_product = |(shape, _, _): &(Shape, Size, Sums)| *shape.product == *product;
        let shape = self.traffic.shapes.iter().position(of_product);
        if let Some(shape) = shape {
            self.traffic.shapes[shape].2.nanos += nanos;
            if let Some(server) = server {
                self.traffic.served.entry((shape, server)).or_default().nanos += nanos;
            }
        }
    }
}

impl Load {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.tokens += other.tokens;
        self.nanos += other.nanos;
    }
}

fn put(loads: &mut Vec<(usize, Load)>, of: usize, load: Load) {
    match loads.iter_mut().find(|(known, _)| *known == of) {
        Some((_, known)) => known.add(&load),
        None => loads.push((of, load)),
    }
}

#[cfg(test)]
mod tests;
