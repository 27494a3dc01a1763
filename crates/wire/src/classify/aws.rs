//! What the names of AWS errors mean.
//!
//! Sources, read 2026-11-28: the errors of `Converse` in botocore's service model of bedrock-runtime (botocore 1.44.8);
//! the errors that every AWS service shares (docs.aws.amazon.com, Bedrock API reference, "Common Errors"); messages as
//! quoted in users' issues.

use super::words::{Meaning, is_too_large};

/// An error's name as it comes in the header `x-amzn-errortype`, in `__type`, or as the name of an exception in a
/// stream: `namespace#Name:address`, its first letter small in streams.
pub(super) fn name(text: &str) -> String {
    let name = text.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default().trim();
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The status of an error that came without one.
pub(super) fn status(name: &str) -> u16 {
    if name == "ValidationException" { 400 } else { 500 }
}

/// The meaning of the error `name`, whatever its status: AWS throttles with 429 here and with 400 there. `prose` is its
/// message in lower case.
pub(super) fn meaning(name: &str, prose: &str) -> Option<Meaning> {
    Some(match name {
        "ThrottlingException" | "ThrottledException" | "Throttling" | "TooManyRequestsException" => {
            Meaning::Rate
        }
        "ServiceUnavailableException" | "ServiceUnavailable" | "ModelNotReadyException" => {
            Meaning::Overloaded
        }
        "ModelTimeoutException" => Meaning::Timeout,
        "ResourceNotFoundException" | "UnknownOperationException" => Meaning::Model,
        "ServiceQuotaExceededException" => Meaning::Quota,
        "AccessDeniedException" if says_no_access_to_model(prose) => Meaning::Model,
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "NotAuthorized"
        | "OptInRequired" => Meaning::Credential,
        // Bedrock gives these 424, which would else be the client's fault.
        "ModelErrorException"
        | "ModelStreamErrorException"
        | "InternalServerException"
        | "InternalFailure" => Meaning::Server,
        "ValidationException" => return validation(prose),
        _ => return None,
    })
}

/// The account has not been given this one model.
fn says_no_access_to_model(prose: &str) -> bool {
    prose.contains("access to the model with the specified model id")
        || prose.starts_with("model access is denied")
}

/// Mostly the client's fault, but the same name tells of what only this deployment cannot do.
fn validation(prose: &str) -> Option<Meaning> {
    let starts = |sentences: &[&str]| sentences.iter().any(|sentence| prose.starts_with(sentence));
    if is_too_large(prose) || starts(TOO_MUCH) {
        Some(Meaning::Context)
    } else if starts(NO_MODEL) {
        Some(Meaning::Model)
    } else if prose.trim_end_matches('.') == "operation not allowed" {
        // An account that has not been let into Bedrock.
        Some(Meaning::Credential)
    } else {
        None
    }
}

/// More, or other things, than this model takes: one of the next may.
const TOO_MUCH: &[&str] = &[
    "the maximum tokens you requested exceed",
    "too many input tokens",
    "this model doesn't support",
    "this model doesn’t support",
    "this model does not support",
];

const NO_MODEL: &[&str] = &[
    "the provided model identifier is invalid",
    "invocation of model id",
    "this model version has reached the end of its life",
];
