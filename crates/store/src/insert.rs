//! Putting rows into the database.

use catalogue::{Bucket, Money};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use crate::encode::{Batch, HeadRow, Tip};
use crate::extract::{self, Growing};
use crate::row::{Columns, Row, capped};
use crate::schema::BUCKETS;

/// Statements, made once.
pub(crate) struct Inserter<'c> {
    connection: &'c Connection,
    begin: Statement<'c>,
    row: Statement<'c>,
    head: Statement<'c>,
    extract: Statement<'c>,
    note: Statement<'c>,
    commit: Statement<'c>,
    rollback: Statement<'c>,
    growing: Growing,
}

impl<'c> Inserter<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        Self::with_block(connection, extract::BLOCK)
    }

    /// With extracts of so many places.
    pub(crate) fn with_block(connection: &'c Connection, block: i64) -> Result<Self, rusqlite::Error> {
        let row = format!(
            "INSERT INTO journal (seq, at_us, record, id, arrived_us, head, tail, chain, deployment, total_us, \
             split, outcome, usage_source, cost_nanos, ttft_us, {BUCKETS}) \
             VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        );
        // A head is named again in each volume of the daybook.
        let head = "INSERT OR IGNORE INTO head (id, product, route, text) VALUES (?1, ?2, ?3, ?4)";
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            row: connection.prepare(&row)?,
            head: connection.prepare(head)?,
            extract: connection.prepare(extract::INSERT)?,
            note: connection.prepare("UPDATE recovery SET from_seq = ?1")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            growing: Growing::new(block),
        })
    }

    /// Puts a batch in, in one transaction, without the rows that are there already. `note`: where a recovery would have
    /// to start from then on.
    pub(crate) fn insert(&mut self, batch: &Batch, note: Option<i64>) -> Result<(), rusqlite::Error> {
        self.begin.execute([])?;
        let result = self.fill(batch, note).and_then(|()| self.commit.execute([]));
        if result.is_err() {
            self.growing.forget();
            // Some errors have rolled it back already; then there is nothing left to roll back.
            let _ = self.rollback.execute([]);
        }
        result.map(drop)
    }

    fn fill(&mut self, batch: &Batch, note: Option<i64>) -> Result<(), rusqlite::Error> {
        let tip = Tip::read(self.connection)?;
        for HeadRow { id, product, route, text: at } in &batch.heads {
            let text = text(&batch.bytes[at.clone()]);
            self.head.execute(rusqlite::params![id, product, route, text])?;
        }
        for row in batch.rows.iter().filter(|row| row.seq > tip.seq) {
            self.put(row, &batch.bytes[row.tail.clone()])?;
            self.grow(row)?;
        }
        if let Some(from_seq) = note {
            self.note.execute([from_seq])?;
        }
        Ok(())
    }

    fn put(&mut self, row: &Row, tail: &[u8]) -> Result<(), rusqlite::Error> {
        let Row { columns, .. } = row;
        let mut bind = Binder { statement: &mut self.row, next: 1 };
        bind.put(row.seq)?;
        bind.put(row.at_us)?;
        bind.put(columns.kind.code())?;
        bind.put(columns.id.as_bytes().as_slice())?;
        bind.put(columns.arrived_us)?;
        bind.put(row.head)?;
        bind.put(text(tail))?;
        bind.put(row.chain.as_bytes().as_slice())?;
        bind.columns(columns)?;
        self.row.raw_execute()?;
        Ok(())
    }

    /// Adds a row to its block's extract, and puts that in with the last one.
    fn grow(&mut self, row: &Row) -> Result<(), rusqlite::Error> {
        let item = row.columns.item(row.head);
        if let Some(whole) = self.growing.add(row.seq, item.as_ref()) {
            let (first_seq, end_seq) = (whole.first_seq, whole.end_seq);
            self.extract.execute(rusqlite::params![first_seq, end_seq, extract::FORM, whole.bytes])?;
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(bytes))
}

/// Binds one column after the other.
struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
}

impl Binder<'_, '_> {
    fn columns(&mut self, columns: &Columns) -> Result<(), rusqlite::Error> {
        self.put(columns.deployment.as_deref())?;
        self.put(capped(columns.total_us))?;
        self.put(columns.split)?;
        self.put(columns.outcome)?;
        self.put(columns.usage_source)?;
        self.put(columns.cost.map(Money::nanos))?;
        self.put(columns.ttft_us.map(capped))?;
        Bucket::ALL.into_iter().try_for_each(|bucket| self.put(capped(columns.usage.get(bucket))))
    }

    fn put(&mut self, value: impl ToSql) -> Result<(), rusqlite::Error> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }
}
