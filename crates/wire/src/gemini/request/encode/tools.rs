//! The tools of a request for a supplier, and whether one is to be called.

use catalogue::{Protocol, Quirks};

use crate::conversation::{Function, Loss, Opaque, Request, Target, Tool, ToolChoice, TranslateError};
use crate::gemini::{schema, search};
use crate::json::Json;
use crate::scan::is_object;
use crate::translate::note;

/// How losses name what a tool's schema loses.
const SCHEMA: &str = "tools.schema";

/// Writes `tools` and `toolConfig`.
pub(super) fn write(
    json: &mut Json,
    request: &Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    let functions: Vec<&Function> = request
        .tools
        .iter()
        .filter_map(|tool| if let Tool::Function(function) = tool { Some(function) } else { None })
        .collect();
    if !request.tools.is_empty() {
        json.key("tools").array();
        if !functions.is_empty() {
            json.object().key("functionDeclarations").array();
            for function in &functions {
                write_function(json, function, request, target, losses)?;
            }
            json.end_array().end_object();
        }
        for tool in &request.tools {
            match tool {
                Tool::Function(_) => {}
                Tool::Search(search) if search.written.protocol == Protocol::Gemini => {
                    json_of(json, &search.written, target)?;
                }
                Tool::Search(search) => {
                    search::write_tool(json, search, !functions.is_empty(), target, losses)?;
                }
                Tool::Supplied(opaque) => json_of(json, opaque, target)?,
                Tool::Custom { .. } => {
                    return Err(TranslateError::unsayable("tools.custom", "tools there take objects"));
                }
            }
        }
        json.end_array();
    }
    choice(json, request, functions.is_empty(), losses);
    if request.parallel_tools == Some(false) {
        note(losses, Loss::new("parallel_tool_calls", "the model decides how many tools it calls"));
    }
    Ok(())
}

fn write_function(
    json: &mut Json,
    function: &Function,
    request: &Request,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    if function.cache.is_some() {
        note(losses, Loss::new("cache_control", "Google caches what repeats by itself"));
    }
    // Who has to call is held to the schema; who may call is not.
    let forced = matches!(request.tool_choice, ToolChoice::Any | ToolChoice::Named(_));
    if function.strict == Some(true) && !forced {
        note(losses, Loss::new("tools.strict", "calls are held to their schema only where one is forced"));
    }
    json.object().key("name").text(&function.name);
    json.optional("description", function.description.as_ref().filter(|text| !text.is_empty()));
    if let Some(schema) = &function.schema {
        parameters(json, schema, target, losses)
            .map_err(|error| TranslateError::malformed(SCHEMA, error.what.as_str()))?;
    }
    json.end_object();
    Ok(())
}

fn parameters(
    json: &mut Json,
    schema: &[u8],
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), crate::scan::ScanError> {
    if !target.quirks.contains(Quirks::SCHEMA_SUBSET) {
        json.key("parametersJsonSchema").raw(schema);
    } else if !schema::holds_no_properties(schema)? {
        json.key("parameters").raw(schema::subset(schema, SCHEMA, losses)?);
    }
    Ok(())
}

/// A tool that the supplier runs, where it is one of its own.
fn json_of(json: &mut Json, tool: &Opaque, target: &Target<'_>) -> Result<(), TranslateError> {
    if !tool.is_for(Protocol::Gemini, target.owner) {
        return Err(TranslateError::foreign_tool(&tool.kind));
    }
    if !is_object(tool.data.as_bytes()) {
        return Err(TranslateError::malformed(format!("tools.{}", tool.kind), "an object was expected"));
    }
    json.raw(&tool.data);
    Ok(())
}

/// Google refuses `toolConfig` where no function is on offer; and wants to be told there that calls and searches may both
/// come, where both are on offer.
fn choice(json: &mut Json, request: &Request, no_functions: bool, losses: &mut Vec<Loss>) {
    let mode = match &request.tool_choice {
        ToolChoice::Unsaid => None,
        ToolChoice::Auto => Some(("AUTO", None)),
        ToolChoice::None => Some(("NONE", None)),
        ToolChoice::Any => Some(("ANY", None)),
        ToolChoice::Named(name) => Some(("ANY", Some(name))),
    };
    if no_functions {
        if matches!(mode, Some(("ANY", _))) {
            note(losses, Loss::new("tool_choice", "no function is on offer"));
        }
        return;
    }
    let searches =
        |tool: &Tool| matches!(tool, Tool::Search(search) if search.written.protocol != Protocol::Gemini);
    let searches = request.tools.iter().any(searches);
    if mode.is_none() && !searches {
        return;
    }
    json.key("toolConfig").object();
    if let Some((mode, name)) = mode {
        json.key("functionCallingConfig").object().key("mode").text(mode);
        if let Some(name) = name {
            json.key("allowedFunctionNames").array().text(name).end_array();
        }
        json.end_object();
    }
    if searches {
        json.key("includeServerSideToolInvocations").boolean(true);
    }
    json.end_object();
}
