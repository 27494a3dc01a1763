//! Streams: watched, read in any order of their blocks, and written.

use catalogue::{Protocol, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{
    about, any_finish, any_usage, converse, decoded, frames, joined, said_by_assistant, signature, stream,
};
use super::*;
use crate::conversation::testing;
use crate::conversation::*;

mod order;

/// Made by Python's `struct` and `zlib` after AWS's documents; botocore 1.44.8 reads it.
const TOOLS: &[u8] = include_bytes!("tests/thinking_and_tools.bin");

fn seen(frames: &[Frame]) -> (String, Reader) {
    let mut reader = Reader::default();
    let letters = frames.iter().map(|frame| match reader.read(frame).kind {
        SeenKind::Preamble => "P".to_owned(),
        SeenKind::Content => "C".to_owned(),
        SeenKind::Usage => "U".to_owned(),
        SeenKind::Terminal => "T".to_owned(),
        SeenKind::Other => "O".to_owned(),
        SeenKind::Error(failure) => format!("E:{}", failure.as_str()),
    });
    (letters.collect::<Vec<_>>().join(" "), reader)
}

#[expect(clippy::needless_pass_by_value, reason = "callers make it for this")]
fn delta(index: u64, delta: Value) -> (&'static str, Value) {
    ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta, "p": "abcdefgh"}))
}

fn stop(index: u64) -> (&'static str, Value) {
    ("contentBlockStop", json!({"contentBlockIndex": index}))
}

fn ended(reason: &str) -> (&'static str, Value) {
    ("messageStop", json!({"stopReason": reason}))
}

fn metadata() -> (&'static str, Value) {
    (
        "metadata",
        json!({"metrics": {"latencyMs": 5}, "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}),
    )
}

fn begun() -> (&'static str, Value) {
    ("messageStart", json!({"role": "assistant"}))
}

fn start() -> Event {
    Event::Start { id: None, model: None, usage: None }
}

fn block(block: BlockStart, deltas: impl IntoIterator<Item = Delta>) -> Vec<Event> {
    let deltas = deltas.into_iter().map(|delta| Event::Delta { choice: 0, delta });
    let start = Event::BlockStart { choice: 0, block };
    std::iter::once(start).chain(deltas).chain([Event::BlockEnd { choice: 0 }]).collect()
}

fn finish(reason: FinishReason) -> Event {
    Event::Finish { choice: 0, reason }
}

fn text(text: &str) -> Delta {
    Delta::Text(text.into())
}

const REASONING: BlockStart = BlockStart::Reasoning { is_summary: false };

fn tool(id: &str) -> BlockStart {
    BlockStart::ToolCall { id: id.into(), name: "weather".into(), is_custom: false }
}

fn used() -> Usage {
    Usage { input_uncached: 3, output_text: 2, ..Usage::default() }
}

#[test]
fn a_stream_whole_and_cut() {
    let all = frames(TOOLS);
    let (letters, reader) = seen(&all);
    assert_eq!(letters, "P P C C C O C O C C O C C C O C O O T");
    assert_eq!((reader.end(), reader.finish()), (End::Complete, Some("tool_use")));
    let usage = Usage {
        input_uncached: 412,
        cache_read: 1000,
        cache_write_5m: 100,
        cache_write_1h: 200,
        output_text: 97,
        ..Usage::default()
    };
    assert_eq!(reader.usage(), Some(usage));
    let spoken = ["Let me", " see.", "Größe", " ok", r#"{\"city\": "#, r#"\"Paris\"}"#];
    assert_eq!(reader.output_bytes(), spoken.concat().len() as u64);
    // K09: without its last event, though the stop reason came: cut.
    let (_, cut) = seen(&all[..all.len() - 1]);
    assert_eq!((cut.end(), cut.usage(), cut.finish()), (End::Cut, None, Some("tool_use")));
}

#[test]
fn k09_usage_comes_behind_the_stop_and_both_end_the_answer() {
    let (events, outcome, losses) = decoded(&frames(TOOLS));
    assert_eq!((outcome, losses), (Ok(()), vec![]));
    let expected = [
        vec![start()],
        block(REASONING, [text("Let me see."), Delta::Proof(signature("RXFRQkNr"))]),
        block(REASONING, [Delta::Proof(Opaque::new(Protocol::BedrockConverse, "redacted", "AAECAw=="))]),
        block(BlockStart::Text, [text("Größe ok")]),
        block(tool("tooluse_1"), [text(r#"{"city": "Paris"}"#)]),
        block(tool("tooluse_2"), []),
        vec![finish(FinishReason::ToolCalls)],
        vec![Event::Usage(seen(&frames(TOOLS)).1.usage().unwrap()), Event::End],
    ];
    assert_eq!(events, expected.concat());

    // The other way round both are as well.
    let turned = frames(&stream([
        begun(),
        delta(0, json!({"text": "a"})),
        metadata(),
        ended("end_turn"),
        delta(0, json!({"text": "b"})),
    ]));
    let (events, outcome, _) = decoded(&turned);
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        events[1..],
        [
            vec![
                Event::BlockStart { choice: 0, block: BlockStart::Text },
                Event::Delta { choice: 0, delta: text("a") }
            ],
            vec![Event::Usage(used()), Event::BlockEnd { choice: 0 }, finish(FinishReason::Stop), Event::End],
        ]
        .concat()
    );
    let (letters, reader) = seen(&turned[..4]);
    assert_eq!((letters.as_str(), reader.end()), ("P C U T", End::Complete));
    // One alone is no end.
    let (events, ..) = decoded(&turned[..3]);
    assert!(!events.contains(&Event::End));
    assert_eq!(seen(&turned[..3]).1.end(), End::Cut);
}

#[test]
fn k10_exceptions_inside_a_good_stream() {
    for (name, message, letters, failure) in [
        ("throttlingException", "slow", "E:rate_limited", Failure::RateLimited { retry_after: None }),
        ("serviceUnavailableException", "x", "E:overloaded", Failure::Overloaded { retry_after: None }),
        ("internalServerException", "x", "E:server", Failure::Server),
        ("modelStreamErrorException", "x", "E:server", Failure::Server),
        (
            "validationException",
            "Input is too long for requested model.",
            "E:context_exceeded",
            Failure::ContextExceeded,
        ),
        ("validationException", "x", "E:client", Failure::Client),
        ("newException", "x", "E:server", Failure::Server),
    ] {
        let mut bytes = stream([begun(), delta(0, json!({"text": "a"}))]);
        event_stream::write_exception(name, json!({"message": message}).to_string().as_bytes(), &mut bytes);
        let frames = frames(&bytes);
        let (seen, reader) = seen(&frames);
        assert_eq!((seen, reader.end()), (format!("P C {letters}"), End::Cut));
        let (events, outcome, _) = decoded(&frames);
        assert_eq!(outcome, Err(TranslateError::Failed(failure)));
        assert!(!events.iter().any(|event| matches!(event, Event::BlockEnd { .. } | Event::End)));
    }
    // K08: what Bedrock itself could not read.
    let broken =
        frames(&stream([begun(), delta(0, json!({"text": "a"})), ended("malformed_tool_use"), metadata()]));
    assert_eq!(seen(&broken[..3]).0, "P C E:server");
    assert_eq!(seen(&broken).1.end(), End::Cut);
    assert_eq!(decoded(&broken).1, Err(TranslateError::Failed(Failure::Server)));
}

#[test]
fn what_is_no_message_is_an_error_and_what_is_not_known_is_not() {
    let whole = stream([begun()]);
    let torn = frames(&whole[..whole.len() - 1]);
    assert_eq!(seen(&torn).0, "E:broken_malformed");
    assert!(decoded(&torn).1.is_err());
    let mut odd = stream([("somethingNew", json!([1]))]);
    event_stream::write_event("somethingElse", b"\xff\0", &mut odd);
    odd.extend(stream([begun()]));
    odd.extend(KEEP_ALIVE);
    let odd = frames(&odd);
    assert_eq!(seen(&odd).0, "P P P P");
    assert_eq!(decoded(&odd), (vec![start(), Event::KeepAlive], Ok(()), vec![]));
    for payload in ["", "[]", "{", "{\"contentBlockIndex\":0,\"delta\":"] {
        let mut bytes = Vec::new();
        event_stream::write_event("contentBlockDelta", payload.as_bytes(), &mut bytes);
        assert_eq!(seen(&frames(&bytes)).0, "E:broken_malformed", "{payload}");
        assert!(decoded(&frames(&bytes)).1.is_err(), "{payload}");
    }
}

#[test]
fn an_answer_without_content_is_one_when_it_says_why_it_ended() {
    let (letters, reader) = seen(&frames(&stream([begun(), ended("content_filtered"), metadata()])));
    assert_eq!((letters.as_str(), reader.end()), ("P O T", End::Complete));
    let (letters, reader) = seen(&frames(&stream([begun(), metadata()])));
    assert_eq!((letters.as_str(), reader.end()), ("P P", End::Cut));
}

#[test]
fn images_and_tools_that_aws_runs_come_in_one_piece() {
    let (events, outcome, losses) = decoded(&frames(&stream([
        begun(),
        ("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"image": {"format": "jpeg"}}})),
        delta(0, json!({"image": {"source": {"bytes": "AAE="}}})),
        delta(0, json!({"image": {"source": {"bytes": "Ag=="}}})),
        stop(0),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "1", "name": "g", "type": "server_tool_use"}}}),
        ),
        delta(1, json!({"toolUse": {"input": "{\"a\""}})),
        delta(1, json!({"toolUse": {"input": ": 1}"}})),
        stop(1),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 2, "start": {"toolResult": {"toolUseId": "1", "type": "g_result", "status": "success"}}}),
        ),
        delta(2, json!({"toolResult": [{"text": "x"}, {"json": {"b": 2}}]})),
        stop(2),
        delta(3, json!({"text": "It is."})),
        delta(
            3,
            json!({"citation": {"title": "T", "location": {"web": {"url": "https://x"}}, "sourceContent": [{"text": "q"}]}}),
        ),
        delta(3, json!({"new": {}})),
        stop(3),
        ended("end_turn"),
        metadata(),
    ])));
    assert_eq!(outcome, Ok(()));
    assert_eq!(losses.iter().map(|loss| &*loss.what).collect::<Vec<_>>(), ["contentBlockDelta.new"]);
    let image = testing::media(MediaKind::Image, Some("image/jpeg"), MediaSource::Base64("AAEC".into()));
    let citation = Citation {
        url: Some("https://x".into()),
        title: Some("T".into()),
        quote: Some("q".into()),
        range: None,
        place: None,
    };
    let opaque = |kind: &'static str, data: &str| {
        BlockStart::Opaque(Opaque::new(Protocol::BedrockConverse, kind, data))
    };
    let expected = [
        vec![start()],
        block(BlockStart::Media(image), []),
        block(
            opaque(
                "toolUse",
                r#"{"toolUse":{"name":"g","toolUseId":"1","type":"server_tool_use","input":{"a": 1}}}"#,
            ),
            [],
        ),
        block(
            opaque(
                "toolResult",
                r#"{"toolResult":{"status":"success","toolUseId":"1","type":"g_result","content":[{"text":"x"},{"json":{"b":2}}]}}"#,
            ),
            [],
        ),
        block(BlockStart::Text, [text("It is."), Delta::Citation(citation)]),
        vec![finish(FinishReason::Stop), Event::Usage(used()), Event::End],
    ];
    assert_eq!(events, expected.concat());
}

fn written(events: &[Event]) -> (Vec<(String, Value)>, Vec<String>) {
    let mut encoder = Encoder::new(&about());
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    let said = frames(&out).into_iter().map(|frame| {
        let name = String::from_utf8(frame.event().unwrap().to_vec()).unwrap();
        (name, serde_json::from_slice(&frame.data()).unwrap())
    });
    (said.collect(), encoder.losses().iter().map(|loss| loss.what.clone()).collect())
}

#[test]
fn a_stream_for_a_client() {
    let events = [
        vec![start(), Event::KeepAlive],
        block(REASONING, [text("hm"), Delta::Proof(signature("old")), Delta::Proof(signature("new"))]),
        block(REASONING, [Delta::Proof(signature("alone"))]),
        block(REASONING, []),
        block(REASONING, [text("so")]),
        block(BlockStart::Text, [text("")]),
        block(BlockStart::Text, [text("a"), text("b")]),
        block(tool("1"), [text("{\"a\""), text(":1}")]),
        block(tool("2"), []),
        vec![Event::Usage(used()), finish(FinishReason::ToolCalls), Event::End],
    ];
    let (said, losses) = written(&events.concat());
    assert_eq!(losses, [""; 0]);
    let at = |index: u64, name: &str, member: Value| {
        let mut payload = json!({"contentBlockIndex": index});
        payload.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        (name.to_owned(), payload)
    };
    let delta = |index, delta: Value| at(index, "contentBlockDelta", json!({"delta": delta}));
    let thought = |index, part: Value| delta(index, json!({"reasoningContent": part}));
    let call = |index, id: &str| {
        at(index, "contentBlockStart", json!({"start": {"toolUse": {"toolUseId": id, "name": "weather"}}}))
    };
    let stop = |index| at(index, "contentBlockStop", json!({}));
    let usage = json!({"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0});
    let expected = vec![
        ("messageStart".to_owned(), json!({"role": "assistant"})),
        ("keepAlive".to_owned(), json!({})),
        thought(0, json!({"text": "hm"})),
        thought(0, json!({"signature": "new"})),
        stop(0),
        thought(1, json!({"text": ""})),
        thought(1, json!({"signature": "alone"})),
        stop(1),
        thought(2, json!({"text": "so"})),
        thought(2, json!({"signature": Opaque::unsigned(Protocol::BedrockConverse).seal()})),
        stop(2),
        delta(3, json!({"text": "a"})),
        delta(3, json!({"text": "b"})),
        stop(3),
        call(4, "1"),
        delta(4, json!({"toolUse": {"input": "{\"a\""}})),
        delta(4, json!({"toolUse": {"input": ":1}"}})),
        stop(4),
        call(5, "2"),
        delta(5, json!({"toolUse": {"input": "{}"}})),
        stop(5),
        ("messageStop".to_owned(), json!({"stopReason": "tool_use"})),
        ("metadata".to_owned(), json!({"usage": usage, "metrics": {"latencyMs": 0}})),
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_a_client_cannot_be_told_is_named() {
    let foreign = Opaque {
        owner: Some("o".into()),
        ..Opaque::new(Protocol::OpenaiResponses, "encrypted_content", "x")
    };
    let events = [
        vec![start()],
        block(BlockStart::Refusal, [text("no"), Delta::Proof(signature("s")), Delta::Logprobs(vec![])]),
        block(BlockStart::Opaque(Opaque::new(Protocol::AnthropicMessages, "server_tool_use", "{}")), []),
        block(REASONING, [Delta::Citation(Citation::default()), Delta::Proof(foreign.clone())]),
        vec![finish(FinishReason::Other("odd".into())), Event::End],
    ];
    let (said, losses) = written(&events.concat());
    assert_eq!(
        losses,
        ["refusal", "proof", "logprobs", "server_tool_use", "citations", "finish_reason", "usage"]
    );
    assert_eq!(said.last().unwrap().1["usage"]["inputTokens"], 7);
    // A proof of another maker's goes along as a seal, packed as bytes.
    let sealed =
        said.iter().find_map(|(_, payload)| payload["delta"]["reasoningContent"]["redactedContent"].as_str());
    let client = json!({"messages": [{"role": "assistant", "content": [{"reasoningContent": {"redactedContent": sealed.unwrap()}}]}]});
    let back = converse().client().unwrap().decode_request(client.to_string().as_bytes()).unwrap();
    assert!(
        matches!(&back.turns[0].blocks[0].content, Content::Reasoning(Reasoning { proof: Some(proof), .. }) if *proof == foreign)
    );
    // An end that nobody gave a reason for has none.
    let (said, _) = written(&[start(), Event::End]);
    assert_eq!(said.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["messageStart", "metadata"]);
    let refused = |event: Event| Encoder::new(&about()).encode(&event, &mut Vec::new()).is_err();
    assert!(refused(Event::Finish { choice: 1, reason: FinishReason::Stop }));
    let custom = BlockStart::ToolCall { id: "1".into(), name: "f".into(), is_custom: true };
    assert!(refused(Event::BlockStart { choice: 0, block: custom }));
    let sound = testing::media(MediaKind::Audio, None, MediaSource::Base64("AA==".into()));
    assert!(refused(Event::BlockStart { choice: 0, block: BlockStart::Media(sound) }));
}

/// The events of a block that says `content`, its text in pieces.
fn events_of(content: &Content) -> Vec<Event> {
    let pieces = |text: &str| {
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        let (first, second) = text.split_at(middle);
        [first, second]
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .map(|piece| Delta::Text(piece.into()))
            .collect::<Vec<_>>()
    };
    match content {
        Content::Text(text) => block(BlockStart::Text, pieces(&text.text)),
        Content::Reasoning(reasoning) => block(
            REASONING,
            pieces(&reasoning.text).into_iter().chain(reasoning.proof.clone().map(Delta::Proof)),
        ),
        Content::ToolCall(call) => {
            let ToolInput::Arguments(arguments) = &call.input else { unreachable!() };
            let start =
                BlockStart::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom: false };
            block(start, pieces(std::str::from_utf8(arguments).unwrap()))
        }
        other => panic!("{other:?}"),
    }
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    (prop::collection::vec(said_by_assistant(), 0..6), any_finish(), any_usage()).prop_map(
        |(content, reason, usage)| {
            let blocks = content.iter().flat_map(events_of);
            std::iter::once(start())
                .chain(blocks)
                .chain([finish(reason), Event::Usage(usage), Event::End])
                .collect()
        },
    )
}

fn bytes_of(events: &[Event]) -> Vec<u8> {
    let mut encoder = Encoder::new(&about());
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    out
}

proptest! {
    #[test]
    fn what_converse_can_say_comes_back_as_it_was(events in any_events()) {
        let mut encoder = Encoder::new(&about());
        let mut out = Vec::new();
        for event in &events {
            encoder.encode(event, &mut out).unwrap();
        }
        prop_assert_eq!(encoder.losses(), []);
        let (found, outcome, losses) = decoded(&frames(&out));
        prop_assert_eq!((outcome, losses), (Ok(()), vec![]));
        prop_assert_eq!(found, joined(events));
        let (letters, reader) = seen(&frames(&out));
        prop_assert_eq!(reader.end(), End::Complete);
        prop_assert!(letters.ends_with("O T"));
    }

    /// A stream that breaks off is never whole, to either reader.
    #[test]
    fn a11_a_stream_that_breaks_off_has_no_end(events in any_events(), at in any::<prop::sample::Index>()) {
        let out = bytes_of(&events);
        let cut = frames(&out[..at.index(out.len())]);
        let (found, ..) = decoded(&cut);
        prop_assert!(!found.contains(&Event::End));
        prop_assert_eq!(seen(&cut).1.end(), End::Cut);
    }

    #[test]
    fn damaged_payloads_never_panic(
        events in any_events(), at in any::<prop::sample::Index>(), byte in any::<u8>(), which in any::<prop::sample::Index>(),
        bytes in any::<Vec<u8>>(),
    ) {
        let mut all = frames(&bytes_of(&events));
        let which = which.index(all.len());
        let mut payload = all[which].data().to_vec();
        let place = at.index(payload.len());
        payload[place] = byte;
        let name = String::from_utf8(all[which].event().unwrap().to_vec()).unwrap();
        for payload in [payload, bytes] {
            let mut damaged = Vec::new();
            event_stream::write_event(&name, &payload, &mut damaged);
            all[which] = frames(&damaged).remove(0);
            let (_, reader) = seen(&all);
            let (found, outcome, _) = decoded(&all);
            // The two never disagree to the client's harm: what is translated to its end was watched to its end.
            if outcome.is_ok() && found.contains(&Event::End) {
                prop_assert_eq!(reader.end(), End::Complete);
            }
        }
    }
}
