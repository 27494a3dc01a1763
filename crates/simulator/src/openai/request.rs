//! A Chat Completions request, read as strictly as OpenAI reads it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::messages;
use crate::{
    billing::{PromptCache, Section},
    dice::Digest,
    http::Request,
    prompt::{Form, Prompt, Reasoning, Shown, Tool, ToolChoice, Tools},
    protocol::{Desk, Reason, Refusal},
    settings::{Model, Prefill, StreamUsage},
};

/// The fields that OpenAI knows (`CompletionCreateParams` of openai-python 3.54.0).
const KNOWN: [&str; 38] = [
    "messages",
    "model",
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "modalities",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
    "prompt_cache",
];

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    authorise(request, desk)?;
    let body = parse(request)?;
    let unknown = body.keys().find(|key| !KNOWN.contains(&key.as_str()));
    if let Some(unknown) = unknown.filter(|_| desk.settings.refuses_unknown_fields) {
        return Err(Refusal::bad(format!("Unrecognized request argument supplied: {unknown}")));
    }
    let model = model(&body, desk)?;
    let talk = messages::read(&body)?;
    let stream = boolean(&body, "stream")?.unwrap_or(false);
    let tools = tools(&body, talk.wish.clone())?;
    let (prefill, said) = prefill(&model, &talk)?;
    let reasoning = reasoning(&body, desk)?;
    let sections = sections(&model, &body, &talk.messages[..said]);
    let input = desk.input(&sections, PromptCache::automatic);
    let max_tokens = max_tokens(&body, &model, input.total())?;
    between(&body, "temperature", 0.0, 2.0)?;
    between(&body, "top_p", 0.0, 1.0)?;
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream,
        shows_usage: shows_usage(&body, stream, desk)?,
        max_tokens,
        choices: integer(&body, "n", 1, 128)?.unwrap_or(1),
        stops: stops(&body)?,
        tools,
        form: form(&body, &talk)?,
        reasoning,
        prefill,
        logprobs: logprobs(&body)?,
        input,
        model,
    })
}

fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
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

fn parse(request: &Request) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(Refusal::bad(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your \
             HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        )),
    }
}

fn model(body: &Map<String, Value>, desk: &Desk<'_>) -> Result<Arc<Model>, Refusal> {
    let id = match body.get("model") {
        Some(Value::String(id)) => id,
        None | Some(Value::Null) => return Err(Refusal::bad("you must provide a model parameter")),
        Some(other) => return Err(wrong_type("model", "a string", other)),
    };
    desk.settings.model(id).ok_or_else(|| missing_model(id))
}

pub(super) fn missing_model(id: &str) -> Refusal {
    let message = format!("The model `{id}` does not exist or you do not have access to it.");
    Refusal::new(Reason::ModelMissing, message)
}

/// Words to go on from, and how many messages the conversation has without them.
fn prefill(model: &Model, talk: &messages::Talk<'_>) -> Result<(Option<String>, usize), Refusal> {
    let all = talk.messages.len();
    match (&talk.last_words, model.prefill) {
        (Some(_), Prefill::Refuses) => {
            Err(Refusal::bad("The last message must not be from the assistant.").about("messages", None))
        }
        (Some(words), Prefill::Continues) => Ok((Some(words.clone()), all - 1)),
        _ => Ok((None, all)),
    }
}

fn tools(body: &Map<String, Value>, wish: Option<String>) -> Result<Tools, Refusal> {
    let mut known = Vec::new();
    for (index, tool) in array(body, "tools")?.iter().enumerate() {
        let name = tool.pointer("/function/name").and_then(Value::as_str);
        let param = format!("tools[{index}].function.name");
        let name = name.ok_or_else(|| missing(&param))?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            let message = format!(
                "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{{1,64}}$'."
            );
            return Err(Refusal::bad(message).about(param, Some("invalid_value")));
        }
        let schema = tool
            .pointer("/function/parameters")
            .cloned()
            .unwrap_or_else(|| serde_json::json!({ "type": "object" }));
        known.push(Tool { name: name.to_owned(), schema });
    }
    let choice = tool_choice(body, &known)?;
    let parallel = boolean(body, "parallel_tool_calls")?.unwrap_or(true);
    Ok(Tools { known, choice, parallel, wish, announced: false })
}

fn tool_choice(body: &Map<String, Value>, known: &[Tool]) -> Result<ToolChoice, Refusal> {
    let given = match body.get("tool_choice") {
        None | Some(Value::Null) => return Ok(ToolChoice::AtWill),
        Some(given) => given,
    };
    let refuse = |message: String| Err(Refusal::bad(message).about("tool_choice", Some("invalid_value")));
    if known.is_empty() {
        return refuse(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
                .to_owned(),
        );
    }
    match (given.as_str(), given.pointer("/function/name").and_then(Value::as_str)) {
        (Some("auto"), _) => Ok(ToolChoice::AtWill),
        (Some("none"), _) => Ok(ToolChoice::Never),
        (Some("required"), _) => Ok(ToolChoice::Any),
        (None, Some(name)) if known.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::This(name.to_owned()))
        }
        (None, Some(name)) => refuse(format!("Tool choice '{name}' not found in 'tools' parameter.")),
        _ => refuse(format!("Invalid value: {given}. Supported values are: 'none', 'auto', and 'required'.")),
    }
}

fn reasoning(body: &Map<String, Value>, desk: &Desk<'_>) -> Result<Reasoning, Refusal> {
    let full = desk.settings.answer.reasoning_tokens;
    let tokens = match body.get("reasoning_effort") {
        None | Some(Value::Null) => 0,
        Some(Value::String(effort)) => match effort.as_str() {
            "none" => 0,
            "minimal" => full / 4,
            "low" => full / 2,
            "medium" => full,
            "high" => full * 2,
            "xhigh" | "max" => full * 4,
            other => {
                let message = format!(
                    "Invalid value: '{other}'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'."
                );
                return Err(Refusal::bad(message).about("reasoning_effort", Some("invalid_value")));
            }
        },
        Some(other) => return Err(wrong_type("reasoning_effort", "a string", other)),
    };
    let shown = if desk.settings.answer.shows_reasoning { Shown::Full } else { Shown::Counted };
    Ok(Reasoning { tokens, shown })
}

/// The prompt's pieces: tools, then messages.
fn sections(model: &Model, body: &Map<String, Value>, messages: &[Value]) -> Vec<Section> {
    let mut digest = Digest::new(0).with(model.weights.as_bytes());
    let mut sections = Vec::new();
    for piece in body.get("tools").filter(|tools| tools.is_array()).into_iter().chain(messages) {
        digest = digest.with(piece.to_string().as_bytes());
        let tokens = 3 + messages::tokens(piece);
        sections.push(Section { prefix: digest.value(), tokens, mark: None });
    }
    sections
}

fn max_tokens(body: &Map<String, Value>, model: &Model, prompt_tokens: u64) -> Result<u64, Refusal> {
    let old = integer(body, "max_tokens", 1, u64::MAX)?;
    let asked = integer(body, "max_completion_tokens", 1, u64::MAX)?.or(old);
    if let Some(asked) = asked.filter(|asked| *asked > model.max_output) {
        let message = format!(
            "max_tokens is too large: {asked}. This model supports at most {} completion tokens, whereas you provided {asked}.",
            model.max_output
        );
        return Err(Refusal::bad(message).about("max_tokens", Some("invalid_value")));
    }
    if prompt_tokens + asked.unwrap_or(1) > model.context_window {
        return Err(too_long(model.context_window, prompt_tokens));
    }
    Ok(asked.unwrap_or(model.max_output))
}

pub(super) fn too_long(window: u64, prompt_tokens: u64) -> Refusal {
    let message = format!(
        "This model's maximum context length is {window} tokens. However, your messages resulted in \
         {prompt_tokens} tokens. Please reduce the length of the messages."
    );
    Refusal::new(Reason::ContextExceeded, message).about("messages", None)
}

fn shows_usage(body: &Map<String, Value>, stream: bool, desk: &Desk<'_>) -> Result<bool, Refusal> {
    let policy = desk.settings.answer.stream_usage;
    let options = body.get("stream_options").filter(|options| !options.is_null());
    let asked = match options {
        None => false,
        Some(_) if policy == StreamUsage::Refused => {
            let message = "Unrecognized request argument supplied: stream_options";
            return Err(Refusal::bad(message).about("stream_options", Some("unknown_parameter")));
        }
        Some(_) if !stream => {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Refusal::bad(message).about("stream_options", None));
        }
        Some(Value::Object(options)) => boolean(options, "include_usage")?.unwrap_or(false),
        Some(other) => return Err(wrong_type("stream_options", "an object", other)),
    };
    Ok(stream && (policy == StreamUsage::Always || asked && policy != StreamUsage::Never))
}

fn stops(body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    match body.get("stop") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(stop)) => Ok(vec![stop.clone()]),
        Some(Value::Array(stops)) if stops.len() <= 4 => {
            let strings = stops.iter().map(|stop| stop.as_str().map(str::to_owned));
            strings.collect::<Option<_>>().ok_or_else(|| wrong_type("stop", "an array of strings", &stops[0]))
        }
        Some(other) => Err(wrong_type("stop", "an array of at most 4 strings", other)),
    }
}

fn form(body: &Map<String, Value>, talk: &messages::Talk<'_>) -> Result<Form, Refusal> {
    let Some(format) = body.get("response_format").filter(|format| !format.is_null()) else {
        return Ok(Form::Prose);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Form::Prose),
        Some("json_object") if talk.mentions_json() => Ok(Form::Json),
        Some("json_object") => {
            let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            Err(Refusal::bad(message).about("messages", None))
        }
        Some("json_schema") => {
            let name = format.pointer("/json_schema/name").and_then(Value::as_str);
            name.ok_or_else(|| missing("response_format.json_schema.name"))?;
            let schema = format.pointer("/json_schema/schema").cloned();
            Ok(Form::Schema(schema.unwrap_or_else(|| serde_json::json!({ "type": "object" }))))
        }
        _ => {
            let message = "Invalid value for 'response_format.type'. Supported values are: 'json_object', 'json_schema', and 'text'.";
            Err(Refusal::bad(message).about("response_format.type", Some("invalid_value")))
        }
    }
}

fn logprobs(body: &Map<String, Value>) -> Result<Option<u32>, Refusal> {
    let top = integer(body, "top_logprobs", 0, 20)?;
    match (boolean(body, "logprobs")?.unwrap_or(false), top) {
        (true, top) => Ok(Some(top.map_or(0, |top| u32::try_from(top).unwrap_or(20)))),
        (false, None) => Ok(None),
        (false, Some(_)) => {
            let message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
            Err(Refusal::bad(message).about("top_logprobs", None))
        }
    }
}

fn between(body: &Map<String, Value>, name: &str, low: f64, high: f64) -> Result<(), Refusal> {
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

fn integer(body: &Map<String, Value>, name: &str, low: u64, high: u64) -> Result<Option<u64>, Refusal> {
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

fn boolean(body: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(other) => Err(wrong_type(name, "a boolean", other)),
    }
}

fn array<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(other) => Err(wrong_type(name, "an array", other)),
    }
}

pub(super) fn missing(param: &str) -> Refusal {
    let message = format!("Missing required parameter: '{param}'.");
    Refusal::bad(message).about(param, Some("missing_required_parameter"))
}

pub(super) fn wrong_type(param: &str, expected: &str, got: &Value) -> Refusal {
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
