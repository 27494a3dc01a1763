//! Records as bytes: given their places, chained, and laid out as frames of the daybook.

use std::collections::HashMap;
use std::ops::Range;

use ledger::{Chain, Link, Record, document};
use rusqlite::{Connection, OptionalExtension};

use crate::daybook::frame;
use crate::row::{Columns, Row, owner};

/// How many heads are remembered. One that was forgotten is kept a second time, which costs its length and no more.
const REMEMBERED: usize = 1024;
/// How many are learnt at the start.
const LEARNT: i64 = 128;

/// A batch that has grown beyond this does not keep its room.
const MOST_ROOM_BYTES: usize = 1 << 20;

/// Records on their way: as bytes for the daybook, as rows for the journal.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: Vec<Row>,
    pub(crate) heads: Vec<HeadRow>,
}

/// A head as it lies in the database, and where in a batch's bytes its text lies.
#[derive(Debug)]
pub(crate) struct HeadRow {
    pub(crate) id: i64,
    pub(crate) product: Box<str>,
    pub(crate) route: Box<str>,
    pub(crate) text: Range<usize>,
}

impl Batch {
    /// Takes over what `other` holds.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let before = self.bytes.len();
        let shift = |range: Range<usize>| range.start + before..range.end + before;
        self.bytes.append(&mut other.bytes);
        self.rows.extend(other.rows.drain(..).map(|row| Row { tail: shift(row.tail), ..row }));
        self.heads.extend(other.heads.drain(..).map(|head| HeadRow { text: shift(head.text), ..head }));
    }

    /// Forgets all, and keeps its room where that is not large.
    pub(crate) fn recycle(&mut self) {
        if self.bytes.capacity() > MOST_ROOM_BYTES {
            *self = Self::default();
        }
        self.bytes.clear();
        self.rows.clear();
        self.heads.clear();
    }
}

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
        let tip = connection.prepare_cached(last)?.query_row([], |row| {
            Ok(Self { seq: row.get(0)?, at_us: row.get(1)?, chain: Chain::from_bytes(row.get(2)?) })
        });
        Ok(tip.optional()?.unwrap_or(Self { seq: 0, at_us: 0, chain: Chain::START }))
    }
}

/// Gives records their places, one after the other.
#[derive(Debug)]
pub(crate) struct Encoder {
    tip: Tip,
    heads: HashMap<Box<[u8]>, Head>,
    /// The last that was used: mostly the next is the same.
    last: Option<(Box<[u8]>, Head)>,
    next_head: i64,
    /// Counts the volumes of the daybook: each names the heads that it uses.
    volume: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    id: i64,
    digest: [u8; 32],
    named_in: u64,
}

impl Encoder {
    /// Goes on where the journal ends.
    pub(crate) fn new(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let mut heads = HashMap::new();
        let mut next_head = 1;
        let mut latest = connection.prepare("SELECT id, text FROM head ORDER BY id DESC LIMIT ?1")?;
        let mut rows = latest.query([LEARNT])?;
        while let Some(row) = rows.next()? {
            let (id, text): (i64, &[u8]) = (row.get(0)?, row.get_ref(1)?.as_bytes()?);
            next_head = next_head.max(id + 1);
            heads.insert(text.into(), Head { id, digest: Chain::digest(text), named_in: 0 });
        }
        let tip = Tip::read(connection)?;
        Ok(Self { tip, heads, last: None, next_head, volume: 0, head: Vec::new(), tail: Vec::new() })
    }

    /// Where the journal will end when all that was encoded is in it.
    pub(crate) const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Begins a volume of the daybook.
    pub(crate) fn begin_volume(&mut self, batch: &mut Batch) {
        self.volume += 1;
        frame::put_volume(&mut batch.bytes, &self.tip.chain);
    }

    /// Adds a record, booked now.
    pub(crate) fn add(&mut self, batch: &mut Batch, now_us: i64, record: &Record) {
        let (mut head, mut tail) = (std::mem::take(&mut self.head), std::mem::take(&mut self.tail));
        document::write_parts(record, &mut head, &mut tail);
        self.add_parts(batch, now_us, owner(record), (&head, &tail), Columns::of(record));
        head.clear();
        tail.clear();
        (self.head, self.tail) = (head, tail);
    }

    /// Adds a record that is written already. `at_us` moves on where the record before it, or its own request, was
    /// later.
    pub(crate) fn add_parts(
        &mut self,
        batch: &mut Batch,
        at_us: i64,
        owner: (&str, &str),
        (head, tail): (&[u8], &[u8]),
        columns: Columns,
    ) {
        let Head { id: head, digest, .. } = self.head(batch, owner, head);
        let seq = self.tip.seq + 1;
        let at_us = at_us.max(self.tip.at_us).max(columns.earliest_us());
        let link = Link { seq, at_us, kind: columns.kind, id: columns.id, head: &digest, tail };
        let chain = self.tip.chain.next(&link);
        self.tip = Tip { seq, at_us, chain };
        let tail = frame::put_record(&mut batch.bytes, &link, head, &chain);
        batch.rows.push(Row { seq, at_us, chain, head, tail, columns });
    }

    /// Finds a head, or makes it; names it where this volume has not.
    fn head(&mut self, batch: &mut Batch, (product, route): (&str, &str), text: &[u8]) -> Head {
        let is_last = |(last, head): &&(Box<[u8]>, Head)| head.named_in == self.volume && **last == *text;
        if let Some((_, head)) = self.last.as_ref().filter(is_last) {
            return *head;
        }
        let known = self.heads.get_mut(text);
        if let Some(head) = known.as_deref().filter(|head| head.named_in == self.volume) {
            self.last = Some((text.into(), *head));
            return *head;
        }
        let head = if let Some(head) = known {
            head.named_in = self.volume;
            *head
        } else {
            let head = Head { id: self.next_head, digest: Chain::digest(text), named_in: self.volume };
            self.next_head += 1;
            if self.heads.len() >= REMEMBERED {
                self.heads.clear();
            }
            self.heads.insert(text.into(), head);
            head
        };
        let text = frame::put_head(&mut batch.bytes, head.id, text);
        batch.heads.push(HeadRow { id: head.id, product: product.into(), route: route.into(), text });
        head
    }
}
