//! What people decide about suppliers, on record: who, what, why, from when until when. Only ever added to; the last word
//! on a target holds; when it expires, the one before it holds again.
//!
//! Each is chained to all before it, as the journal's records are, in a chain of its own: commands write decisions beside a
//! running server, which alone knows the journal's end. A ledger of before that is chained from its first decision on
//! when one is made, or a server starts.
//!
//! A running server looks for changes every 50 ms, as it does for keys, and acknowledges what it has put in force.

mod chained;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Row, TransactionBehavior, params};

pub(crate) use chained::{Chained, stored, up_to};
pub use watch::PostureWatch;

use crate::clock;
use crate::error::StoreError;
use crate::keys::InForce;
use crate::lock::Lock;
use crate::options::Durability;
use crate::schema;

/// How often a waiting command looks whether the server has followed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Added to ledgers that were made before there were postures.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS posture (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    posture TEXT NOT NULL,
    per_hour REAL NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    set_us INTEGER NOT NULL,
    expires_us INTEGER
) STRICT;
CREATE TRIGGER IF NOT EXISTS posture_never_changes BEFORE UPDATE ON posture
BEGIN SELECT RAISE(ABORT, 'what was decided is on record: decide anew'); END;
CREATE TRIGGER IF NOT EXISTS posture_never_shrinks BEFORE DELETE ON posture
BEGIN SELECT RAISE(ABORT, 'what was decided is on record: decide anew'); END;
CREATE TABLE IF NOT EXISTS posture_chain (
    id INTEGER PRIMARY KEY,
    chain BLOB NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS posture_chain_never_changes BEFORE UPDATE ON posture_chain
BEGIN SELECT RAISE(ABORT, 'the chain of decisions is only ever added to'); END;
CREATE TRIGGER IF NOT EXISTS posture_chain_never_shrinks BEFORE DELETE ON posture_chain
BEGIN SELECT RAISE(ABORT, 'the chain of decisions is only ever added to'); END;
CREATE TABLE IF NOT EXISTS posture_followed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    acknowledged INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO posture_followed VALUES (1, 0);
";

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// Its place in the record; later ones are greater.
    pub id: i64,
    /// About whom: `maker:openai`.
    pub target: Arc<str>,
    /// What: `watch`, `drain`, `leave` or `normal`.
    pub posture: Arc<str>,
    /// What a drain takes away in an hour, as a share.
    pub per_hour: f64,
    /// Why.
    pub reason: Arc<str>,
    /// Who.
    pub author: Arc<str>,
    /// Since when, in microseconds since 1970.
    pub set_us: i64,
    /// Until when; `None` until somebody decides anew.
    pub expires_us: Option<i64>,
}

/// What somebody decides: [`Act`] without its place and moment.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAct<'a> {
    /// See [`Act::target`].
    pub target: &'a str,
    /// See [`Act::posture`].
    pub posture: &'a str,
    /// See [`Act::per_hour`].
    pub per_hour: f64,
    /// See [`Act::reason`].
    pub reason: &'a str,
    /// See [`Act::author`].
    pub author: &'a str,
    /// How long it holds; `None` until somebody decides anew.
    pub expires: Option<Duration>,
}

/// The record of decisions, to read and to add to. Works beside a running server.
#[derive(Debug)]
pub struct Postures {
    connection: Connection,
    path: PathBuf,
}

impl Postures {
    /// Opens the record of a ledger, makes it if there is none.
    ///
    /// # Errors
    /// It is no ledger, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_or_make(path, Durability::PowerSafe)?;
        set_up(&connection)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Adds a decision; gives it with its place, for [`Postures::wait_in_force`].
    ///
    /// # Errors
    /// Those of the database.
    pub fn decide(&mut self, new: &NewAct<'_>) -> Result<Act, StoreError> {
        let set_us = clock::now_us();
        let length = |expires: Duration| i64::try_from(expires.as_micros()).unwrap_or(i64::MAX);
        let expires_us = new.expires.map(|expires| set_us.saturating_add(length(expires)));
        let writing = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        writing.execute(
            "INSERT INTO posture (target, posture, per_hour, reason, author, set_us, expires_us) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![new.target, new.posture, new.per_hour, new.reason, new.author, set_us, expires_us],
        )?;
        let id = writing.last_insert_rowid();
        chained::go_on(&writing)?;
        writing.commit()?;
        Ok(Act {
            id,
            target: new.target.into(),
            posture: new.posture.into(),
            per_hour: new.per_hour,
            reason: new.reason.into(),
            author: new.author.into(),
            set_us,
            expires_us,
        })
    }

    /// All decisions, the oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn all(&self) -> Result<Vec<Act>, StoreError> {
        Ok(all(&self.connection)?)
    }

    /// Waits until a decision is in force in the running server.
    ///
    /// # Errors
    /// Those of the database.
    pub fn wait_in_force(&self, id: i64, patience: Duration) -> Result<InForce, StoreError> {
        let end = Instant::now() + patience;
        loop {
            if !Lock::is_taken(&self.path)? {
                return Ok(InForce::NoServer);
            }
            let followed = "SELECT acknowledged FROM posture_followed";
            if self.connection.query_row(followed, [], |row| row.get::<_, i64>(0))? >= id {
                return Ok(InForce::Now);
            }
            if Instant::now() >= end {
                return Ok(InForce::NotYet);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// Makes the tables where there are none, and chains what an older release has decided.
fn set_up(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(TABLES)?;
    if chained::is_behind(connection)? {
        let writing = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        chained::go_on(&writing)?;
        writing.commit()?;
    }
    Ok(())
}

/// Of all decisions those that hold at a moment: of each target's the last that has not expired, unless it says `normal`.
///
/// What was decided for a time stands before what was decided without an end, and gives way to it again: only `normal` ends
/// a decision for good.
pub fn in_force(all: &[Act], now_us: i64) -> Vec<&Act> {
    let mut holding: Vec<&Act> = Vec::new();
    for act in all.iter().filter(|act| act.expires_us.is_none_or(|expires| now_us < expires)) {
        holding.retain(|known| known.target != act.target);
        holding.push(act);
    }
    holding.retain(|act| &*act.posture != "normal");
    holding
}

/// All decisions of a ledger that is only read, and so may have no place for them yet.
pub(crate) fn recorded(connection: &Connection) -> Result<Vec<Act>, StoreError> {
    let is_there = connection.table_exists(None, "posture")?;
    Ok(if is_there { all(connection)? } else { Vec::new() })
}

fn all(connection: &Connection) -> Result<Vec<Act>, rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT id, target, posture, per_hour, reason, author, set_us, expires_us FROM posture ORDER BY id",
    )?;
    select.query_map([], act)?.collect()
}

fn act(row: &Row<'_>) -> Result<Act, rusqlite::Error> {
    Ok(Act {
        id: row.get(0)?,
        target: row.get(1)?,
        posture: row.get(2)?,
        per_hour: row.get(3)?,
        reason: row.get(4)?,
        author: row.get(5)?,
        set_us: row.get(6)?,
        expires_us: row.get(7)?,
    })
}

#[cfg(test)]
mod tests;
