//! Fault domains: what deployments share, so that it can fail for all of them at once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a maker or a host is called that nobody has named.
pub(crate) const UNKNOWN: &str = "unknown";

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

    /// The word before the colon, as configurations say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Host => "host",
            Self::Region => "region",
            Self::Account => "provider",
            Self::Owner => "owner",
            Self::Country => "country",
            Self::Deployment => "deployment",
        }
    }
}

impl DomainKind {
    /// That of a word before a colon.
    pub fn named(word: &str) -> Option<Self> {
        let word = if word == "account" { Self::Account.as_str() } else { word };
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for DomainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault domain. Text form: `maker:openai`, `host:azure`, `region:eu/sweden`, `provider:azure-sweden`.
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

/// Who stands behind an account, as far as the contract says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Company<'a> {
    /// Who owns the company.
    pub owner: Option<&'a str>,
    /// Whose law it obeys.
    pub country: Option<&'a str>,
}

impl Domain {
    /// Whether a deployment belongs to it: by what the router knows, its provider's name and the company behind that. A
    /// wider region holds the narrower.
    pub fn holds(&self, facts: &routing::Deployment, provider: &str, company: Company<'_>) -> bool {
        let name = &*self.name;
        match self.kind {
            DomainKind::Maker => *facts.maker == *name,
            DomainKind::Host => *facts.host == *name,
            DomainKind::Region => {
                let within = |region: &catalogue::Region| {
                    let rest = region.as_str().strip_prefix(name);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                facts.region.as_ref().is_some_and(within)
            }
            DomainKind::Account => *provider == *name,
            DomainKind::Owner => company.owner == Some(name),
            DomainKind::Country => company.country == Some(name),
            DomainKind::Deployment => *facts.name == *name,
        }
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
    "\"{0}\" is no fault domain: write maker, host, region, provider, owner, country or deployment, a colon and a name"
)]
pub struct InvalidDomain(String);

impl FromStr for Domain {
    type Err = InvalidDomain;

    /// `account:NAME` is read as `provider:NAME`: people say both.
    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        let refuse = || InvalidDomain(text.to_owned());
        let (kind, name) = text.split_once(':').ok_or_else(refuse)?;
        let kind = DomainKind::named(kind).ok_or_else(refuse)?;
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
        assert_eq!("account:azure".parse(), Ok(Domain::new(DomainKind::Account, "azure")));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["openai", "makers:openai", "maker:", "maker: ", ":x", ""] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
    }
}
