//! What suppliers' words mean. Data more than code: a new supplier's wording is one more line here.
//!
//! Sources, read 2026-11-22: the error types of the official SDKs (openai 3.54.0, anthropic 2.12.0); the error pages of
//! `OpenAI`, Anthropic, Azure `OpenAI`, Mistral, Groq, `OpenRouter`; a llama.cpp server's own replies; error texts of
//! vLLM, `SGLang`, TGI, xAI, Gemini, Moonshot, `DeepSeek` as quoted in their users' issues.

use super::aws;
use super::report::Report;

/// A failure's meaning, before the wait is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Client,
    Credential,
    Quota,
    Rate,
    Overloaded,
    Model,
    Context,
    Body,
    Proof,
    Timeout,
    Server,
}

/// Words that stand in `code`, `details.error_code`, `type` or Google's `status`.
const WORDS: &[(&str, Meaning)] = &[
    // Too large for this deployment.
    ("context_length_exceeded", Meaning::Context),
    ("exceed_context_size_error", Meaning::Context),
    ("context_window_exceeded", Meaning::Context),
    ("tokens_limit_reached", Meaning::Context),
    // Reasoning that somebody else encrypted.
    ("invalid_encrypted_content", Meaning::Proof),
    // Money.
    ("insufficient_quota", Meaning::Quota),
    ("billing_error", Meaning::Quota),
    ("billing_hard_limit_reached", Meaning::Quota),
    ("billing_not_active", Meaning::Quota),
    ("exceeded_current_quota_error", Meaning::Quota),
    ("insufficient_balance", Meaning::Quota),
    ("payment_required", Meaning::Quota),
    ("Arrearage", Meaning::Quota),
    ("contract_spend_limit_reached", Meaning::Quota),
    ("enforced_spend_limit_reached", Meaning::Quota),
    ("linked_organization_spend_limit_reached", Meaning::Quota),
    ("linked_organization_billing_unavailable", Meaning::Quota),
    // Our key, or our account.
    ("invalid_api_key", Meaning::Credential),
    ("authentication_error", Meaning::Credential),
    ("invalid_authentication_error", Meaning::Credential),
    ("account_deactivated", Meaning::Credential),
    ("organization_on_hold", Meaning::Credential),
    ("unsupported_country_region_territory", Meaning::Credential),
    ("UNAUTHENTICATED", Meaning::Credential),
    // The model, or the way to it.
    ("model_not_found", Meaning::Model),
    ("DeploymentNotFound", Meaning::Model),
    ("invalid_model", Meaning::Model),
    ("model_decommissioned", Meaning::Model),
    ("model_deprecated", Meaning::Model),
    ("OperationNotSupported", Meaning::Model),
    ("unknown_url", Meaning::Model),
    // Later.
    ("rate_limit_exceeded", Meaning::Rate),
    ("rate_limit_error", Meaning::Rate),
    ("rate_limit_reached_error", Meaning::Rate),
    ("ramp_limit_exceeded", Meaning::Rate),
    ("RESOURCE_EXHAUSTED", Meaning::Rate),
    ("overloaded_error", Meaning::Overloaded),
    ("engine_overloaded_error", Meaning::Overloaded),
    ("overloaded", Meaning::Overloaded),
    ("slow_down", Meaning::Overloaded),
    ("service_unavailable", Meaning::Overloaded),
    ("unavailable_error", Meaning::Overloaded),
    ("UNAVAILABLE", Meaning::Overloaded),
    ("NoCapacity", Meaning::Overloaded),
    ("timeout_error", Meaning::Timeout),
    ("DEADLINE_EXCEEDED", Meaning::Timeout),
];

/// The meaning of the error's own words, unless the status makes it impossible.
pub(super) fn of_code(report: &Report, status: u16) -> Option<Meaning> {
    let by_aws = || aws::meaning(report.aws.as_deref()?, &report.prose());
    if let Some(meaning) = by_aws() {
        return Some(meaning);
    }
    let given = [&report.code, &report.detail, &report.kind];
    let meaning = given
        .into_iter()
        .flatten()
        .find_map(|given| WORDS.iter().find(|(word, _)| word == given).map(|(_, meaning)| *meaning))?;
    match meaning {
        // Some report as rate limited what no waiting can mend.
        Meaning::Rate if is_too_large(&report.prose()) => Some(Meaning::Context),
        // Google says "resource exhausted" with 429 only; a limit that the *client* is told of with 400 is its own.
        Meaning::Rate | Meaning::Overloaded | Meaning::Timeout if status == 400 => None,
        meaning => Some(meaning),
    }
}

/// The meaning of prose in lower case, where the status leaves room for it.
pub(super) fn of_message(message: &str, status: u16, asks_to_wait: bool) -> Option<Meaning> {
    let starts = |phrases: &[&str]| phrases.iter().any(|phrase| message.starts_with(phrase));
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    match status {
        400 | 422 if starts(MONEY_SENTENCES) => Some(Meaning::Quota),
        400 | 422 if starts(KEY_SENTENCES) => Some(Meaning::Credential),
        400 if LACKING.iter().any(|phrase| message.ends_with(phrase)) => Some(Meaning::Context),
        400 | 422 if starts(MODEL_SENTENCES) || message.ends_with("is not a valid model id") => {
            Some(Meaning::Model)
        }
        403 | 429 if has(MONEY) => Some(Meaning::Quota),
        // `OpenAI` says so when money is out, Gemini when a minute's share is; the second says how long to wait.
        403 | 429 if message.contains("exceeded your current quota") && !asks_to_wait => Some(Meaning::Quota),
        403 if has(CONTENT) => Some(Meaning::Client),
        404 => Some(not_found(message)),
        429 if has(CAPACITY) => Some(Meaning::Overloaded),
        400 if is_foreign_proof(message) => Some(Meaning::Proof),
        400 | 413 | 422 | 429 | 500 if is_too_large(message) => Some(Meaning::Context),
        _ => None,
    }
}

/// Anthropic's and Gemini's words for a signature that they did not make, as quoted in their users' issues; Anthropic's
/// starts with the place of the block.
fn is_foreign_proof(message: &str) -> bool {
    message.contains("invalid `signature` in `thinking` block")
        || message.starts_with("thought signature is not valid")
        || message.starts_with("corrupted thought signature")
        || message.starts_with("the encrypted content")
}

/// A 404: the model, or an address that does not exist there, is the deployment's fault; another thing that the
/// client named (a file) is the client's.
fn not_found(message: &str) -> Meaning {
    let names_model = message.contains("model")
        && ["not found", "does not exist", "not exist", "not available", "no access", "not have access"]
            .iter()
            .any(|phrase| message.contains(phrase));
    let no_address = ["", "not found", "file not found", "resource not found", "404 page not found"];
    if message.starts_with("no endpoints found that") {
        Meaning::Context
    } else if names_model
        || message.starts_with("model:")
        || message.starts_with("no endpoints found")
        || no_address.contains(&message.trim_end_matches('.'))
    {
        Meaning::Model
    } else {
        Meaning::Client
    }
}

pub(super) fn is_too_large(message: &str) -> bool {
    TOO_LARGE.iter().any(|phrase| message.contains(phrase)) || is_of_the_answer(message)
}

/// Whether more is asked for than this deployment gives out.
pub(super) fn is_of_the_answer(message: &str) -> bool {
    TOO_MUCH.iter().any(|phrase| message.contains(phrase))
        || (message.contains("max_new_tokens") && message.contains("must be <="))
}

/// More tokens than this deployment takes in.
const TOO_LARGE: &[&str] = &[
    "maximum context length",
    "model's context length",
    "context length exceeded",
    "exceeds the context length",
    "longer than the context length",
    "exceeded max context length",
    "exceed context limit",
    "the context window",
    "context window exceeds",
    "available context size",
    "prompt is too long",
    "prompt too long",
    "prompt exceeds max length",
    "input is too long",
    "maximum prompt length",
    "exceeds the maximum number of tokens",
    "range of input length",
    "too many tokens:",
    "request too large for",
];

/// More than it gives out.
const TOO_MUCH: &[&str] = &[
    "this model supports at most",
    "maximum allowed number of output tokens",
    "too many tokens: max tokens must be",
];

/// How a message ends that says what a model cannot do (Ollama). Another model may.
const LACKING: &[&str] = &[
    "does not support tools",
    "does not support thinking",
    "does not support chat",
    "does not support insert",
];

/// Money, where the status already says that something of ours ran out.
const MONEY: &[&str] = &[
    "credit balance is too low",
    "insufficient balance",
    "insufficient funds",
    "insufficient credits",
    "out of credits",
    "all available credits",
    "spending limit",
    "usage limits",
];

/// How a message starts that speaks of our money with a status meant for the client's faults.
const MONEY_SENTENCES: &[&str] = &[
    "your credit balance is too low",
    "you have reached your specified api usage limits",
    "billing hard limit has been reached",
    "access denied, please make sure your account is in good standing",
    "insufficient balance",
];

/// The same for our key.
const KEY_SENTENCES: &[&str] = &[
    "api key not valid",
    "api key expired",
    "incorrect api key",
    "invalid api key",
    "this organization has been disabled",
];

/// The same for the model.
const MODEL_SENTENCES: &[&str] = &[
    "invalid model",
    "model not exist",
    "model not found",
    "unknown model",
    "no such model",
    "the model `",
    "the requested model",
    "the chatcompletion operation does not work with the specified model",
];

/// A 403 about what the client wrote.
const CONTENT: &[&str] = &["moderation", "flagged", "violates", "content policy"];

/// A 429 about the supplier's room rather than our share.
const CAPACITY: &[&str] = &["overloaded", "tier capacity exceeded", "no capacity", "at capacity"];
