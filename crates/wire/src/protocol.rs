//! From a protocol's name to its behaviour. The only place that matches on the name.

use catalogue::Protocol;

use crate::anthropic_messages::AnthropicMessages;
use crate::codec::Codec;
use crate::gemini::Gemini;
use crate::openai_chat::OpenaiChat;

/// The behaviour of a protocol; `None` for those that are only known by name so far.
pub fn codec(protocol: Protocol) -> Option<&'static dyn Codec> {
    match protocol {
        Protocol::OpenaiChat => Some(&OpenaiChat),
        Protocol::AnthropicMessages => Some(&AnthropicMessages),
        Protocol::Gemini => Some(&Gemini),
        Protocol::OpenaiResponses
        | Protocol::BedrockConverse
        | Protocol::CohereChat
        | Protocol::OllamaChat => None,
    }
}
