//! Bytes that nobody means well with.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::any::{request, target};
use crate::anthropic_messages::AnthropicMessages;
use crate::conversation::{ClientTranslator, Translator};
use crate::testing::frames;

/// A request with everything in it.
pub(in crate::anthropic_messages) const REQUEST: &str = include_str!("request.json");

/// Streams, as suppliers send them.
const STREAMS: [&str; 4] = [
    include_str!("../../stream/tests/thinking_and_tools.sse"),
    include_str!("../../stream/tests/web_search.sse"),
    include_str!("../../stream/tests/compaction.sse"),
    include_str!("../../stream/tests/overloaded.sse"),
];

/// Every value in a JSON text, replaced by `odd` one at a time.
fn mutated(value: &Value, odd: &Value, each: &mut dyn FnMut(&Value)) {
    fn walk(whole: &mut Value, path: &mut Vec<String>, odd: &Value, each: &mut dyn FnMut(&Value)) {
        let pointer = path.iter().fold(String::new(), |pointer, step| pointer + "/" + step);
        let here = whole.pointer(&pointer).unwrap().clone();
        *whole.pointer_mut(&pointer).unwrap() = odd.clone();
        each(whole);
        *whole.pointer_mut(&pointer).unwrap() = here.clone();
        let steps: Vec<String> = match &here {
            Value::Object(members) => members.keys().cloned().collect(),
            Value::Array(elements) => (0..elements.len()).map(|at| at.to_string()).collect(),
            _ => return,
        };
        for step in steps {
            path.push(step);
            walk(whole, path, odd, each);
            path.pop();
        }
    }
    walk(&mut value.clone(), &mut Vec::new(), odd, each);
}

#[test]
fn a_request_with_one_odd_value_is_read_or_refused() {
    let sample: Value = serde_json::from_str(REQUEST).unwrap();
    for odd in
        [Value::Null, json!(-1), json!("odd"), json!([]), json!({}), json!([{"type": "text"}]), json!(true)]
    {
        mutated(&sample, &odd, &mut |body| {
            let Ok(request) = AnthropicMessages.decode_request(body.to_string().as_bytes()) else { return };
            if let Ok(encoded) = AnthropicMessages.encode_request(&request, &target()) {
                assert!(serde_json::from_slice::<Value>(&encoded.body).is_ok(), "{body}");
            }
        });
    }
}

#[test]
fn a_stream_with_one_odd_value_is_read_or_refused() {
    for stream in STREAMS {
        for frame in frames(stream) {
            let event: Value = serde_json::from_slice(&frame.data()).unwrap();
            for odd in [Value::Null, json!(-1), json!("odd"), json!([]), json!({}), json!({"type": "odd"})] {
                mutated(&event, &odd, &mut |event| {
                    let name = String::from_utf8_lossy(frame.event().unwrap()).into_owned();
                    let odd = format!("event: {name}\ndata: {event}\n\n{stream}");
                    let mut decoder = AnthropicMessages.event_decoder();
                    let mut events = Vec::new();
                    for frame in frames(&odd) {
                        if decoder.decode(&frame, &mut events).is_err() {
                            break;
                        }
                    }
                });
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        for body in [&body[..], text.as_bytes()] {
            prop_assert!(AnthropicMessages.decode_request(body).is_err());
            prop_assert!(AnthropicMessages.decode_answer(body).is_err());
        }
        for frame in frames(&format!("event: {text}\ndata: {text}\n\n")) {
            let _ = AnthropicMessages.event_decoder().decode(&frame, &mut Vec::new());
        }
    }

    #[test]
    fn what_was_cut_or_stirred_is_read_or_refused(
        asked in request(), at in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut body = AnthropicMessages.encode_request(&asked, &target()).unwrap().body.to_vec();
        let at = at.index(body.len());
        if cut {
            body.truncate(at);
            prop_assert!(AnthropicMessages.decode_request(&body).is_err());
        } else {
            body[at] = byte;
            let _ = AnthropicMessages.decode_request(&body);
        }
    }
}

#[test]
fn members_without_end_take_no_time_and_no_room() {
    let many: Vec<String> = (0..50_000).map(|number| format!("\"m{number}\":1,\"type\":\"text\",")).collect();
    let many = many.concat();
    let body = format!(
        r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{{{many}"text":"x"}}]}}],{many}"z":1}}"#
    );
    let started = std::time::Instant::now();
    let request = AnthropicMessages.decode_request(body.as_bytes()).unwrap();
    assert!(started.elapsed().as_secs() < 5);
    assert!(request.losses.len() < 50, "{}", request.losses.len());
}
