//! The peek against `serde_json`.
#![cfg_attr(fuzzing, no_main)]

use bytes::Bytes;
use serde_json::Value;
use wire::{PeekError, peek};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    if body.windows(11).any(|name| name == b"$serde_json") {
        return; // names that serde_json itself reserves
    }
    match (peek(body), serde_json::from_slice::<Value>(body)) {
        (Ok(seen), Ok(value)) => {
            assert!(value.is_object());
            assert_eq!(seen.model_name(), value.get("model").and_then(Value::as_str));
            assert_eq!(seen.stream, value.get("stream").and_then(Value::as_bool).unwrap_or(false));
            assert_eq!(seen.n, value.get("n").and_then(Value::as_u64));
            let range = seen.stream_options.as_ref().map(|options| options.range.clone());
            let options = range.map(|range| serde_json::from_slice::<Value>(&body[range]).unwrap());
            assert_eq!(options.as_ref(), value.get("stream_options"));
            asks_once(body, &seen);
        }
        (Err(PeekError::NotAnObject), Ok(value)) => assert!(!value.is_object()),
        (Err(PeekError::Duplicate { .. } | PeekError::WrongType { .. }), Ok(value)) => {
            assert!(value.is_object())
        }
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("we say {ours:?}, serde_json says {theirs:?}"),
    }
});

/// The body with the edit that asks for usage is sound, asks for it, and differs in nothing else.
fn asks_once(body: &[u8], seen: &wire::Peek<'_>) {
    let codec = wire::codec(catalogue::Protocol::OpenaiChat).expect("spoken");
    let Some(edit) = codec.usage_request(seen) else { return };
    let edited = wire::splice(&Bytes::copy_from_slice(body), &mut [edit]).concat();
    let again = peek(&edited).expect("an edit keeps a body sound");
    assert!(again.asks_for_usage() && again.model_name() == seen.model_name());
    assert_eq!(
        (again.messages_count, again.text_bytes, again.needs),
        (seen.messages_count, seen.text_bytes, seen.needs)
    );
}

#[cfg(not(fuzzing))]
fn main() {}
