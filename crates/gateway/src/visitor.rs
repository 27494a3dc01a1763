//! Whether a request comes from a web page of somebody else's, where no secret keeps it out.
//!
//! A page that is open in a browser on this machine can ask whatever listens here: in its own name, and, once its name was
//! made to point here, as if it were ours. A browser says both, in `Origin` and in `Host`.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header};

/// Why a request is none of a program's on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Asked under a name that may be anybody's.
    #[error("this host name is not known here: a name that leads here by trickery must not be obeyed")]
    Host,
    /// Asked by a page of another site.
    #[error("a page of another site may not ask here")]
    Origin,
}

/// Looks at a request's head. `by_any_name`: a secret is asked for, which a page under a false name does not know.
pub fn look(headers: &HeaderMap, uri: &Uri, by_any_name: bool) -> Result<(), Foreign> {
    // HTTP/2 says it in the address.
    let host = uri.authority().map(http::uri::Authority::as_str).or_else(|| text(headers, header::HOST));
    let host = host.ok_or(Foreign::Host)?;
    if !by_any_name && !is_ours(without_port(host)) {
        return Err(Foreign::Host);
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    if authority == host { Ok(()) } else { Err(Foreign::Origin) }
}

/// A name could be anybody's and be made to point here; an address could not.
fn is_ours(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(headers: &[(&'static str, &str)]) -> Result<(), Foreign> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        look(&map, &Uri::from_static("/"), false)
    }

    #[test]
    fn p8_a_name_that_was_made_to_point_here_is_refused() {
        for host in ["localhost:4101", "127.0.0.1:4101", "[::1]:4101", "[::1]", "10.0.0.1"] {
            assert_eq!(looked(&[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "evil.example:4101", "localhost.evil.example"] {
            assert_eq!(looked(&[("host", host)]), Err(Foreign::Host), "{host}");
        }
        assert_eq!(looked(&[]), Err(Foreign::Host));
        let of_http_2 = |uri| look(&HeaderMap::new(), &Uri::from_static(uri), false);
        assert_eq!(of_http_2("http://localhost:4100/v1/models"), Ok(()));
        assert_eq!(of_http_2("http://evil.example/v1/models"), Err(Foreign::Host));
    }

    #[test]
    fn p8_another_sites_page_is_refused() {
        let host = ("host", "localhost:4101");
        assert_eq!(looked(&[host, ("origin", "http://localhost:4101")]), Ok(()));
        for origin in ["http://localhost:3000", "https://evil.example", "null", "\u{e9}"] {
            assert_eq!(looked(&[host, ("origin", origin)]), Err(Foreign::Origin), "{origin}");
        }
    }
}
