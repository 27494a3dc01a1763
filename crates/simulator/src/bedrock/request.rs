//! A Converse request, read as strictly as Bedrock reads it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    access::authorise,
    messages::{self, refused_by_model},
    refusal::{self, of_mistake},
    schema,
};
use crate::{
    anthropic,
    billing::{self, PromptCache},
    held,
    http::{Request, decoded},
    prompt::{Form, Prompt, Reasoning, Talk, Tool, ToolChoice, Tools, list, strings},
    protocol::{Desk, Reason, Refusal},
    settings::{Model, Prefill},
};

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    authorise(request, desk)?;
    let body = parse(request, desk)?;
    let body = body.as_object().expect("its shape is an object's");
    let model = model(request, desk)?;
    let talk = messages::read(body)?;
    let none = Map::new();
    let section = |name: &str| body.get(name).and_then(Value::as_object).unwrap_or(&none);
    let config = section("inferenceConfig");
    let max_tokens = max_tokens(config, &model)?;
    let extra = section("additionalModelRequestFields");
    let reasoning = anthropic::reasoning(extra, max_tokens, desk)
        .map_err(|refusal| refused_by_model(&refusal.message))?;
    let tools = tools(section("toolConfig"), talk.wish.clone(), reasoning)?;
    let (prefill, said) = prefill(&model, &talk)?;
    let sections = billing::sections(&model.weights, messages::pieces(body, &talk.messages[..said]));
    let input = desk.input(&sections, PromptCache::marked);
    if input.total() > model.context_window {
        let reason = Reason::ContextExceeded;
        return Err(Refusal::new(reason, refusal::words(reason)));
    }
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: request.path().ends_with(super::STREAM),
        shows_usage: true,
        max_tokens: max_tokens.min(model.context_window - input.total()).max(1),
        choices: 1,
        stops: strings(config.get("stopSequences")),
        tools,
        form: form(body)?,
        reasoning,
        prefill,
        logprobs: None,
        input,
        request: Value::Null,
        model,
    })
}

/// The model that the path names.
pub(super) fn model_id(request: &Request) -> Option<String> {
    let (_, named) = request.path().split_once("/model/")?;
    named.rsplit_once('/').map(|(id, _)| decoded(id))
}

fn parse(request: &Request, desk: &Desk<'_>) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if !body.is_object() {
        let refusal = Refusal::bad("Malformed input request, please reformat your input and try again.");
        return Err(Refusal { code: Some("SerializationException"), ..refusal });
    }
    // Members that it does not know are skipped, as in all of AWS.
    match schema::REQUEST.check(&body, !desk.settings.refuses_unknown_fields) {
        Ok(()) => Ok(body),
        Err(mistake) => Err(of_mistake(&mistake)),
    }
}

fn model(request: &Request, desk: &Desk<'_>) -> Result<Arc<Model>, Refusal> {
    let reason = Reason::ModelMissing;
    let missing = || Refusal::new(reason, refusal::words(reason));
    desk.settings.model(&model_id(request).unwrap_or_default()).ok_or_else(missing)
}

fn max_tokens(config: &Map<String, Value>, model: &Model) -> Result<u64, Refusal> {
    let most = model.max_output;
    match config.get("maxTokens").and_then(Value::as_u64) {
        Some(asked) if asked > most => Err(Refusal::bad(format!(
            "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens value that \
             is lower than {most}."
        ))),
        asked => Ok(asked.unwrap_or(most)),
    }
}

fn tools(config: &Map<String, Value>, wish: Option<String>, reasoning: Reasoning) -> Result<Tools, Refusal> {
    let given = list(config.get("tools"));
    let mut known: Vec<Tool> = Vec::new();
    for (index, spec) in
        given.iter().enumerate().filter_map(|(index, tool)| Some((index, tool.get("toolSpec")?)))
    {
        let name = spec["name"].as_str().unwrap_or_default();
        let schema = &spec["inputSchema"]["json"];
        if schema["type"] != "object" {
            return Err(Refusal::bad(format!(
                "The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the following: object."
            )));
        }
        if spec["strict"] == true {
            held::anthropic(schema)
                .map_err(|mistake| refused_by_model(&format!("tools.{index}.custom: {mistake}")))?;
        }
        if known.iter().any(|tool| tool.name == name) {
            return Err(Refusal::bad(format!(
                "The tool {name} is already defined at toolConfig.tools.{index}."
            )));
        }
        known.push(Tool { name: name.to_owned(), schema: schema.clone() });
    }
    if given.is_empty() && !config.is_empty() {
        let message = "1 validation error detected: Value '[]' at 'toolConfig.tools' failed to satisfy constraint: Member \
                       must have length greater than or equal to 1";
        return Err(Refusal::bad(message));
    }
    let choice = config.get("toolChoice").unwrap_or(&Value::Null);
    let choice = match choice.get("tool").map(|tool| tool["name"].as_str().unwrap_or_default()) {
        Some(name) if known.iter().any(|tool| tool.name == name) => ToolChoice::This(name.to_owned()),
        Some(name) => return Err(refused_by_model(&format!("Tool '{name}' not found in provided tools"))),
        None if choice.get("any").is_some() => ToolChoice::Any,
        None => ToolChoice::AtWill,
    };
    if choice != ToolChoice::AtWill && reasoning.tokens > 0 {
        return Err(refused_by_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(Tools { known, choice, parallel: true, wish, announced: true })
}

/// Words to go on from, and how many messages the conversation has without them.
fn prefill(model: &Model, talk: &Talk<'_>) -> Result<(Option<String>, usize), Refusal> {
    let all = talk.messages.len();
    match (&talk.last_words, model.prefill) {
        (Some(_), Prefill::Refuses) => Err(refused_by_model(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        )),
        (Some(words), Prefill::Customary | Prefill::Continues) => Ok((Some(words.clone()), all - 1)),
        _ => Ok((None, all)),
    }
}

/// The schema comes as a string of JSON.
fn form(body: &Map<String, Value>) -> Result<Form, Refusal> {
    let format = body.get("outputConfig").and_then(|config| config.get("textFormat"));
    let Some(format) = format else { return Ok(Form::Prose) };
    let schema = format.pointer("/structure/jsonSchema/schema").and_then(Value::as_str).unwrap_or_default();
    match serde_json::from_str(schema) {
        Ok(schema @ Value::Object(_)) => match held::anthropic(&schema) {
            Ok(()) => Ok(Form::Schema(schema)),
            Err(mistake) => Err(refused_by_model(&format!("output_config.format.schema: {mistake}"))),
        },
        _ => Err(Refusal::bad(
            "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a valid JSON schema.",
        )),
    }
}
