//! What is known of a request when it is admitted. It cannot be recovered later, so it is kept from the first commit on.

use std::sync::Arc;

use catalogue::{Needs, Protocol, Region};
use serde::{Deserialize, Serialize};

/// The version of the set of facts: what is recorded, and what each field means. It grows when a field is added or
/// changes its meaning, so that a replay knows what a missing fact says.
pub const FACTS_VERSION: u32 = 1;

/// What sort of work a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A conversation: Chat Completions, Messages and their like.
    #[default]
    Chat,
}

impl Kind {
    /// The text form, also in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
        }
    }
}

/// The facts of one request. Never its words: sizes and hashes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// [`FACTS_VERSION`] of the writer.
    pub version: u32,
    /// What sort of work.
    pub kind: Kind,
    /// What the client speaks.
    pub protocol: Protocol,
    /// Whether it asked for a stream.
    pub stream: bool,
    /// What it needs of a model.
    pub needs: Needs,
    /// The most output tokens that it allows, where it says.
    pub max_tokens: Option<u64>,
    /// Length of the body, decompressed.
    pub request_bytes: u64,
    /// Tokens of the prompt, estimated from its bytes before anyone counted.
    pub estimated_input_tokens: u64,
    /// Hash of the start of the prompt: requests that share it can share a supplier's cache.
    pub prefix_hash: u64,
    /// Hash of the session that the client named.
    pub session_hash: Option<u64>,
    /// Who asked.
    pub product: Arc<str>,
    /// The route that it came to.
    pub route: Arc<str>,
    /// The name that the client wrote in `model`.
    pub asked_model: Arc<str>,
    /// Where the answer may be made; empty is anywhere.
    pub regions: Arc<[Region]>,
    /// Which configuration decided.
    pub config_version: Arc<str>,
    /// Which catalogue decided.
    pub catalogue_version: Arc<str>,
    /// What the dice were seeded with.
    pub dice_seed: u64,
    /// How often the client says it has tried already.
    pub client_retries: Option<u32>,
    /// The virtual key's public name.
    pub key_id: Option<Arc<str>>,
    /// How many kept turns were put before what the client sent, where it builds on them.
    pub former_turns: u32,
    /// What the client tagged it with.
    pub tags: Arc<[Arc<str>]>,
}

/// An anonymous chat request of nobody: a start to fill in.
impl Default for RequestFacts {
    fn default() -> Self {
        let empty: Arc<str> = Arc::from("");
        Self {
            version: FACTS_VERSION,
            kind: Kind::Chat,
            protocol: Protocol::OpenaiChat,
            stream: false,
            needs: Needs::NONE,
            max_tokens: None,
            request_bytes: 0,
            estimated_input_tokens: 0,
            prefix_hash: 0,
            session_hash: None,
            product: Arc::clone(&empty),
            route: Arc::clone(&empty),
            asked_model: Arc::clone(&empty),
            regions: Arc::default(),
            config_version: Arc::clone(&empty),
            catalogue_version: empty,
            dice_seed: 0,
            client_retries: None,
            key_id: None,
            former_turns: 0,
            tags: Arc::default(),
        }
    }
}
