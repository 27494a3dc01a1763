//! Where connections come from: real sockets, or a simulated network of the caller's.
//!
//! A port has two states besides "in use": *reserved* (ours, and connections are refused) and *listening*.
//! A supplier that is cut goes back to reserved, so that nobody else takes its port meanwhile and healing
//! cannot fail for that reason.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// One accepted connection.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Asks that dropping this connection resets it (RST) in place of an orderly end (FIN). Does nothing
    /// where the network has no such difference.
    fn reset_on_drop(&mut self) {}
}

/// A network on which suppliers can listen.
pub trait Network: Send + Sync + 'static {
    /// A port that is held while connections to it are refused.
    type Place: Send + 'static;
    /// A port on which connections are accepted.
    type Listener: Send + 'static;
    /// An accepted connection.
    type Io: Io;

    /// Holds `address` (port 0: any free port) without listening.
    fn reserve(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Place>> + Send;

    /// Starts to listen, and tells the address with its real port.
    fn listen(
        &self,
        place: Self::Place,
    ) -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    /// The next connection. Must be safe to cancel.
    fn accept(&self, listener: &mut Self::Listener) -> impl Future<Output = io::Result<Self::Io>> + Send;

    /// What comes before the first request, on a task of the connection's own: a TLS handshake, say.
    fn greet(&self, io: Self::Io) -> impl Future<Output = io::Result<Self::Io>> + Send {
        async { Ok(io) }
    }
}

/// Real TCP sockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

impl Network for Tcp {
    type Place = TcpSocket;
    type Listener = TcpListener;
    type Io = TcpStream;

    async fn reserve(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    }

    async fn listen(&self, place: TcpSocket) -> io::Result<(TcpListener, SocketAddr)> {
        let listener = place.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(&self, listener: &mut TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Io for TcpStream {
    fn reset_on_drop(&mut self) {
        // Fails only on a socket that is dead already, which needs no reset.
        drop(self.set_zero_linger());
    }
}
