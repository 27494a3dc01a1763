//! What a request asks for beside the conversation and its tools.

use bytes::Bytes;

use super::strings;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::anthropic_messages::thread;
use crate::conversation::{Effort, OutputFormat, Request, Sampling};
use crate::scan::{Kind, Scanner};

/// Why something that is kept at Anthropic is not to be had elsewhere.
const HELD: &str = "it is kept at Anthropic";

/// What no other protocol has. Left out where the answer is the same kind of answer without it; refused where something
/// that the request relies on would be missing.
pub(super) fn only_here(members: &mut Members<'_>, losses: &mut Losses) -> Result<(), Fault> {
    for (name, why) in [("container", HELD), ("mcp_servers", "no other supplier calls these servers itself")]
    {
        if says(members, name)? {
            return Err(Fault::unsayable(name, why));
        }
    }
    thread(members, losses)?;
    if members.text("inference_geo")?.is_some_and(|place| !place.is("global")) {
        return Err(Fault::unsayable("inference_geo", "other suppliers cannot be held to a place"));
    }
    let mut default = |name: &str, word: &str, why| {
        if members.text(name)?.is_some_and(|said| !said.is(word)) {
            losses.add(name, why);
        }
        Ok::<_, Fault>(())
    };
    default("service_tier", "auto", "tiers are each supplier's own")?;
    default("speed", "standard", "speeds are each supplier's own")?;
    for (name, why) in [
        ("context_management", "the conversation is sent as it is"),
        ("compaction", "the conversation is sent as it is"),
        ("diagnostics", "other suppliers say nothing about their cache"),
        ("fallbacks", "the routes decide who answers"),
        ("fallback_credit_token", "the routes decide who answers"),
        ("billing_policy", "each supplier bills in its own way"),
        ("user_profile_id", "profiles are Anthropic's own"),
    ] {
        if says(members, name)? {
            losses.add(name, why);
        }
    }
    Ok(())
}

/// A conversation that Anthropic keeps. The request that begins one has all of it so far, and is answered like any other;
/// one that goes on has only what is new.
fn thread(members: &mut Members<'_>, losses: &mut Losses) -> Result<(), Fault> {
    let Some(mut thread) = members.members(thread::NAME, &["type", "previous_message_id"])? else {
        return Ok(());
    };
    match thread.required("type").map_err(|fault| fault.within(|| thread::NAME.to_owned()))?.as_str() {
        "create" => losses.add(thread::NAME, thread::NOT_KEPT),
        _ => return Err(Fault::unsayable(thread::NAME, thread::HELD)),
    }
    thread.take("previous_message_id");
    thread.rest(losses, thread::NAME)
}

/// Takes a member; whether it says something.
fn says(members: &mut Members<'_>, name: &str) -> Result<bool, Fault> {
    let Some(mut value) = members.take(name) else { return Ok(false) };
    Ok(value.says_something()?)
}

pub(super) fn limits(members: &mut Members<'_>, request: &mut Request) -> Result<(), Fault> {
    let Some(most) = members.integer("max_tokens")? else {
        return Err(Fault::malformed("max_tokens", "it is missing"));
    };
    if most == 0 {
        return Err(Fault::unsayable("max_tokens", "0 only warms Anthropic's cache"));
    }
    request.max_tokens = Some(most);
    request.stream = members.boolean("stream")?.unwrap_or(false);
    if let Some(mut stop) = members.take("stop_sequences") {
        request.stop = strings(&mut stop).map_err(|fault| fault.within(|| "stop_sequences".to_owned()))?;
    }
    Ok(())
}

pub(super) fn sampling(members: &mut Members<'_>, request: &mut Request) -> Result<(), Fault> {
    request.sampling = Sampling {
        temperature: members.number("temperature")?,
        top_p: members.number("top_p")?,
        top_k: members.number("top_k")?,
        ..Sampling::default()
    };
    Ok(())
}

/// Thinking and effort, which say one thing in two places, and the output's format.
pub(super) fn effort(
    members: &mut Members<'_>,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let thinking = thinking(members, request, losses)?;
    let mut word = None;
    if let Some(mut config) = members.members("output_config", &["effort", "format"])? {
        word = config.string("effort")?;
        if let Some(mut value) = config.take("format") {
            request.format = format(&mut value, losses)
                .map_err(|fault| fault.within(|| "output_config.format".to_owned()))?;
        }
        config.rest(losses, "output_config")?;
    }
    // The beta's older name of `output_config.format`.
    if let Some(mut value) = members.take("output_format") {
        request.format =
            format(&mut value, losses).map_err(|fault| fault.within(|| "output_format".to_owned()))?;
    }
    request.effort = match (thinking, word) {
        (None | Some(Effort::Auto), Some(word)) => Some(Effort::Named(word)),
        (thinking, word) => {
            if word.is_some() {
                losses
                    .add("output_config.effort", "what `thinking` says is said; there is one place for both");
            }
            thinking
        }
    };
    Ok(())
}

fn thinking(
    members: &mut Members<'_>,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<Option<Effort>, Fault> {
    let Some(mut thinking) = members.members("thinking", &["type", "budget_tokens", "display"])? else {
        return Ok(None);
    };
    let within = |fault: Fault| fault.within(|| "thinking".to_owned());
    let kind = thinking.required("type").map_err(within)?;
    let budget = thinking.integer("budget_tokens").map_err(within)?;
    request.shows_reasoning = match thinking.text("display").map_err(within)? {
        Some(display) if display.is("summarized") => Some(true),
        Some(display) if display.is("omitted") => Some(false),
        Some(_) => {
            return Err(Fault::malformed("thinking.display", "`summarized` or `omitted` was expected"));
        }
        None => None,
    };
    thinking.rest(losses, "thinking")?;
    match (kind.as_str(), budget) {
        ("enabled", Some(budget)) => Ok(Some(Effort::Budget(budget))),
        ("enabled", None) => Err(Fault::malformed("thinking.budget_tokens", "it is missing")),
        ("adaptive", _) => Ok(Some(Effort::Auto)),
        ("disabled", _) => Ok(Some(Effort::Off)),
        ("between_tools", _) => {
            losses.add(
                "thinking.type",
                "whether to think between tools only is the supplier's choice elsewhere",
            );
            Ok(Some(Effort::Auto))
        }
        _ => Err(Fault::malformed("thinking.type", "no kind of thinking that is known here")),
    }
}

fn format(scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<OutputFormat, Fault> {
    let mut members = Members::read(scan, &["type", "schema"])?;
    if !members.required("type")?.eq("json_schema") {
        return Err(Fault::malformed("type", "`json_schema` was expected"));
    }
    let Some(schema) = members.object("schema")? else {
        return Err(Fault::malformed("schema", "it is missing"));
    };
    members.rest(losses, "output_config.format")?;
    // Answers are always held to the schema here.
    Ok(OutputFormat::Schema {
        name: None,
        description: None,
        schema: Bytes::copy_from_slice(schema),
        strict: Some(true),
    })
}

pub(super) fn metadata(
    members: &mut Members<'_>,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let Some((kind, mut value)) = members.take_with_kind("metadata") else { return Ok(()) };
    if kind != Kind::Object {
        return Err(Fault::malformed("metadata", "an object was expected"));
    }
    let mut metadata = Members::read(&mut value, &["user_id"])?;
    request.user = metadata.string("user_id").map_err(|fault| fault.within(|| "metadata".to_owned()))?;
    metadata.rest(losses, "metadata")
}
