//! Connections kept for the next request, one pool a runtime thread.
//!
//! A supplier may close an idle connection in the very moment in which it is used again. Such a request was never
//! answered, so it goes out once more on a fresh connection; nothing else is retried here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};

use crate::body::Pieces;
use crate::dial::{Dial, DialError, open};
use crate::target::Target;

/// Suppliers' front ends close idle connections after 60 s and more; we let go a little before.
const LONGEST_IDLE: Duration = Duration::from_secs(55);
/// Bounds what one connection may hold of an answer that nobody reads yet.
const READ_BUFFER_BYTES: usize = 16 * 1024;

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

impl From<Outgoing> for Request<Pieces> {
    fn from(outgoing: Outgoing) -> Self {
        let mut request = Self::new(outgoing.body);
        *request.method_mut() = outgoing.method;
        *request.uri_mut() = outgoing.uri;
        *request.headers_mut() = outgoing.headers;
        request
    }
}

/// An answer's head, and the connection that the rest comes on.
#[derive(Debug)]
pub struct Sent {
    /// Status, headers, and the body yet to be read.
    pub response: Response<Incoming>,
    /// Give it back when the body has been read to its end; dropping it closes the connection.
    pub lease: Lease,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The connection broke before the answer's head was complete.
    #[error("the connection broke before the answer began")]
    Broken(#[source] hyper::Error),
}

/// One thread's connections to all suppliers.
pub struct Pool {
    dial: Box<dyn Dial>,
    idle: Rc<RefCell<HashMap<Arc<str>, Vec<Idle>>>>,
}

struct Idle {
    sender: SendRequest<Pieces>,
    since: Instant,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("dial", &self.dial).finish_non_exhaustive()
    }
}

impl Pool {
    /// An empty pool that opens its connections with `dial`. Must be used inside a `LocalSet`.
    pub fn new(dial: impl Dial + 'static) -> Self {
        Self { dial: Box::new(dial), idle: Rc::default() }
    }

    /// Sends what `outgoing` makes to `target` and waits for the answer's head. It is made again if it has to be sent
    /// again. `connected` is called once a connection is at hand. The caller bounds the wait for the head; connecting is bounded by `connect_timeout`.
    pub async fn send(
        &self,
        target: &Target,
        outgoing: impl Fn() -> Outgoing,
        connect_timeout: Duration,
        connected: impl Fn(),
    ) -> Result<Sent, SendError> {
        if let Some(mut sender) = self.reuse(target) {
            connected();
            match sender.send_request(outgoing().into()).await {
                Ok(response) => return Ok(self.sent(target, sender, response)),
                Err(error) if was_stale(&error) => {}
                Err(error) => return Err(SendError::Broken(error)),
            }
        }
        let mut sender = self.fresh(target, connect_timeout).await?;
        connected();
        let response = sender.send_request(outgoing().into()).await.map_err(SendError::Broken)?;
        Ok(self.sent(target, sender, response))
    }

    fn sent(&self, target: &Target, sender: SendRequest<Pieces>, response: Response<Incoming>) -> Sent {
        let lease = Lease { sender, identity: Arc::clone(target.identity()), idle: Rc::clone(&self.idle) };
        Sent { response, lease }
    }

    fn reuse(&self, target: &Target) -> Option<SendRequest<Pieces>> {
        let mut idle = self.idle.borrow_mut();
        let waiting = idle.get_mut(target.identity())?;
        while let Some(candidate) = waiting.pop() {
            if candidate.sender.is_ready() && candidate.since.elapsed() < LONGEST_IDLE {
                return Some(candidate.sender);
            }
        }
        None
    }

    async fn fresh(
        &self,
        target: &Target,
        connect_timeout: Duration,
    ) -> Result<SendRequest<Pieces>, DialError> {
        let opening = open(&*self.dial, target);
        let io = timeout(connect_timeout, opening).await.map_err(|_| DialError::TimedOut)??;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(READ_BUFFER_BYTES)
            .handshake(TokioIo::new(io))
            .await
            .map_err(DialError::Handshake)?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a supplier's connection ended");
            }
        });
        Ok(sender)
    }
}

/// A kept connection that had been closed by the other side: nothing of an answer came back.
fn was_stale(error: &hyper::Error) -> bool {
    let reset = || {
        std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<std::io::Error>())
            .is_some_and(|io| {
                matches!(io.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe)
            })
    };
    error.is_canceled() || error.is_closed() || error.is_incomplete_message() || reset()
}

/// The use of one connection for one answer.
pub struct Lease {
    sender: SendRequest<Pieces>,
    identity: Arc<str>,
    idle: Rc<RefCell<HashMap<Arc<str>, Vec<Idle>>>>,
}

impl Lease {
    /// Keeps the connection for another request. Call it when the answer has been read to its end.
    pub fn give_back(self) {
        if self.sender.is_closed() {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle.borrow_mut();
        let waiting = idle.entry(self.identity).or_default();
        // The oldest are at the front; what has waited too long goes, so that a burst's connections do not stay.
        let stale = waiting.iter().take_while(|kept| now - kept.since >= LONGEST_IDLE).count();
        waiting.drain(..stale);
        waiting.push(Idle { sender: self.sender, since: now });
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lease").field("identity", &self.identity).finish_non_exhaustive()
    }
}
