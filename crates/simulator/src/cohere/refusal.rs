//! Errors of Cohere: an id and a message (reference "Errors", read 2026-11-28). What a field must be is 422.

use serde_json::Value;

use crate::{
    protocol::{Label, Reason, Refusal},
    shape::{Mistake, Shape, Wrong, json_type},
};

const UNPROCESSABLE: &str = "unprocessable";

pub(super) fn status(refusal: &Refusal) -> u16 {
    match refusal.reason {
        Reason::BadRequest if refusal.code == Some(UNPROCESSABLE) => 422,
        reason => reason.usual_status(),
    }
}

pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "invalid request: check the request against the API specification.",
        Reason::Unauthorized => "invalid api token",
        Reason::Forbidden => "you are not permitted to perform this action",
        Reason::NotFound => "not found, make sure the correct URL was used",
        Reason::ModelMissing => {
            "model 'no-such-model' not found, make sure the correct model ID was used and that you have access to the \
             model."
        }
        Reason::TooLarge => "request body is too large",
        Reason::RateLimited => {
            "You are past the per minute request limit, please wait and try again later. For more details, see \
             https://docs.cohere.com/docs/rate-limits"
        }
        Reason::Quota | Reason::PaymentRequired => {
            "You have reached your billing limit. Update your payment method at https://dashboard.cohere.com/billing"
        }
        Reason::ContextExceeded => {
            "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 128001. Try using a \
             shorter prompt or a smaller max_tokens value."
        }
        Reason::Server(_) => "internal server error, this has been reported to our developers.",
        Reason::Overloaded => "the service is overloaded, please try again later",
    }
}

pub(super) fn body(refusal: &Refusal, label: &Label) -> String {
    format!(r#"{{"id":"{}","message":{}}}"#, label.uuid(), Value::from(refusal.message.as_str()))
}

/// A request that is well-formed and wrong.
pub(super) fn invalid(what: &str) -> Refusal {
    Refusal::bad(format!("invalid request: {what}"))
}

/// What Cohere says of a field that is not as its schema has it.
pub(super) fn of_mistake(mistake: &Mistake<'_>) -> Refusal {
    let path = mistake.dotted();
    let name = path.rsplit('.').next().unwrap_or_default();
    let unprocessable = |what: String| {
        let message =
            format!("{what} For proper usage, please refer to https://docs.cohere.com/reference/chat");
        Refusal { code: Some(UNPROCESSABLE), ..Refusal::bad(message) }
    };
    match mistake.wrong {
        Wrong::Unknown => unprocessable(format!("unknown field: parameter '{name}' is not a valid field.")),
        Wrong::Type { expected, got } => unprocessable(format!(
            "invalid type: parameter {path} is of type {} but should be of type {}.",
            json_type(got),
            type_name(expected)
        )),
        Wrong::Missing => invalid(&format!("{path} is required")),
        Wrong::Word { known, .. } => invalid(&format!("{path} must be one of {}", known.listed("'", "or "))),
        Wrong::Low { least, .. } => invalid(&format!("{path} must be at least {least}")),
        Wrong::High { most, .. } => invalid(&format!("{path} must be at most {most}")),
        Wrong::NotOne | Wrong::Short { .. } | Wrong::Long { .. } | Wrong::Letters { .. } => {
            invalid(&format!("{path} is not valid"))
        }
    }
}

fn type_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Name { .. } | Shape::Word(_) => "string",
        Shape::Flag => "bool",
        Shape::Whole(..) => "int",
        Shape::Number(..) => "float",
        Shape::List(_) => "array",
        Shape::Either(shapes) => shapes.first().map_or("any", type_name),
        Shape::Same(shape) => type_name(shape),
        Shape::Any => "any",
        Shape::Object(_) | Shape::One(_) | Shape::Map(_) | Shape::Tagged(..) => "object",
    }
}
