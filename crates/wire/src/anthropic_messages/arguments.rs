//! What a tool is called with, as an object: this dialect has nothing else.
//!
//! A model may break off in the middle of it, or write something else. That is wrapped, in the form that Anthropic's
//! guide to fine-grained tool streaming shows for handing invalid JSON back to the model: `{"INVALID_JSON": "..."}`.

use std::borrow::Cow;

use bytes::Bytes;

use super::losses::Losses;
use crate::conversation::ToolInput;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// The input as a JSON object: as it came, where it is one.
pub(super) fn object<'a>(input: &'a ToolInput, losses: &mut Losses) -> Cow<'a, Bytes> {
    match input {
        ToolInput::Arguments(json) if json.trim_ascii().is_empty() => Cow::Owned(Bytes::from_static(b"{}")),
        ToolInput::Arguments(json) if is_object(json) => Cow::Borrowed(json),
        ToolInput::Arguments(broken) => {
            losses.add("tool_call.arguments", "what the model wrote is no JSON object: it is wrapped in one");
            Cow::Owned(wrapped("INVALID_JSON", &String::from_utf8_lossy(broken)))
        }
        ToolInput::Text(text) => {
            losses.add("tool_call.custom", "a call holds an object there: its text is wrapped in one");
            Cow::Owned(wrapped("input", text))
        }
    }
}

/// An object that holds a text.
pub(super) fn wrapped(name: &str, text: &str) -> Bytes {
    let mut json = Json::new();
    json.object().key(name).text(text).end_object();
    json.finish().into()
}

fn is_object(json: &[u8]) -> bool {
    let read = || {
        let mut scan = Scanner::new(json)?;
        let is_object = scan.kind()? == Kind::Object;
        scan.skip()?;
        scan.end()?;
        Ok::<_, ScanError>(is_object)
    };
    read() == Ok(true)
}
