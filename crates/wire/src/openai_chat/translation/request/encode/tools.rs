//! Tools on offer, and which is to be called.

use bytes::Bytes;
use catalogue::Protocol;

use super::super::super::words::write_mark;
use super::super::decode::WEB_SEARCH;
use super::Writer;
use crate::conversation::{CacheMark, Function, Opaque, Tool, ToolChoice, TranslateError};
use crate::scan::{Kind, ScanError, Scanner};

impl Writer<'_> {
    pub(super) fn tools(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        let (apart, listed): (Vec<&Tool>, Vec<&Tool>) = request.tools.iter().partition(|tool| is_apart(tool));
        for tool in apart {
            if let Tool::Supplied(tool) = tool {
                let json = self.supplied(tool)?;
                self.json.key(WEB_SEARCH).raw(json);
            }
        }
        if !listed.is_empty() {
            self.json.key("tools").array();
            for tool in &listed {
                self.tool(tool)?;
            }
            self.json.end_array();
        }
        self.tool_choice(!listed.is_empty());
        Ok(())
    }

    fn tool(&mut self, tool: &Tool) -> Result<(), TranslateError> {
        match tool {
            Tool::Function(function) => self.function(function),
            Tool::Custom { name, description, format } => {
                self.json.object().key("type").text("custom").key("custom").object();
                self.json.key("name").text(name).optional("description", description.as_ref());
                if let Some(format) = format {
                    self.grammar(format)?;
                }
                self.json.end_object().end_object();
            }
            Tool::Supplied(tool) => {
                let json = self.supplied(tool)?;
                self.json.raw(json);
            }
        }
        Ok(())
    }

    fn function(&mut self, function: &Function) {
        self.json.object().key("type").text("function").key("function").object();
        self.json.key("name").text(&function.name).optional("description", function.description.as_ref());
        self.json.optional_raw("parameters", function.schema.as_ref());
        if let Some(strict) = function.strict {
            self.json.key("strict").boolean(strict);
        }
        self.json.end_object();
        self.mark(function.cache);
        self.json.end_object();
    }

    /// Writes a cache mark as a member of the open object, or says that it is lost.
    pub(super) fn mark(&mut self, mark: Option<CacheMark>) {
        let Some(mark) = mark else { return };
        if self.takes_marks() {
            write_mark(&mut self.json, mark);
        } else {
            self.losses.note("cache_control", "the target caches by itself, or not at all");
        }
    }

    /// A grammar, which Responses holds flat and Chat Completions in a member of its own.
    fn grammar(&mut self, format: &Bytes) -> Result<(), TranslateError> {
        let mut grammar = Grammar::default();
        let read = Scanner::new(format).and_then(|mut scan| grammar.read(&mut scan));
        let (Ok(()), Some(definition)) = (read, grammar.definition) else {
            return Err(TranslateError::unsayable("tools.format", "not a grammar that we can read"));
        };
        self.json.key("format").object().key("type").text("grammar").key("grammar").object();
        self.json.key("syntax").raw(grammar.syntax.unwrap_or(br#""lark""#));
        self.json.key("definition").raw(definition).end_object().end_object();
        Ok(())
    }

    /// A tool of the supplier's own.
    fn supplied<'t>(&self, tool: &'t Opaque) -> Result<&'t str, TranslateError> {
        if tool.is_for(Protocol::OpenaiChat, self.target.owner) {
            Ok(&tool.data)
        } else {
            let what = format!("tools.{}", tool.kind);
            Err(TranslateError::unsayable(what, "only suppliers of its own protocol run this tool"))
        }
    }

    /// Both members are refused where there are no tools.
    fn tool_choice(&mut self, has_tools: bool) {
        let request = self.request;
        if !has_tools {
            if matches!(request.tool_choice, ToolChoice::Any | ToolChoice::Named(_)) {
                self.losses.note("tool_choice", "there are no tools");
            }
            return;
        }
        match &request.tool_choice {
            ToolChoice::Unsaid => {}
            ToolChoice::Auto => drop(self.json.key("tool_choice").text("auto")),
            ToolChoice::None => drop(self.json.key("tool_choice").text("none")),
            ToolChoice::Any => drop(self.json.key("tool_choice").text("required")),
            ToolChoice::Named(name) => {
                let is_custom =
                    |tool: &Tool| matches!(tool, Tool::Custom { name: known, .. } if known == name);
                let kind = if request.tools.iter().any(is_custom) { "custom" } else { "function" };
                self.json.key("tool_choice").object().key("type").text(kind).key(kind).object();
                self.json.key("name").text(name).end_object().end_object();
            }
        }
        if let Some(parallel) = request.parallel_tools {
            self.json.key("parallel_tool_calls").boolean(parallel);
        }
    }
}

/// Whether the tool is a member of the request rather than one of its tools.
fn is_apart(tool: &Tool) -> bool {
    matches!(tool, Tool::Supplied(tool) if tool.kind == WEB_SEARCH && tool.protocol == Protocol::OpenaiChat)
}

/// A grammar's two strings, as they are written, wherever in the object they stand.
#[derive(Default)]
struct Grammar<'a> {
    definition: Option<&'a [u8]>,
    syntax: Option<&'a [u8]>,
}

impl<'a> Grammar<'a> {
    fn read(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        scan.object(|scan, name| {
            match (name, scan.kind()?) {
                (b"grammar", Kind::Object) => self.read(scan)?,
                (b"definition", Kind::String) => {
                    let range = scan.range()?;
                    self.definition = Some(scan.slice(range));
                }
                (b"syntax", Kind::String) => {
                    let range = scan.range()?;
                    self.syntax = Some(scan.slice(range));
                }
                _ => scan.skip()?,
            }
            Ok(())
        })
    }
}
