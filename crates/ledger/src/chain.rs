//! The chain that ties each record to all before it, so that none can be altered, removed or put in unseen.
//!
//! It proves that a journal is whole up to a head that somebody noted elsewhere. Whoever can write the file can also
//! make a new chain: against that only the noted head helps.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::record::RecordKind;
use crate::request_id::RequestId;

/// The chain's value after some record: SHA-256 over the value before it and the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Chain([u8; 32]);

/// What of a record is chained.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Its place in the journal, from 1.
    pub seq: i64,
    /// When it was booked, in microseconds since 1970.
    pub at_us: i64,
    /// What it is.
    pub kind: RecordKind,
    /// Which request it is about.
    pub id: RequestId,
    /// [`Chain::digest`] of the head of its document.
    pub head: &'a [u8; 32],
    /// The tail of its document.
    pub tail: &'a [u8],
}

/// What of a decision about a supplier is chained: all of it. Decisions have a chain of their own, since they are written
/// beside a running server.
#[derive(Debug, Clone, Copy)]
pub struct ActLink<'a> {
    /// Its place among the decisions, from 1.
    pub id: i64,
    /// When it was made, in microseconds since 1970.
    pub set_us: i64,
    /// Until when it holds, likewise; `None` is until the next.
    pub expires_us: Option<i64>,
    /// What a drain takes away in an hour, as a share.
    pub per_hour: f64,
    /// About whom, what, why, by whom.
    pub texts: [&'a str; 4],
}

impl Chain {
    /// The value before the first record.
    pub const START: Self = Self([0; 32]);

    /// The value after `link`.
    #[must_use]
    pub fn next(&self, link: &Link<'_>) -> Self {
        let mut fixed = [0; 33];
        fixed[..8].copy_from_slice(&link.seq.to_le_bytes());
        fixed[8..16].copy_from_slice(&link.at_us.to_le_bytes());
        fixed[16] = link.kind.code();
        fixed[17..].copy_from_slice(link.id.as_bytes());
        let hash = Sha256::new().chain_update(self.0).chain_update(fixed).chain_update(link.head);
        Self(hash.chain_update(link.tail).finalize().into())
    }

    /// The value after a decision, in the chain of decisions.
    #[must_use]
    pub fn next_act(&self, act: &ActLink<'_>) -> Self {
        // No record's link begins like this: its place is no text.
        let mut hash = Sha256::new().chain_update(self.0).chain_update(b"decision");
        hash.update(act.id.to_le_bytes());
        hash.update(act.set_us.to_le_bytes());
        hash.update([u8::from(act.expires_us.is_some())]);
        hash.update(act.expires_us.unwrap_or(0).to_le_bytes());
        hash.update(act.per_hour.to_bits().to_le_bytes());
        for text in act.texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }

    /// The hash that stands for a head: heads repeat, so each is hashed once.
    pub fn digest(head: &[u8]) -> [u8; 32] {
        Sha256::digest(head).into()
    }

    /// The 32 bytes that the ledger stores.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The value of those 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// In hexadecimal.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chain({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_record_changes_the_chain() {
        let (id, other) = (RequestId::new(1, [1, 1]), RequestId::new(1, [1, 2]));
        let [head, other_head] = [Chain::digest(b"head"), Chain::digest(b"other")];
        let link =
            Link { seq: 1, at_us: 2, kind: RecordKind::Settlement, id, head: &head, tail: b",\"a\":1}" };
        let changed = [
            Link { seq: 2, ..link },
            Link { at_us: 3, ..link },
            Link { kind: RecordKind::Intent, ..link },
            Link { id: other, ..link },
            Link { head: &other_head, ..link },
            Link { tail: b",\"a\":2}", ..link },
        ];
        let value = Chain::START.next(&link);
        assert_eq!(value, Chain::START.next(&link));
        assert!(changed.iter().all(|changed| Chain::START.next(changed) != value));
        assert_ne!(value.next(&link), value);
    }

    #[test]
    fn every_part_of_a_decision_changes_its_chain() {
        let act = ActLink { id: 1, set_us: 2, expires_us: None, per_hour: 0.1, texts: ["ab", "c", "d", "e"] };
        let changed = [
            ActLink { id: 2, ..act },
            ActLink { set_us: 3, ..act },
            ActLink { expires_us: Some(0), ..act },
            ActLink { per_hour: 0.2, ..act },
            ActLink { texts: ["a", "bc", "d", "e"], ..act },
            ActLink { texts: ["ab", "c", "d", ""], ..act },
        ];
        let value = Chain::START.next_act(&act);
        assert_eq!(value, Chain::START.next_act(&act));
        assert!(changed.iter().all(|changed| Chain::START.next_act(changed) != value));
        assert_ne!(value.next_act(&act), value);
    }
}
