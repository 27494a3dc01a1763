//! Errors of Bedrock: a message in the body, its kind in a header (API reference, "Common errors", read 2026-11-28).

use serde_json::Value;

use crate::{
    protocol::{Reason, Refusal},
    shape::{Mistake, Wrong},
};

pub(super) fn status(refusal: &Refusal) -> u16 {
    match refusal.reason {
        Reason::ModelMissing => 400,
        Reason::Unauthorized | Reason::PaymentRequired => 403,
        Reason::Quota => 429,
        reason => reason.usual_status(),
    }
}

pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "The request is malformed. Reformat your input and try again.",
        Reason::Unauthorized => "The security token included in the request is invalid.",
        Reason::Forbidden => "You don't have access to the model with the specified model ID.",
        Reason::NotFound => "Unable to determine service/operation name to be authorized",
        Reason::ModelMissing => "The provided model identifier is invalid.",
        Reason::TooLarge => "Request Entity Too Large",
        Reason::RateLimited => "Too many requests, please wait before trying again.",
        Reason::Quota => "Too many tokens per day, please wait before trying again.",
        Reason::PaymentRequired => {
            "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS \
             Marketplace subscription for this model cannot be completed at this time."
        }
        Reason::ContextExceeded => "Input is too long for requested model.",
        Reason::Server(503) => "Bedrock is unable to process your request.",
        Reason::Server(_) => {
            "The system encountered an unexpected error during processing. Try your request again."
        }
        Reason::Overloaded => "Too many connections, please wait before trying again.",
    }
}

fn name(refusal: &Refusal) -> &'static str {
    if let Some(code) = refusal.code {
        return code;
    }
    match refusal.reason {
        Reason::BadRequest | Reason::ContextExceeded | Reason::ModelMissing => "ValidationException",
        Reason::Unauthorized => "UnrecognizedClientException",
        Reason::Forbidden | Reason::PaymentRequired => "AccessDeniedException",
        Reason::NotFound => "UnknownOperationException",
        Reason::TooLarge => "RequestEntityTooLargeException",
        Reason::RateLimited | Reason::Quota => "ThrottlingException",
        Reason::Server(424) => "ModelErrorException",
        Reason::Overloaded | Reason::Server(503) => "ServiceUnavailableException",
        Reason::Server(_) => "InternalServerException",
    }
}

/// The kind of error, as the header has it.
pub(super) fn header(refusal: &Refusal) -> String {
    name(refusal).to_owned() + ":http://internal.amazon.com/coral/com.amazon.bedrock/"
}

/// The kind of error inside a stream.
pub(super) fn exception(refusal: &Refusal) -> &'static str {
    match name(refusal) {
        "ThrottlingException" => "throttlingException",
        "ServiceUnavailableException" => "serviceUnavailableException",
        "ValidationException" => "validationException",
        "ModelErrorException" => "modelStreamErrorException",
        _ => "internalServerException",
    }
}

pub(super) fn body(refusal: &Refusal) -> String {
    format!(r#"{{"message":{}}}"#, Value::from(refusal.message.as_str()))
}

/// What Bedrock says of a member that is not as its schema has it.
pub(super) fn of_mistake(mistake: &Mistake<'_>) -> Refusal {
    let at = mistake.in_smithy_words();
    let constraint = |value: &str, must: String| {
        let message = format!(
            "1 validation error detected: Value {value}at '{at}' failed to satisfy constraint: Member must {must}"
        );
        Refusal::bad(message)
    };
    let quoted = |got: &Value| format!("'{}' ", got.as_str().map_or_else(|| got.to_string(), str::to_owned));
    match mistake.wrong {
        Wrong::Missing => constraint("null ", "not be null".to_owned()),
        Wrong::Word { known, got } => {
            constraint(&quoted(got), format!("satisfy enum value set: [{}]", known.listed("", "")))
        }
        Wrong::Low { least, got } => {
            constraint(&quoted(got), format!("have value greater than or equal to {least}"))
        }
        Wrong::High { most, got } => {
            constraint(&quoted(got), format!("have value less than or equal to {most}"))
        }
        Wrong::Short { got } => constraint(&quoted(got), "have length greater than or equal to 1".to_owned()),
        Wrong::Long { most, got } => {
            constraint(&quoted(got), format!("have length less than or equal to {most}"))
        }
        Wrong::Letters { also, got } => {
            let pattern = format!("satisfy regular expression pattern: [a-zA-Z0-9{also}]+");
            constraint(&quoted(got), pattern)
        }
        Wrong::NotOne => {
            Refusal::bad(format!("The object at {} must set exactly one of its keys.", mistake.dotted()))
        }
        Wrong::Unknown => Refusal::bad(format!("extraneous key [{}] is not permitted", mistake.dotted())),
        Wrong::Type { got, .. } => {
            Refusal { code: Some("SerializationException"), ..Refusal::bad(token(got)) }
        }
    }
}

/// What the parser says of a value that it did not expect.
fn token(got: &Value) -> &'static str {
    match got {
        Value::Array(_) => "Start of list found where not expected",
        Value::Object(_) => "Start of structure or map found where not expected.",
        Value::String(_) => "STRING_VALUE can not be converted to the expected type",
        Value::Number(_) => "NUMBER_VALUE can not be converted to the expected type",
        Value::Bool(true) => "TRUE_VALUE can not be converted to the expected type",
        Value::Bool(false) => "FALSE_VALUE can not be converted to the expected type",
        Value::Null => "NULL_VALUE can not be converted to the expected type",
    }
}
