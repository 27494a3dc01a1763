//! Settling what the last server left unsettled.
//!
//! Everything happens in one transaction with the note that it is done, so a recovery that is itself cut off has either
//! not happened or is complete: no request is settled twice.

use std::collections::HashMap;

use ledger::document::DocumentError;
use ledger::{Record, RecordKind, RequestId};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::writer::Appender;

/// Settles each intent that has no settlement as interrupted, with the usage that was estimated when it was written.
/// Gives their number.
pub(crate) fn recover(connection: &mut Connection) -> Result<usize, StoreError> {
    let from_seq: i64 = connection.query_row("SELECT from_seq FROM recovery", [], |row| row.get(0))?;
    let open = open_intents(connection, from_seq)?;
    let records =
        open.iter().map(|seq| interrupted(connection, *seq)).collect::<Result<Vec<_>, StoreError>>()?;
    let mut appender = Appender::new(connection)?;
    let next = appender.tip().seq + 1;
    if !records.is_empty() || next > from_seq {
        let after = next + i64::try_from(records.len()).unwrap_or(0);
        appender.append(&records, Some(after))?;
    }
    Ok(records.len())
}

/// The places of intents without a settlement, from a place on, in order. An intent is always handed over, and so
/// written, before its settlement.
fn open_intents(connection: &Connection, from_seq: i64) -> Result<Vec<i64>, rusqlite::Error> {
    let mut intents = HashMap::<RequestId, i64>::new();
    let mut select =
        connection.prepare("SELECT seq, record, id FROM journal WHERE seq >= ?1 AND record < 2")?;
    let mut rows = select.query([from_seq])?;
    while let Some(row) = rows.next()? {
        let id = RequestId::from_bytes(row.get(2)?);
        if row.get::<_, i64>(1)? == i64::from(RecordKind::Intent.code()) {
            intents.insert(id, row.get(0)?);
        } else {
            intents.remove(&id);
        }
    }
    let mut open: Vec<_> = intents.into_values().collect();
    open.sort_unstable();
    Ok(open)
}

fn interrupted(connection: &Connection, seq: i64) -> Result<Record, StoreError> {
    let whole = "SELECT text || tail FROM journal JOIN head ON head.id = journal.head WHERE seq = ?1";
    let text: String = connection.query_row(whole, [seq], |row| row.get(0))?;
    let understood = |source: DocumentError| StoreError::Record { seq, source };
    match ledger::document::read(&text).map_err(understood)? {
        Record::Intent(entry) => Ok(Record::Settlement(entry)),
        other => Ok(other),
    }
}
