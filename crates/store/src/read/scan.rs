//! Everything once, as far as sums need it: no document is read but where usage is split or a request could not be said.
//!
//! Two sizes that have no column lie in the document's tail as plain members, and are found there by their names: within
//! a JSON text a quotation mark is always escaped, so that no text of a client can look like a member.

use std::collections::HashMap;
use std::sync::Arc;

use catalogue::{Bucket, Money, Usage};
use ledger::{Entry, Record, RecordKind, Sighting, UsageShare, UsageSource, Witness, document};
use rusqlite::{Connection, Row};

use super::{Period, Reader, at, find};
use crate::error::StoreError;
use crate::schema::BUCKETS;

/// How many records one step covers: a step holds a snapshot.
const STEP: usize = 65_536;
/// The code of an attempt that was never made because the request cannot be said in that protocol.
const UNSAYABLE: &str = "unsayable";

impl Reader {
    /// Hands over the settlements and corrections of a period, oldest first, in constant memory.
    ///
    /// # Errors
    /// Those of the database; a record that is damaged.
    pub fn scan(&self, period: Period, witness: &mut dyn Witness) -> Result<(), StoreError> {
        let (first, end) = find::range(&self.connection, period)?;
        let mut select = self.connection.prepare(&format!(
            "SELECT seq, record, head, arrived_us, deployment, outcome, usage_source, cost_nanos, split, tail, \
             {BUCKETS} FROM journal WHERE seq >= ?1 AND seq < ?2 AND record > 0 ORDER BY seq LIMIT {STEP}"
        ))?;
        let mut scan = Scan { connection: &self.connection, witness, heads: HashMap::new(), known: 0 };
        let mut next = first;
        loop {
            let mut rows = select.query([next, end])?;
            let mut last = None;
            while let Some(row) = rows.next()? {
                last = Some(row.get::<_, i64>(0)?);
                scan.row(row)?;
            }
            let Some(last) = last else { return Ok(()) };
            next = last + 1;
        }
    }
}

struct Scan<'c, 'w> {
    connection: &'c Connection,
    witness: &'w mut dyn Witness,
    /// The number of each head that was handed over, by its place in the database.
    heads: HashMap<i64, usize>,
    known: usize,
}

impl Scan<'_, '_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let settlement = row.get::<_, i64>(1)? == i64::from(RecordKind::Settlement.code());
        if !settlement {
            return self.correction(row);
        }
        let head = self.head(row)?;
        let tail = row.get_ref(9)?.as_bytes().map_err(rusqlite::Error::from)?;
        let deployment = row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        let mut usage = Usage::default();
        for (column, bucket) in (10..).zip(Bucket::ALL) {
            *usage.get_mut(bucket) = u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0);
        }
        let details = if row.get::<_, bool>(8)? || holds(tail, UNSAYABLE.as_bytes()) {
            Details::of(&self.entry(row.get(0)?)?)
        } else {
            Details::default()
        };
        self.witness.sighting(&Sighting {
            head,
            arrived_us: row.get(3)?,
            outcome: row.get(5)?,
            deployment,
            usage,
            estimated: row.get::<_, u8>(6)? == UsageSource::Estimated.code(),
            cost: row.get::<_, Option<i64>>(7)?.map(Money::from_nanos),
            estimated_input_tokens: member(tail, b"\"estimated_input_tokens\":").unwrap_or(0),
            max_tokens: member(tail, b"\"max_tokens\":"),
            shares: &details.shares,
            unsayable: &details.unsayable,
        });
        Ok(())
    }

    /// The number of the row's head; hands it over when it is met for the first time.
    fn head(&mut self, row: &Row<'_>) -> Result<usize, StoreError> {
        let id: i64 = row.get(2)?;
        if let Some(known) = self.heads.get(&id) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached("SELECT text FROM head WHERE id = ?1")?;
        let text: String = select.query_row([id], |row| row.get(0))?;
        let seq = row.get(0)?;
        let head = document::read_head(&text).map_err(|source| StoreError::Record { seq, source })?;
        self.witness.head(head);
        let number = self.known;
        self.known += 1;
        self.heads.insert(id, number);
        Ok(number)
    }

    fn entry(&self, seq: i64) -> Result<Entry, StoreError> {
        match at(self.connection, seq)?.record().map_err(|source| StoreError::Record { seq, source })? {
            Record::Settlement(entry) | Record::Intent(entry) => Ok(*entry),
            Record::Correction(_) => unreachable!("the row says that it is a settlement"),
        }
    }

    fn correction(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let seq: i64 = row.get(0)?;
        let record = at(self.connection, seq)?.record();
        if let Record::Correction(correction) = record.map_err(|source| StoreError::Record { seq, source })? {
            let difference = correction.difference().unwrap_or_default();
            self.witness.correction(&correction.product, correction.deployment.as_deref(), difference);
        }
        Ok(())
    }
}

/// What only a document says.
#[derive(Default)]
struct Details {
    shares: Vec<UsageShare>,
    unsayable: Vec<Arc<str>>,
}

impl Details {
    fn of(entry: &Entry) -> Self {
        let paid = entry.attempts.iter().filter(|attempt| !attempt.usage.is_zero());
        let share = |attempt: &ledger::AttemptRecord| UsageShare {
            deployment: Arc::clone(&attempt.deployment),
            usage: attempt.usage,
            // As in the sums of the ledger: of an unpriced request no money counts anywhere.
            cost: entry.cost.and(attempt.cost),
        };
        let shares = if entry.is_split() { paid.map(share).collect() } else { Vec::new() };
        let unsayable = entry
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome.as_str() == UNSAYABLE)
            .map(|attempt| Arc::clone(&attempt.deployment))
            .collect();
        Self { shares, unsayable }
    }
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}

/// The number that a member of an object holds.
fn member(text: &[u8], name: &[u8]) -> Option<u64> {
    let start = memchr::memmem::find(text, name)? + name.len();
    let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number: Option<u64>, digit| {
        Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_members_number_is_found_and_nothing_that_only_looks_like_it() {
        let tail = br#","finish":"a \"max_tokens\":7","max_tokens":512,"estimated_input_tokens":12,"tags":["\"max_tokens\":9"]"#;
        assert_eq!(member(tail, b"\"max_tokens\":"), Some(512));
        assert_eq!(member(tail, b"\"estimated_input_tokens\":"), Some(12));
        assert_eq!(member(b",\"tags\":[\"\\\"max_tokens\\\":9\"]", b"\"max_tokens\":"), None);
        assert_eq!(member(b"\"max_tokens\":null", b"\"max_tokens\":"), None);
    }
}
