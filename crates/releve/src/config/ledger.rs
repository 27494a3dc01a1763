//! `[ledger]`: where entries are kept, and how safely.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::section::Section;
use super::value::{At, Read, Refusal, choice};

/// The durable record of requests.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ledger {
    /// The database.
    pub(crate) url: At<LedgerUrl>,
    /// What an answered request's entry survives.
    pub(crate) durability: At<Durability>,
}

choice! {
    /// What a committed entry survives.
    Durability: "\"crash-safe\" or \"power-safe\"" {
        /// The end of the process, by kill -9 too.
        CrashSafe = "crash-safe",
        /// The loss of power. Costs a disk synchronisation per group of answers.
        PowerSafe = "power-safe",
    }
}

/// The place of the ledger: `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerUrl(PathBuf);

const SCHEME: &str = "sqlite:";

impl LedgerUrl {
    /// The database file; a relative path starts at `folder`.
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl Serialize for LedgerUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{SCHEME}{}", self.0.display()))
    }
}

impl Read for LedgerUrl {
    const WANTED: &'static str = "\"sqlite:\" and a path, such as \"sqlite:releve.db\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        let path = text.strip_prefix(SCHEME).filter(|path| !path.is_empty());
        if let Some(path) = path.filter(|path| !is_sqlites_own(path)) {
            return Ok(Self(path.trim_start_matches("//").into()));
        }
        let what = if path.is_some() {
            format!("\"{text}\" is no file: a ledger is kept, and others read it while it is written")
        } else if text.starts_with("postgres") {
            "a ledger in PostgreSQL is not yet possible".to_owned()
        } else {
            format!("\"{text}\" is no place for a ledger")
        };
        Err(Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) })
    }
}

/// What `SQLite` takes for something else than a file's name: a database in memory, a URI.
fn is_sqlites_own(path: &str) -> bool {
    path.contains(":memory:") || path.contains("mode=memory") || path.starts_with("file:")
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            url: At::nowhere(LedgerUrl("releve.db".into())),
            durability: At::nowhere(Durability::CrashSafe),
        }
    }
}

impl Ledger {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let default = Self::default();
        Self {
            url: section.get("url").unwrap_or(default.url),
            durability: section.get("durability").unwrap_or(default.durability),
        }
    }
}
