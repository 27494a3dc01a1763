//! Connections kept for the next request, one pool a runtime thread.
//!
//! A supplier may close an idle connection in the very moment in which it is used again. Such a request was never
//! answered, so it goes out once more on a fresh connection; nothing else is retried here.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Method, Response, Uri};
use tokio::time::{Instant, sleep, timeout};

use crate::dial::{Dial, DialError, Io, open};
use crate::http1::{AnswerBody, Connection, ExchangeError};
use crate::pieces::Pieces;
use crate::target::Target;

/// Suppliers' front ends close idle connections after 60 s and more; we let go a little before.
const LONGEST_IDLE: Duration = Duration::from_secs(55);
/// A connection that was closed already says so within a round trip. Who closes later has had the request, and may have begun
/// to work for it.
const STALE_WITHIN: Duration = Duration::from_secs(1);
const SWEPT_EVERY: Duration = Duration::from_secs(15);

/// A request on its way to a supplier.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Usually `POST`.
    pub method: Method,
    /// From [`Target::uri`].
    pub uri: Uri,
    /// All headers but those that describe the body's length.
    pub headers: HeaderMap,
    /// The body.
    pub body: Pieces,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection broke, or said something else than HTTP, before the answer's head was complete.
    #[error("no answer came")]
    Broken(#[from] ExchangeError),
}

/// One thread's connections to all suppliers.
pub struct Pool {
    dial: Box<dyn Dial>,
    idle: Rc<Shelf>,
}

/// Connections that wait for a request, by where they lead; the last used is the last.
#[derive(Default)]
struct Shelf {
    idle: RefCell<HashMap<Arc<str>, Vec<Idle>>>,
    is_swept: Cell<bool>,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("dial", &self.dial).finish_non_exhaustive()
    }
}

impl Pool {
    /// An empty pool that opens its connections with `dial`. Must be used inside a `LocalSet` or a local runtime.
    pub fn new(dial: impl Dial + 'static) -> Self {
        Self { dial: Box::new(dial), idle: Rc::default() }
    }

    /// Closes all connections that wait for a request: somebody has more need of their file descriptors.
    pub fn give_up_idle(&self) {
        self.idle.idle.borrow_mut().clear();
    }

    /// Whether no connection waits for a request.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.idle.idle.borrow().values().all(Vec::is_empty)
    }

    /// Sends what `outgoing` makes to `target` and waits for the answer's head. It is made again if it has to be sent
    /// again. `connected` is told when a connection is at hand. The caller bounds the wait for the head; connecting is
    /// bounded by `connect_timeout`. The connection is kept for another request when the answer's body has been read to
    /// its end.
    ///
    /// # Errors
    /// There is no connection, or no answer on it.
    pub async fn send(
        &self,
        target: &Target,
        outgoing: impl Fn() -> Outgoing,
        connect_timeout: Duration,
        connected: impl Fn(Instant),
    ) -> Result<Response<AnswerBody>, SendError> {
        let home = || Some(Home { identity: Arc::clone(target.identity()), shelf: Rc::clone(&self.idle) });
        let asked = Instant::now();
        if let Some(connection) =
            poll_fn(|context| Poll::Ready(self.idle.take(target.identity(), asked, context))).await
        {
            connected(asked);
            match connection.exchange(outgoing(), home()).await {
                Err(ExchangeError::Unheard(_)) if asked.elapsed() < STALE_WITHIN => {}
                answered => return Ok(answered?),
            }
        }
        let io = match self.open(target, connect_timeout).await {
            Err(error) if error.is_our_own() => {
                self.give_up_idle();
                self.open(target, connect_timeout).await
            }
            opened => opened,
        }?;
        connected(Instant::now());
        Ok(Box::new(Connection::new(io)).exchange(outgoing(), home()).await?)
    }

    async fn open(&self, target: &Target, within: Duration) -> Result<Io, DialError> {
        timeout(within, open(&*self.dial, target)).await.unwrap_or(Err(DialError::TimedOut))
    }
}

impl Shelf {
    fn take(&self, identity: &str, now: Instant, context: &mut Context<'_>) -> Option<Box<Connection>> {
        let mut idle = self.idle.borrow_mut();
        let waiting = idle.get_mut(identity)?;
        while let Some(mut candidate) = waiting.pop() {
            if candidate.is_good(now, context) {
                return Some(candidate.connection);
            }
        }
        None
    }

    /// Closes what has waited too long and what the other side has closed. Whether anything is left.
    fn sweep(&self, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let mut idle = self.idle.borrow_mut();
        idle.retain(|_, waiting| {
            waiting.retain_mut(|kept| kept.is_good(now, context));
            !waiting.is_empty()
        });
        !idle.is_empty()
    }
}

impl Idle {
    fn is_good(&mut self, now: Instant, context: &mut Context<'_>) -> bool {
        now - self.since < LONGEST_IDLE && self.connection.is_open(context)
    }
}

/// Where a connection goes when its answer has been read.
pub(crate) struct Home {
    identity: Arc<str>,
    shelf: Rc<Shelf>,
}

impl Home {
    pub(crate) fn keep(self, connection: Box<Connection>) {
        let Self { identity, shelf } = self;
        let kept = Idle { connection, since: Instant::now() };
        shelf.idle.borrow_mut().entry(identity).or_default().push(kept);
        if !shelf.is_swept.replace(true) {
            tokio::task::spawn_local(sweep(Rc::downgrade(&shelf)));
        }
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Home").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Looks after idle connections as long as there are any, so that a burst's do not stay, nor what suppliers have closed.
async fn sweep(shelf: Weak<Shelf>) {
    loop {
        sleep(SWEPT_EVERY).await;
        let Some(shelf) = shelf.upgrade() else { return };
        if !poll_fn(|context| Poll::Ready(shelf.sweep(context))).await {
            shelf.is_swept.set(false);
            return;
        }
    }
}
