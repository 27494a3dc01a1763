//! What clients get, chunk by chunk.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use super::super::super::tests::merged::merged;
use super::super::super::tests::{about, decode, names, told};
use crate::conversation::{
    Block, BlockStart, Choice, Citation, ClientTranslator, Content, Delta, Event, FinishReason, Opaque,
    Reasoning, Request, Text, ToolCall, ToolInput, TranslateError,
};
use crate::openai_chat::OpenaiChat;
use crate::testing::frames;

fn write(request: Request, events: &[Event]) -> (String, Vec<String>) {
    let mut encoder = OpenaiChat.event_encoder(&about(request));
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    let losses = names(encoder.losses()).into_iter().map(str::to_owned).collect();
    (String::from_utf8(out).unwrap(), losses)
}

/// The chunks of a stream, without `[DONE]`.
fn chunks(stream: &str) -> Vec<Value> {
    let data: Vec<Vec<u8>> = frames(stream).iter().map(|frame| frame.data().into_owned()).collect();
    data.iter().filter(|data| !data.is_empty()).filter_map(|data| serde_json::from_slice(data).ok()).collect()
}

fn deltas(stream: &str) -> Vec<Value> {
    chunks(stream).iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

fn start() -> Event {
    Event::Start { id: Some("a1".into()), model: Some("m1".into()), usage: None }
}

fn begin(block: BlockStart) -> Event {
    Event::BlockStart { choice: 0, block }
}

fn call(id: &str, is_custom: bool) -> Event {
    begin(BlockStart::ToolCall { id: id.into(), name: "f".into(), is_custom })
}

fn text(text: &str) -> Event {
    Event::Delta { choice: 0, delta: Delta::Text(text.into()) }
}

const END: Event = Event::BlockEnd { choice: 0 };

fn finish(reason: FinishReason) -> Event {
    Event::Finish { choice: 0, reason }
}

/// One of each, as a client gets it: byte for byte, checked with the official SDK's reader.
#[test]
fn one_of_each_as_a_client_gets_it() {
    let signature = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB");
    let thought =
        |text: &str, proof| Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false });
    let cited = Citation {
        url: Some("https://example.com".into()),
        title: Some("Example".into()),
        ..Citation::default()
    };
    let mut signed = ToolCall {
        id: "1".into(),
        name: "f".into(),
        input: ToolInput::Arguments("{\"n\":1}".into()),
        proof: None,
    };
    signed.proof = Some(Opaque::new(Protocol::Gemini, "thought_signature", "CuQB"));
    let custom = ToolCall {
        id: "2".into(),
        name: "t".into(),
        input: ToolInput::Text("x\u{2028}y".into()),
        proof: None,
    };
    let contents = [
        thought("Hm.", Some(signature.clone())),
        Content::text("Größe: "),
        thought("", Some(signature)),
        Content::Text(Text { text: "5".into(), citations: vec![cited.clone(), cited], ..Text::default() }),
        Content::ToolCall(signed),
        Content::ToolCall(custom),
    ];
    let choices = [
        Choice {
            blocks: contents.into_iter().map(Block::from).collect(),
            finish: Some(FinishReason::ToolCalls),
        },
        Choice { blocks: vec![Content::Refusal("No.".into()).into()], finish: Some(FinishReason::Filtered) },
    ];
    let mut events = told(&choices, 4);
    let usage = Usage { input_uncached: 5, cache_read: 3, output_text: 2, reasoning: 1, ..Usage::default() };
    events.insert(1, Event::Usage(Usage { output_text: 0, ..usage }));
    events.insert(2, Event::KeepAlive);
    events.insert(events.len() - 1, Event::Usage(usage));
    let request = Request { stream: true, stream_usage: true, ..Request::default() };
    let (stream, losses) = write(request, &events);
    assert!(losses.is_empty());
    assert_eq!(stream, include_str!("client.sse"));
    assert_eq!(merged(&stream)["choices"][1]["message"]["refusal"], "No.");
}

#[test]
fn c02_the_role_is_said_once_and_first() {
    let (stream, _) =
        write(Request::default(), &[start(), begin(BlockStart::Text), text("a"), text("b"), END]);
    assert_eq!(
        deltas(&stream),
        [json!({"role": "assistant", "content": null}), json!({"content": "a"}), json!({"content": "b"})]
    );
}

#[test]
fn c03_c04_calls_are_numbered_and_begin_with_nothing() {
    let events = [
        start(),
        begin(BlockStart::Text),
        text("a"),
        END,
        call("1", false),
        text("{\"a\""),
        text(":1}"),
        END,
        begin(BlockStart::Text),
        text("b"),
        END,
        call("2", false),
        END,
        call("3", true),
        END,
        finish(FinishReason::ToolCalls),
    ];
    let (stream, losses) = write(Request::default(), &events);
    let calls: Vec<Value> = deltas(&stream)
        .iter()
        .filter_map(|delta| delta.get("tool_calls"))
        .map(|calls| calls[0].clone())
        .collect();
    let expected = [
        json!({"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"a\""}}),
        json!({"index": 0, "function": {"arguments": ":1}"}}),
        json!({"index": 1, "id": "2", "type": "function", "function": {"name": "f", "arguments": ""}}),
        json!({"index": 1, "function": {"arguments": "{}"}}),
        json!({"index": 2, "id": "3", "type": "custom", "custom": {"name": "f", "input": ""}}),
    ];
    assert_eq!(calls, expected);
    assert_eq!(losses, ["text"], "text behind a call is out of its place");
}

#[test]
fn c07_reasoning_is_never_content() {
    let proof = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB");
    let seal = proof.seal();
    let events = [
        start(),
        begin(BlockStart::Reasoning { is_summary: false }),
        text("H"),
        text("m"),
        Event::Delta { choice: 0, delta: Delta::Proof(proof) },
        END,
    ];
    let (stream, _) = write(Request::default(), &events);
    let whole = json!({"type": "reasoning.text", "index": 0, "text": "Hm", "signature": seal});
    let expected = [
        json!({"reasoning_content": "H"}),
        json!({"reasoning_content": "m"}),
        json!({"reasoning_details": [whole]}),
    ];
    assert_eq!(deltas(&stream)[1..], expected);
}

#[test]
fn c10_usage_is_said_once_and_last_and_only_if_asked_for() {
    let usage = Usage { input_uncached: 5, output_text: 2, ..Usage::default() };
    let events = [
        start(),
        Event::Usage(Usage { output_text: 1, ..usage }),
        begin(BlockStart::Text),
        text("a"),
        END,
        Event::Usage(usage),
        finish(FinishReason::Stop),
        Event::End,
        Event::End,
        text("late"),
    ];
    let (stream, _) = write(Request::default(), &events);
    assert!(!stream.contains("usage"));
    assert!(stream.ends_with("\n\ndata: [DONE]\n\n") && stream.matches("[DONE]").count() == 1);
    let (stream, _) = write(Request { stream_usage: true, ..Request::default() }, &events);
    let mut chunks = chunks(&stream);
    let last = chunks.pop().unwrap();
    assert_eq!(
        (&last["choices"], &last["usage"]["prompt_tokens"], &last["usage"]["completion_tokens"]),
        (&json!([]), &json!(5), &json!(2))
    );
    assert!(chunks.iter().all(|chunk| chunk["usage"] == Value::Null && chunk.get("usage").is_some()));
    let unknown = [start(), finish(FinishReason::Stop), Event::End];
    let (stream, _) = write(Request { stream_usage: true, ..Request::default() }, &unknown);
    assert!(!stream.contains("prompt_tokens"), "no counts are made up");
}

#[test]
fn a11_a_stream_that_breaks_off_does_not_end() {
    let (stream, _) = write(Request::default(), &[start(), begin(BlockStart::Text), text("a")]);
    assert!(!stream.contains("[DONE]"));
    assert!(chunks(&stream).iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()));
}

#[test]
fn a05_signs_of_life_are_comments() {
    let (stream, _) = write(Request::default(), &[start(), Event::KeepAlive]);
    assert!(frames(&stream)[1].is_comment_only());
}

#[test]
fn choices_begin_in_their_order() {
    let events = [start(), Event::BlockStart { choice: 2, block: BlockStart::Text }];
    let (stream, _) = write(Request::default(), &events);
    let order: Vec<u64> =
        chunks(&stream).iter().map(|chunk| chunk["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(order, [0, 1, 2]);
    let many = Event::BlockStart { choice: u32::MAX, block: BlockStart::Text };
    let error = OpenaiChat.event_encoder(&about(Request::default())).encode(&many, &mut Vec::new());
    assert!(matches!(error, Err(TranslateError::Unsayable { .. })));
}

#[test]
fn what_the_supplier_does_not_say() {
    let nameless = Event::Start { id: None, model: None, usage: None };
    let (stream, _) = write(Request::default(), &[nameless, finish(FinishReason::Paused)]);
    let chunk = chunks(&stream).pop().unwrap();
    assert_eq!((&chunk["id"], &chunk["model"]), (&json!("chatcmpl-req_1"), &json!("asked-for")));
    assert_eq!(
        (&chunk["choices"][0]["finish_reason"], &chunk["object"]),
        (&json!("length"), &json!("chat.completion.chunk"))
    );
}

#[test]
fn functions_from_before_there_were_tools() {
    let body = json!({"messages": [{"role": "user", "content": "?"}], "functions": [{"name": "f"}]});
    let events = [start(), call("1", false), text("{}"), END, finish(FinishReason::ToolCalls)];
    let (stream, _) = write(decode(&body).unwrap(), &events);
    let expected = [
        json!({"function_call": {"name": "f", "arguments": ""}}),
        json!({"function_call": {"arguments": "{}"}}),
        json!({}),
    ];
    assert_eq!(deltas(&stream)[1..], expected);
    assert_eq!(chunks(&stream).pop().unwrap()["choices"][0]["finish_reason"], "function_call");
    let mut encoder = OpenaiChat.event_encoder(&about(decode(&body).unwrap()));
    let mut out = Vec::new();
    encoder.encode(&call("1", false), &mut out).unwrap();
    encoder.encode(&END, &mut out).unwrap();
    assert!(encoder.encode(&call("2", false), &mut out).is_err());
}

#[test]
fn blocks_of_other_protocols_are_named() {
    let block = Opaque::new(Protocol::AnthropicMessages, "server_tool_use", "{}");
    let (stream, losses) = write(Request::default(), &[start(), begin(BlockStart::Opaque(block)), END]);
    assert_eq!(chunks(&stream).len(), 1);
    assert_eq!(losses, ["server_tool_use"]);
}
