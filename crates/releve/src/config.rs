//! The configuration file: read with all its faults reported at once, never half believed.
//!
//! [`Config`] is what is *written*: every key of the file, typed, with its place. What it *means* (presets, prices,
//! regions, routes for bare model ids) is worked out by [`resolve`](crate::resolve). Keys that this version keeps but
//! does not act on are read and checked like the others; [`effects`] names them, so that nothing is silently without
//! effect.
//!
//! Reading does no I/O but for the file itself; secrets are fetched when the configuration is resolved.

pub(crate) mod aws;
pub(crate) mod budget;
pub(crate) mod contract;
pub(crate) mod effects;
pub(crate) mod environment;
pub(crate) mod estate;
mod ledger;
mod masking;
pub(crate) mod parameters;
pub(crate) mod period;
pub(crate) mod policy;
pub(crate) mod problem;
pub(crate) mod product;
pub(crate) mod provider;
pub(crate) mod report;
pub(crate) mod route;
pub(crate) mod scenario;
pub(crate) mod secret;
mod section;
pub(crate) mod server;
pub(crate) mod size;
pub(crate) mod source;
mod state;
pub(crate) mod value;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use self::estate::{Declared, ExchangeRate, Report, Targets};
pub(crate) use self::ledger::{Durability, Ledger};
use self::policy::PolicyKeys;
use self::problem::{Problem, Problems};
use self::product::Product;
use self::provider::Provider;
use self::route::Route;
use self::section::Section;
use self::server::Server;
use self::source::Source;
use self::state::State;
use self::value::{At, Named, as_table};

/// What the file says.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) ledger: Ledger,
    #[serde(skip_serializing_if = "State::is_unsaid")]
    pub(crate) state: State,
    /// What holds for every route that does not say otherwise, and for `provider/model` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<At<PolicyKeys>>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_table")]
    pub(crate) providers: Vec<Named<Provider>>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_table")]
    pub(crate) routes: Vec<Named<Route>>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_table")]
    pub(crate) products: Vec<Named<Product>>,
    /// Dependencies whose requests do not pass here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) declared: Vec<At<Declared>>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_table")]
    pub(crate) rates: Vec<Named<ExchangeRate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) targets: Option<At<Targets>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<At<Report>>,
}

/// The name of the file that is looked for in the working folder.
pub(crate) const USUAL_NAME: &str = "releve.toml";

/// A configuration and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// The file; `None` where there is none and the environment alone decides.
    pub(crate) source: Option<Source>,
    /// What relative paths start from.
    pub(crate) folder: PathBuf,
}

/// The file to read: the one asked for, else `releve.toml` in `folder` if there is one.
pub(crate) fn locate(asked: Option<&Path>, folder: &Path) -> Option<PathBuf> {
    match asked {
        Some(path) => Some(path.to_owned()),
        None => Some(PathBuf::from(USUAL_NAME)).filter(|name| folder.join(name).is_file()),
    }
}

/// Whether the text is not even TOML.
pub(crate) fn is_broken(source: &Source) -> bool {
    DeTable::parse(source.text()).is_err()
}

impl Config {
    /// The same as people may see it. Secrets are not in it, only their places; but a gateway's own header, which stands here
    /// with its value, is a key as often as it is a version.
    pub(crate) fn shown(&self) -> Self {
        let mut shown = self.clone();
        for provider in &mut shown.providers {
            provider.body.hide_headers();
        }
        shown
    }

    /// Whose it is, as reports and plans name it.
    pub(crate) fn organisation(&self) -> Option<String> {
        Some(self.report.as_ref()?.organisation.as_ref()?.value.clone())
    }

    /// Reads the text; whatever could be read, with all that is wrong in it.
    pub(crate) fn parse(source: &Source) -> (Self, Vec<Problem>) {
        let (table, faults) = DeTable::parse_recoverable(source.text());
        let problems = Problems::default();
        let config = Section::root(&table, &problems, Self::read);
        let problems = problems.into_sorted();
        if faults.is_empty() { (config, problems) } else { (config, with_faults(source, &faults, problems)) }
    }

    fn read(section: &mut Section<'_>) -> Self {
        Self {
            server: section.table("server", Server::read).map(|server| server.value).unwrap_or_default(),
            ledger: section.table("ledger", Ledger::read).map(|ledger| ledger.value).unwrap_or_default(),
            state: section.table("state", State::read).map(|state| state.value).unwrap_or_default(),
            policy: section.table("policy", PolicyKeys::read),
            providers: section.tables("providers", |_, provider| Provider::read(provider)),
            routes: section.tables("routes", Route::read),
            products: section.tables("products", |_, product| Product::read(product)),
            declared: contract::whole(section.tables_in("declared", Declared::read)),
            rates: rates(section),
            targets: section.table("targets", Targets::read),
            report: section.table("report", Report::read),
        }
    }

    /// The part of the file that speaks of the provider, route or product that `offset` lies in: from its name to the
    /// next one's.
    pub(crate) fn part_around(&self, offset: usize) -> Range<usize> {
        let starts = || {
            let providers = self.providers.iter().map(|named| named.name.at.start);
            let routes = self.routes.iter().map(|named| named.name.at.start);
            providers.chain(routes).chain(self.products.iter().map(|named| named.name.at.start))
        };
        let start = starts().filter(|start| *start <= offset).max().unwrap_or(0);
        let end = starts().filter(|start| *start > offset).min().unwrap_or(usize::MAX);
        start..end
    }

    /// Whether the file names no provider and no route, so that the environment says what there is.
    pub(crate) fn says_nothing_of_suppliers(&self) -> bool {
        self.providers.is_empty() && self.routes.is_empty()
    }
}

/// The exchange rates that could be read.
fn rates(section: &mut Section<'_>) -> Vec<Named<ExchangeRate>> {
    let written = section.tables("rates", ExchangeRate::read);
    written.into_iter().filter_map(|Named { name, body }| Some(Named { name, body: body? })).collect()
}

/// Faults of TOML itself, and those other problems that they cannot have caused: what stands on a line with a fault, or
/// is missing from a text that could not be read, is not worth a second report.
fn with_faults(source: &Source, faults: &[toml::de::Error], problems: Vec<Problem>) -> Vec<Problem> {
    let mut all: Vec<Problem> = Vec::new();
    for fault in faults {
        let at = fault.span().unwrap_or(0..0);
        let line = source.line_around(at.start);
        let reported = |known: &Problem| known.at.as_ref().is_some_and(|known| line.contains(&known.start));
        if !all.iter().any(reported) {
            let at = if at.is_empty() { widened(source, at.start) } else { at };
            all.push(
                Problem::error(
                    &at,
                    format!("not TOML: {}", fault.message().trim_end_matches(", expected nothing")),
                )
                .mend_if(mend_of(source, fault)),
            );
        }
    }
    let lines: Vec<_> =
        all.iter().filter_map(|fault| fault.at.clone()).map(|at| misread(source, at.start)).collect();
    let untouched = |problem: &Problem| match &problem.at {
        Some(at) => {
            !problem.what.ends_with("is missing") && !lines.iter().any(|line| line.contains(&at.start))
        }
        None => false,
    };
    all.extend(problems.into_iter().filter(untouched));
    all.sort_by_key(|problem| problem.at.as_ref().map_or(usize::MAX, |at| at.start));
    all
}

/// What a fault at `offset` makes unreadable: its line, and under a broken heading all that follows up to the next.
fn misread(source: &Source, offset: usize) -> Range<usize> {
    let line = source.line_around(offset);
    if !source.text()[line.clone()].trim_start().starts_with('[') {
        return line;
    }
    let end = source.text()[line.end..].find("\n[").map_or(source.text().len(), |next| line.end + next);
    line.start..end
}

/// At least one letter, so that there is something to point at.
fn widened(source: &Source, offset: usize) -> Range<usize> {
    let line = source.line_around(offset);
    if offset < line.end { offset..line.end } else { line.start..line.end.max(line.start + 1) }
}

/// What people usually meant.
fn mend_of(source: &Source, fault: &toml::de::Error) -> Option<String> {
    let line = &source.text()[source.line_around(fault.span()?.start)];
    let (key, value) = line.split_once('=')?;
    let value = value.trim();
    let quoted = value.starts_with(['"', '\'', '[', '{']);
    let unquoted = !value.is_empty() && !quoted && DeValue::parse(value).is_err();
    if unquoted && !masking_needed(key) {
        return Some(format!("text stands in quotes: {} = \"{value}\"", key.trim()));
    }
    unquoted.then(|| "write { env = \"NAME\" } or { file = \"PATH\" }".to_owned())
}

fn masking_needed(key: &str) -> bool {
    ["key", "token", "secret", "password"].iter().any(|word| key.contains(word))
}
