//! How long answers take, by who gives them.

use std::sync::Arc;

use ledger::{Outcome, RecordKind};
use rusqlite::Connection;

use super::Extent;
use crate::error::StoreError;

/// How long a deployment's answers took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Whose.
    pub deployment: Arc<str>,
    /// How many answers were looked at.
    pub answers: u64,
    /// All their durations together in microseconds, from arrival to the last byte.
    pub total_us: u64,
}

/// The pace of everybody among the last `records` records of an extent.
pub(super) fn paces_of(
    connection: &Connection,
    extent: &Extent,
    records: u32,
) -> Result<Vec<Pace>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT deployment, COUNT(*), SUM(total_us) FROM journal \
         WHERE seq BETWEEN ?1 AND ?2 AND record = ?3 AND outcome = ?4 AND deployment IS NOT NULL \
         GROUP BY deployment ORDER BY deployment",
    )?;
    let answered = i64::from(Outcome::Answered.code());
    let first = extent.first_seq.max(extent.last_seq.saturating_add(1).saturating_sub(records.into()));
    let settlement = i64::from(RecordKind::Settlement.code());
    let rows = select.query_map((first, extent.last_seq, settlement, answered), |row| {
        Ok(Pace {
            deployment: row.get::<_, String>(0)?.into(),
            answers: row.get::<_, i64>(1)?.unsigned_abs(),
            total_us: row.get::<_, i64>(2)?.unsigned_abs(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
