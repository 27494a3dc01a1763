//! Usage, written for a client. Input tokens are without what was read from or written to a cache; output includes
//! thinking.
//!
//! Source: `usage.py` and `message_delta_usage.py` of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use catalogue::{Service, Usage};

use crate::anthropic_messages::losses::Losses;
use crate::conversation::Loss;
use crate::json::Json;
use crate::service;

/// Why usage is lost that the supplier does not state.
pub(in crate::anthropic_messages) const UNSTATED: &str =
    "the supplier states none: the input is an estimate, the output is not known";

/// Writes the members of a `usage`, at the start or the end of a stream or in a whole answer.
pub(in crate::anthropic_messages) fn write(
    json: &mut Json,
    usage: &Usage,
    service: Option<Service>,
    losses: &mut Losses,
) {
    if usage.audio_in > 0 || usage.image_in > 0 || usage.audio_out > 0 || usage.image_out > 0 {
        losses.add("usage.modalities", "tokens of every kind are one number there");
    }
    let input = usage.input_uncached.saturating_add(usage.audio_in).saturating_add(usage.image_in);
    let (short, hour) = (usage.cache_write_5m, usage.cache_write_1h);
    json.object().key("input_tokens").number(input);
    json.key("cache_creation_input_tokens").number(short.saturating_add(hour));
    json.key("cache_read_input_tokens").number(usage.cache_read);
    if short > 0 || hour > 0 {
        json.key("cache_creation").object().key("ephemeral_5m_input_tokens").number(short);
        json.key("ephemeral_1h_input_tokens").number(hour).end_object();
    }
    json.key("output_tokens").number(usage.output_total());
    if usage.reasoning > 0 {
        json.key("output_tokens_details")
            .object()
            .key("thinking_tokens")
            .number(usage.reasoning)
            .end_object();
    }
    if usage.tool_requests > 0 {
        json.key("server_tool_use").object().key("web_search_requests").number(usage.tool_requests);
        json.key("web_fetch_requests").number(0).end_object();
    }
    served(json, service, losses);
    json.end_object();
}

/// Writes the class of service.
fn served(json: &mut Json, service: Option<Service>, losses: &mut Losses) {
    let said = service.and_then(word);
    json.optional("service_tier", said);
    if let Some(Loss { what, why }) = service::unsaid(service, said) {
        losses.add(what, why);
    }
}

/// The word for a class of service, where there is one.
const fn word(service: Service) -> Option<&'static str> {
    match service {
        Service::Standard => Some("standard"),
        Service::Priority => Some("priority"),
        Service::Batch => Some("batch"),
        Service::Flex | Service::Other => None,
    }
}

/// Writes a `usage` for what the supplier has not stated: the input is the given estimate, of the output nothing is known.
pub(in crate::anthropic_messages) fn estimate(
    json: &mut Json,
    input: u64,
    service: Option<Service>,
    losses: &mut Losses,
) {
    json.object().key("input_tokens").number(input);
    json.key("cache_creation_input_tokens").number(0).key("cache_read_input_tokens").number(0);
    json.key("output_tokens").number(0);
    served(json, service, losses);
    json.end_object();
}
