//! Streams as the supplier sends them, whole, cut, and full of text that looks like something else.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ollama_chat::tests::frames;
use crate::testing::deceitful_text;

fn watch_on(reader: &mut Reader, stream: &str) -> String {
    let letters = frames(stream.as_bytes()).into_iter().map(|frame| match reader.read(&frame).kind {
        SeenKind::Preamble => "P".to_owned(),
        SeenKind::Content => "C".to_owned(),
        SeenKind::Terminal => "T".to_owned(),
        SeenKind::Error(failure) => format!("E:{}", failure.as_str()),
        SeenKind::Usage | SeenKind::Other => "O".to_owned(),
    });
    letters.collect::<Vec<_>>().join(" ")
}

fn watch(stream: &str) -> (String, Reader) {
    let mut reader = Reader::default();
    (watch_on(&mut reader, stream), reader)
}

#[test]
fn streams_whole() {
    for (stream, letters, finish, (input, output), bytes) in [
        (
            include_str!("tests/thinking.ndjson"),
            "C C O C C T",
            "length",
            (26, 298),
            r#"Hm, yes.Say \"yes\", to \u003call\u003e"#.len(),
        ),
        (
            include_str!("tests/calls.ndjson"),
            "C C C T",
            "stop",
            (169, 15),
            r#"Looking.get_weather{"city":"Paris","n":9007199254740993}now"#.len(),
        ),
    ] {
        let (found, reader) = watch(stream);
        assert_eq!(found, letters, "{stream}");
        let usage = Usage { input_uncached: input, output_text: output, ..Usage::default() };
        assert_eq!((reader.finish(), reader.usage()), (Some(finish), Some(usage)), "{stream}");
        assert_eq!((reader.end(), reader.output_bytes()), (End::Complete, bytes as u64), "{stream}");
    }
}

#[test]
fn a11_a_stream_is_cut_until_it_is_done() {
    let stream = include_str!("tests/calls.ndjson");
    let mut reader = Reader::default();
    let ends = frames(stream.as_bytes()).into_iter().map(|frame| {
        reader.read(&frame);
        reader.end()
    });
    assert_eq!(ends.collect::<Vec<_>>(), [End::Cut, End::Cut, End::Cut, End::Complete]);
}

#[test]
fn a07_failures_in_a_good_stream() {
    let (letters, reader) = watch(include_str!("tests/failed.ndjson"));
    assert_eq!((letters.as_str(), reader.end()), ("C E:server", End::Cut));
    for (line, letters) in [
        (r#"{"error":"the input length exceeds the context length"}"#, "E:context_exceeded"),
        (r#"{"error":"x","status":503}"#, "E:overloaded"),
        (r#"{"error":"","message":{"content":"a"}}"#, "C"),
        (r#"{"message":{"content":""},"done":true}"#, "E:broken_empty"),
        (r#"{"message":{"content":"a"},"done":true}"#, "T"),
        (r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#, "T"),
        (r#"{"message":{"content":""},"done":true,"done_reason":"new word"}"#, "T"),
        (r#"{"message":null,"done":null,"new":1}"#, "P"),
        (r#"{"message":{"content":"#, "E:broken_malformed"),
        ("[1]", "E:broken_malformed"),
        ("<html>", "E:broken_malformed"),
    ] {
        assert_eq!(watch(line).0, letters, "{line}");
    }
}

proptest! {
    /// Whatever the model says, it is content and nothing else.
    #[test]
    fn generated_text_is_never_taken_for_more(
        pieces in proptest::collection::vec((0_u8..3, deceitful_text()), 1..12),
    ) {
        let lines = pieces.iter().map(|(kind, text)| {
            let message = match kind {
                0 => json!({"role": "assistant", "content": text}),
                1 => json!({"role": "assistant", "content": "", "thinking": text}),
                _ => json!({"tool_calls": [{"function": {"name": text, "arguments": {"done": true, "error": text}}}]}),
            };
            format!("{}\n", json!({"model": text, "message": message, "done": false}))
        });
        let (letters, mut reader) = watch(&lines.collect::<String>());
        prop_assert_eq!(letters, vec!["C"; pieces.len()].join(" "));
        prop_assert_eq!((reader.usage(), reader.finish(), reader.end()), (None, None, End::Cut));
        let end = r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#;
        prop_assert_eq!(watch_on(&mut reader, end), "T");
        prop_assert_eq!(reader.end(), End::Complete);
    }
}
