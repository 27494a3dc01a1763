//! What `OpenAI`'s two protocols say alike about an answer's making.
//!
//! Source: `completion_create_params.py` and `response_create_params.py` in openai 3.54.0, read 2026-11-28.

use crate::conversation::Caching;
use crate::json::Json;

/// Writes what caches are told, as members of the open object.
pub(crate) fn write_caching(json: &mut Json, caching: &Caching) {
    json.optional("prompt_cache_key", caching.key.as_ref());
    json.optional("prompt_cache_retention", caching.retention.as_ref());
    if caching.mode.is_some() || caching.ttl.is_some() {
        json.key("prompt_cache_options").object();
        json.optional("mode", caching.mode.as_ref()).optional("ttl", caching.ttl.as_ref()).end_object();
    }
}
