//! Policies: the written keys, with defaults where they are silent.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use routing::{Policy, Prefer, Takeover};
use rustls::ClientConfig;
use upstream::Fetcher;

use crate::config::Config;
use crate::config::period::{Limit, Period};
use crate::config::policy::{self, PolicyKeys, TakeoverMode};
use crate::config::problem::{Problem, Problems};
use crate::config::size::Size;
use crate::config::value::{At, Share};

/// What holds for every route that does not say otherwise.
pub(super) fn base(config: &Config) -> PolicyKeys {
    config.policy.as_ref().map(|policy| policy.value.clone()).unwrap_or_default()
}

/// The policy that `keys` describe.
pub(super) fn resolved(keys: &PolicyKeys) -> Policy {
    let default = Policy::default();
    let time = |key: &Option<At<Period>>, default: Duration| key.as_ref().map_or(default, |period| period.0);
    let takeover = keys.takeover.as_ref().map_or(default.takeover, |takeover| takeover_of(takeover.value));
    let attempts = keys.max_attempts.as_ref().map_or(default.max_attempts, |attempts| attempts.value);
    Policy {
        prefer: keys.prefer.as_ref().map_or(default.prefer, |prefer| prefer_of(prefer.value)),
        // Nobody takes over: one attempt is all.
        max_attempts: if takeover == Takeover::Off { 1 } else { attempts },
        retry_budget: keys.retry_budget.as_ref().map_or(default.retry_budget, |share| share.0),
        translate: keys.translate.as_ref().map_or(default.translate, |translate| translate.value),
        // Each route's own.
        keep_warm: default.keep_warm,
        takeover,
        connect_timeout: time(&keys.connect_timeout, default.connect_timeout),
        header_timeout: time(&keys.header_timeout, default.header_timeout),
        max_time_to_first_token: match &keys.max_time_to_first_token {
            Some(limit) => limit.0.map(|period| period.0),
            None => default.max_time_to_first_token,
        },
        token_gap_timeout: time(&keys.token_gap_timeout, default.token_gap_timeout),
        total_timeout: time(&keys.total_timeout, default.total_timeout),
        keepalive: time(&keys.keepalive, default.keepalive),
        max_request_body: keys.max_request_body.as_ref().map_or(default.max_request_body, |size| size.0),
        reply_buffer: keys.reply_buffer.as_ref().map_or(default.reply_buffer, |size| size.0),
    }
}

/// The tools that requests may do without under the policy that `keys` describe.
pub(super) fn may_drop(keys: &PolicyKeys) -> Arc<[Arc<str>]> {
    keys.may_drop.iter().flatten().map(|kind| kind.value.0.as_str().into()).collect()
}

/// Makes the fetchers of policies that want one.
pub(super) struct Fetchers<'a> {
    problems: &'a Problems,
    /// Loading the system's roots takes milliseconds: once for all.
    tls: OnceCell<Option<Arc<ClientConfig>>>,
}

impl<'a> Fetchers<'a> {
    pub(super) fn new(problems: &'a Problems) -> Self {
        Self { problems, tls: OnceCell::new() }
    }

    /// Who fetches under the policy that `keys` describe; nobody where that is not wanted.
    pub(super) fn of(&self, keys: &PolicyKeys) -> Option<Fetcher> {
        let wanted = keys.fetch_media.as_ref().filter(|fetch| fetch.value)?;
        let load = || {
            let made = upstream::client_config(&upstream::TlsOptions::default());
            let refuse =
                |error| self.problems.add(Problem::error(&wanted.at, format!("fetch_media: {error}")));
            made.map_err(refuse).ok()
        };
        let tls = Arc::clone(self.tls.get_or_init(load).as_ref()?);
        let allowed: Vec<_> = keys.fetch_media_from.iter().flatten().map(|network| network.value.0).collect();
        Some(Fetcher::new(tls, allowed))
    }
}

/// All keys, those that were silent with what holds for them.
pub(super) fn filled(keys: &PolicyKeys) -> PolicyKeys {
    let policy = resolved(keys);
    let time = |duration| Some(At::nowhere(Period(duration)));
    let prefer = keys.prefer.clone().unwrap_or(At::nowhere(policy::Prefer::Listed));
    let takeover = keys.takeover.clone().unwrap_or(At::nowhere(TakeoverMode::BeforeContent));
    PolicyKeys {
        prefer: Some(prefer),
        takeover: Some(takeover),
        max_attempts: Some(At::nowhere(policy.max_attempts)),
        retry_budget: Some(At::nowhere(Share(policy.retry_budget))),
        translate: Some(At::nowhere(policy.translate)),
        fetch_media: Some(At::nowhere(keys.fetch_media.as_ref().is_some_and(|fetch| fetch.value))),
        fetch_media_from: keys.fetch_media_from.clone(),
        may_drop: keys.may_drop.clone(),
        connect_timeout: time(policy.connect_timeout),
        header_timeout: time(policy.header_timeout),
        max_time_to_first_token: Some(At::nowhere(Limit(policy.max_time_to_first_token.map(Period)))),
        token_gap_timeout: time(policy.token_gap_timeout),
        total_timeout: time(policy.total_timeout),
        keepalive: time(policy.keepalive),
        max_request_body: Some(At::nowhere(Size(policy.max_request_body))),
        reply_buffer: Some(At::nowhere(Size(policy.reply_buffer))),
    }
}

/// What the router can do today; `check` warns about the others.
fn prefer_of(written: policy::Prefer) -> Prefer {
    match written {
        policy::Prefer::Weighted => Prefer::Weighted,
        policy::Prefer::Listed
        | policy::Prefer::Cheapest
        | policy::Prefer::Fastest
        | policy::Prefer::Balanced => Prefer::Listed,
    }
}

fn takeover_of(written: TakeoverMode) -> Takeover {
    match written {
        TakeoverMode::BeforeContent => Takeover::BeforeContent,
        TakeoverMode::Continue => Takeover::Continue,
        TakeoverMode::BestEffort => Takeover::BestEffort,
        TakeoverMode::Off => Takeover::Off,
    }
}
