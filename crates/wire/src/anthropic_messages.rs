//! Anthropic Messages.
//!
//! Source: typed models of the official Python SDK, anthropic 2.12.0, and its `_streaming.py`, read 2026-11-22. The SDKs
//! pass over frames without an `event:` line, so every frame of ours has one.

mod amend;
mod answer;
mod cache;
mod carry;
mod content;
mod errors;
mod events;
mod fault;
mod losses;
mod members;
mod message;
mod models;
mod request;
mod search;
mod stream;
mod thread;
mod translate;
mod usage;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::Protocol;

use self::message::Message;
pub(crate) use self::search::OURS;
use self::stream::Reader;
use crate::amend::{AmendTo, Amended, Amendments};
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::{TranslateError, Translator};
use crate::error_reply::{ErrorKind, ErrorReply};
use crate::failure::{Broken, Failure};
use crate::peek::Peek;
use crate::splice::Edit;

/// The protocol `anthropic-messages`.
#[derive(Debug)]
pub(crate) struct AnthropicMessages;

impl Codec for AnthropicMessages {
    fn protocol(&self) -> Protocol {
        Protocol::AnthropicMessages
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::body(error)
    }

    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::event(error)
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }

    fn amend(&self, body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
        amend::amend(body, amendments, to)
    }

    fn check_is_whole(&self, body: &[u8]) -> Result<(), TranslateError> {
        if thread::goes_on(body) {
            Err(TranslateError::unsayable(thread::NAME, thread::HELD))
        } else {
            Ok(())
        }
    }

    fn request_id_header(&self) -> &'static str {
        "request-id"
    }

    /// Anthropic's clients know 529 as overloaded; 503 they would take for any fault.
    fn status(&self, kind: ErrorKind) -> u16 {
        if kind == ErrorKind::Overloaded { 529 } else { kind.default_status() }
    }

    fn models(&self, names: &[&str]) -> Bytes {
        models::list(names)
    }

    fn model(&self, name: &str) -> Bytes {
        models::one(name)
    }

    fn path(&self, _model: &str, _stream: bool) -> Cow<'static, str> {
        "/v1/messages".into()
    }

    fn token_count(&self, tokens: u64) -> Option<Bytes> {
        Some(format!("{{\"input_tokens\":{tokens}}}").into())
    }

    fn count_path(&self, _model: &str) -> Option<Cow<'static, str>> {
        Some("/v1/messages/count_tokens".into())
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
        if body.trim_ascii().is_empty() {
            return Err(Failure::Broken(Broken::Empty));
        }
        let message = Message::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
        if message.is_error {
            return Err(classify::hidden_error(body));
        }
        if !message.has_blocks {
            return Err(Failure::Broken(Broken::Malformed));
        }
        if !message.has_content && message.stop.is_none() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: message.usage.service(),
            usage: message.usage.buckets(),
            finish: message.stop.map(|reason| reason.unescape().into_owned()),
            id: message.id.map(|id| id.unescape().into_owned()),
            has_content: message.has_content,
            output_bytes: message.text_bytes,
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&Self)
    }
}
