//! A supplier's credential: held so that it cannot be printed, sent in the one header that the supplier reads.

use std::fmt;

use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

/// The header that proves to a supplier who we are. Its value never appears in `Debug`, logs or errors.
#[derive(Clone)]
pub struct Credential {
    name: HeaderName,
    value: HeaderValue,
}

/// The secret holds a byte that no HTTP header may carry (a line break from a file, usually).
#[derive(Debug, thiserror::Error)]
#[error("the key holds a character that cannot be sent in a header (a line break at its end?)")]
pub struct UnsendableKey;

impl Credential {
    /// `Authorization: Bearer <secret>`.
    pub fn bearer(secret: &SecretString) -> Result<Self, UnsendableKey> {
        Self::new(header::AUTHORIZATION, &format!("Bearer {}", secret.expose_secret()))
    }

    /// `<name>: <secret>`, as with `x-api-key` and `api-key`.
    pub fn header(name: HeaderName, secret: &SecretString) -> Result<Self, UnsendableKey> {
        Self::new(name, secret.expose_secret())
    }

    fn new(name: HeaderName, value: &str) -> Result<Self, UnsendableKey> {
        let mut value = HeaderValue::from_str(value).map_err(|_| UnsendableKey)?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }

    /// Puts the credential among `headers`, in place of any that stood there.
    pub fn apply(&self, headers: &mut http::HeaderMap) {
        headers.insert(self.name.clone(), self.value.clone());
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({}: [redacted])", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_cannot_be_printed() {
        let secret = SecretString::from("sk-canary-1234");
        let credential = Credential::bearer(&secret).unwrap();
        let mut headers = http::HeaderMap::new();
        credential.apply(&mut headers);
        assert_eq!(headers["authorization"], "Bearer sk-canary-1234");
        assert!(!format!("{credential:?} {headers:?} {secret:?}").contains("canary"));
    }

    #[test]
    fn a_line_break_in_a_key_is_refused() {
        assert!(Credential::bearer(&SecretString::from("sk-1\n")).is_err());
    }
}
