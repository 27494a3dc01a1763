//! Evidence packs of this program: what a command found out and all that it rests on, in one signed file.
//!
//! A command hands over its [`Contents`]; what is the same for all (program, configuration, catalogue, signature) is added
//! here. The form of the file, and opening one, are the crate `evidence`'s business.

mod facts;
mod signer;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use evidence::{Entries, FileRecord, LedgerPart, Limit, SigningKey, Statement};
use jiff::civil::Date;

pub(crate) use self::facts::configuration;
pub(crate) use self::signer::{SIGNING_KEY_ENDING, Signer, SignerError};
pub(crate) use self::table::{Cell, Table};
use crate::settings::Settings;

/// What a command puts into a pack.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The command's name; the page and the figures are called so too.
    pub(crate) kind: &'static str,
    /// What it is about, in words.
    pub(crate) subject: String,
    /// The day that dates were held against.
    pub(crate) day: Option<Date>,
    pub(crate) ledger: Option<LedgerPart>,
    pub(crate) trace: Option<FileRecord>,
    /// What was asked for, by option. Places on this machine are left out: they are no part of the answer.
    pub(crate) arguments: BTreeMap<String, String>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) limits: Vec<Limit>,
    /// The whole answer for people, as HTML.
    pub(crate) page: String,
    /// The whole answer for programs, as JSON.
    pub(crate) figures: Vec<u8>,
    /// The figures as tables.
    pub(crate) tables: Vec<Table>,
    /// Whether the configuration's text is quoted, as diffs do.
    pub(crate) quotes_configuration: bool,
    /// Other texts, by name.
    pub(crate) texts: Vec<(&'static str, String)>,
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// The program's own file cannot be read, so its digest cannot be said.
    #[error("cannot read this program's own file: {0}")]
    Program(#[source] std::io::Error),
    /// It is too much.
    #[error("no pack can be made of this: {0}")]
    Archive(#[from] evidence::ArchiveError),
}

impl Contents {
    /// The pack: the same bytes for the same contents, settings, program and key.
    pub(crate) fn seal(self, settings: &Settings, key: &SigningKey) -> Result<Vec<u8>, SealError> {
        let report = settings.loaded.config.report.as_ref();
        let organisation = report.and_then(|report| Some(report.organisation.as_ref()?.value.clone()));
        let (page, figures) = (format!("{}.html", self.kind), format!("data/{}.json", self.kind));
        let tables: Vec<(String, &str)> =
            self.tables.iter().map(|table| (table.file(), table.text())).collect();
        let mut files = Entries::from([(&*page, self.page.as_bytes()), (&*figures, &*self.figures)]);
        files.extend(tables.iter().map(|(name, text)| (&**name, text.as_bytes())));
        files.extend(self.texts.iter().map(|(name, text)| (*name, text.as_bytes())));
        let source = settings.loaded.source.as_ref().filter(|_| self.quotes_configuration);
        let quoted = source.map(|source| FileRecord::of(&*source.name, source.quotable().as_bytes()));
        let statement = Statement {
            kind: self.kind.to_owned(),
            subject: self.subject,
            organisation,
            day: self.day.map(|day| day.to_string()),
            program: facts::program().map_err(SealError::Program)?,
            configuration: evidence::Configuration { quoted, ..configuration(settings) },
            catalogue: facts::catalogue(settings),
            ledger: self.ledger,
            trace: self.trace,
            arguments: self.arguments,
            seeds: self.seeds,
            limits: self.limits,
        };
        Ok(evidence::seal(statement, &files, key)?)
    }
}

/// The part of a ledger that was read, as a manifest says it. Of the file's place its name alone, which answers say too.
pub(crate) fn part(ledger: &Path, extent: &store::Extent) -> LedgerPart {
    LedgerPart {
        name: ledger.file_name().unwrap_or(ledger.as_os_str()).to_string_lossy().into_owned(),
        first_seq: extent.first_seq,
        last_seq: extent.last_seq,
        chain: evidence::Digest::from_bytes(*extent.chain.as_bytes()),
        decisions: extent.decisions.map(|(last, chain)| evidence::DecisionsPart {
            last,
            chain: evidence::Digest::from_bytes(*chain.as_bytes()),
        }),
    }
}

/// The arguments that were given, by name.
pub(crate) fn arguments<const N: usize>(given: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A period as it was taken, by the names of the options that ask for the very same again whenever that is, in moments: `--last
/// 30d` and a period without an end mean something else each day.
pub(crate) fn period(from_us: Option<i64>, to_us: Option<i64>) -> BTreeMap<String, String> {
    arguments([("from", from_us.map(table::moment)), ("to", to_us.map(table::moment))])
}
