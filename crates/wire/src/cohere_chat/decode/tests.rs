//! Whole answers and streams, as the supplier sends them and as it might.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::conversation::testing::{Gathered, gather};
use crate::conversation::{Citation, Event, EventDecoder, FinishReason, Logprob, Text, TokenLogprob};
use crate::failure::Failure;
use crate::framing::Frame;
use crate::testing::{damage, damaged, frames};

fn decoded(body: &Value) -> Answer {
    answer(body.to_string().as_bytes()).unwrap()
}

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

fn token(text: &str, logprob: &str) -> TokenLogprob {
    TokenLogprob { chosen: Logprob { token: text.into(), logprob: logprob.into(), bytes: None }, top: vec![] }
}

fn streamed(stream: &str) -> (Gathered, Vec<Loss>) {
    let (result, events, losses) = events(stream);
    result.unwrap();
    (gather(&events), losses)
}

fn events(stream: &str) -> (Result<(), TranslateError>, Vec<Event>, Vec<Loss>) {
    let mut decoder = Stream::default();
    let mut events = Vec::new();
    let result = frames(stream).iter().try_for_each(|frame| decoder.decode(frame, &mut events));
    (result, events, decoder.losses().to_vec())
}

#[test]
fn a_plan_and_calls() {
    let answer = answer(include_bytes!("../tests/tools.json")).unwrap();
    let expected = [
        thought("I will look \"both\" up."),
        called("get_weather_14brd1n2kfqj", "get_weather", r#"{"city":"Madrid"}"#),
        called("get_weather_vdr9cvj619fk", "get_weather", "{}"),
    ];
    assert_eq!(contents(&answer), expected);
    assert_eq!(answer.choices[0].finish, Some(FinishReason::ToolCalls));
    assert_eq!(answer.id.as_deref(), Some("c14c80c3-18eb-4519-9460-6c92edd8cfb4"));
    assert_eq!((answer.usage.unwrap().input_uncached, answer.losses), (1496, vec![]));
}

#[test]
fn text_with_citations_and_probabilities() {
    let answer = answer(include_bytes!("../tests/cited.json")).unwrap();
    let first = Citation {
        url: Some("https://example.com/h".into()),
        title: Some("Health".into()),
        quote: Some("We offer gym memberships, on-site yoga classes".into()),
        range: Some((9, 24)),
        place: None,
    };
    let tool = Citation { title: Some("call_1:0".into()), range: Some((31, 35)), ..Citation::default() };
    let second = Citation { title: Some("doc:1".into()), quote: Some("yoga".into()), ..tool.clone() };
    let text = Text {
        text: "We offer gym memberships – and yoga.".into(),
        citations: vec![first, tool, second],
        logprobs: vec![
            token("We", "-0.10"),
            token(" offer", "-1e-3"),
            token(" gym memberships – and yoga.", "-0.5"),
        ],
        proof: None,
    };
    assert_eq!(contents(&answer), [thought("The user asks for gyms."), Content::Text(text)]);
    assert_eq!(answer.losses, [Loss::new("citations", NO_PLACE)], "thinking cites too, and cannot");
}

#[test]
fn i09_what_is_no_answer() {
    for (body, error) in [
        (
            json!({"message": {"content": []}, "finish_reason": "ERROR"}),
            TranslateError::Failed(Failure::Server),
        ),
        (
            json!({"message": {"content": []}, "finish_reason": "TIMEOUT"}),
            TranslateError::Failed(Failure::Timeout),
        ),
        (json!({"message": "invalid request"}), TranslateError::Failed(Failure::Server)),
        (json!({}), TranslateError::malformed("message", "is missing")),
    ] {
        assert_eq!(answer(body.to_string().as_bytes()), Err(error), "{body}");
    }
    assert!(matches!(answer(b"{"), Err(TranslateError::Malformed { .. })));
}

#[test]
fn g05_what_is_not_stated_is_not_made_up() {
    let answer = decoded(&json!({"message": {"content": [{"type": "text", "text": "a"}]}}));
    assert_eq!((answer.choices[0].finish.clone(), answer.usage, answer.id), (None, None, None));
    let answer = decoded(&json!({"message": {"content": []}, "finish_reason": "NEW_WORD"}));
    assert_eq!(answer.choices[0].finish, Some(FinishReason::Other("NEW_WORD".into())));
}

#[test]
fn what_is_unknown_or_has_no_place_is_named() {
    let answer = decoded(&json!({"message": {
        "content": [{"type": "text", "text": ""}, {"type": "picture", "data": "x"}, {"type": "text", "text": "a"}],
        "citations": [{"start": 0, "end": 1, "content_index": 7}, {"start": 0, "end": 1}],
        "moods": ["glad"], "nothing": null, "tool_calls": null,
    }, "finish_reason": "COMPLETE", "logprobs": [{"text": "ab", "token_ids": [1, 2], "logprobs": [-1, -2]}]}));
    let Content::Text(text) = &contents(&answer)[0] else { panic!("{answer:?}") };
    assert_eq!((text.text.as_str(), text.citations.len(), text.logprobs.len()), ("a", 1, 0));
    let names: Vec<&str> = answer.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(names, ["message.moods", "content.picture", "citations", "logprobs"]);
}

#[test]
fn f07_calls_without_ids_do_not_collide() {
    let call = json!({"type": "function", "function": {"name": "f", "arguments": null}});
    let body =
        |id: &str| json!({"id": id, "message": {"tool_calls": [call, call]}, "finish_reason": "TOOL_CALL"});
    let ids = |answer: Answer| {
        let calls = answer.choices[0].blocks.iter().map(|block| block.call().unwrap().clone());
        calls.map(|call| (call.id, call.input)).collect::<Vec<_>>()
    };
    let (first, second) = (ids(decoded(&body("1"))), ids(decoded(&body("2"))));
    assert!(first[0].0 != first[1].0 && first[0].0 != second[0].0 && first[1].0 != second[1].0);
    assert_eq!(first[0].1, ToolInput::Arguments("{}".into()));
}

#[test]
fn a_stream_of_thinking_text_and_citations() {
    let (gathered, losses) = streamed(include_str!("../stream/tests/thinking.sse"));
    let citation = |start, end| Citation { range: Some((start, end)), ..Citation::default() };
    let document = Citation {
        title: Some("doc:1".into()),
        quote: Some("We offer gym memberships, on-site yoga classes".into()),
        ..citation(9, 13)
    };
    let text = Text {
        text: "We offer gym \"memberships\"".into(),
        citations: vec![document, citation(0, 2)],
        logprobs: vec![token("gym \"memberships\"", "-0.10")],
        proof: None,
    };
    assert_eq!(contents(&gathered.answer), [thought("Hm, gyms."), Content::Text(text)]);
    assert_eq!(gathered.answer.choices[0].finish, Some(FinishReason::Stop));
    assert_eq!(gathered.answer.usage.unwrap().output_text, 12);
    assert_eq!(gathered.answer.id.as_deref(), Some("029f0ac7-0b5e-4b1c-8a4c-5f2c1c4e2e11"));
    assert!(gathered.is_whole && losses.is_empty());
}

#[test]
fn a_stream_of_a_plan_and_calls() {
    let (gathered, losses) = streamed(include_str!("../stream/tests/tools.sse"));
    let expected = [
        thought("I will search."),
        called("get_weather_14brd1n2kfqj", "get_weather", "{\n    \"location\": \"Madrid\"\n}"),
        called("now_vdr9cvj619fk", "now", "{}"),
    ];
    assert_eq!(contents(&gathered.answer), expected);
    assert!(gathered.is_whole && losses.is_empty());
}

#[test]
fn c04_a_call_with_nothing_is_called_with_an_empty_object() {
    let (_, events, _) = events(include_str!("../stream/tests/tools.sse"));
    let texts = events.iter().filter(|event| {
        matches!(event, Event::Delta { delta: crate::conversation::Delta::Text(text), .. } if text == "{}")
    });
    assert_eq!(texts.count(), 1);
}

#[test]
fn a07_i09_a_stream_that_fails() {
    let (result, told, _) = events(include_str!("../stream/tests/failed.sse"));
    assert_eq!(result, Err(TranslateError::Failed(Failure::Server)));
    assert!(!gather(&told).is_whole);
    for (frame, failure) in [
        (r#"{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}"#, Failure::Timeout),
        (r#"{"type":"message-end","delta":{"error":"too many tokens: 9"}}"#, Failure::ContextExceeded),
        (r#"{"message":"x"}"#, Failure::Server),
    ] {
        assert_eq!(events(&format!("data: {frame}\n\n")).0, Err(TranslateError::Failed(failure)), "{frame}");
    }
    for frame in [
        "3",
        "{",
        r#"{"type":"tool-call-delta","delta":{"message":{"tool_calls":{"function":{"arguments":"1"}}}}}"#,
    ] {
        let result = events(&format!("data: {frame}\n\n")).0;
        assert!(matches!(result, Err(TranslateError::Malformed { .. })), "{frame}");
    }
}

#[test]
fn a11_without_a_reason_nothing_has_ended() {
    let content = r#"data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}"#;
    for end in ["", "data: {\"type\":\"message-end\",\"delta\":{}}\n\n", "data: [DONE]\n\n"] {
        let (result, events, _) = events(&format!("{content}\n\n: ping\n\n{end}"));
        assert_eq!(result, Ok(()));
        assert!(!events.contains(&Event::End), "{end}");
        assert!(events.contains(&Event::KeepAlive));
    }
}

#[test]
fn what_waits_is_bounded() {
    let mut decoder = Stream::default();
    let mut events = Vec::new();
    let event = |index: u32, text: &str| {
        let event = json!({"type": "content-delta", "index": index, "delta": {"message": {"content": {"text": text}}}});
        Frame::sse(format!("data: {event}\n\n").into())
    };
    decoder.decode(&event(0, "a"), &mut events).unwrap();
    let much = event(1, &"b".repeat(1 << 20));
    let result = (0..100).try_for_each(|_| decoder.decode(&much, &mut events));
    assert!(matches!(result, Err(TranslateError::Malformed { .. })));
}

/// Blocks in pieces: what each is, and the pieces of what it says.
type Blocks = Vec<(u8, Vec<String>)>;

fn blocks() -> impl Strategy<Value = Blocks> {
    let piece = prop_oneof![any::<String>(), "[a-z\"\\\\\u{2028}\u{0}]{1,4}"];
    let piece = piece.prop_filter("says something", |piece| !piece.is_empty());
    proptest::collection::vec((0_u8..3, proptest::collection::vec(piece, 0..4)), 0..6)
}

/// The events of each block by itself, and what they say, if anything.
fn told(blocks: &Blocks) -> Vec<(Vec<Value>, Option<Content>)> {
    let each = blocks.iter().enumerate().map(|(index, (kind, pieces))| {
        let all = pieces.concat();
        let id = format!("c{index}");
        let (name, say, content): (_, fn(&str) -> Value, _) = match kind {
            0 => ("content", |text| json!({"content": {"type": "text", "text": text}}), Content::text(&all)),
            1 => {
                ("content", |text| json!({"content": {"type": "thinking", "thinking": text}}), thought(&all))
            }
            _ => (
                "tool-call",
                |text| json!({"tool_calls": {"function": {"arguments": text}}}),
                called(&id, "f", if all.is_empty() { "{}" } else { &all }),
            ),
        };
        let mut start = say("");
        if *kind == 2 {
            start = json!({"tool_calls": {"id": id, "function": {"name": "f", "arguments": ""}}});
        }
        let event = |what: &str| json!({"type": format!("{name}-{what}"), "index": index});
        let with = |what: &str, message| {
            let mut event = event(what);
            event["delta"] = json!({"message": message});
            event
        };
        let mut events = vec![with("start", start)];
        events.extend(pieces.iter().map(|piece| with("delta", say(piece))));
        events.push(event("end"));
        (events, (*kind == 2 || !all.is_empty()).then_some(content))
    });
    each.collect()
}

proptest! {
    /// However the events of blocks are shuffled into each other, every block comes out whole, once, and in the order in
    /// which they began to say something.
    #[test]
    fn d05_g01_any_interleaving_tells_the_same(
        blocks in blocks(), order in proptest::collection::vec(any::<prop::sample::Index>(), 64),
    ) {
        let mut left = told(&blocks);
        for (events, _) in &mut left {
            events.reverse();
        }
        let mut expected = Vec::new();
        let mut stream = String::from("data: {\"type\":\"message-start\",\"id\":\"x\"}\n\n");
        let mut order = order.into_iter().cycle();
        while !left.is_empty() {
            let place = order.next().unwrap().index(left.len());
            let (events, content) = &mut left[place];
            let event = events.pop().unwrap();
            if event["type"] == "tool-call-start" || event["type"] == "content-delta" {
                expected.extend(content.take());
            }
            stream += "data: ";
            stream += &event.to_string();
            stream += "\n\n";
            left.retain(|(events, _)| !events.is_empty());
        }
        stream += "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\"}}\n\n";
        let (gathered, losses) = streamed(&stream);
        prop_assert_eq!(gathered.answer.choices[0].blocks.len(), expected.len());
        prop_assert_eq!(contents(&gathered.answer), expected);
        prop_assert!(gathered.is_whole && losses.is_empty());
    }

    /// Nothing that comes makes it panic or break the promised order.
    #[test]
    fn g09_no_bytes_are_too_strange(
        sample in prop::sample::select(&[
            include_str!("../stream/tests/thinking.sse"), include_str!("../stream/tests/tools.sse"),
            include_str!("../stream/tests/failed.sse"), include_str!("../tests/cited.json"),
        ][..]),
        damage in damage(),
    ) {
        let bytes = damaged(sample, damage);
        let _ = answer(&bytes);
        let mut decoder = Stream::default();
        let mut events = Vec::new();
        let mut framer = crate::framing::sse::Framer::default();
        framer.push(bytes.into());
        while let Ok(Some(frame)) = framer.next_frame() {
            if decoder.decode(&frame, &mut events).is_err() {
                break;
            }
        }
        gather(&events);
    }
}
