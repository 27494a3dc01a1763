//! Tools on offer, and which is to be called.

use crate::placed::Placed;
use std::collections::HashSet;

use catalogue::Protocol;

use super::super::super::read::{
    Losses, NO_PLACE, Read, elements, flag, members, raw, raw_object, text, wrong,
};
use super::super::super::words::read_mark;
use crate::conversation::{Function, Grammar, Opaque, Tool, ToolChoice, TranslateError, WebSearch};
use crate::scan::{Kind, Scanner};
use crate::web_search;

/// The member that asks for `OpenAI`'s web search. It is no element of `tools`, but means one.
pub(in super::super) const WEB_SEARCH: &str = "web_search_options";

/// Reads the list `tools`.
pub(super) fn read(scan: &mut Scanner<'_>, tools: &mut Vec<Tool>, losses: &mut Losses) -> Read<()> {
    elements(scan, |scan| {
        tools.push(read_tool(scan, losses)?);
        Ok(())
    })
}

fn read_tool(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Tool> {
    let range = scan.range()?;
    let mut kind = None;
    let mut function = None;
    let mut custom = None;
    let mut cache = None;
    let mut unknown = Losses::default();
    let mut inside = scan.again(range.clone());
    if inside.kind()? != Kind::Object {
        return Err(wrong("an object was expected"));
    }
    members(&mut inside, |scan, name| {
        match name {
            b"type" => kind = text(scan)?,
            b"function" => function = Some(read_function(scan, "tools.function", &mut unknown)?),
            b"custom" => custom = Some(read_custom(scan, &mut unknown)?),
            b"cache_control" => cache = read_mark(scan, &mut unknown)?,
            _ => unknown.unknown(scan, "tools", name)?,
        }
        Ok(())
    })?;
    let tool = match (kind.as_deref(), function, custom) {
        (Some("function") | None, Some(function), _) => {
            let cache = cache.or(function.cache);
            Tool::Function(Function { cache, ..function })
        }
        (Some("custom") | None, _, Some(custom)) => {
            if cache.is_some() {
                unknown.note("tools.cache_control", "only functions carry one");
            }
            custom
        }
        (Some("function"), None, _) => return Err(wrong("`function` is missing")),
        (Some("custom"), _, None) => return Err(wrong("`custom` is missing")),
        // The supplier's own: what is in it is for the supplier.
        (Some(kind), ..) => {
            let json = String::from_utf8_lossy(scan.slice(range)).into_owned();
            return Ok(Tool::Supplied(Opaque::new(Protocol::OpenaiChat, kind.to_owned(), json)));
        }
        (None, None, None) => return Err(wrong("`type` is missing")),
    };
    for loss in unknown.as_slice() {
        losses.note(&loss.what, loss.why);
    }
    Ok(tool)
}

/// Reads a function's definition; `within` is where it stands.
pub(super) fn read_function(scan: &mut Scanner<'_>, within: &str, losses: &mut Losses) -> Read<Function> {
    let mut function = Function::default();
    let mut name = None;
    members(scan, |scan, member| {
        match member {
            b"name" => name = text(scan)?,
            b"description" => function.description = text(scan)?,
            b"parameters" => function.schema = raw_object(scan)?,
            b"strict" => function.strict = flag(scan)?,
            b"cache_control" => function.cache = read_mark(scan, losses)?,
            _ => losses.unknown(scan, within, member)?,
        }
        Ok(())
    })?;
    function.name = needed(name, "name")?;
    Ok(function)
}

fn read_custom(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Tool> {
    let (mut name, mut description, mut grammar) = (None, None, None);
    members(scan, |scan, member| {
        match member {
            b"name" => name = text(scan)?,
            b"description" => description = text(scan)?,
            b"format" => grammar = read_grammar(scan, losses)?,
            _ => losses.unknown(scan, "tools.custom", member)?,
        }
        Ok(())
    })?;
    Ok(Tool::Custom { name: needed(name, "name")?, description, grammar })
}

/// Reads `{type: text}`, which is no grammar, or `{type: grammar, grammar: {definition, syntax}}`
/// (`chat_completion_custom_tool_param.py` in openai 3.54.0).
fn read_grammar(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<Grammar>> {
    let mut kind = None;
    let (mut definition, mut syntax) = (None, None);
    members(scan, |scan, name| {
        match name {
            b"type" => kind = text(scan)?,
            b"grammar" => members(scan, |scan, name| {
                match name {
                    b"definition" => definition = text(scan)?,
                    b"syntax" => syntax = text(scan)?,
                    _ => losses.unknown(scan, "tools.custom.format.grammar", name)?,
                }
                Ok(())
            })?,
            _ => losses.unknown(scan, "tools.custom.format", name)?,
        }
        Ok(())
    })?;
    match kind.as_deref() {
        None | Some("text") => Ok(None),
        Some("grammar") => {
            let definition = definition.ok_or_else(|| wrong("`grammar.definition` is missing"))?;
            let syntax = syntax.ok_or_else(|| wrong("`grammar.syntax` is missing"))?;
            Ok(Some(Grammar { syntax, definition }))
        }
        Some(_) => Err(TranslateError::unsayable("tools.custom.format.type", NO_PLACE).into()),
    }
}

fn needed(value: Option<String>, name: &'static str) -> Read<String> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| wrong("it is missing").within(name))
}

/// `web_search_options`, as the tool that it asks for.
pub(super) fn read_web_search(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<Tool>> {
    let Some(options) = raw_object(scan)? else { return Ok(None) };
    let written = String::from_utf8_lossy(&options).into_owned();
    let mut search = WebSearch::new(WEB_SEARCH, Opaque::new(Protocol::OpenaiChat, WEB_SEARCH, written));
    members(&mut Scanner::new(&options)?, |scan, name| {
        match name {
            b"search_context_size" => search.depth = text(scan)?,
            b"user_location" => search.near = web_search::place(scan)?,
            _ => losses.unknown(scan, WEB_SEARCH, name)?,
        }
        Ok(())
    })?;
    Ok(Some(Tool::Search(Box::new(search))))
}

/// What `tool_choice` says.
pub(super) struct Choice {
    pub(super) choice: ToolChoice,
    /// The only tools that may be called.
    pub(super) allowed: Option<HashSet<String>>,
}

impl From<ToolChoice> for Choice {
    fn from(choice: ToolChoice) -> Self {
        Self { choice, allowed: None }
    }
}

/// Reads `tool_choice`.
pub(super) fn read_choice(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<Choice>> {
    match scan.kind()? {
        Kind::Null => {
            scan.skip()?;
            return Ok(None);
        }
        Kind::String => {
            let word = text(scan)?.unwrap_or_default();
            let choice = match word.as_str() {
                "none" => ToolChoice::None,
                "auto" => ToolChoice::Auto,
                // `any` is Mistral's.
                "required" | "any" => ToolChoice::Any,
                _ => return Err(wrong("`none`, `auto`, `required` or an object was expected")),
            };
            return Ok(Some(choice.into()));
        }
        _ => {}
    }
    let mut kind = None;
    let mut named = None;
    let mut allowed = None;
    members(scan, |scan, name| {
        match name {
            b"type" => kind = text(scan)?,
            b"function" | b"custom" => named = read_name(scan, losses)?,
            b"allowed_tools" => allowed = Some(read_allowed(scan, losses)?),
            _ => losses.unknown(scan, "tool_choice", name)?,
        }
        Ok(())
    })?;
    match (kind.as_deref(), named, allowed) {
        (Some("allowed_tools"), _, Some(allowed)) => {
            losses.note("tool_choice.allowed_tools", "the other tools are not offered");
            Ok(Some(allowed))
        }
        (Some("function" | "custom"), Some(name), _) => Ok(Some(ToolChoice::Named(name).into())),
        (Some("auto"), ..) => Ok(Some(ToolChoice::Auto.into())),
        (Some("function" | "custom" | "allowed_tools") | None, ..) => Err(wrong("it names no tool")),
        (Some(_), ..) => Err(TranslateError::unsayable("tool_choice.type", NO_PLACE).into()),
    }
}

/// Reads `{mode, tools}`.
fn read_allowed(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Choice> {
    let mut mode = None;
    let mut names = HashSet::new();
    members(scan, |scan, name| {
        match name {
            b"mode" => mode = text(scan)?,
            b"tools" => elements(scan, |scan| {
                let mut kind = None;
                let mut named = None;
                members(scan, |scan, name| {
                    match name {
                        b"type" => kind = text(scan)?,
                        b"function" | b"custom" => named = read_name(scan, losses)?,
                        b"name" => named = text(scan)?,
                        _ => drop(raw(scan)?),
                    }
                    Ok(())
                })?;
                // A supplied tool goes by its kind.
                names.insert(named.or(kind).ok_or_else(|| wrong("it names no tool"))?);
                Ok(())
            })?,
            _ => losses.unknown(scan, "tool_choice.allowed_tools", name)?,
        }
        Ok(())
    })?;
    let choice = match mode.as_deref() {
        Some("required") => ToolChoice::Any,
        Some("auto") | None => ToolChoice::Auto,
        Some(_) => return Err(wrong("`auto` or `required` was expected").within("mode")),
    };
    Ok(Choice { choice, allowed: Some(names) })
}

fn read_name(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<String>> {
    let mut named = None;
    members(scan, |scan, name| {
        match name {
            b"name" => named = text(scan)?,
            _ => losses.unknown(scan, "tool_choice.function", name)?,
        }
        Ok(())
    })?;
    Ok(named)
}

/// `function_call` of a request, from before there were tools.
pub(super) fn read_legacy_choice(scan: &mut Scanner<'_>) -> Read<Option<ToolChoice>> {
    match scan.kind()? {
        Kind::String => match text(scan)?.as_deref() {
            Some("none") => Ok(Some(ToolChoice::None)),
            Some("auto") => Ok(Some(ToolChoice::Auto)),
            _ => Err(wrong("`none`, `auto` or an object was expected")),
        },
        _ => Ok(read_name(scan, &mut Losses::default())?.map(ToolChoice::Named)),
    }
}
