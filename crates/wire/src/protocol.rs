//! From a protocol's name to its behaviour. The only place that matches on the name.

use catalogue::Protocol;

use crate::anthropic_messages::AnthropicMessages;
use crate::bedrock_converse::BedrockConverse;
use crate::codec::Codec;
use crate::cohere_chat::CohereChat;
use crate::gemini::Gemini;
use crate::ollama_chat::OllamaChat;
use crate::openai_chat::OpenaiChat;
use crate::openai_responses::OpenaiResponses;

/// The protocols that requests of a client's can be translated into, its own left out.
pub fn translations(client: Protocol) -> impl Iterator<Item = Protocol> {
    let translator = |protocol| codec(protocol)?.translator();
    let speaks = translator(client).is_some_and(|translator| translator.client().is_some());
    Protocol::ALL.into_iter().filter(move |one| speaks && *one != client && translator(*one).is_some())
}

/// The behaviour of a protocol; `None` for those that are only known by name so far.
pub fn codec(protocol: Protocol) -> Option<&'static dyn Codec> {
    match protocol {
        Protocol::OpenaiChat => Some(&OpenaiChat),
        Protocol::OpenaiResponses => Some(&OpenaiResponses),
        Protocol::AnthropicMessages => Some(&AnthropicMessages),
        Protocol::Gemini => Some(&Gemini),
        Protocol::BedrockConverse => Some(&BedrockConverse),
        Protocol::CohereChat => Some(&CohereChat),
        Protocol::OllamaChat => Some(&OllamaChat),
    }
}
