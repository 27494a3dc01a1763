//! How a ledger is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What an acknowledged record survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process, however sudden: it is with the operating system.
    #[default]
    CrashSafe,
    /// A power cut as well: it is on the disk. Each commit costs a sync, shared by all who wait.
    PowerSafe,
}

impl Durability {
    /// The text form, as in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrashSafe => "crash-safe",
            Self::PowerSafe => "power-safe",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no durability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown durability \"{0}\"; known are crash-safe and power-safe")]
pub struct UnknownDurability(String);

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Self, UnknownDurability> {
        [Self::CrashSafe, Self::PowerSafe]
            .into_iter()
            .find(|durability| durability.as_str() == text)
            .ok_or_else(|| UnknownDurability(text.to_owned()))
    }
}

/// How a ledger is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file. Beside it lie `-wal`, `-shm`, `.day1` and `.day2`, which belong to it, and `.lock`.
    pub path: PathBuf,
    /// What an acknowledged record survives.
    pub durability: Durability,
    /// How many records may wait in memory before [`ledger::Health::Full`]: about 1 to 2 KB each. Too low, and a short
    /// outage of the disk closes the door; too high, and a long one takes the memory.
    pub buffer: usize,
    /// The database is synced when it has grown by about this much, and only then forgets the daybook (see
    /// `daybook`). Too low, and the disk syncs all the time; too high, and the next start after a crash has much to
    /// post.
    pub checkpoint_bytes: usize,
}

impl Options {
    /// The usual way to keep a ledger at `path`: `crash-safe`, 65,536 records of buffer, a checkpoint each 8 MiB.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let durability = Durability::default();
        Self { path: path.into(), durability, buffer: 65_536, checkpoint_bytes: 8 << 20 }
    }
}
