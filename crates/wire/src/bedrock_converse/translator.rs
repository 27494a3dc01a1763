//! The protocol's two directions.

use super::{answer, media, request, stream};
use crate::conversation::{
    Answer, Begins, ClientTranslator, Documents, Encoded, EventDecoder, EventEncoder, Media, Range,
    ReplyContext, Request, Schemas, Target, ToolNames, TranslateError, Translator,
};

/// See the module.
#[derive(Debug)]
pub(super) struct Converse;

impl Translator for Converse {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        answer::decode(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::default())
    }

    fn carries_betas(&self, target: &Target<'_>) -> bool {
        request::is_claude(target.model)
    }

    fn documents(&self) -> Documents {
        Documents::Cited
    }

    /// "A conversation must start with a user message": instructions alone are refused in the same words.
    ///
    /// Source: elastic/kibana#246393 of 2025-12, langgenius/dify#12340 of 2025-01; read 2026-11-29.
    fn begins(&self) -> Begins {
        Begins::WithUser
    }

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

impl ClientTranslator for Converse {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        request::decode(body)
    }

    fn shows(&self, media: &Media, streamed: bool) -> Result<(), &'static str> {
        media::shown(media, streamed)
    }

    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
        answer::encode(answer, about)
    }

    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(stream::Encoder::new(about))
    }
}
