//! A client that puts a stream's events together, as the official SDKs do, and holds the stream to the dialect's rules.

use serde_json::{Value, json};

use crate::testing::frames;

/// The message that a whole stream says.
pub(in crate::anthropic_messages) fn accumulate(stream: &str) -> Value {
    let mut message = Value::Null;
    let mut open: Option<(u64, String)> = None;
    let mut next = 0;
    let mut is_over = false;
    for frame in frames(stream) {
        let event: Value = serde_json::from_slice(&frame.data()).unwrap();
        let kind = event["type"].as_str().unwrap().to_owned();
        assert_eq!(frame.event(), Some(kind.as_bytes()), "the SDKs pass over frames without a name");
        assert!(!is_over, "{kind} behind the end");
        if kind == "ping" {
            continue;
        }
        assert_eq!(kind == "message_start", message.is_null(), "{kind}: one start, first");
        match kind.as_str() {
            "message_start" => message = event["message"].clone(),
            "content_block_start" => {
                assert!(open.is_none(), "two blocks are open");
                assert_eq!(event["index"], next);
                open = Some((next, String::new()));
                message["content"].as_array_mut().unwrap().push(event["content_block"].clone());
            }
            "content_block_delta" => {
                let (index, input) = open.as_mut().expect("a delta without a block");
                assert_eq!(event["index"], *index);
                let block = message["content"].as_array_mut().unwrap().last_mut().unwrap();
                grow(block, input, &event["delta"]);
            }
            "content_block_stop" => {
                let (index, input) = open.take().expect("an end without a block");
                assert_eq!(event["index"], index);
                next += 1;
                if !input.is_empty() {
                    let block = message["content"].as_array_mut().unwrap().last_mut().unwrap();
                    block["input"] = serde_json::from_str(&input).unwrap_or(Value::String(input));
                }
            }
            "message_delta" => {
                assert!(open.is_none(), "a block is open at the end");
                for name in ["stop_reason", "stop_sequence"] {
                    message[name] = event["delta"][name].clone();
                }
                for (name, value) in event["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
            }
            "message_stop" => is_over = true,
            other => panic!("{other} is no event of the dialect"),
        }
    }
    assert!(is_over, "the stream has no end");
    message
}

fn grow(block: &mut Value, input: &mut String, delta: &Value) {
    let kind = delta["type"].as_str().unwrap();
    let wanted = match kind {
        "input_json_delta" => "tool_use",
        "text_delta" | "citations_delta" => "text",
        _ => "thinking",
    };
    assert_eq!(block["type"], wanted, "{kind} in the wrong block");
    let (name, piece) = match kind {
        "text_delta" => ("text", &delta["text"]),
        "thinking_delta" => ("thinking", &delta["thinking"]),
        "input_json_delta" => {
            input.push_str(delta["partial_json"].as_str().unwrap());
            return;
        }
        "citations_delta" => {
            if block["citations"].is_null() {
                block["citations"] = json!([]);
            }
            block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
            return;
        }
        "signature_delta" => {
            block["signature"] = delta["signature"].clone();
            return;
        }
        other => panic!("{other} is no delta of the dialect"),
    };
    let so_far = block[name].as_str().unwrap();
    block[name] = json!(format!("{so_far}{}", piece.as_str().unwrap()));
}
