//! Who could have served a request, and who was tried.

use std::sync::Arc;

use catalogue::{Money, Usage};
use routing::Reason;
use serde::{Deserialize, Serialize};
use wire::Failure;

use crate::outcome::UsageSource;

/// One candidate of the decision, in the order of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateRecord {
    /// The deployment, as `provider/model`.
    pub deployment: Arc<str>,
    /// Why it was out, or why it came after the others; `None` is eligible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// One try at one candidate.
///
/// Times are microseconds since the request's arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The deployment, as `provider/model`.
    pub deployment: Arc<str>,
    /// When it began.
    pub started_us: u64,
    /// When there was a connection; `None` where one was at hand, or none came.
    pub connected_us: Option<u64>,
    /// When the answer's headers came.
    pub headers_us: Option<u64>,
    /// When the first content came.
    pub first_content_us: Option<u64>,
    /// When it was over.
    pub ended_us: Option<u64>,
    /// The supplier's HTTP status.
    pub status: Option<u16>,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// What it used.
    pub usage: Usage,
    /// Who says so.
    pub usage_source: UsageSource,
    /// What that costs: the sum of this attempt's lines; `None` is unpriced, or nothing used.
    pub cost: Option<Money>,
    /// Which prices, where they are not the entry's.
    pub price_version: Option<Arc<str>>,
    /// The supplier's rate limit headers: name, value.
    pub limits_seen: Vec<(Arc<str>, Arc<str>)>,
    /// Why the supplier could not be reached, or broke off before it answered: the network's own words.
    pub trouble: Option<Arc<str>>,
    /// The supplier's own id of the request, to ask it about.
    pub supplier_request_id: Option<Arc<str>>,
    /// What could not be said on the way there or back, by name; empty where nothing was translated. Of a candidate that
    /// could not be told the request, why, in words.
    pub dropped: Vec<Arc<str>>,
    /// What the deployment's configuration changed in the request, by kind: `system_prefix`, `parameters`.
    pub amended: Vec<Arc<str>>,
}

impl AttemptRecord {
    /// An attempt that begins now, and counts as abandoned until something else is known.
    pub fn started(deployment: Arc<str>, started_us: u64) -> Self {
        Self {
            deployment,
            started_us,
            connected_us: None,
            headers_us: None,
            first_content_us: None,
            ended_us: None,
            status: None,
            outcome: AttemptOutcome::Abandoned,
            usage: Usage::default(),
            usage_source: UsageSource::None,
            cost: None,
            price_version: None,
            limits_seen: Vec::new(),
            supplier_request_id: None,
            trouble: None,
            dropped: Vec::new(),
            amended: Vec::new(),
        }
    }
}

/// How one attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It gave the whole answer.
    Served,
    /// It failed.
    Failed(Failure),
    /// We gave it up: the client left, or another was faster.
    Abandoned,
    /// It was never dialled: the claim was refused.
    Refused(Reason),
}

impl AttemptOutcome {
    /// A stable code: `served`, `abandoned`, or the failure's or reason's own.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Failed(failure) => failure.as_str(),
            Self::Abandoned => "abandoned",
            Self::Refused(reason) => reason.as_str(),
        }
    }
}
