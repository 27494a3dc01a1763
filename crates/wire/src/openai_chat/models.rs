//! Lists of models in `OpenAI`'s shape.
//!
//! Source: `openai/types/model.py` of the official Python SDK, openai 3.54.0, read 2026-11-22.

use bytes::Bytes;
use serde::Serialize;

/// A name has no birthday and no owner but us; the fields are required.
#[derive(Debug, Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

impl<'a> Model<'a> {
    fn new(name: &'a str) -> Self {
        Self { id: name, object: "model", created: 0, owned_by: "releve" }
    }
}

#[derive(Debug, Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

pub(super) fn list(names: &[&str]) -> Bytes {
    bytes_of(&List { object: "list", data: names.iter().map(|name| Model::new(name)).collect() })
}

pub(super) fn one(name: &str) -> Bytes {
    bytes_of(&Model::new(name))
}

fn bytes_of(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("names and numbers are JSON").into()
}
