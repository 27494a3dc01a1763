//! A Cohere request, read as strictly as Cohere reads it.

use std::sync::Arc;

use serde_json::Value;

use super::{
    messages,
    refusal::{self, invalid, of_mistake},
    schema,
};
use crate::{
    billing::{self, PromptCache},
    http::Request,
    prompt::{Form, Prompt, Reasoning, Shown, Tool, ToolChoice, Tools, strings},
    protocol::{Desk, Reason, Refusal},
    settings::Model,
};

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    authorise(request, desk)?;
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if !body.is_object() {
        return Err(invalid("the request body is not valid JSON"));
    }
    if let Err(mistake) = schema::REQUEST.check(&body, desk.settings.ignores_unknown_fields) {
        return Err(of_mistake(&mistake));
    }
    let model = model(&body, desk)?;
    let talk = messages::read(&body)?;
    let tools = tools(&body, talk.wish.clone())?;
    let head = ["tools", "documents"].into_iter().filter_map(|name| body.get(name));
    let pieces = head.chain(talk.messages).map(|piece| (piece, messages::tokens(piece), None));
    let sections = billing::sections(&model.weights, pieces);
    let input = desk.input(&sections, PromptCache::automatic);
    if input.total() >= model.context_window {
        return Err(too_long(input.total(), model.context_window));
    }
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: body["stream"] == true,
        shows_usage: true,
        max_tokens: max_tokens(&body, &model)?.min(model.context_window - input.total()),
        choices: 1,
        stops: stops(&body)?,
        form: form(&body, !tools.known.is_empty())?,
        tools,
        reasoning: reasoning(&body, desk),
        prefill: None,
        logprobs: None,
        input,
        request: Value::Null,
        model,
    })
}

fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    match request.bearer() {
        Some(given) if given == key => Ok(()),
        Some(_) => Err(Refusal::new(Reason::Unauthorized, refusal::words(Reason::Unauthorized))),
        None => Err(Refusal::new(Reason::Unauthorized, "no api key supplied")),
    }
}

fn model(body: &Value, desk: &Desk<'_>) -> Result<Arc<Model>, Refusal> {
    let id = body["model"].as_str().unwrap_or_default();
    let missing = || {
        let message = format!(
            "model '{id}' not found, make sure the correct model ID was used and that you have access to the model."
        );
        Refusal::new(Reason::ModelMissing, message)
    };
    desk.settings.model(id).ok_or_else(missing)
}

fn too_long(tokens: u64, window: u64) -> Refusal {
    let message = format!(
        "too many tokens: total number of tokens in the prompt cannot exceed {window} - received {tokens}. Try using a \
         shorter prompt or a smaller max_tokens value."
    );
    Refusal::new(Reason::ContextExceeded, message)
}

fn max_tokens(body: &Value, model: &Model) -> Result<u64, Refusal> {
    let most = model.max_output;
    match body["max_tokens"].as_u64() {
        Some(asked) if asked > most => Err(Refusal::bad(format!(
            "too many tokens: max tokens must be less than or equal to {most}, the maximum output for this model - received \
             {asked}."
        ))),
        asked => Ok(asked.unwrap_or(most)),
    }
}

fn stops(body: &Value) -> Result<Vec<String>, Refusal> {
    let stops = strings(body.get("stop_sequences"));
    if stops.len() > 5 {
        return Err(invalid("stop_sequences must contain at most 5 sequences"));
    }
    Ok(stops)
}

fn tools(body: &Value, wish: Option<String>) -> Result<Tools, Refusal> {
    let mut known = Vec::new();
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["function"]["name"].as_str().unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let starts = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
        if !starts || !name.bytes().all(is_plain) {
            return Err(invalid(&format!(
                "tool names can only contain certain characters (A-Za-z0-9_) and can't begin with a digit (provided name \
                 was '{name}')"
            )));
        }
        known.push(Tool { name: name.to_owned(), schema: tool["function"]["parameters"].clone() });
    }
    let choice = match body["tool_choice"].as_str() {
        Some(_) if known.is_empty() => return Err(invalid("tool_choice cannot be set without tools")),
        Some("REQUIRED") => ToolChoice::Any,
        Some("NONE") => ToolChoice::Never,
        _ => ToolChoice::AtWill,
    };
    Ok(Tools { known, choice, parallel: true, wish, announced: true })
}

fn form(body: &Value, has_tools: bool) -> Result<Form, Refusal> {
    let format = &body["response_format"];
    if format["type"] != "json_object" {
        return Ok(Form::Prose);
    }
    if has_tools || body.get("documents").is_some() {
        return Err(invalid(
            "response_format 'json_object' is not supported together with tools or documents",
        ));
    }
    match [&format["json_schema"], &format["schema"]].into_iter().find(|schema| schema.is_object()) {
        Some(schema) if schema["type"] != "object" => {
            Err(invalid("the top level of response_format.json_schema must be of type 'object'"))
        }
        Some(schema) => Ok(Form::Schema(schema.clone())),
        None => Ok(Form::Json),
    }
}

fn reasoning(body: &Value, desk: &Desk<'_>) -> Reasoning {
    let asked = &body["thinking"];
    let usual = desk.settings.answer.reasoning_tokens;
    let tokens = match asked["type"].as_str() {
        Some("enabled") => usual.min(asked["token_budget"].as_u64().unwrap_or(usual)),
        _ => 0,
    };
    Reasoning { tokens, shown: Shown::Full }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_words() {
        let named = |name: &str| {
            tools(&json!({ "tools": [{ "function": { "name": name, "parameters": {} } }] }), None).is_ok()
        };
        assert!(named("get_weather") && named("_a1"));
        assert!(!named("1a") && !named("a-b") && !named(""));
    }
}
