//! Fault domains: what deployments share, so that it can fail for all of them at once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A kind of fault domain. A deployment belongs to at most one of each kind; where that is unknown, to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainKind {
    /// Who made the model.
    Maker,
    /// Who runs it.
    Host,
    /// Where it runs.
    Region,
    /// Our account there: credential, limits, contract.
    Account,
    /// Who owns the company that we have the account with.
    Owner,
    /// Whose law and authorities that company obeys.
    Country,
    /// One model at one account.
    Deployment,
}

impl DomainKind {
    /// All, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::Maker, Self::Host, Self::Region, Self::Account, Self::Owner, Self::Country, Self::Deployment];

    /// The word before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Host => "host",
            Self::Region => "region",
            Self::Account => "account",
            Self::Owner => "owner",
            Self::Country => "country",
            Self::Deployment => "deployment",
        }
    }
}

impl fmt::Display for DomainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault domain. Text form: `maker:openai`, `host:azure`, `region:eu/sweden`, `account:azure-sweden`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Domain {
    /// Of which kind.
    pub kind: DomainKind,
    /// Which.
    pub name: Arc<str>,
}

impl Domain {
    /// That of the kind and name.
    pub fn new(kind: DomainKind, name: impl Into<Arc<str>>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

/// Not the text form of a [`Domain`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no fault domain: write maker, host, region, account, owner, country or deployment, a colon and a name"
)]
pub struct InvalidDomain(String);

impl FromStr for Domain {
    type Err = InvalidDomain;

    /// `provider:NAME` is read as `account:NAME`: people say both.
    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        let refuse = || InvalidDomain(text.to_owned());
        let (kind, name) = text.split_once(':').ok_or_else(refuse)?;
        let kind = if kind == "provider" { DomainKind::Account.as_str() } else { kind };
        let kind = DomainKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(refuse)?;
        if name.trim().is_empty() {
            return Err(refuse());
        }
        Ok(Self::new(kind, name.trim()))
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.to_string()
    }
}

impl TryFrom<String> for Domain {
    type Error = InvalidDomain;

    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for kind in DomainKind::ALL {
            let domain = Domain::new(kind, "eu/a b");
            assert_eq!(domain.to_string().parse(), Ok(domain));
        }
        assert_eq!("provider:azure".parse(), Ok(Domain::new(DomainKind::Account, "azure")));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["openai", "makers:openai", "maker:", "maker: ", ":x", ""] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
    }
}
