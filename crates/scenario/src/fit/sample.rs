//! What the ledger says of each attempt.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{AttemptOutcome, Entry};
use wire::Failure;

/// How one attempt went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it began, in milliseconds since the traffic's beginning.
    pub at_ms: u64,
    /// Index of the deployment.
    pub deployment: u16,
    /// Index of the product, or of none: cache and length depend on who asks.
    pub route: u32,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// How it failed; `None` is served.
    pub failure: Option<Failure>,
    /// From its beginning to the first content; streams that served only.
    pub first_ms: Option<f32>,
    /// From its beginning to its end.
    pub total_ms: f32,
    /// The prompt as estimated, the prompt as counted, what of it was cached, the answer: all zero where nobody counted.
    pub estimated_input: u32,
    /// See [`Self::estimated_input`].
    pub input: u32,
    /// See [`Self::estimated_input`].
    pub cached: u32,
    /// See [`Self::estimated_input`].
    pub output: u32,
}

/// All attempts, and the limits that suppliers said they have.
#[derive(Debug, Default, Clone)]
pub struct Samples {
    /// In no particular order of time.
    pub list: Vec<Sample>,
    /// By deployment: requests and tokens a minute, as the supplier's headers said last.
    pub limits: HashMap<u16, (Option<f64>, Option<f64>)>,
    /// Routes by name.
    routes: HashMap<Arc<str>, u32>,
    /// Absolute beginnings, in microseconds since 1970, until the traffic's beginning is known.
    began_us: Vec<i64>,
}

impl Samples {
    /// The attempts of one request.
    #[expect(clippy::cast_precision_loss, reason = "microseconds to milliseconds")]
    pub(crate) fn add(&mut self, entry: &Entry, deployments: &HashMap<Arc<str>, usize>) {
        let routes = u32::try_from(self.routes.len()).unwrap_or(u32::MAX);
        let route = *self.routes.entry(Arc::clone(&entry.facts.route)).or_insert(routes);
        for attempt in &entry.attempts {
            let Some(deployment) =
                deployments.get(&attempt.deployment).and_then(|index| u16::try_from(*index).ok())
            else {
                continue;
            };
            self.note_limits(deployment, &attempt.limits_seen);
            let failure = match attempt.outcome {
                AttemptOutcome::Served => None,
                AttemptOutcome::Failed(failure) => Some(failure),
                AttemptOutcome::Abandoned | AttemptOutcome::Refused(_) => continue,
            };
            let since =
                |moment: Option<u64>| moment.map(|us| us.saturating_sub(attempt.started_us) as f32 / 1_000.0);
            let counted = failure.is_none() && attempt.usage_source == ledger::UsageSource::Supplier;
            let count = |tokens: u64| if counted { u32::try_from(tokens).unwrap_or(u32::MAX) } else { 0 };
            self.began_us
                .push(entry.arrived_us.saturating_add(i64::try_from(attempt.started_us).unwrap_or(0)));
            self.list.push(Sample {
                at_ms: 0,
                deployment,
                route,
                stream: entry.facts.stream,
                failure,
                first_ms: since(attempt.first_content_us).filter(|_| entry.facts.stream && failure.is_none()),
                total_ms: since(attempt.ended_us).unwrap_or(0.0),
                estimated_input: count(entry.facts.estimated_input_tokens),
                input: count(attempt.usage.input_total()),
                cached: count(attempt.usage.cache_read),
                output: count(attempt.usage.output_total()),
            });
        }
    }

    /// Takes the traffic's beginning as time zero.
    pub(crate) fn begin_at(&mut self, first_us: i64) {
        for (sample, began_us) in self.list.iter_mut().zip(self.began_us.drain(..)) {
            sample.at_ms = u64::try_from(began_us.saturating_sub(first_us) / 1_000).unwrap_or(0);
        }
    }

    /// The samples that began in this part of the recording.
    #[must_use]
    pub fn part(&self, from_ms: u64, to_ms: u64) -> Self {
        let within = self.list.iter().filter(|sample| (from_ms..to_ms).contains(&sample.at_ms));
        Self {
            list: within.copied().collect(),
            limits: self.limits.clone(),
            routes: self.routes.clone(),
            began_us: Vec::new(),
        }
    }

    /// Those alone.
    #[cfg(test)]
    pub(crate) fn of(list: Vec<Sample>) -> Self {
        Self { list, ..Self::default() }
    }

    /// The number under which samples know a route.
    pub fn route(&self, name: &str) -> Option<u32> {
        self.routes.get(name).copied()
    }

    fn note_limits(&mut self, deployment: u16, seen: &[(Arc<str>, Arc<str>)]) {
        let (requests, tokens) = limits_said(seen);
        if requests.is_some() || tokens.is_some() {
            let known = self.limits.entry(deployment).or_default();
            *known = (requests.or(known.0), tokens.or(known.1));
        }
    }
}

/// Requests and tokens a minute that a supplier's headers name as its limits.
pub fn limits_said(seen: &[(Arc<str>, Arc<str>)]) -> (Option<f64>, Option<f64>) {
    let per_minute = |endings: [&str; 2]| {
        let said = seen.iter().find(|(name, _)| endings.iter().any(|ending| name.ends_with(ending)));
        said.and_then(|(_, value)| value.parse::<f64>().ok()).filter(|limit| *limit > 0.0)
    };
    (
        per_minute(["ratelimit-limit-requests", "ratelimit-requests-limit"]),
        per_minute(["ratelimit-limit-tokens", "ratelimit-tokens-limit"]),
    )
}
