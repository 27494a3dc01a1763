//! Where a deployment runs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A place, from wide to narrow: `eu`, `eu/france`, `us/us-east-1`. Segments of lower-case letters, digits and dashes.
///
/// A region that is not known is `Option::None`; it is then in no region at all, so rules exclude it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Region(Arc<str>);

impl Region {
    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this place lies in `wider`: `eu/france` is within `eu` and `eu/france`, not within `eu/fr`.
    ///
    /// ```
    /// use catalogue::Region;
    /// let france: Region = "eu/france".parse().unwrap();
    /// assert!(france.within(&"eu".parse().unwrap()));
    /// assert!(!france.within(&"eu/fr".parse().unwrap()));
    /// ```
    pub fn within(&self, wider: &Self) -> bool {
        match self.0.strip_prefix(&*wider.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Not the form of a [`Region`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no region: write segments of a-z, 0-9 and -, wide to narrow, such as eu/france")]
pub struct InvalidRegion(String);

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = text.split('/').all(|segment| !segment.is_empty() && segment.bytes().all(lawful));
        if valid { Ok(Self(text.into())) } else { Err(InvalidRegion(text.to_owned())) }
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0.as_ref().to_owned()
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        text.parse()
    }
}
