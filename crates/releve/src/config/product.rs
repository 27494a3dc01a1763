//! `[products.NAME]`: a consumer with its own keys, needs and limits.

use catalogue::Region;
use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::budget::Budget;
use super::contract::{one, whole};
use super::period::Period;
use super::problem::Problem;
use super::section::Section;
use super::value::{At, Day, Read, Refusal, Share, choice};

choice! {
    /// How much its failure would hurt.
    Criticality: "\"critical\", \"important\" or \"normal\"" {
        /// The organisation stops.
        Critical = "critical",
        /// Many people are hindered.
        Important = "important",
        /// It can wait.
        Normal = "normal",
    }
}

choice! {
    /// What happens to a request whose deployment has no price.
    WithoutPrice: "\"allow\" or \"refuse\"" {
        /// It is served; its entry says `unpriced`.
        Allow = "allow",
        /// Deployments without a price are not candidates.
        Refuse = "refuse",
    }
}

choice! {
    /// What a share is a share of.
    Measure: "\"money\", \"tokens\" or \"requests\"" {
        /// Cost.
        Money = "money",
        /// Tokens of input and output.
        Tokens = "tokens",
        /// Requests.
        Requests = "requests",
    }
}

/// Who keeps its responses; without the key, whoever serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// `true`: Relève does, always.
    Always,
    /// `false`: nobody.
    Never,
    /// `"client"`: Relève, unless the client says that it wants none kept.
    Client,
}

impl Store {
    /// Whether anything may be kept here.
    pub(crate) const fn keeps(self) -> bool {
        matches!(self, Self::Always | Self::Client)
    }
}

impl Read for Store {
    const WANTED: &'static str = "true, false or \"client\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        match value {
            DeValue::Boolean(true) => Ok(Self::Always),
            DeValue::Boolean(false) => Ok(Self::Never),
            DeValue::String(text) if text.as_ref() == "client" => Ok(Self::Client),
            DeValue::String(text) => Err(Refusal::Value {
                what: format!("\"{text}\" is not known"),
                mend: Some(format!("write {}", Self::WANTED)),
            }),
            _ => Err(Refusal::Kind),
        }
    }
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always => serializer.serialize_bool(true),
            Self::Never => serializer.serialize_bool(false),
            Self::Client => serializer.serialize_str("client"),
        }
    }
}

/// A product as written.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Product {
    /// The routes it may use; without the key, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) routes: Option<Vec<At<String>>>,
    /// Where a request goes whose `model` no route has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_route: Option<At<String>>,
    /// Prefixes of regions; a provider without a region is in none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) regions: Vec<At<Region>>,
    /// Whether it may ask for `provider/model` and bare model ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direct: Option<At<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unpriced: Option<At<WithoutPrice>>,
    /// What it may spend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<At<Budget>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<At<Store>>,
    /// How long responses are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store_for: Option<At<Period>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) criticality: Option<At<Criticality>>,
    /// The person or team that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<At<String>>,
    /// The function of the organisation that it supports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<At<String>>,
    /// The longest that it may be out of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_outage: Option<At<Period>>,
    /// The most of its requests, as a share, that may go unserved or to a deployment that is not proven for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_degradation: Option<At<Share>>,
    /// Deployments that somebody has found good enough for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) approved: Vec<At<Approval>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_share: Option<At<MaxShare>>,
}

/// `{ use = "house/llama-3.3-70b", by = "...", on = "2026-09-01", evidence = "...", until = "2027-09-01" }`
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Approval {
    /// `provider/model`, as a route lists it.
    #[serde(rename = "use")]
    pub(crate) target: At<String>,
    /// Who says so.
    pub(crate) by: At<String>,
    pub(crate) on: At<Day>,
    /// Where it can be read why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<At<String>>,
    /// The last day that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<At<Day>>,
}

impl Approval {
    /// Whether it holds on a day, `YYYY-MM-DD`: from its own on, until its last.
    pub(crate) fn holds(&self, day: &str) -> bool {
        let has_begun = *self.on.0.to_string() <= *day;
        has_begun && self.until.as_ref().is_none_or(|until| *until.0.to_string() >= *day)
    }

    fn read(section: &mut Section<'_>) -> Option<Self> {
        let (target, by, on) = (section.require("use"), section.require("by"), section.require("on"));
        let (evidence, until): (_, Option<At<Day>>) = (section.get("evidence"), section.get("until"));
        let on: At<Day> = on?;
        if let Some(until) = until.as_ref().filter(|until| until.0 < on.0) {
            let what = format!("the approval ends on {}, before it begins", until.0);
            section.problem(Problem::error(&until.at, what).mend("write a day after on"));
        }
        Some(Self { target: target?, by: by?, on, evidence, until })
    }
}

/// `max_share = { maker = 0.7, of = "money", over = "30d" }`: the most that one fault domain should carry.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MaxShare {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maker: Option<At<Share>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<At<Share>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<At<Share>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<At<Share>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<At<Measure>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) over: Option<At<Period>>,
}

impl Product {
    /// Whether its responses may be kept here.
    pub(crate) fn keeps_responses(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.keeps())
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            routes: section.list("routes"),
            default_route: section.get("default_route"),
            regions: section.list("regions").unwrap_or_default(),
            direct: section.get("direct"),
            unpriced: section.get("unpriced"),
            budget: section.table("budget", Budget::read).and_then(one),
            store: section.get("store"),
            store_for: section.get("store_for"),
            criticality: section.get("criticality"),
            owner: section.get("owner"),
            function: section.get("function"),
            max_outage: section.get("max_outage"),
            max_degradation: section.get("max_degradation"),
            approved: whole(section.tables_in("approved", Approval::read)),
            max_share: section.table("max_share", MaxShare::read),
        }
    }
}

impl MaxShare {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let over: Option<At<Period>> = section.get("over");
        if let Some(over) = over.as_ref().filter(|over| over.0.is_zero()) {
            section.problem(
                Problem::error(&over.at, "no time is too short to have a share in")
                    .mend("write over = \"30d\""),
            );
        }
        Self {
            maker: section.get("maker"),
            host: section.get("host"),
            provider: section.get("provider"),
            region: section.get("region"),
            of: section.get("of"),
            over,
        }
    }
}
