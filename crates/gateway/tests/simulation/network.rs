//! turmoil's sockets behind the three seams: the gateway's listener, its dialler, the supplier's network.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use gateway::Listen;
use simulator::{Io as SupplierIo, Network};
use turmoil::net::{TcpListener, TcpStream};
use upstream::{Dial, DialError, Io};

/// The gateway's door.
pub(crate) struct Door(pub(crate) TcpListener);

impl Listen for Door {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}

/// The gateway's way to suppliers: their names are turmoil's hosts.
#[derive(Debug)]
pub(crate) struct SimulatedDial;

impl Dial for SimulatedDial {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = Result<Io, DialError>> + 'a>> {
        Box::pin(async move {
            let stream = TcpStream::connect((host, port)).await.map_err(DialError::Connect)?;
            Ok(Io::Simulated(Box::new(stream)))
        })
    }
}

/// A supplier's sockets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turmoil;

/// A connection to a supplier.
#[derive(Debug)]
pub(crate) struct Accepted(TcpStream);

impl SupplierIo for Accepted {}

impl Network for Turmoil {
    type Place = SocketAddr;
    type Listener = TcpListener;
    type Io = Accepted;

    async fn reserve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        Ok(address)
    }

    async fn listen(&self, place: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(place).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<Accepted> {
        listener.accept().await.map(|(stream, _)| Accepted(stream))
    }
}

impl tokio::io::AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl tokio::io::AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
