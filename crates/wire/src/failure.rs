//! What one failed attempt means.
//!
//! **For**: the one thing that routing sees of a supplier's failure. A codec makes it from status, headers and body; the
//! gateway makes the ones that never had an answer.
//!
//! **Never**: says who the supplier was or what it wrote; words for people are in the ledger's attempt.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The meaning of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The caller's fault: the supplier's answer goes to the client. No other candidate would say otherwise.
    Client,
    /// Our credential was refused: bench the provider, alarm, next.
    Credential,
    /// Our account there is out of money or over its limit: bench the provider, alarm, next.
    Quota,
    /// Too many requests or tokens for now.
    RateLimited {
        /// How long the supplier asks to wait. A floor.
        #[serde(
            rename = "retry_after_ms",
            with = "milliseconds",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        retry_after: Option<Duration>,
    },
    /// The supplier has no capacity for now.
    Overloaded {
        /// How long the supplier asks to wait. A floor.
        #[serde(
            rename = "retry_after_ms",
            with = "milliseconds",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        retry_after: Option<Duration>,
    },
    /// The deployment is not there: bench it, next.
    ModelMissing,
    /// The request is too large for this deployment: next, with a larger window. No one's fault.
    ContextExceeded,
    /// The request has more bytes than this deployment, or a proxy before it, takes: next. No one's fault.
    BodyTooLarge,
    /// A signature, or encrypted reasoning, in the conversation is another's: again, without any. No one's fault.
    ForeignProof,
    /// A sound answer that our translation has no words for in the client's protocol: next, who may answer otherwise. No
    /// one's fault there.
    AnswerUnsayable,
    /// This machine has no file descriptor or memory left for a connection: next, to whom one may be open. Our own fault.
    NoRoom,
    /// The supplier failed in some other way.
    Server,
    /// No connection: refused, DNS, TLS, connect timeout.
    Unreachable,
    /// Too slow: headers, first token, gap, total.
    Timeout,
    /// An answer that is none.
    Broken(Broken),
}

/// How an answer with a good status was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// Nothing in it.
    Empty,
    /// Not JSON.
    NotJson,
    /// Not the content type that was asked for, such as a web page.
    WrongContentType,
    /// It ended in the middle: no terminal event and no finish reason.
    Cut,
    /// JSON or events, but not of the protocol.
    Malformed,
    /// Longer than we are ready to hold.
    TooLong,
    /// Packed, although it was asked for as it is, in a way that cannot be undone.
    Packed,
}

/// On whom a failure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// On nobody.
    None,
    /// On the one deployment.
    Deployment,
    /// On the whole provider.
    Provider,
}

impl Failure {
    /// One of each kind: for whoever must have words for all.
    pub const EACH: [Self; 16] = [
        Self::Client,
        Self::Credential,
        Self::Quota,
        Self::RateLimited { retry_after: None },
        Self::Overloaded { retry_after: None },
        Self::ModelMissing,
        Self::ContextExceeded,
        Self::BodyTooLarge,
        Self::ForeignProof,
        Self::AnswerUnsayable,
        Self::NoRoom,
        Self::Server,
        Self::Unreachable,
        Self::Timeout,
        Self::Broken(Broken::Empty),
        Self::Broken(Broken::Cut),
    ];

    /// A stable code for metrics, logs and the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Credential => "credential",
            Self::Quota => "quota",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::ModelMissing => "model_missing",
            Self::ContextExceeded => "context_exceeded",
            Self::BodyTooLarge => "body_too_large",
            Self::ForeignProof => "foreign_proof",
            Self::AnswerUnsayable => "answer_unsayable",
            Self::NoRoom => "no_room",
            Self::Server => "server",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Broken(broken) => broken.as_str(),
        }
    }

    /// Whether another candidate may do better.
    pub const fn tries_next(self) -> bool {
        !matches!(self, Self::Client)
    }

    /// On whom it counts.
    pub const fn blame(self) -> Blame {
        match self {
            Self::Client
            | Self::ContextExceeded
            | Self::BodyTooLarge
            | Self::ForeignProof
            | Self::AnswerUnsayable
            | Self::NoRoom => Blame::None,
            Self::Credential | Self::Quota | Self::Unreachable => Blame::Provider,
            Self::RateLimited { .. }
            | Self::Overloaded { .. }
            | Self::ModelMissing
            | Self::Server
            | Self::Timeout
            | Self::Broken(_) => Blame::Deployment,
        }
    }

    /// Whether a person has to act: waiting will not help.
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::Credential | Self::Quota)
    }

    /// How long the supplier asked to wait, if it did.
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => retry_after,
            _ => None,
        }
    }
}

impl Broken {
    /// A stable code, as in [`Failure::as_str`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "broken_empty",
            Self::NotJson => "broken_not_json",
            Self::WrongContentType => "broken_wrong_content_type",
            Self::Cut => "broken_cut",
            Self::Malformed => "broken_malformed",
            Self::TooLong => "broken_too_long",
            Self::Packed => "broken_packed",
        }
    }
}

/// What happened, in words for people.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "the request was refused as wrong",
            Self::Credential => "our credential was refused",
            Self::Quota => "our account there has no money or quota left",
            Self::RateLimited { .. } => "rate limited",
            Self::Overloaded { .. } => "overloaded",
            Self::ModelMissing => "the model is not there",
            Self::ContextExceeded => "the request is too large for this deployment",
            Self::BodyTooLarge => "the request has more bytes than it takes",
            Self::ForeignProof => "the conversation holds reasoning that another supplier signed",
            Self::AnswerUnsayable => "the client's protocol has no words for what it answered",
            Self::NoRoom => "this server had no file descriptor or memory left for a connection",
            Self::Server => "the supplier failed",
            Self::Unreachable => "could not be reached",
            Self::Timeout => "took too long",
            Self::Broken(Broken::Empty) => "an empty answer",
            Self::Broken(Broken::NotJson) => "an answer that is not JSON",
            Self::Broken(Broken::WrongContentType) => "an answer of another content type",
            Self::Broken(Broken::Cut) => "an answer that was cut off",
            Self::Broken(Broken::Malformed) => "an answer that is not of the protocol",
            Self::Broken(Broken::TooLong) => "an answer too long to hold",
            Self::Broken(Broken::Packed) => "an answer in a content encoding that was not asked for",
        })?;
        match self.retry_after() {
            // As the word after it says when it is asked again: "again in 8 s".
            Some(wait) if wait < Duration::from_secs(1) => {
                write!(f, ", asks to wait {} ms", wait.as_millis())
            }
            Some(wait) => write!(f, ", asks to wait {} s", wait.as_millis().div_ceil(1000)),
            None => Ok(()),
        }
    }
}

/// Durations as whole milliseconds.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the shape that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(wait) => serializer.serialize_u64(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_supplier_asks_for_is_said_in_seconds() {
        let said = |ms| {
            let failure = Failure::RateLimited { retry_after: Some(Duration::from_millis(ms)) };
            failure.to_string()
        };
        assert_eq!(said(7_000), "rate limited, asks to wait 7 s");
        assert_eq!(said(1_001), "rate limited, asks to wait 2 s", "never less than it asks for");
        assert_eq!(said(250), "rate limited, asks to wait 250 ms");
    }

    #[test]
    fn the_record_form_stays_readable() {
        for (failure, json) in [
            (Failure::Client, r#""client""#),
            (Failure::RateLimited { retry_after: None }, r#"{"rate_limited":{}}"#),
            (
                Failure::Overloaded { retry_after: Some(Duration::from_millis(1500)) },
                r#"{"overloaded":{"retry_after_ms":1500}}"#,
            ),
            (Failure::Broken(Broken::NotJson), r#"{"broken":"not_json"}"#),
        ] {
            assert_eq!(serde_json::to_string(&failure).unwrap(), json);
            assert_eq!(serde_json::from_str::<Failure>(json).unwrap(), failure);
        }
    }

    /// A kind that is new does not compile here until it has a number, and with one it is missed until it is in the list.
    #[test]
    fn each_kind_is_listed() {
        let number = |failure| match failure {
            Failure::Client => 0,
            Failure::Credential => 1,
            Failure::Quota => 2,
            Failure::RateLimited { .. } => 3,
            Failure::Overloaded { .. } => 4,
            Failure::ModelMissing => 5,
            Failure::ContextExceeded => 6,
            Failure::BodyTooLarge => 7,
            Failure::ForeignProof => 8,
            Failure::AnswerUnsayable => 9,
            Failure::NoRoom => 10,
            Failure::Server => 11,
            Failure::Unreachable => 12,
            Failure::Timeout => 13,
            Failure::Broken(_) => 14,
        };
        let mut numbers: Vec<u32> = Failure::EACH.into_iter().map(number).collect();
        numbers.dedup();
        assert_eq!(numbers, (0..=14).collect::<Vec<_>>());
    }

    #[test]
    fn a_callers_fault_is_final_and_blames_nobody() {
        assert!(!Failure::Client.tries_next());
        assert_eq!(Failure::Client.blame(), Blame::None);
        assert_eq!(Failure::ContextExceeded.blame(), Blame::None);
        assert!(Failure::ContextExceeded.tries_next());
    }
}
