//! Requests that build on kept turns, told all by themselves.
#![cfg_attr(fuzzing, no_main)]

use bytes::Bytes;
use serde_json::Value;
use wire::state::{Answer, Ask, Page, Turn, answered, last_response, list};
use wire::{PeekError, peek};

const TURN: Turn<'static> = Turn {
    id: "resp_1",
    input: br#"[{"role":"user","content":"hi"}]"#,
    response:
        br#"{"id":"resp_1","output":[{"id":"msg_1","type":"message"},{"id":"rs_1","type":"reasoning"}]}"#,
};
const SAID: &[u8] = br#"{"role":"user","content":"hi"},{"id":"msg_1","type":"message"}"#;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let _ = (Answer::read(body), last_response(&Bytes::copy_from_slice(body)));
    let turn = Turn { id: "x", input: body, response: body };
    let _ = (list(&[turn], &Page::default()), answered(turn).count());
    let ask = match Ask::read(body) {
        Ok(ask) => ask,
        Err(PeekError::NotJson { .. } | PeekError::TooDeep) => {
            return assert!(peek(body).is_err(), "it is JSON all the same");
        }
        Err(_) => return,
    };
    let before: Value = match serde_json::from_slice(body) {
        Ok(before) => before,
        // A number out of its range, or a name that it reserves.
        Err(_) => return,
    };
    let items = vec![br#"{"id":"msg_1"}"#.as_slice(); ask.references.len()];
    let told = ask.told(&Bytes::copy_from_slice(body), &[TURN, TURN], &items);
    let after: Value = serde_json::from_slice(&told.body).expect("what is told is JSON");
    assert_eq!(after["store"], false);
    assert!(after.get("previous_response_id").is_none_or(Value::is_null));
    assert_eq!(after.get("model"), before.get("model"));
    let own: Vec<Value> = serde_json::from_slice(&told.input).expect("its own input is a list");
    let all = after["input"].as_array().expect("all of it is a list");
    assert_eq!(all.len(), 4 + own.len());
    assert_eq!(all[4..], own);
    for place in told.turns {
        assert_eq!(&told.body[place], SAID);
    }
});

#[cfg(not(fuzzing))]
fn main() {}
