//! What can be wrong with a ledger file.

use std::io;
use std::path::PathBuf;

use ledger::document::DocumentError;

/// Why a ledger cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process serves with it: stop that one, or use another file.
    #[error("the ledger {path} is in use by another process{}", .pid.map(|pid| format!(" ({pid})")).unwrap_or_default())]
    InUse {
        /// The ledger.
        path: PathBuf,
        /// The other process, if it said so.
        pid: Option<u32>,
    },
    /// There is no such file: check the path.
    #[error("there is no ledger at {path}")]
    Missing {
        /// Where none is.
        path: PathBuf,
    },
    /// Some other file: check the path.
    #[error("{path} is not a ledger of this program")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later release: use that one.
    #[error("the ledger has format {found}; this release knows formats up to {known}")]
    Later {
        /// Its format.
        found: i64,
        /// The latest known.
        known: i64,
    },
    /// A record is damaged, or of a later release: `verify` tells more.
    #[error("record {seq} of the ledger cannot be understood")]
    Record {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// What many records share is damaged, or of a later release: `verify` tells more.
    #[error("head {id} of the ledger's records cannot be understood")]
    Head {
        /// Its place.
        id: i64,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// An extract is damaged. Without extracts the records themselves are read, and a server makes extracts anew:
    /// `DELETE FROM extract` loses nothing.
    #[error("the extract of the ledger's records from {first_seq} on is damaged")]
    Extract {
        /// The first place that it covers.
        first_seq: i64,
    },
    /// No such key: `keys list` shows those there are.
    #[error("there is no key \"{name}\" in force")]
    NoSuchKey {
        /// What was asked for.
        name: String,
    },
    /// More than one key in force has the name: which of them is said by an id.
    #[error("several keys in force are called \"{name}\": {ids}")]
    SeveralKeys {
        /// What was asked for.
        name: String,
        /// Theirs, the oldest first.
        ids: String,
    },
    /// The file cannot be reached.
    #[error("the ledger's files cannot be used: {0}")]
    Io(#[from] io::Error),
    /// The database says no.
    #[error("the ledger's database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
}
