//! A Messages request, read as strictly as Anthropic reads it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::messages;
use crate::{
    billing::{self, PromptCache, Section},
    held,
    http::Request,
    prompt::{Form, Prompt, Reasoning, Shown, Talk, Tool, ToolChoice, Tools},
    protocol::{Desk, Reason, Refusal},
    settings::{Model, Prefill},
};

/// The fields that Anthropic knows (`MessageCreateParams` of anthropic-sdk-python 2.12.0, and the sampling
/// fields that it no longer types).
const KNOWN: [&str; 21] = [
    "max_tokens",
    "messages",
    "model",
    "cache_control",
    "container",
    "diagnostics",
    "inference_geo",
    "metadata",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "thinking",
    "thread",
    "tool_choice",
    "tools",
    "temperature",
    "top_k",
    "top_p",
];

pub(super) fn read(request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
    let (body, model) = open(request, desk)?;
    check_thread(request, &body)?;
    let max_tokens = max_tokens(&body, &model)?;
    let talk = messages::read(&body)?;
    let reasoning = reasoning(&body, max_tokens, desk)?;
    let tools = tools(&body, talk.wish.clone(), reasoning)?;
    let (prefill, said) = prefill(&model, &talk, reasoning)?;
    between(&body, "temperature")?;
    between(&body, "top_p")?;
    let sections = sections(&model, &body, &talk.messages[..said]);
    check_marks(&body)?;
    let input = desk.input(&sections, PromptCache::marked);
    if input.total() > model.context_window {
        return Err(too_long(input.total(), model.context_window));
    }
    Ok(Prompt {
        fingerprint: sections.last().map_or(0, |section| section.prefix),
        stream: boolean(&body, "stream")?,
        shows_usage: true,
        max_tokens: max_tokens.min(model.context_window - input.total()).max(1),
        choices: 1,
        stops: stops(&body)?,
        tools,
        form: form(&body)?,
        reasoning,
        prefill,
        logprobs: None,
        input,
        request: Value::Null,
        model,
    })
}

/// Tokens of a request that is only to be counted.
pub(super) fn count(request: &Request, desk: &Desk<'_>) -> Result<u64, Refusal> {
    let (body, model) = open(request, desk)?;
    let talk = messages::read(&body)?;
    Ok(sections(&model, &body, talk.messages).iter().map(|section| section.tokens).sum())
}

/// What must be right before the details are looked at.
fn open(request: &Request, desk: &Desk<'_>) -> Result<(Map<String, Value>, Arc<Model>), Refusal> {
    authorise(request, desk)?;
    if request.header("anthropic-version").is_none() {
        return Err(Refusal::bad("anthropic-version: header is required"));
    }
    let body = match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => body,
        Ok(_) => {
            return Err(Refusal::bad("Input should be a valid dictionary or object to extract fields from"));
        }
        Err(error) => {
            return Err(Refusal::bad(format!("The request body is not valid JSON: {error}")));
        }
    };
    let unknown = body.keys().find(|key| !KNOWN.contains(&key.as_str()));
    if let Some(unknown) = unknown.filter(|_| desk.settings.refuses_unknown_fields) {
        return Err(Refusal::bad(format!("{unknown}: Extra inputs are not permitted")));
    }
    let id = match body.get("model") {
        Some(Value::String(id)) => id,
        None => return Err(required("model")),
        Some(_) => return Err(Refusal::bad("model: Input should be a valid string")),
    };
    let model = desk.settings.model(id).ok_or_else(|| missing_model(id))?;
    Ok((body, model))
}

/// The beta in which a conversation may be kept (`lib/threads/_thread_state.py` of anthropic-sdk-python 2.12.0, read 2026-11-29).
/// None is kept here, so that none can be gone on with.
fn check_thread(request: &Request, body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(thread) = body.get("thread").filter(|thread| !thread.is_null()) else { return Ok(()) };
    let betas = request.header("anthropic-beta").unwrap_or_default();
    if !betas.split(',').any(|beta| beta.trim().starts_with("message-threads-")) {
        return Err(Refusal::bad("thread: Extra inputs are not permitted"));
    }
    match (thread["type"].as_str(), thread["previous_message_id"].as_str()) {
        (Some("create"), _) => Ok(()),
        (Some("continue"), Some(id)) => {
            let message = format!("thread.continue.previous_message_id: no thread has the message {id}");
            Err(Refusal::new(Reason::NotFound, message).about("thread", Some("thread_not_found")))
        }
        (Some("continue"), None) => Err(required("thread.continue.previous_message_id")),
        _ => Err(Refusal::bad(
            "thread: Input tag found does not match any of the expected tags: 'create', 'continue'",
        )),
    }
}

fn authorise(request: &Request, desk: &Desk<'_>) -> Result<(), Refusal> {
    let Some(key) = &desk.settings.key else { return Ok(()) };
    let bearer = request.bearer();
    match request.header("x-api-key").or(bearer) {
        Some(given) if given == key => Ok(()),
        Some(_) => Err(Refusal::new(Reason::Unauthorized, "invalid x-api-key")),
        None => Err(Refusal::new(Reason::Unauthorized, "x-api-key header is required")),
    }
}

pub(super) fn missing_model(id: &str) -> Refusal {
    Refusal::new(Reason::ModelMissing, format!("model: {id}"))
}

pub(super) fn too_long(prompt_tokens: u64, window: u64) -> Refusal {
    let message = format!("prompt is too long: {prompt_tokens} tokens > {window} maximum");
    Refusal::new(Reason::ContextExceeded, message)
}

pub(super) fn required(field: &str) -> Refusal {
    Refusal::bad(format!("{field}: Field required"))
}

fn max_tokens(body: &Map<String, Value>, model: &Model) -> Result<u64, Refusal> {
    let Some(given) = body.get("max_tokens") else { return Err(required("max_tokens")) };
    match given.as_u64() {
        Some(0) => Err(Refusal::bad("max_tokens: Input should be greater than or equal to 1")),
        Some(asked) if asked > model.max_output => Err(Refusal::bad(format!(
            "max_tokens: {asked} > {}, which is the maximum allowed number of output tokens for {}",
            model.max_output, model.id
        ))),
        Some(asked) => Ok(asked),
        None => Err(Refusal::bad("max_tokens: Input should be a valid integer")),
    }
}

/// What `thinking` asks for, here or in another host's extra fields.
pub(crate) fn reasoning(
    body: &Map<String, Value>,
    max_tokens: u64,
    desk: &Desk<'_>,
) -> Result<Reasoning, Refusal> {
    let Some(thinking) = body.get("thinking").filter(|thinking| !thinking.is_null()) else {
        return Ok(Reasoning::default());
    };
    let wanted = desk.settings.answer.reasoning_tokens;
    let tokens = match thinking["type"].as_str() {
        Some("disabled") => return Ok(Reasoning::default()),
        Some("adaptive" | "between_tools") => wanted,
        Some("enabled") => match thinking["budget_tokens"].as_u64() {
            None => return Err(required("thinking.enabled.budget_tokens")),
            Some(..1024) => {
                return Err(Refusal::bad(
                    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
                ));
            }
            Some(budget) if budget >= max_tokens => {
                return Err(Refusal::bad("`max_tokens` must be greater than `thinking.budget_tokens`."));
            }
            Some(budget) => wanted.min(budget),
        },
        _ => return Err(Refusal::bad("thinking: Input tag found does not match any of the expected tags")),
    };
    let shown = if thinking["display"] == "omitted" { Shown::Signed } else { Shown::Full };
    Ok(Reasoning { tokens, shown })
}

fn tools(body: &Map<String, Value>, wish: Option<String>, reasoning: Reasoning) -> Result<Tools, Refusal> {
    let given = body.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut known = Vec::new();
    for (index, tool) in given.iter().enumerate() {
        let name = tool["name"].as_str().ok_or_else(|| required(&format!("tools.{index}.custom.name")))?;
        let is_own = matches!(tool["type"].as_str(), None | Some("custom"));
        if is_own && !tool["input_schema"].is_object() {
            return Err(required(&format!("tools.{index}.custom.input_schema")));
        }
        if is_own && tool["strict"] == true {
            held::anthropic(&tool["input_schema"])
                .map_err(|mistake| Refusal::bad(format!("tools.{index}.custom: {mistake}")))?;
        }
        if is_own {
            known.push(Tool { name: name.to_owned(), schema: tool["input_schema"].clone() });
        }
    }
    let choice = tool_choice(body, &known)?;
    if matches!(choice, ToolChoice::Any | ToolChoice::This(_)) && reasoning.tokens > 0 {
        return Err(Refusal::bad("Thinking may not be enabled when tool_choice forces tool use."));
    }
    let parallel = body.get("tool_choice").is_none_or(|choice| choice["disable_parallel_tool_use"] != true);
    Ok(Tools { known, choice, parallel, wish, announced: true })
}

fn tool_choice(body: &Map<String, Value>, known: &[Tool]) -> Result<ToolChoice, Refusal> {
    let Some(choice) = body.get("tool_choice").filter(|choice| !choice.is_null()) else {
        return Ok(ToolChoice::AtWill);
    };
    if known.is_empty() && body.get("tools").is_none() {
        return Err(Refusal::bad("tool_choice: tool_choice may only be specified while providing tools."));
    }
    match (choice["type"].as_str(), choice["name"].as_str()) {
        (Some("auto"), _) => Ok(ToolChoice::AtWill),
        (Some("none"), _) => Ok(ToolChoice::Never),
        (Some("any"), _) => Ok(ToolChoice::Any),
        (Some("tool"), Some(name)) if known.iter().any(|tool| tool.name == name) => {
            Ok(ToolChoice::This(name.to_owned()))
        }
        (Some("tool"), Some(name)) => Err(Refusal::bad(format!("Tool '{name}' not found in provided tools"))),
        (Some("tool"), None) => Err(required("tool_choice.tool.name")),
        _ => Err(Refusal::bad(
            "tool_choice: Input tag found does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
        )),
    }
}

/// Words to go on from, and how many messages the conversation has without them.
fn prefill(model: &Model, talk: &Talk<'_>, reasoning: Reasoning) -> Result<(Option<String>, usize), Refusal> {
    let all = talk.messages.len();
    let Some(words) = &talk.last_words else { return Ok((None, all)) };
    if model.prefill == Prefill::Refuses {
        return Err(Refusal::bad(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
    }
    if reasoning.tokens > 0 {
        return Err(Refusal::bad(format!(
            "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`. When `thinking` is \
             enabled, a final `assistant` message must start with a thinking block.",
            all - 1
        )));
    }
    if model.prefill == Prefill::Ignores { Ok((None, all)) } else { Ok((Some(words.clone()), all - 1)) }
}

/// The prompt's pieces: tools, system prompt, messages.
fn sections(model: &Model, body: &Map<String, Value>, said: &[Value]) -> Vec<Section> {
    let head = ["tools", "system"].into_iter().filter_map(|name| body.get(name));
    let pieces: Vec<&Value> = head.chain(said).collect();
    let whole = body.get("cache_control").filter(|control| control.is_object());
    let whole = whole.map(|control| json!({ "cache_control": control }));
    let last = pieces.len();
    let pieces = pieces.into_iter().enumerate().map(|(place, piece)| {
        // A top-level mark stands at the end of the prompt.
        let whole = whole.as_ref().filter(|_| place + 1 == last).and_then(messages::mark);
        (piece, messages::tokens(piece), messages::mark(piece).or(whole))
    });
    billing::sections(&model.weights, pieces)
}

fn check_marks(body: &Map<String, Value>) -> Result<(), Refusal> {
    let places = ["tools", "system", "messages"].iter().filter_map(|name| body.get(*name));
    let count: usize = places.map(|value| messages::marks(value).len()).sum();
    if count <= 4 {
        return Ok(());
    }
    Err(Refusal::bad(format!("A maximum of 4 blocks with cache_control may be provided. Found {count}.")))
}

fn form(body: &Map<String, Value>) -> Result<Form, Refusal> {
    let Some(format) =
        body.get("output_config").and_then(|config| config.get("format")).filter(|format| !format.is_null())
    else {
        return Ok(Form::Prose);
    };
    match (format["type"].as_str(), format.get("schema")) {
        (Some("json_schema"), Some(schema)) => match held::anthropic(schema) {
            Ok(()) => Ok(Form::Schema(schema.clone())),
            Err(mistake) => Err(Refusal::bad(format!("output_config.format.schema: {mistake}"))),
        },
        (Some("json_schema"), None) => Err(required("output_config.format.json_schema.schema")),
        _ => Err(Refusal::bad("output_config.format.type: Input should be 'json_schema'")),
    }
}

fn stops(body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let Some(stops) = body.get("stop_sequences").filter(|stops| !stops.is_null()) else {
        return Ok(Vec::new());
    };
    let strings = stops.as_array().map(|stops| stops.iter().map(|stop| stop.as_str().map(str::to_owned)));
    let stops: Option<Vec<String>> = strings.and_then(Iterator::collect);
    match stops {
        Some(stops) if stops.iter().any(|stop| stop.trim().is_empty()) => {
            Err(Refusal::bad("stop_sequences: each stop sequence must contain non-whitespace"))
        }
        Some(stops) => Ok(stops),
        None => Err(Refusal::bad("stop_sequences: Input should be a valid array of strings")),
    }
}

fn between(body: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)) => Ok(()),
        Some(value) if value.is_number() => Err(Refusal::bad(format!("{name}: range: 0..1"))),
        Some(_) => Err(Refusal::bad(format!("{name}: Input should be a valid number"))),
    }
}

fn boolean(body: &Map<String, Value>, name: &str) -> Result<bool, Refusal> {
    match body.get(name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(Refusal::bad(format!("{name}: Input should be a valid boolean"))),
    }
}
