//! `[policy]` and `[routes.NAME.policy]`: what is preferred, what is tried next, how long anything may take.
//!
//! A key left out takes the value of `[policy]`, then the default. What goes wrong with extreme values is said at each
//! field.

use serde::Serialize;
use toml::de::DeValue;

use super::period::{Limit, Period};
use super::section::Section;
use super::size::Size;
use super::value::{At, Network, Read, Refusal, Share, choice};

choice! {
    /// Which of several good candidates comes first.
    Prefer: "\"listed\", \"weighted\", \"cheapest\", \"fastest\" or \"balanced\"" {
        /// The order of the file.
        Listed = "listed",
        /// By lot, in proportion to `weight`.
        Weighted = "weighted",
        /// The one with the lowest expected cost.
        Cheapest = "cheapest",
        /// The one with the shortest expected time to the first token.
        Fastest = "fastest",
        /// Between cost and speed.
        Balanced = "balanced",
    }
}

choice! {
    /// How far another candidate may carry on a request.
    TakeoverMode: "\"before-content\", \"continue\", \"best-effort\" or \"off\"" {
        /// Until the first content goes to the client.
        BeforeContent = "before-content",
        /// Also in mid-answer, where that can be done exactly.
        Continue = "continue",
        /// Also in mid-answer where it can only be approximated.
        BestEffort = "best-effort",
        /// Never: the first candidate's failure is the client's.
        Off = "off",
    }
}

/// A kind of tools that suppliers run themselves, as requests call it, without its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct ToolKind(pub(crate) String);

impl Read for ToolKind {
    const WANTED: &'static str = "a tool that suppliers run, such as \"web_search\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if text.is_empty() || !text.chars().all(is_word) {
            return Err(Refusal::Value {
                what: format!("\"{text}\" is no kind of tool"),
                mend: Some(format!("write {}", Self::WANTED)),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

/// The keys of a policy, as far as they are written.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct PolicyKeys {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefer: Option<At<Prefer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) takeover: Option<At<TakeoverMode>>,
    /// Tries a request may have in all. Too low: a failure is seen that another candidate could hide. Too high: a
    /// client waits long for an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_attempts: Option<At<u32>>,
    /// Further tries at unhealthy candidates, as a share of recent requests. Too high: a storm when all are down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_budget: Option<At<Share>>,
    /// Whether suppliers that speak another protocol than the client are asked. `false`: only those take over that carry
    /// everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) translate: Option<At<bool>>,
    /// Whether what a client points at is fetched for suppliers that take only bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fetch_media: Option<At<bool>>,
    /// Networks that may be asked for it beside the public Internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fetch_media_from: Option<Vec<At<Network>>>,
    /// Tools that suppliers run themselves which requests may do without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) may_drop: Option<Vec<At<ToolKind>>>,
    /// TCP and TLS. Too low: far suppliers look dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connect_timeout: Option<At<Period>>,
    /// Until the headers of a stream. Too low: suppliers that queue look dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header_timeout: Option<At<Period>>,
    /// Until the first content; then the next candidate. Too low: long prompts are paid twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_time_to_first_token: Option<At<Limit>>,
    /// Silence inside a stream. Too low: thinking models are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_gap_timeout: Option<At<Period>>,
    /// All of it. Too low: long answers are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total_timeout: Option<At<Period>>,
    /// Between keep-alives to the client. Too high: proxies on the way hang up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keepalive: Option<At<Period>>,
    /// The largest request. Too low: images are refused. Too high: memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_request_body: Option<At<Size>>,
    /// The most of a reply that is held back to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_buffer: Option<At<Size>>,
}

impl PolicyKeys {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let keys = Self {
            prefer: section.get("prefer"),
            takeover: section.get("takeover"),
            max_attempts: section.get("max_attempts"),
            retry_budget: section.get("retry_budget"),
            translate: section.get("translate"),
            fetch_media: section.get("fetch_media"),
            fetch_media_from: section.list("fetch_media_from"),
            may_drop: section.list("may_drop"),
            connect_timeout: section.get("connect_timeout"),
            header_timeout: section.get("header_timeout"),
            max_time_to_first_token: section.get("max_time_to_first_token"),
            token_gap_timeout: section.get("token_gap_timeout"),
            total_timeout: section.get("total_timeout"),
            keepalive: section.get("keepalive"),
            max_request_body: section.get("max_request_body"),
            reply_buffer: section.get("reply_buffer"),
        };
        keys.check(section);
        keys
    }

    /// What no request could be served with.
    fn check(&self, section: &Section<'_>) {
        let error = |at, what: String, mend: &str| {
            section.problem(super::problem::Problem::error(at, what).mend(mend));
        };
        if let Some(attempts) = self.max_attempts.as_ref().filter(|attempts| attempts.value == 0) {
            error(&attempts.at, "max_attempts = 0 serves no request".into(), "write 1 or more");
        }
        let periods = [
            ("connect_timeout", &self.connect_timeout),
            ("header_timeout", &self.header_timeout),
            ("token_gap_timeout", &self.token_gap_timeout),
            ("total_timeout", &self.total_timeout),
            ("keepalive", &self.keepalive),
        ];
        for (key, period) in periods {
            if let Some(period) = period.as_ref().filter(|period| period.0.is_zero()) {
                error(
                    &period.at,
                    format!("{key} = \"{}\" lets nothing through", period.value),
                    "write a longer time",
                );
            }
        }
        for (key, size) in
            [("max_request_body", &self.max_request_body), ("reply_buffer", &self.reply_buffer)]
        {
            if let Some(size) = size.as_ref().filter(|size| size.0 < SMALLEST_BUFFER) {
                let mend = "write 1KiB or more";
                error(&size.at, format!("{key} = \"{}\" is too small for any request", size.value), mend);
            }
        }
    }

    /// These keys, and those of `base` where they are silent.
    pub(crate) fn over(&self, base: &Self) -> Self {
        fn either<T: Clone>(own: Option<&T>, base: Option<&T>) -> Option<T> {
            own.or(base).cloned()
        }
        Self {
            prefer: either(self.prefer.as_ref(), base.prefer.as_ref()),
            takeover: either(self.takeover.as_ref(), base.takeover.as_ref()),
            max_attempts: either(self.max_attempts.as_ref(), base.max_attempts.as_ref()),
            retry_budget: either(self.retry_budget.as_ref(), base.retry_budget.as_ref()),
            translate: either(self.translate.as_ref(), base.translate.as_ref()),
            fetch_media: either(self.fetch_media.as_ref(), base.fetch_media.as_ref()),
            fetch_media_from: either(self.fetch_media_from.as_ref(), base.fetch_media_from.as_ref()),
            may_drop: either(self.may_drop.as_ref(), base.may_drop.as_ref()),
            connect_timeout: either(self.connect_timeout.as_ref(), base.connect_timeout.as_ref()),
            header_timeout: either(self.header_timeout.as_ref(), base.header_timeout.as_ref()),
            max_time_to_first_token: either(
                self.max_time_to_first_token.as_ref(),
                base.max_time_to_first_token.as_ref(),
            ),
            token_gap_timeout: either(self.token_gap_timeout.as_ref(), base.token_gap_timeout.as_ref()),
            total_timeout: either(self.total_timeout.as_ref(), base.total_timeout.as_ref()),
            keepalive: either(self.keepalive.as_ref(), base.keepalive.as_ref()),
            max_request_body: either(self.max_request_body.as_ref(), base.max_request_body.as_ref()),
            reply_buffer: either(self.reply_buffer.as_ref(), base.reply_buffer.as_ref()),
        }
    }
}

const SMALLEST_BUFFER: usize = 1024;
