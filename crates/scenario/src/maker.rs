//! What the loss of a model's maker means. It has four meanings, and they take away different things.

use catalogue::Weights;
use serde::Serialize;

use crate::estate::Estate;
use crate::set::Set;

/// One meaning of a maker's loss. Open weights on one's own machines survive it in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// The first two of the four together: its own API, and every right to run its models that is not open or secured
    /// beyond the day. What a target, a table, an outage and a what-if mean where they say nothing else.
    Gone,
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
    /// The four that are looked at by themselves.
    pub const ALL: [Self; 4] = [Self::ApiStops, Self::HostsMayNot, Self::Frozen, Self::TermsChange];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::ApiStops => "api_stops",
            Self::HostsMayNot => "hosts_may_not",
            Self::Frozen => "frozen",
            Self::TermsChange => "terms_change",
        }
    }

    /// The names, as people write them.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("gone", Self::Gone),
        ("api", Self::ApiStops),
        ("licence", Self::HostsMayNot),
        ("frozen", Self::Frozen),
        ("terms", Self::TermsChange),
    ];

    /// What it is, in words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Gone => "its own API stops, and others may no longer serve its models",
            Self::ApiStops => "its own API stops",
            Self::HostsMayNot => "others may no longer serve its models",
            Self::Frozen => "no new models and no fixes: what is switched off within a year is gone",
            Self::TermsChange => "its terms or prices change, and one leaves",
        }
    }
}

/// What ties a deployment to the maker of its model: all that decides whether it goes with the maker. Reports, what-ifs,
/// scenarios' events and the price of insurance ask this, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Ties<'a> {
    /// Who made the model.
    pub maker: &'a str,
    /// Who runs it.
    pub host: &'a str,
    /// Whether it runs on the organisation's own machines.
    pub own: bool,
    /// Who may run it.
    pub weights: &'a Weights,
    /// The day until which the account has a right to the model, whatever becomes of its maker.
    pub rights_until: Option<&'a str>,
    /// The day until which the account's prices are promised.
    pub price_until: Option<&'a str>,
    /// The day on which the model is switched off there.
    pub ends: Option<&'a str>,
}

impl Ties<'_> {
    /// Whether the deployment goes when its maker is lost in this meaning on `day` (`YYYY-MM-DD`). Rights, licences and
    /// promises hold that end after it.
    pub fn are_cut(&self, meaning: Meaning, day: &str) -> bool {
        // A maker that runs its own API is its own host. On machines of one's own, one is the host, whoever the maker.
        let at_its_maker = self.host == self.maker && !self.own;
        let lasts = |until: Option<&str>| until.is_some_and(|until| until > day);
        let may_be_run = match self.weights {
            Weights::Open => true,
            Weights::LicensedUntil(until) => lasts(Some(until)) || lasts(self.rights_until),
            Weights::MakerOnly | Weights::Unknown => lasts(self.rights_until),
        };
        let open_elsewhere = *self.weights == Weights::Open && !at_its_maker;
        match meaning {
            Meaning::Gone => at_its_maker || !may_be_run,
            Meaning::ApiStops => at_its_maker,
            Meaning::HostsMayNot => !at_its_maker && !may_be_run,
            Meaning::Frozen => !open_elsewhere && self.ends.is_some_and(|ends| *ends < *a_year_after(day)),
            Meaning::TermsChange => !open_elsewhere && !lasts(self.price_until),
        }
    }
}

/// The deployments that a maker's loss takes away, in this meaning, on the day `today`.
pub fn taken(estate: &Estate, maker: &str, meaning: Meaning, today: &str) -> Set {
    let goes = |member: &usize| {
        *estate.members[*member].routing.maker == *maker && estate.ties(*member).are_cut(meaning, today)
    };
    (0..estate.members.len()).filter(goes).collect()
}

fn a_year_after(day: &str) -> String {
    let (year, rest) = day.split_at(day.len().min(4));
    year.parse::<u32>().map_or_else(|_| day.to_owned(), |year| format!("{:04}{rest}", year + 1))
}

#[cfg(test)]
mod agreement;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{account, estate, member};

    const TODAY: &str = "2026-11-28";

    fn gone(estate: &Estate, meaning: Meaning) -> Vec<usize> {
        taken(estate, "acme", meaning, TODAY).iter().collect()
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
        assert_eq!(gone(&estate, Meaning::Gone), [0, 1]);
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
