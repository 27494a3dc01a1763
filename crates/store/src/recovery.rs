//! Finishing what the last server could not: posting what its daybook holds, and settling what it left unsettled.
//!
//! Each step is one transaction, so a recovery that is itself cut off has either not happened or is complete. A record
//! is posted once because the journal's last place tells which are in it; a request is settled once because its
//! settlement is then there.

use std::collections::HashMap;
use std::path::Path;

use ledger::document::{self, DocumentError};
use ledger::{Record, RecordKind, RequestId};
use rusqlite::Connection;

use crate::daybook::{self, Leftover};
use crate::encode::{Batch, Encoder, Tip};
use crate::error::StoreError;
use crate::insert::Inserter;
use crate::read::{self, find};
use crate::row::{Columns, owner};

/// Posts what the daybook holds beyond the end of the journal. Gives whether the daybook held anything.
pub(crate) fn post_leftovers(connection: &Connection, ledger: &Path) -> Result<bool, StoreError> {
    let leftovers = daybook::leftovers(ledger)?;
    let end = Tip::read(connection)?.seq;
    let beyond = leftovers.partition_point(|leftover| leftover.seq <= end);
    let batch = match encode(connection, &leftovers[beyond..])? {
        Some(batch) => batch,
        None => encode_unknown(connection, &leftovers)?,
    };
    if !batch.rows.is_empty() {
        Inserter::new(connection)?.insert(&batch, None)?;
    }
    Ok(!leftovers.is_empty())
}

/// Gives leftovers their places; `None` if those are not the places that they had.
fn encode(connection: &Connection, leftovers: &[Leftover]) -> Result<Option<Batch>, StoreError> {
    let (mut encoder, mut batch) = (Encoder::new(connection)?, Batch::default());
    for leftover in leftovers {
        add(&mut encoder, &mut batch, leftover)?;
        if encoder.tip().chain != leftover.chain {
            return Ok(None);
        }
    }
    Ok(Some(batch))
}

/// After a power cut in `crash-safe` the journal may have lost its end while the daybook has not. Then what the journal
/// does not know gets new places, and only the request tells whether a record is there already.
fn encode_unknown(connection: &Connection, leftovers: &[Leftover]) -> Result<Batch, StoreError> {
    let (mut encoder, mut batch) = (Encoder::new(connection)?, Batch::default());
    for leftover in leftovers {
        if !is_known(connection, leftover)? {
            add(&mut encoder, &mut batch, leftover)?;
        }
    }
    Ok(batch)
}

fn is_known(connection: &Connection, leftover: &Leftover) -> Result<bool, StoreError> {
    if leftover.kind == RecordKind::Correction {
        let same = "SELECT EXISTS (SELECT 1 FROM journal WHERE record = 2 AND id = ?1 AND tail = ?2)";
        let of = rusqlite::params![leftover.id.as_bytes().as_slice(), leftover.tail];
        return Ok(connection.prepare_cached(same)?.query_row(of, |row| row.get(0))?);
    }
    let known = find::records_of(connection, leftover.id)?;
    Ok(known.iter().any(|(_, kind)| *kind == leftover.kind))
}

fn add(encoder: &mut Encoder, batch: &mut Batch, leftover: &Leftover) -> Result<(), StoreError> {
    let Leftover { seq, at_us, head, tail, .. } = leftover;
    let understood = |source: DocumentError| StoreError::Record { seq: *seq, source };
    let record = document::read(&format!("{head}{tail}")).map_err(understood)?;
    let parts = (head.as_bytes(), tail.as_bytes());
    encoder.add_parts(batch, *at_us, owner(&record), parts, Columns::of(&record));
    Ok(())
}

/// Settles each intent that has no settlement as interrupted, with the usage that was estimated when it was written.
/// Gives their number. Writes in any case, so that on a connection that syncs all before it is synced as well.
pub(crate) fn settle_interrupted(connection: &Connection, now_us: i64) -> Result<usize, StoreError> {
    let from_seq: i64 = connection.query_row("SELECT from_seq FROM recovery", [], |row| row.get(0))?;
    let open = open_intents(connection, from_seq)?;
    let (mut encoder, mut batch) = (Encoder::new(connection)?, Batch::default());
    for seq in &open {
        encoder.add(&mut batch, now_us, &interrupted(connection, *seq)?);
    }
    Inserter::new(connection)?.insert(&batch, Some(encoder.tip().seq + 1))?;
    Ok(open.len())
}

/// Whether the last server left anything to be settled or synced, as far as the database tells.
pub(crate) fn is_due(connection: &Connection) -> Result<bool, StoreError> {
    let from_seq: i64 = connection.query_row("SELECT from_seq FROM recovery", [], |row| row.get(0))?;
    Ok(Tip::read(connection)?.seq >= from_seq)
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
    let understood = |source: DocumentError| StoreError::Record { seq, source };
    match read::at(connection, seq)?.record().map_err(understood)? {
        Record::Intent(entry) => Ok(Record::Settlement(entry)),
        other => Ok(other),
    }
}
