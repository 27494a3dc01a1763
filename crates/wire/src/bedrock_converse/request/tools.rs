//! Tools on offer, and whether one is to be called.

use std::collections::HashSet;

use catalogue::{Needs, Protocol};

use super::super::search;
use super::arrange::Message;
use super::blocks::Writer;
use crate::conversation::{Content, Function, Request, Target, Tool, ToolChoice, TranslateError};
use crate::scan::is_object;
use crate::scan::{ScanError, Scanner};

/// What a function that takes nothing takes.
const NOTHING: &[u8] = br#"{"type":"object","properties":{}}"#;

/// Writes `toolConfig`, if there is anything to say. A conversation in which tools were called must name tools, also
/// where none is to be called.
pub(super) fn write(
    writer: &mut Writer<'_>,
    request: &Request,
    messages: &[Message<'_>],
    target: &Target<'_>,
) -> Result<(), TranslateError> {
    let called = called(messages);
    let offers = request.tool_choice != ToolChoice::None || !called.is_empty();
    let tools = if offers { &*request.tools } else { &[] };
    if tools.is_empty() && called.is_empty() {
        return Ok(());
    }
    writer.json.key("toolConfig").object().key("tools").array();
    if tools.is_empty() {
        for name in called {
            write_called(writer, name);
        }
    }
    for tool in tools {
        offered(writer, tool, target)?;
    }
    writer.json.end_array();
    choice(writer, request);
    writer.json.end_object();
    if request.parallel_tools == Some(false) {
        writer.lose("parallel_tool_calls", "no way to ask for one call at a time");
    }
    Ok(())
}

fn choice(writer: &mut Writer<'_>, request: &Request) {
    let kind = match &request.tool_choice {
        ToolChoice::Unsaid => return,
        ToolChoice::None => {
            let why = "the conversation has calls, so tools must be named, and none cannot be chosen";
            return writer.lose("tool_choice", why);
        }
        // Of a tool that is not on offer, nothing can be asked.
        _ if request.tools.is_empty() => return writer.lose("tool_choice", "there are no tools"),
        ToolChoice::Auto => "auto",
        ToolChoice::Any => "any",
        ToolChoice::Named(name) => {
            writer.json.key("toolChoice").object().key("tool").object().key("name").text(name);
            writer.json.end_object().end_object();
            return;
        }
    };
    writer.json.key("toolChoice").object().key(kind).object().end_object().end_object();
}

/// The tools that the conversation has calls of, each once.
fn called<'m>(messages: &[Message<'m>]) -> Vec<&'m str> {
    let blocks = messages.iter().flat_map(|message| &message.blocks);
    let names = blocks.filter_map(|block| match block.content {
        Content::ToolCall(call) => Some(&*call.name),
        Content::ToolResult(result) => result.name.as_deref(),
        _ => None,
    });
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

/// What such a tool takes is not known.
fn write_called(writer: &mut Writer<'_>, name: &str) {
    writer.json.object().key("toolSpec").object().key("name").text(name);
    writer.json.key("inputSchema").object().key("json").raw(NOTHING).end_object();
    writer.json.end_object().end_object();
}

fn offered(writer: &mut Writer<'_>, tool: &Tool, target: &Target<'_>) -> Result<(), TranslateError> {
    match tool {
        Tool::Function(function) => write_function(writer, function, target),
        Tool::Custom { .. } => Err(TranslateError::unsayable("tools.custom", "tools take JSON there")),
        Tool::Search(search) => search::write_tool(&mut writer.json, search, target, &mut writer.losses),
        Tool::Supplied(opaque) => {
            let is_ours = opaque.is_for(Protocol::BedrockConverse, target.owner);
            if !is_ours || !is_object(opaque.data.as_bytes()) {
                return Err(TranslateError::foreign_tool(&opaque.kind));
            }
            writer.json.raw(&opaque.data);
            Ok(())
        }
    }
}

fn write_function(
    writer: &mut Writer<'_>,
    function: &Function,
    target: &Target<'_>,
) -> Result<(), TranslateError> {
    let json = &mut writer.json;
    json.object().key("toolSpec").object().key("name").text(&function.name);
    let description = function.description.as_deref().filter(|text| !text.trim().is_empty());
    json.optional("description", description);
    json.key("inputSchema").object().key("json");
    match function.schema.as_deref() {
        None => json.raw(NOTHING),
        Some(schema) if !is_object(schema) => {
            return Err(TranslateError::unsayable("tools.parameters", "a schema must be an object there"));
        }
        Some(schema) => write_schema(json, schema),
    };
    json.end_object();
    match function.strict {
        Some(true) if target.capabilities.no.contains(Needs::JSON_SCHEMA) => {
            writer.lose("tools.strict", "the model cannot be held to a schema");
        }
        Some(true) => {
            writer.json.key("strict").boolean(true);
        }
        Some(false) | None => {}
    }
    writer.json.end_object().end_object();
    if let Some(mark) = function.cache {
        writer.mark(mark);
    }
    Ok(())
}

/// Writes a schema as it came, but for its `type`, which must be said.
fn write_schema<'j>(json: &'j mut crate::json::Json, schema: &[u8]) -> &'j mut crate::json::Json {
    let (mut says_type, mut is_empty) = (false, true);
    let mut look = || {
        Scanner::new(schema)?.object(|scan, name| {
            is_empty = false;
            says_type |= name == b"type";
            scan.skip()
        })
    };
    let looked: Result<(), ScanError> = look();
    looked.expect("that it is an object was seen");
    let schema = schema.trim_ascii();
    match (is_empty, says_type) {
        (true, _) => json.raw(NOTHING),
        (false, true) => json.raw(schema),
        (false, false) => json.raw([br#"{"type":"object","#, &schema[1..]].concat()),
    }
}
