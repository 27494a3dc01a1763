//! The writer thread: whatever waits goes into one transaction.
//!
//! When a transaction fails, nothing is lost: its records stay at the front of what waits, everyone who waits is told
//! that the record is only in memory, and the writer opens the file anew and tries again.

mod append;
mod heads;
mod lingering;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use ledger::{Record, RequestId};
use rusqlite::Connection;

pub(crate) use append::{Appender, Tip};

use crate::acknowledge::Progress;
use crate::checkpoint::Gate;
use crate::error::StoreError;
use crate::options::Options;
use crate::queue::Handed;
use crate::schema;
use lingering::Lingering;

/// The most records in one transaction: bounds how long others wait for the first of them.
const BATCH: usize = 2048;
/// The first and the longest rest between two tries.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long it tries to write the last records when it is told to end.
const LAST_TRIES: Duration = Duration::from_secs(5);
/// How many records are written between two notes of where recovery would start.
const NOTE_EVERY: i64 = 1024;

/// Writes until the queue is closed. Gives the number of records that could not be written.
pub(crate) fn run(options: &Options, progress: &Progress, gate: &Gate, connection: Connection) -> usize {
    let mut writer = Writer::new(progress, gate);
    let mut connection = Some(connection);
    loop {
        let trouble = match connection.take() {
            Some(connection) => writer.write_until_trouble(&connection),
            None => reopen(options).map(|fresh| connection = Some(fresh)),
        };
        match trouble {
            Ok(()) if connection.is_some() => {}
            Ok(()) => return 0,
            Err(error) => {
                if writer.give_way(&error) {
                    return writer.unwritten();
                }
            }
        }
    }
}

fn reopen(options: &Options) -> Result<Connection, StoreError> {
    schema::open(&options.path, options.durability)
}

struct Writer<'a> {
    progress: &'a Progress,
    gate: &'a Gate,
    handed: Vec<Handed>,
    lingering: Lingering,
    /// What is to be written, oldest first.
    pending: VecDeque<Record>,
    /// The number of the last record that was taken from the queue.
    through: u64,
    closing: bool,
    /// Intents that are written and not settled, with their places.
    open: HashMap<RequestId, i64>,
    /// Where the journal would end, had the last transaction not failed.
    doubtful: Option<(usize, Tip)>,
    noted_seq: i64,
    trouble: Option<Trouble>,
}

struct Trouble {
    rest: Duration,
    closing_since: Option<Instant>,
}

impl<'a> Writer<'a> {
    fn new(progress: &'a Progress, gate: &'a Gate) -> Self {
        Self {
            progress,
            gate,
            handed: Vec::new(),
            lingering: Lingering::default(),
            pending: VecDeque::new(),
            through: 0,
            closing: false,
            open: HashMap::new(),
            doubtful: None,
            noted_seq: 0,
            trouble: None,
        }
    }

    /// Returns `Ok` when everything is written and nothing will follow.
    fn write_until_trouble(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let mut appender = Appender::new(connection)?;
        self.settle_doubt(appender.tip());
        loop {
            while !self.pending.is_empty() {
                self.append(&mut appender)?;
            }
            self.progress.commit(self.through);
            self.trouble = None;
            if self.closing {
                return Ok(());
            }
            self.take(self.lingering.next());
        }
    }

    /// Whether the last transaction, which seemed to fail, is in the file all the same.
    fn settle_doubt(&mut self, tip: &Tip) {
        if let Some((count, expected)) = self.doubtful.take().filter(|(_, expected)| expected == tip) {
            self.committed(count, expected.seq);
        }
    }

    fn take(&mut self, until: Option<Instant>) {
        let taken = self.progress.queue.take(&mut self.handed, until);
        (self.through, self.closing) = (taken.through, taken.closing);
        let mut never_written = 0;
        for record in self.handed.drain(..) {
            match record {
                Handed::Intent(intent) => self.lingering.add(intent),
                Handed::Settlement(entry) => {
                    never_written += usize::from(self.lingering.remove(entry.id));
                    self.pending.push_back(Record::Settlement(entry));
                }
                Handed::Correction(correction) => self.pending.push_back(Record::Correction(correction)),
            }
        }
        let everything = self.closing.then_some(Duration::MAX);
        self.pending.extend(
            self.lingering.expired(everything).map(|intent| Record::Intent(Box::new(intent.interrupted()))),
        );
        self.progress.sub_waiting(never_written);
    }

    fn append(&mut self, appender: &mut Appender<'_>) -> Result<(), StoreError> {
        let count = self.pending.len().min(BATCH);
        let batch = &self.pending.make_contiguous()[..count];
        let first = appender.tip().seq + 1;
        let note = (first >= self.noted_seq + NOTE_EVERY)
            .then(|| self.open.values().copied().min().unwrap_or(first));
        self.progress.begin();
        self.gate.enter();
        let result = appender.append(batch, note);
        self.gate.leave(*result.as_ref().unwrap_or(&0));
        if let Err(error) = result {
            self.doubtful = appender.attempted().map(|tip| (count, tip));
            return Err(error.into());
        }
        if note.is_some() {
            self.noted_seq = first;
        }
        self.committed(count, appender.tip().seq);
        Ok(())
    }

    fn committed(&mut self, count: usize, last_seq: i64) {
        let seqs = last_seq + 1 - i64::try_from(count).expect("a batch is short")..;
        for (record, seq) in self.pending.drain(..count).zip(seqs) {
            match record {
                Record::Intent(entry) => drop(self.open.insert(entry.id, seq)),
                Record::Settlement(entry) => drop(self.open.remove(&entry.id)),
                Record::Correction(_) => {}
            }
        }
        self.progress.sub_waiting(count);
    }

    /// Lets the disk rest, and takes meanwhile what is handed over. `true` where it is time to give up.
    fn give_way(&mut self, error: &StoreError) -> bool {
        let rest = self.trouble.as_ref().map_or(REST.0, |trouble| (trouble.rest * 2).min(REST.1));
        if self.trouble.is_none() {
            let records = self.pending.len();
            tracing::error!(
                error = error as &dyn std::error::Error,
                records,
                "the ledger cannot be written; records wait in memory"
            );
        }
        self.progress.fail();
        let end = Instant::now() + rest;
        while Instant::now() < end && !self.closing {
            let next = self.lingering.next().map_or(end, |next| next.min(end));
            self.take(Some(next));
        }
        let closing_since = self.trouble.as_ref().and_then(|trouble| trouble.closing_since);
        let closing_since = closing_since.or_else(|| self.closing.then(Instant::now));
        if self.closing {
            std::thread::sleep(rest.min(REST.0));
        }
        self.trouble = Some(Trouble { rest, closing_since });
        closing_since.is_some_and(|since| since.elapsed() > LAST_TRIES)
    }

    fn unwritten(&self) -> usize {
        self.pending.len()
    }
}
