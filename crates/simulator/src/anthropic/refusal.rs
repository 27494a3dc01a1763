//! Errors and reply headers of Messages (API reference, "Errors", "Rate limits", read 2026-11-22).

use serde_json::Value;

use crate::{
    dates,
    protocol::{Header, Label, Reason, Refusal},
};

pub(super) fn status(refusal: &Refusal) -> u16 {
    match refusal.reason {
        Reason::Quota => 400,
        Reason::Overloaded => 529,
        reason => reason.usual_status(),
    }
}

pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "Invalid request",
        Reason::Unauthorized => "invalid x-api-key",
        Reason::Forbidden => "Request not allowed",
        Reason::NotFound => "Not Found",
        Reason::ModelMissing => "model: no-such-model",
        Reason::TooLarge => "Request exceeds the maximum size",
        Reason::RateLimited => {
            "This request would exceed your organization's rate limit. Please reduce the rate of requests."
        }
        Reason::Quota => "Your credit balance is too low to access the Anthropic API.",
        Reason::PaymentRequired => "There is an issue with your billing or payment information.",
        Reason::ContextExceeded => "prompt is too long: 200001 tokens > 200000 maximum",
        Reason::Server(_) => "Internal server error",
        Reason::Overloaded => "Overloaded",
    }
}

pub(super) fn body(refusal: &Refusal, label: &Label) -> String {
    let kind = match refusal.reason {
        Reason::BadRequest | Reason::ContextExceeded | Reason::Quota => "invalid_request_error",
        Reason::Unauthorized => "authentication_error",
        Reason::PaymentRequired => "billing_error",
        Reason::Forbidden => "permission_error",
        Reason::NotFound | Reason::ModelMissing => "not_found_error",
        Reason::TooLarge => "request_too_large",
        Reason::RateLimited => "rate_limit_error",
        Reason::Server(504) => "timeout_error",
        Reason::Server(_) => "api_error",
        Reason::Overloaded => "overloaded_error",
    };
    let message = Value::from(refusal.message.as_str());
    let request = request_id(label);
    let details =
        refusal.code.map(|code| format!(r#","details":{{"error_code":"{code}"}}"#)).unwrap_or_default();
    format!(
        r#"{{"type":"error","error":{{"type":"{kind}","message":{message}{details}}},"request_id":"{request}"}}"#
    )
}

pub(super) fn headers(label: &Label) -> Vec<Header> {
    let reset = dates::rfc3339(label.now_unix_s + 60 / label.limit.clamp(1, 60));
    let limit = |scale: u64| (label.limit * scale).to_string();
    let remaining = |scale: u64| (label.remaining * scale).to_string();
    let fields = [
        ("request-id", request_id(label)),
        ("anthropic-organization-id", "0199a9a8-7c3e-4cc4-9d2b-3f1c5d7e9a1b".to_owned()),
        ("anthropic-ratelimit-requests-limit", limit(1)),
        ("anthropic-ratelimit-requests-remaining", remaining(1)),
        ("anthropic-ratelimit-requests-reset", reset.clone()),
        ("anthropic-ratelimit-input-tokens-limit", limit(1000)),
        ("anthropic-ratelimit-input-tokens-remaining", remaining(1000)),
        ("anthropic-ratelimit-input-tokens-reset", reset.clone()),
        ("anthropic-ratelimit-output-tokens-limit", limit(200)),
        ("anthropic-ratelimit-output-tokens-remaining", remaining(200)),
        ("anthropic-ratelimit-output-tokens-reset", reset),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn request_id(label: &Label) -> String {
    label.id("req_011C", 0, 20)
}
