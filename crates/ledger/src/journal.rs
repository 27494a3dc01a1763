//! Where the gateway puts what happened.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::correction::Correction;
use crate::entry::Entry;
use crate::intent::Intent;

/// A journal takes everything, keeps it in the order given, and loses nothing that it called kept.
///
/// Shared by all threads. No method waits, and none fails: trouble shows in [`Journal::health`].
pub trait Journal: Send + Sync + fmt::Debug {
    /// A request is under way. Before it is settled, and at most once; nobody waits for it.
    fn intent(&self, intent: Intent);

    /// A request is over. Exactly once per admitted request. What it returns may be dropped: the entry is kept all the
    /// same.
    fn settle(&self, entry: Box<Entry>) -> Settled;

    /// An entry's money was wrong.
    fn correct(&self, correction: Correction) -> Settled;

    /// Whether what is given is being kept.
    fn health(&self) -> Health;
}

/// What has become of a record that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is as durable as was asked for.
    Committed,
    /// It is in memory only: the disk fails at present. It is written as soon as that works again, and lost if the
    /// process is killed before.
    Buffered,
}

/// The state of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Records are committed.
    Good,
    /// Writing fails or hangs; records wait in memory. Requests can still be served, but a person should look, and
    /// readiness should say so.
    Failing,
    /// As many records wait as may. No new request should be admitted; those in flight can still be settled.
    Full,
}

/// Resolves when a record is kept. Dropping it loses nothing.
#[must_use = "wait for it before the answer's last byte"]
pub struct Settled(State);

enum State {
    Now(Kept),
    Later(Pin<Box<dyn Future<Output = Kept> + Send>>),
}

impl Settled {
    /// It is kept already.
    pub const fn now(kept: Kept) -> Self {
        Self(State::Now(kept))
    }

    /// It is kept when `future` says so.
    pub fn later(future: impl Future<Output = Kept> + Send + 'static) -> Self {
        Self(State::Later(Box::pin(future)))
    }
}

impl Future for Settled {
    type Output = Kept;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Kept> {
        match &mut self.0 {
            State::Now(kept) => Poll::Ready(*kept),
            State::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Now(_) => "Settled(now)",
            State::Later(_) => "Settled(later)",
        })
    }
}
