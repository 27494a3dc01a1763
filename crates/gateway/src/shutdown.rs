//! The phases of a stop: not ready, then drain, then each open answer ends lawfully, then what is left is dropped.

use std::sync::Arc;

use tokio::sync::watch;

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Serving.
    Running,
    /// `/readyz` says no so that load balancers turn away; requests are still served.
    Leaving,
    /// No new connections; open ones end after their present answer.
    Draining,
    /// Answers still open end now, with their protocol's own error.
    Ending,
    /// Connections still open are dropped, whatever is on them.
    Ended,
}

/// The side that stops the server.
#[derive(Debug)]
pub struct Stopper {
    phase: watch::Sender<Phase>,
    open: Arc<watch::Sender<usize>>,
}

/// The side that is stopped. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    phase: watch::Receiver<Phase>,
    open: Arc<watch::Sender<usize>>,
}

/// Held by a connection while it is open.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    open: Arc<watch::Sender<usize>>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.open.send_modify(|open| *open -= 1);
    }
}

/// Both sides of one stop.
pub fn shutdown() -> (Stopper, Shutdown) {
    let (sender, receiver) = watch::channel(Phase::Running);
    let open = Arc::new(watch::Sender::new(0));
    (Stopper { phase: sender, open: Arc::clone(&open) }, Shutdown { phase: receiver, open })
}

impl Stopper {
    /// Enters `phase`. Phases only go forward.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let forward = phase > *current;
            *current = phase.max(*current);
            forward
        });
    }

    /// Waits until no connection is open.
    pub async fn all_closed(&self) {
        all_closed(&self.open).await;
    }

    /// Connections still open.
    pub fn still_open(&self) -> usize {
        *self.open.borrow()
    }
}

impl Shutdown {
    /// The present phase.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Waits for the next phase. A stopper that is gone counts as the last.
    pub(crate) async fn next(&mut self) -> Phase {
        match self.phase.changed().await {
            Ok(()) => *self.phase.borrow_and_update(),
            Err(_) => Phase::Ended,
        }
    }

    /// Waits until `phase` has been reached. A stopper that is gone counts as the last phase.
    pub async fn reached(&mut self, phase: Phase) {
        // An error means that the stopper is gone.
        self.phase.wait_for(|current| *current >= phase).await.ok();
    }

    /// Waits until no connection is open, on any thread.
    pub async fn all_closed(&self) {
        all_closed(&self.open).await;
    }

    /// Waits until fewer connections are open than that, on all threads together.
    pub(crate) async fn fewer_open(&self, than: usize) {
        // The sender is at hand, so the channel cannot be closed.
        self.open.subscribe().wait_for(|open| *open < than).await.ok();
    }

    /// Connections that are open, on all threads together.
    pub(crate) fn open_connections(&self) -> usize {
        *self.open.borrow()
    }

    pub(crate) fn open_connection(&self) -> OpenConnection {
        self.open.send_modify(|open| *open += 1);
        OpenConnection { open: Arc::clone(&self.open) }
    }
}

async fn all_closed(open: &watch::Sender<usize>) {
    // The sender is at hand, so the channel cannot be closed.
    open.subscribe().wait_for(|open| *open == 0).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn phases_only_go_forward_and_reach_all_waiters() {
        let (stopper, mut waiter) = shutdown();
        stopper.enter(Phase::Draining);
        stopper.enter(Phase::Leaving);
        waiter.reached(Phase::Leaving).await;
        assert_eq!(waiter.phase(), Phase::Draining);
        let held = waiter.open_connection();
        assert_eq!(stopper.still_open(), 1);
        drop(held);
        assert_eq!(stopper.still_open(), 0);
    }
}
