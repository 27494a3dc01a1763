//! Translation to and from the neutral conversation.

use catalogue::Needs;

use super::events::{Decoder, Encoder};
use super::request::plain_instructions;
use super::{answer, request};
use crate::conversation::{
    Answer, ClientTranslator, Encoded, EventDecoder, EventEncoder, Media, MediaKind, MediaSource, Range,
    ReplyContext, Request, Schemas, Start, Target, ToolNames, TranslateError, Translator,
};

/// Both halves.
#[derive(Debug)]
pub(super) struct ResponsesTranslator;

impl Translator for ResponsesTranslator {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        answer::decode(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(Decoder::default())
    }

    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-", any_start: true }
    }

    fn schemas(&self) -> Schemas {
        Schemas::Strict
    }

    fn has_custom_tools(&self) -> bool {
        true
    }

    /// Models here answer with a message of their own, but where one is known to go on.
    fn given_start(&self, target: &Target<'_>) -> Start {
        if target.capabilities.yes.contains(Needs::PREFILL) { Start::GoneOnWith } else { Start::LeftBehind }
    }

    fn ranges(&self) -> &'static [Range] {
        &[Range("temperature", "0", "2"), Range("top_p", "0", "1")]
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        Some(&Self)
    }
}

impl ClientTranslator for ResponsesTranslator {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        request::decode(body)
    }

    fn goes_on(&self) -> bool {
        false
    }

    /// An answer says the request again, but for the conversation.
    fn kept_for_reply(&self, request: &Request) -> Request {
        let instructions = request.turns.first().filter(|turn| plain_instructions(turn).is_some());
        Request {
            turns: instructions.cloned().into_iter().collect(),
            tools: request.tools.clone(),
            tool_choice: request.tool_choice.clone(),
            parallel_tools: request.parallel_tools,
            format: request.format.clone(),
            effort: request.effort.clone(),
            shows_reasoning: request.shows_reasoning,
            max_tokens: request.max_tokens,
            sampling: request.sampling.clone(),
            verbosity: request.verbosity.clone(),
            caching: request.caching.clone(),
            user: request.user.clone(),
            safety_identifier: request.safety_identifier.clone(),
            metadata: request.metadata.clone(),
            ..Request::default()
        }
    }

    /// Pictures in bytes, as its own tool draws them.
    fn shows(&self, media: &Media, _streamed: bool) -> Result<(), &'static str> {
        match (media.kind, &media.source) {
            (MediaKind::Image, MediaSource::Base64(_)) => Ok(()),
            _ => Err("an answer holds no media but pictures there"),
        }
    }

    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
        answer::encode(answer, about)
    }

    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(Encoder::new(about))
    }
}
