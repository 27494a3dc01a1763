//! What the official SDKs' readers, which put chunks together, make of a stream.
//!
//! Source of the rules: `lib/streaming/_deltas.py` in openai-python 3.54.0, which merges lists by their `index`, and
//! `lib/ChatCompletionStream.js` in openai-node 7.57.0, which keeps of what it does not know what came last.

use serde_json::{Map, Value, json};

use crate::testing::frames;

/// The answer that openai-python makes of a stream.
pub(in super::super) fn merged(stream: &str) -> Value {
    answer(stream, merge)
}

/// The answer that openai-node makes of a stream.
pub(in super::super) fn kept(stream: &str) -> Value {
    answer(stream, keep)
}

/// Adds a piece of a message to it.
type Add = fn(&mut Map<String, Value>, &Map<String, Value>);

fn answer(stream: &str, add: Add) -> Value {
    let mut frames: Vec<String> = frames(stream)
        .iter()
        .filter(|frame| !frame.is_comment_only())
        .map(|frame| String::from_utf8(frame.data().into_owned()).unwrap())
        .collect();
    assert_eq!(frames.pop().as_deref(), Some("[DONE]"), "{stream}");
    let mut answer = Value::Null;
    for frame in frames {
        chunk(&mut answer, &serde_json::from_str(&frame).unwrap(), add);
    }
    answer["object"] = json!("chat.completion");
    answer
}

fn chunk(answer: &mut Value, chunk: &Value, add: Add) {
    if answer.is_null() {
        *answer =
            json!({"id": chunk["id"], "created": chunk["created"], "model": chunk["model"], "choices": []});
    }
    for name in ["id", "created", "model"] {
        assert_eq!(answer[name], chunk[name]);
    }
    assert!(answer.get("usage").is_none_or(Value::is_null), "a usage chunk is last");
    if let Some(usage) = chunk.get("usage") {
        assert!(usage.is_null() || chunk["choices"] == json!([]));
        answer["usage"] = usage.clone();
    }
    for choice in chunk["choices"].as_array().unwrap() {
        let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
        let known = answer["choices"].as_array_mut().unwrap();
        if index == known.len() {
            assert_eq!(choice["delta"]["role"], "assistant");
            known.push(json!({"index": index, "message": {}, "logprobs": null, "finish_reason": null}));
        } else {
            assert!(choice["delta"].get("role").is_none(), "the role is said once");
        }
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            assert!(call["function"].is_object() || call["custom"].is_object(), "readers want it: {call}");
        }
        let known = &mut known[index];
        assert!(known["finish_reason"].is_null(), "the finish is last: {choice}");
        for name in ["finish_reason", "stop_reason"] {
            if choice.get(name).is_some_and(|value| !value.is_null()) {
                known[name] = choice[name].clone();
            }
        }
        add(known["message"].as_object_mut().unwrap(), choice["delta"].as_object().unwrap());
        if let Some(tokens) = choice["logprobs"]["content"].as_array() {
            match known["logprobs"]["content"].as_array_mut() {
                Some(known) => known.extend(tokens.clone()),
                None => known["logprobs"] = choice["logprobs"].clone(),
            }
        }
    }
}

fn merge(known: &mut Map<String, Value>, delta: &Map<String, Value>) {
    for (name, more) in delta {
        let value = known.entry(name).or_insert(Value::Null);
        match (&mut *value, more) {
            (_, _) if name == "index" || name == "type" => *value = more.clone(),
            (Value::Null, Value::Array(more)) => {
                *value = json!([]);
                elements(value.as_array_mut().unwrap(), more, merge);
            }
            (Value::Null, more) => *value = more.clone(),
            (Value::String(text), Value::String(more)) => text.push_str(more),
            (Value::Object(known), Value::Object(more)) => merge(known, more),
            (Value::Array(known), Value::Array(more)) => elements(known, more, merge),
            (known, more) => panic!("{name}: {known} and {more} do not merge"),
        }
    }
}

fn keep(known: &mut Map<String, Value>, delta: &Map<String, Value>) {
    for (name, more) in delta {
        let value = known.entry(name).or_insert(Value::Null);
        match (name.as_str(), &mut *value, more) {
            ("tool_calls", value, Value::Array(more)) => {
                let mut known = value.as_array_mut().map(std::mem::take).unwrap_or_default();
                elements(&mut known, more, keep);
                *value = known.into();
            }
            ("function" | "custom", Value::Object(known), Value::Object(more)) => keep(known, more),
            ("content" | "refusal" | "arguments" | "input", Value::String(text), Value::String(more)) => {
                text.push_str(more);
            }
            ("content" | "refusal", _, Value::Null) => {}
            _ => *value = more.clone(),
        }
    }
}

fn elements(known: &mut Vec<Value>, more: &[Value], add: Add) {
    for element in more {
        let index =
            usize::try_from(element["index"].as_u64().expect("elements are merged by index")).unwrap();
        assert!(index <= known.len(), "indices are dense");
        if index == known.len() {
            known.push(json!({}));
        }
        add(known[index].as_object_mut().unwrap(), element.as_object().unwrap());
    }
}
