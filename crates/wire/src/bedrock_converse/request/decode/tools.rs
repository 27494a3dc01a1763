//! `toolConfig`.

use catalogue::Protocol;

use super::super::super::content::cache_mark;
use super::super::super::read::{Read, bytes, flag, list, named, object, raw, text, wrong};
use super::super::super::search;
use crate::conversation::{Function, Loss, Opaque, Request, Tool, ToolChoice};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

pub(super) fn read(scan: &mut Scanner<'_>, request: &mut Request) -> Read<()> {
    object(scan, |scan, name| match name {
        b"tools" => list(scan, |scan| object(scan, |scan, kind| tool(scan, kind, request))),
        b"toolChoice" => object(scan, |scan, kind| {
            request.tool_choice = match kind {
                b"auto" => ToolChoice::Auto,
                b"any" => ToolChoice::Any,
                b"tool" => {
                    let mut chosen = None;
                    object(scan, |scan, name| {
                        if name == b"name" {
                            chosen = Some(text(scan)?);
                            return Ok(());
                        }
                        Ok(scan.skip()?)
                    })?;
                    let missing = || wrong("`name` is missing");
                    request.tool_choice = ToolChoice::Named(chosen.ok_or_else(missing)?);
                    return Ok(());
                }
                _ => return Err(wrong("no such choice")),
            };
            Ok(scan.skip()?)
        }),
        _ => {
            note(&mut request.losses, Loss::new(named("toolConfig.", name), "no place for it elsewhere"));
            Ok(scan.skip()?)
        }
    })
}

fn tool(scan: &mut Scanner<'_>, kind: &[u8], request: &mut Request) -> Read<()> {
    match kind {
        b"toolSpec" => {
            let function = function(scan, &mut request.losses)?;
            request.tools.push(Tool::Function(function));
        }
        b"cachePoint" => {
            let mark = cache_mark(scan)?;
            match request.tools.last_mut() {
                Some(Tool::Function(function)) => function.cache = Some(mark),
                _ => note(&mut request.losses, Loss::new("cachePoint", "no function stands before it")),
            }
        }
        b"systemTool" => {
            let raw = raw(scan)?;
            request.tools.push(search::tool(raw).unwrap_or_else(|| supplied(kind, raw)));
        }
        // A kind that is not known here.
        _ => {
            let tool = supplied(kind, raw(scan)?);
            request.tools.push(tool);
        }
    }
    Ok(())
}

/// A tool that is carried as it came.
fn supplied(kind: &[u8], value: &[u8]) -> Tool {
    let kind = named("", kind);
    let mut json = Json::new();
    json.object().key(&kind).raw(value).end_object();
    let data = String::from_utf8(json.finish()).expect("JSON is UTF-8");
    Tool::Supplied(Opaque::new(Protocol::BedrockConverse, kind, data))
}

fn function(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Function> {
    let mut function = Function::default();
    object(scan, |scan, name| {
        match name {
            b"name" => function.name = text(scan)?,
            b"description" => function.description = Some(text(scan)?),
            b"inputSchema" => object(scan, |scan, name| {
                if name == b"json" {
                    function.schema = Some(bytes(scan)?);
                    return Ok(());
                }
                Err(wrong("`json` was expected"))
            })?,
            b"strict" => function.strict = Some(flag(scan)?),
            _ => {
                if scan.says_something()? {
                    note(losses, Loss::new(named("toolSpec.", name), "no place for it elsewhere"));
                }
            }
        }
        Ok(())
    })?;
    if function.name.is_empty() {
        return Err(wrong("`name` is missing"));
    }
    Ok(function)
}
