//! Proxies between us and a supplier: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and a provider's own.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;
use ipnet::IpNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::dial::{DialError, Io};
use crate::target::Target;

/// The longest answer to a `CONNECT` that is read; a proxy that says more is not one.
const LONGEST_ANSWER_BYTES: usize = 16 * 1024;

/// An HTTP proxy, reached in the clear, with an optional `Proxy-Authorization`.
#[derive(Clone)]
pub struct Proxy {
    host: Box<str>,
    port: u16,
    authorization: Option<Box<str>>,
}

/// Why a proxy's URL cannot be used.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a proxy is written http://[user:password@]host[:port]")]
pub struct ProxyError;

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`. A missing scheme means `http`.
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = with_scheme.parse().map_err(|_| ProxyError)?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(ProxyError);
        }
        let authority = uri.authority().ok_or(ProxyError)?;
        let authorization = authority
            .as_str()
            .rsplit_once('@')
            .map(|(user, _)| format!("Basic {}", base64(percent_decoded(user).as_bytes())).into());
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').into();
        Ok(Self { host, port: authority.port_u16().unwrap_or(80), authorization })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

/// The environment's word on proxies: one for each scheme, and the hosts that need none.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Set>,
    https: Option<Set>,
    direct: Vec<(Direct, Option<u16>)>,
}

/// What a variable holds: a wrong one troubles only whoever would go that way.
type Set = Result<Proxy, ProxyError>;

/// Whom to reach without a proxy.
#[derive(Debug, Clone)]
enum Direct {
    Everything,
    Net(IpNet),
    Domain(Box<str>),
}

impl Proxies {
    /// Reads the usual variables through `variable`; lower case wins over upper case, as in curl.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            variable(&name.to_lowercase()).or_else(|| variable(name)).filter(|value| !value.is_empty())
        };
        let proxy = |name| either(name).map(|url| Proxy::parse(&url));
        let all = proxy("ALL_PROXY");
        Self {
            http: proxy("HTTP_PROXY").or_else(|| all.clone()),
            https: proxy("HTTPS_PROXY").or(all),
            direct: either("NO_PROXY").map(|list| read_direct(&list)).unwrap_or_default(),
        }
    }

    /// The proxy for `host`, or `None` for a direct connection. Loopback is always direct.
    ///
    /// # Errors
    /// The variable that says which is wrong.
    pub fn for_host(&self, secure: bool, host: &str, port: u16) -> Result<Option<Proxy>, ProxyError> {
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return Ok(None);
        }
        let is_meant = |direct: &Direct| match direct {
            Direct::Everything => true,
            Direct::Net(net) => address.is_some_and(|address| net.contains(&address)),
            Direct::Domain(domain) => {
                host.strip_suffix(&**domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
            }
        };
        if self.direct.iter().any(|(direct, at)| at.is_none_or(|at| at == port) && is_meant(direct)) {
            return Ok(None);
        }
        if secure { self.https.clone() } else { self.http.clone() }.transpose()
    }
}

fn read_direct(list: &str) -> Vec<(Direct, Option<u16>)> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| address_or_net(item).map_or_else(|| named(item), |direct| (direct, None))).collect()
}

fn address_or_net(item: &str) -> Option<Direct> {
    let address = || item.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(IpNet::from);
    item.parse::<IpNet>().ok().or_else(address).map(Direct::Net)
}

/// A name or `*`, or anything with a port.
fn named(item: &str) -> (Direct, Option<u16>) {
    if let Some((host, port)) = item.rsplit_once(':')
        && let Ok(port) = port.parse()
    {
        return (address_or_net(host).unwrap_or_else(|| named(host).0), Some(port));
    }
    if item == "*" {
        return (Direct::Everything, None);
    }
    // As some clients write a suffix.
    let domain = item.trim_start_matches('*').trim_start_matches('.').to_lowercase();
    (Direct::Domain(domain.into()), None)
}

/// Asks `proxy` for a tunnel to `target` over `io`.
pub(crate) async fn tunnel(mut io: Io, proxy: &Proxy, target: &Target) -> Result<Io, DialError> {
    let host =
        if target.host().contains(':') { format!("[{}]", target.host()) } else { target.host().into() };
    let destination = format!("{host}:{}", target.port());
    let mut request = format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    io.write_all(request.as_bytes()).await.map_err(DialError::Connect)?;
    let mut answer = Vec::with_capacity(256);
    // Byte by byte: what follows the blank line belongs to TLS and must stay in the socket.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == LONGEST_ANSWER_BYTES {
            return Err(DialError::Proxy("its answer has no end".into()));
        }
        answer.push(io.read_u8().await.map_err(DialError::Connect)?);
    }
    let line = String::from_utf8_lossy(answer.split(|byte| *byte == b'\r').next().unwrap_or_default());
    match line.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(io),
        _ => Err(DialError::Proxy(line.into())),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// RFC 4648 with padding: ten lines, for one header, so no dependency.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for position in 0..4 {
            let sextet = (bits >> (18 - 6 * position)) & 63;
            let letter = char::from(ALPHABET[sextet as usize]);
            text.push(if position <= group.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Proxies::from_variables(find)
    }

    #[test]
    fn the_usual_variables_choose_a_proxy() {
        let set = proxies(&[
            ("HTTPS_PROXY", "http://proxy.corp:3128"),
            ("NO_PROXY", "internal.corp, .example.org,10.0.0.0/8"),
        ]);
        let proxy = |secure, host: &str| set.for_host(secure, host, 443).unwrap();
        assert_eq!(proxy(true, "api.openai.com").unwrap().to_string(), "proxy.corp:3128");
        assert!(proxy(false, "api.openai.com").is_none());
        for direct in
            ["internal.corp", "a.internal.corp", "x.example.org", "10.2.3.4", "localhost", "127.0.0.1"]
        {
            assert!(proxy(true, direct).is_none(), "{direct}");
        }
        assert!(proxy(true, "notinternal.corp").is_some());
    }

    #[test]
    fn an_exception_may_name_a_port() {
        let list = "internal.corp:8000, 10.1.2.3:7101, [fd00::1]:7101, fd00::2, *.example.org";
        let set = proxies(&[("ALL_PROXY", "proxy:3128"), ("NO_PROXY", list)]);
        let is_direct = |host: &str, port| set.for_host(true, host, port).unwrap().is_none();
        for host in ["internal.corp", "a.internal.corp"] {
            assert!(is_direct(host, 8000) && !is_direct(host, 443), "{host}");
        }
        for host in ["10.1.2.3", "fd00::1"] {
            assert!(is_direct(host, 7101) && !is_direct(host, 7102), "{host}");
        }
        assert!(is_direct("fd00::2", 1) && is_direct("a.example.org", 1));
    }

    #[test]
    fn a_wrong_variable_troubles_only_whoever_needs_it() {
        let set = proxies(&[("ALL_PROXY", "socks5://proxy:1080"), ("NO_PROXY", "internal.corp")]);
        for direct in ["localhost", "127.0.0.1", "internal.corp"] {
            assert!(set.for_host(false, direct, 80).unwrap().is_none());
        }
        assert!(set.for_host(true, "api.openai.com", 443).is_err());
    }

    #[test]
    fn a_proxys_password_is_sent_and_never_printed() {
        let proxy = Proxy::parse("http://ada:l%40ve@proxy:8080").unwrap();
        assert_eq!(proxy.authorization.as_deref(), Some("Basic YWRhOmxAdmU="));
        assert!(!format!("{proxy:?} {proxy}").contains("ve"));
        assert!(Proxy::parse("socks5://proxy:1").is_err());
    }

    #[test]
    fn base64_pads() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }
}
