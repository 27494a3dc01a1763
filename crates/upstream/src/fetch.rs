//! Fetching a picture or a document that a client points at, behind a guard.
//!
//! **For**: suppliers that take only bytes. An address in a request could point at anything that we can reach and the
//! client cannot: a metadata service, a neighbour, ourselves.
//!
//! **Promises**: only `http` and `https`, at their usual ports; only addresses of the public Internet, and those that the
//! configuration allows; the connection goes to the very address that was looked at, so that a name cannot mean another
//! one a moment later; each redirect is looked at like the first address, and after three there are no more; no credential,
//! no cookie and nothing of the client's goes along; size and time are bounded; what comes back is one of the kinds that
//! suppliers take, by its bytes and not by its word.
//!
//! **Never**: goes through a proxy, which would resolve the name anew.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Response, Uri, header};
use http_body_util::BodyExt;
use ipnet::IpNet;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::dial::{Io, connect_first};
use crate::guard::is_public;
use crate::http1::{AnswerBody, Connection};
use crate::pieces::Pieces;
use crate::pool::Outgoing;

const MOST_REDIRECTS: usize = 3;

/// Fetches, as far as the configuration lets it.
#[derive(Debug, Clone)]
pub struct Fetcher {
    tls: Arc<ClientConfig>,
    allowed: Arc<[IpNet]>,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What it is, by its first bytes.
    pub media_type: &'static str,
    /// All of it.
    pub bytes: Bytes,
}

/// Why nothing was fetched. Says nothing of what is behind the address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is none that may be fetched.
    #[error("the address cannot be fetched: {0}")]
    Address(&'static str),
    /// The name leads nowhere, or to nowhere that may be asked.
    #[error("the address leads to nowhere that may be asked")]
    Forbidden,
    /// No connection, or it broke.
    #[error("the address does not answer")]
    Unreachable,
    /// Anything but a success.
    #[error("the address answers with status {0}")]
    Status(u16),
    /// More than three redirects.
    #[error("the address leads on and on")]
    Redirects,
    /// More bytes than may be taken.
    #[error("what is there is too large")]
    TooLarge,
    /// There is no memory for it.
    #[error("there is no room for what is there now")]
    NoRoom,
    /// Neither a picture nor a PDF.
    #[error("what is there is no PNG, JPEG, GIF, WebP or PDF")]
    Kind,
    /// It took too long.
    #[error("the address takes too long")]
    TimedOut,
}

impl Fetcher {
    /// `allowed`: networks that may be asked although they are not of the public Internet, at any port.
    pub fn new(tls: Arc<ClientConfig>, allowed: impl Into<Arc<[IpNet]>>) -> Self {
        Self { tls, allowed: allowed.into() }
    }

    /// Fetches what is at `url`: at most so many bytes, within that time. `take` is asked before more bytes are kept: whether
    /// there is room for so many.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn fetch(
        &self,
        url: &str,
        most_bytes: usize,
        within: Duration,
        take: impl FnMut(usize) -> bool,
    ) -> Result<Fetched, FetchError> {
        timeout(within, self.follow(url, most_bytes, take)).await.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn follow(
        &self,
        url: &str,
        most_bytes: usize,
        take: impl FnMut(usize) -> bool,
    ) -> Result<Fetched, FetchError> {
        let mut place = Place::of(url)?;
        for _ in 0..=MOST_REDIRECTS {
            let response = self.get(&place).await?;
            let status = response.status();
            if status.is_redirection() {
                let next = response.headers().get(header::LOCATION).and_then(|next| next.to_str().ok());
                place = place.leads_to(next.ok_or(FetchError::Status(status.as_u16()))?)?;
                continue;
            }
            if !status.is_success() {
                return Err(FetchError::Status(status.as_u16()));
            }
            let bytes = whole(response, most_bytes, take).await?;
            let media_type = kind(&bytes).ok_or(FetchError::Kind)?;
            return Ok(Fetched { media_type, bytes });
        }
        Err(FetchError::Redirects)
    }

    /// One request, at an address that was looked at.
    async fn get(&self, place: &Place) -> Result<Response<AnswerBody>, FetchError> {
        let addresses = self.addresses(place).await?;
        let io = Io::Tcp(connect_first(&addresses).await.map_err(|_| FetchError::Unreachable)?);
        let io = if place.is_secure {
            let name = ServerName::try_from(place.host.clone())
                .map_err(|_| FetchError::Address("no host's name"))?;
            let connecting = TlsConnector::from(Arc::clone(&self.tls)).connect(name, io);
            Io::Tls(Box::new(connecting.await.map_err(|_| FetchError::Unreachable)?))
        } else {
            io
        };
        Box::new(Connection::new(io))
            .exchange(place.request(), None)
            .await
            .map_err(|_| FetchError::Unreachable)
    }

    /// The addresses behind a place that may be asked.
    async fn addresses(&self, place: &Place) -> Result<Vec<SocketAddr>, FetchError> {
        let found: Vec<SocketAddr> = if let Ok(address) = place.host.parse::<IpAddr>() {
            vec![SocketAddr::new(address, place.port)]
        } else {
            let found = lookup_host((place.host.as_str(), place.port)).await;
            found.map_err(|_| FetchError::Forbidden)?.collect()
        };
        let allowed: Vec<_> = found.into_iter().filter(|address| self.may_ask(*address)).collect();
        if allowed.is_empty() { Err(FetchError::Forbidden) } else { Ok(allowed) }
    }

    fn may_ask(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let usual = [80, 443].contains(&address.port());
        self.allowed.iter().any(|network| network.contains(&ip)) || (usual && is_public(address.ip()))
    }
}

/// Where something is, as far as an address says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    is_secure: bool,
    /// Without brackets.
    host: String,
    port: u16,
    authority: HeaderValue,
    /// Path and query.
    path: String,
}

impl Place {
    fn of(url: &str) -> Result<Self, FetchError> {
        let uri: Uri = url.parse().map_err(|_| FetchError::Address("it is no URL"))?;
        let is_secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(FetchError::Address("it is neither http nor https")),
        };
        let authority = uri.authority().ok_or(FetchError::Address("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(FetchError::Address("it holds a user's name"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(FetchError::Address("it names no host"));
        }
        Ok(Self {
            is_secure,
            host,
            port: authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str())
                .map_err(|_| FetchError::Address("it is no URL"))?,
            path: uri.path_and_query().map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned()),
        })
    }

    /// Where a redirect leads. Not back into the clear, and not to what is relative to the path, which nobody needs.
    fn leads_to(&self, location: &str) -> Result<Self, FetchError> {
        let next = if location.starts_with('/') && !location.starts_with("//") {
            Self { path: location.to_owned(), ..self.clone() }
        } else {
            Self::of(location)?
        };
        if self.is_secure && !next.is_secure {
            return Err(FetchError::Address("it leads from https to http"));
        }
        Ok(next)
    }

    fn request(&self) -> Outgoing {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(header::HOST, self.authority.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("image/*, application/pdf"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("Releve"));
        let uri = self.path.parse().unwrap_or_default();
        Outgoing { method: Method::GET, uri, headers, body: Pieces::default() }
    }
}

async fn whole(
    response: Response<AnswerBody>,
    most_bytes: usize,
    mut take: impl FnMut(usize) -> bool,
) -> Result<Bytes, FetchError> {
    let mut body = response.into_body();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|_| FetchError::Unreachable)?.into_data().unwrap_or_default();
        if bytes.len() + data.len() > most_bytes {
            return Err(FetchError::TooLarge);
        }
        if !take(data.len()) {
            return Err(FetchError::NoRoom);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// What `bytes` are, by how they begin; `None` for what no supplier takes.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests;
