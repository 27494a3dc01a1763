//! Tools on offer, read and written.
//!
//! Source: `types/responses/{function,custom,namespace,tool_search}_tool_param.py`. A function without `strict` is held to
//! its schema where the schema allows it, so "not said" is said as `false`: that is what it means in other dialects.

use std::borrow::Cow;

use super::super::PROTOCOL;
use super::super::items::{IN_NAMESPACE, in_namespace};
use super::super::read::{self, NO_PLACE, Read};
use crate::conversation::{Function, Loss, Opaque, Tool, TranslateError};
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
                let format = self.format.map(grammar).transpose()?.flatten();
                Tool::Custom { name, description: self.description, format: format.map(Into::into) }
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

/// The grammar in a custom tool's format, as `{"syntax":...,"definition":...}`; none where any text is taken. It may stand
/// a level deeper, as in Chat Completions.
fn grammar(format: &[u8]) -> Read<Option<Vec<u8>>> {
    let (mut any_text, mut syntax, mut definition) = (false, None, None);
    let mut scan = Scanner::new(format)?;
    read::object(&mut scan, "tools.format", |scan, name| {
        match name {
            b"type" => any_text = scan.text()?.is_some_and(|kind| kind.is("text")),
            b"syntax" => syntax = Some(read::raw(scan)?),
            b"definition" => definition = Some(read::raw(scan)?),
            b"grammar" => read::object(scan, "tools.format.grammar", |scan, name| {
                match name {
                    b"syntax" => syntax = Some(read::raw(scan)?),
                    b"definition" => definition = Some(read::raw(scan)?),
                    _ => scan.skip()?,
                }
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    if any_text {
        return Ok(None);
    }
    let Some((syntax, definition)) = syntax.zip(definition) else {
        let why = "a format that only its own protocol has";
        return Err(TranslateError::unsayable("tools.format", why).into());
    };
    let mut json = Json::new();
    json.object().key("syntax").raw(syntax).key("definition").raw(definition).end_object();
    Ok(Some(json.finish()))
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
        Tool::Supplied(_) => None,
        tool => apart(tool.name()).0,
    }
}

fn write_one(json: &mut Json, tool: &Tool, unsaid: Strictness, losses: &mut Vec<Loss>) {
    match tool {
        Tool::Function(function) => {
            if function.cache.is_some() {
                note(losses, Loss::new("tools.cache_control", "no cache marks on tools there"));
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
        Tool::Custom { name, description, format } => {
            json.object().key("type").text("custom").key("name").text(apart(name).1);
            json.optional("description", description.as_ref());
            if let Some(format) = format {
                write_grammar(json, format);
            }
            json.end_object();
        }
        Tool::Supplied(tool) => {
            json.raw(&tool.data);
        }
    }
}

/// Puts the grammar into the form of this dialect; one of a form that we do not know goes as it came.
fn write_grammar(json: &mut Json, format: &[u8]) {
    let mut members = Vec::new();
    let flat = grammar(format).ok().flatten();
    let read = flat.as_deref().map(|flat| {
        Scanner::new(flat).and_then(|mut scan| {
            scan.object(|scan, name| {
                members.push((name == b"syntax", read::raw(scan)?));
                Ok(())
            })
        })
    });
    if !matches!(read, Some(Ok(()))) {
        json.key("format").raw(format);
        return;
    }
    json.key("format").object().key("type").text("grammar");
    for (is_syntax, value) in members {
        json.key(if is_syntax { "syntax" } else { "definition" }).raw(value);
    }
    json.end_object();
}
