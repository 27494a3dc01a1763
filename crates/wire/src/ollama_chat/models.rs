//! Lists of models in Ollama's shape.
//!
//! Source: `ListResponse` and `ShowResponse` in `_types.py` of the official Python package, ollama 0.6.3, read
//! 2026-11-28.

use bytes::Bytes;

use crate::json::Json;

pub(super) fn list(names: &[&str]) -> Bytes {
    let mut json = Json::new();
    json.object().key("models").array();
    for name in names {
        json.object().key("name").text(name).key("model").text(name).end_object();
    }
    json.end_array().end_object();
    json.finish().into()
}

/// What is known of a name, which is nothing but that it is there.
pub(super) fn one(name: &str) -> Bytes {
    let mut json = Json::new();
    json.object().key("model").text(name).key("model_info").object().end_object();
    json.key("capabilities").array().text("completion").end_array().end_object();
    json.finish().into()
}
