//! Lists of models in Bedrock's shape.
//!
//! Source: `ListFoundationModels` and `GetFoundationModel` in botocore's service model of bedrock, botocore 1.44.8, read
//! 2026-11-28.

use bytes::Bytes;

use crate::json::Json;

pub(super) fn list(names: &[&str]) -> Bytes {
    let mut json = Json::new();
    json.object().key("modelSummaries").array();
    for name in names {
        model(&mut json, name);
    }
    json.end_array().end_object();
    json.finish().into()
}

pub(super) fn one(name: &str) -> Bytes {
    let mut json = Json::new();
    json.object().key("modelDetails");
    model(&mut json, name);
    json.end_object();
    json.finish().into()
}

/// An ARN is required. Ours have none, and whoever takes what stands there for an id must reach the model with it.
fn model(json: &mut Json, name: &str) {
    json.object().key("modelArn").text(name).key("modelId").text(name);
    json.key("modelName").text(name).key("responseStreamingSupported").boolean(true).end_object();
}
