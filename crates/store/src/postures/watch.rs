//! Following decisions, and the passing of time, while serving.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Act, all, set_up};
use crate::error::StoreError;
use crate::options::Durability;
use crate::schema;

/// How often it looks for changes. Looking costs a few microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often it says that time has passed: decisions expire, and contracts end.
const TICK: Duration = Duration::from_secs(1);

/// Follows the decisions of a ledger, until dropped.
#[derive(Debug)]
pub struct PostureWatch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl PostureWatch {
    /// Calls `put_in_force` with all decisions as they are now, before it returns, then with each change and once a second.
    /// When a call returns, the last decision counts as in force.
    ///
    /// # Errors
    /// There is no ledger, or it cannot be read.
    pub fn start(
        path: &Path,
        mut put_in_force: impl FnMut(&[Act]) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let connection = schema::open(path, Durability::CrashSafe)?;
        set_up(&connection)?;
        let mut seen = version(&connection)?;
        let mut acts = all(&connection)?;
        put_in_force(&acts);
        acknowledge(&connection, &acts)?;
        let (stop, stopped) = mpsc::channel();
        let thread =
            thread::Builder::new().name("postures".to_owned()).stack_size(256 * 1024).spawn(move || {
                let mut said = Instant::now();
                while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    let changed = look(&connection, &mut seen, &mut acts);
                    let is_new = match changed {
                        Ok(is_new) => is_new,
                        Err(error) => {
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "the postures cannot be read"
                            );
                            false
                        }
                    };
                    if is_new || said.elapsed() >= TICK {
                        put_in_force(&acts);
                        said = Instant::now();
                    }
                    if is_new && let Err(error) = acknowledge(&connection, &acts) {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "that a posture is in force cannot be written down"
                        );
                    }
                }
            })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for PostureWatch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but a panic of the callback, which was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Whether there are decisions that were not known.
fn look(connection: &Connection, seen: &mut i64, acts: &mut Vec<Act>) -> Result<bool, rusqlite::Error> {
    let now = version(connection)?;
    if *seen == now {
        return Ok(false);
    }
    let newest: Option<i64> =
        connection.prepare_cached("SELECT MAX(id) FROM posture")?.query_row([], |row| row.get(0))?;
    let is_new = newest != acts.last().map(|act| act.id);
    if is_new {
        *acts = all(connection)?;
    }
    *seen = now;
    Ok(is_new)
}

/// A number that moves on whenever another connection commits.
fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn acknowledge(connection: &Connection, acts: &[Act]) -> Result<(), rusqlite::Error> {
    let Some(last) = acts.last() else { return Ok(()) };
    let follow = "UPDATE posture_followed SET acknowledged = ?1 WHERE acknowledged < ?1";
    connection.execute(follow, [last.id]).map(drop)
}
