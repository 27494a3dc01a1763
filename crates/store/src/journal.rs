//! The ledger as the gateway sees it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use ledger::{Correction, Entry, Health, Intent, Journal, Kept, Settled};

use crate::acknowledge::{Progress, Waiting};
use crate::checkpoint::{self, Gate};
use crate::error::StoreError;
use crate::lock::Lock;
use crate::options::Options;
use crate::queue::Handed;
use crate::{recovery, schema, writer};

/// A ledger that is being written: the only server of its file. Shared by all threads.
///
/// Closed when dropped; [`Sqlite::close`] also tells whether everything could be written.
pub struct Sqlite {
    path: PathBuf,
    progress: Arc<Progress>,
    recovered: usize,
    salt: u64,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<usize>,
    checkpointer: JoinHandle<()>,
    gate: Arc<Gate>,
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
        let mut connection = schema::open_or_make(&options.path, options.durability)?;
        let recovered = recovery::recover(&mut connection)?;
        if recovered > 0 {
            tracing::warn!(
                requests = recovered,
                "requests of the last run were interrupted; they are settled now"
            );
        }
        let salt = schema::salt(&connection)?;
        let progress = Arc::new(Progress::new(options.buffer));
        let gate = Arc::new(Gate::new(options));
        let saver = schema::open(&options.path, options.durability)?;
        let writer = {
            let (options, progress, gate) = (options.clone(), Arc::clone(&progress), Arc::clone(&gate));
            spawn("ledger", move || writer::run(&options, &progress, &gate, connection))?
        };
        let checkpointer = {
            let (options, gate) = (options.clone(), Arc::clone(&gate));
            spawn("checkpoint", move || checkpoint::run(&options, &gate, saver))?
        };
        let threads = Threads { writer, checkpointer, gate, _lock: lock };
        Ok(Self { path: options.path.clone(), progress, recovered, salt, threads: Mutex::new(Some(threads)) })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
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
        threads.gate.close();
        threads.checkpointer.join().expect("checkpoints do not panic");
        self.progress.close();
        if unwritten > 0 { Err(Unwritten { records: unwritten }) } else { Ok(()) }
    }

    fn hand(&self, record: Handed) -> Settled {
        match self.progress.hand(record) {
            Some(number) => Settled::later(Waiting { progress: Arc::clone(&self.progress), number }),
            None => Settled::now(Kept::Buffered),
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
        self.progress.hand(Handed::Intent(intent));
    }

    fn settle(&self, entry: Box<Entry>) -> Settled {
        self.hand(Handed::Settlement(entry))
    }

    fn correct(&self, correction: Correction) -> Settled {
        self.hand(Handed::Correction(Box::new(correction)))
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

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, StoreError> {
    Ok(thread::Builder::new().name(name.to_owned()).stack_size(512 * 1024).spawn(work)?)
}

const UNPOISONED: &str = "nothing panics while it holds this lock";
