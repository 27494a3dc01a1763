//! Streamed answers, both ways.

use serde_json::{Value, json};

use crate::conversation::{
    BlockStart, Citation, ClientTranslator, Delta, Event, FinishReason, Loss, Opaque, TranslateError,
    Translator,
};
use crate::failure::Failure;
use crate::gemini::testing::{about, names, signed, usage};
use crate::gemini::translator::GeminiTranslator;
use crate::gemini::{ids, signature};
use crate::testing::frames;

mod properties;

/// The events of a whole stream whose body ended as it should.
fn read(stream: &str) -> Result<(Vec<Event>, Vec<Loss>), TranslateError> {
    let mut decoder = GeminiTranslator.event_decoder();
    let mut events = Vec::new();
    for frame in frames(stream) {
        decoder.decode(&frame, &mut events)?;
    }
    decoder.end(&mut events)?;
    Ok((events, decoder.losses().to_vec()))
}

fn written(events: &[Event]) -> (String, Vec<String>) {
    let mut encoder = GeminiTranslator.event_encoder(&about());
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    (String::from_utf8(out).unwrap(), names(encoder.losses()))
}

fn chunks(stream: &str) -> Vec<Value> {
    let data = frames(stream).into_iter().filter(|frame| !frame.data().is_empty());
    data.map(|frame| serde_json::from_slice(&frame.data()).unwrap()).collect()
}

fn chunk(value: &Value) -> String {
    format!("data: {value}\r\n\r\n")
}

fn said(parts: &Value, finish: Option<&str>) -> String {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    chunk(&json!({"candidates": [candidate]}))
}

fn start(choice: u32, block: BlockStart) -> Event {
    Event::BlockStart { choice, block }
}

fn delta(choice: u32, delta: Delta) -> Event {
    Event::Delta { choice, delta }
}

fn text(choice: u32, text: &str) -> Event {
    delta(choice, Delta::Text(text.to_owned()))
}

const fn end(choice: u32) -> Event {
    Event::BlockEnd { choice }
}

const fn finish(choice: u32, reason: FinishReason) -> Event {
    Event::Finish { choice, reason }
}

const NO_START: Event = Event::Start { id: None, model: None, usage: None };

#[test]
fn f15_a_suppliers_whole_stream() {
    let (events, losses) = read(include_str!("../stream/tests/thinking_and_tools.sse")).unwrap();
    let used = |output_text, reasoning| catalogue::Usage {
        input_uncached: 52,
        output_text,
        reasoning,
        ..Default::default()
    };
    let call = |id: &str| {
        start(0, BlockStart::ToolCall { id: id.into(), name: "get_weather".into(), is_custom: false })
    };
    let expected = vec![
        Event::Start {
            id: Some("a1B2c3".into()),
            model: Some("gemini-3.5-flash".into()),
            usage: Some(used(0, 30)),
        },
        start(0, BlockStart::Reasoning { is_summary: true }),
        text(0, "**Weather**\n\nTwo cities, two calls."),
        Event::Usage(used(4, 39)),
        end(0),
        start(0, BlockStart::Text),
        text(0, "I will look "),
        Event::Usage(used(8, 39)),
        text(0, "at both.\u{2028}"),
        Event::Usage(used(20, 39)),
        end(0),
        call("fc1"),
        text(0, r#"{"city":"Paris","n":12345678901234567890}"#),
        delta(0, Delta::Proof(signature::made("EoYCCoMC"))),
        end(0),
        call("fc2"),
        text(0, r#"{"city":"Rome"}"#),
        end(0),
        Event::Usage(used(21, 39)),
        finish(0, FinishReason::Stop),
        Event::End,
    ];
    assert_eq!((events, losses), (expected, vec![]));
}

#[test]
fn f03_a_blocked_prompt_is_whole() {
    let (events, _) = read(include_str!("../stream/tests/blocked.sse")).unwrap();
    assert_eq!(events[1..], [finish(0, FinishReason::Filtered), Event::End]);
    let stream = chunk(&json!({"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "no"}}));
    let (events, _) = read(&stream).unwrap();
    let expected = [
        NO_START,
        start(0, BlockStart::Refusal),
        text(0, "no"),
        end(0),
        finish(0, FinishReason::Filtered),
        Event::End,
    ];
    assert_eq!(events, expected);
}

#[test]
fn a11_a_broken_stream_has_no_end() {
    let (events, _) = read(&said(&json!([{"text": "a"}]), None)).unwrap();
    assert_eq!(events, [NO_START, start(0, BlockStart::Text), text(0, "a")]);
    assert_eq!(read("").unwrap().0, []);
    let premature = said(&json!([]), Some("STOP")) + &said(&json!([{"text": "a"}]), None);
    assert!(!read(&premature).unwrap().0.contains(&Event::End));
}

#[test]
fn a_reason_in_every_response_is_said_once() {
    let stream = said(&json!([{"text": "a"}]), Some("STOP"))
        + "\r\n"
        + &said(&json!([{"text": "b"}]), Some("STOP"))
        + &said(&json!([]), Some("MAX_TOKENS"));
    let (events, _) = read(&stream).unwrap();
    let expected = [
        NO_START,
        start(0, BlockStart::Text),
        text(0, "a"),
        Event::KeepAlive,
        text(0, "b"),
        end(0),
        finish(0, FinishReason::Length),
        Event::End,
    ];
    assert_eq!(events, expected);
}

#[test]
fn f04_signatures_stand_with_what_they_sign() {
    let stream = said(&json!([{"text": "a"}]), None)
        + &said(
            &json!([{"text": "", "thoughtSignature": "S"}, {"text": "b", "thoughtSignature": "T"}]),
            None,
        )
        + &said(&json!([{"text": "c"}, {"text": ""}]), Some("STOP"));
    let (events, _) = read(&stream).unwrap();
    let proof = |data: &str| delta(0, Delta::Proof(signature::made(data)));
    let expected = [
        NO_START,
        start(0, BlockStart::Text),
        text(0, "a"),
        proof("S"),
        end(0),
        start(0, BlockStart::Text),
        text(0, "b"),
        proof("T"),
        end(0),
        start(0, BlockStart::Text),
        text(0, "c"),
        end(0),
        finish(0, FinishReason::Stop),
        Event::End,
    ];
    assert_eq!(events, expected);
}

#[test]
fn f07_calls_without_ids_get_different_ones() {
    let call =
        json!([{"functionCall": {"name": "f", "args": {}}}, {"functionCall": {"name": "f", "args": {}}}]);
    let stream = said(&call, None) + &said(&call, Some("STOP"));
    let (events, _) = read(&stream).unwrap();
    let ids: std::collections::BTreeSet<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::BlockStart { block: BlockStart::ToolCall { id, .. }, .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(!ids.into_iter().any(ids::is_given));
}

#[test]
fn f02_failures_in_the_stream() {
    let failed = |stream: &str| match read(stream) {
        Err(TranslateError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(&said(&json!([]), Some("MALFORMED_FUNCTION_CALL"))), Failure::Server);
    let error = r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"x"}}"#;
    let overloaded = Failure::Overloaded { retry_after: None };
    assert_eq!(failed(&format!("data: {error}\n\n")), overloaded);
    assert_eq!(failed(&format!("{error}\n")), overloaded);
    let mut decoder = GeminiTranslator.event_decoder();
    let stream = said(&json!([{"text": "a"}]), Some("STOP")) + &format!("data: {error}\n\n");
    let mut events = Vec::new();
    let results: Vec<bool> =
        frames(&stream).iter().map(|frame| decoder.decode(frame, &mut events).is_ok()).collect();
    assert_eq!(results, [true, false]);
    decoder.end(&mut events).unwrap();
    assert!(!events.contains(&Event::End));
    for odd in
        ["data: [DONE]\n\n", "data: 3\n\n", "data: {\n\n", "data: {\"candidates\":[{\"index\":128}]}\n\n"]
    {
        assert!(matches!(read(odd), Err(TranslateError::Malformed { .. })), "{odd}");
    }
}

#[test]
fn sources_are_told_once_in_characters_of_their_block() {
    let grounding = json!({"groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
        "groundingSupports": [{"segment": {"startIndex": 12, "endIndex": 16}, "groundingChunkIndices": [0]}]});
    let last = chunk(
        &json!({"candidates": [{"content": {"parts": [{"text": "e. Ja."}]}, "groundingMetadata": grounding, "finishReason": "STOP"}]}),
    );
    let stream = said(&json!([{"text": "eins", "thoughtSignature": "S"}]), None)
        + &said(&json!([{"text": "Größ"}]), None)
        + &last
        + &last.replace("e. Ja.", "");
    let (events, losses) = read(&stream).unwrap();
    let citations: Vec<&Delta> = events
        .iter()
        .filter_map(|event| match event {
            Event::Delta { delta: delta @ Delta::Citation(_), .. } => Some(delta),
            _ => None,
        })
        .collect();
    let citation = Citation {
        url: Some("https://a".into()),
        title: Some("A".into()),
        quote: None,
        range: Some((6, 10)),
        place: None,
    };
    assert_eq!(citations, [&Delta::Citation(citation)]);
    assert_eq!(losses, []);
    // A source of a text that is closed is told at the open one, without a place in it.
    let closed = stream.replace(r#""endIndex":16"#, r#""endIndex":14,"text":"nsGr""#);
    assert_ne!(closed, stream);
    let (events, losses) = read(&closed).unwrap();
    let range = events.iter().find_map(|event| match event {
        Event::Delta { delta: Delta::Citation(citation), .. } => Some(citation.range),
        _ => None,
    });
    assert_eq!(range, Some(None));
    assert_eq!(names(&losses), ["groundingMetadata.segment"]);
}

#[test]
fn a_stream_for_a_client() {
    let foreign = Opaque { protocol: catalogue::Protocol::AnthropicMessages, ..signed("zz") };
    let call = BlockStart::ToolCall { id: "1".into(), name: "f".into(), is_custom: false };
    let events = [
        Event::Start { id: Some("m".into()), model: None, usage: None },
        start(0, BlockStart::Reasoning { is_summary: false }),
        text(0, "hm"),
        delta(0, Delta::Proof(foreign.clone())),
        end(0),
        Event::KeepAlive,
        start(0, BlockStart::Text),
        text(0, "Gr"),
        text(0, ""),
        text(0, "öß"),
        delta(
            0,
            Delta::Citation(Citation {
                url: Some("https://a".into()),
                range: Some((1, 3)),
                ..Citation::default()
            }),
        ),
        end(0),
        start(0, call),
        text(0, r#"{"a":"#),
        text(0, "1.50}"),
        end(0),
        finish(0, FinishReason::ToolCalls),
        Event::Usage(usage()),
        Event::End,
    ];
    let (stream, losses) = written(&events);
    assert_eq!(losses, [""; 0]);
    let part = |part: Value| {
        json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}],
            "modelVersion": "asked-for", "responseId": "m"})
    };
    let mut chunks = chunks(&stream);
    let last = chunks.pop().unwrap();
    let expected = [
        part(json!({"text": "hm", "thought": true})),
        part(json!({"text": "", "thought": true, "thoughtSignature": signature::to_client(&foreign)})),
        part(json!({"text": "Gr"})),
        part(json!({"text": "öß"})),
        part(
            json!({"functionCall": {"id": "1", "name": "f", "args": {"a": 1.50}}, "thoughtSignature": signature::BYPASS}),
        ),
    ];
    assert_eq!(chunks, expected);
    // As Google ends them: a response without a part is no turn to google-genai's chats, which then forget it.
    let nothing = json!({"role": "model", "parts": [{"text": ""}]});
    let candidate = json!({"content": nothing, "finishReason": "STOP", "index": 0, "groundingMetadata": {
        "groundingChunks": [{"web": {"uri": "https://a"}}],
        "groundingSupports": [{"segment": {"startIndex": 1, "endIndex": 4, "text": "rö"}, "groundingChunkIndices": [0]}]}});
    assert_eq!(last["candidates"], json!([candidate]));
    assert_eq!(last["usageMetadata"]["totalTokenCount"], 38);
    assert!(stream.ends_with("\r\n\r\n") && stream.contains("\r\n\r\n\ndata: "));
    // Whatever comes before the end is no end.
    let (cut, _) = written(&events[..events.len() - 1]);
    assert!(!cut.contains("finishReason"));
}

#[test]
fn what_a_clients_stream_cannot_say_is_named() {
    let call = BlockStart::ToolCall { id: "1".into(), name: "f".into(), is_custom: false };
    let custom = BlockStart::ToolCall { id: "2".into(), name: "g".into(), is_custom: true };
    let opaque = Opaque::new(catalogue::Protocol::OpenaiResponses, "web_search_call", "{}");
    let events = [
        NO_START,
        start(0, BlockStart::Refusal),
        text(0, "no"),
        end(0),
        start(0, BlockStart::Opaque(opaque)),
        end(0),
        start(0, custom),
        text(0, "free"),
        end(0),
        start(0, call),
        text(0, r#"{"a":"#),
        end(0),
        finish(0, FinishReason::Stop),
        Event::End,
    ];
    let (stream, losses) = written(&events);
    assert_eq!(losses, ["refusal", "web_search_call", "tool_call.arguments"]);
    let chunks = chunks(&stream);
    assert_eq!(chunks.len(), 3);
    assert_eq!(
        chunks[1]["candidates"][0]["content"]["parts"][0]["functionCall"]["args"],
        json!({"input": "free"})
    );
    assert_eq!(chunks[2]["candidates"][0]["finishReason"], "MALFORMED_FUNCTION_CALL");
}

#[test]
fn the_end_of_the_body_is_the_end_of_the_answer() {
    let stream = include_str!("../stream/tests/thinking_and_tools.sse");
    let undo = std::sync::Arc::new(crate::translate::Undo::default());
    let client = GeminiTranslator.client().unwrap();
    let mut translation = crate::translate::StreamTranslation::new(&GeminiTranslator, client, undo, &about());
    let mut out = Vec::new();
    for frame in frames(stream) {
        translation.frame(&frame, None, &mut out).unwrap();
    }
    assert!(!String::from_utf8_lossy(&out).contains("finishReason"));
    translation.end(&mut out).unwrap();
    let chunks = chunks(std::str::from_utf8(&out).unwrap());
    let last = chunks.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(last["usageMetadata"]["thoughtsTokenCount"], 39);
    // Once.
    let length = out.len();
    translation.end(&mut out).unwrap();
    assert_eq!((out.len(), translation.losses()), (length, vec![]));
}
