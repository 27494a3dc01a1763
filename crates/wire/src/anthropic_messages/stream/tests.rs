//! Streams as suppliers send them, whole, cut, and full of text that looks like something else.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::OnlyText;
use crate::testing::{deceitful_text, hurt, seen};

fn watch(stream: &str) -> (String, Reader) {
    let mut reader = Reader::default();
    (seen(&mut reader, stream), reader)
}

#[test]
fn suppliers_streams_whole() {
    for (stream, letters, finish, usage) in [
        (
            include_str!("tests/thinking_and_tools.sse"),
            "P P P C C C O O C O C O C O C C O U T",
            "tool_use",
            Usage {
                input_uncached: 25,
                cache_read: 1000,
                cache_write_5m: 100,
                cache_write_1h: 200,
                output_text: 49,
                reasoning: 40,
                ..Usage::default()
            },
        ),
        (
            include_str!("tests/web_search.sse"),
            "P C C O C O O C C O U T",
            "end_turn",
            Usage {
                input_uncached: 10_682,
                cache_read: 50,
                output_text: 510,
                tool_requests: 2,
                ..Usage::default()
            },
        ),
        (
            include_str!("tests/compaction.sse"),
            "P P C O U T",
            "end_turn",
            Usage { input_uncached: 180_020, cache_read: 7, output_text: 3505, ..Usage::default() },
        ),
        (
            include_str!("tests/llama_cpp.sse"),
            "P P C C O U T",
            "max_tokens",
            Usage { input_uncached: 1, cache_read: 19, output_text: 4, ..Usage::default() },
        ),
    ] {
        let (found, reader) = watch(stream);
        assert_eq!(found, letters, "{stream}");
        assert_eq!(reader.finish(), Some(finish));
        assert_eq!(reader.usage(), Some(usage), "{stream}");
        assert_eq!(reader.end(), End::Complete);
        // Without its last event, though the stop reason came: cut.
        let cut = &stream[..stream.find("event: message_stop").unwrap()];
        assert_eq!(watch(cut).1.end(), End::Cut);
        assert_eq!(watch(cut).1.usage(), Some(usage));
    }
}

#[test]
fn the_name_of_an_event_is_in_its_data() {
    let stream = include_str!("tests/llama_cpp.sse");
    let bare: String = stream.split_inclusive('\n').filter(|line| !line.starts_with("event:")).collect();
    let (letters, reader) = watch(&bare);
    assert_eq!((letters.as_str(), reader.end()), ("P P C C O U T", End::Complete));
}

#[test]
fn errors_inside_a_good_stream() {
    let (letters, reader) = watch(include_str!("tests/overloaded.sse"));
    assert_eq!((letters.as_str(), reader.end()), ("P P C E:overloaded", End::Cut));
    assert_eq!(reader.usage().unwrap().input_uncached, 25);
    for (frame, letters) in [
        (r#"data: {"type":"error","error":{"type":"rate_limit_error","message":"x"}}"#, "E:rate_limited"),
        (
            r#"data: {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 1 > 0"}}"#,
            "E:context_exceeded",
        ),
        ("event: error\ndata: {\"message\":\"x\"}", "E:server"),
        ("event: error\ndata: overloaded", "E:server"),
        ("event: error", "E:server"),
        ("data: {\"type\":\"content_block_delta\"", "E:broken_malformed"),
        ("data: [DONE]", "E:broken_malformed"),
        ("event: message_stop\ndata: {\"type\":\"message_stop\"}", "E:broken_empty"),
        (": comment", "P"),
        ("event: ping\ndata: {\"type\": \"ping\"}", "P"),
        ("data: {\"type\":\"some_new_event\",\"a\":[1]}", "P"),
    ] {
        assert_eq!(watch(&format!("{frame}\n\n")).0, letters, "{frame}");
    }
}

#[test]
fn an_answer_without_content_is_one_when_it_says_why_it_ended() {
    let start = r#"data: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}"#;
    let end =
        r#"data: {"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"output_tokens":2}}"#;
    let stop = r#"data: {"type":"message_stop"}"#;
    let (letters, reader) = watch(&format!("{start}\n\n{end}\n\n{stop}\n\n"));
    assert_eq!((letters.as_str(), reader.end(), reader.finish()), ("P U T", End::Complete, Some("refusal")));
    assert_eq!(watch(&format!("{start}\n\n{stop}\n\n")).0, "P E:broken_empty");
}

#[test]
fn h02_h03_a_running_total_replaces_and_what_it_leaves_out_stays() {
    let mut reader = Reader::default();
    let mut totals = |usage: serde_json::Value| {
        let delta = json!({"type": "message_delta", "delta": {"stop_reason": null}, "usage": usage});
        seen(&mut reader, &format!("data: {delta}\n\n"));
        reader.usage()
    };
    assert_eq!(totals(json!(null)), None);
    let usage =
        totals(json!({"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 5})).unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read, usage.output_text), (10, 5, 1));
    let usage =
        totals(json!({"input_tokens": null, "output_tokens": 7, "cache_creation_input_tokens": 3})).unwrap();
    assert_eq!(
        (usage.input_uncached, usage.cache_read, usage.cache_write_5m, usage.output_text),
        (10, 5, 3, 7)
    );
    let usage =
        totals(json!({"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 99}})).unwrap();
    assert_eq!((usage.output_text, usage.reasoning), (0, 9));
}

#[test]
fn text_is_counted_as_it_stands() {
    let (_, reader) = watch(include_str!("tests/thinking_and_tools.sse"));
    let spoken = ["Let me", r#" see \"this\""#, "Größe", " ok", r#"{\"city\": \"Pa"#, r#"ris\"}"#];
    assert_eq!(reader.output_bytes(), spoken.concat().len() as u64);
}

fn delta(delta: &serde_json::Value) -> String {
    let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
    format!("event: content_block_delta\ndata: {event}\n\n")
}

fn piece() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        3 => deceitful_text().prop_map(|text| json!({"type": "text_delta", "text": text})),
        1 => deceitful_text().prop_map(|text| json!({"type": "thinking_delta", "thinking": text})),
        1 => deceitful_text().prop_map(|text| json!({"type": "input_json_delta", "partial_json": text})),
    ]
}

proptest! {
    /// Whatever the model says, it is content and nothing else.
    #[test]
    fn generated_text_is_never_taken_for_more(pieces in proptest::collection::vec(piece(), 1..12)) {
        let stream: String = pieces.iter().map(delta).collect();
        let (letters, mut reader) = watch(&stream);
        prop_assert_eq!(letters, vec!["C"; pieces.len()].join(" "));
        prop_assert_eq!((reader.usage(), reader.finish(), reader.end()), (None, None, End::Cut));
        let stop = "data: {\"type\":\"message_stop\"}\n\n";
        let mut unexplained = watch(&stream).1;
        prop_assert_eq!(seen(&mut unexplained, stop), "T");
        prop_assert_eq!(unexplained.end(), End::Cut);
        let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}});
        prop_assert_eq!(seen(&mut reader, &format!("data: {delta}\n\n{stop}")), "U T");
        prop_assert_eq!(reader.end(), End::Complete);
    }

    /// Comparing with an earlier frame sees what scanning sees, on frames and on damaged frames.
    #[test]
    fn comparing_sees_what_scanning_sees(
        pieces in proptest::collection::vec((piece(), 0_u8..8, any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut comparing = Reader::default();
        let mut scanning = Reader::default();
        for (piece, damage, place, byte) in pieces {
            let mut raw = delta(&piece).into_bytes();
            hurt(&mut raw, place, damage, byte);
            let frame = Frame::sse(raw.into());
            scanning.template = Template::default();
            let (compared, scanned) = (comparing.read(&frame), scanning.read(&frame));
            let once = |text: OnlyText| OnlyText { is_like_before: false, ..text };
            prop_assert_eq!(Seen { text: compared.text.map(once), ..compared }, scanned);
            prop_assert_eq!(comparing.output_bytes, scanning.output_bytes);
            prop_assert_eq!(comparing.end(), scanning.end());
            prop_assert_eq!(comparing.usage(), scanning.usage());
            prop_assert_eq!(&comparing.stop, &scanning.stop);
        }
    }
}
