//! Errors of Gemini: Google's `Status` in JSON, with details (guide "Troubleshooting", google.rpc, read 2026-11-28).

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    fault::RetryAfter,
    protocol::{Reason, Refusal},
    shape::{Mistake, Shape, Wrong},
};

/// The code of a key that is not one.
pub(super) const KEY_INVALID: &str = "API_KEY_INVALID";

pub(super) fn status(refusal: &Refusal) -> u16 {
    match refusal.reason {
        Reason::TooLarge | Reason::Unauthorized => 400,
        Reason::PaymentRequired => 403,
        Reason::Quota => 429,
        reason => reason.usual_status(),
    }
}

pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "Request contains an invalid argument.",
        Reason::Unauthorized => "API key not valid. Please pass a valid API key.",
        Reason::Forbidden => {
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or \
             other form of API consumer identity to call this API."
        }
        Reason::NotFound => "Requested entity was not found.",
        Reason::ModelMissing => {
            "models/no-such-model is not found for API version v1beta, or is not supported for generateContent. Call \
             ListModels to see the list of available models and their supported methods."
        }
        Reason::TooLarge => "Request payload size exceeds the limit: 20971520 bytes.",
        Reason::RateLimited => "Resource has been exhausted (e.g. check quota).",
        Reason::Quota => {
            "You exceeded your current quota, please check your plan and billing details. For more information on this \
             error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
        }
        Reason::PaymentRequired => {
            "This API method requires billing to be enabled. Please enable billing on project #1 and try again."
        }
        Reason::ContextExceeded => {
            "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576)."
        }
        Reason::Server(504) => "Deadline expired before operation could complete.",
        Reason::Server(_) => {
            "An internal error has occurred. Please retry or report in \
             https://developers.generativeai.google/guide/troubleshooting"
        }
        Reason::Overloaded => "The model is overloaded. Please try again later.",
    }
}

fn name(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNKNOWN",
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Value>,
}

/// The body of an error reply, over several lines as Google writes it.
pub(super) fn body(refusal: &Refusal) -> String {
    serde_json::to_string_pretty(&envelope(refusal)).expect("strings are always JSON") + "\n"
}

/// The same in one line, inside a stream.
pub(super) fn event(refusal: &Refusal) -> String {
    serde_json::to_string(&envelope(refusal)).expect("strings are always JSON")
}

fn envelope(refusal: &Refusal) -> Envelope<'_> {
    let code = status(refusal);
    let message = refusal.message.as_str();
    Envelope { error: Error { code, message, status: name(code), details: details(refusal) } }
}

fn details(refusal: &Refusal) -> Vec<Value> {
    let mut details = Vec::new();
    if refusal.reason == Reason::Unauthorized {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": KEY_INVALID, "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        }));
    }
    if let Some(field) = &refusal.param {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": refusal.message }],
        }));
    }
    if refusal.reason == Reason::Quota {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            }],
        }));
    }
    let delay = match &refusal.retry_after {
        Some(RetryAfter::Seconds(seconds) | RetryAfter::DateInS(seconds)) => Some(format!("{seconds}s")),
        Some(RetryAfter::Ms(ms)) => Some(format!("{}.{:03}s", ms / 1000, ms % 1000)),
        Some(RetryAfter::Text(_)) | None => None,
    };
    if let Some(delay) = delay {
        details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }));
    }
    details
}

/// A request that was understood and is wrong at `field` (in snake case, below the request).
pub(super) fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::bad(format!("* GenerateContentRequest.{field}: {message}\n"))
}

/// What Google's parser says of a field that is not as its schema has it.
pub(super) fn of_mistake(mistake: &Mistake<'_>) -> Refusal {
    let (name, parent) = mistake.in_google_words();
    let path = mistake.google_path();
    let at = if parent.is_empty() { String::new() } else { format!(" at '{parent}'") };
    let unknown = |why: &str| format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: {why}");
    let (message, field) = match mistake.wrong {
        Wrong::Type { expected, got: Value::Array(_) } if !expected.is_list() => {
            (unknown("Proto field is not repeating, cannot start list."), parent)
        }
        Wrong::Unknown | Wrong::Missing | Wrong::NotOne => (unknown("Cannot find field."), parent),
        Wrong::Type { expected, got } => (invalid(&path, type_name(expected), got), path),
        Wrong::Word { got, .. } => {
            (invalid(&path, "type.googleapis.com/google.ai.generativelanguage.v1beta.Enum", got), path)
        }
        Wrong::Low { got, .. }
        | Wrong::High { got, .. }
        | Wrong::Short { got }
        | Wrong::Long { got, .. }
        | Wrong::Letters { got, .. } => (invalid(&path, "TYPE_INT32", got), path),
    };
    Refusal::bad(message).about(field, None)
}

fn invalid(path: &str, kind: &str, got: &Value) -> String {
    format!("Invalid value at '{path}' ({kind}), {got}")
}

fn type_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text => "TYPE_STRING",
        Shape::Flag => "TYPE_BOOL",
        Shape::Whole(..) => "TYPE_INT32",
        Shape::Number(..) => "TYPE_FLOAT",
        Shape::Same(shape) | Shape::List(shape) => type_name(shape),
        Shape::Word(_) => "TYPE_ENUM",
        _ => "TYPE_MESSAGE",
    }
}
