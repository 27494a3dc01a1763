//! What suppliers' streams say.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use super::super::super::tests::{choices, events, names};
use crate::conversation::{
    Block, BlockStart, Choice, Content, Delta, Event, FinishReason, Opaque, Reasoning, ToolCall, ToolInput,
    TranslateError, Translator,
};
use crate::failure::Failure;
use crate::openai_chat::OpenaiChat;
use crate::testing::frames;

pub(super) fn read(stream: &str) -> Vec<Event> {
    events(&mut *OpenaiChat.event_decoder(), stream)
}

/// A stream of chunks that each hold one choice's delta, and its end.
pub(super) fn stream(deltas: &[Value]) -> String {
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let chunks = deltas.iter().map(|delta| json!({"id": "a1", "choices": [{"index": 0, "delta": delta}]}));
    let frames: Vec<String> = chunks.chain([end]).map(|chunk| format!("data: {chunk}\n\n")).collect();
    frames.concat() + "data: [DONE]\n\n"
}

fn blocks(deltas: &[Value]) -> Vec<Content> {
    let choice = choices(&read(&stream(deltas))).remove(0);
    choice.blocks.into_iter().map(|block| block.content).collect()
}

fn call(id: &str, name: &str, arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: id.into(), name: name.into(), input, proof: None })
}

fn thought(text: &str) -> Content {
    Content::Reasoning(Reasoning { text: text.into(), proof: None, is_summary: false })
}

pub(super) fn piece(index: u32, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]})
}

#[test]
fn suppliers_streams() {
    let last_usage = |events: &[Event]| {
        events.iter().rev().find_map(|event| match event {
            Event::Usage(usage) | Event::Start { usage: Some(usage), .. } => Some(*usage),
            _ => None,
        })
    };
    let text = |text: &str| vec![Content::text(text)];
    for (stream, contents, finish, usage) in [
        (
            include_str!("../../../stream/tests/openai.sse"),
            text("Hello \"größer"),
            FinishReason::Stop,
            Usage { input_uncached: 40, cache_read: 60, output_text: 10, reasoning: 30, ..Usage::default() },
        ),
        (
            include_str!("../../../stream/tests/openai_tools.sse"),
            vec![call("call_1", "get_weather", r#"{"city":"Paris"}"#), call("call_2", "now", "{}")],
            FinishReason::ToolCalls,
            Usage::default(),
        ),
        (
            include_str!("../../../stream/tests/azure.sse"),
            text("Hi you"),
            FinishReason::Stop,
            Usage { input_uncached: 9, output_text: 2, ..Usage::default() },
        ),
        (
            include_str!("../../../stream/tests/vllm.sse"),
            text("Hi there"),
            FinishReason::Stop,
            Usage { input_uncached: 11, output_text: 2, ..Usage::default() },
        ),
        (
            include_str!("../../../stream/tests/llama_cpp.sse"),
            text("; some"),
            FinishReason::Length,
            Usage { input_uncached: 20, output_text: 4, ..Usage::default() },
        ),
        (
            include_str!("../../../stream/tests/xai.sse"),
            vec![thought("Think"), Content::text("101")],
            FinishReason::Stop,
            Usage { input_uncached: 26, cache_read: 6, output_text: 9, reasoning: 94, ..Usage::default() },
        ),
        (
            include_str!("../../../stream/tests/deepseek.sse"),
            vec![thought("Hm"), Content::text("Yes")],
            FinishReason::Stop,
            Usage { input_uncached: 18, cache_read: 32, output_text: 5, reasoning: 15, ..Usage::default() },
        ),
    ] {
        let events = read(stream);
        let expected =
            Choice { blocks: contents.into_iter().map(Block::from).collect(), finish: Some(finish) };
        assert_eq!(choices(&events), [expected]);
        assert_eq!(events.last(), Some(&Event::End));
        assert_eq!(last_usage(&events).unwrap_or_default(), usage, "{stream}");
    }
}

#[test]
fn openrouters_stream() {
    let events = read(include_str!("openrouter.sse"));
    let proof = r#"{"type":"reasoning.text","format":"anthropic-claude-v1","signature":"EqQB"}"#;
    let proof = Some(Opaque::new(Protocol::OpenaiChat, "reasoning_details", proof));
    let thought = Content::Reasoning(Reasoning { text: "Let me.".into(), proof, is_summary: false });
    let said: Vec<Content> =
        choices(&events).remove(0).blocks.into_iter().map(|block| block.content).collect();
    assert_eq!(said, [thought, Content::text("Looking."), call("toolu_1", "look", r#"{"n": 1}"#)]);
    assert_eq!(events.iter().filter(|event| **event == Event::KeepAlive).count(), 1, "none before the start");
    let order: Vec<&Event> = events
        .iter()
        .filter(|event| matches!(event, Event::Usage(_) | Event::Finish { .. } | Event::End))
        .collect();
    assert!(
        matches!(order[..], [Event::Usage(_), Event::Finish { .. }, Event::End]),
        "the finish waits for the end"
    );
}

#[test]
fn the_start_says_whose_answer_it_is() {
    let start = |stream: &str| read(stream).remove(0);
    let Event::Start { id, model, usage } = start(include_str!("../../../stream/tests/azure.sse")) else {
        panic!()
    };
    assert_eq!((id.as_deref(), model.as_deref(), usage), (Some("c1"), Some("gpt-4o"), None));
    // D06: vLLM counts the prompt at once.
    let Event::Start { usage, .. } = start(include_str!("../../../stream/tests/vllm.sse")) else { panic!() };
    assert_eq!(usage, Some(Usage { input_uncached: 11, ..Usage::default() }));
}

#[test]
fn d03_an_empty_list_of_calls_is_none() {
    let deltas = [json!({"content": "a", "tool_calls": []}), json!({"content": "b", "tool_calls": null})];
    assert_eq!(blocks(&deltas), [Content::text("ab")]);
}

#[test]
fn d04_text_and_whole_calls_in_one_chunk() {
    let calls = [("1", "f", "{\"a\":1}"), ("2", "g", "{}")].map(|(id, name, arguments)| {
        json!({"index": u8::from(id != "1"), "id": id, "function": {"name": name, "arguments": arguments}})
    });
    let delta = json!({"reasoning": "hm", "content": "so", "tool_calls": calls});
    let expected = [thought("hm"), Content::text("so"), call("1", "f", "{\"a\":1}"), call("2", "g", "{}")];
    assert_eq!(blocks(&[delta]), expected);
}

#[test]
fn d05_calls_side_by_side_come_one_after_the_other() {
    let deltas = [
        piece(0, Some("1"), Some("f"), ""),
        piece(0, None, None, "{\"a\":"),
        piece(1, Some("2"), Some("g"), "{\"b\""),
        piece(0, None, None, "\"}\"}"),
        piece(1, None, None, ":2}"),
        json!({"content": "done"}),
    ];
    let expected = [call("1", "f", "{\"a\":\"}\"}"), call("2", "g", "{\"b\":2}"), Content::text("done")];
    assert_eq!(blocks(&deltas), expected);
}

/// A call whose arguments are whole does not keep the next one back.
#[test]
fn d05_nothing_is_held_back_without_need() {
    let mut decoder = OpenaiChat.event_decoder();
    let mut seen = Vec::new();
    let deltas = [
        piece(0, Some("1"), Some("f"), "{}"),
        piece(1, Some("2"), Some("g"), "{\"a\""),
        piece(1, None, None, ":1"),
        json!({"content": "later"}),
    ];
    let counts: Vec<usize> = frames(&stream(&deltas))
        .iter()
        .take(4)
        .map(|frame| {
            let before = seen.len();
            decoder.decode(frame, &mut seen).unwrap();
            seen.len() - before
        })
        .collect();
    assert_eq!(
        counts,
        [3, 3, 1, 0],
        "start, block and arguments; end, block and arguments; more; what has to wait"
    );
}

#[test]
fn arguments_that_are_said_twice_count_once() {
    let mut decoder = OpenaiChat.event_decoder();
    let whole = piece(0, Some("1"), Some("f"), "{\"a\":1}");
    let deltas = [
        piece(0, Some("1"), Some("f"), "{\"a\""),
        piece(0, None, None, ":1}"),
        whole.clone(),
        json!({"content": "b"}),
        whole,
    ];
    let events = events(&mut *decoder, &stream(&deltas));
    let said: Vec<Content> =
        choices(&events).remove(0).blocks.into_iter().map(|block| block.content).collect();
    assert_eq!(said, [call("1", "f", "{\"a\":1}"), Content::text("b")]);
    assert_eq!(names(decoder.losses()), ["tool_calls"]);
}

#[test]
fn calls_that_are_numbered_oddly() {
    // Google's compatible endpoint leaves the number out, older versions number all calls 0.
    let bare = |id: &str| json!({"tool_calls": [{"id": id, "function": {"name": "f", "arguments": "{}"}}]});
    assert_eq!(blocks(&[bare("1"), bare("2")]), [call("1", "f", "{}"), call("2", "f", "{}")]);
    let zero = |id: &str| piece(0, Some(id), Some("f"), "{}");
    assert_eq!(blocks(&[zero("1"), zero("2")]), [call("1", "f", "{}"), call("2", "f", "{}")]);
    // Id and name in every piece; a new id in every piece; nothing but arguments.
    let repeated = [piece(0, Some("1"), Some("f"), "{\"a\""), piece(0, Some("1"), Some("f"), ":1}")];
    assert_eq!(blocks(&repeated), [call("1", "f", "{\"a\":1}")]);
    let renamed = [piece(0, Some("1"), Some("f"), "{\"a\""), piece(0, Some("2"), None, ":1}")];
    assert_eq!(blocks(&renamed), [call("1", "f", "{\"a\":1}")]);
    let rest = json!({"tool_calls": [{"function": {"arguments": ":1}"}}]});
    assert_eq!(blocks(&[piece(7, Some("1"), Some("f"), "{\"a\""), rest]), [call("1", "f", "{\"a\":1}")]);
    // The name comes later than the arguments.
    let late = [piece(0, Some("1"), None, "{"), piece(0, None, Some("f"), "}")];
    assert_eq!(blocks(&late), [call("1", "f", "{}")]);
    // No arguments at all.
    assert_eq!(blocks(&[piece(0, Some("1"), Some("f"), "")]), [call("1", "f", "{}")]);
}

#[test]
fn calls_without_an_id_get_one_of_their_own() {
    let said = blocks(&[piece(0, None, Some("f"), "{}"), piece(1, Some(""), Some("f"), "{}")]);
    let ids: Vec<&str> = said
        .iter()
        .map(|content| match content {
            Content::ToolCall(call) => call.id.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("call_")), "{ids:?}");
}

#[test]
fn custom_calls_and_functions_from_before_there_were_tools() {
    let custom = |index: u32, name: Option<&str>, input: &str| json!({"tool_calls": [{"index": index, "id": name, "type": "custom", "custom": {"name": name, "input": input}}]});
    let said =
        blocks(&[custom(0, Some("t"), "{}"), custom(0, None, "x"), piece(1, Some("1"), Some("f"), "{}")]);
    let text =
        ToolCall { id: "t".into(), name: "t".into(), input: ToolInput::Text("{}x".into()), proof: None };
    assert_eq!(said, [Content::ToolCall(text), call("1", "f", "{}")]);
    let legacy = [
        json!({"function_call": {"name": "f", "arguments": ""}}),
        json!({"function_call": {"arguments": "{}"}}),
    ];
    assert!(matches!(&blocks(&legacy)[..], [Content::ToolCall(call)] if call.name == "f"));
}

#[test]
fn choices_go_side_by_side() {
    let stream = include_str!("../../../stream/tests/openai_two_choices.sse").to_owned()
        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let events = read(&stream);
    let said = choices(&events);
    assert_eq!(
        (&said[0].blocks[0].content, &said[1].blocks[0].content),
        (&Content::text("ac"), &Content::text("b"))
    );
    assert_eq!((&said[0].finish, &said[1].finish), (&Some(FinishReason::Stop), &Some(FinishReason::Length)));
}

#[test]
fn a11_an_end_without_a_reason_is_no_end() {
    let role = r#"data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#;
    let events = read(&format!("{role}\n\ndata: [DONE]\n\n"));
    assert!(
        !events.contains(&Event::End) && matches!(events.last(), Some(Event::BlockEnd { .. })),
        "{events:?}"
    );
    assert!(!read(&format!("{role}\n\n")).contains(&Event::End));
    assert_eq!(read("data: [DONE]\n\n"), []);
    // What comes behind the end says nothing any more; what comes behind the reason does.
    let stopped = stream(&[json!({"content": "a"})]);
    assert_eq!(read(&format!("{stopped}{role}\n\n")), read(&stopped));
    let end = json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]});
    let more = json!({"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "length"}]});
    let late = read(&format!("data: {end}\n\ndata: {more}\n\ndata: [DONE]\n\n"));
    let expected = Choice { blocks: vec![Content::text("ab").into()], finish: Some(FinishReason::Stop) };
    assert_eq!(choices(&late), [expected]);
}

#[test]
fn a07_failures_inside_a_good_stream() {
    let failure = |stream: &str| {
        let mut decoder = OpenaiChat.event_decoder();
        let mut events = Vec::new();
        frames(stream).iter().find_map(|frame| decoder.decode(frame, &mut events).err())
    };
    let failed = |failure| Some(TranslateError::Failed(failure));
    let openrouter = include_str!("../../../stream/tests/openrouter_error.sse");
    assert_eq!(failure(openrouter), failed(Failure::Server));
    let limited = "data: {\"error\":{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}}\n\n";
    assert_eq!(failure(limited), failed(Failure::RateLimited { retry_after: None }));
    assert_eq!(failure("event: error\ndata: {\"message\":\"x\"}\n\n"), failed(Failure::Server));
    for broken in ["data: {\"choices\":[\n\n", "data: [1]\n\n", "data: <html>\n\n"] {
        assert!(matches!(failure(broken), Some(TranslateError::Malformed { .. })), "{broken}");
    }
    let nameless = stream(&[piece(0, Some("1"), None, "{}")]);
    assert!(matches!(failure(&nameless), Some(TranslateError::Malformed { .. })));
    let many = json!({"choices": [{"index": 4_000_000_000_u64, "delta": {"content": "a"}}]});
    assert!(matches!(failure(&format!("data: {many}\n\n")), Some(TranslateError::Malformed { .. })));
}

/// An entry that says what plain text has said adds what proves it, and nothing else.
#[test]
fn reasoning_in_an_entry_behind_its_text() {
    let plain = |text: &str| json!({"reasoning_content": text});
    let entry = |more: Value| {
        let mut entry = json!({"type": "reasoning.text", "index": 0});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"reasoning_details": [entry]})
    };
    let signed = entry(json!({"text": "ab", "signature": "s"}));
    let proof = Opaque::new(
        Protocol::OpenaiChat,
        "reasoning_details",
        r#"{"signature":"s","type":"reasoning.text"}"#,
    );
    let reasoned = |text: &str, proof: Option<&Opaque>| {
        Content::Reasoning(Reasoning { text: text.into(), proof: proof.cloned(), is_summary: false })
    };
    assert_eq!(blocks(&[plain("a"), plain("b"), signed.clone()]), [reasoned("ab", Some(&proof))]);
    // Whole is whole: what follows is another thought.
    let bare = entry(json!({"text": "a"}));
    let said = blocks(&[plain("a"), bare.clone(), plain("a"), bare]);
    assert_eq!(said, [reasoned("a", None), reasoned("a", None)]);
    let again = entry(json!({"text": "ab", "signature": "s", "again": true}));
    let said = blocks(&[plain("ab"), signed.clone(), json!({"content": "so"}), again]);
    assert_eq!(said, [reasoned("ab", Some(&proof)), Content::text("so")]);
    // Too late.
    let mut decoder = OpenaiChat.event_decoder();
    let late = events(&mut *decoder, &stream(&[plain("ab"), json!({"content": "so"}), signed]));
    assert_eq!(choices(&late)[0].blocks.len(), 2);
    assert_eq!(names(decoder.losses()), ["reasoning.proof"]);
}

#[test]
fn reasoning_in_entries() {
    let entry = |entry: Value| json!({"reasoning_details": [entry]});
    let text =
        |index: u32, text: &str| entry(json!({"type": "reasoning.text", "index": index, "text": text}));
    let proof = |json: &str| Some(Opaque::new(Protocol::OpenaiChat, "reasoning_details", json));
    let reasoned = |text: &str, proof: Option<Opaque>, is_summary| {
        Content::Reasoning(Reasoning { text: text.into(), proof, is_summary })
    };
    // By their numbers.
    let said = blocks(&[text(0, "a"), text(0, "b"), text(1, "c")]);
    assert_eq!(said, [reasoned("ab", None, false), reasoned("c", None, false)]);
    // A summary and what it sums up share a number.
    let summary = entry(json!({"type": "reasoning.summary", "index": 0, "summary": "s", "id": "rs_1"}));
    let hidden = entry(json!({"type": "reasoning.encrypted", "index": 0, "data": "gAAA", "id": "rs_1"}));
    let expected = [
        reasoned("s", proof(r#"{"id":"rs_1","type":"reasoning.summary"}"#), true),
        reasoned("", proof(r#"{"data":"gAAA","id":"rs_1","type":"reasoning.encrypted"}"#), false),
    ];
    assert_eq!(blocks(&[summary, hidden]), expected);
    // Plain text, and a signature for it.
    let signature = entry(json!({"type": "reasoning.text", "index": 0, "signature": "s"}));
    let signed = proof(r#"{"signature":"s","type":"reasoning.text"}"#);
    assert_eq!(
        blocks(&[json!({"reasoning": "a"}), signature.clone()]),
        [reasoned("a", signed.clone(), false)]
    );
    // C08: a signature of a thought that is not shown, first or behind another.
    let nothing_shown = reasoned("", signed.clone(), false);
    assert_eq!(
        blocks(&[signature.clone(), json!({"content": "so"})]),
        [nothing_shown.clone(), Content::text("so")]
    );
    let said = blocks(&[text(7, "a"), signature.clone()]);
    assert_eq!(said, [reasoned("a", None, false), nothing_shown]);
    // Entries without numbers: what is signed is over.
    let bare = |text: Option<&str>, signature: Option<&str>| {
        entry(json!({"type": "reasoning.text", "text": text, "signature": signature}))
    };
    let said =
        blocks(&[bare(Some("a"), None), bare(Some("b"), None), bare(None, Some("s")), bare(Some("c"), None)]);
    let signed = proof(r#"{"type":"reasoning.text","signature":"s"}"#);
    assert_eq!(said, [reasoned("ab", signed, false), reasoned("c", None, false)]);
    // Too late.
    let mut decoder = OpenaiChat.event_decoder();
    let late = events(&mut *decoder, &stream(&[text(0, "a"), json!({"content": "so"}), signature]));
    assert_eq!(choices(&late)[0].blocks.len(), 2);
    assert_eq!(names(decoder.losses()), ["reasoning.proof"]);
}

#[test]
fn what_is_about_text() {
    let cited = json!({"annotations": [{"type": "url_citation", "url_citation": {"url": "https://x", "start_index": 3, "end_index": 4}}]});
    let google = json!({"extra_content": {"google": {"thought_signature": "CuQB"}}});
    let deltas = [
        json!({"content": "äb"}),
        json!({"reasoning": "hm"}),
        json!({"content": "cd"}),
        cited.clone(),
        google,
    ];
    let said = blocks(&deltas);
    let Content::Text(text) = &said[2] else { panic!("{said:?}") };
    assert_eq!(text.citations[0].range, Some((1, 2)), "counted in the block");
    assert_eq!(text.proof, Some(Opaque::new(Protocol::OpenaiChat, "thought_signature", "CuQB")));
    let mut decoder = OpenaiChat.event_decoder();
    let events = events(&mut *decoder, &stream(&[json!({"reasoning": "hm"}), cited]));
    assert_eq!(choices(&events)[0].blocks.len(), 1);
    assert_eq!(names(decoder.losses()), ["annotations"]);
    let token = json!({"token": "a", "logprob": -0.25, "bytes": null, "top_logprobs": []});
    let chunk = json!({"choices": [{"delta": {"content": "a"}, "logprobs": {"content": [token]}, "finish_reason": "stop"}]});
    let said = choices(&read(&format!("data: {chunk}\n\ndata: [DONE]\n\n"))).remove(0).blocks.remove(0);
    assert!(matches!(said.content, Content::Text(text) if text.logprobs[0].chosen.logprob == "-0.25"));
}

#[test]
fn usage_is_a_running_total() {
    let events = read(include_str!("../../../stream/tests/vllm.sse"));
    let counts: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Usage(usage) => Some(usage.output_text),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [1, 2], "said when it changes");
}

#[test]
fn a_custom_call_starts_as_one() {
    let start = read(&stream(&[
        json!({"tool_calls": [{"index": 0, "id": "1", "type": "custom", "custom": {"name": "t"}}]}),
    ]));
    let expected = BlockStart::ToolCall { id: "1".into(), name: "t".into(), is_custom: true };
    assert!(start.contains(&Event::BlockStart { choice: 0, block: expected }));
    assert!(!start.iter().any(|event| matches!(event, Event::Delta { delta: Delta::Text(_), .. })));
}
