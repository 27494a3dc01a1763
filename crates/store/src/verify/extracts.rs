//! Whether extracts say what the records under them say: each is made anew from the documents and compared.

use ledger::Record;
use rusqlite::{Connection, OptionalExtension, Statement};

use super::{Problem, Report};
use crate::error::StoreError;
use crate::extract::{FORM, Writer};
use crate::row::Columns;

/// The extracts of a ledger, compared while its records pass by. None in a ledger that only an older release has written.
pub(super) struct Extracts<'c> {
    connection: &'c Connection,
    select: Option<Statement<'c>>,
    end: i64,
    /// The one that covers, or will cover, the records that pass.
    next: Option<Stored>,
    anew: Writer,
}

struct Stored {
    first_seq: i64,
    end_seq: i64,
    bytes: Vec<u8>,
}

impl<'c> Extracts<'c> {
    /// Those of the records before `end`.
    pub(super) fn new(connection: &'c Connection, end: i64) -> Result<Self, StoreError> {
        let select = format!(
            "SELECT first_seq, end_seq, bytes FROM extract \
             WHERE first_seq >= ?1 AND end_seq <= ?2 AND form = {FORM} ORDER BY first_seq LIMIT 1"
        );
        let any = connection.table_exists(None, "extract")?;
        let select = any.then(|| connection.prepare(&select)).transpose()?;
        let mut extracts = Self { connection, select, end, next: None, anew: Writer::default() };
        extracts.next = extracts.from(i64::MIN)?;
        Ok(extracts)
    }

    /// Takes the next record; `None` is one that cannot be understood.
    pub(super) fn check(
        &mut self,
        seq: i64,
        head: i64,
        record: Option<&Record>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        self.pass(seq, report)?;
        if self.next.as_ref().is_some_and(|stored| stored.first_seq <= seq)
            && let Some(record) = record
        {
            Columns::of(record).item(head).iter().for_each(|item| self.anew.add(item));
        }
        Ok(())
    }

    /// No record follows.
    pub(super) fn finish(mut self, report: &mut Report) -> Result<(), StoreError> {
        self.pass(self.end, report)?;
        if self.select.is_none() {
            return Ok(());
        }
        // One look at both: records may have come since, and their extracts with them.
        let beyond = "SELECT first_seq, end_seq FROM extract \
                      WHERE end_seq > (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal)";
        let mut beyond = self.connection.prepare(beyond)?;
        let mut rows = beyond.query([])?;
        while let Some(row) = rows.next()? {
            report.add(problem(row.get(0)?, row.get(1)?));
        }
        Ok(())
    }

    /// Compares what ends before a place.
    fn pass(&mut self, seq: i64, report: &mut Report) -> Result<(), StoreError> {
        while let Some(stored) = self.next.take_if(|stored| stored.end_seq <= seq) {
            if stored.bytes != self.anew.bytes() {
                report.add(problem(stored.first_seq, stored.end_seq));
            }
            self.anew.clear();
            self.next = self.from(stored.first_seq + 1)?;
            // No two cover the same record.
            while let Some(second) = self.next.take_if(|next| next.first_seq < stored.end_seq) {
                report.add(problem(second.first_seq, second.end_seq));
                self.next = self.from(second.first_seq + 1)?;
            }
        }
        Ok(())
    }

    /// The first extract from a place on.
    fn from(&mut self, seq: i64) -> Result<Option<Stored>, StoreError> {
        let Some(select) = &mut self.select else { return Ok(None) };
        let stored = select.query_row([seq, self.end], |row| {
            Ok(Stored { first_seq: row.get(0)?, end_seq: row.get(1)?, bytes: row.get(2)? })
        });
        Ok(stored.optional()?)
    }
}

fn problem(first_seq: i64, end_seq: i64) -> Problem {
    Problem::Extract { first_seq, last_seq: end_seq - 1 }
}
