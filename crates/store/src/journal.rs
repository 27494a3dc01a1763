//! The ledger as the gateway sees it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ledger::{Correction, Entry, Health, Intent, Journal, Kept, Record, Settled};
use rusqlite::Connection;

use crate::acknowledge::{Progress, Waiting};
use crate::daybook::Daybook;
use crate::encode::Encoder;
use crate::error::StoreError;
use crate::lock::Lock;
use crate::options::{Durability, Options};
use crate::posting::{self, Posting};
use crate::writer::{self, Writer};
use crate::{clock, recovery, schema};

/// A ledger that is being written: the only server of its file. Shared by all threads.
///
/// Closed when dropped; [`Sqlite::close`] also tells whether everything could be written.
pub struct Sqlite {
    path: PathBuf,
    progress: Arc<Progress>,
    posting: Arc<Posting>,
    writer: Arc<Mutex<Writer>>,
    recovered: usize,
    salt: u64,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<usize>,
    poster: JoinHandle<bool>,
    /// Given back last: until then nobody else may write.
    _lock: Lock,
}

impl Sqlite {
    /// Opens the ledger, makes it if there is none, and settles what the last server left unsettled.
    ///
    /// # Errors
    /// Another server has it ([`StoreError::InUse`]), it is no ledger, or it cannot be written.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let lock = Lock::take(&options.path)?;
        let connection = schema::open_or_make(&options.path, options.durability)?;
        let recovered = recover(&connection, options)?;
        let (encoder, salt) = (Encoder::new(&connection)?, schema::salt(&connection)?);
        let daybook = Daybook::open(options)?;
        let (progress, posting) = (Arc::new(Progress::new(options.buffer)), Arc::<Posting>::default());
        let writer = Writer::new(daybook, encoder, Arc::clone(&progress), Arc::clone(&posting));
        let writer = Arc::new(Mutex::new(writer));
        if options.durability == Durability::CrashSafe {
            // A sync would keep a thread from its other work.
            progress.let_write(&writer);
        }
        let thread = {
            let (writer, progress) = (Arc::clone(&writer), Arc::clone(&progress));
            spawn("ledger", move || writer::run(&writer, &progress))?
        };
        let poster = {
            let (options, progress, posting) = (options.clone(), Arc::clone(&progress), Arc::clone(&posting));
            spawn("posting", move || posting::run(&options, &posting, &progress, connection))?
        };
        let threads = Mutex::new(Some(Threads { writer: thread, poster, _lock: lock }));
        let path = options.path.clone();
        Ok(Self { path, progress, posting, writer, recovered, salt, threads })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many records are handed over and not yet in the database: 0 where all is well and nothing happens.
    pub fn waiting(&self) -> usize {
        self.progress.waiting()
    }

    /// Waits until everything that was acknowledged can be read, or until it takes too long. Without this a reader that is
    /// open already sees it a few hundredths of a second late. Blocks the thread.
    pub fn catch_up(&self, patience: Duration) {
        self.posting.catch_up(patience);
    }

    /// How many requests of an earlier run were settled as interrupted when it was opened.
    pub const fn recovered(&self) -> usize {
        self.recovered
    }

    /// To be mixed into hashes of prompts and sessions, so that they tell nothing outside this ledger.
    pub const fn salt(&self) -> u64 {
        self.salt
    }

    /// Writes everything that was handed over and ends. Later calls do nothing.
    ///
    /// # Errors
    /// The disk kept failing: so many records could not be written and are lost.
    pub fn close(&self) -> Result<(), Unwritten> {
        let Some(threads) = self.threads.lock().expect(UNPOISONED).take() else { return Ok(()) };
        self.progress.queue.close();
        let unwritten = threads.writer.join().expect("the writer does not panic");
        self.posting.close();
        let is_synced = threads.poster.join().expect("posting does not panic");
        self.progress.close();
        let writer = self.writer.lock().expect(UNPOISONED);
        if is_synced && let Err(error) = writer.clear_daybook() {
            // It will be found that everything in it is posted already.
            tracing::warn!(error = &error as &dyn std::error::Error, "the daybook could not be cleared");
        }
        if unwritten > 0 { Err(Unwritten { records: unwritten }) } else { Ok(()) }
    }

    /// Hands a record over and sees to it that it is written.
    fn hand(&self, record: Record) -> Settled {
        let Some(number) = self.progress.hand(record) else { return Settled::now(Kept::Buffered) };
        self.progress.see_to_it();
        match self.progress.kept(number) {
            Some(kept) => Settled::now(kept),
            None => Settled::later(Waiting { progress: Arc::clone(&self.progress), number }),
        }
    }
}

/// Records that are lost because the disk failed until the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{records} records could not be written to the ledger and are lost")]
pub struct Unwritten {
    /// How many.
    pub records: usize,
}

impl Journal for Sqlite {
    fn intent(&self, intent: Intent) {
        if self.progress.hand(Record::Intent(Box::new(intent.interrupted()))).is_some() {
            self.progress.see_to_it();
        }
    }

    fn settle(&self, entry: Box<Entry>) -> Settled {
        self.hand(Record::Settlement(entry))
    }

    fn correct(&self, correction: Correction) -> Settled {
        self.hand(Record::Correction(Box::new(correction)))
    }

    fn health(&self) -> Health {
        self.progress.health()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if let Err(unwritten) = self.close() {
            tracing::error!(
                records = unwritten.records,
                "records could not be written to the ledger and are lost"
            );
        }
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

/// Finishes what the last server could not. Gives how many requests it had to settle.
fn recover(connection: &Connection, options: &Options) -> Result<usize, StoreError> {
    // What is posted now must be on the disk before the daybook is begun anew; later the daybook is what counts.
    schema::sync_commits(connection, Durability::PowerSafe)?;
    let is_due = recovery::post_leftovers(connection, &options.path)? || recovery::is_due(connection)?;
    let recovered = if is_due { recovery::settle_interrupted(connection, clock::now_us())? } else { 0 };
    schema::sync_commits(connection, Durability::CrashSafe)?;
    if recovered > 0 {
        tracing::warn!(
            requests = recovered,
            "requests of the last run were interrupted; they are settled now"
        );
    }
    Ok(recovered)
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, StoreError> {
    Ok(thread::Builder::new().name(name.to_owned()).stack_size(512 * 1024).spawn(work)?)
}

const UNPOISONED: &str = "nothing panics while it holds this lock";
