//! One timer for all that an answer must not sleep through.
//!
//! Most of what is waited for comes long before its limit, so that setting a timer for each limit and taking it away
//! again is nearly all that limits cost. An [`Alarm`] is set and then left as it is: it may go off early, for a limit
//! that is no longer there, and is then set for what is. One answer hands it on to the next as it is.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// So many alarms are kept for the next answers.
const MOST_SPARE: usize = 64;

/// See the module. For one task at a time.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// Whom it wakes. `None` where it is not set.
    task: Option<Waker>,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { sleep: Box::pin(sleep_until(Instant::now())), task: None }
    }
}

impl Alarm {
    /// Ready when `deadline` has come; else the task is woken by then, or earlier.
    pub(crate) fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let is_set = self.task.is_some() && !self.sleep.is_elapsed() && self.sleep.deadline() <= deadline;
        if is_set && self.task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            return Poll::Pending;
        }
        if !is_set {
            self.task = None;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline);
        }
        // A task that has used up its budget would only be told to come back, and nothing would be set.
        let gone_off = pin!(unconstrained(self.sleep.as_mut())).poll(context).is_ready();
        self.task = (!gone_off).then(|| context.waker().clone());
        if gone_off {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Alarms that nobody uses at present.
#[derive(Debug, Default)]
pub(crate) struct Alarms(RefCell<Vec<Alarm>>);

impl Alarms {
    /// One for an answer, which gives it back.
    pub(crate) fn lend(self: &Rc<Self>) -> Limits {
        let alarm = self.0.borrow_mut().pop().unwrap_or_default();
        Limits { alarm: RefCell::new(Some(alarm)), from: Rc::clone(self) }
    }
}

/// One answer's limits of time, on one alarm.
#[derive(Debug)]
pub(crate) struct Limits {
    alarm: RefCell<Option<Alarm>>,
    from: Rc<Alarms>,
}

impl Limits {
    /// Ready when `deadline` has come; else the task is woken by then, or earlier.
    pub(crate) fn poll(&self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        self.alarm.borrow_mut().get_or_insert_default().poll(deadline, context)
    }

    /// Waits for `future`, until `deadline`. The caller pins it: handed over, it would take its room twice.
    pub(crate) async fn within<F: Future + Unpin>(
        &self,
        deadline: Instant,
        mut future: F,
    ) -> Option<F::Output> {
        poll_fn(|context| match Pin::new(&mut future).poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll(deadline, context).map(|()| None),
        })
        .await
    }
}

impl Drop for Limits {
    fn drop(&mut self) {
        let mut spare = self.from.0.borrow_mut();
        if spare.len() < MOST_SPARE {
            spare.extend(self.alarm.take());
        }
    }
}

/// hyper's timer for one client's connection, which sets a limit for each request's head.
#[derive(Clone, Default)]
pub(crate) struct HeadTimer(Arc<Mutex<Alarm>>);

struct HeadLimit {
    deadline: Instant,
    alarm: Arc<Mutex<Alarm>>,
}

impl hyper::rt::Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until((Instant::now() + duration).into())
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(HeadLimit { deadline: deadline.into(), alarm: Arc::clone(&self.0) })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }
}

impl hyper::rt::Sleep for HeadLimit {}

impl Future for HeadLimit {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.alarm.lock().expect("nothing panics while it holds this lock").poll(self.deadline, context)
    }
}

impl fmt::Debug for HeadTimer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HeadTimer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn each_limit_comes_in_its_time_whatever_came_before() {
        let alarms = Rc::<Alarms>::default();
        for seconds in [10, 1, 5, 5, 60] {
            let (limits, start) = (alarms.lend(), Instant::now());
            let inner = pin!(async {
                assert_eq!(limits.within(start + SECOND * seconds, pending::<()>()).await, None);
            });
            let came = limits.within(start + SECOND * 30, inner).await.is_some();
            assert_eq!((came, start.elapsed().as_secs()), (seconds < 30, u64::from(seconds.min(30))));
        }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_comes_in_time_is_not_cut_off_by_an_alarm_set_for_something_else() {
        let alarms = Rc::<Alarms>::default();
        let soon = Instant::now() + SECOND;
        assert_eq!(alarms.lend().within(soon, ready(1)).await, Some(1));
        let limits = alarms.lend();
        let first = pin!(tokio::time::sleep(SECOND / 2));
        assert_eq!(limits.within(soon, first).await, Some(()));
        let later = pin!(tokio::time::sleep(SECOND * 5));
        assert_eq!(limits.within(soon + SECOND * 10, later).await, Some(()));
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn whoever_has_it_last_is_woken() {
        let alarms = Rc::<Alarms>::default();
        tokio::task::LocalSet::new()
            .run_until(async {
                for _ in 0..3 {
                    let (alarms, start) = (Rc::clone(&alarms), Instant::now());
                    let task = tokio::task::spawn_local(async move {
                        alarms.lend().within(start + SECOND * 2, pending::<()>()).await
                    });
                    assert_eq!(task.await.unwrap(), None);
                    assert_eq!(start.elapsed(), SECOND * 2);
                }
            })
            .await;
    }
}
