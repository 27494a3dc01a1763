//! Requests, read, written, and both in turn.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Quirks};
use serde_json::{Value, json};

use super::{decode, encode};
use crate::conversation::{
    Block, CacheMark, Content, Effort, Function, MediaSource, Opaque, OutputFormat, Reasoning, Request, Role,
    Target, Tool, ToolChoice, ToolInput, TranslateError, Turn,
};
use crate::openai_responses::PROTOCOL;

mod decoding;
mod encoding;
mod round_trip;

pub(crate) fn target() -> Target<'static> {
    Target {
        model: "m",
        owner: "account",
        max_output: None,
        capabilities: Capabilities { yes: Needs::CACHE_MARKS, no: Needs::NONE },
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

fn read(body: &Value) -> Request {
    decode(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn refused(body: &Value) -> TranslateError {
    decode(body.to_string().as_bytes()).unwrap_err()
}

/// A body with these members beside an input.
fn asked(members: &Value) -> Value {
    let mut body = json!({"model": "m", "input": "hi"});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn written(request: &Request, target: &Target<'_>) -> (Value, Vec<String>) {
    let encoded = encode(request, target).unwrap();
    let body = serde_json::from_slice(&encoded.body).unwrap();
    (body, encoded.losses.into_iter().map(|loss| loss.what).collect())
}

fn lost(request: &Request) -> Vec<&str> {
    request.losses.iter().map(|loss| loss.what.as_str()).collect()
}

fn unsayable(error: &TranslateError) -> &str {
    let TranslateError::Unsayable { what, .. } = error else { panic!("{error}") };
    what
}

fn user(blocks: Vec<Block>) -> Turn {
    Turn { role: Role::User, name: None, blocks }
}
