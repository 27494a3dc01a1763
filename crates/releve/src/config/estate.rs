//! What a report needs beside providers, routes and products: what does not flow through here, exchange rates, targets,
//! and where Relève itself runs. Nothing here changes where a request goes.

use scenario::Domain;
use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::contract::{Cost, one};
use super::problem::Problem;
use super::product::{Criticality, MaxShare};
use super::secret::SecretPlace;
use super::section::Section;
use super::value::{Amount, At, Currency, Day, Read, Refusal};

/// `[[declared]]`: a dependency whose requests do not pass here, such as an assistant bought as a licence.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Declared {
    pub(crate) name: At<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maker: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) criticality: Option<At<Criticality>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<At<Cost>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ends: Option<At<Day>>,
    /// What would replace it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) substitute: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<At<String>>,
}

impl Declared {
    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let name = section.require("name");
        let named = name.is_some();
        // Read even without a name, so that every other problem is found too.
        let declared = Self {
            name: name.unwrap_or_else(|| At::nowhere(String::new())),
            maker: section.get("maker"),
            host: section.get("host"),
            owner: section.get("owner"),
            country: section.get("country"),
            function: section.get("function"),
            criticality: section.get("criticality"),
            cost: section.table("cost", Cost::read).and_then(one),
            ends: section.get("ends"),
            substitute: section.get("substitute"),
            notes: section.get("notes"),
        };
        named.then_some(declared)
    }
}

/// `[rates.EUR]`: what a currency is worth, and since when that is known.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ExchangeRate {
    /// US dollars for one unit.
    pub(crate) usd: At<Amount>,
    pub(crate) on: At<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<At<String>>,
}

impl ExchangeRate {
    pub(crate) fn read(name: &At<String>, section: &mut Section<'_>) -> Option<Self> {
        if Currency::read(&DeValue::String(name.value.as_str().into())).is_err() {
            let what = format!("\"{}\" is no currency", name.value);
            section.problem(Problem::error(&name.at, what).mend("write three letters, such as [rates.EUR]"));
        }
        let (usd, on, source) = (section.require("usd"), section.require("on"), section.get("source"));
        let usd: At<Amount> = usd?;
        if usd.0.parse::<catalogue::Money>().is_ok_and(|usd| usd.nanos() == 0) {
            let what = "a currency that is worth nothing";
            section.problem(Problem::error(&usd.at, what).mend("write US dollars for one unit of it"));
        }
        Some(Self { usd, on: on?, source })
    }
}

/// `[targets]`: what a report must find, else it ends with exit code 1.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Targets {
    /// Losses after which no product may be stopped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) must_survive: Vec<At<Loss>>,
    /// The most of everything that one fault domain may carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_share: Option<At<MaxShare>>,
}

impl Targets {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            must_survive: section.list("must_survive").unwrap_or_default(),
            max_share: section.table("max_share", MaxShare::read),
        }
    }
}

/// A fault domain whose loss is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss(pub(crate) Domain);

impl Serialize for Loss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Read for Loss {
    const WANTED: &'static str = "a fault domain, such as \"maker:openai\" or \"host:azure\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        text.parse().map(Self).map_err(|error: scenario::InvalidDomain| Refusal::Value {
            what: error.to_string(),
            mend: Some(format!("write {}", Self::WANTED)),
        })
    }
}

/// `[report]`: in whose name and money, where Relève itself runs, and what signs.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Report {
    /// Whose report it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<At<String>>,
    /// What money is shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<At<Currency>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<At<Own>>,
    /// What evidence packs are signed with: 64 hexadecimal digits; without it, a key made beside the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_key: Option<At<SecretPlace>>,
}

/// `[report.own]`: Relève's own fault domains.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Own {
    /// Who runs the machines that Relève is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<At<catalogue::Region>>,
    /// Who owns that host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<At<String>>,
    /// Where the ledger lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<At<String>>,
    /// Where suppliers' credentials come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secrets: Option<At<String>>,
    /// What products do when Relève does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) without_it: Option<At<String>>,
}

impl Report {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            organisation: section.get("organisation"),
            currency: section.get("currency"),
            own: section.table("own", Own::read),
            signing_key: section.get("signing_key"),
        }
    }
}

impl Own {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            host: section.get("host"),
            region: section.get("region"),
            owner: section.get("owner"),
            country: section.get("country"),
            database: section.get("database"),
            secrets: section.get("secrets"),
            without_it: section.get("without_it"),
        }
    }
}
