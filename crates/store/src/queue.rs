//! What has been handed over and not yet been taken to be written.
//!
//! Whoever hands a record over may take all that is there and write it. Where that cannot be, the writer's thread does
//! it. That is not woken for each record: whoever waits for one asks for it ([`Queue::hurry`]) after everything that was
//! ready has been handed over, and what nobody waits for is taken within [`LINGER`].

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ledger::Record;

/// How long a record may wait that nobody waits for.
pub(crate) const LINGER: Duration = Duration::from_millis(10);

/// The way from many threads to the writer. Bounded by [`ledger::Health::Full`], which closes the door.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Debug, Default)]
struct State {
    records: Vec<Record>,
    /// How many records were ever handed over; the number of the last one.
    handed: u64,
    /// Someone waits for one of them.
    urgent: bool,
    /// The last record was handed over: the writer ends when it has written it.
    closing: bool,
    writer: Writer,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Writer {
    #[default]
    Busy,
    /// Wakes up by itself, to look for what nobody waits for.
    Dozing,
    /// Has nothing to wake up for.
    Asleep,
}

/// What the writer got.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// The number of the last record handed over.
    pub(crate) through: u64,
    /// Nothing will follow.
    pub(crate) closing: bool,
}

impl Queue {
    /// Hands a record over and gives its number; `None` where it comes too late. Who does not write it at once has to
    /// [see to it](Self::nudge) that somebody does.
    pub(crate) fn hand(&self, record: Record) -> Option<u64> {
        let mut state = self.lock();
        if state.closing {
            return None;
        }
        state.records.push(record);
        state.handed += 1;
        Some(state.handed)
    }

    /// Something is there that nobody may ever wait for.
    pub(crate) fn nudge(&self) {
        let mut state = self.lock();
        if state.writer == Writer::Asleep {
            state.writer = Writer::Dozing;
            drop(state);
            self.work.notify_one();
        }
    }

    /// Someone waits for what has been handed over.
    pub(crate) fn hurry(&self) {
        let mut state = self.lock();
        if !state.urgent && !state.records.is_empty() {
            state.urgent = true;
            let rouse = state.writer != Writer::Busy;
            drop(state);
            if rouse {
                self.work.notify_one();
            }
        }
    }

    /// Something that was taken could not be written, and has to be.
    pub(crate) fn rouse(&self) {
        self.lock().urgent = true;
        self.work.notify_one();
    }

    /// Nothing will follow.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_one();
    }

    /// Takes all that waits, into `records`.
    pub(crate) fn take(&self, records: &mut Vec<Record>) -> Taken {
        let mut state = self.lock();
        state.urgent = false;
        std::mem::swap(&mut state.records, records);
        Taken { through: state.handed, closing: state.closing }
    }

    /// For the writer's thread: waits until somebody hurries, or until `until` where it is given. Does not wait where there
    /// are settlements already: they came while it was busy.
    pub(crate) fn wait(&self, until: Option<Instant>) {
        let mut state = self.lock();
        let settled = |record: &Record| !matches!(record, Record::Intent(_));
        if state.records.iter().any(settled) {
            return;
        }
        state = self.wait_with(state, until);
        state.writer = Writer::Busy;
        drop(state);
        // Where threads share a core, the one that hurried us may have more to hand over: one commit for all of it
        // is cheaper than two. Where they do not, this returns at once.
        std::thread::yield_now();
    }

    fn wait_with<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        mut until: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        while !state.urgent && !state.closing {
            if until.is_none() && !state.records.is_empty() {
                until = Some(Instant::now() + LINGER);
            }
            state = match until {
                None => {
                    state.writer = Writer::Asleep;
                    self.work.wait(state).expect(UNPOISONED)
                }
                Some(moment) => {
                    let rest = moment.saturating_duration_since(Instant::now());
                    if rest.is_zero() {
                        return state;
                    }
                    state.writer = Writer::Dozing;
                    self.work.wait_timeout(state, rest).expect(UNPOISONED).0
                }
            };
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "nothing panics while it holds this lock";

#[cfg(test)]
mod tests;
