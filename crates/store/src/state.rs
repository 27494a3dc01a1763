//! Kept responses: what products said and were answered, so that a next turn can build on it whoever serves it.
//!
//! **For**: products that asked for it. It lies in a file of its own beside the ledger, `<ledger>.state`, since it is what
//! the ledger never holds: words of persons.
//!
//! **Promises**:
//! - Words are encrypted (AES-256-GCM) and bound to their product, their id and their place, so that no row can stand in
//!   for another. Names, times and ids are in clear.
//! - What was kept is there after `kill -9` (`crash-safe`) or a power cut (`power-safe`).
//! - Only the product that kept it finds it. What is deleted or has expired is gone from the file: overwritten, not
//!   only unlinked.
//!
//! **Never**: makes a new key where there is state under another.

mod cipher;
mod key;
mod shelf;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

pub use self::key::{NoStateKey, StateKey};
use self::shelf::Shelf;
use self::worker::Job;
use crate::options::Durability;

/// Where kept responses lie, and under which key.
#[derive(Debug, Clone)]
pub struct StateOptions {
    /// The file. Beside it lie `-wal` and `-shm`, which belong to it.
    pub path: PathBuf,
    /// The key; `None`: the one in `<path>.key`, which is made with the file.
    pub key: Option<StateKey>,
    /// What a kept turn survives.
    pub durability: Durability,
}

impl StateOptions {
    /// The usual place for what is kept beside the ledger at `ledger`: its name with `.state` behind it.
    pub fn beside(ledger: &Path, key: Option<StateKey>, durability: Durability) -> Self {
        let mut path = ledger.as_os_str().to_owned();
        path.push(".state");
        Self { path: path.into(), key, durability }
    }

    /// Where the key lies that is made here.
    pub fn key_file(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".key");
        path.into()
    }
}

/// A turn to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTurn {
    /// Whose it is: nobody else finds it.
    pub product: Arc<str>,
    /// The id of its response.
    pub id: String,
    /// The id of the turn that it builds on.
    pub previous: Option<String>,
    /// The account that served it: what is opaque in it is for that one.
    pub owner: Arc<str>,
    /// How long it is kept. Those that it builds on are kept as long.
    pub keep_for: Duration,
    /// The ids of the items of its answer.
    pub items: Vec<String>,
    /// What it added to the conversation.
    pub input: Vec<u8>,
    /// What was answered.
    pub response: Vec<u8>,
}

impl fmt::Debug for NewTurn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewTurn")
            .field("product", &self.product)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A turn that was kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptTurn {
    /// See [`NewTurn::id`].
    pub id: String,
    /// See [`NewTurn::owner`].
    pub owner: Arc<str>,
    /// See [`NewTurn::input`].
    pub input: Vec<u8>,
    /// See [`NewTurn::response`].
    pub response: Vec<u8>,
}

impl fmt::Debug for KeptTurn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeptTurn").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why kept state cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It was written under another key: give that one back.
    #[error("{path} was written under another key than {}", .key_file.as_ref().map_or_else(|| "the configured one".to_owned(), |file| format!("that in {}", file.display())))]
    WrongKey {
        /// The file.
        path: PathBuf,
        /// Where the key came from; `None`: from the configuration.
        key_file: Option<PathBuf>,
    },
    /// There is state, and the key that was made with it is gone.
    #[error("{path} is there, but its key {key_file} is not")]
    KeyGone {
        /// The file.
        path: PathBuf,
        /// Where its key should lie.
        key_file: PathBuf,
    },
    /// What should be a key is none.
    #[error("{key_file}: {source}")]
    BadKey {
        /// Where it lies.
        key_file: PathBuf,
        /// What is wrong with it.
        source: NoStateKey,
    },
    /// Some other file: check the path.
    #[error("{path} holds no kept responses of this program")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later release: use that one.
    #[error("the kept responses have format {found}; this release knows formats up to {known}")]
    Later {
        /// Its format.
        found: i64,
        /// The latest known.
        known: i64,
    },
    /// A row is damaged, or was moved.
    #[error("the kept response {id} cannot be decrypted")]
    Damaged {
        /// Which.
        id: String,
    },
    /// The supplier has given this id to another response that is kept: neither can be asked for.
    #[error("there is another response {id}")]
    Taken {
        /// Which.
        id: String,
    },
    /// A file cannot be reached.
    #[error("{path} cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database says no.
    #[error("the database of kept responses failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It could not be written; the log says why.
    #[error("kept responses could not be written")]
    Unwritten,
    /// It has been closed.
    #[error("kept responses are closed")]
    Closed,
}

/// Why a conversation cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoTurn {
    /// Never kept, deleted, expired, or another product's.
    #[error("there is no response {id}")]
    Missing {
        /// The one that is missing.
        id: String,
    },
    /// It is longer than it may be.
    #[error("the conversation is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// It cannot be read.
    #[error(transparent)]
    Failed(#[from] StateError),
}

/// Kept responses, open. Shared by all threads; closed when dropped.
///
/// Nothing here blocks: one thread of its own writes, another reads, and callers await them.
pub struct State {
    path: PathBuf,
    writes: Mutex<Option<Sender<Job>>>,
    reads: Mutex<Option<Sender<Read>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A question to the thread that reads.
type Read = Box<dyn FnOnce(&Shelf) + Send>;

impl State {
    /// Opens it, makes it if there is none.
    ///
    /// # Errors
    /// [`StateError`]: above all, the key is another than it was written under.
    pub fn open(options: &StateOptions) -> Result<Self, StateError> {
        let cipher = Arc::new(key::find(options)?);
        let writer = Shelf::open_or_make(options, Arc::clone(&cipher))?;
        let reader = Shelf::open(options, cipher)?;
        let (writes, jobs) = mpsc::channel();
        let (reads, questions) = mpsc::channel::<Read>();
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let builder = thread::Builder::new().name(name.to_owned()).stack_size(512 * 1024);
            builder.spawn(work).map_err(|source| StateError::Io { path: options.path.clone(), source })
        };
        let threads = vec![
            spawn("state", Box::new(move || worker::run(writer, &jobs)))?,
            spawn(
                "state-reader",
                Box::new(move || {
                    for ask in questions {
                        ask(&reader);
                    }
                }),
            )?,
        ];
        Ok(Self {
            path: options.path.clone(),
            writes: Mutex::new(Some(writes)),
            reads: Mutex::new(Some(reads)),
            threads: Mutex::new(threads),
        })
    }

    /// Keeps a turn. When this returns it is as durable as was asked for; it is kept also where nobody waits for that.
    ///
    /// # Errors
    /// It could not be written; or [`StateError::Taken`], as where a supplier numbers its responses and begins again.
    pub async fn keep(&self, turn: NewTurn) -> Result<(), StateError> {
        self.write(|done| Job::Keep(Box::new(turn), done)).await
    }

    /// Deletes a response. Whether there was one.
    ///
    /// # Errors
    /// It could not be deleted.
    pub async fn delete(&self, product: &str, id: &str) -> Result<bool, StateError> {
        let (product, id) = (product.to_owned(), id.to_owned());
        self.write(|done| Job::Delete { product, id, done }).await
    }

    /// How many bytes a response has with all turns before it, and with the turns that answered with `items`, each of these
    /// once. A response that is missing weighs nothing.
    ///
    /// # Errors
    /// An item is missing, the first of them; or it cannot be read.
    pub async fn weight(&self, product: &str, id: Option<&str>, items: &[String]) -> Result<usize, NoTurn> {
        let (product, id, items) = (product.to_owned(), id.map(str::to_owned), items.to_owned());
        self.read(move |shelf| shelf.weight(&product, id.as_deref(), &items)).await
    }

    /// A response with all turns before it, the oldest first.
    ///
    /// # Errors
    /// One of them is missing, or they are longer than `most_bytes` together.
    pub async fn conversation(
        &self,
        product: &str,
        id: &str,
        most_bytes: usize,
    ) -> Result<Vec<KeptTurn>, NoTurn> {
        let (product, id) = (product.to_owned(), id.to_owned());
        self.read(move |shelf| shelf.conversation(&product, &id, most_bytes)).await
    }

    /// One turn alone.
    ///
    /// # Errors
    /// It is missing.
    pub async fn turn(&self, product: &str, id: &str) -> Result<KeptTurn, NoTurn> {
        let (product, id) = (product.to_owned(), id.to_owned());
        self.read(move |shelf| shelf.turn(&product, &id)).await
    }

    /// The turns that answered with these items, each once.
    ///
    /// # Errors
    /// One is missing, or they are longer than `most_bytes` together.
    pub async fn turns_with(
        &self,
        product: &str,
        items: &[String],
        most_bytes: usize,
    ) -> Result<Vec<KeptTurn>, NoTurn> {
        let (product, items) = (product.to_owned(), items.to_owned());
        self.read(move |shelf| shelf.turns_with(&product, &items, most_bytes)).await
    }

    /// Ends its threads, once they have done what they were given. Later calls find it closed.
    pub fn close(&self) {
        self.writes.lock().expect(UNPOISONED).take();
        self.reads.lock().expect(UNPOISONED).take();
        for thread in self.threads.lock().expect(UNPOISONED).drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the kept responses panicked");
            }
        }
    }

    async fn write<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StateError>>) -> Job,
    ) -> Result<T, StateError> {
        let (done, result) = oneshot::channel();
        let sender = self.writes.lock().expect(UNPOISONED).clone();
        sender.and_then(|writes| writes.send(job(done)).ok()).ok_or(StateError::Closed)?;
        result.await.map_err(|_| StateError::Closed)?
    }

    async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Shelf) -> Result<T, NoTurn> + Send + 'static,
    ) -> Result<T, NoTurn> {
        let (done, result) = oneshot::channel();
        let question: Read = Box::new(move |shelf| {
            // Whoever asked may be gone.
            let _ = done.send(ask(shelf));
        });
        let sender = self.reads.lock().expect(UNPOISONED).clone();
        sender.and_then(|reads| reads.send(question).ok()).ok_or(StateError::Closed)?;
        result.await.map_err(|_| StateError::Closed)?
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").field("path", &self.path).finish_non_exhaustive()
    }
}

const UNPOISONED: &str = "nothing panics while it holds this lock";
