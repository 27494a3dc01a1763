//! Posting: from the daybook to the journal, in large steps, on a thread of its own.
//!
//! It also makes the checkpoints that sync the database, after which the daybook may forget, and the extracts that are
//! missing. Nobody else writes records, so a checkpoint catches up with the log unless a reader holds on to an old moment,
//! and the log starts over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ledger::{RecordKind, RequestId};
use rusqlite::Connection;

use crate::acknowledge::Progress;
use crate::encode::{Batch, Tip};
use crate::error::StoreError;
use crate::extract::{self, Backlog};
use crate::insert::Inserter;
use crate::options::{Durability, Options};
use crate::schema;

/// A step begins when so many rows wait...
const ENOUGH: usize = 256;
/// ... or when the first of them has waited so long. A reader sees an entry at most about this late.
const LATE: Duration = Duration::from_millis(20);
/// The first and the longest rest between two tries.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long it tries to post the last rows at the end. What is left is posted at the next start.
const LAST_TRIES: Duration = Duration::from_secs(3);
/// How many rows are posted between two notes of where a recovery would start.
const NOTE_EVERY: i64 = 1024;

/// Between the writer and the posting thread.
#[derive(Debug, Default)]
pub(crate) struct Posting {
    state: Mutex<State>,
    changed: Condvar,
    /// Every row up to this place is in the synced database.
    synced_seq: AtomicI64,
}

#[derive(Debug, Default)]
struct State {
    /// What waits.
    batch: Batch,
    /// The room of what was posted before.
    spare: Batch,
    since: Option<Instant>,
    /// Somebody wants to read what was written just now.
    urgent: bool,
    closing: bool,
    given_seq: i64,
    posted_seq: i64,
}

/// What the posting thread is to do.
enum Taken {
    Batch(Batch),
    /// Nothing is to be posted yet.
    Nothing,
    /// Nothing will follow.
    End,
}

impl Posting {
    /// Takes over what `batch` holds, which is in the daybook, and leaves it its room.
    pub(crate) fn give(&self, batch: &mut Batch) {
        let mut state = self.lock();
        let before = state.batch.rows.len();
        state.given_seq = batch.rows.last().map_or(state.given_seq, |row| row.seq);
        state.batch.append(batch);
        state.since.get_or_insert_with(Instant::now);
        let rouse = before == 0 || (before < ENOUGH && state.batch.rows.len() >= ENOUGH);
        drop(state);
        if rouse {
            self.changed.notify_all();
        }
        batch.recycle();
    }

    /// Every row up to this place is in the synced database.
    pub(crate) fn synced_seq(&self) -> i64 {
        self.synced_seq.load(Ordering::Acquire)
    }

    /// Waits until all that was handed over can be read, or until it takes too long.
    pub(crate) fn catch_up(&self, patience: Duration) {
        let mut state = self.lock();
        let target = state.given_seq;
        let end = Instant::now() + patience;
        state.urgent = true;
        self.changed.notify_all();
        while state.posted_seq < target && Instant::now() < end {
            state = self.changed.wait_timeout(state, LATE).expect(UNPOISONED).0;
        }
    }

    /// Nothing will follow.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Takes what waits, when it is time; or finds that it is `until`, and there is other work.
    fn take(&self, until: Option<Instant>) -> Taken {
        let mut state = self.lock();
        loop {
            let waited = state.since.map(|since| since.elapsed());
            let rows = state.batch.rows.len();
            let due = state.urgent || rows >= ENOUGH || waited.is_some_and(|waited| waited >= LATE);
            if rows > 0 && (due || state.closing) {
                break;
            }
            if state.closing {
                return Taken::End;
            }
            state.urgent = false;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Taken::Nothing;
            }
            let rest = waited.map(|waited| LATE.saturating_sub(waited));
            state = match rest.into_iter().chain(left).min() {
                None => self.changed.wait(state).expect(UNPOISONED),
                Some(rest) => self.changed.wait_timeout(state, rest).expect(UNPOISONED).0,
            };
        }
        (state.since, state.urgent) = (None, false);
        let spare = std::mem::take(&mut state.spare);
        Taken::Batch(std::mem::replace(&mut state.batch, spare))
    }

    fn posted(&self, mut batch: Batch, seq: i64) {
        batch.recycle();
        let mut state = self.lock();
        state.posted_seq = seq;
        state.spare = batch;
        drop(state);
        self.changed.notify_all();
    }

    /// Waits, unless it ends before. Gives whether it ends.
    fn rest(&self, time: Duration) -> bool {
        let state = self.lock();
        let wait = |state: &mut State| !state.closing;
        self.changed.wait_timeout_while(state, time, wait).expect(UNPOISONED).0.closing
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// The posting thread: ends when everything is posted and nothing will follow. Gives whether the daybook may forget
/// everything.
pub(crate) fn run(options: &Options, posting: &Posting, progress: &Progress, connection: Connection) -> bool {
    let mut poster = Poster::new(options, posting, progress);
    let mut connection = Ok(connection);
    loop {
        let error = match connection {
            Ok(connection) => match poster.post_until_trouble(&connection) {
                Ok(is_synced) => return is_synced,
                Err(error) => error,
            },
            Err(error) => error,
        };
        if poster.give_up(&error) {
            return false;
        }
        connection = schema::open(&options.path, Durability::CrashSafe);
    }
}

struct Poster<'a> {
    options: &'a Options,
    posting: &'a Posting,
    progress: &'a Progress,
    /// Intents that are posted and not settled, with their places.
    open: HashMap<RequestId, i64>,
    noted_seq: i64,
    posted_seq: i64,
    backlog: Backlog,
    grown_bytes: usize,
    /// What could not be posted, and has to be tried again.
    unposted: Batch,
    rest: Duration,
    closing_since: Option<Instant>,
}

impl<'a> Poster<'a> {
    fn new(options: &'a Options, posting: &'a Posting, progress: &'a Progress) -> Self {
        Self {
            options,
            posting,
            progress,
            open: HashMap::new(),
            noted_seq: 0,
            posted_seq: 0,
            backlog: Backlog::new(extract::BLOCK),
            grown_bytes: 0,
            unposted: Batch::default(),
            rest: REST.0,
            closing_since: None,
        }
    }

    /// Gives at the end whether everything is synced.
    fn post_until_trouble(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        let mut inserter = Inserter::new(connection)?;
        self.posted_seq = Tip::read(connection)?.seq;
        loop {
            if self.unposted.rows.is_empty() {
                match self.posting.take(self.backlog.due(self.posted_seq)) {
                    Taken::Batch(batch) => self.unposted = batch,
                    Taken::Nothing => {
                        self.grown_bytes += self.backlog.step(connection, self.posted_seq);
                        self.checkpoint_when_grown(connection);
                        continue;
                    }
                    Taken::End => return Ok(self.checkpoint(connection)),
                }
            }
            inserter.insert(&self.unposted, self.note())?;
            self.progress.posting_fails(false);
            self.rest = REST.0;
            self.learn();
            self.checkpoint_when_grown(connection);
        }
    }

    /// Lets a failing database rest. `true` where it is time to give up: what is left is posted at the next start.
    fn give_up(&mut self, error: &StoreError) -> bool {
        if !self.progress.posting_fails(true) {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the ledger's database cannot be written; records wait in its daybook"
            );
        }
        if self.posting.rest(self.rest) {
            let since = *self.closing_since.get_or_insert_with(Instant::now);
            std::thread::sleep(REST.0);
            return since.elapsed() > LAST_TRIES;
        }
        self.rest = (self.rest * 2).min(REST.1);
        false
    }

    /// Where a recovery would have to start, when it is time to note that.
    fn note(&self) -> Option<i64> {
        let first = self.unposted.rows.first()?.seq;
        let due = first >= self.noted_seq + NOTE_EVERY;
        due.then(|| self.open.values().copied().min().unwrap_or(first))
    }

    /// Takes note of what has just been posted.
    fn learn(&mut self) {
        let batch = std::mem::take(&mut self.unposted);
        if let Some(first) = batch.rows.first().filter(|first| first.seq >= self.noted_seq + NOTE_EVERY) {
            self.noted_seq = first.seq;
        }
        for row in &batch.rows {
            match row.columns.kind {
                RecordKind::Intent => drop(self.open.insert(row.columns.id, row.seq)),
                RecordKind::Settlement => drop(self.open.remove(&row.columns.id)),
                RecordKind::Correction => {}
            }
            self.posted_seq = row.seq;
        }
        self.grown_bytes += batch.bytes.len();
        self.progress.sub_waiting(batch.rows.len());
        self.posting.posted(batch, self.posted_seq);
    }

    fn checkpoint_when_grown(&mut self, connection: &Connection) {
        if self.grown_bytes >= self.options.checkpoint_bytes {
            self.checkpoint(connection);
        }
    }

    /// Moves the log into the database and syncs it. Gives whether everything is there.
    fn checkpoint(&mut self, connection: &Connection) -> bool {
        match checkpoint(connection) {
            Ok(true) => {
                self.grown_bytes = 0;
                self.posting.synced_seq.store(self.posted_seq, Ordering::Release);
                return true;
            }
            // A reader holds on to an old moment: later.
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a checkpoint of the ledger failed");
            }
        }
        self.grown_bytes = self.options.checkpoint_bytes / 2;
        false
    }
}

/// Moves the log into the database and syncs both, as far as readers allow. Gives whether nothing is left.
pub(crate) fn checkpoint(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        Ok(row.get::<_, i64>(0)? == 0 && row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
    })
}

const UNPOISONED: &str = "nothing panics while it holds this lock";
