//! The members beside the conversation and the tools.

use super::blocks::Writer;
use super::thinking::{Thinking, is_claude};
use crate::conversation::{OutputFormat, Request, Target, TranslateError};
use crate::json::Json;

/// How many pairs `requestMetadata` takes, and how long each part of them.
const MOST_METADATA: usize = 16;
const LONGEST_METADATA: usize = 256;

/// Writes `inferenceConfig`; `max_tokens` is the limit that the request asks for.
pub(super) fn inference(
    writer: &mut Writer<'_>,
    request: &Request,
    target: &Target<'_>,
    thinking: Thinking,
) -> Result<(), TranslateError> {
    let mut json = Json::new();
    json.object();
    if request.max_tokens == Some(0) {
        return Err(TranslateError::unsayable("max_tokens", "it must be at least 1 there"));
    }
    if let Some(asked) = request.max_tokens {
        let most = target.max_output.unwrap_or(u64::MAX);
        if asked > most {
            writer.lose("max_tokens", "the model can write less, and is asked for as much as it can");
        }
        json.key("maxTokens").number(asked.min(most));
    }
    if let Some(temperature) = taken(writer, "temperature", request.sampling.temperature.as_deref(), target) {
        let is_one = temperature.parse::<f64>().is_ok_and(|value| (value - 1.0).abs() < f64::EPSILON);
        if thinking.is_on() && !is_one {
            writer.lose("temperature", "a model that thinks takes no other than 1");
        } else {
            json.key("temperature").raw(temperature);
        }
    }
    if let Some(top_p) = taken(writer, "top_p", request.sampling.top_p.as_deref(), target) {
        let is_low = top_p.parse::<f64>().is_ok_and(|value| value < 0.95);
        if thinking.is_on() && is_low {
            writer.lose("top_p", "a model that thinks takes none below 0.95");
        } else {
            json.key("topP").raw(top_p);
        }
    }
    let stop = stop_texts(writer, request, target);
    if !stop.is_empty() {
        json.key("stopSequences").array();
        for text in stop {
            json.text(text);
        }
        json.end_array();
    }
    json.end_object();
    let config = json.finish();
    if config != b"{}" {
        writer.json.key("inferenceConfig").raw(config);
    }
    Ok(())
}

/// A parameter that is given and that the model does not refuse.
fn taken<'v>(
    writer: &mut Writer<'_>,
    name: &str,
    value: Option<&'v str>,
    target: &Target<'_>,
) -> Option<&'v str> {
    let value = value?;
    if target.refuses(name) {
        writer.lose(name, "the model refuses it");
        return None;
    }
    Some(value)
}

fn stop_texts<'r>(writer: &mut Writer<'_>, request: &'r Request, target: &Target<'_>) -> Vec<&'r str> {
    if !request.stop.is_empty() && target.refuses("stop") {
        writer.lose("stop", "the model refuses it");
        return Vec::new();
    }
    let is_claude = is_claude(target.model);
    let mut kept = Vec::new();
    for text in &request.stop {
        if is_claude && text.trim().is_empty() {
            writer.lose("stop", "Claude takes no blank stop texts");
        } else {
            kept.push(&**text);
        }
    }
    kept
}

/// Writes `additionalModelRequestFields`: what Claude alone takes.
pub(super) fn additional(
    writer: &mut Writer<'_>,
    request: &Request,
    target: &Target<'_>,
    thinking: Thinking,
) {
    let mut json = Json::new();
    json.object();
    thinking.write(&mut json);
    if let Some(top_k) = taken(writer, "top_k", request.sampling.top_k.as_deref(), target) {
        if !is_claude(target.model) {
            writer.lose("top_k", "where this model takes it is not known");
        } else if thinking.is_on() {
            writer.lose("top_k", "a model that thinks takes none");
        } else {
            json.key("top_k").raw(top_k);
        }
    }
    if is_claude(target.model) && !target.betas.is_empty() {
        json.key("anthropic_beta").array();
        for beta in target.betas {
            json.text(beta);
        }
        json.end_array();
    }
    json.end_object();
    let fields = json.finish();
    if fields != b"{}" {
        writer.json.key("additionalModelRequestFields").raw(fields);
    }
}

/// Writes `outputConfig`.
pub(super) fn output(writer: &mut Writer<'_>, request: &Request, thinking: Thinking) {
    let format = match &request.format {
        OutputFormat::Text => None,
        OutputFormat::Json => {
            writer.lose("response_format", "JSON without a schema cannot be asked for");
            None
        }
        OutputFormat::Schema { name, description, schema, .. } => Some((name, description, schema)),
    };
    let effort = thinking.effort();
    if format.is_none() && effort.is_none() {
        return;
    }
    let json = &mut writer.json;
    json.key("outputConfig").object();
    if let Some((name, description, schema)) = format {
        json.key("textFormat").object().key("type").text("json_schema");
        json.key("structure").object().key("jsonSchema").object();
        json.key("schema").text(&String::from_utf8_lossy(schema));
        json.optional("name", name.as_ref()).optional("description", description.as_ref());
        json.end_object().end_object().end_object();
    }
    json.optional("effort", effort).end_object();
}

/// Writes `requestMetadata`.
pub(super) fn metadata(writer: &mut Writer<'_>, request: &Request) {
    let takes = |text: &str| {
        let fits = |letter: char| {
            letter.is_ascii_alphanumeric() || letter.is_ascii_whitespace() || ":_@$#=/+,-.".contains(letter)
        };
        text.len() <= LONGEST_METADATA && text.chars().all(fits)
    };
    let mut pairs = Vec::<(&str, &str)>::new();
    for (name, value) in &request.metadata {
        let is_new = pairs.iter().all(|(known, _)| known != name);
        if !name.is_empty() && takes(name) && takes(value) && is_new && pairs.len() < MOST_METADATA {
            pairs.push((name, value));
        } else {
            writer.lose("metadata", "Bedrock takes 16 pairs of plain letters");
        }
    }
    if pairs.is_empty() {
        return;
    }
    writer.json.key("requestMetadata").object();
    for (name, value) in pairs {
        writer.json.key(name).text(value);
    }
    writer.json.end_object();
}

/// Writes `serviceTier`. Source: `ServiceTier` of `bedrock-runtime`, botocore 1.44.8, read 2026-11-28.
pub(super) fn tier(writer: &mut Writer<'_>, request: &Request) {
    let Some(tier) = request.service_tier.as_deref() else { return };
    let word = match tier {
        "default" | "flex" | "priority" | "reserved" => tier,
        // Another word for it at OpenAI.
        "fast" => "priority",
        _ => return writer.lose("service_tier", "there is none of that name"),
    };
    writer.json.key("serviceTier").object().key("type").text(word).end_object();
}

/// What Converse has no member for.
pub(super) fn refuse_or_lose(writer: &mut Writer<'_>, request: &Request) -> Result<(), TranslateError> {
    if request.choices.is_some_and(|choices| choices > 1) {
        return Err(TranslateError::unsayable("n", "there is one answer a request"));
    }
    if request.sampling.logprobs.is_some() {
        return Err(TranslateError::unsayable("logprobs", "Converse gives none"));
    }
    let sampling = &request.sampling;
    for (name, given) in [
        ("seed", sampling.seed.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("user", request.end_user().is_some()),
    ] {
        if given {
            writer.lose(name, "Converse has no place for it");
        }
    }
    for name in request.only_openais() {
        writer.lose(name, "Converse has no place for it");
    }
    Ok(())
}
