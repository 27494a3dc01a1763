//! A request for a supplier, written. Nothing is to be kept there: `store` is false, and what proves reasoning is asked for.

use super::super::{PROTOCOL, search};
use super::tools::{self, Strictness};
use super::write::Items;
use super::write_choice;
use crate::conversation::{
    Content, Effort, Encoded, Loss, OutputFormat, Request, Role, Sampling, Target, Tool, ToolChoice,
    TranslateError, Turn, WebSearch,
};
use crate::json::Json;
use crate::openai_options::write_caching;
use crate::translate::{note, says_json};
use crate::web_search;
use catalogue::Needs;

/// The classes of service. Source: `types/responses/service_tier.py` in openai 3.54.0, read 2026-11-28.
const TIERS: [&str; 6] = ["default", "flex", "scale", "priority", "fast", "ultrafast"];

/// Writes the body.
pub(in super::super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    refuse(request, target)?;
    let mut losses = Vec::new();
    let mut json = Json::new();
    json.object().key("model").text(target.model);
    let turns = instructions(&mut json, request);
    json.key("input").array();
    Items::new(&mut json, &mut losses, target).write(turns)?;
    json.end_array();
    if !request.tools.is_empty() {
        json.key("tools");
        tools::write(&mut json, &request.tools, Strictness::Off, &mut losses);
    }
    if request.tool_choice != ToolChoice::Unsaid {
        json.key("tool_choice");
        write_choice(&mut json, &request.tool_choice, &request.tools);
    }
    if let Some(parallel) = request.parallel_tools {
        json.key("parallel_tool_calls").boolean(parallel);
    }
    text(&mut json, request, target, &mut losses);
    let reasons = reasoning(&mut json, request, target, &mut losses);
    max_tokens(&mut json, request, target, &mut losses);
    sampling(&mut json, &request.sampling, target, &mut losses);
    let search = request.tools.iter().find_map(foreign_search);
    if let Some(most) = search.and_then(|search| search.most) {
        json.key("max_tool_calls").number(most);
    }
    include(&mut json, reasons, request.sampling.logprobs.is_some(), search.is_some());
    json.key("store").boolean(false);
    if request.stream {
        json.key("stream").boolean(true);
    }
    service(&mut json, request, &mut losses);
    if !request.metadata.is_empty() {
        json.key("metadata");
        write_metadata(&mut json, request);
    }
    json.end_object();
    Ok(Encoded { body: json.finish().into(), losses })
}

/// What must not be left out and cannot be said.
fn refuse(request: &Request, target: &Target<'_>) -> Result<(), TranslateError> {
    if request.choices.is_some_and(|choices| choices > 1) {
        return Err(TranslateError::unsayable("n", "one answer at a time"));
    }
    if !request.stop.is_empty() {
        return Err(TranslateError::unsayable("stop", "no texts that end an answer"));
    }
    let mut searches = request.tools.iter().filter_map(foreign_search);
    searches.try_for_each(|search| web_search::check(search, target, search::LIMITS))?;
    let foreign = request.tools.iter().find_map(|tool| match tool {
        Tool::Supplied(tool) if !tool.is_for(PROTOCOL, target.owner) => Some(tool),
        _ => None,
    });
    match foreign {
        Some(tool) => Err(TranslateError::foreign_tool(&tool.kind)),
        None => Ok(()),
    }
}

/// Writes `instructions` where the first turn is plain text of the system; gives the turns that are left. Whoever asks for
/// JSON has to say the word in the input.
fn instructions<'a>(json: &mut Json, request: &'a Request) -> &'a [Turn] {
    let turns = &request.turns[..];
    match turns.split_first() {
        Some((first, rest)) => match plain_instructions(first) {
            Some(_) if request.format == OutputFormat::Json && !says_json(rest) => turns,
            Some(text) => {
                json.key("instructions").text(text);
                rest
            }
            None => turns,
        },
        None => turns,
    }
}

/// The one text of a system turn.
pub(in super::super) fn plain_instructions(turn: &Turn) -> Option<&str> {
    match turn.blocks.as_slice() {
        [block] if turn.role == Role::System && turn.name.is_none() && block.cache.is_none() => {
            match &block.content {
                Content::Text(text) if !text.text.is_empty() => Some(&text.text),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Writes the answer's format.
pub(in super::super) fn write_format(json: &mut Json, format: &OutputFormat) {
    json.object().key("type");
    match format {
        OutputFormat::Text => {
            json.text("text");
        }
        OutputFormat::Json => {
            json.text("json_object");
        }
        OutputFormat::Schema { name, description, schema, strict } => {
            json.text("json_schema").key("name").text(name.as_deref().unwrap_or("answer"));
            json.optional("description", description.as_ref()).key("schema").raw(schema);
            if let Some(strict) = strict {
                json.key("strict").boolean(*strict);
            }
        }
    }
    json.end_object();
}

/// Writes `text`: the answer's format, and how wordy it is to be.
fn text(json: &mut Json, request: &Request, target: &Target<'_>, losses: &mut Vec<Loss>) {
    let mut verbosity = request.verbosity.as_ref();
    if verbosity.is_some() && target.refuses("verbosity") {
        note(losses, Loss::new("verbosity", "the model refuses it"));
        verbosity = None;
    }
    if request.format == OutputFormat::Text && verbosity.is_none() {
        return;
    }
    json.key("text").object();
    if request.format != OutputFormat::Text {
        json.key("format");
        write_format(json, &request.format);
    }
    json.optional("verbosity", verbosity).end_object();
}

/// How the supplier is to go about it, and for whom.
fn service(json: &mut Json, request: &Request, losses: &mut Vec<Loss>) {
    let tier = request.service_tier.as_deref();
    json.optional("service_tier", tier.filter(|tier| TIERS.contains(tier)));
    if tier.is_some_and(|tier| !TIERS.contains(&tier)) {
        note(losses, Loss::new("service_tier", "there is none of that name"));
    }
    write_caching(json, &request.caching);
    json.optional("user", request.user.as_ref());
    json.optional("safety_identifier", request.safety_identifier.as_ref());
}

/// Writes `reasoning`; gives whether the answer may hold reasoning, as far as anybody knows.
fn reasoning(json: &mut Json, request: &Request, target: &Target<'_>, losses: &mut Vec<Loss>) -> bool {
    let asked = !matches!(request.effort, None | Some(Effort::Off));
    if target.capabilities.no.contains(Needs::REASONING) {
        if asked {
            note(losses, Loss::new("reasoning", "the model does not reason"));
        }
        return false;
    }
    if matches!(request.effort, Some(Effort::Budget(1..))) {
        note(losses, Loss::new("reasoning_effort", "said as a word"));
    }
    let effort = request.effort.as_ref().and_then(Effort::word);
    let shows = request.shows_reasoning == Some(true) && request.effort != Some(Effort::Off);
    if effort.is_some() || shows {
        json.key("reasoning").object().optional("effort", effort);
        json.optional("summary", shows.then_some("auto")).end_object();
    }
    asked || (request.effort.is_none() && target.capabilities.yes.contains(Needs::REASONING))
}

fn max_tokens(json: &mut Json, request: &Request, target: &Target<'_>, losses: &mut Vec<Loss>) {
    let Some(asked) = request.max_tokens else { return };
    let most = target.max_output.unwrap_or(u64::MAX);
    if asked > most {
        note(losses, Loss::new("max_tokens", "the model writes no more"));
    }
    if asked < LEAST_TOKENS {
        note(losses, Loss::new("max_tokens", "sixteen are the least there"));
    }
    json.key("max_output_tokens").number(asked.max(LEAST_TOKENS).min(most));
}

/// Fewer are refused: "Expected a value >= 16". Clients that look whether anybody answers ask for one.
const LEAST_TOKENS: u64 = 16;

fn sampling(json: &mut Json, sampling: &Sampling, target: &Target<'_>, losses: &mut Vec<Loss>) {
    let members = [("temperature", &sampling.temperature), ("top_p", &sampling.top_p)];
    for (name, number) in members {
        if number.is_some() && target.refuses(name) {
            note(losses, Loss::new(name, "the model refuses it"));
        } else {
            json.optional_raw(name, number.as_ref());
        }
    }
    let unknown = [
        ("top_k", &sampling.top_k),
        ("seed", &sampling.seed),
        ("frequency_penalty", &sampling.frequency_penalty),
        ("presence_penalty", &sampling.presence_penalty),
    ];
    for (name, _) in unknown.into_iter().filter(|(_, number)| number.is_some()) {
        note(losses, Loss::new(name, "not in this protocol"));
    }
    if let Some(top) = sampling.logprobs.filter(|top| *top > 0) {
        json.key("top_logprobs").number(top.into());
    }
}

/// The tool, if it is a search that a client of another dialect offers.
fn foreign_search(tool: &Tool) -> Option<&WebSearch> {
    match tool {
        Tool::Search(search) if search.written.protocol != PROTOCOL => Some(search),
        _ => None,
    }
}

fn include(json: &mut Json, reasons: bool, logprobs: bool, searches: bool) {
    if !reasons && !logprobs && !searches {
        return;
    }
    json.key("include").array();
    if reasons {
        json.text("reasoning.encrypted_content");
    }
    if logprobs {
        json.text("message.output_text.logprobs");
    }
    if searches {
        json.text(search::SOURCES);
    }
    json.end_array();
}

/// Writes the client's own words about the request.
pub(in super::super) fn write_metadata(json: &mut Json, request: &Request) {
    json.object();
    for (name, value) in &request.metadata {
        json.key(name).text(value);
    }
    json.end_object();
}
