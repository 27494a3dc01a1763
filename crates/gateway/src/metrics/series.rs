//! The series that requests count in, looked up once for all that are alike.
//!
//! To find a series by its labels takes a lock, a hash over their text and clones of it; a request counts in seven or
//! so, and nearly all count in the same. So each thread remembers those that it used last.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use catalogue::Bucket;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use super::{
    AttemptLabels, DeploymentLabels, Metrics, MoneyLabels, Name, RequestLabels, RouteLabels, Seconds,
    TokenLabels,
};

/// So many are remembered. Where there are more, the rest is looked up.
const REMEMBERED: usize = 64;

/// The series of requests of one product, on one route, to one deployment. Each is made when it is first counted in:
/// none stands at 0.
#[derive(Debug)]
pub(super) struct Series {
    product: Arc<str>,
    route: Arc<str>,
    deployment: Arc<str>,
    answered: OnceCell<Counter>,
    served: OnceCell<Counter>,
    duration: OnceCell<Histogram>,
    first_token: OnceCell<Histogram>,
    cost: OnceCell<Seconds>,
    tokens: [OnceCell<Counter>; Bucket::COUNT],
}

impl Series {
    fn is_of(&self, product: &Arc<str>, route: &Arc<str>, deployment: &Arc<str>) -> bool {
        Arc::ptr_eq(&self.deployment, deployment)
            && Arc::ptr_eq(&self.route, route)
            && Arc::ptr_eq(&self.product, product)
    }

    pub(super) fn answered(&self, metrics: &Metrics) -> &Counter {
        self.answered.get_or_init(|| {
            let outcome = super::ANSWERED;
            let labels = RequestLabels { product: name(&self.product), route: name(&self.route), outcome };
            metrics.requests.get_or_create_owned(&labels)
        })
    }

    pub(super) fn served(&self, metrics: &Metrics) -> &Counter {
        self.served.get_or_init(|| {
            let labels = AttemptLabels { deployment: name(&self.deployment), outcome: super::SERVED };
            metrics.attempts.get_or_create_owned(&labels)
        })
    }

    pub(super) fn duration(&self, metrics: &Metrics) -> &Histogram {
        self.duration
            .get_or_init(|| metrics.duration.get_or_create_owned(&RouteLabels { route: name(&self.route) }))
    }

    pub(super) fn first_token(&self, metrics: &Metrics) -> &Histogram {
        self.first_token.get_or_init(|| {
            let labels = DeploymentLabels { deployment: name(&self.deployment) };
            metrics.first_token.get_or_create_owned(&labels)
        })
    }

    pub(super) fn cost(&self, metrics: &Metrics) -> &Seconds {
        self.cost.get_or_init(|| metrics.cost.get_or_create_owned(&self.money()))
    }

    pub(super) fn tokens(&self, bucket: Bucket, metrics: &Metrics) -> &Counter {
        self.tokens[bucket as usize].get_or_init(|| {
            let bucket = bucket.as_str();
            let (product, deployment) = (name(&self.product), name(&self.deployment));
            metrics.tokens.get_or_create_owned(&TokenLabels { product, deployment, bucket })
        })
    }

    pub(super) fn money(&self) -> MoneyLabels {
        MoneyLabels { product: name(&self.product), deployment: name(&self.deployment) }
    }
}

fn name(text: &Arc<str>) -> Name {
    Name(Arc::clone(text))
}

/// The series that one thread used last. Names are told apart by where they lie: a reload makes new ones.
#[derive(Debug, Default)]
pub(crate) struct Recent(RefCell<Vec<Rc<Series>>>);

impl Recent {
    pub(super) fn of(&self, product: &Arc<str>, route: &Arc<str>, deployment: &Arc<str>) -> Rc<Series> {
        let mut known = self.0.borrow_mut();
        if let Some(at) = known.iter().position(|series| series.is_of(product, route, deployment)) {
            // What is used often moves to the front.
            let nearer = at / 2;
            known.swap(at, nearer);
            return Rc::clone(&known[nearer]);
        }
        let series = Rc::new(Series {
            product: Arc::clone(product),
            route: Arc::clone(route),
            deployment: Arc::clone(deployment),
            answered: OnceCell::new(),
            served: OnceCell::new(),
            duration: OnceCell::new(),
            first_token: OnceCell::new(),
            cost: OnceCell::new(),
            tokens: Default::default(),
        });
        known.truncate(REMEMBERED - 1);
        known.push(Rc::clone(&series));
        series
    }
}
