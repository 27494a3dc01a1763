//! A Gemini request, read as strictly as Google reads it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    contents,
    refusal::{self, of_mistake, wrong},
    schema,
    tools::{self, check_schema, lowered},
};
use crate::{
    billing::{self, PromptCache, Section},
    http::Request,
    prompt::{Form, Prompt, Reasoning, Shown, strings},
    protocol::{Desk, Reason, Refusal},
    settings::{Model, Prefill},
    shape::Shape,
};

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    let (model, body) = open(request, desk, &schema::REQUEST)?;
    let body = body.as_object().expect("its shape is an object's");
    let talk = contents::read(body, is_third(&model))?;
    let none = Map::new();
    let config = body.get("generationConfig").and_then(Value::as_object).unwrap_or(&none);
    check_ranges(config)?;
    let tools = tools::read(body, talk.wish.clone())?;
    let form = form(config, &model, !tools.known.is_empty())?;
    let (prefill, said) = match (&talk.last_words, model.prefill) {
        (Some(_), Prefill::Refuses) => {
            return Err(Refusal::bad("Please ensure that multiturn requests end with a user turn."));
        }
        (Some(words), Prefill::Continues) => (Some(words.clone()), talk.messages.len() - 1),
        _ => (None, talk.messages.len()),
    };
    let sections = sections(&model, body, &talk.messages[..said]);
    let input = desk.input(&sections, PromptCache::automatic);
    if input.total() > model.context_window {
        return Err(too_long(input.total(), model.context_window));
    }
    let number = |name: &str| config.get(name).and_then(Value::as_u64);
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: request.path().ends_with(super::STREAM),
        shows_usage: true,
        max_tokens: number("maxOutputTokens").unwrap_or(model.max_output),
        choices: number("candidateCount").unwrap_or(1),
        stops: strings(config.get("stopSequences")),
        tools,
        form,
        reasoning: reasoning(config, &model, desk)?,
        prefill,
        logprobs: None,
        input,
        request: Value::Null,
        model,
    })
}

/// The reply to `countTokens`.
pub(super) fn count(request: &Request, desk: &Desk<'_>) -> Result<String, Refusal> {
    let (model, body) = open(request, desk, &schema::COUNT_REQUEST)?;
    let body = body.get("generateContentRequest").unwrap_or(&body);
    let body = body.as_object().expect("its shape is an object's");
    let talk = contents::read(body, false)?;
    let sections = sections(&model, body, talk.messages);
    let tokens: u64 = sections.iter().map(|section| section.tokens).sum();
    Ok(format!(
        r#"{{"totalTokens":{tokens},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":{tokens}}}]}}"#
    ))
}

/// The model that the path names.
pub(super) fn model_id(request: &Request) -> Option<String> {
    let path = request.decoded_path();
    let (_, named) = path.split_once("models/").or_else(|| path.split_once("/v1beta/"))?;
    Some(named.rsplit_once(':').map_or(named, |(id, _)| id).to_owned())
}

/// Whether a model is of the third generation, which always thinks.
pub(super) fn is_third(model: &Model) -> bool {
    model.id.contains("gemini-3")
}

fn open(request: &Request, desk: &Desk<'_>, shape: &'static Shape) -> Result<(Arc<Model>, Value), Refusal> {
    authorise(request, desk)?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::bad(format!("Invalid JSON payload received. {error}")))?;
    if !body.is_object() {
        let message = "Invalid JSON payload received. Unknown name \"\": Root element must be a message.";
        return Err(Refusal::bad(message));
    }
    let body = shape.as_protobuf(body);
    if let Err(mistake) = shape.check(&body, desk.settings.ignores_unknown_fields) {
        return Err(of_mistake(&mistake));
    }
    let id = model_id(request).unwrap_or_default();
    let model = desk.settings.model(&id).ok_or_else(|| {
        Refusal::new(
            Reason::ModelMissing,
            format!(
                "models/{id} is not found for API version v1beta, or is not supported for generateContent. Call ListModels \
                 to see the list of available models and their supported methods."
            ),
        )
    })?;
    Ok((model, body))
}

fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    match request.header("x-goog-api-key").or(request.query("key")).or(request.bearer()) {
        Some(given) if given == key => Ok(()),
        given => {
            let reason = if given.is_some() { Reason::Unauthorized } else { Reason::Forbidden };
            Err(Refusal::new(reason, refusal::words(reason)))
        }
    }
}

fn check_ranges(config: &Map<String, Value>) -> Result<(), Refusal> {
    let number = |name: &str| config.get(name).and_then(Value::as_f64);
    let outside =
        |name: &str, low: f64, high: f64| number(name).is_some_and(|number| !(low..=high).contains(&number));
    let refuse = |name: &str, message: &str| Err(wrong(&format!("generation_config.{name}"), message));
    if outside("temperature", 0.0, 2.0) {
        return refuse("temperature", "temperature must be in the range [0.0, 2.0].");
    }
    if outside("topP", 0.0, 1.0) {
        return refuse("top_p", "top_p must be in the range [0.0, 1.0].");
    }
    if outside("maxOutputTokens", 1.0, f64::MAX) {
        return refuse("max_output_tokens", "max_output_tokens must be positive.");
    }
    if outside("candidateCount", 1.0, 8.0) {
        return refuse("candidate_count", "candidate_count must be in the range [1, 8].");
    }
    if strings(config.get("stopSequences")).len() > 5 {
        return refuse("stop_sequences", "Only up to 5 stop sequences are supported.");
    }
    Ok(())
}

fn form(config: &Map<String, Value>, model: &Model, has_tools: bool) -> Result<Form, Refusal> {
    let is_json = config.get("responseMimeType").is_some_and(|kind| kind == "application/json");
    let schema = config.get("responseSchema");
    let json_schema = config.get("responseJsonSchema");
    if is_json && has_tools && !is_third(model) {
        return Err(Refusal::bad(
            "Function calling with a response mime type: 'application/json' is unsupported",
        ));
    }
    if (schema.is_some() || json_schema.is_some()) && !is_json {
        let message = "only allowed when response_mime_type is `application/json`.";
        return Err(wrong("generation_config.response_schema", message));
    }
    match (schema, json_schema) {
        (Some(schema), _) => {
            check_schema("generation_config.response_schema", schema)?;
            Ok(Form::Schema(lowered(schema)))
        }
        (None, Some(schema)) => Ok(Form::Schema(schema.clone())),
        (None, None) if is_json => Ok(Form::Json),
        (None, None) => Ok(Form::Prose),
    }
}

fn reasoning(config: &Map<String, Value>, model: &Model, desk: &Desk<'_>) -> Result<Reasoning, Refusal> {
    let usual = desk.settings.answer.reasoning_tokens;
    let asked = config.get("thinkingConfig").unwrap_or(&Value::Null);
    let shows = asked["includeThoughts"] == true;
    let tokens = match (asked["thinkingBudget"].as_i64(), asked["thinkingLevel"].as_str()) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad("You can only set only one of thinking budget and thinking level."));
        }
        (None, Some(_)) if model.id.contains("gemini-2") => {
            return Err(Refusal::bad("Thinking level is not supported for this model."));
        }
        (None, Some(level)) => match level.to_uppercase().as_str() {
            "MINIMAL" => usual / 4,
            "LOW" => usual / 2,
            "HIGH" => usual * 2,
            "XHIGH" => usual * 4,
            _ => usual,
        },
        (Some(-1), None) => usual,
        (Some(budget), None) => match u64::try_from(budget) {
            Ok(budget) if budget <= 32_768 => usual.min(budget),
            _ => {
                return Err(Refusal::bad(format!(
                    "The thinking budget {budget} is invalid. Please choose a value between 0 and 32768."
                )));
            }
        },
        (None, None) if is_third(model) || shows => usual,
        (None, None) => 0,
    };
    if shows && tokens == 0 {
        return Err(Refusal::bad(
            "Unable to submit request because thinking_config.include_thoughts is only enabled when thinking is enabled.",
        ));
    }
    Ok(Reasoning { tokens, shown: if shows { Shown::Full } else { Shown::Counted } })
}

fn sections(model: &Model, body: &Map<String, Value>, contents: &[Value]) -> Vec<Section> {
    let head = ["tools", "systemInstruction"].into_iter().filter_map(|name| body.get(name));
    let pieces = head.chain(contents);
    billing::sections(&model.weights, pieces.map(|piece| (piece, contents::tokens(piece), None)))
}

fn too_long(tokens: u64, window: u64) -> Refusal {
    let message =
        format!("The input token count ({tokens}) exceeds the maximum number of tokens allowed ({window}).");
    Refusal::new(Reason::ContextExceeded, message)
}
