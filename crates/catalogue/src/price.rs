//! What usage costs: one price list, one bill.
//!
//! Rules, so that a bill can be checked by hand: each non-empty bucket is one line, count times rate, rounded half to
//! even to the nano-dollar; the total is the sum of the lines. A bucket that has no rate makes the whole cost
//! unpriced; it is never taken for free, and no rate of another tier or service stands in for it, but where the bill says so
//! ([`PriceList::at`]). Two buckets have a stated stand-in, because suppliers document them as billed so: reasoning at the
//! output rate, images at the input rate.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decimal::DecimalError;
use crate::money::{Money, Rate};
use crate::usage::{Bucket, Usage};

/// How far a price can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// At least one other source states the same input and output price.
    Corroborated,
    /// Some source differs: confirm it on the supplier's own page before billing anyone with it.
    Disputed,
    /// No other source lists it.
    SingleSource,
    /// Written in the organisation's own configuration.
    Configured,
    /// Of another class of service than the one that served, of which none are stated: what they come to is an estimate.
    StandIn,
}

impl Agreement {
    /// The text form, also in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Corroborated => "corroborated",
            Self::Disputed => "disputed",
            Self::SingleSource => "single-source",
            Self::Configured => "configured",
            Self::StandIn => "stand-in",
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Agreement {
    type Err = UnknownAgreement;

    fn from_str(text: &str) -> Result<Self, UnknownAgreement> {
        let all = [Self::Corroborated, Self::Disputed, Self::SingleSource, Self::Configured, Self::StandIn];
        all.into_iter().find(|name| name.as_str() == text).ok_or_else(|| UnknownAgreement(text.to_owned()))
    }
}

/// Not the name of an [`Agreement`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is none of corroborated, disputed, single-source, configured, stand-in")]
pub struct UnknownAgreement(String);

/// The class of service that a supplier prices apart; `OpenAI` calls it the service tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The usual one.
    #[default]
    Standard,
    /// Answered within hours.
    Batch,
    /// Slower and cheaper.
    Flex,
    /// Faster and dearer.
    Priority,
    /// One that no price list knows.
    Other,
}

impl Service {
    /// The class that a supplier says served an answer, in its word: `service_tier` of `OpenAI` (`default`, `flex`,
    /// `priority`...), of Anthropic's usage (`standard`, `priority`, `batch`), `serviceTier` of Gemini and Converse.
    ///
    /// Source: `service_tier.py` in openai 3.54.0, `usage.py` in anthropic 2.12.0, `ServiceTier` in google-genai 3.4.0 and in
    /// botocore 1.44.8, read 2026-11-28.
    pub fn of_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "" | "default" | "standard" | "auto" | "unspecified" => Self::Standard,
            "batch" => Self::Batch,
            "flex" => Self::Flex,
            "priority" => Self::Priority,
            _ => Self::Other,
        }
    }

    /// The name in a price's version.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Other => "another service",
        }
    }
}

/// One rate per bucket, where known.
///
/// In TOML and JSON a table of decimal strings, in US dollars per million tokens: `input`, `output`, `cache_read`,
/// `cache_write_5m`, `cache_write_1h`, `audio_input`, `audio_output`, `image_input`, `image_output`, `reasoning`; and
/// `tool_requests` per thousand requests. A missing key is not known; `"0"` is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "RatesText", into = "RatesText")]
pub struct Rates([Option<Rate>; Bucket::COUNT]);

impl Rates {
    /// No rate known.
    pub const NONE: Self = Self([None; Bucket::COUNT]);

    /// The rate stated for exactly this bucket.
    pub const fn get(&self, bucket: Bucket) -> Option<Rate> {
        self.0[bucket as usize]
    }

    /// The same with one rate stated.
    #[must_use]
    pub const fn with(mut self, bucket: Bucket, rate: Rate) -> Self {
        self.0[bucket as usize] = Some(rate);
        self
    }

    /// The rate at which this bucket is billed: its own, or the stand-in that suppliers document.
    pub const fn billed(&self, bucket: Bucket) -> Option<Rate> {
        match (self.get(bucket), bucket) {
            (Some(rate), _) => Some(rate),
            (None, Bucket::Reasoning) => self.get(Bucket::OutputText),
            (None, Bucket::ImageIn) => self.get(Bucket::InputUncached),
            (None, _) => None,
        }
    }

    /// Whether no rate is known at all.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct RatesText {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_5m: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_1h: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_input: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_output: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_input: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_output: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_requests: Option<Rate>,
}

/// A rate's text form is per million; tool requests are priced per thousand by everybody.
const THOUSANDS_IN_A_MILLION: u64 = 1000;

impl TryFrom<RatesText> for Rates {
    type Error = DecimalError;

    fn try_from(text: RatesText) -> Result<Self, DecimalError> {
        let per_request = |rate: Rate| {
            rate.picos()
                .checked_mul(THOUSANDS_IN_A_MILLION)
                .map(Rate::from_picos)
                .ok_or(DecimalError::OutOfRange)
        };
        let mut rates = Self::NONE;
        let stated = [
            (Bucket::InputUncached, text.input),
            (Bucket::CacheRead, text.cache_read),
            (Bucket::CacheWrite5m, text.cache_write_5m),
            (Bucket::CacheWrite1h, text.cache_write_1h),
            (Bucket::AudioIn, text.audio_input),
            (Bucket::ImageIn, text.image_input),
            (Bucket::OutputText, text.output),
            (Bucket::Reasoning, text.reasoning),
            (Bucket::AudioOut, text.audio_output),
            (Bucket::ImageOut, text.image_output),
            (Bucket::ToolRequests, text.tool_requests.map(per_request).transpose()?),
        ];
        for (bucket, rate) in stated {
            rates.0[bucket as usize] = rate;
        }
        Ok(rates)
    }
}

impl From<Rates> for RatesText {
    fn from(rates: Rates) -> Self {
        let per_thousand = |rate: Rate| Rate::from_picos(rate.picos() / THOUSANDS_IN_A_MILLION);
        Self {
            input: rates.get(Bucket::InputUncached),
            output: rates.get(Bucket::OutputText),
            cache_read: rates.get(Bucket::CacheRead),
            cache_write_5m: rates.get(Bucket::CacheWrite5m),
            cache_write_1h: rates.get(Bucket::CacheWrite1h),
            audio_input: rates.get(Bucket::AudioIn),
            audio_output: rates.get(Bucket::AudioOut),
            image_input: rates.get(Bucket::ImageIn),
            image_output: rates.get(Bucket::ImageOut),
            reasoning: rates.get(Bucket::Reasoning),
            tool_requests: rates.get(Bucket::ToolRequests).map(per_thousand),
        }
    }
}

/// Rates of the whole request once its input is longer than a limit. They replace all others: a rate that is not
/// stated here is not known for long requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongContext {
    /// The rates hold where [`Usage::input_total`] is greater.
    pub above_tokens: u64,
    /// What is charged then.
    pub rates: Rates,
}

/// The prices of one model at one provider, in one region or everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// Where the figures come from and when they were read: `litellm 1.109.1, 2026-11-22`, or `config`. The ledger
    /// keeps it with each cost.
    pub version: Arc<str>,
    /// How far they can be trusted.
    pub agreement: Agreement,
    /// The standard rates.
    pub standard: Rates,
    /// Rates by length of input, shortest limit first.
    pub long_context: Vec<LongContext>,
    /// Rates of other classes of service, where stated.
    pub services: Vec<(Service, Rates)>,
}

impl PriceList {
    /// A list from the organisation's own configuration, in place of the catalogue's.
    pub fn configured(rates: Rates) -> Self {
        Self {
            version: "config".into(),
            agreement: Agreement::Configured,
            standard: rates,
            long_context: Vec::new(),
            services: Vec::new(),
        }
    }

    /// What `usage` costs at the standard service. Allocates only when a price is missing.
    pub fn cost(&self, usage: &Usage) -> Cost {
        self.cost_at(Service::Standard, usage)
    }

    /// What requests cost together that have an input of that length each: prices by length hold as for one of them.
    pub fn cost_together(&self, input_tokens_each: u64, usage: &Usage) -> Cost {
        bill(self.rates(Service::Standard, input_tokens_each), usage)
    }

    /// What `usage` costs at one class of service. A class, or a length of input in it, whose rates are not stated
    /// is unpriced.
    pub fn cost_at(&self, service: Service, usage: &Usage) -> Cost {
        bill(self.rates(service, usage.input_total()), usage)
    }

    /// The list by which an answer is billed that this class of service gave, to an input of that length: its version names
    /// the class. Where no rates of the class are stated, the standard ones stand in, and [`Agreement::StandIn`] says so.
    pub fn at(&self, service: Service, input_tokens: u64) -> Cow<'_, Self> {
        if service == Service::Standard {
            return Cow::Borrowed(self);
        }
        let stated = self.rates(service, input_tokens);
        let (agreement, rates) = if stated.is_empty() {
            (Agreement::StandIn, self.rates(Service::Standard, input_tokens))
        } else {
            (self.agreement, stated)
        };
        let version = format!("{}, {}", self.version, service.as_str()).into();
        Cow::Owned(Self {
            version,
            agreement,
            standard: *rates,
            long_context: Vec::new(),
            services: Vec::new(),
        })
    }

    /// The rates that hold for an input of that length.
    pub fn rates(&self, service: Service, input_tokens: u64) -> &Rates {
        const UNSTATED: &Rates = &Rates::NONE;
        let long = self.long_context.iter().rev().find(|tier| input_tokens > tier.above_tokens);
        match (service, long) {
            (Service::Standard, None) => &self.standard,
            (Service::Standard, Some(tier)) => &tier.rates,
            (_, None) => {
                self.services.iter().find(|(name, _)| *name == service).map_or(UNSTATED, |(_, rates)| rates)
            }
            (_, Some(_)) => UNSTATED,
        }
    }
}

fn bill(rates: &Rates, usage: &Usage) -> Cost {
    let mut lines = Lines::default();
    let mut missing = Vec::new();
    for (bucket, count) in usage.iter().filter(|(_, count)| *count > 0) {
        match rates.billed(bucket).and_then(|rate| rate.times(count)) {
            Some(amount) => lines.push(bucket, amount),
            None => missing.push(bucket),
        }
    }
    let sum = lines.iter().map(|(_, amount)| *amount).sum::<Option<Money>>();
    Cost { total: if missing.is_empty() { sum } else { None }, lines, missing }
}

/// A bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The sum of the lines; `None` is unpriced, which is never the same as nothing.
    pub total: Option<Money>,
    /// One line per non-empty bucket that has a price.
    pub lines: Lines,
    /// Non-empty buckets without a price, or with a count too absurd to be billed.
    pub missing: Vec<Bucket>,
}

/// The lines of a bill, in the order of [`Bucket::ALL`]; kept inline, a slice to read.
#[derive(Clone, Copy)]
pub struct Lines {
    lines: [(Bucket, Money); Bucket::COUNT],
    len: usize,
}

impl Lines {
    fn push(&mut self, bucket: Bucket, amount: Money) {
        self.lines[self.len] = (bucket, amount);
        self.len += 1;
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self { lines: [(Bucket::InputUncached, Money::ZERO); Bucket::COUNT], len: 0 }
    }
}

impl Deref for Lines {
    type Target = [(Bucket, Money)];

    fn deref(&self) -> &Self::Target {
        &self.lines[..self.len]
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Lines {}

#[cfg(test)]
mod tests;
