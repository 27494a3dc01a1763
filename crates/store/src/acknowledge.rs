//! Telling those who wait that their record is kept.
//!
//! A waker called from another thread costs a system call each. So those who wait on one thread form a [`Group`]: the
//! writer wakes only the group's relay, a task on that thread, and the relay wakes the others, which costs next to
//! nothing there. The relay also sees to it that what was handed over is written, once for all that were ready in one
//! turn of the thread's runtime: it writes itself where that takes no time to speak of, else it hurries the writer.
//! Without a tokio runtime there is no relay: who hands a record over writes it, and the writer wakes each itself.

mod group;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ledger::{Health, Kept, Record};

use crate::queue::Queue;
use crate::writer::Writer;
use group::Group;

/// A commit that takes longer is a disk that hangs.
const HUNG: Duration = Duration::from_secs(5);
/// A commit that takes longer is not for a thread that has other things to do (less may be the machine's scheduling)...
const SLOW: Duration = Duration::from_millis(10);
/// ... for so long.
const SLOW_FOR: Duration = Duration::from_secs(1);

/// What writer, waiters and onlookers share.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) queue: Queue,
    /// Every record up to this number is committed.
    committed: AtomicU64,
    /// How many records are handed over and not posted.
    waiting: AtomicUsize,
    /// Commits fail at present.
    failing: AtomicBool,
    /// Posting fails at present.
    posting_failing: AtomicBool,
    /// When the commit that is going on began, in milliseconds since `born`, plus one; 0 while none is.
    committing_since: AtomicU64,
    /// The last slow commit, in milliseconds since `born`, plus one; 0 where there was none.
    slow_at: AtomicU64,
    born: Instant,
    buffer: usize,
    groups: Mutex<Vec<Weak<Group>>>,
    /// What it takes to write, where any thread may.
    writer: OnceLock<Weak<Mutex<Writer>>>,
    closed: AtomicBool,
}

impl Progress {
    pub(crate) fn new(buffer: usize) -> Self {
        Self {
            queue: Queue::default(),
            committed: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            posting_failing: AtomicBool::new(false),
            committing_since: AtomicU64::new(0),
            slow_at: AtomicU64::new(0),
            born: Instant::now(),
            buffer,
            groups: Mutex::default(),
            writer: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Hands a record to the writer and gives its number; `None` where it comes too late.
    pub(crate) fn hand(&self, record: Record) -> Option<u64> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let number = self.queue.hand(record);
        if number.is_none() {
            self.sub_waiting(1);
            tracing::error!("a record came after the ledger was closed, and is lost");
        }
        number
    }

    /// From now on any thread may write with `writer`.
    pub(crate) fn let_write(&self, writer: &Arc<Mutex<Writer>>) {
        // There is only one.
        self.writer.set(Arc::downgrade(writer)).ok();
    }

    /// Sees to it that what this thread handed over is written soon: with all that it hands over in this turn.
    pub(crate) fn see_to_it(self: &Arc<Self>) {
        let may_write = self.writer.get().is_some() && self.is_quick();
        if !(may_write && (self.group().call(self) || self.write_here())) {
            self.queue.nudge();
        }
    }

    /// Writes all that was handed over, if that may be done here and takes no time to speak of.
    fn write_here(&self) -> bool {
        let writer = self.writer.get().filter(|_| self.is_quick()).and_then(Weak::upgrade);
        let Some(writer) = writer else { return false };
        let Ok(mut writer) = writer.try_lock() else { return false };
        writer.write_here();
        true
    }

    /// How many records wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// `count` records less wait: they are posted, or were never to be written.
    pub(crate) fn sub_waiting(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// A commit begins.
    pub(crate) fn begin(&self, now: Instant) {
        self.committing_since.store(self.millis_at(now) + 1, Ordering::Relaxed);
    }

    /// A commit took so long.
    pub(crate) fn took(&self, time: Duration) {
        if time > SLOW {
            self.slow_at.store(self.millis() + 1, Ordering::Relaxed);
        }
    }

    /// Whether commits work at present, and take no time to speak of.
    pub(crate) fn is_quick(&self) -> bool {
        let slow_at = self.slow_at.load(Ordering::Relaxed);
        let was_slow = slow_at > 0 && u128::from(self.millis() + 1 - slow_at) < SLOW_FOR.as_millis();
        !was_slow && !self.failing.load(Ordering::Relaxed)
    }

    /// Every record up to `number` is committed.
    pub(crate) fn commit(&self, number: u64) {
        self.committing_since.store(0, Ordering::Relaxed);
        self.failing.store(false, Ordering::Relaxed);
        self.committed.store(number, Ordering::SeqCst);
        self.wake();
    }

    /// A commit failed: from now on, until one works, nobody waits for any. Gives whether they failed before.
    pub(crate) fn fail(&self) -> bool {
        self.committing_since.store(0, Ordering::Relaxed);
        let before = self.failing.swap(true, Ordering::SeqCst);
        self.wake();
        before
    }

    /// Whether posting fails. Gives whether it did before.
    pub(crate) fn posting_fails(&self, fails: bool) -> bool {
        self.posting_failing.swap(fails, Ordering::Relaxed)
    }

    /// The writer has ended: nothing will change any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let mut groups = self.groups.lock().expect(UNPOISONED);
        groups.drain(..).filter_map(|group| group.upgrade()).for_each(|group| group.end());
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) fn health(&self) -> Health {
        if self.waiting() >= self.buffer {
            return Health::Full;
        }
        let since = self.committing_since.load(Ordering::Relaxed);
        let hangs = since > 0 && u128::from(self.millis() + 1 - since) > HUNG.as_millis();
        let fails = [&self.failing, &self.posting_failing].iter().any(|flag| flag.load(Ordering::Relaxed));
        if hangs || fails { Health::Failing } else { Health::Good }
    }

    /// What has become of the record of that number.
    pub(crate) fn kept(&self, number: u64) -> Option<Kept> {
        if self.committed.load(Ordering::SeqCst) >= number {
            Some(Kept::Committed)
        } else if self.failing.load(Ordering::SeqCst) || self.is_closed() {
            Some(Kept::Buffered)
        } else {
            None
        }
    }

    fn wake(&self) {
        let mut groups = self.groups.lock().expect(UNPOISONED);
        groups.retain(|group| {
            let group = group.upgrade();
            group.inspect(|group| group.rouse(|number| self.kept(number).is_some())).is_some()
        });
    }

    fn millis(&self) -> u64 {
        self.millis_at(Instant::now())
    }

    fn millis_at(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }

    /// The group of this thread.
    fn group(self: &Arc<Self>) -> Arc<Group> {
        thread_local! {
            static GROUPS: RefCell<Vec<(Weak<Progress>, Arc<Group>)>> = const { RefCell::new(Vec::new()) };
        }
        GROUPS.with_borrow_mut(|groups| {
            let mine = groups.iter().find(|(progress, _)| std::ptr::eq(progress.as_ptr(), Arc::as_ptr(self)));
            if let Some((_, group)) = mine {
                return Arc::clone(group);
            }
            groups.retain(|(progress, _)| progress.strong_count() > 0);
            let group = Arc::<Group>::default();
            groups.push((Arc::downgrade(self), Arc::clone(&group)));
            self.groups.lock().expect(UNPOISONED).push(Arc::downgrade(&group));
            group
        })
    }
}

/// Resolves when the record of that number is kept.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) progress: Arc<Progress>,
    pub(crate) number: u64,
}

impl Future for Waiting {
    type Output = Kept;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Kept> {
        if let Some(kept) = self.progress.kept(self.number) {
            return Poll::Ready(kept);
        }
        let group = self.progress.group();
        if !group.join(self.number, context.waker(), &self.progress) {
            self.progress.queue.hurry();
        }
        // The writer may have committed, or failed, before it could see us in the group.
        match self.progress.kept(self.number) {
            Some(kept) => Poll::Ready(kept),
            None => Poll::Pending,
        }
    }
}

const UNPOISONED: &str = "nothing panics while it holds this lock";

#[cfg(test)]
mod tests;
