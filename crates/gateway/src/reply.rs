//! What we say ourselves: refusals, in the client's protocol, and the heads of answers.

use std::fmt::Write as _;

use bytes::Bytes;
use catalogue::Protocol;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use wire::conversation::Loss;
use wire::{Codec, ErrorReply};

use crate::asked::codec;
use crate::call::Call;
use crate::headers::{ATTEMPTS, DEPLOYMENT, DROPPED, EDITS, SHOULD_RETRY, TAKEOVER};
use crate::outlet::ReplyBody;
use crate::pass;
use crate::refusal::Refusal;

/// How a client is answered: its protocol and the request's id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect<'a> {
    pub(crate) codec: &'static dyn Codec,
    pub(crate) request_id: &'a str,
}

impl<'a> Dialect<'a> {
    pub(crate) fn new(protocol: Protocol, request_id: &'a str) -> Self {
        Self { codec: codec(protocol), request_id }
    }

    fn error<T>(&self, refusal: &Refusal, say: impl FnOnce(&ErrorReply<'_>) -> T) -> T {
        say(&ErrorReply {
            status: refusal.status(self.codec),
            kind: refusal.kind(),
            message: &refusal.to_string(),
            request_id: self.request_id,
            code: refusal.code(),
            param: refusal.param(),
        })
    }

    /// A refusal as a whole answer.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response<Bytes> {
        let body = self.error(refusal, |error| self.codec.error_reply(error));
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(refusal.status(self.codec)).expect("refusals have valid statuses");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.put_request_id(headers);
        if let Some(wait) = refusal.retry_after() {
            // Rounded up: earlier would be too early.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            headers
                .insert(header::RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        if let Some(attempts) = refusal.attempts() {
            headers.insert(ATTEMPTS.clone(), HeaderValue::from(attempts));
        }
        match refusal {
            Refusal::Method { allow, .. } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            // What is spoken here instead; RFC 9110, section 15.5.22, wants it said.
            Refusal::WebSocket => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("HTTP/1.1"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            _ => {}
        }
        if refusal.forbids_retry() {
            headers.insert(SHOULD_RETRY.clone(), HeaderValue::from_static("false"));
        }
        response
    }

    /// A refusal as the last event of a stream that has begun.
    pub(crate) fn last_event(&self, refusal: &Refusal) -> Bytes {
        self.error(refusal, |error| self.codec.error_event(error))
    }

    /// An answer of our own, under the request's id.
    pub(crate) fn identified<T>(&self, mut response: Response<T>) -> Response<T> {
        self.put_request_id(response.headers_mut());
        response
    }

    fn put_request_id(&self, headers: &mut HeaderMap) {
        let name = HeaderName::from_static(self.codec.request_id_header());
        headers.insert(name, HeaderValue::from_str(self.request_id).expect("our ids are plain ASCII"));
    }
}

/// The head of a supplier's answer, as the client gets it.
pub(crate) fn head<T>(
    call: &Call,
    status: StatusCode,
    from: &HeaderMap,
    about: &About<'_>,
    body: T,
) -> Response<T> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if status.is_success() {
        pass::to_client(from, headers);
    } else {
        pass::error_to_client(from, headers);
    }
    call.dialect().put_request_id(headers);
    headers.insert(DEPLOYMENT.clone(), about.deployment.clone());
    headers.insert(ATTEMPTS.clone(), HeaderValue::from(about.attempts));
    if about.attempts > 1 {
        headers.insert(TAKEOVER.clone(), HeaderValue::from_static("before-content"));
    }
    if !about.edits.is_empty() {
        headers.insert(
            EDITS.clone(),
            HeaderValue::from_str(&about.edits).expect("names of edits are plain ASCII"),
        );
    }
    if !about.dropped.is_empty() {
        headers.insert(DROPPED.clone(), names(about.dropped));
    }
    response
}

/// Who served, and what was changed on the way.
#[derive(Debug)]
pub(crate) struct About<'a> {
    pub(crate) deployment: &'a HeaderValue,
    pub(crate) attempts: u32,
    pub(crate) edits: String,
    pub(crate) dropped: &'a [Loss],
}

/// What was lost, by name, as far as a header takes it: clients may call a member what they like.
fn names(losses: &[Loss]) -> HeaderValue {
    const MOST_BYTES: usize = 1024;
    let mut names = String::new();
    for loss in losses {
        let between = if names.is_empty() { "" } else { ", " };
        let name = sendable(&loss.what);
        if names.len() + between.len() + name.len() > MOST_BYTES {
            names.push_str(", ...");
            break;
        }
        names.extend([between, &name]);
    }
    HeaderValue::from_str(&names).expect("only printable ASCII is left")
}

/// A name as a list in a header has it: what it cannot have is percent-encoded, and too much is cut off.
fn sendable(name: &str) -> String {
    const MOST_BYTES: usize = 80;
    let mut sendable = String::new();
    for byte in name.bytes() {
        if sendable.len() >= MOST_BYTES {
            sendable.push_str("...");
            break;
        }
        if byte.is_ascii_graphic() && !matches!(byte, b',' | b'%') {
            sendable.push(char::from(byte));
        } else {
            write!(sendable, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    sendable
}

/// The head of a stream of which nothing is known yet but that the client must not wait in silence.
pub(crate) fn early_stream_head(dialect: &Dialect<'_>) -> Response<()> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    let media_type = dialect.codec.framing().media_type();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    dialect.put_request_id(headers);
    response
}

/// A small answer of our own.
pub(crate) fn text(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::Whole(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(whats: &[&str]) -> String {
        let losses: Vec<Loss> = whats.iter().map(|what| Loss::new(*what, "")).collect();
        names(&losses).to_str().unwrap().to_owned()
    }

    #[test]
    fn p4_no_loss_is_without_its_name_and_none_hides_another() {
        assert_eq!(named(&["seed", "metadata.x"]), "seed, metadata.x");
        assert_eq!(
            named(&["ключ", "a, b", "50%", "x\r\ny"]),
            "%D0%BA%D0%BB%D1%8E%D1%87, a%2C%20b, 50%25, x%0D%0Ay"
        );
        let long = "x".repeat(5000);
        assert_eq!(named(&[&long, "seed"]), format!("{}..., seed", "x".repeat(80)));
        let many = named(&[long.as_str(); 20]);
        assert!(many.len() < 1100 && many.ends_with("..., ..."), "{many}");
    }
}
