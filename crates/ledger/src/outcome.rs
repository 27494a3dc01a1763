//! How a request ended, and who says what it used.

use serde::{Deserialize, Serialize};
use wire::Failure;

/// How a request ended, as its client saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A whole answer.
    Answered,
    /// The request was wrong; it got an error that says so.
    ClientError {
        /// The HTTP status.
        status: u16,
    },
    /// No candidate could answer; it got an error.
    Failed {
        /// The last failure, if anyone was tried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A stream began and ended in the protocol's own error.
    BrokenOff,
    /// The client went away first.
    ClientLeft,
    /// We were ended in the middle of it; nobody knows more.
    Interrupted,
}

impl Outcome {
    /// Every code, in the order of [`Self::code`].
    pub const NAMES: [&'static str; 6] =
        ["answered", "client_error", "failed", "broken_off", "client_left", "interrupted"];

    /// The number that the ledger stores in its column; never changes.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Answered => 0,
            Self::ClientError { .. } => 1,
            Self::Failed { .. } => 2,
            Self::BrokenOff => 3,
            Self::ClientLeft => 4,
            Self::Interrupted => 5,
        }
    }

    /// A stable code for metrics, exports and people.
    pub const fn as_str(&self) -> &'static str {
        Self::NAMES[self.code() as usize]
    }
}

/// Who says what was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// Nothing was used, or nobody knows of anything.
    #[default]
    None,
    /// The supplier.
    Supplier,
    /// We guessed, from bytes.
    Estimated,
}

impl UsageSource {
    /// Every name, in the order of [`Self::code`].
    pub const NAMES: [&'static str; 3] = ["none", "supplier", "estimated"];

    /// The number that the ledger stores in its column; never changes.
    pub const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Supplier => 1,
            Self::Estimated => 2,
        }
    }

    /// The text form, also in JSON.
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self.code() as usize]
    }

    /// Whether nobody says.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// What both together are: an estimate in any part makes the whole one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Estimated, _) | (_, Self::Estimated) => Self::Estimated,
            (Self::Supplier, _) | (_, Self::Supplier) => Self::Supplier,
            (Self::None, Self::None) => Self::None,
        }
    }
}
