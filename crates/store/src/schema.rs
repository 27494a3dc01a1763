//! The database: its tables, and how each kind of user opens it.
//!
//! Each commit writes whole pages, so what a record costs is mostly how many pages it touches. Hence: records are
//! appended in the order of their primary key and nothing else orders them; there is no index on the request's id,
//! because ids tell their time and time finds the place (`read::find`); what repeats from record to record is kept
//! once in `head`.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;
use crate::options::Durability;

/// "rlv" and a number that is ours: tells the file from other databases.
const APPLICATION_ID: i64 = 0x726c_7601;
/// The format that is written.
const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE head (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL,
    route TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    record INTEGER NOT NULL,
    id BLOB NOT NULL,
    arrived_us INTEGER NOT NULL,
    head INTEGER NOT NULL,
    deployment TEXT,
    outcome INTEGER,
    usage_source INTEGER,
    input_uncached INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    audio_in INTEGER NOT NULL,
    image_in INTEGER NOT NULL,
    output_text INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_out INTEGER NOT NULL,
    image_out INTEGER NOT NULL,
    tool_requests INTEGER NOT NULL,
    cost_nanos INTEGER,
    split INTEGER NOT NULL,
    ttft_us INTEGER,
    total_us INTEGER NOT NULL,
    tail TEXT NOT NULL,
    chain BLOB NOT NULL
) STRICT;
CREATE INDEX journal_corrections ON journal (id) WHERE record = 2;

CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to: write a correction'); END;
CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;
CREATE TRIGGER head_never_changes BEFORE UPDATE ON head
BEGIN SELECT RAISE(ABORT, 'heads belong to the journal'); END;
CREATE TRIGGER head_never_shrinks BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'heads belong to the journal'); END;

-- For people with an SQLite shell.
CREATE VIEW entries AS
SELECT seq,
       strftime('%Y-%m-%dT%H:%M:%fZ', at_us / 1e6, 'unixepoch') AS booked,
       strftime('%Y-%m-%dT%H:%M:%fZ', arrived_us / 1e6, 'unixepoch') AS arrived,
       'req_' || lower(hex(journal.id)) AS id,
       product, route, deployment,
       CASE outcome WHEN 0 THEN 'answered' WHEN 1 THEN 'client_error' WHEN 2 THEN 'failed'
                    WHEN 3 THEN 'broken_off' WHEN 4 THEN 'client_left' WHEN 5 THEN 'interrupted' END AS outcome,
       input_uncached, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in,
       output_text, reasoning, audio_out, image_out, tool_requests,
       cost_nanos, ttft_us, total_us,
       text || tail AS document
FROM journal JOIN head ON head.id = journal.head
WHERE record = 1;

-- Every intent before this place is settled: recovery starts there.
CREATE TABLE recovery (one INTEGER PRIMARY KEY CHECK (one = 1), from_seq INTEGER NOT NULL) STRICT;
INSERT INTO recovery VALUES (1, 1);

-- Mixed into the hashes of prompts and sessions: equal ones are told apart from different ones in this ledger only.
CREATE TABLE salt (one INTEGER PRIMARY KEY CHECK (one = 1), salt INTEGER NOT NULL) STRICT;
INSERT INTO salt VALUES (1, random());

CREATE TABLE key_ (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    revoked_us INTEGER
) STRICT;
CREATE TABLE keys_epoch (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL
) STRICT;
INSERT INTO keys_epoch VALUES (1, 0, 0);
";

/// What sums need of the journal, a second time ([`crate::extract`]). It may be emptied; older releases do without it.
const EXTRACTS: &str = "
CREATE TABLE IF NOT EXISTS extract (
    first_seq INTEGER PRIMARY KEY,
    end_seq INTEGER NOT NULL CHECK (end_seq > first_seq),
    form INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
";

/// The columns of usage, in the order of `catalogue::Bucket::ALL`, which are also those of an insert.
pub(crate) const BUCKETS: &str = "input_uncached, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, \
     output_text, reasoning, audio_out, image_out, tool_requests";

/// How long a writer waits for another process (a `keys` command, a shell) before it calls that a failure.
const BUSY: Duration = Duration::from_secs(1);

/// The ledger's own salt.
pub(crate) fn salt(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection.query_row("SELECT salt FROM salt", [], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

/// Who may read the files: they hold who asked what for how much.
pub(crate) const OWNERS: u32 = 0o600;

/// Makes an empty file for its owner alone, where there is none; `SQLite` gives those beside it the same rights.
pub(crate) fn begin(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OWNERS).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens the ledger to write, makes it if there is none.
pub(crate) fn open_or_make(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    begin(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let settled = settle_in(&connection, path, durability)?;
    if !settled {
        make(&connection)?;
        settle_in(&connection, path, durability)?;
    }
    Ok(connection)
}

/// Opens a ledger that is there, to write.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    if settle_in(&connection, path, durability)? {
        Ok(connection)
    } else {
        Err(StoreError::Foreign { path: path.to_owned() })
    }
}

/// Opens a ledger that is there, to read, also while it is written.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    if !path.try_exists()? {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    if check_format(&connection, path)? {
        Ok(connection)
    } else {
        Err(StoreError::Foreign { path: path.to_owned() })
    }
}

/// Sets up a connection; `false` where the file is new.
fn settle_in(connection: &Connection, path: &Path, durability: Durability) -> Result<bool, StoreError> {
    connection.busy_timeout(BUSY)?;
    let made = check_format(connection, path)?;
    sync_commits(connection, durability)?;
    if made {
        connection.execute_batch(EXTRACTS)?;
    }
    // Posting makes the checkpoints. The cache need hold little more than the last pages of the journal.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024;")?;
    Ok(made)
}

/// Whether each commit is synced from now on, or only checkpoints are.
pub(crate) fn sync_commits(connection: &Connection, durability: Durability) -> Result<(), rusqlite::Error> {
    connection.execute_batch(match durability {
        Durability::CrashSafe => "PRAGMA synchronous = NORMAL",
        Durability::PowerSafe => "PRAGMA synchronous = FULL",
    })
}

/// Whether the tables are there.
fn check_format(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    // One moment is looked at: somebody may be making them.
    let _moment = connection.unchecked_transaction()?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = match pragma("application_id") {
        Ok(application) => application,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(StoreError::Foreign { path: path.to_owned() });
        }
        Err(error) => return Err(error.into()),
    };
    match (application, pragma("user_version")?) {
        (APPLICATION_ID, found) if found > FORMAT => Err(StoreError::Later { found, known: FORMAT }),
        (APPLICATION_ID, _) => Ok(true),
        (0, 0) if is_empty(connection)? => Ok(false),
        _ => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}

/// Whether the database is new, also if somebody was ended just after making it.
fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT COUNT(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Makes the tables, whole or not at all, however many processes try. The database does not wait by itself for those who look
/// at the file while its journal's mode changes.
fn make(connection: &Connection) -> Result<(), StoreError> {
    let end = Instant::now() + BUSY;
    loop {
        match try_make(connection) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < end =>
            {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK")?;
                }
                std::thread::sleep(BUSY / 200);
            }
            made => return Ok(made?),
        }
    }
}

fn try_make(connection: &Connection) -> Result<(), rusqlite::Error> {
    // Rows take about 1 KB: larger pages waste less and are written in fewer calls.
    connection.execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let is_new = connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))? == 0;
    if is_new {
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}

#[cfg(test)]
mod tests;
