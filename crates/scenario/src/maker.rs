//! What the loss of a model's maker means. It has four meanings, and they take away different things.

use catalogue::Weights;
use serde::Serialize;

use crate::estate::{Estate, Member};
use crate::set::Set;

/// One meaning of a maker's loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Its own API stops. Other hosts of its models go on.
    ApiStops,
    /// Other hosts may no longer serve its models, but for open weights, and for those whose rights last on.
    HostsMayNot,
    /// Nothing new comes and nothing is mended: its models serve until the day on which each is switched off.
    Frozen,
    /// Terms or prices change, so that one would rather leave: all but open weights elsewhere, and what a contract's price
    /// promise still covers.
    TermsChange,
}

impl Meaning {
    /// All four.
    pub const ALL: [Self; 4] = [Self::ApiStops, Self::HostsMayNot, Self::Frozen, Self::TermsChange];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiStops => "api_stops",
            Self::HostsMayNot => "hosts_may_not",
            Self::Frozen => "frozen",
            Self::TermsChange => "terms_change",
        }
    }
}

/// What the maker's complete loss takes away: its own API, and every right to run its models that is not open or secured
/// beyond today.
pub fn taken(estate: &Estate, maker: &str, today: &str) -> Set {
    let first = taken_if(estate, maker, Meaning::ApiStops, today);
    first.union(&taken_if(estate, maker, Meaning::HostsMayNot, today))
}

/// What one meaning takes away. For [`Meaning::Frozen`]: what is switched off within a year.
pub fn taken_if(estate: &Estate, maker: &str, meaning: Meaning, today: &str) -> Set {
    let of_maker = estate.members.iter().enumerate().filter(|(_, member)| *member.routing.maker == *maker);
    let gone = of_maker.filter(|(index, member)| is_gone(estate, *index, member, meaning, today));
    gone.map(|(index, _)| index).collect()
}

fn is_gone(estate: &Estate, index: usize, member: &Member, meaning: Meaning, today: &str) -> bool {
    let account = &estate.accounts[estate.account_of(index)];
    // A maker that runs its own API is its own host. On machines of one's own, one is the host, whoever the maker.
    let at_its_maker = member.routing.host == member.routing.maker && !account.own;
    let lasts = |until: &Option<crate::estate::Day>| until.as_deref().is_some_and(|until| until > today);
    let may_run_it = match &member.weights {
        Weights::Open => true,
        Weights::LicensedUntil(day) => **day > *today,
        Weights::MakerOnly | Weights::Unknown => false,
    };
    match meaning {
        Meaning::ApiStops => at_its_maker,
        Meaning::HostsMayNot => !at_its_maker && !may_run_it && !lasts(&account.rights_until),
        Meaning::Frozen => {
            let open_elsewhere = member.weights == Weights::Open && !at_its_maker;
            !open_elsewhere && member.ends.as_deref().is_some_and(|ends| ends < &*a_year_after(today))
        }
        Meaning::TermsChange => {
            let open_elsewhere = member.weights == Weights::Open && !at_its_maker;
            !open_elsewhere && !lasts(&account.price_until)
        }
    }
}

fn a_year_after(day: &str) -> String {
    let (year, rest) = day.split_at(day.len().min(4));
    year.parse::<u32>().map_or_else(|_| day.to_owned(), |year| format!("{:04}{rest}", year + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{account, estate, member};

    const TODAY: &str = "2026-11-28";

    fn gone(estate: &Estate, meaning: Meaning) -> Vec<usize> {
        taken_if(estate, "acme", meaning, TODAY).iter().collect()
    }

    #[test]
    fn the_four_meanings_take_different_things_away() {
        // 0: the maker's API; 1: at a cloud; 2: at a cloud with rights; 3: open weights at a cloud; 4: open, own machines;
        // 5: somebody else's model.
        let mut rights = account("cloud-with-rights");
        rights.rights_until = Some("2032-01-01".into());
        rights.price_until = Some("2027-01-01".into());
        let mut house = account("house");
        house.own = true;
        let accounts = vec![account("acme"), account("cloud"), rights, house];
        let closed = Weights::MakerOnly;
        let mut members = vec![
            member("acme/big", 0, "acme", "acme", closed.clone()),
            member("cloud/big", 1, "acme", "cloud", closed.clone()),
            member("cloud-with-rights/big", 2, "acme", "cloud", closed),
            member("cloud/small", 1, "acme", "cloud", Weights::Open),
            member("house/small", 3, "acme", "acme", Weights::Open),
            member("cloud/other", 1, "other", "cloud", Weights::Unknown),
        ];
        members[1].ends = Some("2027-06-01".into());
        members[2].ends = Some("2028-06-01".into());
        let estate = estate(members, accounts);
        assert_eq!(gone(&estate, Meaning::ApiStops), [0]);
        assert_eq!(gone(&estate, Meaning::HostsMayNot), [1]);
        assert_eq!(gone(&estate, Meaning::Frozen), [1]);
        assert_eq!(gone(&estate, Meaning::TermsChange), [0, 1]);
        assert_eq!(taken(&estate, "acme", TODAY).iter().collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn weights_that_nobody_knows_count_as_closed_and_licences_end() {
        let accounts = vec![account("cloud")];
        let members = vec![
            member("cloud/a", 0, "acme", "cloud", Weights::Unknown),
            member("cloud/b", 0, "acme", "cloud", Weights::LicensedUntil("2026-11-27".into())),
            member("cloud/c", 0, "acme", "cloud", Weights::LicensedUntil("2027-11-27".into())),
        ];
        assert_eq!(gone(&estate(members, accounts), Meaning::HostsMayNot), [0, 1]);
    }
}
