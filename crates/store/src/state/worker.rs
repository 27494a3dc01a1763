//! The one that writes: whatever waits goes into one commit.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot::Sender;

use super::shelf::Shelf;
use super::{NewTurn, StateError};

/// How often what has expired is deleted. Readers pass it over from the moment on that it expires.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// How soon it is tried again to get off the disk what was deleted, where a reader was in the way.
const WIPE_AGAIN: Duration = Duration::from_millis(500);

/// The most that is done in one commit.
const MOST_JOBS: usize = 256;

/// What is to be done.
pub(super) enum Job {
    Keep(Box<NewTurn>, Sender<Result<(), StateError>>),
    Delete { product: String, id: String, done: Sender<Result<bool, StateError>> },
}

/// Who is told when it is done.
enum Told {
    /// The id that was taken already, if it was.
    Kept(Option<String>, Sender<Result<(), StateError>>),
    Deleted(bool, Sender<Result<bool, StateError>>),
}

/// Works until nobody can ask for more.
pub(super) fn run(mut shelf: Shelf, jobs: &Receiver<Job>) {
    let mut sweep_at = Instant::now();
    let mut is_dirty = false;
    loop {
        match jobs.recv_timeout(sweep_at.saturating_duration_since(Instant::now())) {
            Ok(first) => {
                is_dirty |= work(&mut shelf, first, jobs);
                if is_dirty {
                    sweep_at = sweep_at.min(Instant::now() + WIPE_AGAIN);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                is_dirty |= report(shelf.commit(Shelf::sweep)).is_some_and(|swept| swept > 0);
                is_dirty = is_dirty && !wiped(&shelf);
                sweep_at = Instant::now() + if is_dirty { WIPE_AGAIN } else { SWEEP_EVERY };
            }
            Err(RecvTimeoutError::Disconnected) => {
                if is_dirty && !wiped(&shelf) {
                    tracing::warn!(
                        "deleted responses still lie in the log of writes: somebody reads the file"
                    );
                }
                return;
            }
        }
    }
}

fn wiped(shelf: &Shelf) -> bool {
    report(shelf.wipe()).unwrap_or(false)
}

/// Does `first` and all that waits behind it. Whether something was deleted and may not be gone yet.
fn work(shelf: &mut Shelf, first: Job, jobs: &Receiver<Job>) -> bool {
    let mut told = Vec::new();
    let done = shelf.commit(|shelf| {
        let waiting = std::iter::once(first).chain(jobs.try_iter()).take(MOST_JOBS);
        let mut result = Ok(());
        for job in waiting {
            // All are told, also those behind one that failed.
            let one = match job {
                Job::Keep(turn, done) => {
                    let id = turn.id.clone();
                    let kept = if result.is_ok() { shelf.keep(*turn) } else { Ok(true) };
                    told.push(Told::Kept(Some(id).filter(|_| matches!(kept, Ok(false))), done));
                    kept.map(drop)
                }
                Job::Delete { product, id, done } => {
                    let deleted = shelf.delete(&product, &id);
                    told.push(Told::Deleted(*deleted.as_ref().unwrap_or(&false), done));
                    deleted.map(drop)
                }
            };
            result = result.and(one);
        }
        result
    });
    let deleted = told.iter().any(|told| matches!(told, Told::Deleted(true, _)));
    let done = done.and_then(|()| if deleted { shelf.wipe() } else { Ok(true) });
    let is_wiped = report(done);
    let failed = is_wiped.is_none();
    for told in told {
        let result = || if failed { Err(StateError::Unwritten) } else { Ok(()) };
        // Whoever asked may be gone.
        match told {
            Told::Kept(taken, done) => {
                let taken = taken.map_or(Ok(()), |id| Err(StateError::Taken { id }));
                drop(done.send(result().and(taken)));
            }
            Told::Deleted(was_there, done) => drop(done.send(result().map(|()| was_there))),
        }
    }
    deleted && is_wiped != Some(true)
}

/// Says what went wrong, where something did.
fn report<T>(done: Result<T, StateError>) -> Option<T> {
    match done {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "kept responses cannot be written");
            None
        }
    }
}
