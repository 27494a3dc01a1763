//! Lists of models in Cohere's shape.
//!
//! Source: `cohere/types/list_models_response.py` and `get_model_response.py` of the official Python SDK, cohere 7.3.1,
//! read 2026-11-28.

use bytes::Bytes;

use crate::json::Json;

pub(super) fn list(names: &[&str]) -> Bytes {
    let mut json = Json::new();
    json.object().key("models").array();
    for name in names {
        write(&mut json, name);
    }
    json.end_array().end_object();
    json.finish().into()
}

pub(super) fn one(name: &str) -> Bytes {
    let mut json = Json::new();
    write(&mut json, name);
    json.finish().into()
}

fn write(json: &mut Json, name: &str) {
    json.object().key("name").text(name).key("endpoints").array().text("chat").end_array().end_object();
}
