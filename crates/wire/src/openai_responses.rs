//! `OpenAI` Responses, as `OpenAI` and the suppliers that follow it speak it.
//!
//! Source: typed models of the official Python SDK, openai 3.54.0 (`types/responses/`), its `_streaming.py` and
//! `lib/streaming/responses/_responses.py`, read 2026-11-28.

mod amend;
mod answer;
mod errors;
mod events;
mod finish;
mod items;
mod output;
mod parts;
mod read;
mod request;
mod response;
mod said;
mod search;
pub mod state;
mod stream;
mod translator;
mod usage;
mod write;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::Protocol;

use self::said::Said;
use self::stream::Reader;
use self::translator::ResponsesTranslator;
use crate::amend::{AmendTo, Amended, Amendments};
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::Translator;
use crate::error_reply::ErrorReply;
use crate::failure::{Broken, Failure};
use crate::openai_chat::OpenaiChat;
use crate::peek::Peek;
use crate::splice::Edit;

/// The name under which what is opaque is ours.
const PROTOCOL: Protocol = Protocol::OpenaiResponses;

/// The protocol `openai-responses`.
#[derive(Debug)]
pub(crate) struct OpenaiResponses;

impl Codec for OpenaiResponses {
    fn protocol(&self) -> Protocol {
        Protocol::OpenaiResponses
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        OpenaiChat.error_reply(error)
    }

    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::event(error)
    }

    fn keep_alive(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }

    fn amend(&self, body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
        amend::amend(body, amendments, to)
    }

    fn request_id_header(&self) -> &'static str {
        OpenaiChat.request_id_header()
    }

    fn models(&self, names: &[&str]) -> Bytes {
        OpenaiChat.models(names)
    }

    fn model(&self, name: &str) -> Bytes {
        OpenaiChat.model(name)
    }

    fn token_count(&self, tokens: u64) -> Option<Bytes> {
        Some(format!("{{\"object\":\"response.input_tokens\",\"input_tokens\":{tokens}}}").into())
    }

    fn count_path(&self, _model: &str) -> Option<Cow<'static, str>> {
        Some("/responses/input_tokens".into())
    }

    fn path(&self, _model: &str, _stream: bool) -> Cow<'static, str> {
        "/responses".into()
    }

    /// Every stream states it.
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
        let said = Said::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
        if let Some(failure) = said.failure(body) {
            return Err(failure);
        }
        if !said.is_response {
            return Err(Failure::Broken(Broken::Malformed));
        }
        if said.is_empty() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: said.service.unwrap_or_default(),
            usage: said.usage(),
            finish: said.finish().map(Cow::into_owned),
            id: said.id.map(|id| id.unescape().into_owned()),
            has_content: said.has_content,
            output_bytes: said.item_bytes,
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&ResponsesTranslator)
    }

    fn has_state(&self) -> bool {
        true
    }
}
