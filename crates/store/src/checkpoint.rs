//! Moving committed pages from the write-ahead log into the database, beside the writer.
//!
//! A checkpoint syncs, which can take as long as the disk likes; on its own thread that delays nobody. The log can
//! only start over when a checkpoint has caught up with the writer, which under steady load never happens by itself:
//! past [`LIMIT`] the writer is held between two commits for as long as the last, small part takes.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Row};

use crate::error::StoreError;
use crate::options::Options;
use crate::schema;

/// The log may grow to so many times what makes a checkpoint due; then the writer is held.
const LIMIT: usize = 4;
const PAGE_BYTES: usize = 4096;
/// How long to let a failing disk rest.
const REST: Duration = Duration::from_secs(5);

/// Between the writer and the checkpoints: one turn at a time while a checkpoint catches up.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    due_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    writing: bool,
    held: bool,
    closing: bool,
    grown_bytes: usize,
}

impl Gate {
    pub(crate) fn new(options: &Options) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), due_bytes: options.checkpoint_bytes }
    }

    /// The writer begins a commit, when it is not held.
    pub(crate) fn enter(&self) {
        let mut state = self.lock();
        while state.held {
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        state.writing = true;
    }

    /// The writer has committed, and the log has grown by about so much.
    pub(crate) fn leave(&self, grown_bytes: usize) {
        let mut state = self.lock();
        state.writing = false;
        let due = state.grown_bytes >= self.due_bytes;
        state.grown_bytes += grown_bytes;
        if state.held || (!due && state.grown_bytes >= self.due_bytes) {
            drop(state);
            self.changed.notify_all();
        }
    }

    /// The writer has ended.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Waits until a checkpoint is due; `false` at the end.
    fn wait_due(&self) -> bool {
        let mut state = self.lock();
        while state.grown_bytes < self.due_bytes && !state.closing {
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        state.grown_bytes = 0;
        !state.closing
    }

    /// Waits, unless it ends before.
    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while !state.closing {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, rest).expect(UNPOISONED).0;
        }
    }

    fn hold<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut state = self.lock();
        state.held = true;
        while state.writing {
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        drop(state);
        let result = work();
        self.lock().held = false;
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// The checkpoints' thread: ends with the writer.
pub(crate) fn run(options: &Options, gate: &Gate, mut connection: Connection) {
    while gate.wait_due() {
        let Err(error) = catch_up(&connection, gate) else { continue };
        tracing::warn!(error = &error as &dyn std::error::Error, "a checkpoint of the ledger failed");
        gate.rest(REST);
        match schema::open(&options.path, options.durability) {
            Ok(fresh) => connection = fresh,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the ledger cannot be opened");
            }
        }
    }
}

fn catch_up(connection: &Connection, gate: &Gate) -> Result<(), StoreError> {
    let (logged, moved) = checkpoint(connection)?;
    if moved < logged && logged * PAGE_BYTES >= gate.due_bytes * LIMIT {
        gate.hold(|| checkpoint(connection))?;
    }
    Ok(())
}

/// Pages in the log, and how many of them are in the database now. Never blocks the writer or a reader.
fn checkpoint(connection: &Connection) -> Result<(usize, usize), rusqlite::Error> {
    let pages = |row: &Row<'_>, column| row.get(column).map(|pages: i64| usize::try_from(pages).unwrap_or(0));
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((pages(row, 1)?, pages(row, 2)?)))
}

const UNPOISONED: &str = "nothing panics while it holds this lock";
