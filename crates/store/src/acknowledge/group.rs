//! Those who wait on one thread.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker};

use super::Progress;

/// Those who wait on one thread, and their relay.
#[derive(Debug, Default)]
pub(super) struct Group {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiters: Vec<(u64, Waker)>,
    relay: Relay,
    /// Something was handed over, or somebody joined, since the relay last saw to it.
    hurry: bool,
}

#[derive(Debug, Default)]
enum Relay {
    /// There is none, or its runtime has ended.
    #[default]
    Missing,
    /// It is there and has not run yet.
    Starting,
    Waits(Waker),
}

impl Group {
    /// Wakes `waker` when the record of that number is kept. `false` where nobody will hurry the writer.
    pub(super) fn join(self: &Arc<Self>, number: u64, waker: &Waker, progress: &Arc<Progress>) -> bool {
        let mut state = self.lock();
        match state.waiters.iter_mut().find(|(waiting, _)| *waiting == number) {
            Some((_, known)) => known.clone_from(waker),
            None => state.waiters.push((number, waker.clone())),
        }
        self.call_relay(state, progress)
    }

    /// Has the relay see to what was handed over. `false` where there is none.
    pub(super) fn call(self: &Arc<Self>, progress: &Arc<Progress>) -> bool {
        self.call_relay(self.lock(), progress)
    }

    fn call_relay(self: &Arc<Self>, mut state: MutexGuard<'_, State>, progress: &Arc<Progress>) -> bool {
        match &state.relay {
            Relay::Waits(_) if state.hurry => true,
            Relay::Waits(relay) => {
                let relay = relay.clone();
                state.hurry = true;
                drop(state);
                relay.wake();
                true
            }
            Relay::Starting => {
                state.hurry = true;
                true
            }
            Relay::Missing => {
                state.hurry = true;
                drop(state);
                self.start_relay(progress)
            }
        }
    }

    /// Sees to it that all who wait for a record that is kept are woken.
    pub(super) fn rouse(&self, is_kept: impl Fn(u64) -> bool) {
        let state = self.lock();
        if state.waiters.iter().any(|(number, _)| is_kept(*number)) {
            Self::wake_through_relay(state, is_kept);
        }
    }

    /// The ledger is closed: all who wait are woken, and the relay ends.
    pub(super) fn end(&self) {
        Self::wake_through_relay(self.lock(), |_| true);
    }

    fn wake_through_relay(state: MutexGuard<'_, State>, is_kept: impl Fn(u64) -> bool) {
        match &state.relay {
            Relay::Waits(relay) => {
                let relay = relay.clone();
                drop(state);
                relay.wake();
            }
            Relay::Starting => {}
            Relay::Missing => wake_kept(state, is_kept),
        }
    }

    fn start_relay(self: &Arc<Self>, progress: &Arc<Progress>) -> bool {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return false };
        self.lock().relay = Relay::Starting;
        let relay = Running { group: Arc::clone(self), progress: Arc::downgrade(progress) };
        runtime.spawn(poll_fn(move |context| relay.group.relay(context, &relay.progress)));
        // A runtime that is ending has dropped it at once.
        !matches!(self.lock().relay, Relay::Missing)
    }

    /// One turn of the relay. It ends when the ledger is closed and nobody waits any more.
    fn relay(&self, context: &Context<'_>, progress: &Weak<Progress>) -> Poll<()> {
        let Some(progress) = progress.upgrade().filter(|progress| !progress.is_closed()) else {
            return Poll::Ready(());
        };
        let mut state = self.lock();
        match &mut state.relay {
            Relay::Waits(known) => known.clone_from(context.waker()),
            relay => *relay = Relay::Waits(context.waker().clone()),
        }
        let hurry = std::mem::take(&mut state.hurry);
        drop(state);
        if hurry && !progress.write_here() {
            progress.queue.hurry();
        }
        wake_kept(self.lock(), |number| progress.kept(number).is_some());
        Poll::Pending
    }

    /// The relay's runtime has ended: those who are left are woken, and find another way.
    fn end_relay(&self, progress: &Weak<Progress>) {
        let mut state = self.lock();
        state.relay = Relay::Missing;
        if std::mem::take(&mut state.hurry)
            && let Some(progress) = progress.upgrade()
        {
            progress.queue.hurry();
        }
        wake_kept(state, |_| true);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(super::UNPOISONED)
    }
}

fn wake_kept(mut state: MutexGuard<'_, State>, is_kept: impl Fn(u64) -> bool) {
    let kept: Vec<_> = state.waiters.extract_if(.., |(number, _)| is_kept(*number)).collect();
    drop(state);
    for (_, waker) in kept {
        waker.wake();
    }
}

/// A relay that runs.
struct Running {
    group: Arc<Group>,
    progress: Weak<Progress>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.group.end_relay(&self.progress);
    }
}
