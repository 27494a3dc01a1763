//! On a simulated network, in virtual time.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use simulator::{After, CutWith, Fault, Io, Network, Pace, Rule, Supplier};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf},
    sync::{Mutex, mpsc},
    time::Instant,
};

use crate::client::{MESSAGES, hello, raw_post};

/// A stream without resets of its own, as a connection to a supplier.
struct Wave<S>(S);

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for Wave<S> {}

impl<S: AsyncRead + Unpin> AsyncRead for Wave<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wave<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

struct Sea;

impl Network for Sea {
    type Place = SocketAddr;
    type Listener = turmoil::net::TcpListener;
    type Io = Wave<turmoil::net::TcpStream>;

    async fn reserve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        Ok(address)
    }

    async fn listen(&self, place: SocketAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = turmoil::net::TcpListener::bind(place).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(&self, listener: &mut Self::Listener) -> io::Result<Wave<turmoil::net::TcpStream>> {
        Ok(Wave(listener.accept().await?.0))
    }
}

async fn ask() -> turmoil::Result<(u16, Vec<u8>, bool)> {
    let socket = turmoil::net::TcpStream::connect(("supplier", 80)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let request =
        Request::post("/v1/chat/completions").body(Full::new(Bytes::from(hello(true).to_string())))?;
    let (parts, mut body) = sender.send_request(request).await?.into_parts();
    let (mut bytes, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => whole = false,
        }
    }
    Ok((parts.status.as_u16(), bytes, whole))
}

/// The replies that a client sees in one run, and the virtual time that it took.
fn run(seed: u64) -> (Vec<(u16, Vec<u8>, bool)>, Duration) {
    let mut world =
        turmoil::Builder::new().rng_seed(seed).simulation_duration(Duration::from_mins(10)).build();
    world.host("supplier", || async {
        let pace = Pace { ttft_ms: 20_000, tokens_per_second: 3.0, jitter: 0.5, ..Pace::default() };
        let cut = Fault::Cut { after: After::Tokens(5), with: CutWith::Rst };
        let builder = Supplier::builder().listen(([0, 0, 0, 0], 80).into()).epoch(1_767_225_600).pace(pace);
        let builder = builder
            .script([Rule::next(1, cut), Rule::with_probability(0.5, Fault::ServerError { status: 500 })]);
        let _handle = builder.spawn_on(Sea).await?;
        std::future::pending::<()>().await;
        Ok(())
    });
    let (told, seen) = std::sync::mpsc::channel();
    world.client("client", async move {
        let start = Instant::now();
        let mut replies = Vec::new();
        for _ in 0..6 {
            replies.push(ask().await?);
        }
        told.send((replies, start.elapsed())).unwrap();
        Ok(())
    });
    world.run().unwrap();
    seen.recv().unwrap()
}

#[test]
fn virtual_time_passes_and_runs_replay() {
    let started = std::time::Instant::now();
    let (replies, took) = run(1);
    assert!(took > Duration::from_mins(1), "{took:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(!replies[0].2);
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.0).collect();
    assert!(statuses.contains(&200) && statuses.contains(&500), "{statuses:?}");
    assert_eq!((replies, took), run(1));
}

#[test]
fn a_cut_supplier_comes_back() {
    let mut world = turmoil::Builder::new().build();
    world.client("supplier", async {
        let handle = Supplier::builder().listen(([0, 0, 0, 0], 80).into()).spawn_on(Sea).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        handle.cut().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        handle.heal().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    world.client("client", async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(ask().await?.0, 200);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(ask().await.is_err());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(ask().await?.0, 200);
        Ok(())
    });
    world.run().unwrap();
}

/// A network of pipes in memory, where a client has to say a word before it is let in.
struct Pipes(Mutex<mpsc::Receiver<DuplexStream>>);

impl Network for Pipes {
    type Place = SocketAddr;
    type Listener = SocketAddr;
    type Io = Wave<DuplexStream>;

    async fn reserve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        Ok(address)
    }

    async fn listen(&self, place: SocketAddr) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((place, place))
    }

    async fn accept(&self, _listener: &mut SocketAddr) -> io::Result<Self::Io> {
        self.0.lock().await.recv().await.map(Wave).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    async fn greet(&self, mut pipe: Self::Io) -> io::Result<Self::Io> {
        let mut word = [0; 6];
        pipe.0.read_exact(&mut word).await?;
        if &word == b"sesame" { Ok(pipe) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

#[tokio::test]
async fn clients_are_greeted_before_their_first_request() {
    let (dial, dialled) = mpsc::channel(2);
    let _supplier = Supplier::builder().spawn_on(Pipes(Mutex::new(dialled))).await.unwrap();
    for (word, reply) in [("sesame", "HTTP/1.1 200"), ("closed", "")] {
        let (mut mine, theirs) = tokio::io::duplex(4096);
        dial.send(theirs).await.unwrap();
        let request = [word.as_bytes(), &raw_post(MESSAGES, &hello(false))].concat();
        mine.write_all(&request).await.unwrap();
        let mut start = vec![0; reply.len()];
        mine.read_exact(&mut start).await.unwrap();
        assert_eq!(start, reply.as_bytes());
        assert!(!reply.is_empty() || mine.read_u8().await.is_err());
    }
}
