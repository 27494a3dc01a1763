//! Ids of calls, which are optional in this dialect and needed in every other.
//!
//! An id of ours says that there was none, so it is left out on the way to Google, where name and order tell which result
//! is whose.

use std::hash::{DefaultHasher, Hasher};

/// How the ids that we make begin. With what follows they have 31 characters or a few more, and none that another
/// protocol refuses in an id.
const OURS: &str = "gemini_call_";

/// Makes ids.
#[derive(Debug, Default)]
pub(super) struct Ids {
    seed: u64,
    next: usize,
}

impl Ids {
    /// Ids for the calls in an answer. No two answers of a conversation have the same bytes: their counts of tokens and
    /// their own ids differ.
    pub(super) fn of(answer: &[u8]) -> Self {
        let mut ids = Self::default();
        ids.go_on(answer);
        ids
    }

    /// The same for the next response of a stream. Two of them may have the same bytes, so the count goes on.
    pub(super) fn go_on(&mut self, answer: &[u8]) {
        let mut hasher = DefaultHasher::new();
        hasher.write(answer);
        self.seed = hasher.finish();
    }

    /// The id of the next call that has none.
    pub(super) fn next(&mut self) -> String {
        let id = format!("{OURS}{:016x}_{}", self.seed, self.next);
        self.next += 1;
        id
    }
}

/// Whether the supplier gave it.
pub(super) fn is_given(id: &str) -> bool {
    !id.is_empty() && !id.starts_with(OURS)
}
