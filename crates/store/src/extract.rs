//! Extracts: what sums need of each record, kept a second time in a twentieth of the space.
//!
//! **For**: reading millions of records in a second or two. A row of the journal holds a whole document; sums look at a
//! dozen numbers of it. So for each block of [`BLOCK`] places there is an *extract* of a few bytes a record, written
//! with the block's last row, in the same transaction.
//!
//! **Promises**:
//! - A record never changes, so neither does what is extracted from it. Corrections and late settlements are records of
//!   their own, in the blocks in which they are booked.
//! - An extract says what its records say: there is one way to write one, whether records come from memory, from rows or
//!   from documents, and `verify` compares all of them with the documents.
//! - Nothing depends on an extract being there. Where one is missing (an older ledger, a block that was begun by a server
//!   that was killed), its rows are read; a server makes the missing ones by and by, and they may all be deleted.
//!
//! **Never**: holds anything that is not in the records.

mod backlog;
mod grow;
mod items;
mod make;
mod varint;
mod walk;
mod write;

use std::sync::Arc;

use catalogue::{Money, Usage};
use ledger::UsageShare;

pub(crate) use backlog::Backlog;
pub(crate) use grow::Growing;
pub(crate) use items::Items;
pub(crate) use walk::walk;
pub(crate) use write::Writer;

/// How many places one extract covers: block 0 is 1 to 8,192. Fewer, and finding them takes longer than reading them; more,
/// and a period begins and ends with many rows that have to be read one by one.
pub(crate) const BLOCK: i64 = 8192;
/// The form that is written. An extract of another form is as good as missing, and is made anew.
pub(crate) const FORM: i64 = 1;
/// Puts an extract in: its first place, the one after its last, its form, its bytes.
pub(crate) const INSERT: &str =
    "INSERT OR REPLACE INTO extract (first_seq, end_seq, form, bytes) VALUES (?1, ?2, ?3, ?4)";

/// One record as sums see it. Intents count nowhere and are in no extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Settled(Settled<'a>),
    Corrected(Corrected<'a>),
}

/// Of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled<'a> {
    /// The place of its head in the database.
    pub(crate) head: i64,
    pub(crate) arrived_us: i64,
    pub(crate) outcome: u8,
    pub(crate) usage_source: u8,
    pub(crate) deployment: Option<&'a str>,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Money>,
    pub(crate) estimated_input_tokens: u64,
    pub(crate) max_tokens: Option<u64>,
    /// Whose the usage is, where some of it is not `deployment`'s; else empty.
    pub(crate) shares: &'a [UsageShare],
    /// Deployments in whose protocol the request could not be said.
    pub(crate) unsayable: &'a [Arc<str>],
}

/// Of a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Corrected<'a> {
    /// The place of its head, whose product and route it has.
    pub(crate) head: i64,
    pub(crate) deployment: Option<&'a str>,
    pub(crate) before: Option<Money>,
    pub(crate) after: Option<Money>,
}

#[cfg(test)]
mod tests;
