//! To whom something happens: a fault domain, or everybody.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::{Company, Domain, DomainKind, InvalidDomain};
use crate::maker::Meaning;
use crate::replay::PlayedEstate;

/// Who is meant. Text form: that of [`Domain`], or `everybody`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// All that share it.
    Domain(Domain),
    /// All of them.
    Everybody,
}

/// How everybody is written.
pub const EVERYBODY: &str = "everybody";

impl FromStr for Target {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        if text == EVERYBODY { Ok(Self::Everybody) } else { text.parse().map(Self::Domain) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Everybody => f.write_str(EVERYBODY),
        }
    }
}

impl Target {
    /// Of which kind the fault domain is, if it is one.
    pub const fn kind(&self) -> Option<DomainKind> {
        match self {
            Self::Domain(domain) => Some(domain.kind),
            Self::Everybody => None,
        }
    }

    /// Whether a deployment is among them.
    pub fn names(&self, estate: &PlayedEstate, deployment: usize) -> bool {
        match self {
            Self::Domain(domain) => estate.belongs(deployment, domain),
            Self::Everybody => true,
        }
    }

    /// Whether its loss takes a deployment, `after` so long; a maker's in this meaning.
    pub(crate) fn takes(
        &self,
        meaning: Meaning,
        estate: &PlayedEstate,
        deployment: usize,
        after: Duration,
    ) -> bool {
        let is_maker = self.kind() == Some(DomainKind::Maker);
        self.names(estate, deployment)
            && (!is_maker || estate.goes_with_its_maker(deployment, meaning, after))
    }

    /// The same as [`Self::names`] of what the router knows, its provider's name and the company behind that.
    pub fn holds(&self, facts: &routing::Deployment, provider: &str, company: Company<'_>) -> bool {
        match self {
            Self::Domain(domain) => domain.holds(facts, provider, company),
            Self::Everybody => true,
        }
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
            "provider:house",
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
