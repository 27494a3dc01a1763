//! Streams as suppliers send them, whole, cut, and full of text that looks like something else.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{deceitful_text, frames, seen};

const TEXT: &str = include_str!("tests/text.sse");
const TOOLS: &str = include_str!("tests/reasoning_and_tools.sse");
const INCOMPLETE: &str = include_str!("tests/incomplete.sse");
const FAILED: &str = include_str!("tests/failed.sse");
const QUOTA: &str = include_str!("tests/quota.sse");
const SEARCH: &str = include_str!("tests/web_search.sse");

fn watch(stream: &str) -> (String, Reader) {
    let mut reader = Reader::default();
    (seen(&mut reader, stream), reader)
}

fn event(kind: &str, members: &serde_json::Value) -> String {
    let mut event = json!({"type": kind, "sequence_number": 7});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    format!("event: {kind}\ndata: {event}\n\n")
}

#[test]
fn deltas_are_read_where_they_stand() {
    let frames = frames(TEXT);
    let mut reader = Reader::default();
    for frame in &frames[..5] {
        reader.read(frame);
    }
    let before = reader.output_bytes();
    for (frame, said) in frames[5..7].iter().zip([" morn", r#"ing, größe \"x\""#]) {
        let (text, length) = reader.read_alike(&frame.raw).unwrap();
        assert_eq!((&frame.raw[text.start..text.end], length), (said.as_bytes(), frame.raw.len()));
    }
    assert_eq!(reader.output_bytes(), before + 23);
    assert_eq!(reader.read_alike(&frames[7].raw), None, "all of it again");
}

#[test]
fn suppliers_streams_whole() {
    for (stream, letters, finish, usage) in [
        (
            TEXT,
            "P P P P C C C O O C T",
            "completed",
            Usage {
                input_uncached: 12,
                cache_read: 100,
                cache_write_5m: 8,
                output_text: 30,
                ..Usage::default()
            },
        ),
        (
            TOOLS,
            "P P P P C C O O O C C O O C O O C O O C C C C O C C C O C C C C O C T",
            "completed",
            Usage { input_uncached: 300, output_text: 26, reasoning: 64, ..Usage::default() },
        ),
        (
            INCOMPLETE,
            "P P P C O O C T",
            "max_output_tokens",
            Usage { input_uncached: 20, output_text: 16, ..Usage::default() },
        ),
        (
            SEARCH,
            "P C O O O C O O C O O O C T",
            "completed",
            Usage { input_uncached: 5000, output_text: 12, tool_requests: 1, ..Usage::default() },
        ),
    ] {
        let (found, reader) = watch(stream);
        assert_eq!(found, letters, "{stream}");
        assert_eq!(reader.finish(), Some(finish));
        assert_eq!(reader.usage(), Some(usage), "{stream}");
        assert_eq!(reader.end(), End::Complete);
        // Without its last event: cut, and nothing is known of usage.
        let cut = &stream[..stream.rfind("event: ").unwrap()];
        assert_eq!(watch(cut).1.end(), End::Cut);
        assert_eq!(watch(cut).1.usage(), None);
    }
}

#[test]
fn the_name_of_an_event_is_in_its_data_or_else_on_its_line() {
    let bare: String = TEXT.split_inclusive('\n').filter(|line| !line.starts_with("event:")).collect();
    let (letters, reader) = watch(&bare);
    assert_eq!((letters.as_str(), reader.end()), ("P P P P C C C O O C T", End::Complete));
    let unnamed = TEXT.replace(r#""type":"response.completed","#, "");
    assert_eq!(watch(&unnamed).1.end(), End::Complete);
}

#[test]
fn e08_usage_is_in_incomplete_and_failed_responses_too() {
    assert!(watch(INCOMPLETE).1.usage().is_some());
    let (letters, reader) = watch(FAILED);
    assert_eq!((letters.as_str(), reader.end()), ("P P P P C E:server", End::Cut));
    assert_eq!(reader.usage(), Some(Usage { input_uncached: 20, output_text: 2, ..Usage::default() }));
}

#[test]
fn e09_an_error_behind_the_start_comes_before_anything_is_committed() {
    assert_eq!(watch(QUOTA).0, "P P E:quota");
    for (error, failure) in [
        (json!({"code": "rate_limit_exceeded", "message": "x"}), "rate_limited"),
        (json!({"code": "context_length_exceeded", "message": "x"}), "context_exceeded"),
        (json!({"code": "server_error", "message": "x"}), "server"),
        (json!({"code": "invalid_prompt", "message": "x"}), "client"),
        (json!({"code": "image_parse_error", "message": "x"}), "client"),
        (json!("broke"), "server"),
    ] {
        let failed =
            event("response.failed", &json!({"response": {"id": "r", "status": "failed", "error": error}}));
        assert_eq!(watch(&failed).0, format!("E:{failure}"), "{failed}");
    }
    for (frame, failure) in [
        (
            event("error", &json!({"code": "rate_limit_exceeded", "message": "x", "param": null})),
            "rate_limited",
        ),
        (event("error", &json!({"code": "invalid_image", "message": "x", "param": null})), "client"),
        (
            event(
                "error",
                &json!({"error": {"type": "invalid_request_error", "code": null, "message": "x"}}),
            ),
            "client",
        ),
        ("event: error\ndata: {\"message\":\"x\"}\n\n".into(), "server"),
        ("event: error\ndata: broke\n\n".into(), "server"),
        ("data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n".into(), "rate_limited"),
        (event("response.completed", &json!({"response": {"status": "cancelled"}})), "broken_cut"),
        ("data: [1]\n\n".into(), "broken_malformed"),
        ("data: {\"type\":\n\n".into(), "broken_malformed"),
    ] {
        let (letters, reader) = watch(&frame);
        assert_eq!((letters, reader.end()), (format!("E:{failure}"), End::Cut), "{frame}");
    }
}

#[test]
fn an_end_without_anything_is_no_answer() {
    let end = |response| event("response.completed", &json!({ "response": response }));
    let (letters, reader) = watch(&end(json!({"status": "completed", "output": []})));
    assert_eq!((letters.as_str(), reader.end()), ("E:broken_empty", End::Cut));
    // With a count of what was read, it is one that says nothing; and one that is incomplete says why.
    let counted = json!({"status": "completed", "output": [], "usage": {"input_tokens": 3}});
    assert_eq!(watch(&end(counted)).0, "T");
    let filtered = json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}});
    let (letters, reader) = watch(&event("response.incomplete", &json!({ "response": filtered })));
    assert_eq!((letters.as_str(), reader.finish()), ("T", Some("content_filter")));
    // All of it in the last event.
    let late = json!({"status": "completed", "output": [{"type": "message", "content": [{"text": "abc"}]}]});
    let (letters, reader) = watch(&end(late));
    assert_eq!((letters.as_str(), reader.output_bytes()), ("T", 3));
}

#[test]
fn what_is_content() {
    for (frame, letter) in [
        (event("response.output_item.added", &json!({"item": {"type": "message", "content": []}})), "P"),
        (event("response.output_item.added", &json!({"item": {"type": "reasoning", "summary": []}})), "P"),
        (
            event(
                "response.output_item.done",
                &json!({"item": {"type": "reasoning", "encrypted_content": "x"}}),
            ),
            "C",
        ),
        (event("response.output_item.added", &json!({"item": {"type": "function_call", "name": "f"}})), "C"),
        (event("response.output_item.added", &json!({"item": {"type": "web_search_call"}})), "C"),
        (event("response.output_text.delta", &json!({"delta": ""})), "P"),
        (event("response.refusal.delta", &json!({"delta": "no"})), "C"),
        (event("response.some_new_thing", &json!({"delta": {"text": "x"}})), "P"),
        (": ping\n\n".into(), "P"),
        ("data: [DONE]\n\n".into(), "P"),
    ] {
        assert_eq!(watch(&frame).0, letter, "{frame}");
    }
}

#[test]
fn text_that_comes_thrice_is_counted_once() {
    assert_eq!(watch(TEXT).1.output_bytes(), r#"Good morning, größe \"x\""#.len() as u64);
    // As far as it came, where the end is missing.
    let cut = &TEXT[..TEXT.find("event: response.output_text.done").unwrap()];
    assert_eq!(watch(cut).1.output_bytes(), r#"Good morning, größe \"x\""#.len() as u64);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => deceitful_text().prop_map(|text| event("response.output_text.delta", &json!({"delta": text}))),
        1 => deceitful_text()
            .prop_map(|text| event("response.function_call_arguments.delta", &json!({"delta": text}))),
        1 => deceitful_text()
            .prop_map(|text| event("response.output_text.delta", &json!({"delta": "a", "obfuscation": text}))),
    ]
}

proptest! {
    /// Whatever the model says, it is content and nothing else.
    #[test]
    fn generated_text_is_never_taken_for_more(pieces in proptest::collection::vec(piece(), 1..12)) {
        let (letters, mut reader) = watch(&pieces.concat());
        prop_assert_eq!(letters, vec!["C"; pieces.len()].join(" "));
        prop_assert_eq!((reader.usage(), reader.finish(), reader.end()), (None, None, End::Cut));
        let end = event("response.completed", &json!({"response": {"status": "completed"}}));
        prop_assert_eq!(seen(&mut reader, &end), "T");
        prop_assert_eq!(reader.end(), End::Complete);
    }

    #[test]
    fn no_bytes_make_it_panic(
        stream in prop::sample::select(&[TEXT, TOOLS, FAILED, SEARCH][..]), at in any::<prop::sample::Index>(),
        with in any::<u8>(), rest in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = stream.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = with;
        bytes.extend(rest);
        let _ = watch(&String::from_utf8_lossy(&bytes));
        prop_assert!(!frames(stream).is_empty());
    }
}
