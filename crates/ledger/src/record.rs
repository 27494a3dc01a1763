//! What a journal consists of.

use crate::correction::Correction;
use crate::entry::Entry;
use crate::request_id::RequestId;

/// One record, as it is kept and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A request was admitted: the entry that stands if nothing more is heard of it.
    Intent(Box<Entry>),
    /// A request is over: its entry.
    Settlement(Box<Entry>),
    /// An entry's money was wrong.
    Correction(Box<Correction>),
}

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// [`Record::Intent`].
    Intent,
    /// [`Record::Settlement`].
    Settlement,
    /// [`Record::Correction`].
    Correction,
}

impl Record {
    /// Which of the three.
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Intent(_) => RecordKind::Intent,
            Self::Settlement(_) => RecordKind::Settlement,
            Self::Correction(_) => RecordKind::Correction,
        }
    }

    /// Which request it is about.
    pub fn id(&self) -> RequestId {
        match self {
            Self::Intent(entry) | Self::Settlement(entry) => entry.id,
            Self::Correction(correction) => correction.id,
        }
    }
}

impl RecordKind {
    const NAMES: [&'static str; 3] = ["intent", "settlement", "correction"];

    /// The number that the ledger stores in its column; never changes.
    pub const fn code(self) -> u8 {
        match self {
            Self::Intent => 0,
            Self::Settlement => 1,
            Self::Correction => 2,
        }
    }

    /// The kind of that number.
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Intent),
            1 => Some(Self::Settlement),
            2 => Some(Self::Correction),
            _ => None,
        }
    }

    /// The text form, in JSON and exports.
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self.code() as usize]
    }
}
