//! Tools on offer. That one be called cannot be asked for; that none be, only by offering none.

use super::Writer;
use crate::conversation::{Function, Tool, ToolChoice, TranslateError};

const NO_PARAMETERS: &[u8] = br#"{"type":"object","properties":{}}"#;

impl Writer<'_> {
    pub(super) fn tools(&mut self) -> Result<(), TranslateError> {
        let request = self.request;
        if self.request.parallel_tools == Some(false) {
            self.lose("parallel_tool_calls", "the model decides how many tools it calls there");
        }
        match &request.tool_choice {
            ToolChoice::Unsaid | ToolChoice::Auto => {}
            ToolChoice::None => {
                if !request.tools.is_empty() {
                    self.lose("tools", "none is to be called, which is said there by offering none");
                }
                return Ok(());
            }
            ToolChoice::Any | ToolChoice::Named(_) => {
                return Err(TranslateError::unsayable("tool_choice", "no call can be asked for there"));
            }
        }
        if request.tools.is_empty() {
            return Ok(());
        }
        self.json.key("tools").array();
        for tool in &request.tools {
            match tool {
                Tool::Function(function) => self.function(function),
                Tool::Custom { .. } => {
                    return Err(TranslateError::unsayable("tools", "only functions there"));
                }
                Tool::Search(search) => {
                    return Err(TranslateError::unsayable(search.path(), "the supplier searches nothing"));
                }
                Tool::Supplied(opaque) => return Err(TranslateError::foreign_tool(&opaque.kind)),
            }
        }
        self.json.end_array();
        Ok(())
    }

    fn function(&mut self, function: &Function) {
        if function.cache.is_some() {
            self.lose("cache_control", "no cache marks there");
        }
        if function.strict == Some(true) {
            self.lose("tools.strict", "calls are not held to schemas there");
        }
        self.json.object().key("type").text("function").key("function").object();
        self.json.key("name").text(&function.name);
        self.json.optional("description", function.description.as_deref());
        self.json.key("parameters").raw(function.schema.as_deref().unwrap_or(NO_PARAMETERS));
        self.json.end_object().end_object();
    }
}
