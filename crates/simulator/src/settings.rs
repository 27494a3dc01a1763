//! How a supplier behaves while nothing is wrong with it.
//!
//! Every part may change while it runs; a request keeps the settings that it started with.

use std::{borrow::Cow, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One supplier's behaviour. Unknown fields are refused.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    /// Decides all text, timing and chance. Two suppliers with the same seed give the same text for the
    /// same weights and conversation.
    pub seed: u64,
    /// The one credential that is accepted; none: any, or none at all.
    pub key: Option<String>,
    /// The secret that belongs to the key, where the key is an AWS access key: signatures are then computed.
    pub signing_secret: Option<String>,
    /// The models that exist here; none: every name is a model.
    pub models: Vec<Model>,
    /// When tokens come.
    pub pace: Pace,
    /// How long and of what kind answers are.
    pub answer: AnswerStyle,
    /// How bytes are laid out on the wire.
    pub delivery: Delivery,
    /// Requests a minute past which the answer is 429, refilled evenly; none: no limit.
    pub requests_per_minute: Option<u32>,
    /// Whether a client that leaves stops the bill at the tokens generated until then; otherwise the whole
    /// answer is billed.
    pub stops_billing_on_abort: bool,
    /// Whether repeated long prefixes are read from a cache and billed as such.
    pub prompt_cache: bool,
    /// Whether request fields that the protocol does not know are refused with 400 in Chat Completions, Messages,
    /// Bedrock Converse and Ollama. Responses, Gemini and Cohere refuse them without this.
    pub refuses_unknown_fields: bool,
    /// Whether Responses, Gemini and Cohere ignore fields that they do not know, as a supplier does that is newer than
    /// its client believes.
    pub ignores_unknown_fields: bool,
    /// How many of the last requests are kept for [`crate::Handle::recorded`].
    pub record: usize,
    /// Whether the bytes of reply bodies are kept too.
    pub record_replies: bool,
    /// A larger request body is refused with 413.
    pub max_request_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            key: None,
            signing_secret: None,
            models: Vec::new(),
            pace: Pace::default(),
            answer: AnswerStyle::default(),
            delivery: Delivery::default(),
            requests_per_minute: None,
            stops_billing_on_abort: true,
            prompt_cache: true,
            refuses_unknown_fields: false,
            ignores_unknown_fields: false,
            record: 64,
            record_replies: false,
            max_request_bytes: 64 << 20,
        }
    }
}

impl Settings {
    /// The model of that name, if it exists here.
    pub(crate) fn model(&self, id: &str) -> Option<Arc<Model>> {
        if self.models.is_empty() {
            return Some(Arc::new(Model::from(id.to_owned())));
        }
        self.models.iter().find(|model| model.id == id).cloned().map(Arc::new)
    }
}

/// One model. In JSON its name alone will do.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "ModelForm")]
pub struct Model {
    /// What requests call it.
    pub id: String,
    /// What the text depends on: two models of the same weights say the same. Default: the id.
    pub weights: String,
    /// Tokens of prompt and answer together.
    pub context_window: u64,
    /// Tokens of one answer, at most.
    pub max_output: u64,
    /// What becomes of a conversation that ends with words of the assistant.
    pub prefill: Prefill,
}

/// What a model makes of a conversation whose last message is the assistant's.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    /// As its protocol's first supplier does: Messages continues, Chat Completions ignores.
    #[default]
    Customary,
    /// The answer goes on exactly where the message ends.
    Continues,
    /// A new answer, as after any message.
    Ignores,
    /// 400, as Claude models from 4.6 on.
    Refuses,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ModelForm {
    Name(String),
    Full(FullModel),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullModel {
    id: String,
    weights: Option<String>,
    context_window: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    prefill: Prefill,
}

impl From<ModelForm> for Model {
    fn from(form: ModelForm) -> Self {
        match form {
            ModelForm::Name(id) => Self::from(id),
            ModelForm::Full(full) => {
                let plain = Self::from(full.id);
                Self {
                    weights: full.weights.unwrap_or_else(|| plain.weights.clone()),
                    context_window: full.context_window.unwrap_or(plain.context_window),
                    max_output: full.max_output.unwrap_or(plain.max_output),
                    prefill: full.prefill,
                    ..plain
                }
            }
        }
    }
}

impl From<String> for Model {
    fn from(id: String) -> Self {
        Self {
            weights: id.clone(),
            id,
            context_window: 1_000_000,
            max_output: 128_000,
            prefill: Prefill::Customary,
        }
    }
}

impl From<&str> for Model {
    fn from(id: &str) -> Self {
        Self::from(id.to_owned())
    }
}

/// When the parts of an answer come.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// From the request to a stream's headers and preamble, in milliseconds; at most `ttft_ms`.
    pub headers_ms: u64,
    /// From the request to the first token, in milliseconds.
    pub ttft_ms: u64,
    /// Tokens a second after that; 0: as fast as the socket takes them.
    pub tokens_per_second: f64,
    /// How far each wait strays from the figures above, as a share of it: 0.3 means 70 % to 130 %.
    pub jitter: f64,
}

impl Pace {
    /// The wait per token.
    pub(crate) fn gap(&self) -> Duration {
        if self.tokens_per_second > 0.0 {
            Duration::try_from_secs_f64(1.0 / self.tokens_per_second).unwrap_or(Duration::MAX)
        } else {
            Duration::ZERO
        }
    }
}

/// What answers are like.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerStyle {
    /// The shortest answer that ends by itself, in tokens.
    pub min_tokens: u64,
    /// The longest answer that ends by itself, in tokens.
    pub max_tokens: u64,
    /// How many of the sentences are not plain ASCII (accents, CJK, emoji), from 0 to 1.
    pub multibyte: f64,
    /// Tokens of reasoning where a request asks for some.
    pub reasoning_tokens: u64,
    /// Whether Chat Completions shows reasoning, in `reasoning_content`, as open engines do.
    pub shows_reasoning: bool,
    /// What streamed Chat Completions say about usage.
    pub stream_usage: StreamUsage,
    /// Calls that are made in order wherever their tool is on offer, each until it has had its effect.
    pub script: Vec<ScriptedCall>,
    /// The words where nothing is called, in place of prose.
    pub words: Option<String>,
}

impl AnswerStyle {
    /// What is left of it for a request with this body: of its script, the calls that have not had their effect.
    pub(crate) fn after(&self, body: &[u8]) -> Cow<'_, Self> {
        if self.script.is_empty() {
            return Cow::Borrowed(self);
        }
        let holds =
            |text: &str| !text.is_empty() && body.windows(text.len()).any(|part| part == text.as_bytes());
        let script = self.script.iter().filter(|call| !holds(&call.until)).cloned().collect();
        Cow::Owned(Self { script, ..self.clone() })
    }
}

/// A call that the model makes until the conversation holds a text: what its result brings, or what it was called with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool's name.
    pub tool: String,
    /// What it is called with, whatever its schema says.
    pub arguments: Value,
    /// The text after which it is not called any more, as it stands in a request's body.
    pub until: String,
}

impl Default for AnswerStyle {
    fn default() -> Self {
        Self {
            min_tokens: 12,
            max_tokens: 60,
            multibyte: 0.3,
            reasoning_tokens: 24,
            shows_reasoning: false,
            stream_usage: StreamUsage::WhenAsked,
            script: Vec::new(),
            words: None,
        }
    }
}

/// When a streamed Chat Completion ends with a chunk of usage.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// When `stream_options.include_usage` is true.
    #[default]
    WhenAsked,
    /// Asked or not.
    Always,
    /// Asked or not, never.
    Never,
    /// `stream_options` is an unknown field here: 400.
    Refused,
}

/// How bytes are laid out on the wire. The default is one write for each event.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each for one habit of a supplier")]
pub struct Delivery {
    /// Cuts bodies into HTTP chunks and writes of 1 to this many bytes at random places, also inside
    /// characters and line ends; 0: off.
    pub split: usize,
    /// Milliseconds between the writes of a split body, so that they do not melt together on the way.
    pub split_pause_ms: u64,
    /// How event stream lines end.
    pub line_end: LineEnd,
    /// No space after the field name's colon.
    pub tight: bool,
    /// Comment lines between events.
    pub comments: bool,
    /// Each event's data over several `data:` lines.
    pub multi_line: bool,
    /// JSON with everything beyond ASCII escaped.
    pub ascii: bool,
    /// Padding in each Chat Completions chunk, as OpenAI sends against eavesdroppers.
    pub obfuscation: bool,
    /// In silences longer than this, a sign of life (`ping` or a comment) at this interval; 0: none.
    pub ping_ms: u64,
    /// Ends each connection after one reply, and says so in its headers.
    pub close: bool,
    /// Ends each connection after one reply without a word, so that clients may still send the next request.
    pub close_silently: bool,
    /// Ends a connection on which no request begins for so many milliseconds; 0: never.
    pub idle_ms: u64,
}

/// The three line ends that event streams allow.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    Crlf,
    /// `\r`
    Cr,
}

impl LineEnd {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
            Self::Cr => "\r",
        }
    }
}
