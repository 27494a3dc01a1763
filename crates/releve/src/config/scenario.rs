//! A scenario's file: why, how long, what happens when and to whom. Read with the same care as the configuration: all
//! faults at once, each with its line, column and mend.

mod event;

use std::time::Duration;

use scenario::event::{Herd, Scenario};
use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::period::Period;
use super::problem::{Problem, Problems};
use super::section::Section;
use super::source::Source;
use super::value::{At, Read, Refusal};
use super::{report::Report, with_faults};

/// No more requests can be asked for than so many times the recorded ones.
const MOST_GROWTH: f64 = 100.0;

/// How a name such as `maker:@largest` is to be read: by what was recorded. Also knows `product:` and `route:`, so that
/// one that there is not is found.
pub(crate) type Meant<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// The scenario that `source` describes, for a world in which `meant` says who is meant by a name.
pub(crate) fn read(source: &Source, meant: Meant<'_>) -> Result<Scenario, Box<Report>> {
    let (table, faults) = DeTable::parse_recoverable(source.text());
    let problems = Problems::default();
    let scenario = Section::root(&table, &problems, |section| whole(section, meant));
    let found = problems.into_sorted();
    let found = if faults.is_empty() { found } else { with_faults(source, &faults, found) };
    let report = Report::new(Some(source.clone()), found);
    if report.has_errors() { Err(Box::new(report)) } else { Ok(scenario) }
}

fn whole(section: &mut Section<'_>, meant: Meant<'_>) -> Scenario {
    let name = section.get::<String>("name").map_or_else(String::new, |name| name.value);
    let why = section.require::<String>("why").map_or_else(String::new, |why| why.value);
    let span = section.require::<Period>("span");
    if let Some(none) = span.as_ref().filter(|span| span.0.is_zero()) {
        section.problem(
            Problem::error(&none.at, "span is nothing").mend("write how long to look, such as \"3d\""),
        );
    }
    let span = span.map_or(Duration::from_hours(24), |span| span.0);
    let herd = herd(section);
    let events = section.list_of(
        "event",
        |text: At<String>| Err(text.at),
        |section| Ok(event::read(section, span, meant)),
    );
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        match event.value {
            Ok(event) => read.extend(event),
            Err(at) => section.problem(Problem::error(&at, "an event is a table").mend("write [[event]]")),
        }
    }
    let grown = Scenario::growth(&read);
    if grown > MOST_GROWTH {
        let what = format!("all that grows makes it {grown} times as many requests");
        let mend = format!("stay within {MOST_GROWTH} times: what comes of more cannot be told from these");
        section.problem(Problem::error(&section.at().clone(), what).mend(mend));
    }
    Scenario { name, why, span, events: read, herd }
}

/// `herd = { limits = 0.5, slower = 2 }`, `herd = {}` for the usual, or nothing for none.
fn herd(section: &mut Section<'_>) -> Option<Herd> {
    let usual = Herd::default();
    let read = |section: &mut Section<'_>| Herd {
        limits: section.get::<Times>("limits").map_or(usual.limits, |times| times.0),
        slower: section.get::<Times>("slower").map_or(usual.slower, |times| times.0),
    };
    section.table("herd", read).map(|herd| herd.value)
}

/// How many times something is what it was. Beyond a thousand it is another world than the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Times(pub(crate) f64);

impl Read for Times {
    const WANTED: &'static str = "how many times, up to 1000, such as 2 or 0.5";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let Amount(times) = Amount::read(value)?;
        if times <= 1_000.0 {
            return Ok(Self(times));
        }
        let what = format!("{times:e} times is more than can be told from what was recorded");
        Err(Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) })
    }
}

/// How much there is of something.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Amount(pub(crate) f64);

impl Read for Amount {
    const WANTED: &'static str = "a number that is not below 0, such as 50 or 0.5";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let written = match value {
            DeValue::Integer(digits) => digits.as_str(),
            DeValue::Float(digits) => digits.as_str(),
            _ => return Err(Refusal::Kind),
        };
        match written.parse::<f64>() {
            Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(Self(amount)),
            _ => Err(Refusal::Value {
                what: format!("{written} is not such a number"),
                mend: Some(format!("write {}", Self::WANTED)),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
