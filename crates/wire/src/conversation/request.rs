//! What a client asks for.

use bytes::Bytes;

use super::message::{Block, CacheMark, Content, Role, Turn};
use super::opaque::Opaque;
use super::search::WebSearch;
use super::translator::Loss;

/// A request in no dialect. The model's name is not in it: the deployment decides it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// The conversation, instructions included, in order.
    pub turns: Vec<Turn>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// Whether and which tool is to be called.
    pub tool_choice: ToolChoice,
    /// Whether the model may call several tools in one turn; `None` leaves it to the supplier.
    pub parallel_tools: Option<bool>,
    /// How the answer is to be shaped.
    pub format: OutputFormat,
    /// How much reasoning is asked for; `None` leaves it to the supplier.
    pub effort: Option<Effort>,
    /// Whether the reasoning is to be shown, in full or as a summary; `None` leaves it to the supplier.
    pub shows_reasoning: Option<bool>,
    /// At most this many output tokens, reasoning included.
    pub max_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// How many answers; `None` is one.
    pub choices: Option<u32>,
    /// Whether the answer is to be streamed. In dialects that say so in the path, whoever read the path sets it.
    pub stream: bool,
    /// Whether the client asked for usage in the stream, or its dialect has it in every stream.
    pub stream_usage: bool,
    /// How wordy the answer is to be, in `OpenAI`'s word (`low`, `high`); `None` is as usual.
    pub verbosity: Option<String>,
    /// The class of service, in `OpenAI`'s word where there is one (`default`, `flex`, `priority`...): the list grows.
    /// `None` leaves it to the account.
    pub service_tier: Option<String>,
    /// What `OpenAI`'s caches are told beyond marks in the prompt.
    pub caching: Caching,
    /// The end user, as the product calls them.
    pub user: Option<String>,
    /// The same for whoever looks for abuse, where the dialect tells the two apart.
    pub safety_identifier: Option<String>,
    /// Words of the client's own about the request: names and values.
    pub metadata: Vec<(String, String)>,
    /// What the dialect said that has no place here; goes to whoever is told of losses.
    pub losses: Vec<Loss>,
}

impl Request {
    /// The name of the tool that the call `id` in the conversation is for.
    pub fn tool_name(&self, id: &str) -> Option<&str> {
        let blocks = self.turns.iter().flat_map(|turn| &turn.blocks);
        blocks.filter_map(Block::call).find(|call| call.id == id).map(|call| call.name.as_str())
    }

    /// The end user by one name: whatever was made to tell suppliers who it is comes first.
    pub fn end_user(&self) -> Option<&str> {
        self.safety_identifier.as_deref().or(self.user.as_deref())
    }

    /// The class of service, unless it is the one that is served where nothing is said.
    pub fn unusual_tier(&self) -> Option<&str> {
        self.service_tier.as_deref().filter(|tier| *tier != "default")
    }

    /// What the request says that only `OpenAI`'s own suppliers have words for, by name, and its class of service: for
    /// those to lose that have no classes.
    pub fn of_the_service(&self) -> impl Iterator<Item = &'static str> {
        self.only_openais().chain(self.unusual_tier().map(|_| "service_tier"))
    }

    /// What the request says that only `OpenAI`'s own suppliers have words for, by name: for all others to lose.
    pub fn only_openais(&self) -> impl Iterator<Item = &'static str> {
        let caching = &self.caching;
        let has_two_users =
            self.user.is_some() && self.safety_identifier.is_some() && self.user != self.safety_identifier;
        let said = [
            ("verbosity", self.verbosity.is_some()),
            ("prompt_cache_key", caching.key.is_some()),
            ("prompt_cache_retention", caching.retention.is_some()),
            ("prompt_cache_options", caching.mode.is_some() || caching.ttl.is_some()),
            ("user", has_two_users),
        ];
        said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name)
    }

    /// Whether the last word is the model's, so that the answer has to go on from it.
    pub fn is_prefilled(&self) -> bool {
        self.turns.last().is_some_and(|turn| turn.role == Role::Assistant)
    }
}

impl Block {
    /// The tool call that it is, if it is one.
    pub const fn call(&self) -> Option<&super::message::ToolCall> {
        match &self.content {
            Content::ToolCall(call) => Some(call),
            _ => None,
        }
    }
}

/// What `OpenAI`'s caches are told beyond marks in the prompt. Texts are `OpenAI`'s words: the lists grow.
///
/// Source: `completion_create_params.py` and `response_create_params.py` in openai 3.54.0, read 2026-11-28.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caching {
    /// `prompt_cache_key`: requests with the same one are sent where the same prompts are kept.
    pub key: Option<String>,
    /// `prompt_cache_retention`: how long prompts are kept at most.
    pub retention: Option<String>,
    /// `prompt_cache_options.mode`: whether the supplier sets a mark of its own.
    pub mode: Option<String>,
    /// `prompt_cache_options.ttl`: how long prompts are kept at least.
    pub ttl: Option<String>,
}

/// How tokens are drawn. Numbers keep the text they came in, so that 0.7 stays 0.7.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sampling {
    /// `temperature`.
    pub temperature: Option<String>,
    /// `top_p`.
    pub top_p: Option<String>,
    /// `top_k`.
    pub top_k: Option<String>,
    /// `seed`.
    pub seed: Option<String>,
    /// `frequency_penalty`.
    pub frequency_penalty: Option<String>,
    /// `presence_penalty`.
    pub presence_penalty: Option<String>,
    /// For how many of the likeliest tokens log probabilities are wanted; 0 for the chosen one's alone; `None` for none.
    pub logprobs: Option<u32>,
}

impl Sampling {
    /// The number of that name.
    pub(crate) fn number(&self, name: &str) -> Option<&str> {
        match name {
            "temperature" => self.temperature.as_deref(),
            "top_p" => self.top_p.as_deref(),
            "top_k" => self.top_k.as_deref(),
            "seed" => self.seed.as_deref(),
            "frequency_penalty" => self.frequency_penalty.as_deref(),
            "presence_penalty" => self.presence_penalty.as_deref(),
            _ => None,
        }
    }

    /// Puts another in its place.
    pub(crate) fn set(&mut self, name: &str, number: &str) {
        let place = match name {
            "temperature" => &mut self.temperature,
            "top_p" => &mut self.top_p,
            "top_k" => &mut self.top_k,
            "seed" => &mut self.seed,
            "frequency_penalty" => &mut self.frequency_penalty,
            "presence_penalty" => &mut self.presence_penalty,
            _ => return,
        };
        *place = Some(number.to_owned());
    }
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// A function that the client runs.
    Function(Function),
    /// A tool that the client runs and that takes free text (`OpenAI`'s `custom`).
    Custom {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// The grammar that the text is held to; any text where there is none.
        grammar: Option<Grammar>,
    },
    /// A search of the web, which the supplier runs itself: for all that have one.
    Search(Box<WebSearch>),
    /// Another tool that the supplier runs itself (code execution, files): only for suppliers of its own protocol.
    Supplied(Opaque),
}

/// A grammar for the free text that a tool takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// How it is written: `lark` or `regex`.
    pub syntax: String,
    /// The grammar itself.
    pub definition: String,
}

/// A function that the client runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments, as it came.
    pub schema: Option<Bytes>,
    /// Whether arguments are held to the schema; `None` leaves it to the supplier.
    pub strict: Option<bool>,
    /// The cache mark behind it.
    pub cache: Option<CacheMark>,
}

impl Tool {
    /// Its name; a supplied tool's is its kind, or what a choice calls it.
    pub fn name(&self) -> &str {
        match self {
            Self::Function(function) => &function.name,
            Self::Custom { name, .. } => name,
            Self::Search(search) => &search.name,
            Self::Supplied(opaque) => &opaque.kind,
        }
    }
}

/// Whether and which tool is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// Nothing is said; the model decides.
    #[default]
    Unsaid,
    /// The model decides.
    Auto,
    /// None.
    None,
    /// At least one, whichever.
    Any,
    /// This one.
    Named(String),
}

/// The shape of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// Text.
    #[default]
    Text,
    /// Any JSON.
    Json,
    /// JSON of a schema.
    Schema {
        /// The schema's name, which some dialects demand and others have no place for
        /// ([`names_schemas`](super::Translator::names_schemas)).
        name: Option<String>,
        /// What it describes.
        description: Option<String>,
        /// The schema, as it came.
        schema: Bytes,
        /// Whether the answer is held to it; `None` leaves it to the supplier.
        strict: Option<bool>,
    },
}

/// How much reasoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effort {
    /// None at all.
    Off,
    /// As much as the model finds right.
    Auto,
    /// A named amount, in the client's word (`minimal`, `low`, `medium`, `high`, `max`...): the list grows.
    Named(String),
    /// At most so many tokens.
    Budget(u64),
}

impl Effort {
    /// As a number of tokens, for a model that takes nothing else. The steps are ours (dialects do not define them), a
    /// doubling each; `None` where the model may decide.
    pub fn budget(&self) -> Option<u64> {
        match self {
            Self::Off => Some(0),
            Self::Auto => None,
            Self::Budget(tokens) => Some(*tokens),
            Self::Named(word) => match word.as_str() {
                "none" => Some(0),
                "minimal" => Some(1024),
                "low" => Some(2048),
                "medium" => Some(8192),
                "high" => Some(16_384),
                "xhigh" | "max" => Some(32_768),
                _ => None,
            },
        }
    }

    /// As a word of `OpenAI`'s list, for a model that takes nothing else; `None` where the model may decide.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Off | Self::Budget(0) => Some("none"),
            Self::Auto => None,
            Self::Named(word) => Some(word),
            Self::Budget(..=1024) => Some("minimal"),
            Self::Budget(..=4096) => Some("low"),
            Self::Budget(..=12_288) => Some("medium"),
            Self::Budget(_) => Some("high"),
        }
    }
}
