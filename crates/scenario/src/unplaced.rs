//! What nobody has said of where deployments belong, supposed for the worse.

use std::sync::Arc;

use catalogue::Region;

use crate::domain::{Domain, DomainKind};
use crate::estate::Estate;

impl Estate {
    /// The same, if everything that could belong to `domain`, because nobody says where it does belong, belonged to it;
    /// `None` where nothing could. Whatever lies in `eu` could lie in `eu/france`. One's own machines have no owner
    /// but oneself.
    pub fn supposing(&self, domain: &Domain) -> Option<Self> {
        let open: Vec<usize> =
            (0..self.members.len()).filter(|member| self.could_belong(*member, domain)).collect();
        if open.is_empty() {
            return None;
        }
        let mut supposed = self.clone();
        for member in open {
            let account = supposed.account_of(member);
            let (account, routing) = (&mut supposed.accounts[account], &mut supposed.members[member].routing);
            let name = Arc::clone(&domain.name);
            match domain.kind {
                DomainKind::Maker => routing.maker = name,
                DomainKind::Host => routing.host = name,
                DomainKind::Region => routing.region = name.parse().ok(),
                DomainKind::Owner => account.owner = Some(name),
                DomainKind::Country => account.country = Some(name),
                DomainKind::Account | DomainKind::Deployment => {}
            }
        }
        Some(supposed)
    }

    fn could_belong(&self, member: usize, domain: &Domain) -> bool {
        let own = self.accounts[self.account_of(member)].own;
        match (self.domain_of(member, domain.kind), domain.kind) {
            (None, DomainKind::Owner) => !own,
            (None, _) => true,
            (Some(known), DomainKind::Region) => {
                let (wide, narrow) = (known.parse::<Region>(), domain.name.parse::<Region>());
                wide.ok()
                    .zip(narrow.ok())
                    .is_some_and(|(wide, narrow)| wide != narrow && narrow.within(&wide))
            }
            (Some(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use catalogue::Weights;

    use super::*;
    use crate::fixture::{account, estate, member};

    const TODAY: &str = "2026-11-28";

    fn taken(estate: &Estate, domain: &str) -> Vec<usize> {
        let domain: Domain = domain.parse().unwrap();
        estate
            .supposing(&domain)
            .map_or_else(Vec::new, |supposed| supposed.taken_by(&domain, TODAY).iter().collect())
    }

    #[test]
    fn whoever_nobody_has_placed_could_fall_with_each() {
        let mut house = account("house");
        house.own = true;
        let mut us = account("us");
        (us.country, us.owner) = (Some("US".into()), Some("Us Inc".into()));
        let mut members = vec![
            member("a/x", 0, "acme", "acme", Weights::MakerOnly),
            member("us/x", 1, "acme", "us", Weights::MakerOnly),
            member("house/x", 2, "unknown", "own", Weights::Open),
            member("a/y", 0, "unknown", "acme", Weights::Unknown),
        ];
        members[0].routing.region = "eu".parse().ok();
        members[1].routing.region = "eu/france".parse().ok();
        let estate = estate(members, vec![account("a"), us, house]);
        assert_eq!(taken(&estate, "country:US"), [0, 1, 2, 3], "all but those that say another");
        assert_eq!(taken(&estate, "owner:Us Inc"), [0, 1, 3], "nobody owns one's own machines but oneself");
        assert_eq!(taken(&estate, "region:eu/france"), [0, 1, 2, 3], "it lies in eu, and may lie in France");
        assert_eq!(taken(&estate, "region:eu/france/paris"), [0, 1, 2, 3]);
        assert_eq!(taken(&estate, "region:us"), [2, 3], "what lies in eu does not");
        assert_eq!(taken(&estate, "maker:acme"), [0, 1, 3], "open weights on own machines survive any maker");
        assert_eq!(taken(&estate, "provider:a"), [] as [usize; 0], "accounts are always known");
        assert_eq!(taken(&estate, "host:us"), [] as [usize; 0], "all say their host");
    }
}
