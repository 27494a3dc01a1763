//! Where a provider is reached: origin, base path, TLS, proxy and credential, all fixed when the config is read.

use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;

use crate::credential::Credential;
use crate::pool::Outgoing;
use crate::proxy::Proxy;

/// One provider's address and how to prove ourselves there. Cheap to share, never changed.
#[derive(Debug)]
pub struct Target {
    identity: Arc<str>,
    host: Box<str>,
    port: u16,
    host_header: HeaderValue,
    authority: Authority,
    base_path: Box<str>,
    tls: Option<Arc<ClientConfig>>,
    proxy: Option<Proxy>,
    credential: Option<Credential>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What a [`Target`] is made of beside its address.
#[derive(Debug, Default)]
pub struct TargetOptions {
    /// Needed when the base URL is `https`.
    pub tls: Option<Arc<ClientConfig>>,
    /// Distinguishes TLS set-ups (own CA, client certificate), so that their connections are never mixed.
    pub tls_identity: String,
    /// The proxy on the way, if any.
    pub proxy: Option<Proxy>,
    /// The one credential sent to this provider.
    pub credential: Option<Credential>,
    /// Headers that each request to this provider carries unless the client sent its own (an API version, say).
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// Why a base URL cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not a URL at all.
    #[error("not a URL")]
    NotAUrl(#[source] http::uri::InvalidUri),
    /// Neither `http` nor `https`.
    #[error("it must begin with http:// or https://")]
    Scheme,
    /// No host.
    #[error("it names no host")]
    NoHost,
    /// A user name or password in the URL would end up in logs.
    #[error("it holds a user name or password: put the credential in api_key")]
    UserInfo,
    /// A query would be lost.
    #[error("it holds a query")]
    Query,
    /// `https` without a TLS configuration.
    #[error("https needs a TLS configuration")]
    NoTls,
}

impl Target {
    /// Reads `base_url` (what the protocol's official SDK takes as its base URL).
    pub fn new(base_url: &str, options: TargetOptions) -> Result<Self, TargetError> {
        let uri: Uri = base_url.parse().map_err(TargetError::NotAUrl)?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(TargetError::Scheme),
        };
        if uri.query().is_some() {
            return Err(TargetError::Query);
        }
        let authority = uri.authority().ok_or(TargetError::NoHost)?.clone();
        if authority.as_str().contains('@') {
            return Err(TargetError::UserInfo);
        }
        if secure && options.tls.is_none() {
            return Err(TargetError::NoTls);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(TargetError::NoHost);
        }
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tls = if secure { options.tls } else { None };
        let via = options.proxy.as_ref().map_or_else(String::new, |proxy| format!(" via {proxy}"));
        let identity = format!("{host}:{port} {secure} {}{via}", options.tls_identity);
        Ok(Self {
            identity: identity.into(),
            host: host.into(),
            port,
            host_header: HeaderValue::from_str(authority.as_str()).map_err(|_| TargetError::NoHost)?,
            base_path: uri.path().trim_end_matches('/').into(),
            authority,
            tls,
            proxy: options.proxy,
            credential: options.credential,
            headers: options.headers,
        })
    }

    /// What two targets must share to share connections.
    pub(crate) fn identity(&self) -> &Arc<str> {
        &self.identity
    }

    /// The name or address to dial, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to dial.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn tls(&self) -> Option<Arc<ClientConfig>> {
        self.tls.clone()
    }

    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The request target for `path` below the base URL. Through a proxy without a tunnel it names the host too.
    pub fn uri(&self, path: &str) -> Uri {
        let joined = [&*self.base_path, path].concat();
        let path_and_query = PathAndQuery::try_from(joined).expect("base path and protocol paths are valid");
        if self.tls.is_none() && self.proxy.is_some() {
            let mut parts = http::uri::Parts::default();
            parts.scheme = Some(Scheme::HTTP);
            parts.authority = Some(self.authority.clone());
            parts.path_and_query = Some(path_and_query);
            return Uri::from_parts(parts).expect("scheme, authority and path are present");
        }
        Uri::from(path_and_query)
    }

    /// Adds what each request to this provider carries: host, standing headers, the credential, unless it is a signature.
    pub fn apply(&self, headers: &mut HeaderMap) {
        headers.insert(http::header::HOST, self.host_header.clone());
        for (name, value) in &self.headers {
            headers.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if let Some(credential) = &self.credential {
            credential.apply(headers);
        }
    }

    /// Signs `outgoing`, if this provider's credential is a signature, as of `unix_s`, seconds since 1970. To be called
    /// last, when address, headers and body are those that are sent, and anew for each attempt: signatures are good for
    /// some minutes.
    pub fn sign(&self, outgoing: &mut Outgoing, unix_s: impl FnOnce() -> u64) {
        if let Some(credential) = &self.credential {
            credential.sign(outgoing, unix_s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_joined_with_the_protocols_path() {
        let target = Target::new("http://127.0.0.1:9000/v1/", TargetOptions::default()).unwrap();
        assert_eq!(target.uri("/chat/completions"), "/v1/chat/completions");
        assert_eq!((target.host(), target.port()), ("127.0.0.1", 9000));
        let bare = Target::new("http://[::1]", TargetOptions::default()).unwrap();
        assert_eq!((bare.host(), bare.port()), ("::1", 80));
        assert_eq!(bare.uri("/v1/messages"), "/v1/messages");
    }

    #[test]
    fn what_cannot_be_a_base_url_is_refused_with_the_reason() {
        let refuse = |url: &str| Target::new(url, TargetOptions::default()).unwrap_err().to_string();
        assert!(refuse("ftp://host/").contains("http"));
        assert!(refuse("localhost:8000").contains("http"));
        assert!(refuse("http://user:pw@host/").contains("api_key"));
        assert!(refuse("http://host/v1?key=1").contains("query"));
        assert!(refuse("https://host").contains("TLS"));
    }
}
