//! Streams as suppliers send them, whole, cut, and full of text that looks like something else.

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
fn suppliers_streams_whole() {
    for (stream, letters, finish, usage) in [
        (
            include_str!("tests/openai.sse"),
            "P C C C O U- T",
            "stop",
            Usage { input_uncached: 40, cache_read: 60, output_text: 10, reasoning: 30, ..Usage::default() },
        ),
        (include_str!("tests/openai_tools.sse"), "C C C C C C O T", "tool_calls", Usage::default()),
        (
            include_str!("tests/azure.sse"),
            "P P C C O U- T",
            "stop",
            Usage { input_uncached: 9, output_text: 2, ..Usage::default() },
        ),
        (
            include_str!("tests/vllm.sse"),
            "P C C O U- T",
            "stop",
            Usage { input_uncached: 11, output_text: 2, ..Usage::default() },
        ),
        (
            include_str!("tests/llama_cpp.sse"),
            "P C C O U- T",
            "length",
            Usage { input_uncached: 20, output_text: 4, ..Usage::default() },
        ),
        (
            include_str!("tests/xai.sse"),
            "C C O U- T",
            "stop",
            Usage { input_uncached: 26, cache_read: 6, output_text: 9, reasoning: 94, ..Usage::default() },
        ),
        (
            include_str!("tests/deepseek.sse"),
            "P P P C O C O T",
            "stop",
            Usage { input_uncached: 18, cache_read: 32, output_text: 5, reasoning: 15, ..Usage::default() },
        ),
    ] {
        let (found, reader) = watch(stream);
        assert_eq!(found, letters, "{stream}");
        assert_eq!(reader.finish(), Some(finish));
        assert_eq!(reader.usage().unwrap_or_default(), usage, "{stream}");
        assert_eq!(reader.end(), End::Complete);
    }
}

/// Cut behind each frame: whole only once the finish reason and the terminal event are there.
#[test]
fn a_stream_is_cut_until_its_terminal_event() {
    let stream = include_str!("tests/openai.sse");
    let mut reader = Reader::default();
    let ends: Vec<End> = frames(stream)
        .iter()
        .map(|frame| {
            reader.read(frame);
            reader.end()
        })
        .collect();
    let (last, cut) = ends.split_last().unwrap();
    assert!(cut.iter().all(|end| *end == End::Cut));
    assert_eq!(*last, End::Complete);
}

#[test]
fn every_choice_needs_its_finish_reason() {
    let stream = include_str!("tests/openai_two_choices.sse");
    let (letters, mut reader) = watch(stream);
    assert_eq!(letters, "P P C C O C");
    assert_eq!(reader.end(), End::Cut, "choice 0 has none");
    let finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    assert_eq!(seen(&mut reader, &format!("{finish}data: [DONE]\n\n")), "O T");
    assert_eq!(reader.end(), End::Complete);
    let (letters, reader) = watch(&format!("{stream}data: [DONE]\n\n"));
    assert!(letters.ends_with('T'));
    assert_eq!(reader.end(), End::Cut, "choice 0 still has none");
    let (_, reader) = watch(&format!("{}data: [DONE]\n\n", finish.replace("stop", "")));
    assert_eq!(reader.end(), End::Cut, "an empty reason is none");
}

#[test]
fn the_terminal_event_alone_makes_no_answer() {
    let (letters, reader) = watch("data: [DONE]\n\n");
    assert_eq!(letters, "E:broken_empty");
    assert_eq!(reader.end(), End::Cut);
    let late = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    assert_eq!(
        watch(&format!("data: [DONE]\n\n{late}\n\n")).1.end(),
        End::Cut,
        "what follows an end mends nothing"
    );
    let role =
        r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
    assert_eq!(watch(&format!("{role}\n\ndata: [DONE]\n\n")).0, "P E:broken_empty");
    assert_eq!(watch("").1.end(), End::Cut);
    // An answer that is nothing but its end is one: a filter may have taken the rest.
    let filtered = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#;
    let (letters, reader) = watch(&format!("{role}\n\n{filtered}\n\ndata:[DONE]"));
    assert_eq!((letters.as_str(), reader.end()), ("P O T", End::Complete));
}

#[test]
fn errors_inside_a_good_stream() {
    let (letters, reader) = watch(include_str!("tests/openrouter_error.sse"));
    assert_eq!(letters, "P P C E:server");
    assert_eq!(reader.end(), End::Cut);
    for (frame, letters) in [
        (r#"{"error":{"message":"x","type":"server_error","code":null}}"#, "E:server"),
        (r#"{"error":{"message":"x","type":"tokens","code":"rate_limit_exceeded"}}"#, "E:rate_limited"),
        (r#"{"error":{"message":"prompt is too long","code":400}}"#, "E:context_exceeded"),
        (r#"{"error":"broke"}"#, "E:server"),
        (r#"{"object":"error","message":"x","type":"BadRequestError","code":400}"#, "E:client"),
        (r#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#, "C"),
        (r#"{"choices":[{"delta":{"content":"#, "E:broken_malformed"),
        ("[1]", "E:broken_malformed"),
        ("<html>", "E:broken_malformed"),
    ] {
        assert_eq!(watch(&format!("data: {frame}\n\n")).0, letters, "{frame}");
    }
    assert_eq!(watch("event: error\ndata: {\"message\":\"x\"}\n\n").0, "E:server");
}

#[test]
fn members_that_suppliers_add_to_a_delta_are_content_when_they_say_something() {
    for (delta, letters) in [
        (json!({"reasoning": "hm"}), "C"),
        (json!({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}), "C"),
        (json!({"images": [{"type": "image_url"}]}), "C"),
        (json!({"audio": {"data": "AAAA"}}), "C"),
        (json!({"content": [{"type": "text", "text": "a"}]}), "C"),
        (json!({"function_call": {"name": "f", "arguments": ""}}), "C"),
        (json!({"refusal": "no"}), "C"),
        (json!({"content": [{"type": "text", "text": ""}]}), "P"),
        (
            json!({"role": "assistant", "tool_calls": [], "reasoning_details": [], "audio": null, "extra": ""}),
            "P",
        ),
        (json!(null), "P"),
    ] {
        let stream = format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}));
        assert_eq!(watch(&stream).0, letters, "{stream}");
    }
}

#[test]
fn text_is_counted_as_it_stands() {
    assert_eq!(watch(include_str!("tests/openai.sse")).1.output_bytes(), (3 + 5 + 8));
    assert_eq!(watch(include_str!("tests/xai.sse")).1.output_bytes(), (5 + 3));
    let arguments = r#"{\"city\":\"Paris\"}"#.len() + 2;
    let names = "get_weather".len() + "now".len();
    assert_eq!(watch(include_str!("tests/openai_tools.sse")).1.output_bytes(), (arguments + names) as u64);
}

fn chunk(delta: &serde_json::Value) -> String {
    let chunk = json!({
        "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}], "usage": null,
    });
    format!("data: {chunk}\n\n")
}

fn piece() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        4 => deceitful_text().prop_map(|text| json!({"content": text})),
        1 => deceitful_text().prop_map(|text| json!({"reasoning_content": text})),
        1 => deceitful_text().prop_map(|text| json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})),
        1 => deceitful_text().prop_map(|text| json!({"content": "a", "extra": text})),
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

        let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}});
        prop_assert_eq!(seen(&mut reader, &format!("data: {end}\n\n")), "O");
        prop_assert_eq!((reader.finish(), reader.end()), (Some("stop"), End::Cut));
        prop_assert_eq!(seen(&mut reader, "data: [DONE]\n\n"), "T");
        prop_assert_eq!(reader.end(), End::Complete);
        prop_assert_eq!(reader.usage(), Some(Usage { input_uncached: 1, ..Usage::default() }));
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
