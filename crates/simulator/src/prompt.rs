//! What was asked, once a protocol's reader has understood it. The same for every protocol.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{billing::Input, settings::Model};

/// One understood request.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) model: Arc<Model>,
    /// Hash of the conversation, words to be continued left out: what the answer depends on.
    pub(crate) fingerprint: u64,
    pub(crate) stream: bool,
    /// Streamed Chat Completions: whether usage is sent.
    pub(crate) shows_usage: bool,
    /// Most tokens in all of one choice, reasoning included.
    pub(crate) max_tokens: u64,
    pub(crate) choices: u64,
    pub(crate) stops: Vec<String>,
    pub(crate) tools: Tools,
    pub(crate) form: Form,
    pub(crate) reasoning: Reasoning,
    /// Words of the assistant to be continued.
    pub(crate) prefill: Option<String>,
    /// How many alternatives each token is told with; none: no log probabilities.
    pub(crate) logprobs: Option<u32>,
    pub(crate) input: Input,
    /// The request's body, where replies repeat parts of it.
    pub(crate) request: Value,
}

/// A conversation that its supplier would accept, message by message.
#[derive(Debug)]
pub(crate) struct Talk<'a> {
    pub(crate) messages: &'a [Value],
    /// What the user said last; none after a tool's result or the assistant's words.
    pub(crate) wish: Option<String>,
    /// The text of a last message of the assistant.
    pub(crate) last_words: Option<String>,
}

/// The members of a list; none where there is no list.
pub(crate) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The strings in a list.
pub(crate) fn strings(value: Option<&Value>) -> Vec<String> {
    list(value).iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What may be called, and what the request says about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tools {
    pub(crate) known: Vec<Tool>,
    pub(crate) choice: ToolChoice,
    pub(crate) parallel: bool,
    /// What the user said last; none where the last message is a tool's result.
    pub(crate) wish: Option<String>,
    /// Whether a few words come before calls made at will, as Claude does.
    pub(crate) announced: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum ToolChoice {
    #[default]
    AtWill,
    Never,
    Any,
    This(String),
}

/// What the text must be.
#[derive(Clone, Debug, Default)]
pub(crate) enum Form {
    #[default]
    Prose,
    Json,
    Schema(Value),
}

/// How much thinking comes first, and what of it can be seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reasoning {
    pub(crate) tokens: u64,
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Shown {
    /// Only in the count of tokens.
    #[default]
    Counted,
    /// As a block with a signature and no text.
    Signed,
    /// In full.
    Full,
}

/// Tokens of a text: a rough figure, the same for the same text. Real tokenisers give about 4 bytes each.
pub(crate) fn count_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// Tokens of all text in a piece of a prompt. `flat`: objects that count as so many, whatever is in them.
pub(crate) fn count_json(value: &Value, flat: &dyn Fn(&Map<String, Value>) -> Option<u64>) -> u64 {
    match value {
        Value::String(text) => count_tokens(text),
        Value::Array(items) => items.iter().map(|item| count_json(item, flat)).sum(),
        Value::Object(fields) => {
            flat(fields).unwrap_or_else(|| fields.values().map(|value| count_json(value, flat)).sum())
        }
        _ => 1,
    }
}
