//! How a model wants to be spoken to, where that differs from its protocol's usual way. Data, so that no code asks which
//! supplier it is.

use serde::{Deserialize, Serialize};

use crate::needs::set_of_names;

/// A set of ways to say things. Text form of one: its name in `snake_case`; in TOML a list of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "Vec<&'static str>", try_from = "Vec<String>")]
pub struct Quirks(u32);

set_of_names! {
    Quirks, UnknownQuirk, "quirk";
    /// Chat Completions: the limit on output is called `max_completion_tokens`, and `max_tokens` is refused or outdated.
    MAX_COMPLETION_TOKENS = 0, "max_completion_tokens";
    /// Messages, Converse: thinking is `adaptive` with an effort; a budget is refused.
    ADAPTIVE_THINKING = 1, "adaptive_thinking";
    /// Gemini: the amount of thinking is a level, not a budget.
    THINKING_LEVEL = 2, "thinking_level";
    /// Chat Completions: reasoning is wanted back as `reasoning_content` (`DeepSeek` and Moonshot, within tool loops).
    REASONING_BACK = 3, "reasoning_back";
    /// Gemini: tools' schemas are a subset of `OpenAPI` rather than JSON Schema.
    SCHEMA_SUBSET = 4, "schema_subset";
    /// Chat Completions: reasoning is asked for by `reasoning: {effort}` (`OpenRouter`'s form) rather than
    /// `reasoning_effort`.
    REASONING_OBJECT = 5, "reasoning_object";
    /// Messages: a request that thinks must not force a tool.
    NO_FORCED_TOOL_WITH_THINKING = 6, "no_forced_tool_with_thinking";
    /// Chat Completions: takes what only `OpenAI`'s own knows, and most others refuse: `verbosity`, `service_tier`,
    /// `safety_identifier`, `prompt_cache_key` and its like.
    OPENAI_OPTIONS = 7, "openai_options";
    /// Chat Completions: the model searches the web where `web_search_options` says so; all others refuse that.
    SEARCH_OPTIONS = 8, "search_options";
}
