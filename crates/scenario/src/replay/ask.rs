//! Who asked for what and when, without who answered: what a replay plays.

use std::collections::HashMap;
use std::sync::Arc;

use catalogue::{Needs, Protocol, Region};
use ledger::{Entry, Outcome};
use routing::Facts;

use super::backtest::Came;
use super::estate::PlayedEstate;
use crate::fit::Samples;

/// One recorded request, without its words: small, so that millions lie side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    /// When, in milliseconds since the traffic's beginning.
    pub at_ms: u64,
    /// Index into [`PlayedEstate::products`].
    pub product: u16,
    /// Index into [`PlayedEstate::routes`].
    pub route: u16,
    /// Index into [`Traffic::shapes`].
    pub shape: u16,
    /// Whose tokens the counts below are: an index into [`PlayedEstate::deployments`], or [`NOBODY`].
    pub counted_by: u16,
    /// The prompt's size as the gateway estimated it.
    pub estimated_input: u32,
    /// The prompt, in tokens of [`Ask::counted_by`].
    pub input: u32,
    /// How much of it was read from a cache.
    pub cached: u32,
    /// The answer, in tokens of [`Ask::counted_by`].
    pub output: u32,
    /// The most that the client let the model write; `u32::MAX` where it did not say.
    pub max_tokens: u32,
}

/// In place of a deployment: tokens that nobody counted.
pub const NOBODY: u16 = u16::MAX;

/// What a request asks of whoever serves it; few differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// What the client speaks.
    pub protocol: Protocol,
    /// What the request needs of a model.
    pub needs: Needs,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Where it may be served.
    pub regions: Arc<[Region]>,
}

/// Requests in the order of their arrival.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// The requests.
    pub asks: Vec<Ask>,
    /// What they ask for.
    pub shapes: Vec<Shape>,
    /// How long the recording is, in milliseconds; after that it can begin again.
    pub length_ms: u64,
    /// When it began, in milliseconds since 1970, UTC: so that the hour of the day is known. 0 for none.
    pub began_unix_ms: u64,
}

/// What was read of a ledger: the requests, and how suppliers did with them.
#[derive(Debug, Default)]
pub struct Recording {
    /// Who asked for what.
    pub traffic: Traffic,
    /// How suppliers answered.
    pub samples: Samples,
    /// By product and deployment, how many answers it gave there, and when last (microseconds since 1970).
    pub served: HashMap<(usize, usize), (u64, i64)>,
    /// Entries that name a product or a route that the configuration does not have.
    pub unknown: u64,
    /// Requests that were wrong in themselves: nobody could serve them.
    pub wrong: u64,
    /// What each came to, in no particular order.
    pub came: Vec<Came>,
    /// Whether some of the requests were given to products by turns, for nothing says whose they are.
    pub dealt: bool,
}

impl Traffic {
    /// The facts of an ask, for `routing`.
    pub(crate) fn facts<'a>(
        &'a self,
        ask: &Ask,
        translate: bool,
        regions: Option<&'a [Region]>,
    ) -> Facts<'a> {
        let shape = &self.shapes[usize::from(ask.shape)];
        Facts {
            protocol: shape.protocol,
            translates: if translate {
                wire::translations(shape.protocol).collect()
            } else {
                catalogue::Protocols::NONE
            },
            needs: shape.needs,
            estimated_input_tokens: u64::from(ask.estimated_input),
            max_tokens: (ask.max_tokens != u32::MAX).then_some(u64::from(ask.max_tokens)),
            regions: regions.unwrap_or(&shape.regions),
            stream: shape.stream,
        }
    }

    /// Interns a shape.
    pub fn shape(&mut self, shape: Shape) -> u16 {
        let known = self.shapes.iter().position(|known| *known == shape);
        let index = known.unwrap_or_else(|| {
            self.shapes.push(shape);
            self.shapes.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// Requests a second, on average.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn per_second(&self) -> f64 {
        self.asks.len() as f64 * 1_000.0 / self.length_ms.max(1) as f64
    }

    /// The part from `from_ms` up to `to_ms`, with its beginning as time zero.
    #[must_use]
    pub fn part(&self, from_ms: u64, to_ms: u64) -> Self {
        let within = self.asks.iter().filter(|ask| (from_ms..to_ms).contains(&ask.at_ms));
        Self {
            asks: within.map(|ask| Ask { at_ms: ask.at_ms - from_ms, ..*ask }).collect(),
            shapes: self.shapes.clone(),
            length_ms: to_ms.min(self.length_ms).saturating_sub(from_ms),
            began_unix_ms: if self.began_unix_ms == 0 { 0 } else { self.began_unix_ms + from_ms },
        }
    }
}

impl Recording {
    /// Reads entries in any order.
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>, estate: &PlayedEstate) -> Self {
        let mut reader = Reader::new(estate);
        entries.into_iter().for_each(|entry| reader.add(entry));
        reader.finish()
    }
}

/// Reads entries one by one: for ledgers that do not fit in memory.
#[derive(Debug)]
pub struct Reader {
    products: HashMap<Arc<str>, usize>,
    routes: HashMap<Arc<str>, usize>,
    deployments: HashMap<Arc<str>, usize>,
    shapes: HashMap<Shape, u16>,
    recording: Recording,
    /// Arrivals, in microseconds since 1970, by ask.
    arrivals: Vec<i64>,
    last_us: i64,
}

impl Reader {
    /// For a configuration.
    pub fn new(estate: &PlayedEstate) -> Self {
        let by_name = |names: &mut dyn Iterator<Item = &Arc<str>>| {
            names.enumerate().map(|(index, name)| (Arc::clone(name), index)).collect()
        };
        Self {
            products: by_name(&mut estate.products.iter().map(|product| &product.name)),
            routes: by_name(&mut estate.routes.iter().map(|route| &route.name)),
            deployments: by_name(&mut estate.deployments.iter().map(|deployment| &deployment.name)),
            shapes: HashMap::new(),
            recording: Recording::default(),
            arrivals: Vec::new(),
            last_us: i64::MIN,
        }
    }

    /// One settled request.
    pub fn add(&mut self, entry: &Entry) {
        self.recording.samples.add(entry, &self.deployments);
        if matches!(entry.outcome, Outcome::ClientError { .. }) {
            self.recording.wrong += 1;
            return;
        }
        let product = self.products.get(&entry.facts.product).copied();
        let route = self.routes.get(&entry.facts.route).copied();
        let Some((product, route)) = product.zip(route) else {
            self.recording.unknown += 1;
            return;
        };
        let served = entry.deployment.as_ref().and_then(|name| self.deployments.get(name)).copied();
        if let (Some(served), Outcome::Answered) = (served, entry.outcome) {
            let (count, last_us) = self.recording.served.entry((product, served)).or_insert((0, i64::MIN));
            *count += 1;
            *last_us = (*last_us).max(entry.arrived_us);
        }
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        self.recording.came.push(Came {
            at_ms: 0,
            served: entry.outcome == Outcome::Answered,
            cost_usd: entry.cost.map(|cost| cost.nanos() as f64 / 1e9),
            first_ms: entry
                .ttft_us
                .map(|us| us as f32 / 1_000.0)
                .filter(|_| entry.outcome == Outcome::Answered),
        });
        let ask = self.ask(entry, product, route, served);
        self.arrivals.push(entry.arrived_us);
        let total_us = i64::try_from(entry.total_us).unwrap_or(0);
        self.last_us = self.last_us.max(entry.arrived_us.saturating_add(total_us.min(1_000_000)));
        self.recording.traffic.asks.push(ask);
    }

    fn ask(&mut self, entry: &Entry, product: usize, route: usize, served: Option<usize>) -> Ask {
        let facts = &entry.facts;
        let shape = Shape {
            protocol: facts.protocol,
            needs: facts.needs,
            stream: facts.stream,
            regions: Arc::clone(&facts.regions),
        };
        let known = self.shapes.get(&shape).copied();
        let shape = known.unwrap_or_else(|| {
            let index = self.recording.traffic.shape(shape.clone());
            self.shapes.insert(shape, index);
            index
        });
        // Of several attempts the last is the answer; the others' tokens would be asked for again.
        let usage = entry.attempts.iter().rev().map(|attempt| attempt.usage).find(|usage| !usage.is_zero());
        let usage = usage.unwrap_or_default();
        Ask {
            at_ms: 0,
            product: narrow(product),
            route: narrow(route),
            shape,
            counted_by: served.filter(|_| !usage.is_zero()).map_or(NOBODY, narrow),
            estimated_input: short(facts.estimated_input_tokens),
            input: short(usage.input_total()),
            cached: short(usage.cache_read),
            output: short(usage.output_total()),
            max_tokens: facts.max_tokens.map_or(u32::MAX, short),
        }
    }

    /// What was read, in the order of arrival.
    pub fn finish(self) -> Recording {
        let Self { mut recording, arrivals, last_us, .. } = self;
        let first_us = arrivals.iter().copied().min().unwrap_or(0);
        let asks = recording.traffic.asks.iter_mut().zip(&mut recording.came);
        for ((ask, came), arrived_us) in asks.zip(&arrivals) {
            ask.at_ms = u64::try_from((arrived_us - first_us) / 1_000).unwrap_or(0);
            came.at_ms = ask.at_ms;
        }
        recording.traffic.asks.sort_by_key(|ask| ask.at_ms);
        let last = recording.traffic.asks.last().map_or(0, |ask| ask.at_ms);
        recording.traffic.length_ms =
            u64::try_from((last_us.saturating_sub(first_us)) / 1_000).unwrap_or(0).max(last) + 1;
        recording.traffic.began_unix_ms = u64::try_from(first_us / 1_000).unwrap_or(0);
        recording.samples.begin_at(first_us);
        fill_in(&mut recording.traffic);
        recording
    }
}

/// Requests that nobody answered have no counts: they are taken to be like their product's others.
fn fill_in(traffic: &mut Traffic) {
    let mut outputs: HashMap<u16, Vec<u32>> = HashMap::new();
    for ask in traffic.asks.iter().filter(|ask| ask.counted_by != NOBODY) {
        outputs.entry(ask.product).or_default().push(ask.output);
    }
    let medians: HashMap<u16, u32> = outputs
        .into_iter()
        .map(|(product, mut outputs)| {
            outputs.sort_unstable();
            (product, outputs[outputs.len() / 2])
        })
        .collect();
    for ask in traffic.asks.iter_mut().filter(|ask| ask.counted_by == NOBODY) {
        ask.input = ask.estimated_input;
        ask.cached = 0;
        ask.output = medians.get(&ask.product).copied().unwrap_or(200);
    }
}

fn narrow(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(NOBODY)
}

fn short(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - 1)
}
