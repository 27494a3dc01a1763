//! A Chat Completions request, read as strictly as OpenAI reads it.

use serde_json::{Map, Value};

use super::{
    fields::{
        array, authorise, between, boolean, check_format, check_parameters, check_tool_name, effort, integer,
        missing, model, parse, prefill, wrong_type,
    },
    messages,
};
use crate::{
    billing::{self, PromptCache},
    http::Request,
    prompt::{Form, Prompt, Reasoning, Shown, Talk, Tool, ToolChoice, Tools},
    protocol::{Desk, Reason, Refusal},
    settings::{Model, StreamUsage},
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
    let (prefill, said) = prefill(&model, talk.last_words.as_ref(), talk.messages.len(), "messages")?;
    let reasoning = reasoning(&body, desk)?;
    let pieces = body.get("tools").filter(|tools| tools.is_array()).into_iter().chain(&talk.messages[..said]);
    let pieces = pieces.map(|piece| (piece, messages::tokens(piece), None));
    let sections = billing::sections(&model.weights, pieces);
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
        request: Value::Null,
        model,
    })
}

fn tools(body: &Map<String, Value>, wish: Option<String>) -> Result<Tools, Refusal> {
    let mut known = Vec::new();
    for (index, tool) in array(body, "tools")?.iter().enumerate() {
        let name = tool.pointer("/function/name").and_then(Value::as_str);
        let param = format!("tools[{index}].function.name");
        let name = name.ok_or_else(|| missing(&param))?;
        check_tool_name(name, &param)?;
        let schema = tool
            .pointer("/function/parameters")
            .cloned()
            .unwrap_or_else(|| serde_json::json!({ "type": "object" }));
        let strict = &tool["function"]["strict"];
        if *strict == Value::Bool(true) && tool.pointer("/function/parameters").is_some() {
            check_parameters(name, &schema, strict, format!("tools[{index}].function.parameters"))?;
        }
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

fn form(body: &Map<String, Value>, talk: &Talk<'_>) -> Result<Form, Refusal> {
    let Some(format) = body.get("response_format").filter(|format| !format.is_null()) else {
        return Ok(Form::Prose);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Form::Prose),
        Some("json_object") if messages::mention_json(talk.messages) => Ok(Form::Json),
        Some("json_object") => {
            let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            Err(Refusal::bad(message).about("messages", None))
        }
        Some("json_schema") => {
            let name = format.pointer("/json_schema/name").and_then(Value::as_str);
            let name = name.ok_or_else(|| missing("response_format.json_schema.name"))?;
            let schema = format.pointer("/json_schema/schema").cloned();
            if let Some(schema) = &schema {
                check_format(name, schema, &format["json_schema"]["strict"], ("response_format", None))?;
            }
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

fn reasoning(body: &Map<String, Value>, desk: &Desk<'_>) -> Result<Reasoning, Refusal> {
    let tokens = effort(body.get("reasoning_effort"), "reasoning_effort", desk)?;
    let shown = if desk.settings.answer.shows_reasoning { Shown::Full } else { Shown::Counted };
    Ok(Reasoning { tokens, shown })
}
