//! What Prometheus reads. Labels take only values from the configuration or from small enums, so their number is
//! bounded; nothing that a client chooses becomes a label.

mod series;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use catalogue::{Money, Usage};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::snapshot::Product;

pub(crate) use series::Recent;

/// How nearly all requests, and nearly all attempts, end.
const ANSWERED: &str = ledger::Outcome::Answered.as_str();
const SERVED: &str = ledger::AttemptOutcome::Served.as_str();

/// A name from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(crate) Arc<str>);

impl EncodeLabelValue for Name {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    product: Name,
    route: Name,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    deployment: Name,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MoneyLabels {
    product: Name,
    deployment: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    product: Name,
    deployment: Name,
    bucket: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeploymentLabels {
    deployment: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AlarmLabels {
    provider: Name,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProductLabels {
    product: Name,
}

type Seconds = Counter<f64, AtomicU64>;

/// All counters, shared by all threads.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    takeovers: Family<RouteLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    cost: Family<MoneyLabels, Seconds>,
    unpriced: Family<MoneyLabels, Counter>,
    alarms: Family<AlarmLabels, Counter>,
    first_token: Family<DeploymentLabels, Histogram>,
    duration: Family<RouteLabels, Histogram>,
    in_flight: Gauge,
    budget_spent: Family<ProductLabels, Gauge<f64, AtomicU64>>,
    over_budget: Family<ProductLabels, Counter>,
    state_kept: Family<ProductLabels, Counter>,
    state_kept_bytes: Family<ProductLabels, Counter>,
    state_used: Family<ProductLabels, Counter>,
}

/// From 5 ms to 10 minutes: a first token and a long answer both find their place.
const SECONDS: [f64; 14] = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("releve");
        let metrics = Self {
            requests: Family::default(),
            attempts: Family::default(),
            refusals: Family::default(),
            takeovers: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            unpriced: Family::default(),
            alarms: Family::default(),
            first_token: Family::new_with_constructor(histogram),
            duration: Family::new_with_constructor(histogram),
            in_flight: Gauge::default(),
            budget_spent: Family::default(),
            over_budget: Family::default(),
            state_kept: Family::default(),
            state_kept_bytes: Family::default(),
            state_used: Family::default(),
            registry: Registry::default(),
        };
        registry.register("requests", "Admitted requests, by how they ended", metrics.requests.clone());
        registry.register("attempts", "Tries at a deployment, by how they ended", metrics.attempts.clone());
        registry.register("refusals", "Requests refused at the door", metrics.refusals.clone());
        registry.register("takeovers", "Requests that a later candidate served", metrics.takeovers.clone());
        registry.register("tokens", "Tokens used, in disjoint buckets", metrics.tokens.clone());
        registry.register("cost_usd", "Money spent, in US dollars", metrics.cost.clone());
        registry.register(
            "unpriced",
            "Requests served by a deployment without a price",
            metrics.unpriced.clone(),
        );
        registry.register("alarms", "What a person has to look at at a supplier", metrics.alarms.clone());
        registry.register_with_unit(
            "time_to_first_token",
            "From arrival to the first content",
            Unit::Seconds,
            metrics.first_token.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "From arrival to the answer's end",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register("in_flight", "Requests being answered", metrics.in_flight.clone());
        registry.register(
            "budget_spent_ratio",
            "The part of a product's budget that is spent in the running period",
            metrics.budget_spent.clone(),
        );
        registry.register(
            "budget_refusals",
            "Requests refused at the door for their product's budget",
            metrics.over_budget.clone(),
        );
        registry.register("state_kept", "Responses kept here", metrics.state_kept.clone());
        registry.register_with_unit(
            "state_kept",
            "Their size before encryption, input included",
            Unit::Bytes,
            metrics.state_kept_bytes.clone(),
        );
        registry.register("state_used", "Requests that build on kept responses", metrics.state_used.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Looks how the budgets stand: what is shown of them is as of now.
    pub fn look_at_budgets(&self, products: &[Product], now_us: i64) {
        self.budget_spent.clear();
        for product in products {
            if let Some(standing) = product.budget.standing(now_us) {
                self.budget(&product.name, standing.share());
            }
        }
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string cannot fail");
        text
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&RefusalLabels { reason }).inc();
    }

    /// A request was refused for its product's budget.
    pub(crate) fn over_budget(&self, product: &Arc<str>) {
        self.over_budget.get_or_create(&ProductLabels { product: Name(Arc::clone(product)) }).inc();
    }

    /// The part of a product's budget that is spent.
    pub(crate) fn budget(&self, product: &Arc<str>, share: f64) {
        self.budget_spent.get_or_create(&ProductLabels { product: Name(Arc::clone(product)) }).set(share);
    }

    /// A response was kept, of so many bytes.
    pub(crate) fn state_kept(&self, product: &Arc<str>, bytes: usize) {
        let labels = ProductLabels { product: Name(Arc::clone(product)) };
        self.state_kept.get_or_create(&labels).inc();
        self.state_kept_bytes.get_or_create(&labels).inc_by(bytes as u64);
    }

    /// A request builds on kept responses.
    pub(crate) fn state_used(&self, product: &Arc<str>) {
        self.state_used.get_or_create(&ProductLabels { product: Name(Arc::clone(product)) }).inc();
    }

    pub(crate) fn admitted(&self) {
        self.in_flight.inc();
    }

    pub(crate) fn attempt(&self, tried: &Tried<'_>, outcome: &'static str, first_token: Option<f64>) {
        let series = tried.recent.of(tried.product, tried.route, tried.deployment);
        if outcome == SERVED {
            series.served(self).inc();
        } else {
            let labels = AttemptLabels { deployment: Name(Arc::clone(tried.deployment)), outcome };
            self.attempts.get_or_create(&labels).inc();
        }
        if let Some(seconds) = first_token {
            series.first_token(self).observe(seconds);
        }
    }

    pub(crate) fn alarm(&self, provider: &Arc<str>, kind: &'static str) {
        self.alarms.get_or_create(&AlarmLabels { provider: Name(Arc::clone(provider)), kind }).inc();
    }

    pub(crate) fn ended(&self, ended: &Ended<'_>) {
        self.in_flight.dec();
        let route = || RouteLabels { route: Name(Arc::clone(ended.route)) };
        if ended.taken_over {
            self.takeovers.get_or_create(&route()).inc();
        }
        let series =
            ended.deployment.map(|deployment| ended.recent.of(ended.product, ended.route, deployment));
        if let Some(series) = series.as_ref().filter(|_| ended.outcome == ANSWERED) {
            series.answered(self).inc();
        } else {
            let (product, route) = (Name(Arc::clone(ended.product)), Name(Arc::clone(ended.route)));
            self.requests.get_or_create(&RequestLabels { product, route, outcome: ended.outcome }).inc();
        }
        let Some(series) = series else {
            self.duration.get_or_create(&route()).observe(ended.seconds);
            return;
        };
        series.duration(self).observe(ended.seconds);
        match ended.cost {
            // Metrics are floats by nature; the exact figure is in the ledger.
            Some(cost) => drop(series.cost(self).inc_by(to_dollars(cost))),
            None => drop(self.unpriced.get_or_create(&series.money()).inc()),
        }
        for (bucket, count) in ended.usage.iter().filter(|(_, count)| *count > 0) {
            series.tokens(bucket, self).inc_by(count);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric; the ledger is exact")]
fn to_dollars(money: Money) -> f64 {
    money.nanos() as f64 / 1e9
}

/// An attempt that has ended.
#[derive(Debug)]
pub(crate) struct Tried<'a> {
    pub(crate) recent: &'a Recent,
    pub(crate) product: &'a Arc<str>,
    pub(crate) route: &'a Arc<str>,
    pub(crate) deployment: &'a Arc<str>,
}

/// A request that has ended.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) recent: &'a Recent,
    pub(crate) product: &'a Arc<str>,
    pub(crate) route: &'a Arc<str>,
    pub(crate) deployment: Option<&'a Arc<str>>,
    pub(crate) outcome: &'static str,
    /// Whether another candidate answered than the one that was tried first.
    pub(crate) taken_over: bool,
    pub(crate) seconds: f64,
    pub(crate) usage: &'a Usage,
    pub(crate) cost: Option<Money>,
}
