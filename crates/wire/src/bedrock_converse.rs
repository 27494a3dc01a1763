//! Amazon Bedrock Converse.
//!
//! Source: botocore's service model of bedrock-runtime and its parsers, botocore 1.44.8; the JavaScript SDK's event
//! streams, @aws-sdk/client-bedrock-runtime 3.1164.0; both read 2026-11-28. Members that hold bytes are base64 in JSON.

mod amend;
mod answer;
mod content;
mod document;
mod errors;
mod media;
mod models;
mod peek;
mod read;
mod reply;
mod request;
mod search;
mod stop;
mod stream;
mod translator;
mod usage;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use catalogue::Protocol;

use self::stream::{KEEP_ALIVE, Reader};
use crate::amend::{AmendTo, Amended, Amendments};
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::Translator;
use crate::error_reply::{ErrorKind, ErrorReply};
use crate::failure::Failure;
use crate::framing::Framing;
use crate::peek::{Peek, PeekError};
use crate::splice::Edit;

/// The protocol `bedrock-converse`.
#[derive(Debug)]
pub(crate) struct BedrockConverse;

impl Codec for BedrockConverse {
    fn protocol(&self) -> Protocol {
        Protocol::BedrockConverse
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::body(error)
    }

    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::event(error)
    }

    fn keep_alive(&self) -> &'static [u8] {
        KEEP_ALIVE
    }

    fn amend(&self, body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
        amend::amend(body, amendments, to)
    }

    fn request_id_header(&self) -> &'static str {
        "x-amzn-requestid"
    }

    fn status(&self, kind: ErrorKind) -> u16 {
        errors::status(kind)
    }

    fn models(&self, names: &[&str]) -> Bytes {
        models::list(names)
    }

    fn model(&self, name: &str) -> Bytes {
        models::one(name)
    }

    fn peek<'a>(&self, body: &'a [u8]) -> Result<Peek<'a>, PeekError> {
        peek::peek(body)
    }

    fn framing(&self) -> Framing {
        Framing::EventStream
    }

    fn model_in_path(&self) -> bool {
        true
    }

    fn path(&self, model: &str, stream: bool) -> Cow<'static, str> {
        let mut path = String::from("/model/");
        percent_encode(model, &mut path);
        path.push_str(if stream { "/converse-stream" } else { "/converse" });
        path.into()
    }

    /// Streams of this protocol always state usage.
    fn usage_request(&self, _peek: &Peek<'_>) -> Option<Edit> {
        None
    }

    fn classify<'h>(
        &self,
        status: u16,
        header: &dyn Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now_unix_s: u64,
    ) -> Failure {
        classify::failed_reply(status, header, body, now_unix_s)
    }

    fn reply(&self, body: &[u8]) -> Result<Reply, Failure> {
        reply::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&translator::Converse)
    }
}

/// As the official SDKs put an id into the path: all but unreserved characters are encoded, the colons and slashes of
/// ARNs too. A name of dots alone would be a step up, so it is encoded whole.
fn percent_encode(name: &str, out: &mut String) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let dots = name.bytes().all(|byte| byte == b'.');
    for byte in name.bytes() {
        if is_plain(byte) && !dots {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
    }
}
