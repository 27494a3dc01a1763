//! One `[[event]]`.

use std::sync::Arc;
use std::time::Duration;

use catalogue::{Rate, Region};
use routing::PostureKind;
use scenario::event::{Arrival, Event, Outage, Target, What};

use super::{Amount, Meant, Times};
use crate::config::period::Period;
use crate::config::problem::{Problem, one_of};
use crate::config::section::Section;
use crate::config::value::{At, Share, choice};

choice! {
    /// What can happen.
    Kind: "what happens, such as \"outage\" or \"brownout\"" {
        /// It serves nobody.
        Outage = "outage",
        /// It serves badly.
        Brownout = "brownout",
        /// Its limits change.
        Limits = "limits",
        /// Its prices change.
        Price = "price",
        /// Its terms do not suit some products.
        Terms = "terms",
        /// Its models are switched off, where nobody has them by open weights or rights.
        Retirement = "retirement",
        /// Other hosts may no longer serve its models.
        LicenceEnd = "licence-end",
        /// A new contract in place of today's.
        Contract = "contract",
        /// It becomes part of another.
        Merger = "merger",
        /// Its share shrinks to nothing.
        RampDown = "ramp-down",
        /// Somebody new.
        Arrival = "arrival",
        /// More requests.
        Growth = "growth",
        /// Where products may be served.
        Region = "region",
        /// People act.
        Posture = "posture",
    }
}

/// The event; `None` where it cannot be one, which was said.
pub(super) fn read(section: &mut Section<'_>, span: Duration, meant: Meant<'_>) -> Option<Event> {
    let kind = section.require::<Kind>("what");
    let targets = targets(section, meant);
    let (from, until) = times(section, span);
    let what = what(section, kind?.value, meant)?;
    let concerns_all = matches!(what, What::Growth(_) | What::Region { .. } | What::Arrival(_));
    if concerns_all == targets.as_ref().is_some() {
        let (what, mend) = if concerns_all {
            ("this concerns nobody in particular", "take `on` out")
        } else {
            (
                "it is not said to whom it happens",
                "add on = [\"maker:NAME\"], or host:, region:, owner:, provider:, deployment:",
            )
        };
        section.problem(Problem::error(&section.at().clone(), what).mend(mend).consequence());
    }
    Some(Event { targets: targets.unwrap_or_default(), from, until, what })
}

fn targets(section: &mut Section<'_>, meant: Meant<'_>) -> Option<Vec<Target>> {
    let written = section.list::<String>("on")?;
    Some(written.into_iter().filter_map(|name| target(section, &name, meant)).collect())
}

fn target(section: &Section<'_>, written: &At<String>, meant: Meant<'_>) -> Option<Target> {
    match meant(&written.value) {
        Ok(name) => match name.parse() {
            Ok(target) => Some(target),
            Err(error) => {
                let error: scenario::InvalidDomain = error;
                section.problem(Problem::error(&written.at, error.to_string()));
                None
            }
        },
        Err(mend) => {
            let what = format!("there is no \"{}\" in this configuration", written.value);
            section.problem(Problem::error(&written.at, what).mend(mend));
            None
        }
    }
}

/// `from`, and `until` or `for`.
fn times(section: &mut Section<'_>, span: Duration) -> (Duration, Option<Duration>) {
    let from = section.get::<Period>("from");
    let until = section.get::<Period>("until");
    let takes = section.get::<Period>("for");
    let start = from.as_ref().map_or(Duration::ZERO, |from| from.0);
    if let Some(from) = from.filter(|from| from.0 >= span) {
        let what = "it begins when all is over".to_owned();
        section.problem(Problem::error(&from.at, what).mend("begin before `span`, or make `span` longer"));
    }
    if let (Some(until), Some(_)) = (&until, &takes) {
        section.problem(
            Problem::error(&until.at, "both `until` and `for` say when it ends").mend("take one out"),
        );
    }
    if let Some(until) = until.as_ref().filter(|until| until.0 <= start) {
        section.problem(Problem::error(&until.at, "it ends before it begins").mend("write a later `until`"));
    }
    (start, until.map(|until| until.0).or(takes.map(|takes| start + takes.0)))
}

fn what(section: &mut Section<'_>, kind: Kind, meant: Meant<'_>) -> Option<What> {
    Some(match kind {
        Kind::Outage => What::Outage(outage(section)),
        Kind::Brownout => What::Brownout {
            slower: section.get::<Times>("slower").map_or(1.0, |times| times.0),
            errors: section.get::<Share>("errors").map_or(0.0, |share| share.0),
        },
        Kind::Limits => What::Limits(section.require::<Times>("times")?.0),
        Kind::Price => What::Price(section.require::<Times>("times")?.0),
        Kind::Terms => What::Terms(names(section, "product", meant)),
        Kind::Retirement => What::Retirement,
        Kind::LicenceEnd => What::LicenceEnd,
        Kind::Contract => What::Contract,
        Kind::Merger => {
            let into = section.require::<String>("into")?;
            match target(section, &into, meant)? {
                Target::Domain(domain) => What::Merger(domain.name),
                Target::Everybody => {
                    let what = "nobody can merge into everybody";
                    section.problem(Problem::error(&into.at, what).mend("write into = \"maker:NAME\""));
                    return None;
                }
            }
        }
        Kind::RampDown => What::RampDown,
        Kind::Arrival => What::Arrival(Box::new(arrival(section, meant)?)),
        Kind::Growth => What::Growth(section.require::<Times>("times")?.0),
        Kind::Region => What::Region {
            products: names(section, "product", meant),
            regions: section
                .list::<Region>("regions")
                .unwrap_or_default()
                .into_iter()
                .map(|region| region.value)
                .collect(),
        },
        Kind::Posture => {
            let kind = section.require::<String>("posture")?;
            let per_hour =
                section.get::<Share>("per_hour").map_or(crate::posture::USUAL_DRAIN, |share| share.0);
            match kind.parse::<PostureKind>() {
                Ok(kind) => What::Posture { kind, per_hour },
                Err(error) => {
                    section.problem(Problem::error(&kind.at, error.to_string()));
                    return None;
                }
            }
        }
    })
}

/// The `products` or `routes` that an event is about; one that there is not is a mistake, not nobody.
fn names(section: &mut Section<'_>, kind: &str, meant: Meant<'_>) -> Vec<Arc<str>> {
    let written = section.list::<String>(if kind == "route" { "routes" } else { "products" });
    for name in written.iter().flatten() {
        if let Err(mend) = meant(&format!("{kind}:{}", name.value)) {
            let what = format!("there is no {kind} \"{}\" in this configuration", name.value);
            section.problem(Problem::error(&name.at, what).mend(mend));
        }
    }
    written.into_iter().flatten().map(|name| name.value.as_str().into()).collect()
}

fn outage(section: &mut Section<'_>) -> Outage {
    let Some(kind) = section.get::<String>("kind") else { return Outage::Refused };
    let found = Outage::NAMES.iter().find(|(name, _)| *name == kind.value);
    found.map_or_else(
        || {
            let what = format!("\"{}\" is no kind of outage", kind.value);
            let known = one_of(Outage::NAMES.iter().map(|(name, _)| *name));
            section.problem(Problem::error(&kind.at, what).mend(format!("write {known}")));
            Outage::Refused
        },
        |(_, outage)| *outage,
    )
}

fn arrival(section: &mut Section<'_>, meant: Meant<'_>) -> Option<Arrival> {
    let name = section.require::<String>("name");
    if let Some(name) = name.as_ref().filter(|name| !name.contains('/')) {
        let what = format!("\"{}\" names no deployment", name.value);
        section.problem(Problem::error(&name.at, what).mend("write \"PROVIDER/MODEL\""));
    }
    let usd = |rate: Option<At<Rate>>| {
        #[expect(clippy::cast_precision_loss, reason = "for a what-if")]
        let usd = rate.map_or(0.0, |rate| rate.value.picos() as f64 / 1e6);
        usd
    };
    let price = section.table("price", |price| (usd(price.require("input")), usd(price.require("output"))));
    let text = |written: Option<At<String>>, usual: &str| {
        written.map_or_else(|| usual.into(), |text| text.value.as_str().into())
    };
    let arrival = Arrival {
        maker: text(section.get("maker"), "own"),
        host: text(section.get("host"), "own"),
        region: section.get::<Region>("region").map(|region| region.value),
        price_usd: price.map_or((0.0, 0.0), |price| price.value),
        first_ms: section.get::<Period>("first_token").map_or(600.0, |first| first.0.as_secs_f64() * 1_000.0),
        tokens_per_second: section.get::<Amount>("tokens_per_second").map_or(50.0, |amount| amount.0),
        tokens_per_minute: section.get::<Amount>("tokens_per_minute").map(|amount| amount.0),
        fixed_usd_per_day: section.get::<Amount>("fixed_usd_per_day").map_or(0.0, |amount| amount.0),
        routes: names(section, "route", meant),
        share: section.get::<Share>("share").map_or(0.0, |share| share.0),
        open: section.get::<bool>("open_weights").is_some_and(|open| open.value),
        name: name?.value.as_str().into(),
    };
    Some(arrival)
}
