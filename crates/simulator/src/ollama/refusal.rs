//! Errors of Ollama: one string, often Go's own (reference "Errors", read 2026-11-28).

use serde_json::Value;

use crate::{
    protocol::{Reason, Refusal},
    shape::{Mistake, Shape, Wrong, json_type},
};

pub(super) fn status(refusal: &Refusal) -> u16 {
    refusal.reason.usual_status()
}

pub(super) fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::BadRequest => "invalid request",
        Reason::Unauthorized => "unauthorized",
        Reason::Forbidden => "forbidden",
        Reason::NotFound => "404 page not found",
        Reason::ModelMissing => "model 'no-such-model' not found",
        Reason::TooLarge => "http: request body too large",
        Reason::RateLimited => "too many requests",
        Reason::Quota | Reason::PaymentRequired => {
            "you've reached your usage limit, please upgrade to continue"
        }
        Reason::ContextExceeded => "the input length exceeds the context length",
        Reason::Server(_) => "an error was encountered while running the model: unexpected EOF",
        Reason::Overloaded => "server busy, please try again.  maximum pending requests exceeded",
    }
}

pub(super) fn body(refusal: &Refusal) -> String {
    format!(r#"{{"error":{}}}"#, Value::from(refusal.message.as_str()))
}

/// What Go says of a field that is not of its type.
pub(super) fn of_mistake(mistake: &Mistake<'_>) -> Refusal {
    let path = mistake.without_places();
    if let (Some(option), Wrong::Type { expected, .. }) = (path.strip_prefix("options."), &mistake.wrong) {
        let kind =
            if matches!(expected, Shape::Number(..)) { "float32" } else { type_name(option, expected) };
        return Refusal::bad(format!("option \"{option}\" must be of type {kind}"));
    }
    let unmarshal = |got: &str, kind: &str| {
        Refusal::bad(format!(
            "json: cannot unmarshal {got} into Go struct field ChatRequest.{path} of type {kind}"
        ))
    };
    match mistake.wrong {
        Wrong::Type { expected, got: Value::Number(number) } => {
            unmarshal(&format!("number {number}"), type_name(&path, expected))
        }
        Wrong::Type { expected, got } => unmarshal(json_type(got), type_name(&path, expected)),
        Wrong::Unknown => Refusal::bad(format!("json: unknown field \"{path}\"")),
        _ => Refusal::bad(format!("invalid value for {path}")),
    }
}

fn type_name(path: &str, shape: &Shape) -> &'static str {
    match (path, shape) {
        ("messages", Shape::List(_)) => "[]api.Message",
        ("messages", _) => "api.Message",
        ("messages.tool_calls.function.arguments", _) => "api.ToolCallFunctionArguments",
        ("messages.tool_calls", _) => "[]api.ToolCall",
        ("tools", _) => "api.Tools",
        (_, Shape::Flag) => "bool",
        (_, Shape::Whole(..)) => "int",
        (_, Shape::Number(..)) => "float64",
        (_, Shape::List(_)) => "[]string",
        (_, Shape::Map(_) | Shape::Object(_)) => "map[string]interface {}",
        _ => "string",
    }
}
