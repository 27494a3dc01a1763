//! A described future: events in time on makers, hosts, regions, owners, providers and deployments.

mod course;
mod target;

use std::sync::Arc;
use std::time::Duration;

use catalogue::Region;
use routing::PostureKind;

use course::Anew;
pub(crate) use course::bit;
pub use course::{Condition, Course, Step, compile};
pub use target::{EVERYBODY, Target};

use crate::domain::{Domain, DomainKind};
use crate::maker::Meaning;
use crate::replay::PlayedEstate;

/// A scenario: why one should look at it, how long it is, and what happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// A sentence of why.
    pub why: String,
    /// How long one looks.
    pub span: Duration,
    /// What happens.
    pub events: Vec<Event>,
    /// What the crowd does to those who are left; `None` is nothing.
    pub herd: Option<Herd>,
}

/// When a public supplier falls, everybody lands on the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Herd {
    /// What is left of their limits.
    pub limits: f64,
    /// How much later their first tokens come.
    pub slower: f64,
}

impl Default for Herd {
    fn default() -> Self {
        Self { limits: 0.5, slower: 2.0 }
    }
}

/// Something that happens to somebody, from a moment on, for a while or for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// To whom; empty is everybody, where that makes sense.
    pub targets: Vec<Target>,
    /// When it begins.
    pub from: Duration,
    /// When it is over; `None` is never.
    pub until: Option<Duration>,
    /// What it is.
    pub what: What,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It serves nobody. Of a maker: [`Meaning::Gone`].
    Outage(Outage),
    /// It serves badly.
    Brownout {
        /// How much later everything comes.
        slower: f64,
        /// The share of requests that fail with a server error.
        errors: f64,
    },
    /// Its limits become this share of what they were.
    Limits(f64),
    /// Its prices become so many times what they were.
    Price(f64),
    /// Its terms do not suit these products any more; all where none is named. Of a maker: [`Meaning::TermsChange`].
    Terms(Vec<Arc<str>>),
    /// Its models are switched off. Of a maker: [`Meaning::Gone`].
    Retirement,
    /// Hosts other than the maker's own may no longer serve its models: [`Meaning::HostsMayNot`].
    LicenceEnd,
    /// A new contract takes the place of today's: what that says of its end, or of an end by and by, does not count while this
    /// holds. A maker's is that for its own API.
    Contract,
    /// It becomes part of another maker: shares count together from now on.
    Merger(Arc<str>),
    /// Its share shrinks evenly from the event's beginning to its end, then it is left.
    RampDown,
    /// Somebody new, or an own model.
    Arrival(Box<Arrival>),
    /// So many times the requests, reached evenly between the event's beginning and its end.
    Growth(f64),
    /// These products (all where none is named) may only be served in these regions.
    Region {
        /// Whose requests.
        products: Vec<Arc<str>>,
        /// Where.
        regions: Vec<Region>,
    },
    /// People act.
    Posture {
        /// How.
        kind: PostureKind,
        /// What a drain takes away in an hour.
        per_hour: f64,
    },
}

/// How an outage looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outage {
    /// Nobody answers the connection.
    Refused,
    /// Connections hang until they time out.
    Hang,
    /// Every request gets a server error.
    Errors,
    /// Every request is told to come back later.
    RateLimited,
    /// Our credential is refused: an account closed.
    Credential,
    /// The account has no quota or money.
    Quota,
}

impl Outage {
    /// The names, as files write them.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("refused", Self::Refused),
        ("hang", Self::Hang),
        ("errors", Self::Errors),
        ("rate-limited", Self::RateLimited),
        ("credential", Self::Credential),
        ("quota", Self::Quota),
    ];
}

/// A supplier that is not there yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// `provider/model`.
    pub name: Arc<str>,
    /// Who made the model.
    pub maker: Arc<str>,
    /// Who runs it; "own" is oneself.
    pub host: Arc<str>,
    /// Where it runs.
    pub region: Option<Region>,
    /// US dollars per million tokens of prompts and of answers.
    pub price_usd: (f64, f64),
    /// Milliseconds to the first token.
    pub first_ms: f64,
    /// Tokens a second.
    pub tokens_per_second: f64,
    /// Tokens a minute that it works off; `None` is without bound.
    pub tokens_per_minute: Option<f64>,
    /// US dollars a day, used or not.
    pub fixed_usd_per_day: f64,
    /// The routes that list it; all where none is named.
    pub routes: Vec<Arc<str>>,
    /// The share of requests that ask it first; the others have it as their last fallback.
    pub share: f64,
    /// Whether its weights are the organisation's to run.
    pub open: bool,
}

impl Event {
    /// Whether it reaches a deployment. What befalls a maker takes what the report says that the maker's loss takes, as
    /// rights and promises stand on the day on which it begins; and a maker's troubles, limits and prices are not those of
    /// one's own machines.
    pub fn reaches(&self, estate: &PlayedEstate, deployment: usize) -> bool {
        let takes = |target: &Target, meaning| target.takes(meaning, estate, deployment, self.from);
        let by = |target: &Target| match &self.what {
            What::Outage(_) | What::Retirement => takes(target, Meaning::Gone),
            What::Terms(_) => takes(target, Meaning::TermsChange),
            What::Contract => takes(target, Meaning::ApiStops),
            What::LicenceEnd => {
                let may_not = estate.goes_with_its_maker(deployment, Meaning::HostsMayNot, self.from);
                target.names(estate, deployment) && may_not
            }
            What::Brownout { .. } | What::Limits(_) | What::Price(_) => {
                let of_its_maker = target.kind() == Some(DomainKind::Maker);
                target.names(estate, deployment) && !(of_its_maker && estate.is_own(deployment))
            }
            What::Merger(_)
            | What::RampDown
            | What::Arrival(_)
            | What::Growth(_)
            | What::Region { .. }
            | What::Posture { .. } => target.names(estate, deployment),
        };
        self.targets.iter().any(by)
    }
}

impl Scenario {
    /// The loss of `target` for `span`, from now on; of a maker, in this meaning.
    pub fn loss(target: &Target, meaning: Meaning, span: Duration, estate: &PlayedEstate) -> Self {
        let now = Duration::ZERO;
        let lost = (0..estate.deployments.len()).filter(|index| target.takes(meaning, estate, *index, now));
        let named = |index: usize| {
            Target::Domain(Domain::new(DomainKind::Deployment, Arc::clone(&estate.deployments[index].name)))
        };
        let targets: Vec<Target> = lost.map(named).collect();
        let what = match (target.kind(), meaning) {
            (Some(DomainKind::Maker), Meaning::HostsMayNot | Meaning::Frozen) => What::Retirement,
            (Some(DomainKind::Maker), Meaning::TermsChange) => What::Terms(Vec::new()),
            _ => What::Outage(Outage::Refused),
        };
        // One's own account or deployment concerns nobody else.
        let is_public = matches!(
            target.kind(),
            Some(
                DomainKind::Maker
                    | DomainKind::Host
                    | DomainKind::Owner
                    | DomainKind::Region
                    | DomainKind::Country
            )
        );
        let herd = (is_public && !targets.is_empty() && !is_own(target)).then(Herd::default);
        let events = vec![Event { targets, from: Duration::ZERO, until: None, what }];
        let events = if events[0].targets.is_empty() { Vec::new() } else { events };
        let name = match target.kind() {
            Some(DomainKind::Maker) => format!("the loss of {target} ({})", meaning.says()),
            _ => format!("the loss of {target}"),
        };
        Self { name, why: String::new(), span, events, herd }
    }

    /// Whether it changes anything for those deployments of this estate that are `asked`, or for who asks: a scenario that
    /// does not has no answer but "as before". Those who arrive need not be in the estate yet.
    pub fn does_something(&self, estate: &PlayedEstate, asked: &[bool]) -> bool {
        let by_itself = |event: &Event| matches!(event.what, What::Arrival(_) | What::Merger(_));
        if self.events.iter().any(by_itself) {
            return true;
        }
        let played_ms = u64::try_from(self.span.as_millis()).unwrap_or(u64::MAX);
        // What a fall does to the others is none of its own doing.
        let alone = Self { herd: None, ..self.clone() };
        let course = compile(&alone, estate, played_ms);
        course.steps.iter().cloned().any(|mut step| {
            let calm = Step::by_itself(estate, step.from, course.compressed, &Anew::default());
            for (index, condition) in step.conditions.iter_mut().enumerate() {
                if !asked.get(index).is_some_and(|asked| *asked) {
                    condition.clone_from(&calm.conditions[index]);
                }
            }
            step != calm
        })
    }

    /// How many times the recorded requests come at the most.
    pub fn growth(events: &[Event]) -> f64 {
        let grows = events.iter().filter_map(|event| match event.what {
            What::Growth(times) => Some(times.max(1.0)),
            _ => None,
        });
        grows.product()
    }

    /// Those who arrive, and when.
    pub fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Arrival(arrival) => Some(&**arrival),
            _ => None,
        })
    }
}

fn is_own(target: &Target) -> bool {
    *target == Target::Domain(Domain::new(DomainKind::Host, crate::replay::OWN_HOST))
}
