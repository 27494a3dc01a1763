//! Ids for calls whose supplier gives none.

use std::fmt::Display;

/// Makes ids that are unique within a conversation: they hold a digest of the answer's own id and time.
#[derive(Debug, Default)]
pub(super) struct CallIds {
    digest: Option<u64>,
    made: u32,
}

impl CallIds {
    /// Takes note of whose calls they are; the first word counts.
    pub(super) fn of(&mut self, answer: Option<&str>, created: u64) {
        self.digest.get_or_insert_with(|| digest(answer.unwrap_or_default(), created));
    }

    /// The next id.
    pub(super) fn make(&mut self) -> String {
        self.made += 1;
        format!("call_{:016x}{}", self.digest.unwrap_or_default(), self.made)
    }
}

/// FNV-1a, 64 bits: short, and the same everywhere.
fn digest(answer: &str, created: impl Display) -> u64 {
    let text = format!("{answer}\n{created}");
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
