//! From a target to an open connection: resolve, connect, through a proxy if one is set, TLS if asked for.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::io::Errno;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::guard::may_dial;
use crate::proxy::tunnel;
use crate::target::Target;

/// Why a supplier could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name does not resolve.
    #[error("cannot resolve {host}")]
    Resolve {
        /// The name asked for.
        host: Box<str>,
        /// The resolver's word.
        #[source]
        source: io::Error,
    },
    /// The name resolves to addresses where no supplier can be (link-local, multicast).
    #[error("{host} resolves only to addresses that may not be dialled")]
    Forbidden {
        /// The name asked for.
        host: Box<str>,
    },
    /// No address accepted a connection.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The proxy refused the tunnel.
    #[error("the proxy refused the tunnel: {0}")]
    Proxy(Box<str>),
    /// The TLS handshake failed: wrong name, unknown authority, or no common version.
    #[error("TLS handshake failed")]
    Tls(#[source] io::Error),
    /// The time for connecting ran out.
    #[error("connecting took too long")]
    TimedOut,
}

impl DialError {
    /// Whether this machine has no room for a connection: no file descriptors or no memory are left. The supplier has no
    /// part in it.
    pub fn is_our_own(&self) -> bool {
        let (Self::Resolve { source: error, .. } | Self::Connect(error)) = self else { return false };
        matches!(
            Errno::from_io_error(error),
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
        )
    }

    /// Whether dialling again cannot help until somebody changes something: a certificate that is not trusted, no version
    /// or cipher in common, an address that may not be dialled.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Forbidden { .. } => true,
            Self::Tls(error) => matches!(
                error.get_ref().and_then(|error| error.downcast_ref()),
                Some(rustls::Error::InvalidCertificate(_) | rustls::Error::PeerIncompatible(_))
            ),
            Self::Resolve { .. } | Self::Connect(_) | Self::Proxy(_) | Self::TimedOut => false,
        }
    }
}

/// Opens raw connections. Two implementations: [`TcpDial`], and a simulated network in tests.
pub trait Dial: fmt::Debug {
    /// Connects to `host` (a name or an address) at `port`.
    fn dial<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = Result<Io, DialError>> + 'a>>;
}

/// The operating system's sockets and resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpDial;

impl Dial for TcpDial {
    fn dial<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = Result<Io, DialError>> + 'a>> {
        Box::pin(async move {
            let addresses = resolve(host, port).await?;
            connect_first(&addresses).await.map(Io::Tcp)
        })
    }
}

/// The addresses behind `host`; the ones that may not be dialled are left out.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found =
        lookup_host((host, port)).await.map_err(|source| DialError::Resolve { host: host.into(), source })?;
    let allowed: Vec<_> = found.filter(|address| may_dial(address.ip())).collect();
    if allowed.is_empty() {
        return Err(DialError::Forbidden { host: host.into() });
    }
    Ok(allowed)
}

/// Tries each address in the resolver's order. The caller bounds the whole.
pub(crate) async fn connect_first(addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it the first token of a stream waits for a delayed acknowledgement (44 ms measured).
                stream.set_nodelay(true).map_err(DialError::Connect)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(last))
}

/// Opens a connection to `target`, ready for HTTP.
pub(crate) async fn open(dial: &dyn Dial, target: &Target) -> Result<Io, DialError> {
    let io = match target.proxy() {
        None => dial.dial(target.host(), target.port()).await?,
        Some(proxy) => {
            let io = dial.dial(proxy.host(), proxy.port()).await?;
            if target.tls().is_some() { tunnel(io, proxy, target).await? } else { io }
        }
    };
    match target.tls() {
        None => Ok(io),
        Some(config) => {
            let name = ServerName::try_from(target.host().to_owned())
                .map_err(|error| DialError::Tls(io::Error::other(error)))?;
            let stream = TlsConnector::from(config).connect(name, io).await.map_err(DialError::Tls)?;
            Ok(Io::Tls(Box::new(stream)))
        }
    }
}

/// A bidirectional byte stream of a simulated network.
pub trait SimulatedIo: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> SimulatedIo for T {}

/// An open connection to a supplier (or to its proxy).
#[derive(Debug)]
pub enum Io {
    /// A plain TCP connection.
    Tcp(TcpStream),
    /// TLS, over TCP or over a proxy's tunnel.
    Tls(Box<TlsStream<Self>>),
    /// A simulated network's connection.
    Simulated(Box<dyn SimulatedIo>),
}

macro_rules! each_io {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Io::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Io::Tls(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
            Io::Simulated(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each_io!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each_io!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each_io!(self, stream => stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Simulated(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_io!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_io!(self, stream => stream.poll_shutdown(context))
    }
}
