//! Who may ask the admin listener: a token where others can reach it, and never a page of another site.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The rules.
#[derive(Debug)]
pub struct Access {
    /// Asked for as a bearer token; `None` only where the listener is on loopback.
    pub token: Option<SecretString>,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("this host name is not known here: a name that leads here by trickery must not be obeyed")]
    Host,
    #[error("a page of another site may not ask here")]
    Origin,
    #[error("the admin token is missing or wrong")]
    Token,
}

impl Refused {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Access {
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let host = text(headers, header::HOST).ok_or(Refused::Host)?;
        // A page under a name that was made to point here knows no token, so where one is asked for every name will do.
        if self.token.is_none() && !is_ours(without_port(host)) {
            return Err(Refused::Host);
        }
        if let Some(origin) = text(headers, header::ORIGIN) {
            let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
            if authority != host {
                return Err(Refused::Origin);
            }
        }
        let Some(token) = &self.token else { return Ok(()) };
        let given = text(headers, header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let given = given.unwrap_or_default().as_bytes();
        if given.ct_eq(token.expose_secret().as_bytes()).into() { Ok(()) } else { Err(Refused::Token) }
    }
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

    fn check(access: &Access, headers: &[(&'static str, &str)]) -> Result<(), Refused> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        access.check(&map)
    }

    #[test]
    fn p8_a_name_that_was_made_to_point_here_is_refused() {
        let open = Access { token: None };
        for host in ["localhost:4101", "127.0.0.1:4101", "[::1]:4101", "[::1]", "10.0.0.1"] {
            assert_eq!(check(&open, &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "evil.example:4101", "localhost.evil.example"] {
            assert_eq!(check(&open, &[("host", host)]), Err(Refused::Host), "{host}");
        }
        assert_eq!(check(&open, &[]), Err(Refused::Host));
    }

    #[test]
    fn p8_another_sites_page_is_refused() {
        let open = Access { token: None };
        let host = ("host", "localhost:4101");
        assert_eq!(check(&open, &[host, ("origin", "http://localhost:4101")]), Ok(()));
        assert_eq!(check(&open, &[host, ("origin", "http://localhost:3000")]), Err(Refused::Origin));
        assert_eq!(check(&open, &[host, ("origin", "null")]), Err(Refused::Origin));
    }

    #[test]
    fn p8_the_token_is_asked_for_where_one_is_set() {
        let closed = Access { token: Some("t0ken".into()) };
        // A scraper in the next container asks by name.
        for host in [("host", "10.0.0.1"), ("host", "releve:4101"), ("host", "releve.monitoring.svc")] {
            assert_eq!(check(&closed, &[host, ("authorization", "Bearer t0ken")]), Ok(()));
            assert_eq!(check(&closed, &[host, ("authorization", "Bearer t0ke")]), Err(Refused::Token));
            assert_eq!(check(&closed, &[host]), Err(Refused::Token));
        }
    }
}
