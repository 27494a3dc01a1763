//! Clients' streams.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use super::{END, delta, start, text, tool, write};
use crate::anthropic_messages::AnthropicMessages;
use crate::anthropic_messages::translate::tests::{about, accumulate};
use crate::conversation::testing;
use crate::conversation::{
    BlockStart, Citation, ClientTranslator, Delta, Event, EventEncoder, FinishReason, MediaKind, MediaSource,
    Opaque, TranslateError,
};
use crate::testing::frames;

const REASONING: BlockStart = BlockStart::Reasoning { is_summary: false };

fn encoder() -> Box<dyn EventEncoder> {
    AnthropicMessages.event_encoder(&about())
}

fn begins() -> Event {
    Event::Start { id: Some("chatcmpl-1".into()), model: Some("gpt".into()), usage: None }
}

fn finish(reason: FinishReason) -> Event {
    Event::Finish { choice: 0, reason }
}

/// The message of a stream of these events, and the names of what is lost.
fn message(events: &[Event]) -> (Value, Vec<String>) {
    let mut encoder = encoder();
    let stream = write(&mut *encoder, &[&[begins()], events, &[Event::Usage(used()), Event::End]].concat());
    (accumulate(&stream), encoder.losses().iter().map(|loss| loss.what.clone()).collect())
}

fn used() -> Usage {
    Usage { input_uncached: 50, cache_read: 30, output_text: 7, reasoning: 2, ..Usage::default() }
}

/// The names of a stream's events, and for blocks their index.
fn names(stream: &str) -> String {
    let name = |data: &[u8]| {
        let event: Value = serde_json::from_slice(data).unwrap();
        let index = event.get("index").map(|index| format!(":{index}")).unwrap_or_default();
        format!("{}{index}", event["type"].as_str().unwrap())
    };
    frames(stream).iter().map(|frame| name(&frame.data())).collect::<Vec<_>>().join(" ")
}

#[test]
fn d01_d02_each_block_opens_grows_and_closes_before_the_next() {
    let events = [
        begins(),
        start(REASONING),
        text("Hm"),
        END,
        start(BlockStart::Text),
        text("a"),
        END,
        start(tool("call_1", false)),
        text("{\"a\""),
        text(":1}"),
        END,
        start(BlockStart::Text),
        END,
        start(BlockStart::Text),
        text("b"),
        END,
        finish(FinishReason::ToolCalls),
        Event::Usage(used()),
        Event::End,
    ];
    let stream = write(&mut *encoder(), &events);
    let expected = "message_start \
        content_block_start:0 content_block_delta:0 content_block_delta:0 content_block_stop:0 \
        content_block_start:1 content_block_delta:1 content_block_stop:1 \
        content_block_start:2 content_block_delta:2 content_block_delta:2 content_block_stop:2 \
        content_block_start:3 content_block_delta:3 content_block_stop:3 \
        message_delta message_stop";
    assert_eq!(names(&stream), expected, "a block of nothing is none");
    let message = accumulate(&stream);
    assert_eq!(
        message["content"][2],
        json!({"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}})
    );
    assert_eq!(
        (message["id"].as_str(), message["stop_reason"].as_str()),
        (Some("msg_01jd"), Some("tool_use"))
    );
}

#[test]
fn d06_d07_usage_is_never_zero_at_the_start_and_exact_at_the_end() {
    let stream =
        write(&mut *encoder(), &[begins(), finish(FinishReason::Stop), Event::Usage(used()), Event::End]);
    let first: Value = serde_json::from_slice(&frames(&stream)[0].data()).unwrap();
    assert_eq!(first["message"]["usage"]["input_tokens"], 77);
    let usage = &accumulate(&stream)["usage"];
    assert_eq!((&usage["input_tokens"], &usage["cache_read_input_tokens"]), (&json!(50), &json!(30)));
    assert_eq!(
        (&usage["output_tokens"], &usage["output_tokens_details"]["thinking_tokens"]),
        (&json!(9), &json!(2))
    );
    let known = Event::Start { id: None, model: None, usage: Some(used()) };
    let mut encoder = encoder();
    let stream = write(&mut *encoder, &[known, finish(FinishReason::Stop), Event::End]);
    let first: Value = serde_json::from_slice(&frames(&stream)[0].data()).unwrap();
    assert_eq!((&first["message"]["usage"]["input_tokens"], encoder.losses().len()), (&json!(50), 0));
    let mut encoder = self::encoder();
    let stream = write(&mut *encoder, &[finish(FinishReason::Stop), Event::End]);
    assert_eq!(accumulate(&stream)["usage"]["input_tokens"], 77);
    assert_eq!(encoder.losses()[0].what, "usage");
}

#[test]
fn d10_the_end_is_last_and_only_what_ended_ends() {
    let mut encoder = encoder();
    let stream = write(
        &mut *encoder,
        &[begins(), start(BlockStart::Text), text("a"), END, finish(FinishReason::Stop)],
    );
    assert!(!stream.contains("message_delta") && !stream.contains("message_stop"), "usage may still come");
    let end = write(&mut *encoder, &[Event::End]);
    assert_eq!(names(&end), "message_delta message_stop");
    let behind = [Event::KeepAlive, text("b"), Event::Usage(used()), Event::End, begins()];
    assert_eq!(write(&mut *encoder, &behind), "");
}

#[test]
fn a05_signs_of_life_are_pings_at_any_time() {
    let stream = write(
        &mut *encoder(),
        &[Event::KeepAlive, begins(), Event::KeepAlive, finish(FinishReason::Stop), Event::End],
    );
    assert_eq!(names(&stream), "ping message_start ping message_delta message_stop");
    accumulate(&stream);
}

#[test]
fn d09_a_refusal_is_text_and_the_reason() {
    let (message, lost) =
        message(&[start(BlockStart::Refusal), text("I will not."), END, finish(FinishReason::Stop)]);
    assert_eq!(message["content"], json!([{"type": "text", "text": "I will not."}]));
    assert_eq!((message["stop_reason"].as_str(), lost.len()), (Some("refusal"), 0));
}

#[test]
fn g05_a_reason_that_is_not_known_ends_the_turn_and_is_named() {
    let odd = || finish(FinishReason::Other("odd".into()));
    let (ended, lost) = message(&[odd()]);
    assert_eq!((ended["stop_reason"].as_str(), lost), (Some("end_turn"), vec!["finish_reason".to_owned()]));
    let (called, _) = message(&[start(tool("a", false)), END, odd()]);
    assert_eq!(
        (called["stop_reason"].as_str(), &called["content"][0]["input"]),
        (Some("tool_use"), &json!({}))
    );
    assert_eq!(message(&[]).0["stop_reason"], Value::Null, "no reason is made up");
}

#[test]
fn d11_f04_proofs_stand_where_the_dialect_has_room() {
    let proof =
        Opaque { owner: Some("them".into()), ..Opaque::new(Protocol::Gemini, "thought_signature", "x") };
    let proved = || delta(Delta::Proof(proof.clone()));
    let types = |events: &[Event]| -> Vec<String> {
        let content = message(events).0["content"].as_array().unwrap().clone();
        content.iter().map(|block| block["type"].as_str().unwrap().to_owned()).collect()
    };
    let called = || start(tool("a", false));
    assert_eq!(types(&[called(), proved(), text("{}"), END]), ["thinking", "tool_use"]);
    assert_eq!(types(&[called(), proved(), END]), ["thinking", "tool_use"]);
    assert_eq!(types(&[called(), text("{}"), proved(), END]), ["tool_use", "redacted_thinking"]);
    let said = || [start(BlockStart::Text), text("a"), proved(), END];
    let then = |more: &[Event]| types(&[&said(), more].concat());
    assert_eq!(then(&[called(), END]), ["text", "redacted_thinking", "tool_use"]);
    assert_eq!(
        types(&[called(), END, start(BlockStart::Text), proved(), END]),
        ["tool_use", "redacted_thinking"]
    );
    assert_eq!(then(&said()), ["text", "redacted_thinking", "text"]);
    let (ended, lost) = message(&said());
    assert_eq!((ended["content"].as_array().unwrap().len(), lost), (1, vec![]));
    let (message, _) =
        message(&[start(REASONING), text("Hm"), proved(), END, start(REASONING), text("Ha"), END]);
    assert_eq!(
        message["content"][0],
        json!({"type": "thinking", "thinking": "Hm", "signature": proof.seal()})
    );
    let unsigned = Opaque::unseal(message["content"][1]["signature"].as_str().unwrap()).unwrap();
    assert_eq!(unsigned.kind, "unsigned");
}

#[test]
fn e15_free_text_goes_out_as_one_object() {
    let (message, lost) = message(&[start(tool("a", true)), text("*** \"Be"), text("gin"), END]);
    assert_eq!(message["content"][0]["input"], json!({"input": "*** \"Begin"}));
    assert_eq!(lost, ["tool_call.custom"]);
}

#[test]
fn citations_follow_their_text() {
    let cited = |url: Option<&str>| {
        delta(Delta::Citation(Citation { url: url.map(Into::into), ..Citation::default() }))
    };
    let (message, lost) =
        message(&[start(BlockStart::Text), text("a"), cited(Some("https://x")), cited(None), END]);
    let citations = message["content"][0]["citations"].as_array().unwrap();
    assert_eq!(
        (citations.len(), citations[0]["url"].as_str(), lost),
        (1, Some("https://x"), vec!["citations".to_owned()])
    );
}

#[test]
fn raw_json_does_not_break_a_frame() {
    let data = "{\"type\":\"web_search_tool_result\",\r\n \"content\":[{\"t\":\"a\u{2028}b\"}]}";
    let opaque = Opaque::new(Protocol::AnthropicMessages, "web_search_tool_result", data);
    let (message, lost) = message(&[start(BlockStart::Opaque(opaque)), END]);
    assert_eq!(message["content"][0]["content"][0]["t"], "a\u{2028}b");
    assert!(lost.is_empty());
}

#[test]
fn words_without_a_block_are_words() {
    let (message, _) = message(&[text("a"), start(BlockStart::Text), text("b"), finish(FinishReason::Stop)]);
    assert_eq!(message["content"], json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]));
}

#[test]
fn what_a_stream_cannot_hold_is_refused() {
    let media = testing::media(MediaKind::Image, None, MediaSource::Url("https://x".into()));
    let second = Event::BlockStart { choice: 1, block: BlockStart::Text };
    for event in [start(BlockStart::Media(media)), second] {
        let refused = encoder().encode(&event, &mut Vec::new());
        assert!(matches!(refused, Err(TranslateError::Unsayable { .. })));
    }
}
