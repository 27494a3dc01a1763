//! The protocol's two directions.

use super::{answer, events, request};
use crate::conversation::{
    Answer, ClientTranslator, Encoded, EventDecoder, EventEncoder, Media, MediaSource, Range, ReplyContext,
    Request, Target, ToolNames, TranslateError, Translator,
};

/// Both halves of Gemini.
#[derive(Debug)]
pub(super) struct GeminiTranslator;

impl Translator for GeminiTranslator {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode::request(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        answer::decode::answer(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(events::decode::Decoder::default())
    }

    fn names_schemas(&self) -> bool {
        false
    }

    /// Newer models take more (128, and colons); 64 without them is what all take. Source: `FunctionDeclaration` in
    /// `types.py` of google-genai 3.4.0, and of its earlier versions, read 2026-11-28.
    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-.", any_start: false }
    }

    /// Penalties are below 2 there. Source: `GenerationConfig` in the reference of Vertex AI for Node, read 2026-11-29.
    fn ranges(&self) -> &'static [Range] {
        &[
            Range("temperature", "0", "2"),
            Range("top_p", "0", "1"),
            Range("frequency_penalty", "-2", "1.99"),
            Range("presence_penalty", "-2", "1.99"),
        ]
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        Some(&Self)
    }
}

impl ClientTranslator for GeminiTranslator {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        request::decode::request(body)
    }

    fn shows(&self, media: &Media, _streamed: bool) -> Result<(), &'static str> {
        match media.source {
            MediaSource::Held(_) => Err("a file that its supplier holds"),
            MediaSource::Base64(_) | MediaSource::Text(_) | MediaSource::Url(_) => Ok(()),
        }
    }

    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
        Ok(answer::encode::answer(answer, about))
    }

    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(events::encode::Encoder::new(about))
    }
}
