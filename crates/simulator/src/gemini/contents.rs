//! The `contents` of a Gemini request: roles, parts, and calls that are answered in the next turn.

use serde_json::{Map, Value};

use super::{refusal::wrong, schema};
use crate::{
    base64,
    prompt::{Talk, count_json, list},
    protocol::Refusal,
    seal::{self, GEMINI},
};

/// What stands for a signature in histories that another model wrote (guide "Thought signatures").
const BYPASSES: [&str; 4] = [
    "context_engineering_is_the_way_to_go",
    "skip_thought_signature_validator",
    "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv",
    "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=",
];

/// `wants_signatures`: whether the model is one that refuses calls without.
pub(super) fn read(body: &Map<String, Value>, wants_signatures: bool) -> Result<Talk<'_>, Refusal> {
    let contents = list(body.get("contents"));
    if contents.is_empty() {
        return Err(wrong("contents", "contents is not specified"));
    }
    for (index, content) in contents.iter().enumerate() {
        check(index, content)?;
    }
    check_turns(contents)?;
    if wants_signatures {
        check_signatures(contents)?;
    }
    let last = &contents[contents.len() - 1];
    let is_model = role(last) == "model";
    let has_response = parts(last).iter().any(|part| part.get("functionResponse").is_some());
    Ok(Talk {
        messages: contents,
        wish: (!is_model && !has_response).then(|| text_of(last)),
        last_words: is_model.then(|| text_of(last)),
    })
}

/// Tokens of a content or a list of tools.
pub(super) fn tokens(value: &Value) -> u64 {
    count_json(value, &|fields| {
        let is_media = ["inlineData", "fileData"].iter().any(|name| fields.contains_key(*name));
        let signature = fields.get("thoughtSignature").map(|_| {
            let rest = fields.iter().filter(|(name, _)| name.as_str() != "thoughtSignature");
            rest.map(|(_, value)| tokens(value)).sum()
        });
        if is_media { Some(258) } else { signature }
    })
}

fn role(content: &Value) -> &str {
    content.get("role").and_then(Value::as_str).unwrap_or("user")
}

fn parts(content: &Value) -> &[Value] {
    list(content.get("parts"))
}

fn text_of(content: &Value) -> String {
    let said = parts(content).iter().filter(|part| part["thought"] != true);
    said.filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
}

fn check(index: usize, content: &Value) -> Result<(), Refusal> {
    if !matches!(role(content), "user" | "model" | "function" | "") {
        return Err(Refusal::bad("Please use a valid role: user, model."));
    }
    if parts(content).is_empty() {
        return Err(wrong(&format!("contents[{index}].parts"), "contents.parts must not be empty."));
    }
    parts(content).iter().enumerate().try_for_each(|(place, part)| check_part(index, place, part))
}

fn check_part(index: usize, place: usize, part: &Value) -> Result<(), Refusal> {
    let at = format!("contents[{index}].parts[{place}]");
    match schema::DATA.iter().filter(|name| part.get(**name).is_some()).count() {
        0 => {
            let message = "required oneof field 'data' must have one initialized field";
            return Err(wrong(&format!("{at}.data"), message));
        }
        1 => {}
        _ => {
            let message = format!("Invalid value at '{at}' (oneof), oneof field 'data' is already set.");
            return Err(Refusal::bad(message).about(at, None));
        }
    }
    for (name, snake) in [("functionCall", "function_call"), ("functionResponse", "function_response")] {
        if part.get(name).is_some_and(|call| call["name"].as_str().is_none_or(str::is_empty)) {
            return Err(wrong(&format!("{at}.{snake}.name"), "Name cannot be empty."));
        }
    }
    if let Some(blob) = part.get("inlineData")
        && blob["mimeType"].as_str().is_none_or(str::is_empty)
    {
        return Err(wrong(&format!("{at}.inline_data.mime_type"), "mime_type is required."));
    }
    match part.get("thoughtSignature").and_then(Value::as_str) {
        Some(signature) => check_signature(&at, signature),
        None => Ok(()),
    }
}

fn check_signature(at: &str, signature: &str) -> Result<(), Refusal> {
    let standard = signature.replace('-', "+").replace('_', "/");
    if BYPASSES.contains(&signature) || seal::is_ours(GEMINI, "", &standard) {
        return Ok(());
    }
    if base64::decode(&standard).is_some() {
        return Err(Refusal::bad("Corrupted thought signature."));
    }
    let message = format!(
        "Invalid value at '{at}.thought_signature' (TYPE_BYTES), Base64 decoding failed for \"{signature}\""
    );
    Err(Refusal::bad(message).about(format!("{at}.thought_signature"), None))
}

/// Turns: contents of the model that follow each other are one, as google-genai makes them of a stream (the call, and the
/// empty text with which it ended).
fn turns(contents: &[Value]) -> impl Iterator<Item = &[Value]> {
    contents.chunk_by(|one, next| role(one) == "model" && role(next) == "model")
}

fn names<'a>(turn: &'a [Value], kind: &str) -> Vec<&'a str> {
    let found = turn.iter().flat_map(parts).filter_map(|part| part.get(kind));
    let mut names: Vec<&str> = found.filter_map(|call| call["name"].as_str()).collect();
    names.sort_unstable();
    names
}

/// Calls follow a user's turn or responses, and the very next turn responds to each of them.
fn check_turns(contents: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (place, turn) in turns(contents).enumerate() {
        let (calls, responses) = (names(turn, "functionCall"), names(turn, "functionResponse"));
        if !responses.is_empty() && open.is_empty() {
            return Err(Refusal::bad(
                "Please ensure that function response turn comes immediately after a function call turn.",
            ));
        }
        if responses != open {
            return Err(unequal());
        }
        if !calls.is_empty() && place == 0 {
            return Err(Refusal::bad(
                "Please ensure that function call turn comes immediately after a user turn or after a function response \
                 turn.",
            ));
        }
        open = calls;
    }
    if open.is_empty() { Ok(()) } else { Err(unequal()) }
}

fn unequal() -> Refusal {
    Refusal::bad(
        "Please ensure that the number of function response parts is equal to the number of function call parts of the \
         function call turn.",
    )
}

/// Since the user last spoke, the first call of each step bears the signature that it came with.
fn check_signatures(contents: &[Value]) -> Result<(), Refusal> {
    let speaks = |turn: &[Value]| role(&turn[0]) != "model" && names(turn, "functionResponse").is_empty();
    let turns: Vec<_> = turns(contents).collect();
    let spoken = turns.iter().rposition(|turn| speaks(turn)).unwrap_or(0);
    for (index, turn) in turns.iter().enumerate().skip(spoken) {
        let Some(first) = turn.iter().flat_map(parts).find(|part| part.get("functionCall").is_some()) else {
            continue;
        };
        if first.get("thoughtSignature").is_none() {
            let name = first["functionCall"]["name"].as_str().unwrap_or_default();
            return Err(Refusal::bad(format!(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work \
                 correctly, and missing thought_signature may lead to degraded model performance. Additional data, \
                 function call `default_api:{name}` , position {}. Please refer to \
                 https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
                index + 1
            )));
        }
    }
    Ok(())
}
