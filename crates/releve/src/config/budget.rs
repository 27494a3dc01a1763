//! `budget` of a product: what it may spend in a period of the calendar.

use serde::Serialize;

use super::section::Section;
use super::value::{Amount, At, Currency, choice};

choice! {
    /// How long a budget lasts.
    Lasts: "\"month\", \"week\" or \"day\"" {
        /// From the first of each month on.
        Month = "month",
        /// From each Monday on.
        Week = "week",
        /// From each midnight on.
        Day = "day",
    }
}

choice! {
    /// What happens to requests past it.
    Over: "\"refuse\" or \"tell\"" {
        /// They are refused.
        Refuse = "refuse",
        /// People are told.
        Tell = "tell",
    }
}

/// `{ amount = "500", currency = "EUR", per = "month", over = "refuse" }`
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Budget {
    pub(crate) amount: At<Amount>,
    /// US dollars where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<At<Currency>>,
    pub(crate) per: At<Lasts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) over: Option<At<Over>>,
}

impl Budget {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let (amount, currency) = (section.require("amount"), section.get("currency"));
        let (per, over) = (section.require("per"), section.get("over"));
        Some(Self { amount: amount?, currency, per: per?, over })
    }
}
