//! Whole answers and streams, as the supplier sends them and as it might.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::conversation::testing::{Gathered, gather};
use crate::conversation::{Event, EventDecoder, Logprob, TokenLogprob};
use crate::failure::{Broken, Failure};
use crate::ollama_chat::tests::frames;
use crate::testing::{damage, damaged};

fn contents(answer: &Answer) -> Vec<Content> {
    assert_eq!(answer.choices.len(), 1);
    answer.choices[0].blocks.iter().map(|block| block.content.clone()).collect()
}

fn thought(text: &str) -> Content {
    Content::Reasoning(Reasoning { text: text.into(), proof: None, is_summary: false })
}

fn called(id: &str, name: &str, arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: id.into(), name: name.into(), input, proof: None })
}

fn logprob(token: &str, logprob: &str, bytes: Option<&[u8]>) -> Logprob {
    Logprob { token: token.into(), logprob: logprob.into(), bytes: bytes.map(Vec::from) }
}

fn events(stream: &[u8]) -> (Result<(), TranslateError>, Vec<Event>, Vec<Loss>) {
    let mut decoder = Stream::default();
    let mut events = Vec::new();
    let result = frames(stream).iter().try_for_each(|frame| decoder.decode(frame, &mut events));
    (result, events, decoder.losses().to_vec())
}

fn streamed(stream: &str) -> (Gathered, Vec<Loss>) {
    let (result, events, losses) = events(stream.as_bytes());
    result.unwrap();
    (gather(&events), losses)
}

#[test]
fn a_whole_answer() {
    let answer = answer(include_bytes!("../tests/calls.json")).unwrap();
    let contents = contents(&answer);
    let arguments = r#"{"city": "Paris", "n": 9007199254740993, "t":0.70}"#;
    assert_eq!(contents[..2], [thought("Look \"both\" up."), called("call_x1", "get_weather", arguments)]);
    let Content::ToolCall(made) = &contents[2] else { panic!("{contents:?}") };
    assert!(made.id.starts_with("call_") && made.id != "call_x1", "{made:?}");
    assert_eq!((made.name.as_str(), &made.input), ("now", &ToolInput::Arguments("{}".into())));
    assert_eq!(answer.choices[0].finish, Some(FinishReason::Stop));
    assert_eq!((answer.model.as_deref(), answer.id), (Some("qwen3:8b"), None));
    assert_eq!((answer.usage.unwrap().input_uncached, answer.losses), (26, vec![]));
}

#[test]
fn f07_calls_without_ids_do_not_collide() {
    let call = json!({"function": {"name": "f", "arguments": {}}});
    let line = json!({"message": {"tool_calls": [call, call]}, "done": false}).to_string();
    let (_, events, _) = events(format!("{line}\n{line}\n").as_bytes());
    let ids = gather(&events)
        .answer
        .choices
        .remove(0)
        .blocks
        .into_iter()
        .map(|block| block.call().unwrap().id.clone());
    assert_eq!(ids.collect::<HashSet<_>>().len(), 4, "lines may be the same");
}

#[test]
fn what_is_no_answer() {
    let failed = TranslateError::Failed(Failure::Server);
    assert_eq!(answer(br#"{"error":"broke"}"#), Err(failed));
    assert_eq!(answer(b"{}"), Err(TranslateError::malformed("message", "is missing")));
    assert!(matches!(answer(b"{"), Err(TranslateError::Malformed { .. })));
}

#[test]
fn g05_why_it_ended_is_what_was_said() {
    for (word, expected) in [
        (json!("stop"), Some(FinishReason::Stop)),
        (json!("length"), Some(FinishReason::Length)),
        (json!("load"), Some(FinishReason::Other("load".into()))),
        (json!("unload"), Some(FinishReason::Other("unload".into()))),
        (json!("new word"), Some(FinishReason::Other("new word".into()))),
        (json!(""), None),
        (json!(null), None),
    ] {
        let body = json!({"message": {"content": "a"}, "done": true, "done_reason": word}).to_string();
        assert_eq!(answer(body.as_bytes()).unwrap().choices[0].finish, expected);
        let (gathered, _) = streamed(&body);
        assert_eq!((gathered.answer.choices[0].finish.clone(), gathered.is_whole), (expected, true));
    }
}

#[test]
fn what_is_unknown_or_has_no_place_is_named() {
    let body = json!({"message": {
        "thinking": "hm", "mood": "glad", "nothing": null, "images": ["aGk="], "tool_calls": [{"function": {"name": "f", "arguments": "{\"a\": 1}"}}],
    }, "logprobs": [{"token": "h", "logprob": -1}], "done": true});
    let whole = answer(body.to_string().as_bytes()).unwrap();
    let contents = contents(&whole);
    assert_eq!(contents[1].clone(), called(&contents_id(&contents[1]), "f", "{\"a\": 1}"));
    assert_eq!(contents[2], Content::Media(image("aGk=")));
    let names = |losses: &[Loss]| losses.iter().map(|loss| loss.what.clone()).collect::<Vec<_>>();
    assert_eq!(names(&whole.losses), ["message.mood", "logprobs"]);
    let (gathered, losses) = streamed(&body.to_string());
    assert_eq!(names(&losses), ["message.mood", "logprobs"]);
    assert_eq!(gathered.answer.choices[0].blocks, whole.choices[0].blocks, "both ways the same");
}

fn contents_id(content: &Content) -> String {
    let Content::ToolCall(call) = content else { panic!("{content:?}") };
    call.id.clone()
}

#[test]
fn a_stream_of_thinking_and_text() {
    let (gathered, losses) = streamed(include_str!("../stream/tests/thinking.ndjson"));
    let say = logprob("Say", "-0.10", Some(b"Say"));
    let text = Text {
        text: "Say \"yes\", to <all>".into(),
        logprobs: vec![
            TokenLogprob {
                chosen: say,
                top: vec![logprob("Say", "-0.10", None), logprob("So", "-1e-3", None)],
            },
            TokenLogprob { chosen: logprob(" \"yes\"", "-2", None), top: vec![] },
        ],
        ..Text::default()
    };
    assert_eq!(contents(&gathered.answer), [thought("Hm, yes."), Content::Text(text)]);
    assert_eq!(gathered.answer.choices[0].finish, Some(FinishReason::Length));
    assert_eq!(gathered.answer.model.as_deref(), Some("qwen3:8b"));
    assert_eq!(gathered.answer.usage.unwrap().output_text, 298);
    assert!(gathered.is_whole && losses.is_empty());
}

#[test]
fn a_stream_of_calls() {
    let (gathered, losses) = streamed(include_str!("../stream/tests/calls.ndjson"));
    let expected = [
        Content::text("Looking."),
        called("call_a", "get_weather", r#"{"city":"Paris","n":9007199254740993}"#),
        called("call_b", "now", "{}"),
    ];
    assert_eq!(contents(&gathered.answer), expected);
    assert!(gathered.is_whole && losses.is_empty());
}

#[test]
fn a07_a11_a_stream_that_fails_or_breaks_off_has_no_end() {
    let (result, told, _) = events(include_bytes!("../stream/tests/failed.ndjson"));
    assert_eq!(result, Err(TranslateError::Failed(Failure::Server)));
    assert!(!gather(&told).is_whole);
    let whole = include_str!("../stream/tests/calls.ndjson");
    let cut = whole.rsplit_once("\n{").unwrap().0;
    assert!(!streamed(cut).0.is_whole);
    assert!(matches!(events(b"[1]").0, Err(TranslateError::Malformed { .. })));
    let nothing = events(br#"{"message":{"content":""},"done":true}"#).0;
    assert_eq!(nothing, Err(TranslateError::Failed(Failure::Broken(Broken::Empty))));
}

/// What a stream says, in pieces: thinking, text, or a call.
fn pieces() -> impl Strategy<Value = Vec<(u8, String)>> {
    let piece = prop_oneof![any::<String>(), "[a-z\"\\\\\u{2028}\u{0}]{1,4}"];
    proptest::collection::vec(
        (0_u8..3, piece.prop_filter("says something", |piece| !piece.is_empty())),
        0..12,
    )
}

proptest! {
    /// Kinds may come in any order; pieces of the same kind in a row are one block, and each call is one.
    #[test]
    fn d02_any_order_of_pieces_tells_the_same(pieces in pieces(), together in any::<bool>()) {
        let mut stream = String::new();
        let mut expected = Vec::<Content>::new();
        for (place, (kind, text)) in pieces.iter().enumerate() {
            let id = format!("c{place}");
            let arguments = json!({ "a": text }).to_string();
            let message = match kind {
                0 => json!({"thinking": text, "content": ""}),
                1 => json!({"content": text}),
                _ => json!({"tool_calls": [{"id": id, "function": {"name": "f", "arguments": {"a": text}}}]}),
            };
            stream += &json!({"message": message, "done": false}).to_string();
            stream.push('\n');
            match (kind, expected.last_mut()) {
                (0, Some(Content::Reasoning(reasoning))) => reasoning.text += text,
                (1, Some(Content::Text(last))) => last.text += text,
                (0, _) => expected.push(thought(text)),
                (1, _) => expected.push(Content::text(text)),
                _ => expected.push(called(&id, "f", &arguments)),
            }
        }
        let end: Value = json!({"message": {"content": if together { "end" } else { "" }}, "done": true, "done_reason": "stop"});
        stream += &end.to_string();
        match expected.last_mut() {
            Some(Content::Text(last)) if together => last.text += "end",
            _ if together => expected.push(Content::text("end")),
            _ => {}
        }
        let (gathered, losses) = streamed(&stream);
        prop_assert_eq!(contents(&gathered.answer), expected);
        prop_assert!(gathered.is_whole && losses.is_empty());
    }

    /// Nothing that comes makes it panic or break the promised order.
    #[test]
    fn g09_no_bytes_are_too_strange(
        sample in prop::sample::select(&[
            include_str!("../stream/tests/thinking.ndjson"), include_str!("../stream/tests/calls.ndjson"),
            include_str!("../stream/tests/failed.ndjson"), include_str!("../tests/calls.json"),
        ][..]),
        damage in damage(),
    ) {
        let bytes = damaged(sample, damage);
        let _ = answer(&bytes);
        gather(&events(&bytes).1);
    }
}
