//! A Responses request, read as strictly as OpenAI reads it.

use serde_json::{Map, Value, json};

use super::{items, schema};
use crate::{
    billing::{self, PromptCache},
    http::Request,
    openai::fields::{
        authorise, check_format, check_parameters, check_tool_name, effort, missing, model, parse, prefill,
        refusal_of,
    },
    prompt::{Form, Prompt, Reasoning, Shown, Tool, ToolChoice, Tools, list},
    protocol::{Desk, Reason, Refusal},
    settings::Model,
};

pub(super) const TOO_LONG: &str =
    "Your input exceeds the context window of this model. Please adjust your input and try again.";

/// Fields of Chat Completions that have another name here.
const MOVED: [(&str, &str); 5] = [
    ("messages", "input"),
    ("max_tokens", "max_output_tokens"),
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
];

/// Tokens of a request that is only to be counted.
pub(super) fn count(request: &Request, desk: &Desk<'_>) -> Result<u64, Refusal> {
    Ok(read(request, desk)?.input.total())
}

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    authorise(request, desk)?;
    let body = Value::Object(parse(request)?);
    let fields = body.as_object().expect("it was made one");
    check_moved(fields)?;
    schema::REQUEST
        .check(&body, desk.settings.ignores_unknown_fields)
        .map_err(|mistake| refusal_of(&mistake))?;
    let model = model(fields, desk)?;
    check_previous(fields)?;
    let talk = items::read(fields)?;
    let tools = tools(fields, talk.wish.clone())?;
    let (prefill, said) = prefill(&model, talk.last_words.as_ref(), talk.items.len(), "input")?;
    let head = ["tools", "instructions"].into_iter().filter_map(|name| fields.get(name));
    let pieces = head.filter(|piece| !piece.is_null()).chain(&talk.items[..said]);
    let sections = billing::sections(&model.weights, pieces.map(|piece| (piece, items::tokens(piece), None)));
    let input = desk.input(&sections, PromptCache::automatic);
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: fields.get("stream").and_then(Value::as_bool).unwrap_or(false),
        shows_usage: true,
        max_tokens: max_tokens(fields, &model, input.total())?,
        choices: 1,
        stops: Vec::new(),
        tools,
        form: form(fields, &talk)?,
        reasoning: reasoning(fields, desk)?,
        prefill,
        logprobs: None,
        input,
        model,
        request: body,
    })
}

fn check_moved(body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some((old, new)) = MOVED.iter().find(|(old, _)| body.contains_key(*old)) else { return Ok(()) };
    let message = format!(
        "Unsupported parameter: '{old}'. In the Responses API, this parameter has moved to '{new}'. Try again with the \
         new parameter. See the API documentation for more information: \
         https://platform.openai.com/docs/api-reference/responses/create."
    );
    Err(Refusal::bad(message).about(*old, Some("unsupported_parameter")))
}

fn check_previous(body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(id) = body.get("previous_response_id").and_then(Value::as_str) else { return Ok(()) };
    let message = format!("Previous response with id '{id}' not found.");
    Err(Refusal::bad(message).about("previous_response_id", Some("previous_response_not_found")))
}

fn max_tokens(body: &Map<String, Value>, model: &Model, prompt_tokens: u64) -> Result<u64, Refusal> {
    let asked = body.get("max_output_tokens").and_then(Value::as_u64);
    if let Some(asked) = asked.filter(|asked| *asked > model.max_output) {
        let message = format!(
            "Invalid 'max_output_tokens': integer above maximum value. Expected a value <= {}, but got {asked} instead.",
            model.max_output
        );
        return Err(Refusal::bad(message).about("max_output_tokens", Some("integer_above_max_value")));
    }
    if prompt_tokens + 1 > model.context_window {
        return Err(Refusal::new(Reason::ContextExceeded, TOO_LONG).about("input", None));
    }
    Ok(asked.unwrap_or(model.max_output).min(model.context_window - prompt_tokens))
}

fn tools(body: &Map<String, Value>, wish: Option<String>) -> Result<Tools, Refusal> {
    let given = list(body.get("tools"));
    let mut known = Vec::new();
    for (index, tool) in given.iter().enumerate().filter(|(_, tool)| tool["type"] == "function") {
        let name = tool["name"].as_str().unwrap_or_default();
        check_tool_name(name, &format!("tools[{index}].name"))?;
        let schema = tool.get("parameters").filter(|schema| schema.is_object()).cloned();
        if let Some(schema) = schema.as_ref().filter(|_| tool["strict"] == true) {
            check_parameters(name, schema, &tool["strict"], format!("tools[{index}].parameters"))?;
        }
        let schema = schema.unwrap_or_else(|| json!({ "type": "object" }));
        known.push(Tool { name: name.to_owned(), schema });
    }
    let parallel = body.get("parallel_tool_calls").and_then(Value::as_bool).unwrap_or(true);
    let choice = tool_choice(body, given, &known)?;
    Ok(Tools { known, choice, parallel, wish, announced: false })
}

fn tool_choice(body: &Map<String, Value>, given: &[Value], known: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(choice) = body.get("tool_choice").filter(|choice| !choice.is_null()) else {
        return Ok(ToolChoice::AtWill);
    };
    let refuse = |message: String| Err(Refusal::bad(message).about("tool_choice", Some("invalid_value")));
    match (choice.as_str(), choice["type"].as_str(), choice["name"].as_str()) {
        (Some("none"), ..) => Ok(ToolChoice::Never),
        (Some("required"), ..) if given.is_empty() => {
            refuse("Tool choice 'required' must be specified with 'tools' parameter.".to_owned())
        }
        (Some("required"), ..) => Ok(ToolChoice::Any),
        (None, Some("function"), Some(name)) if known.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::This(name.to_owned()))
        }
        (None, Some("function"), Some(name)) => {
            refuse(format!("Tool choice 'function' with name '{name}' not found in 'tools' parameter."))
        }
        (None, Some("function"), None) => Err(missing("tool_choice.name")),
        (None, Some("allowed_tools"), _) if choice["mode"] == "required" => Ok(ToolChoice::Any),
        (Some("auto"), ..) | (None, Some(_), _) => Ok(ToolChoice::AtWill),
        _ => {
            refuse(format!("Invalid value: {choice}. Supported values are: 'none', 'auto', and 'required'."))
        }
    }
}

fn form(body: &Map<String, Value>, talk: &items::Talk<'_>) -> Result<Form, Refusal> {
    let format = body.get("text").and_then(|text| text.get("format")).unwrap_or(&Value::Null);
    match format["type"].as_str() {
        Some("json_schema") => {
            let (name, schema) = (format["name"].as_str().unwrap_or_default(), &format["schema"]);
            let place = ("text.format.schema", Some("invalid_json_schema"));
            check_format(name, schema, &format["strict"], place)?;
            Ok(Form::Schema(schema.clone()))
        }
        Some("json_object") if talk.mentions_json() => Ok(Form::Json),
        Some("json_object") => {
            let message = "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
            Err(Refusal::bad(message).about("input", None))
        }
        _ => Ok(Form::Prose),
    }
}

fn reasoning(body: &Map<String, Value>, desk: &Desk<'_>) -> Result<Reasoning, Refusal> {
    let asked = body.get("reasoning").unwrap_or(&Value::Null);
    let tokens = effort(asked.get("effort"), "reasoning.effort", desk)?;
    let has_summary = ["summary", "generate_summary"].iter().any(|name| asked[*name].is_string());
    Ok(Reasoning { tokens, shown: if has_summary { Shown::Full } else { Shown::Signed } })
}
