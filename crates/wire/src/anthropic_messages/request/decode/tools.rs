//! The tools on offer and the choice among them.
//!
//! A tool with a `type` of its own is Anthropic's: it runs there, or its form is known to the model by heart. But for the
//! search of the web, which others have too, neither can be had elsewhere: it is carried whole and whoever writes the
//! request decides.

use bytes::Bytes;

use crate::anthropic_messages::cache;
use crate::anthropic_messages::content::whole;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::anthropic_messages::search;
use crate::conversation::{Function, Opaque, Request, Tool, ToolChoice};
use crate::scan::{Kind, Scanner};
use catalogue::Protocol;

const NAMES: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    cache::NAME,
    "allowed_callers",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
];

pub(super) fn tools(
    members: &mut Members<'_>,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let Some((kind, mut list)) = members.take_with_kind("tools") else { return Ok(()) };
    if kind != Kind::Array {
        return Err(Fault::malformed("tools", "a list was expected"));
    }
    list.array(|scan| {
        let at = request.tools.len();
        request.tools.push(tool(scan, losses).map_err(|fault| fault.within(|| format!("tools.{at}")))?);
        Ok(())
    })
}

fn tool(scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<Tool, Fault> {
    let (kind, text) = whole(scan)?;
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        if let Some(search) = search::tool(&kind, text, losses)? {
            return Ok(search);
        }
        let text = String::from_utf8_lossy(text);
        return Ok(Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, kind, text)));
    }
    let mut members = Members::read(&mut Scanner::new(text)?, NAMES)?;
    members.take("type");
    if let Some(mut callers) = members.take("allowed_callers")
        && !super::strings(&mut callers)?.iter().any(|caller| caller == "direct")
    {
        losses.add("tools.allowed_callers", "only the model itself calls tools elsewhere");
    }
    if members.take("input_examples").is_some_and(|mut list| list.says_something() == Ok(true)) {
        losses.add("tools.input_examples", "no place for examples of a call");
    }
    if members.boolean("defer_loading")? == Some(true) {
        losses.add("tools.defer_loading", "all tools are in view from the start elsewhere");
    }
    // How a call's input is cut into pieces changes nothing about it.
    members.take("eager_input_streaming");
    let schema = members.object("input_schema")?;
    let function = Function {
        name: members.required("name")?,
        description: members.string("description")?,
        schema: schema.map(Bytes::copy_from_slice),
        strict: members.boolean("strict")?,
        cache: cache::taken(&mut members, losses)?,
    };
    members.rest(losses, "tools")?;
    Ok(Tool::Function(function))
}

pub(super) fn choice(
    members: &mut Members<'_>,
    request: &mut Request,
    losses: &mut Losses,
) -> Result<(), Fault> {
    let known = &["type", "name", "disable_parallel_tool_use"];
    let Some(mut choice) = members.members("tool_choice", known)? else { return Ok(()) };
    let within = |fault: Fault| fault.within(|| "tool_choice".to_owned());
    let kind = choice.required("type").map_err(within)?;
    request.tool_choice = match kind.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Any,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.required("name").map_err(within)?),
        _ => return Err(Fault::malformed("tool_choice.type", "no choice that is known here")),
    };
    let alone = choice.boolean("disable_parallel_tool_use").map_err(within)?;
    request.parallel_tools = alone.map(|alone| !alone);
    choice.rest(losses, "tool_choice")
}
