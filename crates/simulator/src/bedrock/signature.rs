//! The arithmetic of AWS Signature Version 4, as a server does it: from the request as it came and the secret that it
//! knows (guide "Create a signed AWS API request", read 2026-11-28). Written apart from Relève's own signing, so that one
//! can tell on the other.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};

use crate::http::Request;

/// What the `authorization` header says of how it was signed.
pub(super) struct Claim<'a> {
    /// `DATE/REGION/SERVICE/aws4_request`.
    pub(super) scope: [&'a str; 4],
    /// Names of headers, with semicolons between them.
    pub(super) signed: &'a str,
    /// In hexadecimal digits.
    pub(super) signature: &'a str,
}

impl Claim<'_> {
    /// Whether whoever signed `request` at `time` has `secret`.
    pub(super) fn holds(&self, request: &Request, time: &str, secret: &str) -> bool {
        let canonical = hex(digest::digest(&digest::SHA256, self.canonical(request).as_bytes()).as_ref());
        let text = ["AWS4-HMAC-SHA256", time, &self.scope.join("/"), &canonical].join("\n");
        let first = format!("AWS4{secret}").into_bytes();
        let key = self.scope.iter().fold(first, |key, part| signed(&key, part));
        hex(&signed(&key, &text)) == self.signature
    }

    fn canonical(&self, request: &Request) -> String {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut query: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        let header = |name: &str| {
            let words = request.header(name).unwrap_or_default().split_whitespace();
            format!("{name}:{}\n", words.collect::<Vec<_>>().join(" "))
        };
        let headers: String = self.signed.split(';').map(header).collect();
        let body = hex(digest::digest(&digest::SHA256, &request.body).as_ref());
        let path = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
        [&request.method, &path, &query.join("&"), &headers, self.signed, &body].join("\n")
    }
}

fn signed(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// A segment of the path, which came encoded, encoded again.
fn encoded(segment: &str) -> String {
    let mut text = String::new();
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
