//! Suppliers' streams.

use catalogue::{Protocol, Service, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{END, delta, read, start, text, tool};
use crate::anthropic_messages::AnthropicMessages;
use crate::conversation::{
    BlockStart, Citation, Delta, Event, FinishReason, Opaque, Search, TranslateError, Translator,
};
use crate::failure::Failure;
use crate::testing::frames;

const THINKING_AND_TOOLS: &str = include_str!("../../stream/tests/thinking_and_tools.sse");
const WEB_SEARCH: &str = include_str!("../../stream/tests/web_search.sse");
const OVERLOADED: &str = include_str!("../../stream/tests/overloaded.sse");
const LLAMA_CPP: &str = include_str!("../../stream/tests/llama_cpp.sse");

const REASONING: BlockStart = BlockStart::Reasoning { is_summary: false };

/// Frames of these events.
fn stream(events: &[Value]) -> String {
    let frame = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.iter().map(frame).collect::<Vec<_>>().concat()
}

fn opens(index: u64, block: impl Into<Value>) -> Value {
    let block = block.into();
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn grows(index: u64, delta: impl Into<Value>) -> Value {
    let delta = delta.into();
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stops(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn begins() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 3, "output_tokens": 1}}})
}

fn ends(reason: &str) -> [Value; 2] {
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    [
        json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]
}

/// Found by fuzzing: nothing opens behind the finish, which is the last word on what is said.
#[test]
fn d01_blocks_behind_the_finish_are_named_and_open_nothing() {
    let [finish, stop] = ends("end_turn");
    let late =
        [opens(0, json!({"type": "text", "text": ""})), grows(0, json!({"type": "text_delta", "text": "a"}))];
    let said = stream(&[&[begins(), finish][..], &late, &[stops(0), stop]].concat());
    let mut decoder = AnthropicMessages.event_decoder();
    let mut events = Vec::new();
    for frame in frames(&said) {
        decoder.decode(&frame, &mut events).unwrap();
    }
    assert!(matches!(&events[..], [Event::Start { .. }, Event::Finish { .. }, Event::Usage(_), Event::End]));
    assert_eq!(decoder.losses().iter().map(|loss| &*loss.what).collect::<Vec<_>>(), ["content_block"]);
}

/// The events between the start and the finish.
fn body(events: &[Value]) -> Vec<Event> {
    let mut all = vec![begins()];
    all.extend_from_slice(events);
    all.extend(ends("end_turn"));
    let (mut read, result) = read(&stream(&all));
    result.unwrap();
    assert!(matches!(read.remove(0), Event::Start { .. }));
    assert!(matches!(
        &read.split_off(read.len() - 3)[..],
        [Event::Finish { .. }, Event::Usage(_), Event::End]
    ));
    read
}

#[test]
fn h02_thinking_text_and_tools() {
    let (events, result) = read(THINKING_AND_TOOLS);
    result.unwrap();
    let started = Usage {
        input_uncached: 25,
        cache_read: 1000,
        cache_write_5m: 100,
        cache_write_1h: 200,
        output_text: 1,
        ..Usage::default()
    };
    let ended = Usage { output_text: 49, reasoning: 40, ..started };
    let signature = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQBCgIYAhIM");
    let expected = [
        Event::Service(Service::Standard),
        Event::Start {
            id: Some("msg_01".into()),
            model: Some("claude-sonnet-4-5".into()),
            usage: Some(started),
        },
        Event::KeepAlive,
        start(REASONING),
        text("Let me"),
        text(" see \"this\""),
        delta(Delta::Proof(signature)),
        END,
        start(BlockStart::Text),
        text("Größe"),
        Event::KeepAlive,
        text(" ok"),
        END,
        start(BlockStart::ToolCall { id: "toolu_1".into(), name: "get_weather".into(), is_custom: false }),
        text("{\"city\": \"Pa"),
        text("ris\"}"),
        END,
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
        Event::Usage(ended),
        Event::End,
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_suppliers_own_blocks_come_whole_with_their_input() {
    let (events, result) = read(WEB_SEARCH);
    result.unwrap();
    let searches: Vec<&Search> = events
        .iter()
        .filter_map(|event| match event {
            Event::BlockStart { block: BlockStart::Search(search), .. } => Some(&**search),
            _ => None,
        })
        .collect();
    let [search] = searches[..] else { panic!("one search: {events:?}") };
    assert_eq!(search.queries, ["x"]);
    let kinds: Vec<&str> = search.own.iter().map(|own| &*own.kind).collect();
    assert_eq!(kinds, ["server_tool_use", "web_search_tool_result"]);
    assert_eq!(serde_json::from_str::<Value>(&search.own[0].data).unwrap()["input"], json!({"query": "x"}));
    let citation = Citation { url: Some("https://x".into()), quote: Some("y".into()), ..Citation::default() };
    assert!(events.contains(&delta(Delta::Citation(citation))));
    assert!(matches!(events.iter().rev().nth(1), Some(Event::Usage(usage)) if usage.tool_requests == 2));
}

#[test]
fn compactions_and_unknown_blocks_are_carried() {
    let events = body(&[
        opens(0, json!({"type": "compaction", "content": null})),
        grows(0, json!({"type": "compaction_delta", "content": "Summary", "encrypted_content": "E"})),
        stops(0),
        opens(1, json!({"type": "brand_new", "a": 1})),
        grows(1, json!({"type": "brand_new_delta", "a": 2})),
        stops(1),
    ]);
    let [
        Event::BlockStart { block: BlockStart::Opaque(first), .. },
        _,
        Event::BlockStart { block: BlockStart::Opaque(second), .. },
        _,
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    let data: Value = serde_json::from_str(&first.data).unwrap();
    assert_eq!(data, json!({"type": "compaction", "content": "Summary", "encrypted_content": "E"}));
    assert_eq!((second.kind.as_ref(), second.data.as_str()), ("brand_new", r#"{"a":1,"type":"brand_new"}"#));
}

#[test]
fn c04_calls_without_input_are_called_with_nothing() {
    let call = |input: Value| json!({"type": "tool_use", "id": "a", "name": "f", "input": input});
    let piece = |piece: &str| grows(0, json!({"type": "input_json_delta", "partial_json": piece}));
    for (events, expected) in [
        (vec![opens(0, call(json!({}))), piece(""), stops(0)], vec!["{}"]),
        (
            vec![opens(0, call(json!({}))), piece(""), piece("{\"a\""), piece(":1}"), stops(0)],
            vec!["{\"a\"", ":1}"],
        ),
        (vec![opens(0, call(json!({"a": 1}))), stops(0)], vec!["{\"a\":1}"]),
        (vec![opens(0, call(json!({"a": 1}))), piece("{\"a\":1}"), stops(0)], vec!["{\"a\":1}"]),
    ] {
        let mut wanted = vec![start(tool("a", false))];
        wanted.extend(expected.into_iter().map(text));
        wanted.push(END);
        assert_eq!(body(&events), wanted);
    }
}

#[test]
fn c01_d09_a_refusal_explains_itself() {
    let refused = json!({"type": "message_delta", "usage": {"output_tokens": 1}, "delta": {"stop_reason": "refusal",
        "stop_details": {"type": "refusal", "category": null, "explanation": "No."}}});
    let (events, result) = read(&stream(&[begins(), refused, json!({"type": "message_stop"})]));
    result.unwrap();
    let finish = Event::Finish { choice: 0, reason: FinishReason::Filtered };
    assert_eq!(events[1..5], [start(BlockStart::Refusal), text("No."), END, finish]);
}

#[test]
fn a07_a_failure_in_a_stream_ends_it() {
    let failed = Err(TranslateError::Failed(Failure::Overloaded { retry_after: None }));
    assert_eq!(read(OVERLOADED).1, failed);
    for odd in ["event: error\ndata:\n\n", "data: {\"error\":{\"message\":\"x\"}}\n\n"] {
        assert_eq!(read(odd).1, Err(TranslateError::Failed(Failure::Server)));
    }
    for odd in ["data: [DONE]\n\n", "data: {\"type\":\n\n", "event: ping\ndata: 3\n\n"] {
        assert!(matches!(read(odd).1, Err(TranslateError::Malformed { .. })), "{odd}");
    }
}

#[test]
fn a11_only_an_end_with_a_reason_is_one() {
    let whole = stream(&[&[begins()][..], &ends("end_turn")].concat());
    assert_eq!(read(&whole).0.last(), Some(&Event::End));
    let cut = whole.replace("\"stop_reason\":\"end_turn\"", "\"stop_reason\":null");
    assert!(!read(&cut).0.contains(&Event::End));
    let (behind, result) = read(&(whole + "data: [DONE]\n\n"));
    assert_eq!(
        (behind.last(), result),
        (Some(&Event::End), Ok(())),
        "what comes behind the end is not looked at"
    );
}

#[test]
fn signs_of_life_and_unknown_events() {
    let signs = ": comment\n\nevent: ping\ndata:\n\ndata: {\"type\":\"ping\"}\n\nevent: odd\ndata: {\"a\":[]}\n\ndata: {}\n\n";
    let (events, result) = read(&(stream(&[begins()]) + signs));
    assert_eq!((&events[1..], result), (&vec![Event::KeepAlive; 3][..], Ok(())));
    assert_eq!(read(signs), (vec![], Ok(())), "a start is first");
}

#[test]
fn names_in_the_data_count_and_starts_may_be_missing() {
    let (events, result) = read(LLAMA_CPP);
    result.unwrap();
    assert!(matches!(events[0], Event::Start { .. }) && events.last() == Some(&Event::End));
    let bare = [
        json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "b"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": null}),
        json!({"type": "message_stop"}),
    ];
    let (events, result) = read(&stream(&bare));
    result.unwrap();
    let finish = Event::Finish { choice: 0, reason: FinishReason::Stop };
    let expected =
        [start(BlockStart::Text), text("a"), END, start(REASONING), text("b"), END, finish, Event::End];
    assert_eq!(events[1..], expected);
}

#[test]
fn too_much_that_waits_is_refused() {
    let mut all = vec![begins(), opens(0, json!({"type": "text", "text": ""}))];
    all.push(opens(1, json!({"type": "text", "text": ""})));
    let piece = "x".repeat(1 << 20);
    all.extend((0..17).map(|_| grows(1, json!({"type": "text_delta", "text": piece}))));
    assert!(matches!(read(&stream(&all)).1, Err(TranslateError::Malformed { .. })));
    let many: Vec<Value> = (0..99).map(|index| opens(index, json!({"type": "text", "text": ""}))).collect();
    assert!(matches!(read(&stream(&many)).1, Err(TranslateError::Malformed { .. })));
}

/// One block's frames at an index: its start, its pieces, and its end unless that is left out.
fn block_frames(index: u64, kind: usize, pieces: &[String], has_end: bool) -> Vec<Value> {
    let (block, delta, name) = match kind {
        0 => (json!({"type": "text", "text": ""}), "text_delta", "text"),
        1 => (json!({"type": "thinking", "thinking": "", "signature": ""}), "thinking_delta", "thinking"),
        2 => (
            json!({"type": "tool_use", "id": format!("t{index}"), "name": "f", "input": {}}),
            "input_json_delta",
            "partial_json",
        ),
        _ => (
            json!({"type": "mcp_tool_use", "id": format!("t{index}"), "input": {}}),
            "input_json_delta",
            "partial_json",
        ),
    };
    let mut frames = vec![opens(index, block)];
    frames.extend(pieces.iter().map(|piece| grows(index, json!({"type": delta, name: piece}))));
    frames.extend(has_end.then(|| stops(index)));
    frames
}

/// What events say, block by block; checks that blocks come one after the other.
fn blocks_of(events: &[Event]) -> Vec<(String, String)> {
    let mut blocks = Vec::<(String, String)>::new();
    let mut is_open = false;
    for event in events {
        match event {
            Event::BlockStart { block, .. } => {
                assert!(!std::mem::replace(&mut is_open, true), "two blocks are open");
                blocks.push(match block {
                    BlockStart::Text => ("0".into(), String::new()),
                    BlockStart::Reasoning { .. } => ("1".into(), String::new()),
                    BlockStart::ToolCall { id, .. } => (format!("2 {id}"), String::new()),
                    BlockStart::Opaque(opaque) => {
                        let data: Value = serde_json::from_str(&opaque.data).unwrap();
                        let input = &data["input"];
                        let input = input.get("INVALID_JSON").and_then(Value::as_str).map(str::to_owned);
                        (format!("3 {}", data["id"].as_str().unwrap()), input.unwrap_or_default())
                    }
                    other => panic!("{other:?}"),
                });
            }
            Event::Delta { delta: Delta::Text(text), .. } => {
                assert!(is_open);
                blocks.last_mut().unwrap().1 += text;
            }
            Event::BlockEnd { .. } => assert!(std::mem::replace(&mut is_open, false)),
            other => assert!(!is_open, "{other:?} within a block"),
        }
    }
    blocks
}

proptest! {
    #[test]
    fn d01_d05_any_interleaving_is_one_block_after_the_other(
        blocks in proptest::collection::vec((0_usize..4, proptest::collection::vec("[a-z]{0,3}", 0..4), any::<bool>()), 1..6),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..60),
    ) {
        let mut expected = Vec::new();
        let mut waiting = Vec::new();
        for (index, (kind, pieces, has_end)) in blocks.iter().enumerate() {
            let text = pieces.concat();
            let text = if *kind == 2 && text.is_empty() { "{}".to_owned() } else { text };
            let id = if *kind < 2 { String::new() } else { format!(" t{index}") };
            expected.push((format!("{kind}{id}"), text));
            waiting.push(block_frames(index as u64, *kind, pieces, *has_end));
        }
        // Blocks begin in order; beyond that any frame may come next.
        let mut all = vec![begins()];
        let mut open = 0;
        let mut order = order.into_iter();
        while waiting.iter().any(|frames| !frames.is_empty()) {
            let ready: Vec<usize> = (0..waiting.len()).filter(|at| !waiting[*at].is_empty() && *at <= open).collect();
            let at = order.next().map_or(ready[0], |index| *index.get(&ready));
            if at == open {
                open += 1;
            }
            all.push(waiting[at].remove(0));
        }
        all.extend(ends("end_turn"));
        let (events, result) = read(&stream(&all));
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!(events.last(), Some(&Event::End));
        prop_assert_eq!(blocks_of(&events), expected);
    }
}
