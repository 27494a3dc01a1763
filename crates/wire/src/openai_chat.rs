//! `OpenAI` Chat Completions, as `OpenAI` and its many compatible suppliers speak it.
//!
//! Source: typed models of the official Python SDK, openai 3.54.0, and its `_streaming.py`, read 2026-11-22.

mod amend;
mod answer;
mod errors;
mod models;
mod stream;
mod translation;
mod usage;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::Protocol;

use self::answer::Answer;
use self::stream::Reader;
use crate::amend::{AmendTo, Amended, Amendments};
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::Translator;
use crate::error_reply::ErrorReply;
use crate::failure::{Broken, Failure};
use crate::peek::Peek;
use crate::splice::Edit;

/// The protocol `openai-chat`.
#[derive(Debug)]
pub(crate) struct OpenaiChat;

impl Codec for OpenaiChat {
    fn protocol(&self) -> Protocol {
        Protocol::OpenaiChat
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::body(error)
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
        "x-request-id"
    }

    fn models(&self, names: &[&str]) -> Bytes {
        models::list(names)
    }

    fn model(&self, name: &str) -> Bytes {
        models::one(name)
    }

    fn path(&self, _model: &str, _stream: bool) -> Cow<'static, str> {
        "/chat/completions".into()
    }

    fn usage_request(&self, peek: &Peek<'_>) -> Option<Edit> {
        usage::request(peek)
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
        let answer = Answer::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
        if answer.is_error {
            return Err(classify::hidden_error(body));
        }
        if !answer.has_choices {
            return Err(Failure::Broken(Broken::Malformed));
        }
        if !answer.has_content && answer.finish.is_none() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: answer.service.unwrap_or_default(),
            usage: answer.usage,
            finish: answer.finish.map(|reason| reason.unescape().into_owned()),
            id: answer.id.map(|id| id.unescape().into_owned()),
            has_content: answer.has_content,
            output_bytes: answer.text_bytes,
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&Self)
    }
}
