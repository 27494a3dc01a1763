//! Postures: what people have decided about suppliers, and what contracts say by their dates, put in force.
//!
//! Pure but for [`Decided::read`] and [`stand`]: acts of the record, terms of the configuration and a moment come in, and
//! every deployment's posture goes into the router's world. Where several targets hold it the strictest does.

mod held;

use std::path::Path;
use std::sync::Arc;

use gateway::Clock;
use gateway::snapshot::Snapshot;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use routing::{Day, DeploymentIndex, Ground, Instant, Posture, PostureKind, Reason};
use scenario::Company;
use scenario::event::Target;
use store::{Act, Postures, StoreError};

pub(crate) use self::held::{Held, Left, Why};
use crate::cli::words;
use crate::config::Config;
use crate::settings::Settings;

/// What a drain takes away in an hour where nobody says: a tenth, so that the last request goes after ten hours.
pub(crate) const USUAL_DRAIN: f64 = 0.1;

/// Whether it is looked at whether others could step in: for what is watched or drained.
pub(crate) fn is_looked_at(posture: &str) -> bool {
    matches!(posture, "watch" | "drain")
}

const HOUR_US: f64 = 3.6e9;

/// What an account's contract says of its end, and who is behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terms {
    provider: Arc<str>,
    owner: Option<Arc<str>>,
    country: Option<Arc<str>>,
    /// Its last day.
    last: Option<Date>,
    /// The first moment after that, in microseconds since 1970.
    over_us: Option<i64>,
    /// From when traffic leaves it.
    ramp_down_us: Option<i64>,
}

impl Terms {
    /// Those of every provider that says anything.
    pub(crate) fn of(config: &Config) -> Vec<Self> {
        let contracts =
            config.providers.iter().filter_map(|named| Some((named, named.body.contract.as_ref()?)));
        contracts
            .map(|(named, contract)| Self {
                provider: named.name.value.as_str().into(),
                owner: contract.owner.as_ref().map(|owner| owner.value.as_str().into()),
                country: contract.country.as_ref().map(|country| country.value.as_str().into()),
                last: contract.ends.as_ref().map(|day| day.value.0),
                over_us: contract.ends.as_ref().and_then(|day| moment(day.value.0.tomorrow().ok()?)),
                ramp_down_us: contract.ramp_down_from.as_ref().and_then(|day| moment(day.value.0)),
            })
            .collect()
    }

    /// What the dates come to, in the form of a decision that nobody had to make: whom, how, why and since when. `None` while
    /// they come to nothing.
    pub(crate) fn act(&self, clock: Now) -> Option<Act> {
        let (since, per_hour, reason) = match self.posture(clock) {
            Posture::Leave(ground) => (self.over_us, USUAL_DRAIN, Reason::from(ground).to_string()),
            Posture::Drain { per_hour, .. } => {
                let until = self.last.map(|last| format!(" and ends on {last}")).unwrap_or_default();
                (self.ramp_down_us, per_hour, format!("its contract ramps down{until}"))
            }
            Posture::Normal | Posture::Watch => return None,
        };
        Some(Act {
            id: 0,
            target: format!("provider:{}", self.provider).into(),
            posture: self.posture(clock).kind().as_str().into(),
            per_hour,
            reason: reason.into(),
            author: "its contract".into(),
            set_us: since?,
            expires_us: None,
        })
    }

    /// What the dates come to.
    fn posture(&self, clock: Now) -> Posture {
        if self.over_us.is_some_and(|over| clock.unix_us >= over) {
            return Posture::Leave(self.last.and_then(day).map_or(Ground::Untold, Ground::ContractEnded));
        }
        let Some(from) = self.ramp_down_us.filter(|from| clock.unix_us >= *from) else {
            return Posture::Normal;
        };
        #[expect(clippy::cast_precision_loss, reason = "hours")]
        let hours = |over: i64| (over - from) as f64 / HOUR_US;
        let per_hour = self.over_us.map_or(USUAL_DRAIN, |over| 1.0 / hours(over).max(1e-3));
        Posture::drain_from(clock.world_ms_at(from), per_hour)
    }
}

/// As the router tells it.
fn day(date: Date) -> Option<Day> {
    Some(Day {
        year: date.year().try_into().ok()?,
        month: date.month().try_into().ok()?,
        day: date.day().try_into().ok()?,
    })
}

/// The beginning of a day, UTC.
fn moment(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// Microseconds since 1970.
    pub(crate) unix_us: i64,
    /// The router's.
    pub(crate) world: Instant,
}

impl Now {
    /// The present, as a running gateway counts.
    pub(crate) fn of(clock: Clock) -> Self {
        Self { unix_us: clock.unix_us(), world: clock.world(tokio::time::Instant::now()) }
    }

    /// A moment of the calendar on the router's clock, in milliseconds; perhaps before it began.
    fn world_ms_at(self, unix_us: i64) -> i64 {
        let world_ms = i64::try_from(self.world.0).unwrap_or(i64::MAX);
        world_ms.saturating_sub(self.unix_us.saturating_sub(unix_us) / 1_000)
    }
}

/// What was decided, as far as it can be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decided(Vec<Act>);

impl Decided {
    /// All decisions of a ledger; none where there is no ledger yet.
    pub(crate) fn read(ledger: &Path) -> Result<Self, StoreError> {
        if !ledger.exists() {
            return Ok(Self::default());
        }
        Ok(Self(Postures::open(ledger)?.all()?))
    }

    /// From the record, the oldest first.
    pub(crate) fn of(acts: &[Act]) -> Self {
        Self(acts.to_vec())
    }

    /// Those that hold at a moment.
    pub(crate) fn in_force(&self, now: Now) -> Vec<&Act> {
        store::in_force(&self.0, now.unix_us)
    }

    /// Why somebody is not asked, in words; a decision with what is on record of it.
    pub(crate) fn tell(&self, reason: Reason) -> String {
        let by = match reason {
            Reason::LeftBy { decision } => self.0.iter().find(|act| act.id == i64::from(decision)),
            _ => None,
        };
        let Some(act) = by else { return reason.to_string() };
        let until = act.expires_us.map(|expires| format!(" until {}", words::moment(expires)));
        let Act { target, author, reason, .. } = act;
        format!("posture: leave on {target}, by {author}{} ({reason})", until.unwrap_or_default())
    }

    /// Puts everybody's posture into the snapshot's world.
    pub(crate) fn apply(&self, snapshot: &Snapshot, terms: &[Terms], now: Now) {
        let in_force = InForce::at(self, terms, now);
        for (index, facts) in (0..).zip(&snapshot.routing) {
            let provider = &snapshot.providers[usize::from(facts.provider.0)].name;
            let all = in_force.on(facts, provider).map(|(_, posture)| posture);
            let strictest = all.fold(Posture::Normal, |one, other| one.and(other, now.world));
            let deployment = DeploymentIndex(index);
            if snapshot.world.posture(deployment) != strictest {
                snapshot.world.set_posture(deployment, strictest);
            }
        }
    }
}

/// Everything that holds at a moment: decisions on their targets, and contracts.
#[derive(Debug)]
struct InForce<'a> {
    acts: Vec<(Target, Posture)>,
    terms: &'a [Terms],
    now: Now,
}

impl<'a> InForce<'a> {
    fn at(decided: &Decided, terms: &'a [Terms], now: Now) -> Self {
        let acts = decided.in_force(now).into_iter();
        let acts = acts.filter_map(|act| Some((act.target.parse().ok()?, posture(act, now)?))).collect();
        Self { acts, terms, now }
    }

    /// What of it holds a deployment of `provider`: each decision with its target, then the contract.
    fn on<'s>(
        &'s self,
        facts: &'s routing::Deployment,
        provider: &'s str,
    ) -> impl Iterator<Item = (Option<&'s Target>, Posture)> {
        let agreed = self.terms.iter().find(|terms| *terms.provider == *provider);
        let company = Company {
            owner: agreed.and_then(|terms| terms.owner.as_deref()),
            country: agreed.and_then(|terms| terms.country.as_deref()),
        };
        let decided = self.acts.iter().filter(move |(target, _)| target.holds(facts, provider, company));
        let decided = decided.map(|(target, posture)| (Some(target), *posture));
        decided.chain(agreed.map(|terms| (None, terms.posture(self.now))))
    }
}

/// Puts what was decided, and what contracts say by their dates, into the world of settings that nobody serves with. Gives
/// what was decided, and the moment that holds there.
///
/// # Errors
/// There is a ledger, and it cannot be read.
pub(crate) fn stand(settings: &Settings) -> Result<(Decided, Instant), StoreError> {
    let path = settings.loaded.config.ledger.url.path(&settings.loaded.folder);
    let terms = Terms::of(&settings.resolved.effective);
    let now = Now::of(Clock::system());
    let decided = Decided::read(&path)?;
    decided.apply(&settings.resolved.snapshot, &terms, now);
    Ok((decided, now.world))
}

/// An act as the router knows it; `None` of a kind that a later release wrote.
fn posture(act: &Act, now: Now) -> Option<Posture> {
    Some(match act.posture.parse().ok()? {
        PostureKind::Normal => Posture::Normal,
        PostureKind::Watch => Posture::Watch,
        PostureKind::Drain => Posture::drain_from(now.world_ms_at(act.set_us), act.per_hour),
        PostureKind::Leave => Posture::Leave(u32::try_from(act.id).map_or(Ground::Untold, Ground::Decision)),
    })
}

/// In words, with what it comes to now; `None` of nothing.
pub(crate) fn words(posture: Posture, now: Instant) -> Option<String> {
    match posture {
        Posture::Normal => None,
        Posture::Watch => Some("watched: its fallbacks are kept warm".to_owned()),
        Posture::Drain { .. } => {
            Some(format!("drained: keeps {:.0} % of its requests", posture.kept(now) * 100.0))
        }
        Posture::Leave(ground) => Some(Reason::from(ground).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn terms(over_us: Option<i64>, ramp_down_us: Option<i64>) -> Terms {
        let last = over_us.map(|_| Date::constant(1970, 1, 10));
        Terms { provider: "p".into(), owner: None, country: None, last, over_us, ramp_down_us }
    }

    fn now(unix_us: i64) -> Now {
        Now { unix_us, world: Instant(5_000) }
    }

    #[test]
    fn contract_dates_act_by_themselves() {
        let ending = terms(Some(10 * DAY_US), Some(6 * DAY_US));
        assert_eq!(ending.posture(now(5 * DAY_US)), Posture::Normal);
        let kept = |day: i64| ending.posture(now(day * DAY_US)).kept(Instant(5_000));
        assert!(
            (kept(6) - 1.0).abs() < 1e-2 && (kept(8) - 0.5).abs() < 1e-2,
            "evenly: {} {}",
            kept(6),
            kept(8)
        );
        let last = Day { year: 1970, month: 1, day: 10 };
        assert_eq!(ending.posture(now(10 * DAY_US)), Posture::Leave(Ground::ContractEnded(last)));
        assert_eq!(terms(None, None).posture(now(0)), Posture::Normal);
        let endless = terms(None, Some(0));
        assert!(endless.posture(now(DAY_US)).kept(Instant(5_000)) < 1e-9, "ten hours, where no end is known");
    }
}
