//! A client's connection as the server writes to it: it knows whether the client takes what it is sent.
//!
//! hyper buffers much before it stops asking for more, and stops polling an answer then. So an answer asks here first:
//! while the socket takes nothing, or has yet to take [`MOST_HANDED_BYTES`], it hands over nothing, and is still polled, so
//! that its time limits hold. A client that takes nothing for [`LONGEST_STALL`] is let go; [`crate::life`] watches the rest.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Longer than any pause of a reader that is at work (speech that is played as it comes, a debugger).
pub(crate) const LONGEST_STALL: Duration = Duration::from_mins(5);
/// So many bytes are handed over before the socket is asked to take them.
const MOST_HANDED_BYTES: usize = 16 * 1024;

/// Whether a connection's socket takes bytes at present.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    full: Cell<bool>,
    /// Bytes handed over since the socket took some.
    handed: Cell<usize>,
    /// Whether bytes went either way since somebody looked.
    moved: Cell<bool>,
    /// How many requests are open.
    open: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

/// A request that is open on a connection, until the last of its answer is handed over or given up.
#[derive(Debug)]
pub(crate) struct Open(Rc<Backlog>);

impl Open {
    pub(crate) fn backlog(&self) -> &Rc<Backlog> {
        &self.0
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

impl Backlog {
    /// Whether the socket takes nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.full.get()
    }

    /// A request has come.
    pub(crate) fn open(self: &Rc<Self>) -> Open {
        self.open.set(self.open.get() + 1);
        Open(Rc::clone(self))
    }

    /// Whether any request is open.
    pub(crate) fn is_in_use(&self) -> bool {
        self.open.get() > 0
    }

    /// Whether bytes went either way since this was asked last.
    pub(crate) fn take_moved(&self) -> bool {
        self.moved.take()
    }

    /// So many bytes are handed over.
    pub(crate) fn hand(&self, bytes: usize) {
        self.handed.set(self.handed.get() + bytes);
    }

    /// Ready while the socket takes bytes and has taken what it was to; else the task is woken when it has.
    pub(crate) fn poll_clear(&self, context: &Context<'_>) -> Poll<()> {
        if !self.full.get() && self.handed.get() < MOST_HANDED_BYTES {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn clear(&self) {
        if self.full.replace(false) | (self.handed.replace(0) >= MOST_HANDED_BYTES) {
            self.waiting.borrow_mut().drain(..).for_each(Waker::wake);
        }
    }
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct ClientIo<I> {
    io: I,
    backlog: Rc<Backlog>,
    stall: Option<Pin<Box<Sleep>>>,
}

impl<I> ClientIo<I> {
    pub(crate) fn new(io: I) -> Self {
        Self { io, backlog: Rc::default(), stall: None }
    }

    pub(crate) fn backlog(&self) -> Rc<Backlog> {
        Rc::clone(&self.backlog)
    }

    /// Takes note of how bytes were written.
    fn took(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if wrote.is_ready() {
            self.backlog.moved.set(true);
        }
        self.wrote(context, wrote)
    }

    /// Takes note of how a write or a flush went.
    fn wrote<T>(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.stall = None;
            self.backlog.clear();
            return wrote;
        }
        self.backlog.full.set(true);
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(LONGEST_STALL)));
        stall.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for ClientIo<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.io).poll_read(context, buffer);
        if read.is_ready() {
            this.backlog.moved.set(true);
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for ClientIo<I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.io).poll_write(context, bytes);
        this.took(context, wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.io).poll_write_vectored(context, slices);
        this.took(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(context);
        this.wrote(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn it_tells_when_the_client_takes_no_more_and_when_it_does_again() {
        let (mut client, server) = duplex(10);
        let mut server = ClientIo::new(server);
        let backlog = server.backlog();
        server.write_all(&[0; 10]).await.unwrap();
        poll_fn(|context| backlog.poll_clear(context)).await;
        let write = server.write(b"more");
        assert!(timeout(Duration::from_secs(1), write).await.is_err());
        let clear = poll_fn(|context| backlog.poll_clear(context));
        assert!(timeout(Duration::from_secs(1), clear).await.is_err());
        let clear = async {
            poll_fn(|context| backlog.poll_clear(context)).await;
        };
        let take = async {
            client.read_exact(&mut [0; 10]).await.unwrap();
            server.write_all(b"more").await.unwrap();
        };
        tokio::join!(clear, take);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn p9_no_more_is_handed_over_than_the_socket_is_asked_to_take() {
        let (_client, server) = duplex(1 << 20);
        let mut server = ClientIo::new(server);
        let backlog = server.backlog();
        backlog.hand(MOST_HANDED_BYTES - 1);
        poll_fn(|context| backlog.poll_clear(context)).await;
        backlog.hand(1);
        let clear = poll_fn(|context| backlog.poll_clear(context));
        assert!(timeout(Duration::from_secs(1), clear).await.is_err());
        let clear = poll_fn(|context| backlog.poll_clear(context));
        let ((), written) = tokio::join!(clear, server.write(b"some"));
        assert_eq!(written.unwrap(), 4);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn p9_a_client_that_takes_nothing_is_let_go() {
        let (_client, server) = duplex(10);
        let start = Instant::now();
        let error = ClientIo::new(server).write_all(&[0; 11]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, LONGEST_STALL));
    }
}
