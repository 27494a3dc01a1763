//! The heads of documents: each kept once, found again by its bytes.

use std::collections::HashMap;

use ledger::Chain;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

/// How many heads are remembered. One that was forgotten is kept a second time, which costs its length and no more.
const REMEMBERED: usize = 1024;
/// How many are learnt at the start.
const LEARNT: i64 = 128;

/// A head that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) digest: [u8; 32],
}

#[derive(Debug)]
pub(super) struct Heads<'c> {
    connection: &'c Connection,
    insert: Statement<'c>,
    known: HashMap<Box<[u8]>, Head>,
}

impl<'c> Heads<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        let insert = connection.prepare("INSERT INTO head (product, route, text) VALUES (?1, ?2, ?3)")?;
        let mut known = HashMap::new();
        let mut latest = connection.prepare("SELECT id, text FROM head ORDER BY id DESC LIMIT ?1")?;
        let mut rows = latest.query([LEARNT])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_bytes()?;
            known.insert(text.into(), Head { id: row.get(0)?, digest: Chain::digest(text) });
        }
        Ok(Self { connection, insert, known })
    }

    /// Finds a head, or keeps it. Must be forgotten with its transaction when that fails.
    pub(super) fn find(&mut self, text: &[u8], product: &str, route: &str) -> Result<Head, rusqlite::Error> {
        if let Some(head) = self.known.get(text) {
            return Ok(*head);
        }
        let text_value = ToSqlOutput::Borrowed(ValueRef::Text(text));
        self.insert.execute(rusqlite::params![product, route, text_value])?;
        let head = Head { id: self.connection.last_insert_rowid(), digest: Chain::digest(text) };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(text.into(), head);
        Ok(head)
    }
}
