//! Each product: what it needed, who serves it, what would stop it.

use std::collections::BTreeMap;
use std::sync::Arc;

use scenario::{
    Carried, Cut, DomainKind, Estate, Needs, Product, Proof, Set, Sums, Traffic, at_list_price, proofs,
    proven, served,
};
use serde::Serialize;

use super::share;
use super::shut_out::{self, ShutOut};
use crate::budgets::Spending;
use crate::config::Config;
use crate::config::period::Period;
use crate::config::product::{Approval, Criticality};

/// A product while its figures are worked out.
#[derive(Debug)]
pub(in crate::report) struct Study {
    pub(in crate::report) product: Product,
    pub(in crate::report) needs: Needs,
    /// The same needs, within what each account has carried before.
    pub(in crate::report) carried: Needs,
    pub(in crate::report) proofs: Vec<Proof>,
    pub(in crate::report) proven: Set,
    pub(in crate::report) sums: Sums,
}

/// What a report says of a product.
#[derive(Debug, Serialize)]
pub(crate) struct ProductFigures {
    pub(crate) name: Arc<str>,
    pub(crate) criticality: Option<Criticality>,
    pub(crate) function: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) max_outage: Option<Period>,
    pub(crate) max_degradation: Option<f64>,
    /// How its budget stands; `None` where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Spending>,
    pub(crate) requests: u64,
    pub(crate) answered: u64,
    pub(crate) tokens: u64,
    /// In nano-dollars, without that of the unpriced requests.
    pub(crate) nanos: i128,
    pub(crate) unpriced: u64,
    /// Requests that nobody can serve even while nothing is lost.
    pub(crate) without_any: u64,
    pub(crate) without_route: u64,
    /// Of both, those that were answered when they came.
    pub(crate) left_behind: u64,
    /// Of those, the requests that somebody could serve who is held back.
    pub(crate) shut_out: ShutOut,
    /// Tokens of its busiest minute, and when that was (minutes since 1970).
    pub(crate) peak_tokens: u64,
    pub(crate) peak_requests: u64,
    pub(crate) peak_minute: Option<i64>,
    /// Of both, what finds no room while nothing is lost.
    pub(crate) short_already_tokens: u64,
    pub(crate) short_already_requests: u64,
    pub(crate) candidates: Vec<Candidate>,
    /// Approvals that are over, or begin later: they prove nothing today.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) void_approvals: Vec<Approval>,
    pub(crate) cuts: Vec<Cut>,
    /// Each fault domain that is known for what served it, largest first.
    pub(crate) makers: Vec<(Arc<str>, f64)>,
}

/// A deployment that could serve a product.
#[derive(Debug, Serialize)]
pub(crate) struct Candidate {
    pub(crate) deployment: Arc<str>,
    #[serde(flatten)]
    pub(crate) proof: Proof,
    /// The part of the product's requests that it could serve, of 1.
    pub(crate) could: f64,
    /// The part of the product's answers that it gave, of 1.
    pub(crate) served: f64,
    /// What all the product's recorded requests would have cost there, in nano-dollars, by list price with the same
    /// tokens; `None` is unpriced.
    pub(crate) nanos: Option<i128>,
    pub(crate) ends: Option<Arc<str>>,
}

/// All products with requests, in the configuration's order; then those that it no longer has.
pub(in crate::report) fn studies(
    traffic: &Traffic,
    estate: &Estate,
    candidates: &[Option<Set>],
    carried: &[Carried],
) -> Vec<Study> {
    let mut sums: BTreeMap<Arc<str>, Sums> = BTreeMap::new();
    for (shape, _, more) in &traffic.shapes {
        sums.entry(Arc::clone(&shape.product)).or_default().join(more);
    }
    let mut products: Vec<Product> = Vec::new();
    for product in &estate.products {
        if !products.iter().any(|known| known.name == product.name) {
            products.push(product.clone());
        }
    }
    let gone = sums.keys().filter(|name| !estate.products.iter().any(|product| product.name == **name));
    products.extend(gone.map(|name| Product { name: Arc::clone(name), ..Product::default() }));
    let limits: Vec<Option<u64>> = carried.iter().map(|carried| Some(carried.tokens_per_minute)).collect();
    let study = |product: Product| {
        let sums = sums.get(&product.name)?.clone();
        let needs = Needs::of(&product.name, traffic, candidates, estate);
        let mut carried = Needs::of(&product.name, traffic, candidates, estate);
        carried.within_tokens(limits.clone());
        let proofs = proofs(&product, traffic, estate);
        Some(Study { needs, carried, proven: proven(&proofs), proofs, sums, product })
    };
    products.into_iter().filter_map(study).collect()
}

/// Products of the configuration of which nothing was recorded.
pub(super) fn idle(config: &Config, studies: &[Study]) -> Vec<String> {
    let asked = |name: &str| studies.iter().any(|study| *study.product.name == *name);
    let names = config.products.iter().map(|product| &product.name.value);
    names.filter(|name| !asked(name)).cloned().collect()
}

/// `candidates`: of each shape of the traffic.
pub(super) fn all(
    config: &Config,
    (traffic, candidates): (&Traffic, &[Option<Set>]),
    estate: &Estate,
    studies: &[Study],
    today: &str,
) -> Vec<ProductFigures> {
    let losses = estate.losses(today);
    let readmitted = shut_out::readmitted(traffic, estate);
    let figures = |study| {
        let mut figures = one(config, traffic, estate, study, &losses);
        figures.void_approvals = void_approvals(config, &figures.name, today);
        figures.shut_out = shut_out::of(&figures.name, traffic, estate, candidates, &readmitted);
        figures
    };
    studies.iter().map(figures).collect()
}

fn one(
    config: &Config,
    traffic: &Traffic,
    estate: &Estate,
    study: &Study,
    losses: &[(scenario::Domain, Set)],
) -> ProductFigures {
    let name = &study.product.name;
    let body = config.products.iter().find(|named| *named.name.value == **name).map(|named| &named.body);
    let [peak_tokens, peak_requests] = study.needs.peak();
    let already = study.needs.already();
    ProductFigures {
        name: Arc::clone(name),
        criticality: body.and_then(|body| Some(body.criticality.as_ref()?.value)),
        function: body.and_then(|body| Some(body.function.as_ref()?.value.clone())),
        owner: body.and_then(|body| Some(body.owner.as_ref()?.value.clone())),
        max_outage: body.and_then(|body| Some(body.max_outage.as_ref()?.value)),
        max_degradation: body.and_then(|body| Some(body.max_degradation.as_ref()?.value.0)),
        budget: None,
        requests: study.sums.requests,
        answered: study.sums.answered,
        tokens: study.sums.tokens,
        nanos: study.sums.nanos,
        unpriced: study.sums.unpriced,
        without_any: study.needs.without_any,
        without_route: study.needs.without_route,
        left_behind: study.needs.left_behind,
        shut_out: ShutOut::default(),
        peak_tokens,
        peak_requests,
        peak_minute: traffic.peaks.get(name).map(|peaks| peaks[0].minute),
        short_already_tokens: already.short_tokens,
        short_already_requests: already.short_requests,
        candidates: candidates(traffic, estate, study),
        void_approvals: Vec::new(),
        cuts: study.needs.cuts(&study.needs.losses(losses)),
        makers: makers(traffic, estate, name),
    }
}

fn void_approvals(config: &Config, product: &str, today: &str) -> Vec<Approval> {
    let written = config.products.iter().find(|named| *named.name.value == *product);
    let all = written.into_iter().flat_map(|named| &named.body.approved);
    all.map(|approval| &approval.value).filter(|approval| !approval.holds(today)).cloned().collect()
}

impl ProductFigures {
    /// Whether it finds too little room while nothing is lost.
    pub(crate) const fn is_short_already(&self) -> bool {
        self.short_already_tokens > 0 || self.short_already_requests > 0
    }
}

fn candidates(traffic: &Traffic, estate: &Estate, study: &Study) -> Vec<Candidate> {
    let served = served(&study.product.name, traffic);
    let could = |member: usize| -> u64 {
        study
            .needs
            .groups()
            .iter()
            .filter(|(set, _)| set.contains(member))
            .map(|(_, requests)| requests)
            .sum()
    };
    let mut all: Vec<Candidate> = (0..estate.members.len())
        .filter(|member| could(*member) > 0)
        .map(|index| {
            let member = &estate.members[index];
            let name = &member.routing.name;
            Candidate {
                deployment: Arc::clone(name),
                proof: study.proofs[index].clone(),
                could: share(could(index), study.needs.requests()),
                served: share(served.get(&**name).map_or(0, |sums| sums.answered), study.sums.answered),
                nanos: member.prices.as_ref().and_then(|prices| at_list_price(&study.sums, prices)),
                ends: member.ends.clone(),
            }
        })
        .collect();
    all.sort_by(|one, two| two.served.total_cmp(&one.served));
    all
}

/// Who made the models that served it, largest part first.
fn makers(traffic: &Traffic, estate: &Estate, product: &str) -> Vec<(Arc<str>, f64)> {
    let of_server = scenario::domains(traffic, estate, DomainKind::Maker);
    let mut answers: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for ((shape, server), sums) in &traffic.served {
        if *traffic.shapes[*shape].0.product == *product && sums.answered > 0 {
            *answers.entry(of_server[*server].clone().unwrap_or_default()).or_default() += sums.answered;
        }
    }
    let all: u64 = answers.values().sum();
    let mut makers: Vec<(Arc<str>, f64)> =
        answers.into_iter().map(|(name, answered)| (name, share(answered, all))).collect();
    makers.sort_by(|one, two| two.1.total_cmp(&one.1));
    makers
}
