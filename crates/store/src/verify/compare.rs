//! Whether a row's columns say what its document says.

use catalogue::{Bucket, Money};
use ledger::Record;
use rusqlite::Row;

use crate::row::{Columns, capped, owner};

/// Compares the columns of `verify`'s reading, from the sixth on.
pub(super) fn agree(row: &Row<'_>, record: &Record) -> Result<bool, rusqlite::Error> {
    let (columns, (product, route)) = (Columns::of(record), owner(record));
    let integer = |column: usize| row.get::<_, Option<i64>>(column);
    let text = |column: usize| row.get::<_, Option<String>>(column);
    let said = [
        Some(i64::from(columns.kind.code())),
        Some(columns.arrived_us),
        columns.outcome.map(i64::from),
        columns.usage_source.map(i64::from),
        columns.cost.map(Money::nanos),
        Some(i64::from(columns.split)),
        columns.ttft_us.map(capped),
        Some(capped(columns.total_us)),
    ];
    let stored = [5, 7, 11, 12, 13, 14, 15, 16].map(integer);
    let mut agree = stored
        .into_iter()
        .zip(said)
        .try_fold(true, |agree, (stored, said)| Ok::<_, rusqlite::Error>(agree && stored? == said))?;
    agree &= row.get::<_, [u8; 16]>(6)? == *columns.id.as_bytes();
    agree &= text(8)?.as_deref() == Some(product) && text(9)?.as_deref() == Some(route);
    agree &= text(10)?.as_deref() == columns.deployment.as_deref();
    for (column, bucket) in (17..).zip(Bucket::ALL) {
        agree &= integer(column)? == Some(capped(columns.usage.get(bucket)));
    }
    Ok(agree)
}
