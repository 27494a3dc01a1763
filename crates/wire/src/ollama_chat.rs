//! Ollama's own chat, as suppliers speak it. No client of ours does.
//!
//! Source: `_types.py` and `_client.py` of the official Python package, ollama 0.6.3, and the server's `api/types.go`,
//! `server/routes.go` and `docs/api/` (ollama/ollama at fb30760, 2026-08-21), read 2026-11-28. Streams are a JSON text a
//! line; a server streams unless it is told not to.

mod decode;
mod errors;
mod line;
mod models;
mod request;
mod stream;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::{Protocol, Service};

use self::line::Line;
use self::stream::Reader;
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::{
    Answer, Begins, ClientTranslator, Documents, Encoded, EventDecoder, Request, Target, ToolNames,
    TranslateError, Translator,
};
use crate::error_reply::ErrorReply;
use crate::failure::{Broken, Failure};
use crate::framing::Framing;
use crate::peek::Peek;
use crate::splice::Edit;

/// The protocol `ollama-chat`.
#[derive(Debug)]
pub(crate) struct OllamaChat;

impl Codec for OllamaChat {
    fn protocol(&self) -> Protocol {
        Protocol::OllamaChat
    }

    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::body(error)
    }

    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes {
        errors::event(error)
    }

    /// A piece of nothing: the client reads every line as JSON, so there are neither comments nor blank lines.
    fn keep_alive(&self) -> &'static [u8] {
        b"{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n"
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

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn path(&self, _model: &str, _stream: bool) -> Cow<'static, str> {
        "/api/chat".into()
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
        let line = Line::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
        if line.is_error {
            return Err(classify::hidden_error(body));
        }
        if !line.has_message {
            return Err(Failure::Broken(Broken::Malformed));
        }
        if !line.is_done {
            return Err(Failure::Broken(Broken::Cut));
        }
        if !line.has_content() && line.reason.is_none() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: Service::Standard,
            usage: line.usage(),
            finish: line.reason.map(|word| word.unescape().into_owned()),
            id: None,
            has_content: line.has_content(),
            output_bytes: line.text_bytes(),
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&Self)
    }
}

impl Translator for OllamaChat {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        decode::answer(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(decode::Stream::default())
    }

    /// The server takes any name; what its templates make of an unusual one is another matter.
    fn names_schemas(&self) -> bool {
        false
    }

    fn documents(&self) -> Documents {
        Documents::Words
    }

    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-.", any_start: true }
    }

    /// Instructions alone are taken.
    fn begins(&self) -> Begins {
        Begins::Anyhow
    }

    fn has_forced_tools(&self) -> bool {
        false
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        None
    }
}
