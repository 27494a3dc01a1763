//! Tools, and whether they are to be called.

use super::Writer;
use crate::conversation::{Function, Tool, ToolChoice, TranslateError};

const NO_PARAMETERS: &[u8] = br#"{"type":"object","properties":{}}"#;

impl<'a> Writer<'a> {
    pub(super) fn tools(&mut self) -> Result<(), TranslateError> {
        let functions = self.functions()?;
        if self.request.parallel_tools == Some(false) {
            self.lose("parallel_tool_calls", "the model decides how many tools it calls there");
        }
        if functions.is_empty() {
            return Ok(());
        }
        self.json.key("tools").array();
        for function in &functions {
            self.function(function);
        }
        self.json.end_array();
        self.strictness(&functions);
        // To leave the choice to the model is what happens where none is named.
        let choice = match self.request.tool_choice {
            ToolChoice::Unsaid | ToolChoice::Auto => return Ok(()),
            ToolChoice::None => "NONE",
            ToolChoice::Any | ToolChoice::Named(_) => "REQUIRED",
        };
        self.json.key("tool_choice").text(choice);
        Ok(())
    }

    /// The functions on offer. One that has to be called is offered alone, since it cannot be named.
    fn functions(&mut self) -> Result<Vec<&'a Function>, TranslateError> {
        let request = self.request;
        let named = match &request.tool_choice {
            ToolChoice::Named(name) => Some(name),
            _ => None,
        };
        let mut functions = Vec::with_capacity(request.tools.len());
        for tool in &request.tools {
            match tool {
                Tool::Function(function) => functions.push(function),
                Tool::Custom { .. } => {
                    return Err(TranslateError::unsayable("tools", "only functions there"));
                }
                Tool::Search(search) => {
                    return Err(TranslateError::unsayable(search.path(), "the supplier searches nothing"));
                }
                Tool::Supplied(opaque) => return Err(TranslateError::foreign_tool(&opaque.kind)),
            }
        }
        let Some(named) = named else { return Ok(functions) };
        let offered = functions.len();
        functions.retain(|function| function.name == *named);
        if functions.len() < offered {
            self.lose(
                "tool_choice",
                "no tool can be named there: it is offered alone, and some tool required",
            );
        }
        Ok(functions)
    }

    fn function(&mut self, function: &Function) {
        if function.cache.is_some() {
            self.lose("cache_control", "no cache marks there");
        }
        self.json.object().key("type").text("function").key("function").object();
        self.json.key("name").text(&function.name);
        self.json.optional("description", function.description.as_deref());
        self.json.key("parameters").raw(function.schema.as_deref().unwrap_or(NO_PARAMETERS));
        self.json.end_object().end_object();
    }

    /// Strictness is one word for all tools.
    fn strictness(&mut self, functions: &[&Function]) {
        if functions.iter().all(|function| function.strict == Some(true)) {
            self.json.key("strict_tools").boolean(true);
        } else if functions.iter().any(|function| function.strict == Some(true)) {
            self.lose("tools.strict", "all tools are held to their schemas there, or none");
        }
    }
}
