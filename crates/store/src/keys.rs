//! Virtual keys: issued once, kept as hashes, revoked at once.
//!
//! A key is 256 random bits, so a fast hash of it gives nothing away. Each change moves an epoch on; a running server
//! looks for that every 50 ms ([`KeyWatch`]) and acknowledges the epoch that it has put in force, so that whoever
//! revoked a key can wait until no server accepts it any more.

mod secret;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

pub use secret::{KeyHash, Secret};
pub use watch::KeyWatch;

use crate::clock;
use crate::error::StoreError;
use crate::lock::Lock;
use crate::options::Durability;
use crate::schema;

/// How often a waiting command looks whether the server has followed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The keys of a ledger, to issue and revoke. Works beside a running server.
#[derive(Debug)]
pub struct Keys {
    connection: Connection,
    path: PathBuf,
}

/// What is known of a key. Not the key: nobody knows that but its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its public name, as entries record it: `key_` and 12 hexadecimal digits.
    pub id: Arc<str>,
    /// Whom it was issued to.
    pub product: Arc<str>,
    /// What people call it.
    pub name: Arc<str>,
    /// When, in microseconds since 1970.
    pub created_us: i64,
    /// Since when it is refused.
    pub revoked_us: Option<i64>,
}

/// A key that has just been made. The secret is shown once and never again.
#[derive(Debug)]
pub struct NewKey {
    /// What will be known of it.
    pub info: KeyInfo,
    /// The key.
    pub secret: Secret,
    /// The epoch from which on it is accepted: for [`Keys::wait_in_force`].
    pub epoch: i64,
}

/// A key that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedKey {
    /// Its public name.
    pub id: Arc<str>,
    /// SHA-256 of the secret.
    pub hash: KeyHash,
    /// Whom it was issued to.
    pub product: Arc<str>,
}

/// All keys that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeysInForce {
    /// Which state of the keys this is.
    pub epoch: i64,
    /// The keys.
    pub keys: Vec<IssuedKey>,
    /// Whether there ever was a key: revoking the last one does not open the door again.
    pub any_issued: bool,
}

/// Whether a change holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// The running server has put it in force.
    Now,
    /// No server runs; the next one will start with it.
    NoServer,
    /// The server has not followed in time: look at it.
    NotYet,
}

impl Keys {
    /// Opens the keys of a ledger, makes it if there is none.
    ///
    /// # Errors
    /// It is no ledger, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_or_make(path, Durability::PowerSafe)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Issues a key to a product.
    ///
    /// # Errors
    /// Those of the database and of the operating system's dice.
    pub fn create(&mut self, product: &str, name: &str) -> Result<NewKey, StoreError> {
        let secret = Secret::random()?;
        let info = KeyInfo {
            id: secret::random_id()?.into(),
            product: product.into(),
            name: name.into(),
            created_us: clock::now_us(),
            revoked_us: None,
        };
        let epoch = self.change(|connection| {
            connection.execute(
                "INSERT INTO key_ (id, hash, product, name, created_us) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![info.id, secret.hash().as_bytes(), info.product, info.name, info.created_us],
            )
        })?;
        Ok(NewKey { info, secret, epoch })
    }

    /// All keys, revoked ones included, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list(&self) -> Result<Vec<KeyInfo>, StoreError> {
        let mut select = self.connection.prepare(&format!("{KEY_INFO} ORDER BY created_us, id"))?;
        Ok(select.query_map([], key_info)?.collect::<Result<_, _>>()?)
    }

    /// Revokes a key, named by its id or, where that is unambiguous, by its name. Gives the key and the epoch from which
    /// on it is refused: for [`Keys::wait_in_force`].
    ///
    /// # Errors
    /// [`StoreError::NoSuchKey`] where none in force has that id or name, [`StoreError::SeveralKeys`] where more than one has the
    /// name.
    pub fn revoke(&mut self, id_or_name: &str) -> Result<(KeyInfo, i64), StoreError> {
        let mut info = self.in_force_named(id_or_name)?;
        let now_us = clock::now_us();
        info.revoked_us = Some(now_us);
        let epoch = self.change(|connection| {
            let revoke = "UPDATE key_ SET revoked_us = ?2 WHERE id = ?1 AND revoked_us IS NULL";
            connection.execute(revoke, params![info.id, now_us])
        })?;
        Ok((info, epoch))
    }

    /// Waits until an epoch is in force in the running server.
    ///
    /// # Errors
    /// Those of the database.
    pub fn wait_in_force(&self, epoch: i64, patience: Duration) -> Result<InForce, StoreError> {
        let end = Instant::now() + patience;
        loop {
            if !Lock::is_taken(&self.path)? {
                return Ok(InForce::NoServer);
            }
            let acknowledged: i64 =
                self.connection.query_row("SELECT acknowledged FROM keys_epoch", [], |row| row.get(0))?;
            if acknowledged >= epoch {
                return Ok(InForce::Now);
            }
            if Instant::now() >= end {
                return Ok(InForce::NotYet);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The keys that are accepted.
    ///
    /// # Errors
    /// Those of the database.
    pub fn in_force(&self) -> Result<KeysInForce, StoreError> {
        Ok(in_force(&self.connection)?)
    }

    fn in_force_named(&self, id_or_name: &str) -> Result<KeyInfo, StoreError> {
        let by_id = format!("{KEY_INFO} WHERE id = ?1 AND revoked_us IS NULL");
        if let Some(info) = self.connection.query_row(&by_id, [id_or_name], key_info).optional()? {
            return Ok(info);
        }
        let by_name = format!("{KEY_INFO} WHERE name = ?1 AND revoked_us IS NULL ORDER BY created_us, id");
        let mut select = self.connection.prepare(&by_name)?;
        let mut named = select.query_map([id_or_name], key_info)?.collect::<Result<Vec<_>, _>>()?;
        let name = || id_or_name.to_owned();
        match named.pop() {
            None => Err(StoreError::NoSuchKey { name: name() }),
            Some(only) if named.is_empty() => Ok(only),
            Some(last) => {
                let ids = named.iter().chain([&last]).map(|key| &*key.id).collect::<Vec<_>>().join(", ");
                Err(StoreError::SeveralKeys { name: name(), ids })
            }
        }
    }

    fn change(
        &mut self,
        make: impl FnOnce(&Connection) -> Result<usize, rusqlite::Error>,
    ) -> Result<i64, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        make(&transaction)?;
        let next = "UPDATE keys_epoch SET epoch = epoch + 1 RETURNING epoch";
        let epoch = transaction.query_row(next, [], |row| row.get(0))?;
        transaction.commit()?;
        Ok(epoch)
    }
}

const KEY_INFO: &str = "SELECT id, product, name, created_us, revoked_us FROM key_";

fn key_info(row: &Row<'_>) -> Result<KeyInfo, rusqlite::Error> {
    Ok(KeyInfo {
        id: row.get(0)?,
        product: row.get(1)?,
        name: row.get(2)?,
        created_us: row.get(3)?,
        revoked_us: row.get(4)?,
    })
}

/// Reads the keys that are accepted, and their epoch, as one moment saw them.
fn in_force(connection: &Connection) -> Result<KeysInForce, rusqlite::Error> {
    let moment = connection.unchecked_transaction()?;
    let (epoch, any_issued) =
        moment.query_row("SELECT epoch, EXISTS (SELECT 1 FROM key_) FROM keys_epoch", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut select = moment
        .prepare("SELECT id, hash, product FROM key_ WHERE revoked_us IS NULL ORDER BY created_us, id")?;
    let keys = select.query_map([], |row| {
        let hash = KeyHash::from_bytes(row.get(1)?);
        Ok(IssuedKey { id: row.get(0)?, hash, product: row.get(2)? })
    })?;
    Ok(KeysInForce { epoch, keys: keys.collect::<Result<_, _>>()?, any_issued })
}

#[cfg(test)]
mod tests;
