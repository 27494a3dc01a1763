//! What is asked for beside the conversation, its tools and thinking.

use super::thinking::Thinking;
use crate::anthropic_messages::losses::Losses;
use crate::conversation::{OutputFormat, Request, Target, TranslateError};
use crate::json::Json;

/// What other dialects have and this one has not.
pub(super) fn only_elsewhere(request: &Request, losses: &mut Losses) -> Result<(), TranslateError> {
    if request.choices.is_some_and(|choices| choices > 1) {
        return Err(TranslateError::unsayable("n", "one answer is given there"));
    }
    if request.sampling.logprobs.is_some() {
        return Err(TranslateError::unsayable("logprobs", "probabilities are not told there"));
    }
    let sampling = &request.sampling;
    for (name, value, why) in [
        ("seed", sampling.seed.as_deref(), "draws cannot be repeated there"),
        ("frequency_penalty", nonzero(sampling.frequency_penalty.as_deref()), "no penalties there"),
        ("presence_penalty", nonzero(sampling.presence_penalty.as_deref()), "no penalties there"),
    ] {
        if value.is_some() {
            losses.add(name, why);
        }
    }
    if !request.metadata.is_empty() {
        losses.add("metadata", "only the user has a place there");
    }
    for name in request.of_the_service() {
        losses.add(name, "no place for it there");
    }
    Ok(())
}

fn nonzero(number: Option<&str>) -> Option<&str> {
    number.filter(|number| value(number) != Some(0.0))
}

fn value(number: &str) -> Option<f64> {
    number.parse().ok()
}

/// `output_config`: effort and format.
pub(super) fn output_config(json: &mut Json, request: &Request, thinking: &Thinking, losses: &mut Losses) {
    let schema = match &request.format {
        OutputFormat::Schema { description, schema, strict, .. } => {
            if description.is_some() {
                losses.add("response_format.description", "a schema has no description there");
            }
            if *strict == Some(false) {
                losses.add("response_format.strict", "answers are always held to the schema there");
            }
            Some(schema)
        }
        OutputFormat::Json => {
            losses.add("response_format", "no JSON without a schema there: only the instructions ask for it");
            None
        }
        OutputFormat::Text => None,
    };
    if schema.is_none() && thinking.effort.is_none() {
        return;
    }
    json.key("output_config").object().optional("effort", thinking.effort);
    if let Some(schema) = schema {
        json.key("format").object().key("type").text("json_schema").key("schema").raw(schema).end_object();
    }
    json.end_object();
}

/// How tokens are drawn. Thinking leaves little of it to the client, and newer models take one of temperature and
/// `top_p` alone.
pub(super) fn sampling(
    json: &mut Json,
    request: &Request,
    target: &Target<'_>,
    thinking: &Thinking,
    losses: &mut Losses,
) {
    const THINKS: &str = "a model that thinks decides it itself there";
    let mut taken = |name: &str, number: &Option<String>, fits: &dyn Fn(f64) -> bool| {
        let number = number.clone()?;
        if target.refuses(name) {
            losses.add(name, "the model refuses it");
            return None;
        }
        if thinking.is_on() && !value(&number).is_some_and(fits) {
            losses.add(name, THINKS);
            return None;
        }
        Some(number)
    };
    let sampling = &request.sampling;
    let temperature =
        taken("temperature", &sampling.temperature, &|value| (value - 1.0).abs() < f64::EPSILON);
    let mut top_p = taken("top_p", &sampling.top_p, &|value| (0.95..=1.0).contains(&value));
    let top_k = taken("top_k", &sampling.top_k, &|_| false);
    if temperature.is_some() && top_p.as_deref().and_then(value).is_some_and(|value| value < 1.0) {
        losses.add("top_p", "models take it or a temperature there: the temperature is taken");
    }
    top_p = top_p.filter(|_| temperature.is_none());
    json.optional_raw("temperature", temperature).optional_raw("top_p", top_p).optional_raw("top_k", top_k);
}

/// Texts that end the answer. Blank ones are refused.
pub(super) fn stop(json: &mut Json, request: &Request, losses: &mut Losses) {
    let mut stop = request.stop.iter().filter(|stop| !stop.trim().is_empty()).peekable();
    if request.stop.iter().any(|stop| stop.trim().is_empty()) {
        losses.add("stop", "white space alone does not end an answer there");
    }
    if stop.peek().is_none() {
        return;
    }
    json.key("stop_sequences").array();
    for text in stop {
        json.text(text);
    }
    json.end_array();
}

/// The longest `user_id` that is taken.
const LONGEST_USER: usize = 256;

/// The end user. Addresses and telephone numbers are refused.
pub(super) fn user(json: &mut Json, request: &Request, losses: &mut Losses) {
    let Some(user) = request.end_user().filter(|user| !user.is_empty()) else { return };
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let is_number =
        digits >= 7 && user.chars().all(|letter| letter.is_ascii_digit() || "+-() ".contains(letter));
    if user.contains('@') || is_number || user.chars().count() > LONGEST_USER {
        losses.add("user", "what looks like a person's address or number is refused there");
        return;
    }
    json.key("metadata").object().key("user_id").text(user).end_object();
}
