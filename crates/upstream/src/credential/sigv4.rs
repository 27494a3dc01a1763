//! AWS Signature Version 4: a request is signed over its method, address, some headers, its body and the time.
//!
//! **Never**: reads a clock, or keeps a signature: each attempt is signed anew.
//!
//! Source: `botocore/auth.py` (`SigV4Auth`), botocore 1.44.8, whose signatures the tests hold; AWS's own example
//! `get-vanilla`; both read 2026-11-28.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

use crate::pool::Outgoing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const BODY_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
/// Signed where they are there, in this order.
static SIGNED: [HeaderName; 4] = [header::CONTENT_TYPE, header::HOST, DATE, TOKEN];

/// An account's keys, as AWS gives them out, and where they are used.
#[derive(Debug, Clone, Copy)]
pub struct AwsKeys<'a> {
    /// The access key's id, such as `AKIA...`; `AWS_ACCESS_KEY_ID`.
    pub access_key_id: &'a str,
    /// The secret that belongs to it; `AWS_SECRET_ACCESS_KEY`.
    pub secret: &'a SecretString,
    /// For keys that are lent for a while; `AWS_SESSION_TOKEN`.
    pub session_token: Option<&'a SecretString>,
    /// The region of the address that is spoken to, such as `eu-west-1`.
    pub region: &'a str,
    /// The service's name for signing, such as `bedrock`.
    pub service: &'a str,
}

/// Why keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKeys {
    /// The access key's id, or the token, is empty or holds a character that a header cannot carry.
    #[error(
        "the access key id or the session token is empty or holds a character that cannot be sent (a line break?)"
    )]
    Key,
    /// The region or the service is none.
    #[error("the region or the service is not a name of lower-case letters, digits and hyphens")]
    Place,
}

/// Signs with one account's keys.
#[derive(Clone)]
pub(super) struct Signer {
    access_key_id: Box<str>,
    secret: SecretString,
    session_token: Option<HeaderValue>,
    region: Box<str>,
    service: Box<str>,
}

impl Signer {
    pub(super) fn new(keys: &AwsKeys<'_>) -> Result<Self, UnusableKeys> {
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_place = |place: &str| {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !place.is_empty() && place.bytes().all(fits)
        };
        if !is_id(keys.access_key_id) || keys.secret.expose_secret().is_empty() {
            return Err(UnusableKeys::Key);
        }
        if !is_place(keys.region) || !is_place(keys.service) {
            return Err(UnusableKeys::Place);
        }
        let token = keys.session_token.map(|token| {
            let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| UnusableKeys::Key)?;
            value.set_sensitive(true);
            if value.is_empty() { Err(UnusableKeys::Key) } else { Ok(value) }
        });
        Ok(Self {
            access_key_id: keys.access_key_id.into(),
            secret: keys.secret.clone(),
            session_token: token.transpose()?,
            region: keys.region.into(),
            service: keys.service.into(),
        })
    }

    /// Signs `outgoing`, which is otherwise ready, as of `unix_s` seconds since 1970. What stood there of an earlier
    /// signature, or of the client's, is replaced.
    pub(super) fn sign(&self, outgoing: &mut Outgoing, unix_s: u64) {
        let time = amz_date(unix_s);
        let headers = &mut outgoing.headers;
        for stale in [header::AUTHORIZATION, TOKEN, BODY_HASH] {
            headers.remove(stale);
        }
        headers.insert(DATE, HeaderValue::from_str(&time).expect("digits and letters"));
        if let Some(token) = &self.session_token {
            headers.insert(TOKEN, token.clone());
        }
        let scope = format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service);
        let request = hex(digest::digest(&digest::SHA256, canonical(outgoing).as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{request}");
        let signature = hex(hmac::sign(&self.key(&time[..8]), to_sign.as_bytes()).as_ref());
        let authorization = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            self.access_key_id,
            signed_names(&outgoing.headers)
        );
        let mut value = HeaderValue::from_str(&authorization).expect("its parts were checked");
        value.set_sensitive(true);
        outgoing.headers.insert(header::AUTHORIZATION, value);
    }

    /// The key of one day, region and service.
    fn key(&self, day: &str) -> hmac::Key {
        let mut key = [b"AWS4", self.secret.expose_secret().as_bytes()].concat();
        for part in [day, &self.region, &self.service, "aws4_request"] {
            let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
            key.clear();
            key.extend_from_slice(signed.as_ref());
        }
        hmac::Key::new(hmac::HMAC_SHA256, &key)
    }
}

/// The request in the one form that both sides hash.
fn canonical(outgoing: &Outgoing) -> String {
    let mut body = digest::Context::new(&digest::SHA256);
    outgoing.body.iter().for_each(|piece| body.update(piece));
    let mut headers = String::new();
    for name in &SIGNED {
        if let Some(value) = outgoing.headers.get(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(headers, "{name}:{value}").expect("a string takes everything");
        }
    }
    [
        outgoing.method.as_str(),
        &canonical_path(outgoing.uri.path()),
        &canonical_query(outgoing.uri.query().unwrap_or_default()),
        &headers,
        &signed_names(&outgoing.headers),
        &hex(body.finish().as_ref()),
    ]
    .join("\n")
}

fn signed_names(headers: &HeaderMap) -> String {
    let names = SIGNED.iter().filter(|name| headers.contains_key(*name)).map(HeaderName::as_str);
    names.collect::<Vec<_>>().join(";")
}

/// The path without detours, encoded once more: all services but S3 want it so.
fn canonical_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut plain = String::with_capacity(path.len() + 16);
    for segment in &segments {
        plain.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                plain.push(char::from(byte));
            } else {
                write!(plain, "%{byte:02X}").expect("a string takes everything");
            }
        }
    }
    if segments.is_empty() || path.ends_with('/') {
        plain.push('/');
    }
    plain
}

/// The query, whose parts are encoded already, in order.
fn canonical_query(query: &str) -> String {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let mut parts: Vec<(&str, &str)> = parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
    parts.sort_unstable();
    parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Such as `20150830T123600Z`.
fn amz_date(unix_s: u64) -> String {
    let time = i64::try_from(unix_s).ok().and_then(|unix_s| jiff::Timestamp::from_second(unix_s).ok());
    // Past the year 9999 no signature is right.
    time.unwrap_or(jiff::Timestamp::MAX).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(hex, "{byte:02x}").expect("a string takes everything");
    }
    hex
}
