//! What an account costs and allows beside its prices: contract, capacity, fixed cost.
//!
//! Kept for reports and for later steering. Nothing here changes where a request goes today, and `check` says so.

use serde::Serialize;

use super::period::Period;
use super::section::Section;
use super::value::{Amount, At, Currency, Day, choice};

/// `contract = { ends, notice, ramp_down_from, commitment }`
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Contract {
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ends: Option<At<Day>>,
    /// How long before its end it must be given notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<At<Period>>,
    /// From when traffic should leave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ramp_down_from: Option<At<Day>>,
    /// What must be spent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commitment: Option<At<Cost>>,
}

impl Contract {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            ends: section.get("ends"),
            notice: section.get("notice"),
            ramp_down_from: section.get("ramp_down_from"),
            commitment: section
                .table("commitment", Cost::read)
                .and_then(|cost| Some(At { value: cost.value?, at: cost.at })),
        }
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
