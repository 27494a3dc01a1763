//! Values of a wrong type, which Google refuses: what is skipped over would be lost in silence.

use serde_json::{Value, json};

use crate::conversation::{ClientTranslator, TranslateError};
use crate::gemini::translator::GeminiTranslator;

fn valid() -> Value {
    json!({
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [
                {"text": "hm", "thought": true, "thoughtSignature": "AAAA"},
                {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "c1", "name": "f", "response": {"result": 1}}},
                {"fileData": {"mimeType": "image/png", "fileUri": "https://a.example/b.png"}},
            ]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parameters": {"type": "OBJECT"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "temperature": 1, "topP": 1, "topK": 4, "seed": 1, "maxOutputTokens": 9, "candidateCount": 2,
            "stopSequences": ["END"], "responseLogprobs": true, "logprobs": 3, "presencePenalty": 0, "frequencyPenalty": 0,
            "responseMimeType": "text/plain", "responseModalities": ["TEXT"],
            "thinkingConfig": {"thinkingBudget": 5, "thinkingLevel": "LOW", "includeThoughts": true},
        },
        "labels": {"team": "x"},
        "serviceTier": "flex",
    })
}

/// The places of all values, as pointers, with the paths that errors tell.
fn places(value: &Value, pointer: &str, path: &str, all: &mut Vec<(String, String)>) {
    match value {
        // The inside of these is the client's own.
        _ if ["args", "response", "parameters"].iter().any(|free| pointer.ends_with(free)) => {}
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let pointer = format!("{pointer}/{name}");
                all.push((pointer.clone(), path.clone()));
                places(value, &pointer, &path, all);
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                let (pointer, path) = (format!("{pointer}/{at}"), format!("{path}[{at}]"));
                all.push((pointer.clone(), path.clone()));
                places(value, &pointer, &path, all);
            }
        }
        _ => {}
    }
}

/// Values of no type that may stand there. A list of one is that one, and numbers and enumerations come in quotes.
fn wrong(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(_) => vec![json!(5), json!(true), json!("x"), json!([[]])],
        Value::String(_) => vec![json!(5), json!(true), json!({}), json!([])],
        Value::Number(_) => vec![json!("x"), json!(true), json!({}), json!([])],
        Value::Bool(_) => vec![json!(5), json!("x"), json!({}), json!([])],
        Value::Array(_) | Value::Null => Vec::new(),
    }
}

#[test]
fn what_is_of_another_type_is_the_clients_error_and_told_with_its_place() {
    let mut all = Vec::new();
    places(&valid(), "", "", &mut all);
    assert!(GeminiTranslator.decode_request(valid().to_string().as_bytes()).is_ok());
    assert!(all.len() > 50);
    for (pointer, path) in all {
        for wrong in wrong(valid().pointer(&pointer).unwrap()) {
            let takes_text = ["contents", "systemInstruction"]
                .iter()
                .any(|one| path.split('[').next() == Some(*one) && !path.contains('.') && wrong.is_string());
            if takes_text {
                continue;
            }
            let mut body = valid();
            *body.pointer_mut(&pointer).unwrap() = wrong.clone();
            match GeminiTranslator.decode_request(body.to_string().as_bytes()) {
                Err(TranslateError::Malformed { path: told, .. }) => {
                    assert!(told.starts_with(&path), "{path} {wrong}: {told}");
                }
                other => panic!("{path} {wrong}: {other:?}"),
            }
        }
    }
}

#[test]
fn numbers_that_are_none_are_told() {
    for (name, value) in [
        ("maxOutputTokens", json!(-1)),
        ("maxOutputTokens", json!(1.5)),
        ("candidateCount", json!(4_294_967_296_u64)),
        ("seed", json!(1.5)),
        ("logprobs", json!(-3)),
        ("temperature", json!("warm")),
    ] {
        let body = json!({"generationConfig": {name: value}, "contents": []});
        let Err(TranslateError::Malformed { path, .. }) =
            GeminiTranslator.decode_request(body.to_string().as_bytes())
        else {
            panic!("{body}");
        };
        assert_eq!(path, format!("generationConfig.{name}"));
    }
}

#[test]
fn what_is_null_says_nothing() {
    let mut all = Vec::new();
    places(&valid(), "", "", &mut all);
    for (pointer, path) in all.into_iter().filter(|(_, path)| !path.ends_with(']')) {
        if ["contents", "name", "data", "fileUri"].iter().any(|needed| path.ends_with(needed)) {
            continue;
        }
        let mut body = valid();
        *body.pointer_mut(&pointer).unwrap() = Value::Null;
        let read = GeminiTranslator.decode_request(body.to_string().as_bytes());
        assert!(read.is_ok(), "{path}: {read:?}");
    }
}
