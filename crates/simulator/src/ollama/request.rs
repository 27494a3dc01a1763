//! An Ollama request, read as strictly as Ollama reads it: Go's types, and little else.

use serde_json::{Value, json};

use super::{
    refusal::{self, of_mistake},
    schema,
};
use crate::{
    billing::{self, Input},
    http::Request,
    openai::fields::prefill,
    prompt::{Form, Prompt, Reasoning, Shown, Tool, ToolChoice, Tools, count_json, list, strings},
    protocol::{Desk, Reason, Refusal},
};

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    authorise(request, desk)?;
    let body = parse(request, desk)?;
    let id = body["model"].as_str().unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad("model is required"));
    }
    let missing = || Refusal::new(Reason::ModelMissing, format!("model '{id}' not found"));
    let model = desk.settings.model(id).ok_or_else(missing)?;
    let messages = list(body.get("messages"));
    check_roles(messages)?;
    let last = messages.last().unwrap_or(&Value::Null);
    let of =
        |role: &str| (last["role"] == role).then(|| last["content"].as_str().unwrap_or_default().to_owned());
    let (prefill, said) = prefill(&model, of("assistant").as_ref(), messages.len(), "messages")?;
    let pieces = body.get("tools").into_iter().chain(&messages[..said]);
    let sections = billing::sections(&model.weights, pieces.map(|piece| (piece, tokens(piece), None)));
    let input = sections.iter().map(|section| section.tokens).sum::<u64>();
    let predicts = body["options"]["num_predict"].as_i64().and_then(|most| u64::try_from(most).ok());
    // Without a message the model is only loaded.
    let most = if messages.is_empty() { 0 } else { predicts.unwrap_or(model.max_output) };
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: body["stream"] != false,
        shows_usage: true,
        max_tokens: most.min(model.max_output),
        choices: 1,
        stops: strings(body.pointer("/options/stop")),
        tools: tools(&body, of("user")),
        form: form(&body["format"])?,
        reasoning: reasoning(&body["think"], desk)?,
        prefill,
        logprobs: None,
        input: Input { uncached: input, ..Input::default() },
        request: json!({ "loads": messages.is_empty() }),
        model,
    })
}

fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    match request.bearer() {
        Some(given) if given == key => Ok(()),
        _ => Err(Refusal::new(Reason::Unauthorized, refusal::words(Reason::Unauthorized))),
    }
}

fn parse(request: &Request, desk: &Desk<'_>) -> Result<Value, Refusal> {
    if request.body.is_empty() {
        return Err(Refusal::bad("missing request body"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(body @ Value::Object(_)) => {
            match schema::REQUEST.check(&body, !desk.settings.refuses_unknown_fields) {
                Ok(()) => Ok(body),
                Err(mistake) => Err(of_mistake(&mistake)),
            }
        }
        Ok(_) => Err(Refusal::bad("json: cannot unmarshal value into Go value of type api.ChatRequest")),
        Err(error) => Err(Refusal::bad(format!("invalid character in request body: {error}"))),
    }
}

fn check_roles(messages: &[Value]) -> Result<(), Refusal> {
    let role = |message: &Value| message["role"].as_str().unwrap_or_default().to_owned();
    let is_known = |role: &str| matches!(role, "system" | "user" | "assistant" | "tool");
    match messages.iter().map(role).find(|role| !is_known(role)) {
        Some(role) => Err(Refusal::bad(format!(
            "invalid role: \"{role}\", role must be one of [system, user, assistant, tool]"
        ))),
        None => Ok(()),
    }
}

fn tokens(value: &Value) -> u64 {
    count_json(value, &|fields| {
        let images = list(Some(fields.get("images")?)).len() as u64;
        let rest = fields.iter().filter(|(name, _)| name.as_str() != "images");
        Some(images * 750 + rest.map(|(_, value)| tokens(value)).sum::<u64>())
    })
}

fn tools(body: &Value, wish: Option<String>) -> Tools {
    let known = list(body.get("tools")).iter().map(|tool| Tool {
        name: tool["function"]["name"].as_str().unwrap_or_default().to_owned(),
        schema: tool["function"]["parameters"].clone(),
    });
    Tools { known: known.collect(), choice: ToolChoice::AtWill, parallel: true, wish, announced: false }
}

fn form(format: &Value) -> Result<Form, Refusal> {
    match format {
        Value::Null => Ok(Form::Prose),
        Value::String(name) if name.is_empty() => Ok(Form::Prose),
        Value::String(name) if name == "json" => Ok(Form::Json),
        Value::Object(_) => Ok(Form::Schema(format.clone())),
        other => Err(Refusal::bad(format!(
            "invalid format: {other}; expected \"json\" or a valid JSON Schema object"
        ))),
    }
}

fn reasoning(think: &Value, desk: &Desk<'_>) -> Result<Reasoning, Refusal> {
    let usual = desk.settings.answer.reasoning_tokens;
    let tokens = match (think.as_bool(), think.as_str()) {
        (Some(false), _) | (None, None) => 0,
        (Some(true), _) | (_, Some("medium")) => usual,
        (_, Some("low")) => usual / 2,
        (_, Some("high")) => usual * 2,
        (_, Some("max")) => usual * 3,
        (None, Some(other)) => {
            return Err(Refusal::bad(format!(
                "invalid think value: \"{other}\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"
            )));
        }
    };
    Ok(Reasoning { tokens, shown: Shown::Full })
}
