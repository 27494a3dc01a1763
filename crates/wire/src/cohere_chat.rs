//! Cohere Chat, version 2, as suppliers speak it. No client of ours does.
//!
//! Source: typed models of the official Python SDK, cohere 7.3.1, and its `v2/raw_client.py`, read 2026-11-28.

mod decode;
mod errors;
mod event;
mod finish;
mod message;
mod models;
mod pieces;
mod request;
mod stream;
mod usage;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::{Needs, Protocol, Service};

use self::message::Message;
use self::stream::Reader;
use crate::classify;
use crate::codec::{Codec, Reply, StreamReader};
use crate::conversation::{
    Answer, ClientTranslator, Documents, Encoded, EventDecoder, Range, Request, Schemas, Start, Target,
    ToolNames, TranslateError, Translator,
};
use crate::error_reply::ErrorReply;
use crate::failure::{Broken, Failure};
use crate::json::Json;
use crate::peek::Peek;
use crate::scan::Text;
use crate::splice::Edit;

/// The protocol `cohere-chat`.
#[derive(Debug)]
pub(crate) struct CohereChat;

impl Codec for CohereChat {
    fn protocol(&self) -> Protocol {
        Protocol::CohereChat
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
        "/v2/chat".into()
    }

    /// Streams of this protocol always state usage.
    fn usage_request(&self, _peek: &Peek<'_>) -> Option<Edit> {
        None
    }

    /// 498 is Cohere's status for a token that it refuses (`errors/invalid_token_error.py` of the SDK); others use it
    /// for something else.
    fn classify<'h>(
        &self,
        status: u16,
        header: &dyn Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now_unix_s: u64,
    ) -> Failure {
        let status = if status == 498 { 401 } else { status };
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
        if !message.is_answer {
            return Err(Failure::Broken(Broken::Malformed));
        }
        let finish = message.finish.map(|word| word.unescape().into_owned());
        if let Some(word) = &finish {
            finish::reason(word)?;
        }
        if !message.has_content() && finish.is_none() {
            return Err(Failure::Broken(Broken::Empty));
        }
        Ok(Reply {
            service: Service::Standard,
            usage: message.usage,
            finish,
            id: message.id.map(|id| id.unescape().into_owned()),
            has_content: message.has_content(),
            output_bytes: message.text_bytes(),
        })
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::default())
    }

    fn translator(&self) -> Option<&'static dyn Translator> {
        Some(&Self)
    }
}

impl Translator for CohereChat {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        decode::answer(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(decode::Stream::default())
    }

    fn names_schemas(&self) -> bool {
        false
    }

    fn documents(&self) -> Documents {
        Documents::Words
    }

    /// The letters that `types/tool.py` of the SDK allows; a length is not stated.
    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_", any_start: false }
    }

    fn schemas(&self) -> Schemas {
        Schemas::Objects
    }

    /// "the last message must be from the user or a tool", the API says.
    fn given_start(&self, target: &Target<'_>) -> Start {
        if target.capabilities.yes.contains(Needs::PREFILL) { Start::GoneOnWith } else { Start::Refused }
    }

    fn ranges(&self) -> &'static [Range] {
        request::RANGES
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        None
    }
}

/// The failure of an answer that ended badly: by the supplier's sentence where there is one, else `unsaid`.
fn failed(sentence: Option<Text<'_>>, unsaid: Failure) -> Failure {
    let Some(sentence) = sentence else { return unsaid };
    let mut json = Json::new();
    json.object().key("error").text(&sentence.unescape()).end_object();
    match classify::hidden_error(&json.finish()) {
        Failure::Server => unsaid,
        failure => failure,
    }
}
