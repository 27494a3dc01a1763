//! Extracts that grow with the journal: each row is added as it is posted.

use super::{Item, Writer};

/// The extract of the block that is being filled. One that was not followed from its first place on is left to the
/// [`Backlog`](super::Backlog).
#[derive(Debug)]
pub(crate) struct Growing {
    block: i64,
    /// The place that would go on; `None` until a block begins.
    next: Option<i64>,
    writer: Writer,
}

/// An extract, and what it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extract<'a> {
    /// The first place that it covers.
    pub(crate) first_seq: i64,
    /// The one after the last.
    pub(crate) end_seq: i64,
    pub(crate) bytes: &'a [u8],
}

impl Growing {
    /// Nothing yet; an extract covers `block` places.
    pub(crate) fn new(block: i64) -> Self {
        Self { block, next: None, writer: Writer::default() }
    }

    /// Adds the record at a place, `None` for one that counts nowhere. Gives the extract that it completes.
    pub(crate) fn add(&mut self, seq: i64, item: Option<&Item<'_>>) -> Option<Extract<'_>> {
        if (seq - 1) % self.block == 0 {
            self.writer.clear();
        } else if self.next != Some(seq) {
            self.next = None;
            return None;
        }
        let end_seq = seq + 1;
        self.next = Some(end_seq);
        if let Some(item) = item {
            self.writer.add(item);
        }
        let complete = seq % self.block == 0;
        complete.then(|| Extract { first_seq: end_seq - self.block, end_seq, bytes: self.writer.bytes() })
    }

    /// What was added may not have come to be.
    pub(crate) fn forget(&mut self) {
        self.next = None;
    }
}
