//! The tools on offer and the choice among them.

use std::collections::HashSet;

use super::arrange::Arranged;
use super::content::Writer;
use crate::anthropic_messages::cache::{self, Carried};
use crate::anthropic_messages::search;
use crate::conversation::{Function, Opaque, Request, Tool, ToolChoice, TranslateError};
use catalogue::Protocol;

/// The schema of a function that has none.
const ANY_OBJECT: &str = r#"{"type":"object","properties":{}}"#;

pub(super) fn write(
    writer: &mut Writer<'_, '_>,
    request: &Request,
    arranged: &Arranged<'_>,
) -> Result<(), TranslateError> {
    let called: Vec<&str> = if request.tools.is_empty() { called(arranged) } else { Vec::new() };
    if request.tools.is_empty() && called.is_empty() {
        return Ok(());
    }
    writer.json.key("tools").array();
    for tool in &request.tools {
        match tool {
            Tool::Function(tool) => function(writer, tool),
            Tool::Search(search) if is_own(&search.written, writer) => carried(writer, &search.written)?,
            Tool::Search(search) => {
                search::write_tool(&mut writer.json, search, writer.target, writer.losses)?;
            }
            Tool::Supplied(opaque) if is_own(opaque, writer) => carried(writer, opaque)?,
            Tool::Supplied(opaque) => return Err(TranslateError::foreign_tool(&opaque.kind)),
            Tool::Custom { .. } => {
                return Err(TranslateError::unsayable("tools.custom", "tools take objects there"));
            }
        }
    }
    for name in &called {
        writer.json.object().key("name").text(name).key("input_schema").raw(ANY_OBJECT).end_object();
    }
    writer.json.end_array();
    if called.is_empty() {
        choice(writer, request);
        return Ok(());
    }
    writer.json.key("tool_choice").object().key("type").text("none").end_object();
    Ok(())
}

fn is_own(tool: &Opaque, writer: &Writer<'_, '_>) -> bool {
    tool.is_for(Protocol::AnthropicMessages, writer.target.owner)
}

/// Writes a tool as its client did, but for its mark.
fn carried(writer: &mut Writer<'_, '_>, tool: &Opaque) -> Result<(), TranslateError> {
    let Some(carried) = Carried::new(&tool.data, writer.losses) else {
        return Err(TranslateError::malformed("tools", "a tool is an object"));
    };
    let mark = writer.marks.next(carried.mark);
    carried.write(&mut writer.json, mark);
    Ok(())
}

/// The tools that the conversation's calls are for, each once, in order.
fn called<'a>(arranged: &'a Arranged<'_>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let names = arranged.blocks().filter_map(|block| block.call()).map(|call| call.name.as_str());
    names.filter(|name| seen.insert(*name)).collect()
}

fn function(writer: &mut Writer<'_, '_>, function: &Function) {
    let mark = writer.marks.next(function.cache);
    let json = &mut writer.json;
    json.object().key("name").text(&function.name);
    let description = function.description.as_deref().filter(|description| !description.is_empty());
    json.optional("description", description).key("input_schema");
    match &function.schema {
        Some(schema) => json.raw(schema),
        None => json.raw(ANY_OBJECT),
    };
    if function.strict == Some(true) {
        json.key("strict").boolean(true);
    }
    cache::write(json, mark);
    json.end_object();
}

/// A tool's name there: a search has but one.
fn named<'n>(request: &Request, name: &'n str) -> &'n str {
    let is_search = |tool: &Tool| matches!(tool, Tool::Search(search) if search.name == name);
    if request.tools.iter().any(is_search) { search::NAME } else { name }
}

fn choice(writer: &mut Writer<'_, '_>, request: &Request) {
    let is_alone = request.parallel_tools == Some(false);
    let (kind, name) = match &request.tool_choice {
        ToolChoice::Unsaid if !is_alone => return,
        ToolChoice::Unsaid | ToolChoice::Auto => ("auto", None),
        ToolChoice::None => ("none", None),
        ToolChoice::Any => ("any", None),
        ToolChoice::Named(name) => ("tool", Some(named(request, name))),
    };
    let json = &mut writer.json;
    json.key("tool_choice").object().key("type").text(kind).optional("name", name);
    // The model may call several unless it is told otherwise, and `none` has no such word.
    if is_alone && kind != "none" {
        json.key("disable_parallel_tool_use").boolean(true);
    }
    json.end_object();
}
