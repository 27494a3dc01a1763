//! From a supplier's error to its meaning.
//!
//! **For**: every protocol. Dialects differ in the shape of an error and in their words, but suppliers mix them (a
//! llama.cpp server answers `/v1/messages` with `OpenAI`'s shape), so there is one reader and one table of words.
//!
//! **Promises**: a word of the protocol (`code`, `type`) counts before the status, the status before prose. Prose can
//! repeat what the client wrote, so what would take a provider out for everybody needs a word, a status that says it,
//! or a sentence that *starts* in the supplier's own wording.

mod aws;
mod report;
#[cfg(test)]
mod tests;
mod wait;
mod words;

use std::time::Duration;

use self::report::Report;
use self::words::Meaning;
use crate::failure::{Broken, Failure};

/// What a reply means whose status is not 2xx. `header` looks one up by its lower-case name.
pub(crate) fn failed_reply<'h>(
    status: u16,
    header: &dyn Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now_unix_s: u64,
) -> Failure {
    // AWS names the error in a header, and in the body only sometimes.
    let report = match header("x-amzn-errortype") {
        Some(name) => Some(Report::read(body).unwrap_or_default().named_by_aws(name)),
        None => Report::read(body),
    };
    let message = report.as_ref().map(Report::prose).unwrap_or_default();
    let wait = wait::from_headers(header, now_unix_s).or_else(|| wait::from_message(&message));
    match &report {
        Some(report) => said(status, report, wait),
        None => unsaid(status, body, wait),
    }
}

/// What an error's body says to people, wherever its supplier puts it; `None` where it is no error that we can read.
pub fn error_message(body: &[u8]) -> Option<String> {
    Report::read(body).map(|report| report.message).filter(|message| !message.is_empty())
}

/// Whether an error is about an answer that may be too long, rather than about a prompt that is: no shorter prompt helps.
pub fn is_of_the_answer(body: &[u8]) -> bool {
    Report::read(body).is_some_and(|report| words::is_of_the_answer(&report.prose()))
}

/// What an error inside a good reply or a stream means: `body` is the whole JSON text that holds it.
pub(crate) fn hidden_error(body: &[u8]) -> Failure {
    let Some(report) = Report::read(body) else { return Failure::Server };
    let wait = wait::from_message(&report.prose());
    if let Some(name) = &report.aws {
        return said(aws::status(name), &report, wait);
    }
    // Without a status of HTTP, the one that the error names; where it names none, its words alone count.
    let named = report.status.filter(|status| (400..600).contains(status));
    let client_word = report.kind.as_deref() == Some("invalid_request_error");
    said(named.unwrap_or(if client_word { 400 } else { 500 }), &report, wait)
}

/// What an error inside a stream means that has its name outside of its body, as AWS's have.
pub(crate) fn named_error(name: &str, body: &[u8]) -> Failure {
    let report = Report::read(body).unwrap_or_default().named_by_aws(name);
    let status = report.aws.as_deref().map_or(500, aws::status);
    said(status, &report, wait::from_message(&report.prose()))
}

/// The meaning of an error that can be read.
fn said(status: u16, report: &Report, wait: Option<Duration>) -> Failure {
    let meaning = words::of_code(report, status)
        .or_else(|| words::of_message(&report.prose(), status, wait.is_some()))
        .unwrap_or_else(|| by_status(status));
    failure(meaning, wait)
}

/// The meaning of a reply whose body is no error that we can read: a proxy's page, or nothing. Such a page is never
/// the client's fault by its status alone, nor a verdict on our key: a firewall writes 403 because of a prompt's words.
fn unsaid(status: u16, body: &[u8], wait: Option<Duration>) -> Failure {
    match status {
        401 => Failure::Credential,
        402 => Failure::Quota,
        404 | 405 | 410 => Failure::ModelMissing,
        400 | 403 | 406..=499 if !matches!(status, 408 | 413 | 429) => {
            Failure::Broken(if body.trim_ascii().is_empty() { Broken::Empty } else { Broken::NotJson })
        }
        _ => failure(by_status(status), wait),
    }
}

const fn by_status(status: u16) -> Meaning {
    match status {
        401 | 403 => Meaning::Credential,
        402 => Meaning::Quota,
        405 | 410 | 501 => Meaning::Model,
        408 => Meaning::Timeout,
        413 => Meaning::Body,
        429 => Meaning::Rate,
        498 | 503 | 529 => Meaning::Overloaded,
        400..=499 => Meaning::Client,
        _ => Meaning::Server,
    }
}

const fn failure(meaning: Meaning, retry_after: Option<Duration>) -> Failure {
    match meaning {
        Meaning::Client => Failure::Client,
        Meaning::Credential => Failure::Credential,
        Meaning::Quota => Failure::Quota,
        Meaning::Rate => Failure::RateLimited { retry_after },
        Meaning::Overloaded => Failure::Overloaded { retry_after },
        Meaning::Model => Failure::ModelMissing,
        Meaning::Context => Failure::ContextExceeded,
        Meaning::Body => Failure::BodyTooLarge,
        Meaning::Proof => Failure::ForeignProof,
        Meaning::Timeout => Failure::Timeout,
        Meaning::Server => Failure::Server,
    }
}
