//! What is known of one provider and of one model at it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::needs::Capabilities;
use crate::place::Region;
use crate::price::PriceList;
use crate::protocol::{Protocol, Protocols};
use crate::quirks::Quirks;
use crate::weights::Weights;

/// How a request proves who it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// The key alone in the header of that name, such as `x-api-key`.
    Header(String),
    /// No key is asked for; one that is configured all the same goes as `Bearer` (an engine behind a proxy).
    None,
}

/// How requests are signed with an AWS account's keys, where they may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsSigning {
    /// The service's name for signing, such as `bedrock`.
    pub service: String,
    /// The address of each region, with `{region}` where its name stands.
    pub base_url: Option<String>,
    /// Environment variables that AWS's own tools take the region from, usual one first.
    #[serde(default)]
    pub region_env: Vec<String>,
}

impl AwsSigning {
    /// The address in `region`, such as `eu-central-1`.
    pub fn base_url_in(&self, region: &str) -> Option<String> {
        self.base_url.as_ref().map(|url| url.replace("{region}", region))
    }
}

/// Where facts were read, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A document, a package with its version, or an address; and which facts, where there are several sources.
    pub from: String,
    /// The day it was read, `YYYY-MM-DD`.
    pub read: String,
}

/// A place that serves models, as far as it is the same for everybody who has an account there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEntry {
    /// The name in configuration; also the file's name.
    pub name: String,
    /// What it speaks, unless a model says otherwise ([`ModelEntry::protocol`]).
    pub protocol: Protocol,
    /// What else is spoken at the same base URL, to clients that speak it.
    pub also: Protocols,
    /// What the protocol's official SDK takes as base URL. `None` where each account has its own (Azure).
    pub base_url: Option<String>,
    /// Path between an account's own address and the protocol's path, where the configured base URL has no path:
    /// `/openai/v1` on Azure, whose SDK takes the bare address.
    pub base_path: Option<String>,
    /// How the key is sent.
    pub auth: Auth,
    /// How requests are signed instead, with an AWS account's keys; `None` where AWS signs nothing.
    pub aws: Option<AwsSigning>,
    /// Headers that each request must carry, if the client sent none of that name: `anthropic-version`.
    pub headers: Vec<(String, String)>,
    /// Environment variables that the supplier's SDK or documentation takes the key from, usual one first.
    pub key_env: Vec<String>,
    /// Environment variables that hold a base URL in the same meaning as [`base_url`](Self::base_url).
    pub base_url_env: Vec<String>,
    /// Which values of `anthropic-beta` and `OpenAI-Beta` are taken there; `*` stands for all. Others are refused with 400
    /// by some hosts, and so stay here.
    pub betas: Vec<String>,
    /// Who runs the machines: `openai`, `azure`, `aws`, `own`.
    pub host: String,
    /// Who made all its models, where that is one; else see each model.
    pub maker: Option<String>,
    /// Where all its machines are, where the supplier promises that.
    pub region: Option<Region>,
    /// Whether hanging up ends billing, where a source says.
    pub stops_billing_on_abort: Option<bool>,
    /// Whether `stream_options.include_usage` is honoured. `false`: do not send it; the stream tells its usage
    /// unasked, or never.
    pub stream_usage: bool,
    /// How all its models want to be spoken to; see [`ModelEntry::quirks`] for one of them.
    pub quirks: Quirks,
    /// The preset whose facts this one starts from, where it is a second name or another dialect of the same
    /// supplier. Its models are then not counted twice by [`models`](crate::models).
    pub like: Option<String>,
    /// Where the facts above come from; at least one. Prices say theirs in [`PriceList::version`].
    pub sources: Vec<Source>,
    /// Its models, in the order of the data.
    pub models: Vec<ModelEntry>,
}

impl ProviderEntry {
    /// The model of exactly this id, else the one that has it as an alias. Nothing is guessed from parts of a name.
    pub fn model(&self, id: &str) -> Option<&ModelEntry> {
        let by_alias = || self.models.iter().find(|model| model.aliases.iter().any(|alias| alias == id));
        self.models.iter().find(|model| model.id == id).or_else(by_alias)
    }

    /// The models here that are known elsewhere by this name: the same weights at another host
    /// ([`ModelEntry::known_as`]).
    pub fn known_as<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ModelEntry> {
        self.models.iter().filter(move |model| model.known_as.as_deref() == Some(name))
    }
}

/// One model at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// What the provider takes in `model`: this goes on the wire, whichever name led here.
    pub id: String,
    /// Other ways to write the id, such as Fireworks' short ones. A dated version is no alias but a model of its own.
    pub aliases: Vec<String>,
    /// The name of the weights, the same at every host, in lower case: `gpt-oss-120b` for `openai/gpt-oss-120b` at one
    /// host and `openai.gpt-oss-120b-1:0` at another. `None` where nobody is sure.
    pub known_as: Option<String>,
    /// `chat`, `responses`, `embedding`, `realtime`, `audio_transcription`; or `price_class` for a host's price by size,
    /// which is no model.
    pub kind: String,
    /// What it speaks here, where that is not what the provider speaks (Claude on Azure, Responses-only models).
    pub protocol: Option<Protocol>,
    /// Who made it, or `unknown`.
    pub maker: String,
    /// Who may run it.
    pub weights: Weights,
    /// Most tokens of input and output together.
    pub context_window: Option<u64>,
    /// Most tokens of input.
    pub max_input: Option<u64>,
    /// Most tokens of output.
    pub max_output: Option<u64>,
    /// What it is known to do and not to do.
    pub capabilities: Capabilities,
    /// Kinds of input that a source lists: `text`, `image`, `pdf`, `audio`, `video`.
    pub input_modalities: Vec<String>,
    /// Kinds of output that a source lists.
    pub output_modalities: Vec<String>,
    /// Other features that a source states: `tool_choice`, `prompt_caching`.
    pub features: Vec<String>,
    /// Parameters that a source says it refuses: `temperature`.
    pub refuses: Arc<[Arc<str>]>,
    /// How it wants to be spoken to, beside what holds for all of the provider's models.
    pub quirks: Quirks,
    /// Its prices, by region.
    pub prices: Vec<RegionalPrice>,
    /// Where other sources state another figure, in words: `input: 2 here, 10 in llm-prices of 2026-08-05`.
    pub disputes: Vec<String>,
    /// The day it came out, `YYYY-MM-DD`.
    pub released: Option<String>,
    /// The day it is switched off, `YYYY-MM-DD`.
    pub ends: Option<String>,
    /// The last day of its knowledge, `YYYY-MM-DD` or `YYYY-MM`.
    pub knowledge_cutoff: Option<String>,
    /// `deprecated` or `beta`, where a source says so.
    pub status: Option<String>,
    /// Under which key each source has it: `litellm: azure/gpt-5.2`.
    pub sources: Vec<String>,
}

impl ModelEntry {
    /// The prices that hold in `region`: those of the narrowest region around it, else those stated for everywhere.
    /// With an unknown region only the latter can hold.
    pub fn price(&self, region: Option<&Region>) -> Option<&Arc<PriceList>> {
        let width = |price: &RegionalPrice| price.region.as_ref().map_or(0, |wide| wide.as_str().len());
        self.prices
            .iter()
            .filter(|price| price.holds_in(region))
            .max_by_key(|price| width(price))
            .map(|price| &price.list)
    }
}

/// The prices of a model in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionalPrice {
    /// Where they hold; `None` is everywhere.
    pub region: Option<Region>,
    /// The prices.
    pub list: Arc<PriceList>,
}

impl RegionalPrice {
    fn holds_in(&self, region: Option<&Region>) -> bool {
        match (&self.region, region) {
            (None, _) => true,
            (Some(wide), Some(place)) => place.within(wide),
            (Some(_), None) => false,
        }
    }
}
