//! Why a request gets no answer from a supplier, and how that is said to its client.

use std::sync::Arc;
use std::time::Duration;

use wire::{Codec, ErrorKind, Failure, PeekError};

use crate::intake::IntakeError;
use crate::visitor::Foreign;

/// How much of a supplier's error is repeated inside ours.
const MOST_WORDS_BYTES: usize = 1000;

/// A request that ends at our door, or after every candidate was spent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no endpoint {0}")]
    NoEndpoint(String),
    #[error("{method} is not how this endpoint is called: use {allow}")]
    Method { method: String, allow: &'static str },
    #[error("WebSocket is not offered here: use HTTP with server-sent events")]
    WebSocket,
    #[error(
        "{0}; without a virtual key only programs on this machine are served, under 127.0.0.1 or localhost \
         (releve keys create makes one)"
    )]
    Foreign(#[from] Foreign),
    #[error("no API key: send the key of a product (releve keys create)")]
    NoKey,
    #[error("this API key is not in force")]
    WrongKey,
    #[error("this API key belongs to product {0:?}, which the configuration does not have")]
    NoProduct(Arc<str>),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("{0}")]
    Peek(#[from] PeekError),
    #[error("{0}")]
    BadHeader(&'static str),
    #[error("the request names no model, and product {0:?} has no default route")]
    NoModel(Arc<str>),
    #[error("no model {asked:?}{}", near_words(near))]
    UnknownModel { asked: String, near: Vec<String> },
    #[error("product {product:?} may not use {asked:?}")]
    NotAllowed { product: Arc<str>, asked: String },
    #[error("no deployment of {route:?} can take this request: {reasons}")]
    NoCandidate { route: Arc<str>, reasons: String, kind: ErrorKind, retry_after: Option<Duration> },
    #[error("no deployment of {route:?} could answer: {reasons}")]
    Spent { route: Arc<str>, reasons: String, kind: ErrorKind, retry_after: Option<Duration>, attempts: u32 },
    #[error("the answer of {route:?} broke off: {failure}")]
    BrokenOff { route: Arc<str>, failure: Failure },
    #[error("the request is wrong: {0}")]
    Wrong(String),
    /// A member of the request is not what its protocol has there.
    #[error("{}{what}", place_words(path))]
    Malformed { path: String, what: &'static str },
    #[error("background answers are not offered here: nothing goes on when the client has gone")]
    Background,
    /// No more is to be spent, or not so much.
    #[error("{0}")]
    OverBudget(String),
    /// There may be room for it when others have ended.
    #[error("{0}")]
    BudgetHeld(String),
    /// Kept state is asked for in a way that is not offered.
    #[error("{what}")]
    NotKept { param: &'static str, what: &'static str },
    #[error("{what}")]
    BadQuery { param: &'static str, what: String },
    #[error("Response with id '{0}' not found.")]
    NoResponse(String),
    #[error("Item with id '{0}' not found.")]
    NoItem(String),
    #[error("Previous response with id '{asked}' not found.{}", missing_words(missing.as_deref()))]
    NoPrevious { asked: String, missing: Option<String> },
    /// Who keeps the conversation that is gone on with does not answer, and who would answer has nothing of it.
    #[error(
        "The thread that this request continues is not kept where it is served now: send the whole conversation."
    )]
    NoThread,
    #[error("the conversation is longer than {limit} bytes with the turns before it")]
    Outgrown { limit: usize },
    #[error("kept responses cannot be read at present")]
    StateFailed,
    #[error("the request took longer than it may")]
    TookTooLong,
    #[error("the ledger cannot be written: no new request is taken")]
    LedgerFull,
    #[error("this server is being stopped")]
    Stopping,
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}

fn place_words(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("`{path}`: ") }
}

fn missing_words(missing: Option<&str>) -> String {
    let words = |id| format!(" It builds on '{id}', which was deleted or has expired.");
    missing.map_or_else(String::new, words)
}

impl Refusal {
    /// A supplier's own words, where its answer can no longer be passed on as it is.
    pub(crate) fn wrong(body: &[u8]) -> Self {
        Self::Wrong(String::from_utf8_lossy(&body[..body.len().min(MOST_WORDS_BYTES)]).into_owned())
    }

    /// Whether whoever is refused has shown a key that is in force; where none is needed, everybody has.
    pub(crate) const fn is_to_a_product(&self) -> bool {
        let is_at_the_door = matches!(
            self,
            Self::NoEndpoint(_)
                | Self::Method { .. }
                | Self::WebSocket
                | Self::NoKey
                | Self::WrongKey
                | Self::Foreign(_)
        );
        !is_at_the_door
    }

    /// What kind of error this is to the client.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::NoEndpoint(_)
            | Self::UnknownModel { .. }
            | Self::NoResponse(_)
            | Self::NoItem(_)
            | Self::NoThread => ErrorKind::NotFound,
            Self::NoKey | Self::WrongKey => ErrorKind::Authentication,
            Self::NoProduct(_) | Self::NotAllowed { .. } | Self::Foreign(_) => ErrorKind::Permission,
            Self::Intake(IntakeError::TooLarge { .. }) | Self::Outgrown { .. } => ErrorKind::TooLarge,
            Self::Intake(IntakeError::NoMemory) | Self::LedgerFull | Self::StateFailed | Self::Stopping => {
                ErrorKind::Overloaded
            }
            Self::Intake(IntakeError::TooSlow) | Self::TookTooLong => ErrorKind::Timeout,
            Self::OverBudget(_) => ErrorKind::Spent,
            Self::BudgetHeld(_) => ErrorKind::RateLimited,
            Self::NoCandidate { kind, .. } | Self::Spent { kind, .. } => *kind,
            Self::BrokenOff { .. } => ErrorKind::Internal,
            Self::Method { .. }
            | Self::WebSocket
            | Self::Intake(_)
            | Self::Peek(_)
            | Self::BadHeader(_)
            | Self::Wrong(_)
            | Self::Malformed { .. }
            | Self::Background
            | Self::NotKept { .. }
            | Self::BadQuery { .. }
            | Self::NoPrevious { .. }
            | Self::NoModel(_) => ErrorKind::InvalidRequest,
        }
    }

    /// The status, where it says more than the kind's own.
    pub(crate) fn status(&self, codec: &dyn Codec) -> u16 {
        match self {
            Self::Method { .. } => 405,
            Self::WebSocket => 426,
            Self::Foreign(Foreign::Host) => 421,
            Self::Intake(IntakeError::Encoding(_)) => 415,
            Self::Intake(IntakeError::TooSlow) => 408,
            other => codec.status(other.kind()),
        }
    }

    /// A word for programs, in the dialects that have a place for it.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::NoKey | Self::WrongKey => Some("invalid_api_key"),
            Self::UnknownModel { .. } => Some("model_not_found"),
            Self::NoCandidate { .. } => Some("no_candidate"),
            Self::Spent { .. } => Some("candidates_spent"),
            Self::OverBudget(_) => Some("insufficient_quota"),
            Self::BudgetHeld(_) => Some("budget_held"),
            Self::NoPrevious { .. } => Some("previous_response_not_found"),
            Self::NoThread => Some("thread_not_found"),
            _ => None,
        }
    }

    /// The request's field at fault.
    pub(crate) fn param(&self) -> Option<&str> {
        match self {
            Self::UnknownModel { .. } | Self::NoModel(_) | Self::NotAllowed { .. } => Some("model"),
            Self::NotKept { param, .. } | Self::BadQuery { param, .. } => Some(param),
            Self::Malformed { path, .. } => Some(path).filter(|path| !path.is_empty()).map(String::as_str),
            Self::NoPrevious { .. } => Some("previous_response_id"),
            Self::NoItem(_) => Some("input"),
            Self::NoThread => Some("thread"),
            Self::Background => Some("background"),
            Self::Peek(PeekError::Duplicate { key } | PeekError::WrongType { key }) => Some(key),
            _ => None,
        }
    }

    /// When the client may come back; `None` where coming back does not help.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoCandidate { retry_after, .. } | Self::Spent { retry_after, .. } => *retry_after,
            Self::Intake(IntakeError::NoMemory)
            | Self::BudgetHeld(_)
            | Self::LedgerFull
            | Self::StateFailed
            | Self::Stopping => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// How many attempts were made, where that is what went wrong.
    pub(crate) fn attempts(&self) -> Option<u32> {
        if let Self::Spent { attempts, .. } = self { Some(*attempts) } else { None }
    }

    /// Whether an SDK that tries again by itself would only multiply attempts.
    pub(crate) fn forbids_retry(&self) -> bool {
        matches!(self, Self::Spent { .. } | Self::NoCandidate { .. } | Self::OverBudget(_))
            && self.retry_after().is_none()
    }
}
