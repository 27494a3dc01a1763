//! Tools on offer, and which is to be called.

use catalogue::{Protocol, Quirks};

use super::super::super::words::write_mark;
use super::super::decode::WEB_SEARCH;
use super::Writer;
use crate::conversation::{
    CacheMark, Function, Grammar, Opaque, Request, Tool, ToolChoice, TranslateError, WebSearch,
};
use crate::web_search;

impl Writer<'_> {
    pub(super) fn tools(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        let (apart, listed): (Vec<&Tool>, Vec<&Tool>) = request.tools.iter().partition(|tool| is_apart(tool));
        for tool in apart {
            if let Tool::Search(search) = tool {
                self.search(search)?;
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
            Tool::Custom { name, description, grammar } => {
                self.json.object().key("type").text("custom").key("custom").object();
                self.json.key("name").text(name).optional("description", description.as_ref());
                if let Some(Grammar { syntax, definition }) = grammar {
                    self.json.key("format").object().key("type").text("grammar").key("grammar").object();
                    self.json.key("syntax").text(syntax).key("definition").text(definition);
                    self.json.end_object().end_object();
                }
                self.json.end_object().end_object();
            }
            Tool::Supplied(tool) => {
                let json = self.supplied(tool)?;
                self.json.raw(json);
            }
            // It stands apart.
            Tool::Search(_) => {}
        }
        Ok(())
    }

    /// A search: a member of the request, which few models take.
    fn search(&mut self, search: &WebSearch) -> Result<(), TranslateError> {
        if search.written.is_for(Protocol::OpenaiChat, self.target.owner) {
            self.json.key(WEB_SEARCH).raw(&search.written.data);
            return Ok(());
        }
        if !self.has(Quirks::SEARCH_OPTIONS) {
            return Err(TranslateError::unsayable(
                search.path(),
                "the model searches nothing in this protocol",
            ));
        }
        web_search::check(search, self.target, web_search::NO_LIMITS)?;
        if search.most.is_some() {
            self.losses.note("max_uses", web_search::NO_LIMIT);
        }
        self.json.key(WEB_SEARCH).object().optional("search_context_size", search.depth.as_ref());
        if let Some(place) = &search.near {
            self.json.key("user_location").object().key("type").text("approximate");
            self.json.key("approximate").object();
            web_search::write_place(&mut self.json, place);
            self.json.end_object().end_object();
        }
        self.json.end_object();
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

    /// A tool of the supplier's own.
    fn supplied<'t>(&self, tool: &'t Opaque) -> Result<&'t str, TranslateError> {
        if tool.is_for(Protocol::OpenaiChat, self.target.owner) {
            Ok(&tool.data)
        } else {
            Err(TranslateError::foreign_tool(&tool.kind))
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
            ToolChoice::Named(name) if is_search(request, name) => {
                self.losses.note("tool_choice", "a search cannot be asked for there");
            }
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

/// Whether the name is a search's.
fn is_search(request: &Request, name: &str) -> bool {
    request.tools.iter().any(|tool| is_apart(tool) && tool.name() == name)
}

/// Whether the tool is a member of the request rather than one of its tools.
fn is_apart(tool: &Tool) -> bool {
    matches!(tool, Tool::Search(_))
}
