//! What an account costs and allows beside its prices: contract, capacity, fixed cost.
//!
//! For reports and for later steering. But for the dates `ends` and `ramp_down_from` nothing here changes where a request
//! goes today, and `check` says so.

use serde::Serialize;

use super::period::Period;
use super::problem::Problem;
use super::section::Section;
use super::value::{Amount, At, Currency, Day, Share, choice};

/// What was agreed with a provider. What is left out is unknown, and the report says so.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Contract {
    /// Its number or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<At<String>>,
    /// The legal entity that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entity: Option<At<String>>,
    /// Who owns that entity: providers of one owner can fail together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<At<String>>,
    /// Whose law and authorities that entity obeys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) starts: Option<At<Day>>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ends: Option<At<Day>>,
    /// How long before its end it must be given notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<At<Period>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) renewal: Option<At<Renewal>>,
    /// From when traffic should leave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ramp_down_from: Option<At<Day>>,
    /// Until when its prices are promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price_until: Option<At<Day>>,
    /// The most that may be spent there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) caps: Vec<At<Cost>>,
    /// Discounts by volume.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tiers: Vec<At<Tier>>,
    /// What must be spent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commitment: Option<At<Cost>>,
    /// Throughput that is paid for whether it is used or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) committed_tokens_per_minute: Option<At<u64>>,
    /// The availability promised, as a share of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sla: Option<At<Share>>,
    /// How long it must go on serving after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transition: Option<At<Period>>,
    /// How long it keeps prompts and answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention: Option<At<Period>>,
    /// Whether it may train on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) training_use: Option<At<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subprocessors: Option<Vec<At<String>>>,
    /// What the contract says if its owner changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_of_control: Option<At<String>>,
    /// How long before a model is switched off it must say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deprecation_notice: Option<At<Period>>,
    /// Until when the models may be used there, whatever becomes of their maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rights_until: Option<At<Day>>,
    /// What it bills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<At<Currency>>,
    /// Whom to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contact: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<At<String>>,
}

impl Contract {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let contract = Self {
            reference: section.get("reference"),
            entity: section.get("entity"),
            owner: section.get("owner"),
            country: section.get("country"),
            starts: section.get("starts"),
            ends: section.get("ends"),
            notice: section.get("notice"),
            renewal: section.get("renewal"),
            ramp_down_from: section.get("ramp_down_from"),
            price_until: section.get("price_until"),
            caps: whole(section.tables_in("caps", Cost::read)),
            tiers: whole(section.tables_in("tiers", Tier::read)),
            commitment: section.table("commitment", Cost::read).and_then(one),
            committed_tokens_per_minute: section.get("committed_tokens_per_minute"),
            sla: section.get("sla"),
            transition: section.get("transition"),
            retention: section.get("retention"),
            training_use: section.get("training_use"),
            subprocessors: section.list("subprocessors"),
            change_of_control: section.get("change_of_control"),
            deprecation_notice: section.get("deprecation_notice"),
            rights_until: section.get("rights_until"),
            currency: section.get("currency"),
            contact: section.get("contact"),
            notes: section.get("notes"),
        };
        contract.check(section);
        contract
    }

    /// Every key that it reads.
    #[cfg(test)]
    pub(crate) fn keys() -> std::collections::BTreeSet<String> {
        let (table, _) = toml::de::DeTable::parse_recoverable("");
        let problems = super::problem::Problems::default();
        Section::root(&table, &problems, Self::read);
        problems.asked()
    }

    /// What cannot follow in time.
    fn check(&self, section: &Section<'_>) {
        let Some(ends) = &self.ends else { return };
        for (key, day) in [("starts", &self.starts), ("ramp_down_from", &self.ramp_down_from)] {
            if let Some(day) = day.as_ref().filter(|day| day.0 > ends.0) {
                let what = format!("the contract's {key} {} lies after its end {}", day.0, ends.0);
                section.problem(Problem::error(&day.at, what).mend("write a day before ends"));
            }
        }
    }
}

choice! {
    /// What happens at a contract's end.
    Renewal: "\"automatic\", \"by agreement\" or \"none\"" {
        /// It goes on unless it is given notice.
        Automatic = "automatic",
        /// It goes on if both sign.
        ByAgreement = "by agreement",
        /// It is over.
        None = "none",
    }
}

/// `{ from = "10000", discount = 0.1 }`: what is saved from a volume on, in the contract's currency per month.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tier {
    pub(crate) from: At<Amount>,
    pub(crate) discount: At<Share>,
}

impl Tier {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let (from, discount) = (section.require("from"), section.require("discount"));
        Some(Self { from: from?, discount: discount? })
    }
}

/// `capacity = { tokens_per_minute, requests_per_minute }`
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Capacity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens_per_minute: Option<At<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests_per_minute: Option<At<u64>>,
}

impl Capacity {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            tokens_per_minute: section.get("tokens_per_minute"),
            requests_per_minute: section.get("requests_per_minute"),
        }
    }
}

choice! {
    /// How often an amount is due.
    Every: "\"day\", \"month\" or \"year\"" {
        /// Each day.
        Day = "day",
        /// Each month.
        Month = "month",
        /// Each year.
        Year = "year",
    }
}

/// `{ amount = "3000", currency = "EUR", per = "month" }`
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    pub(crate) amount: At<Amount>,
    pub(crate) currency: At<Currency>,
    pub(crate) per: At<Every>,
}

impl Cost {
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let amount = section.require("amount");
        let currency = section.require("currency");
        let per = section.require("per");
        Some(Self { amount: amount?, currency: currency?, per: per? })
    }
}

/// A table that was read whole; what is missing in it has been reported.
pub(super) fn one<T>(table: At<Option<T>>) -> Option<At<T>> {
    Some(At { value: table.value?, at: table.at })
}

pub(super) fn whole<T>(tables: Vec<At<Option<T>>>) -> Vec<At<T>> {
    tables.into_iter().filter_map(one).collect()
}
