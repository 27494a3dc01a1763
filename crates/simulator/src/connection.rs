//! One accepted connection: bytes in, bytes out, counted; how it ends is decided by whoever drops it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

use crate::network::Io;

/// Counts of one supplier's connections and bytes, since it was spawned.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) opened: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) received_bytes: AtomicU64,
    pub(crate) sent_bytes: AtomicU64,
    /// While true, connections end with a reset.
    pub(crate) cut: AtomicBool,
}

impl Tally {
    pub(crate) fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Relaxed);
    }

    /// All counts but that of open connections start anew.
    pub(crate) fn forget(&self) {
        for count in [&self.opened, &self.received_bytes, &self.sent_bytes] {
            count.store(0, Relaxed);
        }
    }
}

/// The client closed or reset its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLeft;

/// A connection with what was read ahead of it.
#[derive(Debug)]
pub(crate) struct Connection<I: Io> {
    io: I,
    /// Received and not yet consumed.
    pub(crate) inbox: BytesMut,
    /// Number of this connection, from 1.
    pub(crate) number: u64,
    tally: Arc<Tally>,
    reset: bool,
}

/// Past this many bytes read ahead, a waiting connection stops reading.
const READ_AHEAD: usize = 64 * 1024;

impl<I: Io> Connection<I> {
    pub(crate) fn new(io: I, tally: Arc<Tally>) -> Self {
        let number = tally.opened.fetch_add(1, Relaxed) + 1;
        tally.open.fetch_add(1, Relaxed);
        Self { io, inbox: BytesMut::new(), number, tally, reset: false }
    }

    /// Reads more into the inbox. 0 means that the client closed its end.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.inbox.reserve(16 * 1024);
        let count = self.io.read_buf(&mut self.inbox).await?;
        self.tally.received_bytes.fetch_add(count as u64, Relaxed);
        Ok(count)
    }

    /// Whether anything comes within this time; zero: any time.
    pub(crate) async fn wakes(&mut self, within: Duration) -> bool {
        if within.is_zero() || !self.inbox.is_empty() {
            return true;
        }
        matches!(tokio::time::timeout(within, self.fill()).await, Ok(Ok(1..)))
    }

    /// Writes all of `bytes`, adding to `written` as the socket takes them.
    pub(crate) async fn write(&mut self, mut bytes: &[u8], written: &AtomicU64) -> Result<(), ClientLeft> {
        while !bytes.is_empty() {
            let count = self.io.write(bytes).await.map_err(|_| ClientLeft)?;
            if count == 0 {
                return Err(ClientLeft);
            }
            self.tally.sent_bytes.fetch_add(count as u64, Relaxed);
            written.fetch_add(count as u64, Relaxed);
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Pushes out what a buffering transport may hold.
    pub(crate) async fn flush(&mut self) -> Result<(), ClientLeft> {
        self.io.flush().await.map_err(|_| ClientLeft)
    }

    /// Waits until `when`, unless the client leaves before.
    pub(crate) async fn rest_until(&mut self, when: Instant) -> Result<(), ClientLeft> {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(when) => Ok(()),
            () = self.left() => Err(ClientLeft),
        }
    }

    /// Resolves when the client closes or resets its end. What it sends meanwhile is kept.
    pub(crate) async fn left(&mut self) {
        while self.inbox.len() < READ_AHEAD {
            if !matches!(self.fill().await, Ok(1..)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Ends the sending side in order (FIN), after everything written.
    pub(crate) async fn finish(&mut self) {
        drop(self.io.shutdown().await);
    }

    /// Throws away what the client still sends, for a second at most: closing before would reset the connection,
    /// and the reply could be lost on its way.
    pub(crate) async fn drain(&mut self) {
        let reading = async {
            while matches!(self.fill().await, Ok(1..)) {
                self.inbox.clear();
            }
        };
        drop(tokio::time::timeout(Duration::from_secs(1), reading).await);
    }

    /// Lets what was written reach the client, then makes the drop of this connection a reset.
    pub(crate) async fn reset(&mut self) {
        // A reset throws away what is still on its way; loopback needs far less than this.
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.reset = true;
    }
}

impl<I: Io> Drop for Connection<I> {
    fn drop(&mut self) {
        self.tally.open.fetch_sub(1, Relaxed);
        if self.reset || self.tally.cut.load(Relaxed) {
            self.io.reset_on_drop();
        }
    }
}
