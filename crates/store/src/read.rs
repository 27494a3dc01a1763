//! Reading the ledger, also while it is written.
//!
//! A reader that holds a snapshot keeps the write-ahead log from starting over. So long readings are made in short
//! steps, each with a snapshot of its own; since records are only added, the steps fit together.

mod export;
mod extent;
pub(crate) mod find;
mod pace;
mod scan;
mod summary;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ledger::{Booked, Chain, RecordKind, RequestId};
use rusqlite::{Connection, Row};

pub use export::Export;
pub use extent::Extent;
pub use pace::Pace;

use crate::error::StoreError;
use crate::lock::Lock;
use crate::options::Durability;
use crate::postures::{self, Act};
use crate::schema;
use crate::{daybook, recovery};

/// A whole record: the columns of [`booked`].
pub(crate) const BOOKED: &str = "SELECT journal.seq, journal.at_us, head.text || journal.tail, journal.chain \
     FROM journal JOIN head ON head.id = journal.head";

/// After how long a running server has surely posted what it has acknowledged, unless it is in trouble.
const POSTED_WITHIN: Duration = Duration::from_millis(100);

/// Reads a ledger. Opens the file for reading only; changes nothing and blocks nobody.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

/// When records were booked. A period that is over stays as it is: whatever comes later is booked later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// From this moment on, in microseconds since 1970; `None` is from the first record on.
    pub from_us: Option<i64>,
    /// Before this moment; `None` is up to the last record.
    pub to_us: Option<i64>,
}

/// Everything about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// That it was admitted; absent where it was settled at once.
    pub intent: Option<Booked>,
    /// How it ended; absent while it goes on.
    pub settlement: Option<Booked>,
    /// What was said of its money later, oldest first.
    pub corrections: Vec<Booked>,
}

impl Reader {
    /// Opens a ledger. Where its server was killed, posts what that left in the daybook; where one runs, waits a moment
    /// until that has posted what it has acknowledged.
    ///
    /// # Errors
    /// There is none, it is something else, or of a later release.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::open_to_read(path)?;
        if let Err(error) = finish(path) {
            // It may be on a disk that cannot be written: then it is read as it is.
            tracing::debug!(error = &error as &dyn std::error::Error, "the daybook could not be posted");
        }
        let reader = Self { connection, path: path.to_owned() };
        reader.catch_up()?;
        Ok(reader)
    }

    fn catch_up(&self) -> Result<(), StoreError> {
        if !Lock::is_taken(&self.path)? {
            return Ok(());
        }
        let noted = daybook::last_seq(&self.path)?;
        let end = Instant::now() + POSTED_WITHIN;
        while self.tip()?.0 < noted && Instant::now() < end {
            std::thread::sleep(POSTED_WITHIN / 20);
        }
        Ok(())
    }

    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    /// The place of the last record, and the chain after it: note it elsewhere, and no earlier record can be altered
    /// unseen.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tip(&self) -> Result<(i64, Chain), StoreError> {
        let tip = crate::encode::Tip::read(&self.connection)?;
        Ok((tip.seq, tip.chain))
    }

    /// The last settlements and corrections, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tail(&self, count: usize) -> Result<Vec<Booked>, StoreError> {
        self.last(count, (0, i64::MAX))
    }

    /// The last settlements and corrections of an extent, oldest first: the same ones whatever is booked later.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tail_of(&self, extent: &Extent, count: usize) -> Result<Vec<Booked>, StoreError> {
        self.last(count, (extent.first_seq, extent.last_seq))
    }

    fn last(&self, count: usize, (first, last): (i64, i64)) -> Result<Vec<Booked>, StoreError> {
        let range = "WHERE journal.record > 0 AND journal.seq BETWEEN ?2 AND ?3";
        let last_of = format!("{BOOKED} {range} ORDER BY journal.seq DESC LIMIT ?1");
        let mut select = self.connection.prepare_cached(&last_of)?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut records = select.query_map([count, first, last], booked)?.collect::<Result<Vec<_>, _>>()?;
        records.reverse();
        Ok(records)
    }

    /// All that people have decided about suppliers, the oldest first; none in a ledger of before that could be.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decisions(&self) -> Result<Vec<Act>, StoreError> {
        postures::recorded(&self.connection)
    }

    /// How long the answers among the last `records` records of an extent took, by who gave them.
    ///
    /// # Errors
    /// Those of the database.
    pub fn paces_of(&self, extent: &Extent, records: u32) -> Result<Vec<Pace>, StoreError> {
        pace::paces_of(&self.connection, extent, records)
    }

    /// Everything about one request; `None` where nothing is known of it. Waits a moment for a request that has just
    /// been answered.
    ///
    /// # Errors
    /// Those of the database.
    pub fn get(&self, id: RequestId) -> Result<Option<Story>, StoreError> {
        let end = Instant::now() + POSTED_WITHIN;
        loop {
            let story = self.story(id)?;
            let over = story.as_ref().is_some_and(|story| story.settlement.is_some());
            if over || Instant::now() >= end || !Lock::is_taken(&self.path)? {
                return Ok(story);
            }
            std::thread::sleep(POSTED_WITHIN / 10);
        }
    }

    fn story(&self, id: RequestId) -> Result<Option<Story>, StoreError> {
        let mut story = Story { intent: None, settlement: None, corrections: self.corrections(id)? };
        for (seq, kind) in find::records_of(&self.connection, id)? {
            let record = Some(at(&self.connection, seq)?);
            match kind {
                RecordKind::Intent => story.intent = record,
                RecordKind::Settlement => story.settlement = record,
                RecordKind::Correction => {}
            }
        }
        let known = story.intent.is_some() || story.settlement.is_some();
        Ok(known.then_some(story))
    }

    /// The settlements and corrections of a period, oldest first, in constant memory.
    ///
    /// # Errors
    /// Those of the database.
    pub fn export(&self, period: Period) -> Result<Export<'_>, StoreError> {
        let (first, end) = find::range(&self.connection, period)?;
        Ok(Export::new(&self.connection, first, end))
    }

    /// The settlements and corrections booked after a place, oldest first; what [`Booked::seq`] of the last one gives
    /// goes on from there.
    ///
    /// # Errors
    /// Those of the database.
    pub fn after(&self, seq: i64) -> Result<Export<'_>, StoreError> {
        let (_, end) = find::range(&self.connection, Period::default())?;
        Ok(Export::new(&self.connection, seq.saturating_add(1), end))
    }

    fn corrections(&self, id: RequestId) -> Result<Vec<Booked>, StoreError> {
        let of = format!("{BOOKED} WHERE journal.record = 2 AND journal.id = ?1 ORDER BY journal.seq");
        let mut select = self.connection.prepare_cached(&of)?;
        Ok(select.query_map([id.as_bytes().as_slice()], booked)?.collect::<Result<_, _>>()?)
    }
}

/// Posts what a killed server left in its daybook. It is left to the next server to settle what was open.
fn finish(path: &Path) -> Result<(), StoreError> {
    if !Lock::is_taken(path)? && daybook::holds_anything(path)? {
        let _lock = Lock::take(path)?;
        let connection = schema::open(path, Durability::PowerSafe)?;
        recovery::post_leftovers(&connection, path)?;
    }
    Ok(())
}

/// The record at a place.
pub(crate) fn at(connection: &Connection, seq: i64) -> Result<Booked, rusqlite::Error> {
    let mut select = connection.prepare_cached(&format!("{BOOKED} WHERE journal.seq = ?1"))?;
    select.query_row([seq], booked)
}

/// Reads a row of [`BOOKED`].
pub(crate) fn booked(row: &Row<'_>) -> Result<Booked, rusqlite::Error> {
    Ok(Booked {
        seq: row.get(0)?,
        at_us: row.get(1)?,
        document: row.get(2)?,
        chain: Chain::from_bytes(row.get(3)?),
    })
}
