//! Making extracts of rows that are in the journal.
//!
//! Two sizes that have no column lie in the document's tail as plain members, and are found there by their names: within
//! a JSON text a quotation mark is always escaped, so that no text of a client can look like a member.

use catalogue::{Bucket, Money, Usage};
use ledger::RecordKind;
use rusqlite::{Connection, Row};

use super::{Item, Settled, Writer};
use crate::error::StoreError;
use crate::read;
use crate::row::{Columns, UNSAYABLE};
use crate::schema::BUCKETS;

/// Writes the extract of the places from `first` up to, and without, `end`.
pub(super) fn make(
    connection: &Connection,
    (first, end): (i64, i64),
    writer: &mut Writer,
) -> Result<(), StoreError> {
    writer.clear();
    let mut select = connection.prepare_cached(&format!(
        "SELECT seq, record, head, arrived_us, deployment, outcome, usage_source, cost_nanos, split, tail, {BUCKETS} \
         FROM journal WHERE seq >= ?1 AND seq < ?2 AND record > 0 ORDER BY seq"
    ))?;
    let mut rows = select.query([first, end])?;
    while let Some(row) = rows.next()? {
        add(connection, row, writer)?;
    }
    Ok(())
}

fn add(connection: &Connection, row: &Row<'_>, writer: &mut Writer) -> Result<(), StoreError> {
    let (seq, head) = (row.get(0)?, row.get(2)?);
    let tail = row.get_ref(9)?.as_bytes().map_err(rusqlite::Error::from)?;
    let settlement = row.get::<_, i64>(1)? == i64::from(RecordKind::Settlement.code());
    if !settlement || row.get::<_, bool>(8)? || holds(tail, UNSAYABLE.as_bytes()) {
        // Only its document says all of it.
        let record = read::at(connection, seq)?.record();
        let columns = Columns::of(&record.map_err(|source| StoreError::Record { seq, source })?);
        columns.item(head).iter().for_each(|item| writer.add(item));
        return Ok(());
    }
    let mut usage = Usage::default();
    for (column, bucket) in (10..).zip(Bucket::ALL) {
        *usage.get_mut(bucket) = u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0);
    }
    writer.add(&Item::Settled(Settled {
        head,
        arrived_us: row.get(3)?,
        outcome: row.get(5)?,
        usage_source: row.get(6)?,
        deployment: row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)?,
        usage,
        cost: row.get::<_, Option<i64>>(7)?.map(Money::from_nanos),
        estimated_input_tokens: member(tail, b"\"estimated_input_tokens\":").unwrap_or(0),
        max_tokens: member(tail, b"\"max_tokens\":"),
        shares: &[],
        unsayable: &[],
    }));
    Ok(())
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
