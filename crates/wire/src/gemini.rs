//! Google Gemini `generateContent`, as the Gemini API and Vertex AI speak it.
//!
//! The model and whether to stream stand in the path, not in the body. A stream has no terminal event: it is whole when
//! each candidate's finish reason came and the body ends, so [`StreamReader::end`] says what the last event says in other
//! protocols. Clients that ask for a stream without `alt=sse` get one JSON list instead; see [`JsonList`].
//!
//! Source: typed models, converters and `_api_client.py` of the official Python SDK, google-genai 3.4.0, and
//! `processStreamResponse` of the official JavaScript SDK, @google/genai 2.32.0, read 2026-11-28.

mod amend;
mod answer;
mod chunk;
mod client;
mod errors;
mod events;
mod finish;
mod grounding;
mod ids;
mod json_list;
mod media;
mod models;
mod names;
mod part;
mod path;
mod peek;
mod reading;
mod request;
mod response;
mod result;
mod schema;
mod search;
mod signature;
mod stream;
mod strict;
mod translator;
mod usage;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::Protocol;

pub use self::json_list::JsonList;
use self::response::Response;
pub(crate) use self::signature::BYPASS as SIGNATURE_BYPASS;
use self::stream::Reader;
use self::translator::GeminiTranslator;
use crate::amend::{AmendTo, Amended, Amendments};
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::Translator;
use crate::error_reply::ErrorReply;
use crate::failure::{Broken, Failure};
use crate::peek::{Peek, PeekError};
use crate::splice::Edit;

/// The protocol `gemini`.
#[derive(Debug)]
pub(crate) struct Gemini;

impl Codec for Gemini {
    fn protocol(&self) -> Protocol {
        Protocol::Gemini
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::body(error)
    }

    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::event(error)
    }

    /// An empty line. A comment will not do: the Python SDK takes every line without `data: ` for a piece of JSON.
    fn keep_alive(&self) -> &'static [u8] {
        b"\n"
    }

    fn amend(&self, body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
        amend::amend(body, amendments, to)
    }

    fn request_id_header(&self) -> &'static str {
        "x-request-id"
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

    /// `alt` is a parameter of all of Google's APIs; `$alt` is its full name.
    fn lists_streams(&self, query: &str) -> bool {
        !query.split('&').any(|pair| matches!(pair, "alt=sse" | "$alt=sse" | "%24alt=sse"))
    }

    fn model_in_path(&self) -> bool {
        true
    }

    fn token_count(&self, tokens: u64) -> Option<Bytes> {
        Some(format!("{{\"totalTokens\":{tokens}}}").into())
    }

    fn count_path(&self, model: &str) -> Option<Cow<'static, str>> {
        Some(path::of(model, "countTokens").into())
    }

    fn path(&self, model: &str, stream: bool) -> Cow<'static, str> {
        path::of(model, if stream { "streamGenerateContent?alt=sse" } else { "generateContent" }).into()
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
        let response = Response::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
        if response.is_error {
            return Err(classify::hidden_error(body));
        }
        if let Some(failure) = response.failure {
            return Err(failure);
        }
        if !response.has_candidates && !response.is_blocked() {
            return Err(Failure::Broken(Broken::Malformed));
        }
        if !response.has_content && response.finish.is_none() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: response.usage.service(),
            usage: response.usage.buckets(),
            finish: response.finish.map(|reason| reason.unescape().into_owned()),
            id: response.id.map(|id| id.unescape().into_owned()),
            has_content: response.has_content,
            output_bytes: response.text_bytes,
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&GeminiTranslator)
    }
}
