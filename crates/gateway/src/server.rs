//! Accepting connections and serving HTTP on them: HTTP/1.1 and HTTP/2, in the clear or over TLS.
//!
//! One server runs on each runtime thread over the same socket, so that an idle thread takes the next connection.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::alarm::HeadTimer;
use crate::client_io::ClientIo;
use crate::life::{LONGEST_HEAD, Life, Over};
use crate::outlet::ReplyBody;
use crate::shutdown::{Phase, Shutdown};

/// Bounds what is read ahead of one client connection, and so the largest head. hyper works up to it while reads fill
/// what there is: a long prompt (64 KB and more) comes in one piece then, and is not copied.
const READ_BUFFER_BYTES: usize = 128 * 1024;
/// Requests open at once on one HTTP/2 connection.
const MOST_STREAMS: u32 = 256;
/// How long nothing is accepted where nothing can be: out of descriptors, mostly. Some come back; spinning would not help.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the log says so: whoever opens too many connections should not fill the disk as well.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// Where connections come from. Two implementations: TCP, and a simulated network in tests.
pub trait Listen {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + 'static;
    /// Waits for the next connection.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Io>>;
}

impl Listen for TcpListener {
    type Io = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<Self::Io> {
        let (stream, _) = Self::accept(self).await?;
        // Without it the first token of a stream waits for a delayed acknowledgement (44 ms measured).
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// What is done so that file descriptors are left.
pub struct Thrift {
    /// While so many connections are open, no more are taken: others wait at the operating system's door.
    pub most: usize,
    /// Called when none is left for a connection: closes what this thread can do without.
    pub give_up: Box<dyn Fn()>,
}

impl fmt::Debug for Thrift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Thrift").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Thrift {
    /// For whom there are always enough.
    pub fn none() -> Self {
        Self { most: usize::MAX, give_up: Box::new(|| {}) }
    }
}

/// Serves every connection of `listener` with `answer` until `shutdown` begins, then lets the open ones end.
/// Must run inside a `LocalSet`.
pub async fn serve<L, S, F>(
    listener: L,
    tls: Option<TlsAcceptor>,
    shutdown: Shutdown,
    thrift: Thrift,
    answer: S,
) where
    L: Listen,
    S: Fn(Request<Incoming>) -> F + 'static,
    F: Future<Output = Response<ReplyBody>> + 'static,
{
    let answer = Rc::new(answer);
    let mut phase = shutdown.clone();
    let mut accepts = Accepts { most: thrift.most, told: None };
    loop {
        let accepted = tokio::select! {
            accepted = accepts.next(&listener, &shutdown) => accepted,
            () = phase.reached(Phase::Draining) => break,
        };
        match accepted {
            Ok(io) => {
                let open = shutdown.open_connection();
                let served = connection(io, tls.clone(), shutdown.clone(), Rc::clone(&answer));
                tokio::task::spawn_local(async move {
                    served.await;
                    drop(open);
                });
            }
            Err(error) => {
                accepts.tell(&format_args!("cannot accept connections for now: {error}"));
                (thrift.give_up)();
                sleep(PAUSE).await;
            }
        }
    }
}

/// How connections are taken.
struct Accepts {
    most: usize,
    /// When the log was told last that they are not.
    told: Option<Instant>,
}

impl Accepts {
    async fn next<L: Listen>(&mut self, listener: &L, shutdown: &Shutdown) -> io::Result<L::Io> {
        if shutdown.open_connections() >= self.most {
            let most = self.most;
            self.tell(&format_args!(
                "{most} connections are open: others wait, as file descriptors are scarce"
            ));
            shutdown.fewer_open(most).await;
        }
        listener.accept().await
    }

    fn tell(&mut self, words: &fmt::Arguments<'_>) {
        if self.told.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
            tracing::warn!("{words}");
            self.told = Some(Instant::now());
        }
    }
}

async fn connection<I, S, F>(io: I, tls: Option<TlsAcceptor>, mut shutdown: Shutdown, answer: Rc<S>)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Fn(Request<Incoming>) -> F + 'static,
    F: Future<Output = Response<ReplyBody>> + 'static,
{
    let Some(acceptor) = tls else { return http(io, shutdown, answer).await };
    let secured = tokio::select! {
        secured = timeout(LONGEST_HEAD, acceptor.accept(io)) => secured,
        () = shutdown.reached(Phase::Draining) => return,
    };
    match secured {
        Ok(Ok(stream)) => http(stream, shutdown, answer).await,
        Ok(Err(error)) => tracing::debug!(%error, "a client's TLS handshake failed"),
        Err(_) => tracing::debug!("a client's TLS handshake took too long"),
    }
}

async fn http<I, S, F>(io: I, mut shutdown: Shutdown, answer: Rc<S>)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Fn(Request<Incoming>) -> F + 'static,
    F: Future<Output = Response<ReplyBody>> + 'static,
{
    let io = ClientIo::new(io);
    let backlog = io.backlog();
    let asked = Rc::<Cell<bool>>::default();
    let mut life = Life::new(Rc::clone(&asked), Rc::clone(&backlog));
    let service = service_fn(move |request| {
        asked.set(true);
        let (answer, open) = (Rc::clone(&answer), backlog.open());
        // Called inside: a future that is captured takes its room twice.
        async move { Ok::<_, Infallible>(answer(request).await.map(|body| body.behind(open))) }
    });
    let mut builder = auto::Builder::new(LocalExecutor);
    builder
        .http1()
        .timer(HeadTimer::default())
        .header_read_timeout(LONGEST_HEAD)
        .max_buf_size(READ_BUFFER_BYTES);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(MOST_STREAMS);
    let serving = builder.serve_connection(TokioIo::new(io), service);
    tokio::pin!(serving);
    // Each phase wakes the answers, too: they look for it when they are polled.
    let ended = loop {
        tokio::select! {
            biased;
            ended = serving.as_mut() => break ended,
            phase = shutdown.next() => match phase {
                Phase::Ended => return tracing::debug!("a client's connection had to be dropped"),
                Phase::Draining | Phase::Ending => {
                    serving.as_mut().graceful_shutdown();
                    life.leave();
                }
                Phase::Running | Phase::Leaving => {}
            },
            over = life.over() => match over {
                Over::Idle => {
                    serving.as_mut().graceful_shutdown();
                    life.leave();
                }
                Over::Silent => return tracing::debug!("a client's connection was silent for too long"),
            },
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection ended");
    }
}

/// Runs hyper's tasks on the thread's own `LocalSet`.
#[derive(Debug, Clone, Copy)]
struct LocalExecutor;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

#[cfg(test)]
mod tests;
