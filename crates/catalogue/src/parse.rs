//! One provider's TOML to a [`ProviderEntry`], checked. The same for compiled-in files and for an organisation's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use crate::entry::{Auth, AwsSigning, ModelEntry, ProviderEntry, RegionalPrice, Source};
use crate::needs::{Capabilities, Needs};
use crate::place::Region;
use crate::price::{Agreement, LongContext, PriceList, Rates, Service};
use crate::protocol::Protocol;
use crate::quirks::Quirks;
use crate::weights::{Weights, is_date};

/// Why a provider's file was refused. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not TOML, an unknown key, or a value of the wrong form; the source has line and column.
    #[error("not a provider file")]
    Toml(#[from] toml::de::Error),
    /// `like` names a preset that does not exist, or one that itself is like another.
    #[error("like = \"{0}\" names no preset")]
    Like(String),
    /// A key that must be there, here or in the preset that it is like.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The same name twice, as id or alias.
    #[error("\"{0}\" names two models")]
    Twice(String),
    /// An alias of a model that is not listed.
    #[error("alias \"{alias}\" stands for \"{id}\", which is not listed")]
    Dangling {
        /// The alias.
        alias: String,
        /// What it should stand for.
        id: String,
    },
    /// A model that says two things at once, or something impossible.
    #[error("model \"{id}\": {what}")]
    Model {
        /// Which model.
        id: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A day that is none.
    #[error("\"{0}\" is no day of the form YYYY-MM-DD")]
    Day(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    like: Option<String>,
    protocol: Option<Protocol>,
    base_url: Option<String>,
    base_path: Option<String>,
    auth: Option<Auth>,
    aws: Option<AwsSigning>,
    headers: Option<BTreeMap<String, String>>,
    key_env: Option<Vec<String>>,
    base_url_env: Option<Vec<String>>,
    betas: Option<Vec<String>>,
    host: Option<String>,
    maker: Option<String>,
    region: Option<Region>,
    stops_billing_on_abort: Option<bool>,
    stream_usage: Option<bool>,
    quirks: Option<Quirks>,
    also: Option<Vec<Protocol>>,
    sources: Option<Vec<Source>>,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    prices: Option<Source>,
    #[serde(default)]
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    known_as: Option<String>,
    kind: String,
    protocol: Option<Protocol>,
    maker: Option<String>,
    #[serde(default)]
    weights: Weights,
    context_window: Option<u64>,
    max_input: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    yes: Needs,
    #[serde(default)]
    no: Needs,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    refuses: Vec<Arc<str>>,
    #[serde(default)]
    quirks: Quirks,
    #[serde(default)]
    prices: Vec<Price>,
    #[serde(default)]
    disputes: Vec<String>,
    released: Option<String>,
    ends: Option<String>,
    knowledge_cutoff: Option<String>,
    status: Option<String>,
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    region: Option<Region>,
    agreement: Agreement,
    source: Option<Source>,
    standard: Rates,
    #[serde(default)]
    long_context: Vec<Long>,
    batch: Option<Rates>,
    flex: Option<Rates>,
    priority: Option<Rates>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    above_tokens: u64,
    rates: Rates,
}

impl ProviderEntry {
    /// Reads one provider's file; `name` is the file's name without its ending. A file that is `like` a compiled-in
    /// preset has that one's facts and models wherever it says nothing itself.
    pub fn parse(name: &str, text: &str) -> Result<Self, ParseError> {
        let file: File = toml::from_str(text)?;
        let like = match &file.like {
            None => None,
            Some(preset) => {
                let found = crate::provider(preset).filter(|found| found.like.is_none() && preset != name);
                Some(found.ok_or_else(|| ParseError::Like(preset.clone()))?)
            }
        };
        assemble(name, file, like.as_deref())
    }
}

fn assemble(name: &str, file: File, like: Option<&ProviderEntry>) -> Result<ProviderEntry, ParseError> {
    let models = match like {
        Some(preset) if file.models.is_empty() => preset.models.clone(),
        _ => read_models(file.models, file.maker.as_deref(), file.prices.as_ref())?,
    };
    let sources = file.sources.or_else(|| like.map(|preset| preset.sources.clone())).unwrap_or_default();
    if sources.is_empty() {
        return Err(ParseError::Missing("sources"));
    }
    sources.iter().try_for_each(|source| check_day(&source.read))?;
    let mut entry = ProviderEntry {
        name: name.to_owned(),
        protocol: file
            .protocol
            .or(like.map(|preset| preset.protocol))
            .ok_or(ParseError::Missing("protocol"))?,
        base_url: file.base_url.or_else(|| like.and_then(|preset| preset.base_url.clone())),
        base_path: file.base_path.or_else(|| like.and_then(|preset| preset.base_path.clone())),
        auth: file.auth.or_else(|| like.map(|preset| preset.auth.clone())).unwrap_or(Auth::Bearer),
        aws: file.aws.or_else(|| like.and_then(|preset| preset.aws.clone())),
        headers: match file.headers {
            Some(headers) => headers.into_iter().collect(),
            None => like.map(|preset| preset.headers.clone()).unwrap_or_default(),
        },
        key_env: file.key_env.or_else(|| like.map(|preset| preset.key_env.clone())).unwrap_or_default(),
        base_url_env: file
            .base_url_env
            .or_else(|| like.map(|preset| preset.base_url_env.clone()))
            .unwrap_or_default(),
        betas: file.betas.or_else(|| like.map(|preset| preset.betas.clone())).unwrap_or_default(),
        host: file
            .host
            .or_else(|| like.map(|preset| preset.host.clone()))
            .ok_or(ParseError::Missing("host"))?,
        maker: file.maker.or_else(|| like.and_then(|preset| preset.maker.clone())),
        region: file.region.or_else(|| like.and_then(|preset| preset.region.clone())),
        stops_billing_on_abort: file
            .stops_billing_on_abort
            .or(like.and_then(|preset| preset.stops_billing_on_abort)),
        stream_usage: file.stream_usage.or(like.map(|preset| preset.stream_usage)).unwrap_or(true),
        also: match file.also {
            Some(also) => also.into_iter().collect(),
            None => like.map(|preset| preset.also).unwrap_or_default(),
        },
        quirks: file.quirks.or(like.map(|preset| preset.quirks)).unwrap_or_default(),
        like: file.like,
        sources,
        models,
    };
    resolve_aliases(&mut entry.models, file.aliases)?;
    check_names(&entry.models)?;
    Ok(entry)
}

fn resolve_aliases(models: &mut [ModelEntry], aliases: BTreeMap<String, String>) -> Result<(), ParseError> {
    for (alias, id) in aliases {
        match models.iter_mut().find(|model| model.id == id) {
            Some(model) => model.aliases.push(alias),
            None => return Err(ParseError::Dangling { alias, id }),
        }
    }
    Ok(())
}

fn check_names(models: &[ModelEntry]) -> Result<(), ParseError> {
    let mut seen = BTreeSet::new();
    for name in models.iter().flat_map(|model| std::iter::once(&model.id).chain(&model.aliases)) {
        if !seen.insert(name) {
            return Err(ParseError::Twice(name.clone()));
        }
    }
    Ok(())
}

fn check_day(text: &str) -> Result<(), ParseError> {
    if is_date(text) { Ok(()) } else { Err(ParseError::Day(text.to_owned())) }
}

fn read_models(
    models: Vec<Model>,
    maker: Option<&str>,
    prices: Option<&Source>,
) -> Result<Vec<ModelEntry>, ParseError> {
    // One allocation for a version that hundreds of lists share.
    let version = prices.map(version_of).transpose()?;
    models.into_iter().map(|model| read_model(model, maker, version.as_ref())).collect()
}

fn version_of(source: &Source) -> Result<Arc<str>, ParseError> {
    check_day(&source.read)?;
    Ok(format!("{}, {}", source.from, source.read).into())
}

fn read_model(
    model: Model,
    maker: Option<&str>,
    version: Option<&Arc<str>>,
) -> Result<ModelEntry, ParseError> {
    let fault = |what| ParseError::Model { id: model.id.clone(), what };
    if !model.yes.intersection(model.no).is_empty() {
        return Err(fault("a capability is both yes and no"));
    }
    for day in [&model.released, &model.ends].into_iter().flatten() {
        check_day(day)?;
    }
    let regions: Vec<_> = model.prices.iter().map(|price| &price.region).collect();
    if (1..regions.len()).any(|next| regions[..next].contains(&regions[next])) {
        return Err(fault("two prices for one region"));
    }
    let mut lists = Vec::with_capacity(model.prices.len());
    for price in model.prices {
        if !price.long_context.is_sorted_by(|short, long| short.above_tokens < long.above_tokens) {
            return Err(ParseError::Model { id: model.id, what: "long_context is not in ascending order" });
        }
        lists.push(read_price(price, version)?);
    }
    Ok(ModelEntry {
        id: model.id,
        aliases: model.aliases,
        known_as: model.known_as,
        kind: model.kind,
        protocol: model.protocol,
        maker: model.maker.as_deref().or(maker).unwrap_or("unknown").to_owned(),
        weights: model.weights,
        context_window: model.context_window,
        max_input: model.max_input,
        max_output: model.max_output,
        capabilities: Capabilities { yes: model.yes, no: model.no },
        input_modalities: model.input,
        output_modalities: model.output,
        features: model.features,
        refuses: model.refuses.into(),
        quirks: model.quirks,
        prices: lists,
        disputes: model.disputes,
        released: model.released,
        ends: model.ends,
        knowledge_cutoff: model.knowledge_cutoff,
        status: model.status,
        sources: model.sources,
    })
}

fn read_price(price: Price, version: Option<&Arc<str>>) -> Result<RegionalPrice, ParseError> {
    let version = match &price.source {
        Some(source) => version_of(source)?,
        None => version.map(Arc::clone).ok_or(ParseError::Missing("source of a price"))?,
    };
    let services =
        [(Service::Batch, price.batch), (Service::Flex, price.flex), (Service::Priority, price.priority)];
    let long = |tier: Long| LongContext { above_tokens: tier.above_tokens, rates: tier.rates };
    let list = PriceList {
        version,
        agreement: price.agreement,
        standard: price.standard,
        long_context: price.long_context.into_iter().map(long).collect(),
        services: services.into_iter().filter_map(|(name, rates)| Some((name, rates?))).collect(),
    };
    Ok(RegionalPrice { region: price.region, list: Arc::new(list) })
}

#[cfg(test)]
mod tests;
