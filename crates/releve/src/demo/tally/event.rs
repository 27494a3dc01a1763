//! What is worth a line on the screen.

use std::time::Duration;

/// Something worth a line on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::demo) struct Event {
    /// Since the beginning.
    pub(in crate::demo) at: Duration,
    pub(in crate::demo) kind: EventKind,
    pub(in crate::demo) words: String,
    /// What is worth saying only where there is room.
    pub(in crate::demo) more: &'static str,
}

/// How an event is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) enum EventKind {
    /// The story goes on.
    Scene,
    /// Somebody pressed a key.
    Hand,
    /// A supplier got worse, or a takeover began.
    Trouble,
    /// A supplier is back.
    Relief,
    /// A product saw an error.
    Error,
}
