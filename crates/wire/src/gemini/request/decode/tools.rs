//! The tools of a client's request, and whether one is to be called.

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::Protocol;

use crate::conversation::{Function, Loss, Opaque, Request, Tool, ToolChoice};
use crate::gemini::reading::{Read, Wrong, lose, named, raw};
use crate::gemini::strict::{check_object, list, object, raw_object, text};
use crate::gemini::{schema, search};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Reads `tools`. Each member of an element is a tool of its own.
pub(super) fn read(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    list(scan, |scan| {
        object(scan, |scan, name| {
            if name == b"functionDeclarations" {
                return list(scan, |scan| function(scan, request));
            }
            let kind = named("", name);
            let mut tool = Json::new();
            tool.object().key(&kind).raw(raw(scan)?).end_object();
            let tool = String::from_utf8(tool.finish()).expect("the scanner checked that the body is UTF-8");
            if search::is_tool(name) {
                let search = search::tool(&kind, tool, &mut request.losses)?;
                request.tools.push(Tool::Search(Box::new(search)));
                return Ok(());
            }
            request.tools.push(Tool::Supplied(Opaque::new(Protocol::Gemini, kind, tool)));
            Ok(())
        })
    })
}

fn function(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    let mut function = Function::default();
    let mut losses = std::mem::take(&mut request.losses);
    object(scan, |scan, name| {
        match name {
            b"name" => function.name = text(scan)?.unwrap_or_default(),
            b"description" => function.description = text(scan)?.filter(|text| !text.is_empty()),
            b"parametersJsonSchema" => {
                function.schema = Some(Bytes::copy_from_slice(raw_object(scan)?));
            }
            b"parameters" => {
                check_object(scan)?;
                let schema = schema::json_schema(scan, &mut losses)?;
                // Of both, which Google refuses, JSON Schema is the one that says more.
                function.schema.get_or_insert_with(|| Bytes::copy_from_slice(&schema));
            }
            _ => lose(scan, named("functionDeclarations.", name), &mut losses)?,
        }
        Ok(())
    })?;
    request.losses = losses;
    if function.name.is_empty() {
        return Err(Wrong::malformed("name", "it is missing"));
    }
    request.tools.push(Tool::Function(function));
    Ok(())
}

/// Reads `toolConfig`. Gives the names of the functions that may be called, where they are several.
pub(super) fn choice(scan: &mut Scanner<'_>, request: &mut Request) -> Read<Option<Vec<String>>> {
    let (mut mode, mut names) = (Cow::Borrowed(""), Vec::new());
    object(scan, |scan, name| {
        if name != b"functionCallingConfig" {
            return lose(scan, named("toolConfig.", name), &mut request.losses);
        }
        object(scan, |scan, name| {
            match name {
                b"mode" => mode = text(scan)?.unwrap_or_default().to_uppercase().into(),
                b"allowedFunctionNames" => list(scan, |scan| {
                    names.extend(text(scan)?);
                    Ok(())
                })?,
                _ => lose(scan, named("functionCallingConfig.", name), &mut request.losses)?,
            }
            Ok(())
        })
    })?;
    request.tool_choice = match (&*mode, &mut names[..]) {
        ("" | "MODE_UNSPECIFIED", _) => ToolChoice::Unsaid,
        ("AUTO", _) => ToolChoice::Auto,
        ("NONE", _) => ToolChoice::None,
        ("ANY", [only]) => ToolChoice::Named(std::mem::take(only)),
        ("ANY", _) => ToolChoice::Any,
        ("VALIDATED", _) => {
            let why = "whether calls are held to their schemas is left to the supplier";
            note(&mut request.losses, Loss::new("functionCallingConfig.mode", why));
            ToolChoice::Auto
        }
        _ => return Err(Wrong::malformed("toolConfig.functionCallingConfig.mode", "an unknown mode")),
    };
    let limits =
        matches!(&*mode, "ANY" | "VALIDATED") && !matches!(request.tool_choice, ToolChoice::Named(_));
    Ok(Some(names).filter(|names| limits && !names.is_empty()))
}

/// Leaves only those functions on offer: elsewhere a choice among some of them cannot be said in any other way.
pub(super) fn keep(names: &[String], request: &mut Request) {
    let before = request.tools.len();
    request
        .tools
        .retain(|tool| !matches!(tool, Tool::Function(_)) || names.iter().any(|name| name == tool.name()));
    if request.tools.len() < before {
        let why = "the model is not shown the functions that it may not call";
        note(&mut request.losses, Loss::new("functionCallingConfig.allowedFunctionNames", why));
    }
}
