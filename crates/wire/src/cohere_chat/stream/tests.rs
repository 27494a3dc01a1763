//! Streams as the supplier sends them, whole, cut, and full of text that looks like something else.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::OnlyText;
use crate::testing::{deceitful_text, frames, hurt, seen};

fn watch(stream: &str) -> (String, Reader) {
    let mut reader = Reader::default();
    (seen(&mut reader, stream), reader)
}

#[test]
fn streams_whole() {
    for (stream, letters, finish, usage, bytes) in [
        (
            include_str!("tests/thinking.sse"),
            "P P C C O O C C C O O C O T",
            "COMPLETE",
            Usage { input_uncached: 36, output_text: 12, ..Usage::default() },
            r#"Hm, gyms.We offer gym \"memberships\""#.len(),
        ),
        (
            include_str!("tests/tools.sse"),
            "P C C C C C O C O T O",
            "TOOL_CALL",
            Usage { input_uncached: 37, output_text: 28, ..Usage::default() },
            r#"I will search.get_weather{\n    \"location\": \"Madrid\"\n}now"#.len(),
        ),
    ] {
        let (found, reader) = watch(stream);
        assert_eq!(found, letters, "{stream}");
        assert_eq!((reader.finish(), reader.usage()), (Some(finish), Some(usage)), "{stream}");
        assert_eq!((reader.end(), reader.output_bytes()), (End::Complete, bytes as u64), "{stream}");
    }
}

#[test]
fn a11_a_stream_is_cut_until_its_last_event() {
    let stream = include_str!("tests/thinking.sse");
    let mut reader = Reader::default();
    let ends = frames(stream).into_iter().map(|frame| {
        reader.read(&frame);
        reader.end()
    });
    let ends: Vec<End> = ends.collect();
    let (last, cut) = ends.split_last().unwrap();
    assert!(cut.iter().all(|end| *end == End::Cut));
    assert_eq!(*last, End::Complete);
}

#[test]
fn a07_i09_failures_in_a_good_stream() {
    let (letters, reader) = watch(include_str!("tests/failed.sse"));
    assert_eq!(letters, "P C E:server");
    assert_eq!((reader.end(), reader.finish()), (End::Cut, Some("ERROR")));
    assert_eq!(reader.usage().unwrap().input_uncached, 3, "what a failure cost is known");
    for (frame, letters) in [
        (r#"{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}"#, "E:timeout"),
        (r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","error":"broke"}}"#, "E:server"),
        (
            r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"too many tokens: 9"}}"#,
            "E:context_exceeded",
        ),
        (r#"{"type":"message-end","delta":{"finish_reason":"NEW_WORD"}}"#, "T"),
        (r#"{"type":"message-end","delta":{}}"#, "E:broken_empty"),
        (r#"{"type":"error","message":"x"}"#, "E:server"),
        (r#"{"message":"trial token rate limit exceeded"}"#, "E:server"),
        (r#"{"error":{"message":"x","code":429}}"#, "E:rate_limited"),
        (r#"{"type":"debug","prompt":"x"}"#, "P"),
        (r#"{"type":"new-event","index":null,"delta":null}"#, "P"),
        (r#"{"type":"content-delta","delta":{"message":{"content":{"text":"#, "E:broken_malformed"),
        ("[1]", "E:broken_malformed"),
        ("<html>", "E:broken_malformed"),
        ("[DONE]", "P"),
    ] {
        assert_eq!(watch(&format!("data: {frame}\n\n")).0, letters, "{frame}");
    }
    let content = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}"#;
    let (letters, reader) = watch(&format!("data: {content}\n\ndata: {{\"type\":\"message-end\"}}\n\n"));
    assert_eq!((letters.as_str(), reader.end()), ("C T", End::Cut), "an end without a reason is none");
}

fn chunk(message: &serde_json::Value) -> String {
    let event = json!({"type": "content-delta", "index": 0, "delta": {"message": message}});
    format!("event: content-delta\ndata: {event}\n\n")
}

fn piece() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        4 => deceitful_text().prop_map(|text| json!({"content": {"text": text}})),
        1 => deceitful_text().prop_map(|text| json!({"content": {"thinking": text}})),
        1 => deceitful_text().prop_map(|text| json!({"tool_plan": text})),
        1 => deceitful_text().prop_map(|text| json!({"tool_calls": {"function": {"arguments": text}}})),
        1 => deceitful_text().prop_map(|text| json!({"content": {"text": "a"}, "extra": text})),
    ]
}

proptest! {
    /// Whatever the model says, it is content and nothing else.
    #[test]
    fn generated_text_is_never_taken_for_more(pieces in proptest::collection::vec(piece(), 1..12)) {
        let stream: String = pieces.iter().map(chunk).collect();
        let (letters, mut reader) = watch(&stream);
        prop_assert_eq!(letters, vec!["C"; pieces.len()].join(" "));
        prop_assert_eq!((reader.usage(), reader.finish(), reader.end()), (None, None, End::Cut));
        let end = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;
        prop_assert_eq!(seen(&mut reader, &format!("data: {end}\n\n")), "T");
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
            let mut raw = chunk(&piece).into_bytes();
            hurt(&mut raw, place, damage, byte);
            let frame = Frame::sse(raw.into());
            scanning.template = Template::default();
            let (compared, scanned) = (comparing.read(&frame), scanning.read(&frame));
            let once = |text: OnlyText| OnlyText { is_like_before: false, ..text };
            prop_assert_eq!(Seen { text: compared.text.map(once), ..compared }, scanned);
            prop_assert_eq!(comparing.output_bytes, scanning.output_bytes);
            prop_assert_eq!(comparing.end(), scanning.end());
            prop_assert_eq!((comparing.usage, &comparing.finish), (scanning.usage, &scanning.finish));
        }
    }
}
