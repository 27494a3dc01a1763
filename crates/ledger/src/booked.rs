//! A record in its place in a journal.

use crate::chain::Chain;
use crate::document::{self, DocumentError};
use crate::record::Record;

/// One record as it was read from a journal, still as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// Its place, from 1, without gaps.
    pub seq: i64,
    /// When it was booked, in microseconds since 1970. Never before the place before it, so that a closed period
    /// stays as it is: what comes later is booked later.
    pub at_us: i64,
    /// Its document: one JSON object.
    pub document: String,
    /// The chain's value after it.
    pub chain: Chain,
}

impl Booked {
    /// What the document says.
    ///
    /// # Errors
    /// It is of a later version, or damaged.
    pub fn record(&self) -> Result<Record, DocumentError> {
        document::read(&self.document)
    }
}
