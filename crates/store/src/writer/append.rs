//! Adding records to the end of the journal.

use catalogue::{Bucket, Money};
use ledger::{Chain, Link, Record, document};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Statement, ToSql};

use super::heads::Heads;
use crate::clock;
use crate::columns::{Columns, capped};
use crate::schema::BUCKETS;

/// What a transaction writes beside its records: the first and the inner pages of the tables.
const OVERHEAD_BYTES: usize = 12 << 10;

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tip {
    /// The place of the last record; 0 where there is none.
    pub(crate) seq: i64,
    /// When that was booked.
    pub(crate) at_us: i64,
    /// The chain after it.
    pub(crate) chain: Chain,
}

impl Tip {
    pub(crate) fn read(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let last = "SELECT seq, at_us, chain FROM journal ORDER BY seq DESC LIMIT 1";
        let tip = connection.query_row(last, [], |row| {
            Ok(Self { seq: row.get(0)?, at_us: row.get(1)?, chain: Chain::from_bytes(row.get(2)?) })
        });
        Ok(tip.optional()?.unwrap_or(Self { seq: 0, at_us: 0, chain: Chain::START }))
    }
}

/// The end of the journal, with all that is needed to go on from there. Worthless after an error: make a new one.
pub(crate) struct Appender<'c> {
    begin: Statement<'c>,
    insert: Statement<'c>,
    note: Statement<'c>,
    commit: Statement<'c>,
    rollback: Statement<'c>,
    heads: Heads<'c>,
    tip: Tip,
    attempted: Option<Tip>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl<'c> Appender<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        let insert = format!(
            "INSERT INTO journal (seq, at_us, record, id, arrived_us, head, tail, chain, deployment, total_us, \
             split, outcome, usage_source, cost_nanos, ttft_us, {BUCKETS}) \
             VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        );
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            insert: connection.prepare(&insert)?,
            note: connection.prepare("UPDATE recovery SET from_seq = ?1")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            heads: Heads::new(connection)?,
            tip: Tip::read(connection)?,
            attempted: None,
            head: Vec::new(),
            tail: Vec::new(),
        })
    }

    /// Where the journal ends.
    pub(crate) const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Where it would end, had the last transaction not failed; `None` where that was not tried.
    pub(crate) const fn attempted(&self) -> Option<Tip> {
        self.attempted
    }

    /// Adds records in one transaction, and notes where a recovery would have to start, if that is given. Gives about
    /// how many bytes were written.
    pub(crate) fn append(&mut self, records: &[Record], note: Option<i64>) -> Result<usize, rusqlite::Error> {
        self.attempted = None;
        self.begin.execute([])?;
        let result = self.fill(records, note).and_then(|(tip, bytes)| {
            self.attempted = Some(tip);
            self.commit.execute([]).map(|_| (tip, bytes))
        });
        match result {
            Ok((tip, bytes)) => {
                self.tip = tip;
                Ok(bytes)
            }
            Err(error) => {
                // Some errors have rolled it back already; then there is nothing left to roll back.
                let _ = self.rollback.execute([]);
                Err(error)
            }
        }
    }

    fn fill(&mut self, records: &[Record], note: Option<i64>) -> Result<(Tip, usize), rusqlite::Error> {
        let now_us = clock::now_us();
        let (mut tip, mut bytes) = (self.tip, OVERHEAD_BYTES);
        for record in records {
            tip = self.add(tip, now_us, record)?;
            bytes += self.tail.len() + 150;
        }
        if let Some(from_seq) = note {
            self.note.execute([from_seq])?;
        }
        Ok((tip, bytes))
    }

    fn add(&mut self, tip: Tip, now_us: i64, record: &Record) -> Result<Tip, rusqlite::Error> {
        self.head.clear();
        self.tail.clear();
        document::write_parts(record, &mut self.head, &mut self.tail);
        let columns = Columns::of(record);
        let head = self.heads.find(&self.head, columns.product, columns.route)?;
        let (seq, id) = (tip.seq + 1, columns.id);
        let at_us = tip.at_us.max(now_us).max(columns.earliest_us());
        let link = Link { seq, at_us, kind: columns.kind, id, head: &head.digest, tail: &self.tail };
        let chain = tip.chain.next(&link);
        let mut bind = Binder { statement: &mut self.insert, next: 1 };
        bind.integer(seq)?;
        bind.integer(at_us)?;
        bind.integer(i64::from(columns.kind.code()))?;
        bind.value(ValueRef::Blob(id.as_bytes()))?;
        bind.integer(columns.arrived_us)?;
        bind.integer(head.id)?;
        bind.value(ValueRef::Text(&self.tail))?;
        bind.value(ValueRef::Blob(chain.as_bytes()))?;
        bind.columns(&columns)?;
        self.insert.raw_execute()?;
        Ok(Tip { seq, at_us, chain })
    }
}

/// Binds one column after the other.
struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
}

impl Binder<'_, '_> {
    fn columns(&mut self, columns: &Columns<'_>) -> Result<(), rusqlite::Error> {
        self.value(columns.deployment.map_or(ValueRef::Null, ValueRef::from))?;
        self.integer(capped(columns.total_us))?;
        self.integer(i64::from(columns.split))?;
        self.optional(columns.outcome.map(i64::from))?;
        self.optional(columns.usage_source.map(i64::from))?;
        self.optional(columns.cost.map(Money::nanos))?;
        self.optional(columns.ttft_us.map(capped))?;
        Bucket::ALL.into_iter().try_for_each(|bucket| self.integer(capped(columns.usage.get(bucket))))
    }

    fn value(&mut self, value: ValueRef<'_>) -> Result<(), rusqlite::Error> {
        self.put(ToSqlOutput::Borrowed(value))
    }

    fn integer(&mut self, value: i64) -> Result<(), rusqlite::Error> {
        self.put(value)
    }

    fn optional(&mut self, value: Option<i64>) -> Result<(), rusqlite::Error> {
        self.put(value)
    }

    fn put(&mut self, value: impl ToSql) -> Result<(), rusqlite::Error> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }
}
