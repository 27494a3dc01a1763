//! Lists of models in Anthropic's shape.
//!
//! Source: `anthropic/types/model_info.py` and `pagination.py` of the official Python SDK, anthropic 2.12.0, read
//! 2026-11-22.

use bytes::Bytes;
use serde::Serialize;

/// A name has no birthday; the field is required.
#[derive(Debug, Serialize)]
struct Model<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
}

impl<'a> Model<'a> {
    fn new(name: &'a str) -> Self {
        Self { kind: "model", id: name, display_name: name, created_at: "1970-01-01T00:00:00Z" }
    }
}

#[derive(Debug, Serialize)]
struct List<'a> {
    data: Vec<Model<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

/// All of it on one page.
pub(super) fn list(names: &[&str]) -> Bytes {
    bytes_of(&List {
        data: names.iter().map(|name| Model::new(name)).collect(),
        has_more: false,
        first_id: names.first().copied(),
        last_id: names.last().copied(),
    })
}

pub(super) fn one(name: &str) -> Bytes {
    bytes_of(&Model::new(name))
}

fn bytes_of(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("names and numbers are JSON").into()
}
