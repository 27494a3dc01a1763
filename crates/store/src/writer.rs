//! Writing: whatever waits goes into one write of the daybook, is acknowledged, and handed on to posting.
//!
//! When a write fails, nothing is lost: its bytes are kept and tried again, everyone who waits is told that the record
//! is only in memory, and what follows waits behind it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ledger::Record;

use crate::acknowledge::Progress;
use crate::clock;
use crate::daybook::Daybook;
use crate::encode::{Batch, Encoder};
use crate::posting::Posting;

/// The most records in one write: bounds how long others wait for the first of them.
const BATCH: usize = 1024;
/// The first and the longest rest between two tries.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long it tries to write the last records when it is told to end.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// What it takes to write. Whoever holds it may write: mostly the thread that has a record to be written, where others
/// would have to be woken and waited for; else the writer's thread.
pub(crate) struct Writer {
    daybook: Daybook,
    encoder: Encoder,
    progress: Arc<Progress>,
    posting: Arc<Posting>,
    handed: Vec<Record>,
    /// What is to be written, oldest first, after `batch`.
    pending: VecDeque<Record>,
    /// What is being written.
    batch: Batch,
    /// The number of the last record that was taken from the queue.
    through: u64,
    closing: bool,
}

/// The writer's thread: writes what nobody else does, until the queue is closed. Gives the number of records that could
/// not be written.
pub(crate) fn run(writer: &Mutex<Writer>, progress: &Progress) -> usize {
    loop {
        progress.queue.wait(None);
        let mut writer = lock(writer);
        writer.take();
        if !writer.write_at_last() {
            return writer.batch.rows.len() + writer.pending.len();
        }
        progress.commit(writer.through);
        if writer.closing {
            return 0;
        }
    }
}

fn lock(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    writer.lock().expect("nothing panics while it writes")
}

impl Writer {
    pub(crate) fn new(
        daybook: Daybook,
        encoder: Encoder,
        progress: Arc<Progress>,
        posting: Arc<Posting>,
    ) -> Self {
        Self {
            daybook,
            encoder,
            progress,
            posting,
            handed: Vec::new(),
            pending: VecDeque::new(),
            batch: Batch::default(),
            through: 0,
            closing: false,
        }
    }

    /// Writes all that was handed over, here and now. What cannot be written is left to the writer's thread.
    pub(crate) fn write_here(&mut self) {
        self.take();
        while !self.is_done() {
            if let Err(error) = self.write() {
                self.say(&error);
                return self.progress.queue.rouse();
            }
        }
        self.progress.commit(self.through);
    }

    /// Forgets everything: it is all in the synced database.
    pub(crate) fn clear_daybook(&self) -> io::Result<()> {
        self.daybook.clear()
    }

    fn is_done(&self) -> bool {
        self.batch.rows.is_empty() && self.pending.is_empty()
    }

    fn take(&mut self) {
        let taken = self.progress.queue.take(&mut self.handed);
        (self.through, self.closing) = (taken.through, taken.closing);
        self.pending.extend(self.handed.drain(..));
    }

    /// Writes all that is pending, as often as it takes. `false` where it ends before it could.
    fn write_at_last(&mut self) -> bool {
        let (mut rest, mut closing_since) = (REST.0, None);
        while !self.is_done() {
            let Err(error) = self.write() else { continue };
            self.say(&error);
            if self.closing {
                let since: &mut Instant = closing_since.get_or_insert_with(Instant::now);
                if since.elapsed() > LAST_TRIES {
                    return false;
                }
                std::thread::sleep(REST.0);
            } else {
                self.wait(rest);
                rest = (rest * 2).min(REST.1);
            }
        }
        true
    }

    /// Tells those who wait, and once the log.
    fn say(&self, error: &io::Error) {
        if !self.progress.fail() {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the ledger cannot be written; records wait in memory"
            );
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.batch.rows.is_empty() {
            self.daybook.turn_when_full(self.posting.synced_seq())?;
            self.fill_batch();
        }
        let begun = Instant::now();
        self.progress.begin(begun);
        self.daybook.write(&self.batch.bytes, self.encoder.tip().seq)?;
        self.progress.took(begun.elapsed());
        self.posting.give(&mut self.batch);
        Ok(())
    }

    fn fill_batch(&mut self) {
        if self.daybook.begins() {
            self.encoder.begin_volume(&mut self.batch);
        }
        let now_us = clock::now_us();
        let count = self.pending.len().min(BATCH);
        for record in self.pending.drain(..count) {
            self.encoder.add(&mut self.batch, now_us, &record);
        }
    }

    /// Lets the disk rest, and takes meanwhile what is handed over.
    fn wait(&mut self, rest: Duration) {
        let end = Instant::now() + rest;
        while Instant::now() < end && !self.closing {
            self.progress.queue.wait(Some(end));
            self.take();
        }
    }
}
