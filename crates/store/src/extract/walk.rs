//! Going through the records of a period, by extracts where there are some, else by rows.

use rusqlite::{Connection, OptionalExtension, Statement};

use super::{BLOCK, FORM, Item, Items, Writer, make};
use crate::error::StoreError;

/// Takes items; what it fails with ends the walk.
type Take<'t> = &'t mut dyn FnMut(&Item<'_>) -> Result<(), StoreError>;

/// Hands over the settlements and corrections of the places from `first` up to, and without, `end`, in their order. Each
/// step has a snapshot of its own: records are only added, so the steps fit together.
pub(crate) fn walk(
    connection: &Connection,
    (first, end): (i64, i64),
    take: Take<'_>,
) -> Result<(), StoreError> {
    let mut stored = Stored::new(connection)?;
    let mut writer = Writer::default();
    let mut next = first;
    while next < end {
        if let Some(behind) = stored.hand_over(next, end, take)? {
            next = behind;
            continue;
        }
        let until = stored.next_first(next, end)?.min(next + BLOCK);
        make::make(connection, (next, until), &mut writer)?;
        hand_over(writer.bytes(), next, take)?;
        next = until;
    }
    Ok(())
}

fn hand_over(bytes: &[u8], first_seq: i64, take: Take<'_>) -> Result<(), StoreError> {
    let mut items = Items::new(bytes);
    while let Some(item) = items.next().map_err(|_| StoreError::Extract { first_seq })? {
        take(&item)?;
    }
    Ok(())
}

/// The extracts that are there: those of another form are not.
struct Stored<'c> {
    /// `None` in a ledger that only an older release has written.
    statements: Option<(Statement<'c>, Statement<'c>)>,
}

impl<'c> Stored<'c> {
    fn new(connection: &'c Connection) -> Result<Self, StoreError> {
        if !connection.table_exists(None, "extract")? {
            return Ok(Self { statements: None });
        }
        let whole = format!(
            "SELECT end_seq, bytes FROM extract WHERE first_seq = ?1 AND end_seq > ?1 AND end_seq <= ?2 AND form = {FORM}"
        );
        let first = format!(
            "SELECT first_seq FROM extract WHERE first_seq > ?1 AND end_seq <= ?2 AND form = {FORM} \
             ORDER BY first_seq LIMIT 1"
        );
        Ok(Self { statements: Some((connection.prepare(&whole)?, connection.prepare(&first)?)) })
    }

    /// Hands over the extract that begins at a place, if there is one that ends within. Gives the place behind it.
    fn hand_over(&mut self, first_seq: i64, end: i64, take: Take<'_>) -> Result<Option<i64>, StoreError> {
        let Some((whole, _)) = &mut self.statements else { return Ok(None) };
        let mut rows = whole.query([first_seq, end])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        hand_over(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?, first_seq, take)?;
        Ok(Some(row.get(0)?))
    }

    /// Where the next extract begins; `end` where there is none.
    fn next_first(&mut self, seq: i64, end: i64) -> Result<i64, StoreError> {
        let Some((_, first)) = &mut self.statements else { return Ok(end) };
        Ok(first.query_row([seq, end], |row| row.get(0)).optional()?.unwrap_or(end))
    }
}
