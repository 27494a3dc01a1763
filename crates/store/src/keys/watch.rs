//! Following changes of the keys while serving.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::{KeysInForce, in_force};
use crate::error::StoreError;
use crate::options::Durability;
use crate::schema;

/// How often it looks. Looking costs a few microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Follows the keys of a ledger, until dropped.
#[derive(Debug)]
pub struct KeyWatch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl KeyWatch {
    /// Calls `put_in_force` with the keys as they are now, before it returns, and from then on with each change; when
    /// the call returns, the change counts as in force.
    ///
    /// # Errors
    /// There is no ledger, or it cannot be read.
    pub fn start(
        path: &Path,
        mut put_in_force: impl FnMut(KeysInForce) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let connection = schema::open(path, Durability::CrashSafe)?;
        let mut seen = version(&connection)?;
        let mut epoch = follow(&connection, None, &mut put_in_force)?;
        let (stop, stopped) = mpsc::channel();
        let thread =
            thread::Builder::new().name("keys".to_owned()).stack_size(256 * 1024).spawn(move || {
                while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    let looked = look(&connection, &mut seen, &mut epoch, &mut put_in_force);
                    if let Err(error) = looked {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the keys cannot be read");
                    }
                }
            })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for KeyWatch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but a panic of the callback, which was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn look(
    connection: &Connection,
    seen: &mut i64,
    epoch: &mut i64,
    put_in_force: &mut impl FnMut(KeysInForce),
) -> Result<(), rusqlite::Error> {
    let now = version(connection)?;
    if *seen != now {
        *epoch = follow(connection, Some(*epoch), put_in_force)?;
        *seen = now;
    }
    Ok(())
}

/// A number that moves on whenever another connection commits.
fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Puts the keys in force if they are not those of `known`. Gives their epoch.
fn follow(
    connection: &Connection,
    known: Option<i64>,
    put_in_force: &mut impl FnMut(KeysInForce),
) -> Result<i64, rusqlite::Error> {
    let mut select = connection.prepare_cached("SELECT epoch, acknowledged FROM keys_epoch")?;
    let (epoch, acknowledged): (i64, i64) = select.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let in_force_epoch = if known == Some(epoch) {
        epoch
    } else {
        let keys = in_force(connection)?;
        let epoch = keys.epoch;
        put_in_force(keys);
        epoch
    };
    if acknowledged < in_force_epoch {
        connection.execute("UPDATE keys_epoch SET acknowledged = ?1", [in_force_epoch])?;
    }
    Ok(in_force_epoch)
}
