//! The database of kept responses.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Params, Row, params};

use super::cipher::{Cipher, Place};
use super::{KeptTurn, NewTurn, NoTurn, StateError, StateOptions};
use crate::{clock, schema};

/// "rlv" and a number that is ours: tells the file from other databases, the ledger too.
const APPLICATION_ID: i64 = 0x726c_7602;
/// The format that is written.
const FORMAT: i64 = 2;

/// Rows are deleted here, unlike in the ledger. `seq` only grows, so that a turn builds on smaller ones.
const TABLES: &str = "
CREATE TABLE turn (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    product TEXT NOT NULL,
    id TEXT NOT NULL,
    previous TEXT,
    owner TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    input BLOB NOT NULL,
    response BLOB NOT NULL,
    is_ambiguous INTEGER NOT NULL DEFAULT 0,
    UNIQUE (product, id)
) STRICT;
CREATE INDEX turn_expires ON turn (expires_us);

CREATE TABLE item (
    product TEXT NOT NULL,
    id TEXT NOT NULL,
    turn INTEGER NOT NULL REFERENCES turn (seq) ON DELETE CASCADE,
    is_ambiguous INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (product, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_turn ON item (turn);

-- Opens under the key that all the rest is under.
CREATE TABLE proof (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;
";

/// From format 1: ids that a supplier gave out twice.
const UPGRADE: &str = "
BEGIN IMMEDIATE;
ALTER TABLE turn ADD COLUMN is_ambiguous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN is_ambiguous INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
COMMIT;
";

/// A turn and all that it builds on.
const FORMER: &str = "
WITH RECURSIVE former (seq, previous) AS (
    SELECT seq, previous FROM turn WHERE product = ?1 AND id = ?2
    UNION
    SELECT turn.seq, turn.previous FROM former JOIN turn
    ON turn.product = ?1 AND turn.id = former.previous AND turn.seq < former.seq
)";

/// How much a turn holds. The database knows it without reading that.
const WEIGHT: &str = "LENGTH(turn.input) + LENGTH(turn.response)";

/// What the proof says.
const PROOF: &[u8] = b"releve";
const PROOF_PLACE: Place<'static> = Place { part: "proof", product: "", id: "", previous: "", owner: "" };

/// How long a connection waits for the other.
const BUSY: Duration = Duration::from_secs(2);

/// How long it waits for whoever reads to let go of the log of writes.
const WIPE_BUSY: Duration = Duration::from_millis(100);

/// One connection to it.
#[derive(Debug)]
pub(super) struct Shelf {
    connection: Connection,
    cipher: Arc<Cipher>,
}

impl Shelf {
    pub(super) fn open_or_make(options: &StateOptions, cipher: Arc<Cipher>) -> Result<Self, StateError> {
        schema::begin(&options.path)
            .map_err(|source| StateError::Io { path: options.path.clone(), source })?;
        let shelf = Self::connect(options, cipher, OpenFlags::SQLITE_OPEN_CREATE)?;
        if !shelf.has_tables(&options.path)? {
            shelf.make()?;
        }
        shelf.check_key(options)?;
        Ok(shelf)
    }

    pub(super) fn open(options: &StateOptions, cipher: Arc<Cipher>) -> Result<Self, StateError> {
        Self::connect(options, cipher, OpenFlags::empty())
    }

    fn connect(options: &StateOptions, cipher: Arc<Cipher>, more: OpenFlags) -> Result<Self, StateError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = Connection::open_with_flags(&options.path, flags)?;
        connection.busy_timeout(BUSY)?;
        let settled = schema::sync_commits(&connection, options.durability)
            .and_then(|()| connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"));
        match settled {
            Ok(()) => Ok(Self { connection, cipher }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                Err(StateError::Foreign { path: options.path.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn has_tables(&self, path: &Path) -> Result<bool, StateError> {
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let is_empty = "SELECT COUNT(*) = 0 FROM sqlite_schema";
        match (pragma("application_id")?, pragma("user_version")?) {
            (APPLICATION_ID, found) if found > FORMAT => Err(StateError::Later { found, known: FORMAT }),
            (APPLICATION_ID, 1) => Ok(self.connection.execute_batch(UPGRADE).map(|()| true)?),
            (APPLICATION_ID, _) => Ok(true),
            (0, 0) if self.connection.query_row(is_empty, [], |row| row.get(0))? => Ok(false),
            _ => Err(StateError::Foreign { path: path.to_owned() }),
        }
    }

    fn make(&self) -> Result<(), StateError> {
        self.connection
            .execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;")?;
        self.connection.execute_batch(TABLES)?;
        let proof = self.cipher.seal(&PROOF_PLACE, PROOF.to_vec());
        self.connection.execute("INSERT INTO proof VALUES (1, ?1)", [proof])?;
        self.connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        self.connection.pragma_update(None, "user_version", FORMAT)?;
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn check_key(&self, options: &StateOptions) -> Result<(), StateError> {
        let proof: Vec<u8> = self.connection.query_row("SELECT sealed FROM proof", [], |row| row.get(0))?;
        if self.cipher.open(&PROOF_PLACE, proof).as_deref() == Some(PROOF) {
            return Ok(());
        }
        let key_file = options.key.is_none().then(|| options.key_file());
        Err(StateError::WrongKey { path: options.path.clone(), key_file })
    }

    /// Does all of `work` in one commit.
    pub(super) fn commit<T>(
        &mut self,
        work: impl FnOnce(&Self) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|done| {
            self.connection.execute_batch("COMMIT")?;
            Ok(done)
        });
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        done
    }

    /// Keeps a turn; those that it builds on are kept as long as it. `false` where another response has its id: neither can
    /// be asked for from then on, since nobody could tell which of them is meant.
    pub(super) fn keep(&self, turn: NewTurn) -> Result<bool, StateError> {
        let NewTurn { product, id, previous, owner, keep_for, items, input, response } = turn;
        let now = clock::now_us();
        let keep_us = i64::try_from(keep_for.as_micros()).unwrap_or(i64::MAX);
        let expires = now.saturating_add(keep_us);
        if self.is_taken(&product, &id, now, expires)? {
            return Ok(false);
        }
        let place = |part| Place {
            part,
            product: &product,
            id: &id,
            previous: previous.as_deref().unwrap_or_default(),
            owner: &owner,
        };
        let input = self.cipher.seal(&place("input"), input);
        let response = self.cipher.seal(&place("response"), response);
        let insert =
            "INSERT INTO turn (product, id, previous, owner, created_us, expires_us, input, response)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let mut insert = self.connection.prepare_cached(insert)?;
        insert.execute(params![product, id, previous, owner, now, expires, input, response])?;
        let seq = self.connection.last_insert_rowid();
        let name = "INSERT INTO item (product, id, turn) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                    SET is_ambiguous = is_ambiguous OR turn <> excluded.turn, turn = excluded.turn";
        let mut name = self.connection.prepare_cached(name)?;
        for item in items {
            name.execute(params![product, item, seq])?;
        }
        let renew = format!(
            "{FORMER} UPDATE turn SET expires_us = ?3 WHERE expires_us < ?3 AND seq IN (SELECT seq FROM former)"
        );
        self.connection.prepare_cached(&renew)?.execute(params![product, id, expires])?;
        Ok(true)
    }

    /// Whether a turn that lives has this id. It is ambiguous then, for as long as either would be kept; what was built on
    /// it before still finds it.
    fn is_taken(&self, product: &str, id: &str, now: i64, expires: i64) -> Result<bool, StateError> {
        let expired = "DELETE FROM turn WHERE product = ?1 AND id = ?2 AND expires_us <= ?3";
        self.connection.prepare_cached(expired)?.execute(params![product, id, now])?;
        let mark = "UPDATE turn SET is_ambiguous = 1, expires_us = MAX(expires_us, ?3) WHERE product = ?1 AND id = ?2";
        Ok(self.connection.prepare_cached(mark)?.execute(params![product, id, expires])? > 0)
    }

    /// Whether there was one that had not expired. One of which it is not known whose it is stays until then.
    pub(super) fn delete(&self, product: &str, id: &str) -> Result<bool, StateError> {
        let delete =
            "DELETE FROM turn WHERE product = ?1 AND id = ?2 AND NOT is_ambiguous RETURNING expires_us > ?3";
        let mut delete = self.connection.prepare_cached(delete)?;
        let was_there = delete.query_row(params![product, id, clock::now_us()], |row| row.get(0));
        Ok(was_there.optional()?.unwrap_or(false))
    }

    /// Deletes what has expired. How many.
    pub(super) fn sweep(&self) -> Result<usize, StateError> {
        let delete = "DELETE FROM turn WHERE expires_us <= ?1";
        Ok(self.connection.prepare_cached(delete)?.execute([clock::now_us()])?)
    }

    /// Makes what was deleted be gone from the disk: out of the log of writes too, in which it still stands. `false` where
    /// somebody who reads holds on to that log: try again.
    pub(super) fn wipe(&self) -> Result<bool, StateError> {
        // Each step gives one page back.
        let mut vacuum = self.connection.prepare_cached("PRAGMA incremental_vacuum")?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
        drop(pages);
        // Turns wait behind this; one who reads for long is outlasted by trying again.
        self.connection.busy_timeout(WIPE_BUSY)?;
        // That it was kept from it is a value, no error.
        let cut =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        self.connection.busy_timeout(BUSY)?;
        Ok(cut? == 0)
    }

    /// See [`State::weight`](super::State::weight).
    pub(super) fn weight(&self, product: &str, id: Option<&str>, items: &[String]) -> Result<usize, NoTurn> {
        let of_chain =
            format!("{FORMER} SELECT TOTAL({WEIGHT}) FROM turn WHERE seq IN (SELECT seq FROM former)");
        let mut bytes = id.map_or(Ok(0.0), |id| self.number(&of_chain, params![product, id]))?;
        let of_turn = format!("SELECT TOTAL({WEIGHT}) FROM turn WHERE seq = ?1");
        for seq in self.turns_of(product, items)?.into_keys() {
            bytes += self.number(&of_turn, [seq])?;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of lengths")]
        Ok(bytes as usize)
    }

    fn number(&self, select: &str, of: impl Params) -> Result<f64, StateError> {
        Ok(self.connection.prepare_cached(select)?.query_row(of, |row| row.get(0))?)
    }

    /// The turns that answered with `items`, each once: its number and id.
    fn turns_of(&self, product: &str, items: &[String]) -> Result<BTreeMap<i64, String>, NoTurn> {
        let select = "SELECT turn.seq, turn.id FROM item JOIN turn ON turn.seq = item.turn
                      WHERE item.product = ?1 AND item.id = ?2 AND NOT item.is_ambiguous";
        let mut select = self.connection.prepare_cached(select).map_err(StateError::from)?;
        let mut turns = BTreeMap::new();
        for item in items {
            let turn = select.query_row([product, item], |row| Ok((row.get(0)?, row.get(1)?)));
            let turn = turn.optional().map_err(StateError::from)?;
            turns.extend([turn.ok_or_else(|| NoTurn::Missing { id: item.clone() })?]);
        }
        Ok(turns)
    }

    /// See [`State::conversation`](super::State::conversation).
    pub(super) fn conversation(
        &self,
        product: &str,
        id: &str,
        most_bytes: usize,
    ) -> Result<Vec<KeptTurn>, NoTurn> {
        // All of it as one moment saw it.
        let _moment = self.connection.unchecked_transaction().map_err(StateError::from)?;
        let mut turns = Vec::new();
        let (mut next, mut before, mut bytes) = (Some(id.to_owned()), i64::MAX, 0);
        while let Some(id) = next {
            let found = self.find(product, &id)?.filter(|found| found.seq < before);
            // What is built on had its name before the name was given out again.
            let found = found.filter(|found| !found.is_ambiguous || !turns.is_empty());
            let Some(found) = found else { return Err(NoTurn::Missing { id }) };
            let (turn, previous, seq) = (found.turn, found.previous, found.seq);
            bytes += turn.input.len() + turn.response.len();
            if bytes > most_bytes {
                return Err(NoTurn::TooLong { limit: most_bytes });
            }
            turns.push(turn);
            (next, before) = (previous, seq);
        }
        turns.reverse();
        Ok(turns)
    }

    /// See [`State::turn`](super::State::turn).
    pub(super) fn turn(&self, product: &str, id: &str) -> Result<KeptTurn, NoTurn> {
        let found = self.find(product, id)?.filter(|found| !found.is_ambiguous);
        found.map(|found| found.turn).ok_or_else(|| NoTurn::Missing { id: id.to_owned() })
    }

    /// See [`State::turns_with`](super::State::turns_with).
    pub(super) fn turns_with(
        &self,
        product: &str,
        items: &[String],
        most_bytes: usize,
    ) -> Result<Vec<KeptTurn>, NoTurn> {
        let _moment = self.connection.unchecked_transaction().map_err(StateError::from)?;
        let ids = self.turns_of(product, items)?;
        let mut turns = Vec::with_capacity(ids.len());
        let mut bytes = 0;
        for id in ids.into_values() {
            let found = self.find(product, &id)?.ok_or(NoTurn::Missing { id })?;
            let turn = found.turn;
            bytes += turn.input.len() + turn.response.len();
            if bytes > most_bytes {
                return Err(NoTurn::TooLong { limit: most_bytes });
            }
            turns.push(turn);
        }
        Ok(turns)
    }

    fn find(&self, product: &str, id: &str) -> Result<Option<Found>, StateError> {
        let select = "SELECT seq, previous, owner, input, response, is_ambiguous FROM turn
                      WHERE product = ?1 AND id = ?2 AND expires_us > ?3";
        let mut select = self.connection.prepare_cached(select)?;
        let row = select.query_row(params![product, id, clock::now_us()], Sealed::of).optional()?;
        row.map(|sealed| self.opened(product, id, sealed)).transpose()
    }

    fn opened(&self, product: &str, id: &str, sealed: Sealed) -> Result<Found, StateError> {
        let Sealed { seq, previous, owner, input, response, is_ambiguous } = sealed;
        let open = |part, sealed| {
            let previous = previous.as_deref().unwrap_or_default();
            let place = Place { part, product, id, previous, owner: &owner };
            self.cipher.open(&place, sealed).ok_or_else(|| StateError::Damaged { id: id.to_owned() })
        };
        let (input, response) = (open("input", input)?, open("response", response)?);
        let turn = KeptTurn { id: id.to_owned(), owner: owner.as_str().into(), input, response };
        Ok(Found { seq, previous, turn, is_ambiguous })
    }
}

/// A row as it lies there.
struct Sealed {
    seq: i64,
    previous: Option<String>,
    owner: String,
    input: Vec<u8>,
    response: Vec<u8>,
    is_ambiguous: bool,
}

impl Sealed {
    fn of(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            seq: row.get(0)?,
            previous: row.get(1)?,
            owner: row.get(2)?,
            input: row.get(3)?,
            response: row.get(4)?,
            is_ambiguous: row.get(5)?,
        })
    }
}

struct Found {
    seq: i64,
    previous: Option<String>,
    turn: KeptTurn,
    /// Whether its supplier has given its id to another response too.
    is_ambiguous: bool,
}
