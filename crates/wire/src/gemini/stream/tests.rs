//! Streams as they come, and streams that break.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{deceitful_text, frames, seen};

const WHOLE: &str = include_str!("tests/thinking_and_tools.sse");
const BLOCKED: &str = include_str!("tests/blocked.sse");

fn read(stream: &str) -> (String, Reader) {
    let mut reader = Reader::default();
    let seen = seen(&mut reader, stream);
    (seen, reader)
}

fn chunk(text: &str, finish: &str) -> String {
    let candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
    let candidate = candidate.to_string().replacen('{', &format!("{{{finish}"), 1);
    format!("data: {{\"candidates\":[{candidate}]}}\r\n\r\n")
}

const STOP: &str = r#""finishReason":"STOP","#;

#[test]
fn f15_a_whole_stream_and_its_running_totals() {
    let (seen, reader) = read(WHOLE);
    assert_eq!(seen, "C C C C O U");
    assert_eq!((reader.end(), reader.finish()), (End::Complete, Some("STOP")));
    let usage = reader.usage().unwrap();
    assert_eq!((usage.input_uncached, usage.output_text, usage.reasoning), (52, 21, 39));
}

#[test]
fn f15_running_totals_are_read_where_a_response_stands() {
    let frames = frames(WHOLE);
    let mut reader = Reader::default();
    reader.read(&frames[0]);
    assert_eq!(reader.read_alike(&frames[1].raw), None, "no thought");
    reader.read(&frames[1]);
    let (text, length) = reader.read_alike(&frames[2].raw).unwrap();
    assert_eq!(
        (&frames[2].raw[text.start..text.end], length),
        ("at both.\u{2028}".as_bytes(), frames[2].raw.len())
    );
    let usage = reader.usage().unwrap();
    assert_eq!((usage.input_uncached, usage.output_text, usage.reasoning), (52, 8, 39));
    assert_eq!(reader.read_alike(&frames[3].raw), None, "a call");
    assert_eq!(reader.usage(), Some(usage));
}

#[test]
fn f03_a_blocked_prompt_is_whole() {
    let (seen, reader) = read(BLOCKED);
    assert_eq!(seen, "O");
    assert_eq!((reader.end(), reader.finish()), (End::Complete, Some("SAFETY")));
    assert_eq!(reader.usage().unwrap().input_uncached, 11);
}

#[test]
fn a11_a_stream_without_its_finish_reason_is_cut() {
    let frames = frames(WHOLE);
    for length in 0..frames.len() {
        let mut reader = Reader::default();
        for frame in &frames[..length] {
            reader.read(frame);
        }
        assert_eq!(reader.end(), if length < 5 { End::Cut } else { End::Complete }, "{length}");
    }
}

#[test]
fn who_goes_on_has_not_ended() {
    let (_, reader) = read(&(chunk("", STOP) + &chunk("a", "")));
    assert_eq!(reader.end(), End::Cut);
    let (_, reader) = read(&(chunk("a", STOP) + &chunk("b", STOP)));
    assert_eq!(reader.end(), End::Complete);
}

#[test]
fn each_candidate_has_to_end() {
    let two = |first: &str, second: &str| {
        format!(
            r#"data: {{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}}{first}}},{{"content":{{"parts":[{{"text":"b"}}]}},"index":1{second}}}]}}"#
        ) + "\n\n"
    };
    let stop = r#","finishReason":"STOP""#;
    assert_eq!(read(&two(stop, "")).1.end(), End::Cut);
    assert_eq!(read(&two("", stop)).1.end(), End::Cut);
    assert_eq!(read(&two(stop, stop)).1.end(), End::Complete);
    assert_eq!(
        read(&(two(stop, "") + "data: {\"candidates\":[{\"finishReason\":\"SAFETY\",\"index\":1}]}\n\n"))
            .1
            .end(),
        End::Complete
    );
}

#[test]
fn a07_an_error_in_the_stream_is_a_failure() {
    let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    let (events, reader) = read(&format!("{}data: {error}\n\n", chunk("a", "")));
    assert_eq!(events, "C E:overloaded");
    assert_eq!(reader.end(), End::Cut);
    // As Google's front end writes it, in lines of plain JSON.
    let plain =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(error).unwrap()).unwrap();
    assert_eq!(read(&plain).0, "E:overloaded");
    assert_eq!(read(&format!("[{plain}\n]\n")).0, "E:overloaded");
    assert_eq!(read(&format!("data: [{error}]\n\n")).0, "E:overloaded");
}

#[test]
fn f02_a_call_that_is_none_is_a_failure() {
    let (events, reader) = read(&chunk("a", r#""finishReason":"MALFORMED_FUNCTION_CALL","#));
    assert_eq!((events.as_str(), reader.end()), ("E:server", End::Cut));
}

#[test]
fn what_is_not_of_the_protocol_is_malformed() {
    for frame in
        ["data: hello\n\n", "data: {\"candidates\":[\n\n", "data: 3\n\n", "data: [1]\n\n", "data: [DONE]\n\n"]
    {
        assert_eq!(read(frame).0, "E:broken_malformed", "{frame}");
    }
}

#[test]
fn signs_of_life_are_quiet() {
    assert_eq!(read("\n").0, "P");
    assert_eq!(read(": ping\n\n").0, "P");
    assert_eq!(read(&(chunk("a", "") + ": ping\n\n\r\n")).0, "C O O");
    assert_eq!(read("data: {\"usageMetadata\":{\"promptTokenCount\":1}}\n\n").0, "P");
}

proptest! {
    #[test]
    fn words_in_the_text_mean_nothing(texts in proptest::collection::vec(deceitful_text(), 1..5)) {
        let stream: String = texts.iter().map(|text| chunk(text, "")).collect();
        let (events, reader) = read(&stream);
        prop_assert_eq!(events, vec!["C"; texts.len()].join(" "));
        prop_assert_eq!((reader.end(), reader.finish(), reader.usage()), (End::Cut, None, None));
        let (_, reader) = read(&(stream + &chunk("", STOP)));
        prop_assert_eq!(reader.end(), End::Complete);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
        let mut stream = WHOLE.as_bytes().to_vec();
        let at = at.index(stream.len());
        stream.splice(at..(at + bytes.len()).min(stream.len()), bytes);
        let mut reader = Reader::default();
        for piece in stream.split_inclusive(|byte| *byte == b'\n') {
            reader.read(&Frame::sse(bytes::Bytes::copy_from_slice(piece)));
        }
    }
}
