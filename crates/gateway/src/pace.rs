//! What a waiting answer must not sleep through: time limits, keep-alives, the end of the process.
//!
//! One alarm serves them all. It is set for the earliest thing that may be due and, when it goes off, it is seen what
//! really is: so a chunk that passes costs a clock reading and not a timer.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Limits;
use crate::shutdown::{Phase, Shutdown};

/// What has come due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The request has been under way for so long that its intent should be on disk.
    Intent,
    /// The client has heard nothing for the keep-alive interval.
    KeepAlive,
    /// The supplier has been silent for too long.
    Gap,
    /// The whole request has taken too long.
    Total,
    /// The process is ending.
    Ending,
}

/// The times at which things come due. `None` is never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) intent: Option<Instant>,
    pub(crate) keep_alive: Option<Instant>,
    pub(crate) gap: Option<Instant>,
    pub(crate) total: Instant,
}

impl Schedule {
    fn earliest(&self) -> Instant {
        [self.intent, self.keep_alive, self.gap].into_iter().flatten().fold(self.total, Instant::min)
    }

    fn due(&self, now: Instant) -> Option<Due> {
        let reached = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.total <= now {
            Some(Due::Total)
        } else if reached(self.gap) {
            Some(Due::Gap)
        } else if reached(self.intent) {
            Some(Due::Intent)
        } else if reached(self.keep_alive) {
            Some(Due::KeepAlive)
        } else {
            None
        }
    }
}

/// One answer's times.
pub(crate) struct Pace<'a> {
    limits: &'a Limits,
    /// Looked at when polled: the connection is, whenever a stop moves on.
    shutdown: &'a Shutdown,
    pub(crate) schedule: Schedule,
}

/// Either the awaited thing or what came due while waiting for it.
pub(crate) enum Waited<T> {
    Done(T),
    Due(Due),
}

impl<'a> Pace<'a> {
    pub(crate) fn new(limits: &'a Limits, shutdown: &'a Shutdown, schedule: Schedule) -> Self {
        Self { limits, shutdown, schedule }
    }

    /// Waits for `future`, or for the first thing that comes due. The future stays usable: pass it again.
    pub(crate) async fn wait<F: Future>(&mut self, future: F) -> Waited<F::Output> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                return Poll::Ready(Waited::Done(done));
            }
            if self.shutdown.phase() >= Phase::Ending {
                return Poll::Ready(Waited::Due(Due::Ending));
            }
            self.limits.poll(self.schedule.earliest(), context).map(|()| {
                let due = self.schedule.due(Instant::now());
                Waited::Due(due.expect("what was waited for is due"))
            })
        })
        .await
    }
}

/// `instant + duration`, where a duration beyond all clocks means never.
pub(crate) fn after(instant: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_hours(24 * 365);
    instant + duration.min(NEVER)
}
