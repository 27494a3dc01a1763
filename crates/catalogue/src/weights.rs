//! Who may run a model: decides what its maker's loss means.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

const LICENSED: &str = "licensed-until:";

/// Who may run the model. Text form: `open`, `licensed-until:2027-06-30`, `maker-only`, `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Weights {
    /// Published: anybody may run them, so the model outlives its maker.
    Open,
    /// Licensed to others than the maker until that day (`YYYY-MM-DD`).
    LicensedUntil(Arc<str>),
    /// Only the maker, and hosts under contract with it, run them: the maker's loss ends them everywhere.
    MakerOnly,
    /// No source says.
    #[default]
    Unknown,
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.pad("open"),
            Self::LicensedUntil(date) => write!(f, "{LICENSED}{date}"),
            Self::MakerOnly => f.pad("maker-only"),
            Self::Unknown => f.pad("unknown"),
        }
    }
}

/// Not one of the four forms of [`Weights`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is none of open, licensed-until:YYYY-MM-DD, maker-only, unknown")]
pub struct InvalidWeights(String);

impl FromStr for Weights {
    type Err = InvalidWeights;

    fn from_str(text: &str) -> Result<Self, InvalidWeights> {
        match text {
            "open" => Ok(Self::Open),
            "maker-only" => Ok(Self::MakerOnly),
            "unknown" => Ok(Self::Unknown),
            _ => match text.strip_prefix(LICENSED) {
                Some(date) if is_date(date) => Ok(Self::LicensedUntil(date.into())),
                _ => Err(InvalidWeights(text.to_owned())),
            },
        }
    }
}

/// Whether `text` has the form `YYYY-MM-DD` with a possible month and day.
pub(crate) fn is_date(text: &str) -> bool {
    let number = |range, span: std::ops::RangeInclusive<u32>| {
        text.get(range).is_some_and(|part: &str| {
            part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse().is_ok_and(|n| span.contains(&n))
        })
    };
    text.len() == 10
        && number(0..4, 1..=9999)
        && text.get(4..5) == Some("-")
        && number(5..7, 1..=12)
        && text.get(7..8) == Some("-")
        && number(8..10, 1..=31)
}

impl From<Weights> for String {
    fn from(weights: Weights) -> Self {
        weights.to_string()
    }
}

impl TryFrom<String> for Weights {
    type Error = InvalidWeights;

    fn try_from(text: String) -> Result<Self, InvalidWeights> {
        text.parse()
    }
}
