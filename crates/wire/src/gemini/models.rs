//! Lists of models in Google's shape.
//!
//! Source: `_Model_from_mldev` in `models.py` of the official Python SDK, google-genai 3.4.0, read 2026-11-28.

use bytes::Bytes;

use crate::json::Json;

/// All of it on one page: without `nextPageToken` there is no other.
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

/// The name is that of a resource; the SDKs take it off again, or leave it, as they are asked.
fn write(json: &mut Json, name: &str) {
    let resource = if name.starts_with("models/") { name.to_owned() } else { format!("models/{name}") };
    json.object().key("name").text(&resource).key("displayName").text(name);
    json.key("supportedGenerationMethods").array();
    json.text("generateContent").text("streamGenerateContent").end_array().end_object();
}
