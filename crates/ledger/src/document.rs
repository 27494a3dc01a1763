//! How a record is written down: one JSON object, with its version in `v`.
//!
//! The object is written in two parts, which are put together by joining them. The **head** holds what many records
//! share (who asked for what by which configuration, and the decision while no candidate is out for a time); it repeats
//! byte for byte, so that a store can keep it once. The **tail** holds the rest.
//!
//! **Promise**: what a version has written, every later one reads. Fields may be added to a version, with a meaning for
//! their absence; nothing else may change in it. A golden file of each version is kept in the tests.

mod json;
mod version_1;

use serde::Deserialize;

use crate::record::Record;
use crate::sighting::Head;

/// The version that is written.
pub const VERSION: u32 = 1;

/// Appends the head and the tail of a record.
pub fn write_parts(record: &Record, head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    match record {
        Record::Intent(entry) | Record::Settlement(entry) => {
            version_1::write_entry(record.kind(), entry, head, tail);
        }
        Record::Correction(correction) => version_1::write_correction(correction, head, tail),
    }
}

/// The whole document of a record.
pub fn write(record: &Record) -> String {
    let (mut document, mut tail) = (Vec::new(), Vec::new());
    write_parts(record, &mut document, &mut tail);
    document.append(&mut tail);
    String::from_utf8(document).expect("JSON is UTF-8")
}

/// Reads a whole document of any version.
///
/// # Errors
/// It is of a later version, or was not written by this crate.
pub fn read(document: &str) -> Result<Record, DocumentError> {
    match serde_json::from_str::<Version>(document)?.v {
        1 => Ok(version_1::read(document)?),
        version => Err(DocumentError::Version { version }),
    }
}

/// Reads the head of an entry's document, as it is kept by itself.
///
/// # Errors
/// It is of a later version, or not the head of an entry.
pub fn read_head(head: &str) -> Result<Head, DocumentError> {
    let closed = format!("{head}}}");
    match serde_json::from_str::<Version>(&closed)?.v {
        1 => Ok(version_1::read_head(&closed)?),
        version => Err(DocumentError::Version { version }),
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Written by a later release: use that one.
    #[error("the record has version {version}; this release reads up to {VERSION}")]
    Version {
        /// Its version.
        version: u32,
    },
    /// Damaged, or not ours.
    #[error("the record cannot be read")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
