//! A supplier's credential: held so that it cannot be printed, sent in the one header that the supplier reads, or used
//! to sign each request.

mod sigv4;

use std::fmt;

use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

use self::sigv4::Signer;
pub use self::sigv4::{AwsKeys, UnusableKeys};
use crate::pool::Outgoing;

/// What proves to a supplier who we are. No secret of it ever appears in `Debug`, logs or errors.
#[derive(Clone)]
pub struct Credential(Form);

#[derive(Clone)]
enum Form {
    /// A header, always the same.
    Header { name: HeaderName, value: HeaderValue },
    /// A signature of the request itself.
    Signature(Box<Signer>),
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

    /// A signature of each request with an AWS account's keys.
    ///
    /// # Errors
    /// [`UnusableKeys`], for what no signature can be made with.
    pub fn aws(keys: &AwsKeys<'_>) -> Result<Self, UnusableKeys> {
        Ok(Self(Form::Signature(Box::new(Signer::new(keys)?))))
    }

    fn new(name: HeaderName, value: &str) -> Result<Self, UnsendableKey> {
        let mut value = HeaderValue::from_str(value).map_err(|_| UnsendableKey)?;
        value.set_sensitive(true);
        Ok(Self(Form::Header { name, value }))
    }

    /// Puts a credential that is a header among `headers`, in place of any that stood there. A signature is made by
    /// the pool, when all the rest is there.
    pub fn apply(&self, headers: &mut http::HeaderMap) {
        if let Form::Header { name, value } = &self.0 {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// Signs `outgoing`, if that is what the credential is for, as of `unix_s` seconds since 1970.
    pub(crate) fn sign(&self, outgoing: &mut Outgoing, unix_s: impl FnOnce() -> u64) {
        if let Form::Signature(signer) = &self.0 {
            signer.sign(outgoing, unix_s());
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Header { name, .. } => write!(formatter, "Credential({name}: [redacted])"),
            Form::Signature(_) => formatter.write_str("Credential(signature: [redacted])"),
        }
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
