//! Blocks that have no extract: those of an older release, and one for each start of a server, which found it begun.
//!
//! The server makes them by and by, on the thread that posts, so that nobody else writes to the database and nobody
//! waits: a block at a time, with rests that are much longer.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{FORM, Writer, make};
use crate::error::StoreError;

/// A server that ends soon has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(1);
/// Each rest is so many times as long as the work before it: a twentieth of a core.
const REST: u32 = 19;
/// How many blocks are looked at in one step, where nothing is missing.
const LOOKED_AT: usize = 256;

/// Finds blocks without an extract and makes them.
#[derive(Debug)]
pub(crate) struct Backlog {
    block: i64,
    /// Every place before this one is covered.
    covered: i64,
    due: Instant,
    /// Something is wrong with a block; `verify` tells more. No other try until the next start.
    stopped: bool,
}

impl Backlog {
    /// Everything is to be looked at; an extract covers `block` places.
    pub(crate) fn new(block: i64) -> Self {
        Self { block, covered: 1, due: Instant::now() + FIRST_AFTER, stopped: false }
    }

    /// When the next step is due, as far as is known, with the journal's last place.
    pub(crate) fn due(&self, last_seq: i64) -> Option<Instant> {
        let any = !self.stopped && self.covered + self.block <= last_seq + 1;
        any.then_some(self.due)
    }

    /// Makes the next missing extract. Gives how many bytes were written.
    pub(crate) fn step(&mut self, connection: &Connection, last_seq: i64) -> usize {
        let began = Instant::now();
        let made = self.make(connection, last_seq).unwrap_or_else(|error| {
            self.stopped = true;
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "extracts of older records cannot be made; reports read those row by row");
            0
        });
        self.due = Instant::now() + began.elapsed() * REST;
        made
    }

    fn make(&mut self, connection: &Connection, last_seq: i64) -> Result<usize, StoreError> {
        let is_covered = "SELECT EXISTS (SELECT 1 FROM extract WHERE first_seq = ?1 AND form = ?2)";
        let mut is_covered = connection.prepare_cached(is_covered)?;
        for _ in 0..LOOKED_AT {
            let (first, end) = (self.covered, self.covered + self.block);
            if end > last_seq + 1 {
                return Ok(0);
            }
            let covered = is_covered.query_row([first, FORM], |row| row.get::<_, bool>(0))?;
            let made = if covered { 0 } else { put(connection, (first, end))? };
            self.covered = end;
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}

fn put(connection: &Connection, (first, end): (i64, i64)) -> Result<usize, StoreError> {
    let mut writer = Writer::default();
    make::make(connection, (first, end), &mut writer)?;
    let mut insert = connection.prepare_cached(super::INSERT)?;
    insert.execute(rusqlite::params![first, end, FORM, writer.bytes()])?;
    Ok(writer.bytes().len().max(1))
}
