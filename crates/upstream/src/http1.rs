//! HTTP/1.1 towards suppliers: a request and its answer at a time, on a connection that is polled by nobody but who reads
//! the answer.
//!
//! **For**: the way of every request. A general library gives each connection a task of its own and channels to it; here
//! that would be two wake-ups and several queues for each piece of a stream.
//!
//! **Promises**: what is read ahead is bounded, a head to 16 KiB with those that only announced it; a request goes on being sent while its answer is awaited,
//! so that an early refusal is heard; a connection is used again only after an answer whose end is certain (RFC 9112,
//! section 6.3) and behind which nothing came.
//!
//! **Never**: pipelines or upgrades. What a kept connection that had been closed did not take is sent again by its [pool](crate::Pool)
//! alone.

mod body;
mod framing;
mod head;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::task::unconstrained;

use crate::dial::Io;
use crate::pieces::Pieces;
use crate::pool::{Home, Outgoing};

pub use body::AnswerBody;
use head::Head;

/// The longest head, those before it that only announce another included: nobody can go on announcing.
const MOST_HEAD_BYTES: usize = 16 * 1024;
/// A buffer's size. Answers that nobody takes hold a few each.
const READ_BYTES: usize = 8 * 1024;
/// A read with less room than this gets a new buffer: the rest of the old one belongs to what was read.
const LEAST_ROOM_BYTES: usize = 2 * 1024;
/// Pieces of a request that go out in one system call.
const MOST_SLICES: usize = 16;

/// Why an answer did not come, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The other side closed before it answered anything. So ends a kept connection that it had closed already.
    #[error("the connection was closed before the answer began")]
    Unheard(#[source] io::Error),
    /// The other side closed in the middle of the answer.
    #[error("the connection was closed before the answer's end")]
    Closed,
    /// What came is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1: {0}")]
    Malformed(&'static str),
    /// The network's word.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How far a request has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    UnderWay,
    Done,
    /// The other side takes no more; it may have answered all the same.
    Failed,
}

/// An open connection, between two requests or in one.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    /// What came and was not taken yet.
    read: BytesMut,
    unsent: Pieces,
    sending: Sending,
    /// Whether anything of an answer has come.
    is_heard: bool,
    /// What has been taken of heads since the request.
    head_bytes: usize,
}

impl Connection {
    pub(crate) fn new(io: Io) -> Self {
        Self {
            io,
            read: BytesMut::new(),
            unsent: Pieces::default(),
            sending: Sending::Done,
            is_heard: false,
            head_bytes: 0,
        }
    }

    /// Sends a request and waits for the answer's head. The connection, boxed since it is handed to and fro, goes to `home`
    /// when the answer has been read.
    pub(crate) async fn exchange(
        mut self: Box<Self>,
        outgoing: Outgoing,
        home: Option<Home>,
    ) -> Result<Response<AnswerBody>, ExchangeError> {
        self.unsent = head::request(&outgoing);
        (self.sending, self.is_heard, self.head_bytes) = (Sending::UnderWay, false, 0);
        let head = poll_fn(|context| self.poll_head(context)).await?;
        let Head { status, headers, framing, keeps } = head;
        let body = AnswerBody::new(self, framing, home.filter(|_| keeps));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Head, ExchangeError>> {
        // What was answered is worth more than that the rest of the request could not be sent.
        let unsendable = self.poll_send(context).err();
        loop {
            let came = self.read.len();
            let head = head::answer(&mut self.read)?;
            self.head_bytes += came - self.read.len();
            let unfinished = if head.is_none() { self.read.len() } else { 0 };
            if self.head_bytes + unfinished > MOST_HEAD_BYTES {
                return Poll::Ready(Err(ExchangeError::Malformed("its head is too long")));
            }
            if let Some(head) = head {
                return Poll::Ready(Ok(head));
            }
            match self.poll_fill(context) {
                Poll::Ready(Ok(true)) => self.is_heard = true,
                Poll::Ready(end) => {
                    let why = end.err().or(unsendable).unwrap_or(io::ErrorKind::UnexpectedEof.into());
                    let error = if self.is_heard { why.into() } else { ExchangeError::Unheard(why) };
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Sends what can be sent now. An error is told once.
    fn poll_send(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.sending != Sending::UnderWay {
            return Ok(());
        }
        match self.poll_send_all(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) => {
                self.sending = Sending::Done;
                Ok(())
            }
            Poll::Ready(Err(error)) => {
                self.sending = Sending::Failed;
                Err(error)
            }
        }
    }

    fn poll_send_all(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let mut slices = [IoSlice::new(&[]); MOST_SLICES];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(self.unsent.iter()) {
                *slice = IoSlice::new(piece);
                count += 1;
            }
            let written = ready!(Pin::new(&mut self.io).poll_write_vectored(context, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.advance(written);
        }
        Pin::new(&mut self.io).poll_flush(context)
    }

    /// Reads what is there; `false` where the other side has closed.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.read.capacity() - self.read.len() < LEAST_ROOM_BYTES {
            self.read.reserve(READ_BYTES);
        }
        let reading = pin!(self.io.read_buf(&mut self.read));
        reading.poll(context).map_ok(|count| count > 0)
    }

    /// Whether another request can follow: all was sent, and nothing came unasked.
    fn is_quiet(&self) -> bool {
        self.sending == Sending::Done && self.read.is_empty()
    }

    /// Whether the other side has left an idle connection open. One that says something unasked is not to be used.
    pub(crate) fn is_open(&mut self, context: &mut Context<'_>) -> bool {
        let mut byte = [0];
        // However much else its task has done: to be told to come back later would look like an open connection.
        pin!(unconstrained(self.io.read(&mut byte))).poll(context).is_pending()
    }
}
