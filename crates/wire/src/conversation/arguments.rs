//! What a tool is called with, as an object: dialects that have nothing else share this.
//!
//! A model may break off in the middle of it, or write something else. That is wrapped, in the form that Anthropic's
//! guide to fine-grained tool streaming shows for handing invalid JSON back to the model: `{"INVALID_JSON": "..."}`.

use std::borrow::Cow;

use bytes::Bytes;

use super::message::ToolInput;
use super::translator::Loss;
use crate::json::Json;
use crate::scan::is_object;

impl ToolInput {
    /// The input as a JSON object: as it came, where it is one. What is lost where it is none.
    pub(crate) fn as_object(&self) -> (Cow<'_, Bytes>, Option<Loss>) {
        match self {
            Self::Arguments(json) if json.trim_ascii().is_empty() => {
                (Cow::Owned(Bytes::from_static(b"{}")), None)
            }
            Self::Arguments(json) if is_object(json) => (Cow::Borrowed(json), None),
            Self::Arguments(broken) => {
                let why = "what the model wrote is no JSON object: it is wrapped in one";
                let wrapped = wrapped("INVALID_JSON", &String::from_utf8_lossy(broken));
                (Cow::Owned(wrapped), Some(Loss::new("tool_call.arguments", why)))
            }
            Self::Text(text) => {
                let why = "a call holds an object there: its text is wrapped in one";
                (Cow::Owned(wrapped("input", text)), Some(Loss::new("tool_call.custom", why)))
            }
        }
    }
}

/// An object that holds a text.
pub(crate) fn wrapped(name: &str, text: &str) -> Bytes {
    let mut json = Json::new();
    json.object().key(name).text(text).end_object();
    json.finish().into()
}
