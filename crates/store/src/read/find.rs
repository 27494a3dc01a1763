//! Finding places by time: the moments of booking never go back, so the journal is its own index.

use ledger::{RecordKind, RequestId};
use rusqlite::{Connection, OptionalExtension};

use super::Period;
use crate::error::StoreError;

/// The places of a period: from the first up to, and without, the second.
pub(super) fn range(connection: &Connection, period: Period) -> Result<(i64, i64), StoreError> {
    let (low, high) = extent(connection)?;
    let from = period.from_us.map_or(Ok(low), |moment| first_at(connection, moment, (low, high)))?;
    let to = period.to_us.map_or(Ok(high), |moment| first_at(connection, moment, (low, high)))?;
    Ok((from, to.max(from)))
}

/// The intent and the settlement of a request, as far as they exist.
///
/// Nothing about a request is booked before the moment that its id tells, and most is soon after. So the search begins
/// there and ends at the settlement; for a request that was never settled, at the end of the journal.
pub(crate) fn records_of(
    connection: &Connection,
    id: RequestId,
) -> Result<Vec<(i64, RecordKind)>, StoreError> {
    let extent = extent(connection)?;
    let arrived_us = i64::try_from(id.unix_ms()).unwrap_or(0).saturating_mul(1000);
    let first = first_at(connection, arrived_us, extent)?;
    let of = "SELECT seq, record FROM journal WHERE seq >= ?1 AND id = ?2 AND record < 2 ORDER BY seq";
    let mut select = connection.prepare_cached(of)?;
    let mut rows = select.query(rusqlite::params![first, id.as_bytes().as_slice()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = RecordKind::from_code(row.get(1)?).unwrap_or(RecordKind::Intent);
        found.push((row.get(0)?, kind));
        if kind == RecordKind::Settlement {
            break;
        }
    }
    Ok(found)
}

/// The first place and the one after the last.
fn extent(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let extent = "SELECT (SELECT seq FROM journal ORDER BY seq LIMIT 1), \
                  (SELECT seq FROM journal ORDER BY seq DESC LIMIT 1)";
    let ends: (Option<i64>, Option<i64>) =
        connection.query_row(extent, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match ends {
        (Some(first), Some(last)) => (first, last + 1),
        _ => (1, 1),
    })
}

/// The first place that was booked at that moment or later.
fn first_at(
    connection: &Connection,
    moment_us: i64,
    (mut low, mut high): (i64, i64),
) -> Result<i64, StoreError> {
    let mut select = connection.prepare_cached("SELECT at_us FROM journal WHERE seq = ?1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let at_us: Option<i64> = select.query_row([middle], |row| row.get(0)).optional()?;
        if at_us.is_some_and(|at_us| at_us < moment_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
