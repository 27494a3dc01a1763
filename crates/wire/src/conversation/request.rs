//! What a client asks for.

use bytes::Bytes;

use super::message::{CacheMark, Opaque, Turn};

/// A request in no dialect. The model's name is not in it: the deployment decides it.
#[derive(Debug, Clone, PartialEq)]
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
    /// At most this many output tokens, reasoning included.
    pub max_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// How many answers; 1 but where a dialect can ask for more.
    pub choices: u32,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the client asked for usage in the stream.
    pub stream_usage: bool,
    /// The end user, as the product calls them.
    pub user: Option<String>,
    /// Members of the request that have no place here, for the protocol they came from.
    pub extra: Vec<Opaque>,
}

/// How tokens are drawn. Numbers keep the text they came in, so that 0.7 stays 0.7.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sampling {
    /// `temperature`.
    pub temperature: Option<Bytes>,
    /// `top_p`.
    pub top_p: Option<Bytes>,
    /// `top_k`.
    pub top_k: Option<Bytes>,
    /// `seed`.
    pub seed: Option<Bytes>,
    /// How many log probabilities per token; `None` for none.
    pub logprobs: Option<u32>,
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// A function that the client runs.
    Function {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// The JSON schema of its arguments, as it came.
        schema: Option<Bytes>,
        /// Whether arguments are held to the schema; `None` leaves it to the supplier.
        strict: Option<bool>,
        /// The cache mark behind it.
        cache: Option<CacheMark>,
    },
    /// A tool that the supplier runs itself (web search, code execution): only for suppliers that have it.
    Supplied(Opaque),
}

/// Whether and which tool is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
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
        /// The schema's name.
        name: Option<String>,
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
    /// A named amount, in the client's word (`low`, `high`, `max`...): the list grows.
    Named(String),
    /// At most so many tokens.
    Budget(u64),
}
