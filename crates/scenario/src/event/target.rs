//! Who is meant: a fault domain by its name (`maker:openai`, `host:azure`, `region:eu/sweden`, `provider:house`, also written
//! `account:house`), or everybody.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::replay::Estate;

/// What kind of fault domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Who made the model.
    Maker,
    /// Who runs it.
    Host,
    /// Where it runs; a wider region holds the narrower.
    Region,
    /// Who owns the company that the account is with.
    Owner,
    /// Whose law that company obeys.
    Country,
    /// The account.
    Provider,
    /// One model at one provider.
    Deployment,
    /// All of them.
    Everybody,
}

impl Domain {
    /// Every kind there is.
    pub const ALL: [Self; 8] = [
        Self::Maker,
        Self::Host,
        Self::Region,
        Self::Owner,
        Self::Country,
        Self::Provider,
        Self::Deployment,
        Self::Everybody,
    ];

    /// The name, as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Host => "host",
            Self::Region => "region",
            Self::Owner => "owner",
            Self::Country => "country",
            Self::Provider => "provider",
            Self::Deployment => "deployment",
            Self::Everybody => "everybody",
        }
    }
}

/// One fault domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Of what kind.
    pub domain: Domain,
    /// Its name.
    pub name: Arc<str>,
}

/// Who stands behind an account, as far as the contract says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Company<'a> {
    /// Who owns the company.
    pub owner: Option<&'a str>,
    /// Whose law it obeys.
    pub country: Option<&'a str>,
}

/// Text that names no fault domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" names nobody: write maker:NAME, host:, region:, owner:, country:, provider: or deployment:NAME"
)]
pub struct InvalidTarget(String);

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget(text.to_owned());
        if text == Domain::Everybody.as_str() {
            return Ok(Self { domain: Domain::Everybody, name: text.into() });
        }
        let (kind, name) = text.split_once(':').ok_or_else(invalid)?;
        let kind = if kind == "account" { Domain::Provider.as_str() } else { kind };
        let named = Domain::ALL.into_iter().filter(|domain| *domain != Domain::Everybody);
        let domain = named.into_iter().find(|domain| domain.as_str() == kind).ok_or_else(invalid)?;
        if name.is_empty() { Err(invalid()) } else { Ok(Self { domain, name: name.into() }) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.domain {
            Domain::Everybody => f.write_str(&self.name),
            _ => write!(f, "{}:{}", self.domain.as_str(), self.name),
        }
    }
}

impl Target {
    /// A deployment by its name.
    pub fn deployment(name: &Arc<str>) -> Self {
        Self { domain: Domain::Deployment, name: Arc::clone(name) }
    }

    /// Whether a deployment belongs to it.
    pub fn names(&self, estate: &Estate, deployment: usize) -> bool {
        let backing = &estate.backing[deployment];
        let company = Company { owner: backing.owner.as_deref(), country: backing.country.as_deref() };
        self.holds(&estate.deployments[deployment], estate.provider_of(deployment), company)
    }

    /// The same of what the router knows, its provider's name and the company behind that.
    pub fn holds(&self, facts: &routing::Deployment, provider: &str, company: Company<'_>) -> bool {
        match self.domain {
            Domain::Maker => facts.maker == self.name,
            Domain::Host => facts.host == self.name,
            Domain::Region => {
                let region = facts.region.as_ref().map(catalogue::Region::as_str);
                let inside = |region: &str| {
                    region
                        .strip_prefix(&*self.name)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                region.is_some_and(inside)
            }
            Domain::Owner => company.owner == Some(&*self.name),
            Domain::Country => company.country == Some(&*self.name),
            Domain::Provider => *provider == *self.name,
            Domain::Deployment => facts.name == self.name,
            Domain::Everybody => true,
        }
    }

    /// All that exist in an estate, each once, in order.
    pub fn all(estate: &Estate) -> Vec<Self> {
        let mut all = Vec::new();
        for (index, facts) in estate.deployments.iter().enumerate() {
            let mut add = |domain, name: &str| all.push(Self { domain, name: name.into() });
            add(Domain::Maker, &facts.maker);
            add(Domain::Host, &facts.host);
            if let Some(region) = &facts.region {
                add(Domain::Region, region.as_str());
            }
            if let Some(owner) = &estate.backing[index].owner {
                add(Domain::Owner, owner);
            }
            if let Some(country) = &estate.backing[index].country {
                add(Domain::Country, country);
            }
            add(Domain::Provider, estate.provider_of(index));
            add(Domain::Deployment, &facts.name);
        }
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for text in [
            "maker:openai",
            "host:azure",
            "region:eu/sweden",
            "deployment:azure-sweden/gpt-5.4:latest",
            "everybody",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for text in ["openai", "maker:", "planet:earth", ""] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
