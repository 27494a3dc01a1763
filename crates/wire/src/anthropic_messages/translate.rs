//! Translation between this dialect and the neutral conversation.
//!
//! Requests are in [`request`], whole answers in [`answer`], streams in [`events`]; what clients carry for makers of other
//! dialects is in `carry`.

#[cfg(test)]
pub(super) mod tests;

use super::{AnthropicMessages, answer, events, request};
use crate::conversation::{
    Answer, ClientTranslator, Documents, Encoded, EventDecoder, EventEncoder, Range, ReplyContext, Request,
    Schemas, Target, ToolNames, TranslateError, Translator,
};

impl Translator for AnthropicMessages {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        Ok(answer::decode::decode(body)?)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(events::decode::Decoder::default())
    }

    fn names_schemas(&self) -> bool {
        false
    }

    fn documents(&self) -> Documents {
        Documents::Cited
    }

    /// As in Anthropic's guide to tools, read 2026-11-28.
    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-", any_start: true }
    }

    fn has_json_mode(&self) -> bool {
        false
    }

    fn schemas(&self) -> Schemas {
        Schemas::Closed
    }

    fn ranges(&self) -> &'static [Range] {
        &[Range("temperature", "0", "1"), Range("top_p", "0", "1")]
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        Some(&Self)
    }
}

impl ClientTranslator for AnthropicMessages {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        Ok(request::decode::decode(body)?)
    }

    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
        answer::encode::encode(answer, about)
    }

    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(events::encode::Encoder::new(about))
    }
}
