//! How long a client may hold a connection without asking for anything.
//!
//! hyper has a limit for the head of an HTTP/1.1 request alone: neither for a connection of which it does not know yet
//! what will be spoken, nor for HTTP/2. So the whole connection is watched here, by one alarm that is rarely set anew.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::client_io::{Backlog, LONGEST_STALL};

/// From connecting to the first request's head, whatever comes before it; and for each later head of HTTP/1.1, and for the
/// TLS handshake.
pub(crate) const LONGEST_HEAD: Duration = Duration::from_secs(30);
/// A client that was told to go has so long to hear of it, once nothing moves any more.
const LONGEST_FAREWELL: Duration = Duration::from_secs(3);

/// What is to be done with a connection that nobody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// It has served and may be let go in good order.
    Idle,
    /// Nobody there speaks HTTP: it may be dropped.
    Silent,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Life {
    /// Whether a request's head has come.
    asked: Rc<Cell<bool>>,
    backlog: Rc<Backlog>,
    is_leaving: bool,
    look_at: Instant,
    alarm: Alarm,
}

impl Life {
    pub(crate) fn new(asked: Rc<Cell<bool>>, backlog: Rc<Backlog>) -> Self {
        let look_at = Instant::now() + LONGEST_HEAD;
        Self { asked, backlog, is_leaving: false, look_at, alarm: Alarm::default() }
    }

    /// The client was told that the connection ends.
    pub(crate) fn leave(&mut self) {
        self.is_leaving = true;
        self.look_at = Instant::now() + LONGEST_FAREWELL;
    }

    /// Waits until the client has held the connection for too long.
    pub(crate) async fn over(&mut self) -> Over {
        poll_fn(|context| self.poll_over(context)).await
    }

    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<Over> {
        loop {
            ready!(self.alarm.poll(self.look_at, context));
            let was_asked = self.asked.get();
            let is_used = self.backlog.is_in_use() | self.backlog.take_moved();
            if !is_used || !(was_asked || self.is_leaving) {
                let over = if was_asked && !self.is_leaving { Over::Idle } else { Over::Silent };
                return Poll::Ready(over);
            }
            let limit = if self.is_leaving { LONGEST_FAREWELL } else { LONGEST_STALL };
            self.look_at = Instant::now() + limit;
        }
    }
}
