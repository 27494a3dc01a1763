//! Each account: who is behind it, what it carried, what was agreed; and what ends when.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use scenario::{Carried, Domain, DomainKind, Estate, Traffic};
use serde::Serialize;

use super::{Basis, days};
use crate::config::contract::{Contract, Cost};
use crate::config::provider::Provider;
use crate::config::value::Named;
use crate::report::money::daily;
use crate::settings::Settings;

/// What a report says of an account.
#[derive(Debug, Serialize)]
pub(crate) struct AccountFigures {
    pub(crate) name: Arc<str>,
    pub(crate) host: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) contract: Option<Contract>,
    /// Terms of the contract that nobody has written down, by their keys.
    pub(crate) unknown_terms: Vec<&'static str>,
    /// Of those that do not decide how one leaves.
    pub(crate) other_unknown_terms: Vec<&'static str>,
    /// Answers, and money in nano-dollars, without that of the unpriced requests.
    pub(crate) answered: u64,
    pub(crate) nanos: i128,
    pub(crate) unpriced: u64,
    pub(crate) carried: Carried,
    pub(crate) capacity_tokens_per_minute: Option<u64>,
    /// What should have been spent in the period by the commitment, in nano-dollars; `None` without one, without a rate
    /// for its currency, or for less than a day of records.
    pub(crate) committed_nanos: Option<i128>,
    /// The currency of a commitment that has no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commitment_without_rate: Option<String>,
    /// What is paid whether it is used or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed_cost: Option<Cost>,
    /// The same of the period, in nano-dollars, as for the commitment.
    pub(crate) fixed_nanos: Option<i128>,
}

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Event {
    pub(crate) day: Date,
    /// Of what.
    pub(crate) of: Of,
    /// What: `contract`, `notice`, `ramp_down`, `price`, `rights`, `model`, `declared`.
    pub(crate) what: &'static str,
}

/// Of what something ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub(crate) enum Of {
    /// An account, or a deployment.
    Here(Domain),
    /// What does not flow through here.
    Declared(Arc<str>),
}

impl Of {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Here(domain) => &domain.name,
            Self::Declared(name) => name,
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(domain) => domain.fmt(f),
            Self::Declared(name) => name.fmt(f),
        }
    }
}

pub(super) fn all(
    settings: &Settings,
    traffic: &Traffic,
    estate: &Estate,
    carried: &[Carried],
    basis: &Basis,
) -> Vec<AccountFigures> {
    let providers = settings.resolved.effective.providers.iter().enumerate();
    let places = scenario::places(traffic, estate);
    providers
        .map(|(index, provider)| {
            let served = traffic.served.iter().filter(|((_, server), _)| places[*server].1 == Some(index));
            let sums = served.fold((0, 0, 0), |(answered, nanos, unpriced), (_, sums)| {
                (answered + sums.answered, nanos + sums.nanos, unpriced + sums.unpriced)
            });
            figures(settings, provider, carried[index], sums, days(basis))
        })
        .collect()
}

fn figures(
    settings: &Settings,
    provider: &Named<Provider>,
    carried: Carried,
    (answered, nanos, unpriced): (u64, i128, u64),
    days: f64,
) -> AccountFigures {
    let config = &settings.loaded.config;
    let body = &provider.body;
    let contract = body.contract.as_ref().map(|contract| contract.value.clone());
    let over = |daily: i128| scaled(daily, days);
    let long_enough = |cost: &Cost| daily(config, cost).filter(|_| days >= 1.0).map(over);
    let own = body.host.as_ref().is_some_and(|host| host.value == "own");
    AccountFigures {
        name: provider.name.as_str().into(),
        host: body.host.as_ref().map(|host| host.value.clone()),
        region: body.region.as_ref().map(|region| region.value.to_string()),
        unknown_terms: if own { Vec::new() } else { unknown_terms(contract.as_ref()) },
        other_unknown_terms: if own { Vec::new() } else { other_unknown_terms(contract.as_ref()) },
        committed_nanos: contract.as_ref().and_then(|contract| long_enough(contract.commitment.as_ref()?)),
        commitment_without_rate: contract.as_ref().and_then(|contract| {
            let commitment = contract.commitment.as_ref()?;
            daily(config, commitment).is_none().then(|| commitment.currency.0.clone())
        }),
        fixed_cost: body.fixed_cost.as_ref().map(|cost| cost.value.clone()),
        fixed_nanos: body.fixed_cost.as_ref().and_then(|cost| long_enough(cost)),
        capacity_tokens_per_minute: body
            .capacity
            .as_ref()
            .and_then(|capacity| Some(capacity.tokens_per_minute.as_ref()?.value)),
        contract,
        answered,
        nanos,
        unpriced,
        carried,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "money for people, to a millionth")]
fn scaled(daily: i128, days: f64) -> i128 {
    daily * (days * 1e6) as i128 / 1_000_000
}

/// Of the terms that decide how one leaves, those that nobody has written down.
pub(in crate::report) fn unknown_terms(contract: Option<&Contract>) -> Vec<&'static str> {
    unknown(contract, |contract| {
        [
            ("owner", contract.owner.is_some()),
            ("country", contract.country.is_some()),
            ("ends", contract.ends.is_some()),
            ("notice", contract.notice.is_some()),
            ("price_until", contract.price_until.is_some()),
            ("transition", contract.transition.is_some()),
            ("retention", contract.retention.is_some()),
            ("training_use", contract.training_use.is_some()),
            ("change_of_control", contract.change_of_control.is_some()),
            ("rights_until", contract.rights_until.is_some()),
        ]
    })
}

/// Of the others, those of which every contract says something; caps, tiers and commitments are not in each.
fn other_unknown_terms(contract: Option<&Contract>) -> Vec<&'static str> {
    unknown(contract, |contract| {
        [
            ("reference", contract.reference.is_some()),
            ("entity", contract.entity.is_some()),
            ("starts", contract.starts.is_some()),
            ("renewal", contract.renewal.is_some()),
            ("sla", contract.sla.is_some()),
            ("subprocessors", contract.subprocessors.is_some()),
            ("deprecation_notice", contract.deprecation_notice.is_some()),
            ("currency", contract.currency.is_some()),
            ("contact", contract.contact.is_some()),
        ]
    })
}

fn unknown<const N: usize>(
    contract: Option<&Contract>,
    terms: impl Fn(&Contract) -> [(&'static str, bool); N],
) -> Vec<&'static str> {
    let none = Contract::default();
    let terms = terms(contract.unwrap_or(&none));
    terms.into_iter().filter(|(_, known)| !known).map(|(term, _)| term).collect()
}

/// Everything that ends, soonest first: contracts and the last day to give notice, price promises, rights, models, and what
/// is declared.
pub(super) fn calendar(settings: &Settings, estate: &Estate) -> Vec<Event> {
    let mut events = Vec::new();
    for provider in &settings.resolved.effective.providers {
        let Some(contract) = &provider.body.contract else { continue };
        let of = Of::Here(Domain::new(DomainKind::Account, provider.name.as_str()));
        let days = [
            ("contract", &contract.ends),
            ("ramp_down", &contract.ramp_down_from),
            ("price", &contract.price_until),
            ("rights", &contract.rights_until),
        ];
        for (what, day) in days {
            events.extend(day.as_ref().map(|day| Event { day: day.0, of: of.clone(), what }));
        }
        let notice = contract.ends.as_ref().zip(contract.notice.as_ref());
        let latest = notice.and_then(|(ends, notice)| {
            ends.0.checked_sub(jiff::SignedDuration::try_from(notice.0).ok()?).ok()
        });
        events.extend(latest.map(|day| Event { day, of: of.clone(), what: "notice" }));
    }
    for member in &estate.members {
        let day = member.ends.as_deref().and_then(|day| day.parse().ok());
        let of = Of::Here(Domain::new(DomainKind::Deployment, Arc::clone(&member.routing.name)));
        events.extend(day.map(|day| Event { day, of, what: "model" }));
    }
    for declared in &settings.loaded.config.declared {
        let of = Of::Declared(declared.name.as_str().into());
        events.extend(declared.ends.as_ref().map(|day| Event { day: day.0, of, what: "declared" }));
    }
    events.sort();
    events
}
