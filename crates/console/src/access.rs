//! Who may ask the admin listener: a token where others can reach it, and never a page of another site.

use gateway::visitor::{self, Foreign};
use http::{HeaderMap, StatusCode, Uri, header};
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
    #[error(transparent)]
    Foreign(#[from] Foreign),
    #[error("the admin token is missing or wrong")]
    Token,
}

impl Refused {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Foreign(Foreign::Host) => StatusCode::MISDIRECTED_REQUEST,
            Self::Foreign(Foreign::Origin) => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Access {
    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refused> {
        visitor::look(headers, uri, self.token.is_some())?;
        let Some(token) = &self.token else { return Ok(()) };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        let given = given.unwrap_or_default().as_bytes();
        if given.ct_eq(token.expose_secret().as_bytes()).into() { Ok(()) } else { Err(Refused::Token) }
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
        access.check(&map, &Uri::from_static("/"))
    }

    #[test]
    fn p8_without_a_token_no_page_gets_in() {
        let open = Access { token: None };
        assert_eq!(check(&open, &[("host", "localhost:4101")]), Ok(()));
        let foreign = |headers: &[_]| check(&open, headers).unwrap_err().status().as_u16();
        assert_eq!(foreign(&[("host", "evil.example")]), 421);
        assert_eq!(foreign(&[("host", "localhost:4101"), ("origin", "http://localhost:3000")]), 403);
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
