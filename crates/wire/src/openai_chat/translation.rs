//! Translation between Chat Completions and the neutral conversation.
//!
//! **For**: suppliers of this protocol behind clients of another, and the other way round. What `OpenAI`'s own models do not
//! show is said where the protocol's many suppliers and clients have put it: `reasoning_content` and
//! `reasoning_details`, `cache_control`, `extra_content`, `images`.

mod answer;
mod extras;
mod ids;
mod media;
mod read;
mod reasoning;
mod reply;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod words;

use catalogue::Needs;

use super::OpenaiChat;
use crate::conversation::{
    Answer, Begins, ClientTranslator, Encoded, EventDecoder, EventEncoder, Media, Range, ReplyContext,
    Request, Schemas, Start, Target, ToolNames, TranslateError, Translator,
};

impl Translator for OpenaiChat {
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
        request::encode(request, target)
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        answer::decode(body)
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::default())
    }

    /// By `shared/function_definition.py` in openai 3.54.0.
    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-", any_start: true }
    }

    fn schemas(&self) -> Schemas {
        Schemas::Strict
    }

    /// `OpenAI` alone runs custom tools here, and its clients reach it by Responses; every other supplier of this protocol
    /// knows functions only, so that is what they all get.
    fn has_custom_tools(&self) -> bool {
        false
    }

    /// Instructions alone are taken.
    fn begins(&self) -> Begins {
        Begins::Anyhow
    }

    /// Models here answer with a message of their own, but where one is known to go on.
    fn given_start(&self, target: &Target<'_>) -> Start {
        if target.capabilities.yes.contains(Needs::PREFILL) { Start::GoneOnWith } else { Start::LeftBehind }
    }

    /// By `completion_create_params.py` in openai 3.54.0.
    fn ranges(&self) -> &'static [Range] {
        &[
            Range("temperature", "0", "2"),
            Range("top_p", "0", "1"),
            Range("frequency_penalty", "-2", "2"),
            Range("presence_penalty", "-2", "2"),
        ]
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        Some(&Self)
    }
}

impl ClientTranslator for OpenaiChat {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        request::decode(body)
    }

    fn goes_on(&self) -> bool {
        false
    }

    /// Pictures, where `OpenRouter` has them.
    fn shows(&self, media: &Media, _streamed: bool) -> Result<(), &'static str> {
        if media::is_shown(media) { Ok(()) } else { Err("answers hold no media but pictures there") }
    }

    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
        answer::encode(answer, about)
    }

    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(stream::Encoder::new(about))
    }
}
