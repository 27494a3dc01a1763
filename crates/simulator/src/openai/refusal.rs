//! Errors and reply headers of Chat Completions (guide "Error codes", "Rate limits", read 2026-11-22).

use serde::Serialize;

use crate::protocol::{Header, Label, Reason, Refusal};

pub(crate) fn status(refusal: &Refusal) -> u16 {
    match refusal.reason {
        Reason::Quota => 429,
        reason => reason.usual_status(),
    }
}

pub(crate) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "Invalid request.",
        Reason::Unauthorized => "Incorrect API key provided: sk-s****.",
        Reason::Forbidden => "Country, region, or territory not supported",
        Reason::NotFound => "Invalid URL",
        Reason::ModelMissing => "The model does not exist or you do not have access to it.",
        Reason::TooLarge => "Maximum content size limit exceeded.",
        Reason::RateLimited => "Rate limit reached for requests. Please try again later.",
        Reason::Quota => "You exceeded your current quota, please check your plan and billing details.",
        Reason::PaymentRequired => "Insufficient credits. Add more to continue.",
        Reason::ContextExceeded => {
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 8193 tokens. Please \
             reduce the length of the messages."
        }
        Reason::Server(_) => "The server had an error while processing your request. Sorry about that!",
        Reason::Overloaded => "That model is currently overloaded with other requests.",
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: Option<&'static str>,
}

/// The body of an error reply, over several lines as OpenAI writes it.
pub(crate) fn body(refusal: &Refusal) -> String {
    let text = serde_json::to_string_pretty(&envelope(refusal)).expect("strings are always JSON");
    text + "\n"
}

/// The same as the data of an event.
pub(crate) fn event(refusal: &Refusal) -> String {
    serde_json::to_string(&envelope(refusal)).expect("strings are always JSON")
}

fn envelope(refusal: &Refusal) -> Envelope<'_> {
    let (kind, code) = match refusal.reason {
        Reason::BadRequest | Reason::NotFound | Reason::TooLarge => ("invalid_request_error", None),
        Reason::Unauthorized => ("invalid_request_error", Some("invalid_api_key")),
        Reason::Forbidden => ("invalid_request_error", Some("unsupported_country_region_territory")),
        Reason::ModelMissing => ("invalid_request_error", Some("model_not_found")),
        Reason::RateLimited => ("requests", Some("rate_limit_exceeded")),
        Reason::Quota => ("insufficient_quota", Some("insufficient_quota")),
        Reason::PaymentRequired => ("billing_error", Some("payment_required")),
        Reason::ContextExceeded => ("invalid_request_error", Some("context_length_exceeded")),
        Reason::Server(_) => ("server_error", None),
        Reason::Overloaded => ("server_error", Some("overloaded")),
    };
    let (message, param) = (refusal.message.as_str(), refusal.param.as_deref());
    Envelope { error: Error { message, r#type: kind, param, code: refusal.code.or(code) } }
}

pub(crate) fn headers(label: &Label) -> Vec<Header> {
    let reset_ms = 60_000 / label.limit.max(1);
    let fields = [
        ("x-request-id", label.id("req_", 0, 32).to_lowercase()),
        ("openai-organization", "releve-simulated".to_owned()),
        ("openai-processing-ms", "12".to_owned()),
        ("openai-version", "2020-10-01".to_owned()),
        ("x-ratelimit-limit-requests", label.limit.to_string()),
        ("x-ratelimit-limit-tokens", (label.limit * 1000).to_string()),
        ("x-ratelimit-remaining-requests", label.remaining.to_string()),
        ("x-ratelimit-remaining-tokens", (label.remaining * 1000).to_string()),
        ("x-ratelimit-reset-requests", format!("{reset_ms}ms")),
        ("x-ratelimit-reset-tokens", format!("{reset_ms}ms")),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
