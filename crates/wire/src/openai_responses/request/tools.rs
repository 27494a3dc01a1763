//! Tools on offer, read and written.
//!
//! Source: `types/responses/{function,custom,namespace,tool_search}_tool_param.py`. A function without `strict` is held to
//! its schema where the schema allows it, so "not said" is said as `false`: that is what it means in other dialects.

use std::borrow::Cow;

use super::super::PROTOCOL;
use super::super::items::{IN_NAMESPACE, in_namespace};
use super::super::read::{self, NO_PLACE, Read};
use super::super::search;
use crate::conversation::{Function, Grammar, Loss, Opaque, Tool, TranslateError};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Reads a list of tools into `tools`.
pub(super) fn read(scan: &mut Scanner<'_>, tools: &mut Vec<Tool>, losses: &mut Vec<Loss>) -> Read<()> {
    read::list(scan, "tools", |scan| Member::read(scan, losses)?.add(None, tools, losses))
}

/// The members of a tool, whatever its type.
#[derive(Debug, Default)]
struct Member<'a> {
    kind: Option<Cow<'a, str>>,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<&'a [u8]>,
    strict: Option<bool>,
    format: Option<&'a [u8]>,
    /// Those in a namespace.
    tools: Option<Scanner<'a>>,
    /// Who searches for tools.
    execution: Option<Cow<'a, str>>,
    lost: Vec<String>,
    raw: &'a [u8],
}

impl<'a> Member<'a> {
    fn read(scan: &mut Scanner<'a>, losses: &mut Vec<Loss>) -> Read<Self> {
        let mut tool = Self::default();
        scan.kind()?;
        let start = scan.at();
        read::object(scan, "tools", |scan, name| {
            match name {
                b"type" => tool.kind = scan.text()?.map(|kind| kind.unescape()),
                b"name" => tool.name = read::string(scan, "tools.name")?,
                b"description" => tool.description = read::string(scan, "tools.description")?,
                b"parameters" => tool.parameters = read::some_raw(scan)?,
                b"strict" => tool.strict = read::boolean(scan, "tools.strict")?,
                b"format" => tool.format = read::some_raw(scan)?,
                b"execution" => tool.execution = scan.text()?.map(|who| who.unescape()),
                b"tools" => {
                    let range = scan.range()?;
                    tool.tools = Some(scan.again(range));
                }
                // Whether a tool is only found by a search: all are shown at once instead.
                _ if scan.says_something()? => tool.lost.push(String::from_utf8_lossy(name).into_owned()),
                _ => {}
            }
            Ok(())
        })?;
        tool.raw = scan.slice(start..scan.at());
        if matches!(tool.kind.as_deref(), Some("function" | "custom" | "namespace")) {
            for name in tool.lost.iter().take(9) {
                note(losses, Loss::new(format!("tools.{name}"), NO_PLACE));
            }
        }
        Ok(tool)
    }

    /// Adds the tool, or those that are in it.
    fn add(self, namespace: Option<&str>, tools: &mut Vec<Tool>, losses: &mut Vec<Loss>) -> Read<()> {
        let kind = self.kind.as_deref().unwrap_or_default();
        let tool = match kind {
            "function" => {
                let schema = self.parameters.map(|schema| schema.to_vec().into());
                let name = self.name(namespace)?;
                let (description, strict) = (self.description, self.strict);
                Tool::Function(Function { name, description, schema, strict, cache: None })
            }
            "custom" => {
                let name = self.name(namespace)?;
                let grammar = self.format.map(grammar).transpose()?.flatten();
                Tool::Custom { name, description: self.description, grammar }
            }
            "namespace" if namespace.is_none() => return self.add_inside(tools, losses),
            // The supplier looks for tools among those that are here: nobody else has to look.
            "tool_search" if self.execution.as_deref() != Some("client") => {
                note(losses, Loss::new("tools.tool_search", "all tools are shown at once"));
                return Ok(());
            }
            "" => return Err(TranslateError::malformed("tools.type", "a tool has a type").into()),
            kind if namespace.is_some() => {
                let why = "a namespace holds functions and custom tools";
                return Err(TranslateError::unsayable(format!("tools.namespace.{kind}"), why).into());
            }
            kind if search::is_tool(kind) => search::tool(kind, self.raw, losses)?,
            kind => {
                let raw = String::from_utf8_lossy(self.raw).into_owned();
                Tool::Supplied(Opaque::new(PROTOCOL, kind.to_owned(), raw))
            }
        };
        tools.push(tool);
        Ok(())
    }

    /// The name of a tool. What means a namespace to us cannot stand in a name of `OpenAI`'s.
    fn name(&self, namespace: Option<&str>) -> Read<String> {
        let name = self.name.as_deref().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| TranslateError::malformed("tools.name", "a tool has a name"))?;
        if name.contains(IN_NAMESPACE) {
            return Err(TranslateError::malformed("tools.name", "`::` cannot stand in a name").into());
        }
        Ok(in_namespace(namespace, name.to_owned()))
    }

    fn add_inside(mut self, tools: &mut Vec<Tool>, losses: &mut Vec<Loss>) -> Read<()> {
        let namespace = self.name(None)?;
        if self.description.is_some_and(|text| !text.is_empty()) {
            note(losses, Loss::new("tools.namespace.description", NO_PLACE));
        }
        let Some(scan) = &mut self.tools else { return Ok(()) };
        read::list(scan, "tools.tools", |scan| {
            Member::read(scan, losses)?.add(Some(&namespace), tools, losses)
        })
    }
}

/// The grammar in a custom tool's format; none where any text is taken. It stands flat here, where Chat Completions has a
/// member of its own for it (`types/shared_params/custom_tool_input_format.py`).
fn grammar(format: &[u8]) -> Read<Option<Grammar>> {
    let (mut kind, mut syntax, mut definition) = (None, None, None);
    read::object(&mut Scanner::new(format)?, "tools.format", |scan, name| {
        match name {
            b"type" => kind = read::string(scan, "tools.format.type")?,
            b"syntax" => syntax = read::string(scan, "tools.format.syntax")?,
            b"definition" => definition = read::string(scan, "tools.format.definition")?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    let missing = |name: &str| TranslateError::malformed(format!("tools.format.{name}"), "a grammar has one");
    match kind.as_deref() {
        None | Some("text") => Ok(None),
        Some("grammar") => Ok(Some(Grammar {
            syntax: syntax.ok_or_else(|| missing("syntax"))?,
            definition: definition.ok_or_else(|| missing("definition"))?,
        })),
        Some(_) => {
            let why = "a format that only its own protocol has";
            Err(TranslateError::unsayable("tools.format.type", why).into())
        }
    }
}

/// How "nothing said" about a schema's strictness is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Strictness {
    /// As in other dialects, where it means that arguments are not held to the schema: to a supplier.
    Off,
    /// As nothing: to a client, who said nothing.
    Unsaid,
}

/// Writes the list of tools.
pub(in super::super) fn write(json: &mut Json, tools: &[Tool], unsaid: Strictness, losses: &mut Vec<Loss>) {
    json.array();
    for group in
        tools.chunk_by(|one, other| namespace_of(one).is_some() && namespace_of(one) == namespace_of(other))
    {
        let namespace = namespace_of(&group[0]);
        if let Some(namespace) = namespace {
            json.object().key("type").text("namespace").key("name").text(namespace);
            json.key("description").text("").key("tools").array();
        }
        for tool in group {
            write_one(json, tool, unsaid, losses);
        }
        if namespace.is_some() {
            json.end_array().end_object();
        }
    }
    json.end_array();
}

/// The namespace and the name of a tool.
pub(in super::super) fn apart(name: &str) -> (Option<&str>, &str) {
    match name.split_once(IN_NAMESPACE) {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, name),
    }
}

fn namespace_of(tool: &Tool) -> Option<&str> {
    match tool {
        Tool::Search(_) | Tool::Supplied(_) => None,
        tool => apart(tool.name()).0,
    }
}

fn write_one(json: &mut Json, tool: &Tool, unsaid: Strictness, losses: &mut Vec<Loss>) {
    match tool {
        Tool::Function(function) => {
            if function.cache.is_some() {
                note(losses, Loss::new("cache_control", "no cache marks on tools there"));
            }
            json.object().key("type").text("function").key("name").text(apart(&function.name).1);
            json.optional("description", function.description.as_ref());
            json.key("parameters").raw(function.schema.as_deref().unwrap_or(b"null")).key("strict");
            match (function.strict, unsaid) {
                (Some(strict), _) => json.boolean(strict),
                (None, Strictness::Off) => json.boolean(false),
                (None, Strictness::Unsaid) => json.null(),
            };
            json.end_object();
        }
        Tool::Custom { name, description, grammar } => {
            json.object().key("type").text("custom").key("name").text(apart(name).1);
            json.optional("description", description.as_ref());
            if let Some(Grammar { syntax, definition }) = grammar {
                json.key("format").object().key("type").text("grammar");
                json.key("syntax").text(syntax).key("definition").text(definition).end_object();
            }
            json.end_object();
        }
        Tool::Search(search) => search::write_tool(json, search),
        Tool::Supplied(tool) => {
            json.raw(&tool.data);
        }
    }
}
