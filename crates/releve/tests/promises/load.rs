//! Many requests from several clients that keep their connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::client::{Dialect, Reply, connect, open_on};

/// One client with one connection at a time.
#[derive(Debug)]
pub(crate) struct Caller {
    to: SocketAddr,
    socket: Option<BufReader<TcpStream>>,
}

impl Caller {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { to, socket: None }
    }

    /// A hello and its whole reply, or why there was none.
    pub(crate) async fn ask(
        &mut self,
        dialect: Dialect,
        model: &str,
        stream: bool,
    ) -> std::io::Result<Reply> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(self.to).await?,
        };
        let headers = [("anthropic-version", "2023-06-01")];
        let body = dialect.hello(model, stream);
        let opened = open_on(socket, "POST", dialect.path(), &headers, body.as_bytes()).await?;
        let (reply, socket) = opened.finish().await;
        if reply.broken.is_none() && reply.header("connection") != Some("close") {
            self.socket = Some(socket);
        }
        Ok(reply)
    }
}

/// Callers that ask until they are told to stop or the connection fails, and what they got.
#[derive(Debug)]
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<(Dialect, bool, std::io::Result<Reply>)>>>,
}

impl Crowd {
    /// `count` callers, each with its own mix of protocol and streaming; routes are named after the protocols.
    pub(crate) fn gather(to: SocketAddr, count: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let callers = (0..count).map(|number| {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                let (mut caller, mut seen) = (Caller::new(to), Vec::new());
                let dialect = Dialect::BOTH[number % 2];
                let mut turn = number / 2;
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    let stream = turn % 2 == 0;
                    let asked = caller.ask(dialect, dialect.protocol(), stream).await;
                    let failed = asked.is_err();
                    seen.push((dialect, stream, asked));
                    if failed {
                        break;
                    }
                }
                seen
            })
        });
        Self { stop: Arc::clone(&stop), callers: callers.collect() }
    }

    /// Lets everybody finish, and gives all that was seen.
    pub(crate) async fn dismiss(self) -> Vec<(Dialect, bool, std::io::Result<Reply>)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut seen = Vec::new();
        for caller in self.callers {
            seen.extend(crate::harness::within(caller).await.unwrap());
        }
        seen
    }
}

/// `count` requests to `model`, evenly at `per_second`, over as many connections as that takes.
pub(crate) async fn steadily(to: SocketAddr, model: &'static str, count: u32, per_second: u32) -> Vec<Reply> {
    const CALLERS: u32 = 20;
    let every = Duration::from_secs(1) * CALLERS / per_second;
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            tokio::spawn(async move {
                tokio::time::sleep(every * number / CALLERS).await;
                let mut ticks = interval(every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
                let (mut caller, mut replies) = (Caller::new(to), Vec::new());
                for _ in 0..count / CALLERS {
                    ticks.tick().await;
                    replies.push(caller.ask(Dialect::OpenAi, model, false).await.unwrap());
                }
                replies
            })
        })
        .collect();
    let mut replies = Vec::new();
    for caller in callers {
        replies.extend(crate::harness::within(caller).await.unwrap());
    }
    replies
}
