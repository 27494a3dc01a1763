//! `releve exit-plan`: how one leaves a provider, worked out from the ledger, the contract and the configuration's text.

mod changes;

use std::path::Path;
use std::sync::Arc;

use catalogue::{Bucket, Protocol};
use jiff::civil::Date;
use scenario::event::Target;
use scenario::exit::{self, Class, Leaving, Schedule, Terms};
use scenario::{Company, Estate, Gatherer, Sums, Traffic, Verdict};
use serde::Serialize;
use store::{Act, Period, Reader, StoreError};

pub(crate) use self::changes::{Change, Changes, Reads};
use super::figures::{Basis, share, unknown_terms};
use super::money::{Currency, daily, due_between};
use crate::config;
use crate::config::contract::Contract;
use crate::config::provider::Provider;
use crate::posture::{Held, Left};
use crate::settings::Settings;

/// How one provider is left.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) organisation: Option<String>,
    pub(crate) today: Date,
    pub(crate) provider: Arc<str>,
    pub(crate) basis: Basis,
    pub(crate) currency: Currency,
    pub(crate) deployments: Vec<Arc<str>>,
    /// Whether these are our own machines, and nobody's terms say when they may be left.
    pub(crate) own: bool,
    pub(crate) contract: Option<Contract>,
    /// Terms that nobody has written down, by their keys.
    pub(crate) unknown_terms: Vec<&'static str>,
    pub(crate) schedule: Schedule,
    pub(crate) products: Vec<ProductPlan>,
    pub(crate) changes: Changes,
    pub(crate) due: Due,
    pub(crate) kept: Kept,
    /// What people had decided about it by the end of the period, the oldest first.
    pub(crate) acts: Vec<Decision>,
    /// Others who could serve and may not on that day.
    pub(crate) left: Vec<Left>,
    pub(crate) gaps: Vec<Gap>,
}

/// One product, with what the configuration says of it.
#[derive(Debug, Serialize)]
pub(crate) struct ProductPlan {
    #[serde(flatten)]
    pub(crate) leaving: Leaving,
    pub(crate) owner: Option<String>,
    pub(crate) max_outage: Option<config::period::Period>,
}

/// What must be paid until the end, used or not. In nano-dollars.
#[derive(Debug, Serialize)]
pub(crate) struct Due {
    /// The commitment of a day; `None` without one, or without a rate for its currency.
    pub(crate) commitment_a_day: Option<i128>,
    /// The fixed cost of a day, likewise.
    pub(crate) fixed_a_day: Option<i128>,
    /// Both until the contract's end; `None` where that is unknown or nothing is due.
    pub(crate) until_end: Option<i128>,
    /// Whether something is due in a currency without a rate.
    pub(crate) without_rate: bool,
}

/// What lies at the provider.
#[derive(Debug, Serialize)]
pub(crate) struct Kept {
    /// Input tokens that its caches served, and their part of all its input, of 1.
    pub(crate) cache_read_tokens: u64,
    pub(crate) warm_input: f64,
    /// Requests of a protocol whose suppliers can keep conversations. Whether it did, the ledger does not say.
    pub(crate) responses_requests: u64,
    /// Products whose responses Relève keeps itself: they stay.
    pub(crate) held_here: Vec<String>,
}

/// A posture on record.
#[derive(Debug, Serialize)]
pub(crate) struct Decision {
    pub(crate) target: Arc<str>,
    pub(crate) posture: Arc<str>,
    pub(crate) reason: Arc<str>,
    pub(crate) author: Arc<str>,
    pub(crate) set_us: i64,
    pub(crate) expires_us: Option<i64>,
}

/// What stands in the way of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "gap", rename_all = "snake_case")]
pub(crate) enum Gap {
    /// Without the provider nothing of a product, or not all of it, is served.
    NotServed { product: Arc<str>, verdict: Verdict },
    /// Somebody would serve it, but not all by who is proven for it.
    Unproven { product: Arc<str> },
    /// No substitute answered any of its requests in the period.
    Untested { product: Arc<str> },
    /// Nobody is named as responsible for it.
    NoOwner { product: Arc<str> },
    /// Nobody says how much these can carry.
    UnknownCapacity { deployments: Vec<Arc<str>> },
    /// The route has only this provider.
    OnlyOne { route: String },
    /// A change that `releve check` would refuse.
    Refused { why: String },
    /// Terms that nobody has written down.
    UnknownTerms { terms: Vec<&'static str> },
    /// Notice for the contract's end can no longer be given in time.
    TooLate,
    /// Nobody is named to call.
    NoContact,
    /// What the ledger cannot see: files, batches, fine-tunes, embedding indexes, voices.
    UnseenState,
}

/// Reads the ledger once and works the plan out. `None` where nothing was asked in the period. `provider` is the place in
/// the effective configuration's list.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn plan(
    settings: &Settings,
    ledger: &Path,
    period: Period,
    (provider, today): (usize, Date),
    reads: Reads<'_>,
) -> Result<Option<Plan>, StoreError> {
    let reader = Reader::open(ledger)?;
    let (extent, recorded) = super::period(&reader, period)?;
    let held = Held::on(today, &settings.resolved, &recorded);
    let mut estate = super::estate::estate(&settings.resolved, &held);
    // Whom it speaks of may have been left already: then it says who serves what it served.
    estate.readmit(provider);
    super::capacity::observe(&mut estate, &reader, &extent)?;
    let mut gatherer = Gatherer::new(&estate);
    reader.scan(extent.period, &mut gatherer)?;
    let traffic = gatherer.finish();
    let Some(span) = traffic.span_us else { return Ok(None) };
    let basis = super::basis(settings, ledger, &extent, &traffic, span);
    let acts = decisions(&recorded, provider, &estate);
    let changes = Changes::of(settings, &estate.accounts[provider].name, reads);
    let mut plan = Plan::of(settings, &traffic, &estate, (provider, today), (basis, acts, changes));
    plan.left = held.left(&estate, &traffic);
    Ok(Some(plan))
}

impl Plan {
    fn of(
        settings: &Settings,
        traffic: &Traffic,
        estate: &Estate,
        (index, today): (usize, Date),
        (basis, acts, changes): (Basis, Vec<Decision>, Changes),
    ) -> Self {
        let config = &settings.loaded.config;
        let body = &settings.resolved.effective.providers[index].body;
        let contract = body.contract.as_ref().map(|contract| contract.value.clone());
        let candidates = scenario::candidates(traffic, estate);
        let carried = scenario::carried(traffic, estate);
        let terms = terms(contract.as_ref());
        let own = estate.accounts[index].own && terms.ends.is_none() && terms.notice.is_none();
        let mut schedule = Schedule::of(&terms, today);
        if own {
            schedule.milestones.retain(|milestone| milestone.day.is_some());
        }
        let products = exit::leaving(index, traffic, estate, &candidates, &carried);
        let mut plan = Self {
            organisation: config.organisation(),
            today,
            provider: Arc::clone(&estate.accounts[index].name),
            basis,
            currency: Currency::of(config),
            deployments: exit::members(index, estate)
                .iter()
                .map(|member| Arc::clone(&estate.members[member].routing.name))
                .collect(),
            unknown_terms: if own { Vec::new() } else { unknown_terms(contract.as_ref()) },
            due: due(settings, body, contract.as_ref(), today),
            kept: kept(settings, traffic, estate, index),
            products: products.into_iter().map(|leaving| product(settings, leaving)).collect(),
            own,
            contract,
            schedule,
            changes,
            acts,
            left: Vec::new(),
            gaps: Vec::new(),
        };
        plan.gaps = plan.find_gaps();
        plan
    }

    fn find_gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for ProductPlan { leaving, owner, .. } in &self.products {
            let product = || Arc::clone(&leaving.product);
            match leaving.verdict {
                Verdict::Stopped | Verdict::Partly => {
                    gaps.push(Gap::NotServed { product: product(), verdict: leaving.verdict });
                }
                Verdict::Unproven => gaps.push(Gap::Unproven { product: product() }),
                Verdict::Proven | Verdict::Untouched => {}
            }
            if leaving.could > 0 && leaving.last_test_us.is_none() {
                gaps.push(Gap::Untested { product: product() });
            }
            if owner.is_none() {
                gaps.push(Gap::NoOwner { product: product() });
            }
        }
        let substitutes = self.products.iter().flat_map(|product| &product.leaving.substitutes);
        let mut unknown: Vec<Arc<str>> = substitutes
            .filter(|other| other.class != Class::None && other.capacity_tokens_per_minute.is_none())
            .map(|other| Arc::clone(&other.deployment))
            .collect();
        unknown.sort();
        unknown.dedup();
        if !unknown.is_empty() {
            gaps.push(Gap::UnknownCapacity { deployments: unknown });
        }
        gaps.extend(self.changes.only_one.iter().map(|route| Gap::OnlyOne { route: route.clone() }));
        let changes = [&self.changes.behind, &self.changes.without];
        let refused = changes.into_iter().flatten().filter_map(|change| change.refused.clone());
        gaps.extend(refused.map(|why| Gap::Refused { why }));
        if self.schedule.too_late {
            gaps.push(Gap::TooLate);
        }
        if !self.unknown_terms.is_empty() {
            gaps.push(Gap::UnknownTerms { terms: self.unknown_terms.clone() });
        }
        if self.contract.as_ref().is_none_or(|contract| contract.contact.is_none()) {
            gaps.push(Gap::NoContact);
        }
        gaps.push(Gap::UnseenState);
        gaps
    }
}

fn product(settings: &Settings, leaving: Leaving) -> ProductPlan {
    let named = settings.loaded.config.products.iter().find(|named| *named.name.value == *leaving.product);
    let body = named.map(|named| &named.body);
    ProductPlan {
        owner: body.and_then(|body| Some(body.owner.as_ref()?.value.clone())),
        max_outage: body.and_then(|body| Some(body.max_outage.as_ref()?.value)),
        leaving,
    }
}

fn terms(contract: Option<&Contract>) -> Terms {
    let Some(contract) = contract else { return Terms::default() };
    Terms {
        ends: contract.ends.as_ref().map(|day| day.0),
        notice: contract.notice.as_ref().map(|notice| notice.0),
        ramp_down_from: contract.ramp_down_from.as_ref().map(|day| day.0),
        transition: contract.transition.as_ref().map(|transition| transition.0),
        retention: contract.retention.as_ref().map(|retention| retention.0),
        rights_until: contract.rights_until.as_ref().map(|day| day.0),
        price_until: contract.price_until.as_ref().map(|day| day.0),
    }
}

fn due(settings: &Settings, body: &Provider, contract: Option<&Contract>, today: Date) -> Due {
    let config = &settings.loaded.config;
    let commitment = contract.and_then(|contract| contract.commitment.as_ref());
    let commitment_a_day = commitment.and_then(|cost| daily(config, cost));
    let fixed_a_day = body.fixed_cost.as_ref().and_then(|cost| daily(config, cost));
    let without_rate = (commitment.is_some() && commitment_a_day.is_none())
        || (body.fixed_cost.is_some() && fixed_a_day.is_none());
    let costs = commitment.into_iter().chain(body.fixed_cost.as_ref());
    let ends = contract.and_then(|contract| contract.ends.as_ref());
    let until = |end: Date| {
        costs.map(|cost| due_between(config, cost, today, end)).reduce(|one, two| Some(one? + two?))
    };
    let until_end = ends.and_then(|end| until(end.0)).flatten();
    Due { commitment_a_day, fixed_a_day, until_end: until_end.filter(|_| !without_rate), without_rate }
}

fn kept(settings: &Settings, traffic: &Traffic, estate: &Estate, account: usize) -> Kept {
    let places = scenario::places(traffic, estate);
    let mut sums = Sums::default();
    let mut responses_requests = 0;
    for ((shape, server), served) in &traffic.served {
        if places[*server].1 == Some(account) {
            sums.join(served);
            if traffic.shapes[*shape].0.protocol == Protocol::OpenaiResponses {
                responses_requests += served.requests;
            }
        }
    }
    let input = [Bucket::InputUncached, Bucket::CacheRead, Bucket::CacheWrite5m, Bucket::CacheWrite1h];
    let input = input.into_iter().map(|bucket| sums.usage[bucket as usize]).sum();
    let cache_read_tokens = sums.usage[Bucket::CacheRead as usize];
    let products = settings.loaded.config.products.iter();
    let keeps = products.filter(|named| named.body.store.as_ref().is_some_and(|store| store.keeps()));
    Kept {
        cache_read_tokens,
        warm_input: share(cache_read_tokens, input),
        responses_requests,
        held_here: keeps.map(|named| named.name.value.clone()).collect(),
    }
}

/// The acts whose target holds any of the account's deployments, or the account itself.
fn decisions(acts: &[Act], account: usize, estate: &Estate) -> Vec<Decision> {
    let behind = &estate.accounts[account];
    let company = Company { owner: behind.owner.as_deref(), country: behind.country.as_deref() };
    let members = exit::members(account, estate);
    let concerns = |act: &&Act| {
        let target: Option<Target> = act.target.parse().ok();
        target.is_some_and(|target| {
            let holds = |member: usize| target.holds(&estate.members[member].routing, &behind.name, company);
            members.iter().any(holds)
        })
    };
    let decision = |act: &Act| Decision {
        target: Arc::clone(&act.target),
        posture: Arc::clone(&act.posture),
        reason: Arc::clone(&act.reason),
        author: Arc::clone(&act.author),
        set_us: act.set_us,
        expires_us: act.expires_us,
    };
    acts.iter().filter(concerns).map(decision).collect()
}
