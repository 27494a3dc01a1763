//! What OpenAI's protocols check alike: the key, the model, and the types and ranges of fields, in OpenAI's words.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    held,
    http::Request,
    protocol::{Desk, Reason, Refusal},
    settings::{Model, Prefill},
    shape::{Mistake, Shape, Wrong},
};

pub(crate) fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    let bearer = request.bearer();
    match bearer.or(request.header("api-key")) {
        Some(given) if given == key => Ok(()),
        Some(given) => {
            let hint: String = given.chars().take(4).collect();
            let message = format!(
                "Incorrect API key provided: {hint}****. You can find your API key at your dashboard."
            );
            Err(Refusal::new(Reason::Unauthorized, message))
        }
        None => Err(Refusal::new(
            Reason::Unauthorized,
            "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.",
        )),
    }
}

pub(crate) fn parse(request: &Request) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(Refusal::bad(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your \
             HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        )),
    }
}

pub(crate) fn missing_model(id: &str) -> Refusal {
    let message = format!("The model `{id}` does not exist or you do not have access to it.");
    Refusal::new(Reason::ModelMissing, message)
}

pub(crate) fn between(body: &Map<String, Value>, name: &str, low: f64, high: f64) -> Result<(), Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Number(number)) if number.as_f64().is_some_and(|value| (low..=high).contains(&value)) => {
            Ok(())
        }
        Some(Value::Number(number)) => {
            let message = format!(
                "Invalid '{name}': decimal out of range. Expected a value from {low} to {high}, but got {number} instead."
            );
            Err(Refusal::bad(message).about(name, Some("invalid_value")))
        }
        Some(other) => Err(wrong_type(name, "a decimal", other)),
    }
}

pub(crate) fn integer(
    body: &Map<String, Value>,
    name: &str,
    low: u64,
    high: u64,
) -> Result<Option<u64>, Refusal> {
    let number = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(other) => return Err(wrong_type(name, "an integer", other)),
    };
    match number.as_u64() {
        Some(value) if (low..=high).contains(&value) => Ok(Some(value)),
        Some(value) if value > high => {
            let message = format!(
                "Invalid '{name}': integer above maximum value. Expected a value <= {high}, but got {number} instead."
            );
            Err(Refusal::bad(message).about(name, Some("integer_above_max_value")))
        }
        None if number.is_f64() => Err(wrong_type(name, "an integer", &Value::Number(number.clone()))),
        _ => {
            let message = format!(
                "Invalid '{name}': integer below minimum value. Expected a value >= {low}, but got {number} instead."
            );
            Err(Refusal::bad(message).about(name, Some("integer_below_min_value")))
        }
    }
}

pub(crate) fn boolean(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(other) => Err(wrong_type(name, "a boolean", other)),
    }
}

pub(crate) fn array<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(other) => Err(wrong_type(name, "an array", other)),
    }
}

/// Whether a function's schema is one that its calls can be held to.
pub(crate) fn check_parameters(
    name: &str,
    schema: &Value,
    strict: &Value,
    param: String,
) -> Result<(), Refusal> {
    held::openai(schema, *strict == Value::Bool(true)).map_err(|mistake| {
        let message = format!("Invalid schema for function '{name}': {mistake}");
        Refusal::bad(message).about(param, Some("invalid_function_parameters"))
    })
}

/// Whether an answer's schema is one that it can be held to.
pub(crate) fn check_format(
    name: &str,
    schema: &Value,
    strict: &Value,
    (param, code): (&str, Option<&'static str>),
) -> Result<(), Refusal> {
    held::openai(schema, *strict == Value::Bool(true)).map_err(|mistake| {
        Refusal::bad(format!("Invalid schema for response_format '{name}': {mistake}")).about(param, code)
    })
}

pub(crate) fn missing(param: &str) -> Refusal {
    let message = format!("Missing required parameter: '{param}'.");
    Refusal::bad(message).about(param, Some("missing_required_parameter"))
}

pub(crate) fn wrong_type(param: &str, expected: &str, got: &Value) -> Refusal {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let message = format!("Invalid type for '{param}': expected {expected}, but got {got} instead.");
    Refusal::bad(message).about(param, Some("invalid_type"))
}

pub(crate) fn model(body: &Map<String, Value>, desk: &Desk<'_>) -> Result<Arc<Model>, Refusal> {
    let id = match body.get("model") {
        Some(Value::String(id)) => id,
        None | Some(Value::Null) => return Err(Refusal::bad("you must provide a model parameter")),
        Some(other) => return Err(wrong_type("model", "a string", other)),
    };
    desk.settings.model(id).ok_or_else(|| missing_model(id))
}

/// Words to go on from, and how many pieces of the conversation come before them.
pub(crate) fn prefill(
    model: &Model,
    last_words: Option<&String>,
    pieces: usize,
    param: &str,
) -> Result<(Option<String>, usize), Refusal> {
    match (last_words, model.prefill) {
        (Some(_), Prefill::Refuses) => {
            Err(Refusal::bad("The last message must not be from the assistant.").about(param, None))
        }
        (Some(words), Prefill::Continues) => Ok((Some(words.clone()), pieces - 1)),
        _ => Ok((None, pieces)),
    }
}

pub(crate) fn check_tool_name(name: &str, param: &str) -> Result<(), Refusal> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(is_plain) {
        return Ok(());
    }
    let message = format!(
        "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{{1,64}}$'."
    );
    Err(Refusal::bad(message).about(param, Some("invalid_value")))
}

/// Tokens of reasoning for an effort.
pub(crate) fn effort(given: Option<&Value>, param: &str, desk: &Desk<'_>) -> Result<u64, Refusal> {
    let full = desk.settings.answer.reasoning_tokens;
    let effort = match given {
        None | Some(Value::Null) => return Ok(0),
        Some(Value::String(effort)) => effort,
        Some(other) => return Err(wrong_type(param, "a string", other)),
    };
    match effort.as_str() {
        "none" => Ok(0),
        "minimal" => Ok(full / 4),
        "low" => Ok(full / 2),
        "medium" => Ok(full),
        "high" => Ok(full * 2),
        "xhigh" | "max" => Ok(full * 4),
        other => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'."
            );
            Err(Refusal::bad(message).about(param, Some("invalid_value")))
        }
    }
}

/// What OpenAI says of a field that is not as its schema has it.
pub(crate) fn refusal_of(mistake: &Mistake<'_>) -> Refusal {
    let param = mistake.bracketed();
    let (message, code) = match mistake.wrong {
        Wrong::Missing => return missing(&param),
        Wrong::Type { expected, got } => return wrong_type(&param, &expected_type(expected), got),
        Wrong::Unknown => (format!("Unknown parameter: '{param}'."), "unknown_parameter"),
        Wrong::NotOne | Wrong::Short { .. } | Wrong::Long { .. } | Wrong::Letters { .. } => {
            (format!("Invalid value for '{param}'."), "invalid_value")
        }
        Wrong::Word { known, got } => {
            let got = got.as_str().map_or_else(|| got.to_string(), str::to_owned);
            let known = known.listed("'", "and ");
            (format!("Invalid value: '{got}'. Supported values are: {known}."), "invalid_value")
        }
        Wrong::Low { least, got } => {
            let (kind, code) = if got.is_f64() || least == 0.0 {
                ("decimal", "decimal_below_min_value")
            } else {
                ("integer", "integer_below_min_value")
            };
            let range = format!("Expected a value >= {least}, but got {got} instead.");
            (format!("Invalid '{param}': {kind} below minimum value. {range}"), code)
        }
        Wrong::High { most, got } => {
            let (kind, code) = if got.is_f64() || most < 3.0 {
                ("decimal", "decimal_above_max_value")
            } else {
                ("integer", "integer_above_max_value")
            };
            let range = format!("Expected a value <= {most}, but got {got} instead.");
            (format!("Invalid '{param}': {kind} above maximum value. {range}"), code)
        }
    };
    Refusal::bad(message).about(param, Some(code))
}

fn expected_type(shape: &Shape) -> String {
    match shape {
        Shape::Any => "a value".to_owned(),
        Shape::Text | Shape::Name { .. } | Shape::Word(_) => "a string".to_owned(),
        Shape::Flag => "a boolean".to_owned(),
        Shape::Whole(..) => "an integer".to_owned(),
        Shape::Number(..) => "a decimal".to_owned(),
        Shape::List(_) => "an array".to_owned(),
        Shape::Object(_) | Shape::One(_) | Shape::Map(_) | Shape::Tagged(..) => "an object".to_owned(),
        Shape::Either(shapes) => {
            let names: Vec<String> = shapes.iter().map(expected_type).collect();
            format!("one of {}", names.join(" or "))
        }
        Shape::Same(shape) => expected_type(shape),
    }
}
