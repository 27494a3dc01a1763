//! What official SDKs do differently from protocol to protocol: one row each.

use std::fmt::Debug;

use catalogue::Protocol;
use secrecy::SecretString;
use serde_json::Value;
use upstream::Credential;

use super::Question;
use super::anthropic::Anthropic;
use super::openai::OpenAi;

/// One protocol, from the client's side.
pub(super) trait Sdk: Sync + Debug {
    /// Where questions go, below the gateway's address.
    fn path(&self) -> &'static str;
    /// The header in which the key travels.
    fn credential(&self, key: &SecretString) -> Result<Credential, UnsendableKey>;
    /// Headers of every request.
    fn standing_headers(&self) -> &'static [(&'static str, &'static str)];
    /// The reply header with the request's id.
    fn request_id_header(&self) -> &'static str;
    /// The question as a request body.
    fn body(&self, question: &Question<'_>) -> Value;
    /// Takes one event of a stream; gives the text in it. An error says what is not as it should be.
    fn event(&self, event: &Event<'_>, so_far: &mut SoFar) -> Result<String, String>;
    /// Takes an answer that was not streamed; gives its text.
    fn whole(&self, body: &Value, so_far: &mut SoFar) -> Result<String, String>;
}

/// The key cannot travel in a header.
#[derive(Debug)]
pub(super) struct UnsendableKey;

/// One event of a stream.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// The `event:` line, empty without one.
    pub(super) name: &'a [u8],
    pub(super) data: &'a [u8],
}

impl Event<'_> {
    /// The data as JSON.
    pub(super) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(self.data).map_err(|error| format!("an event is not JSON: {error}"))
    }
}

/// What is known of an answer so far.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    /// The answer's own id.
    pub(super) id: Option<String>,
    /// Why it ended, in the supplier's word.
    pub(super) finish: Option<String>,
    /// Whether the stream's terminal event has come.
    pub(super) ended: bool,
}

/// The client's side of `protocol`, where it is known.
pub(super) fn of(protocol: Protocol) -> Option<&'static dyn Sdk> {
    match protocol {
        Protocol::OpenaiChat => Some(&OpenAi),
        Protocol::AnthropicMessages => Some(&Anthropic),
        _ => None,
    }
}

/// A text field of an object.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The words of an error object, where `value` is one; the two protocols agree on the place.
pub(super) fn error_words(value: &Value) -> Option<String> {
    let error = value.get("error").filter(|error| !error.is_null())?;
    let words = error.get("message").and_then(Value::as_str).or(error.as_str());
    Some(words.map_or_else(|| error.to_string(), str::to_owned))
}
