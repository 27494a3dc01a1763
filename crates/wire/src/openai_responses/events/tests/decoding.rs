//! Suppliers' streams, read.

use serde_json::json;

use super::*;
use crate::Failure;

const TEXT: &str = include_str!("../../stream/tests/text.sse");
const TOOLS: &str = include_str!("../../stream/tests/reasoning_and_tools.sse");
const INCOMPLETE: &str = include_str!("../../stream/tests/incomplete.sse");
const FAILED: &str = include_str!("../../stream/tests/failed.sse");
const QUOTA: &str = include_str!("../../stream/tests/quota.sse");
const SEARCH: &str = include_str!("../../stream/tests/web_search.sse");

fn arguments(json: &str) -> ToolInput {
    ToolInput::Arguments(json.to_owned().into())
}

fn call(id: &str, name: &str, input: ToolInput) -> Content {
    Content::ToolCall(ToolCall { id: id.into(), name: name.into(), input, proof: None })
}

fn tools() -> Vec<Content> {
    let proof = Some(Opaque::new(PROTOCOL, "encrypted_content", "gAAAAsealed=="));
    let text = "**Plan**\n\nLook\n\n**Then**\n\nCall".into();
    vec![
        Content::Reasoning(Reasoning { text, proof, is_summary: true }),
        Content::text("I will look."),
        call("call_1", "get_weather", arguments(r#"{"city":"Paris"}"#)),
        call("call_2", "now", arguments("{}")),
        call("call_3", "apply_patch", ToolInput::Text("*** Begin\n*** End".into())),
    ]
}

fn event(kind: &str, members: &Value) -> String {
    let mut event = json!({ "type": kind });
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    format!("data: {event}\n\n")
}

#[test]
fn e05_what_the_done_events_repeat_is_told_once() {
    let (events, losses) = decoded(TEXT).unwrap();
    let delta = |text: &str| Event::Delta { choice: 0, delta: Delta::Text(text.into()) };
    let usage =
        Usage { input_uncached: 12, cache_read: 100, cache_write_5m: 8, output_text: 30, ..Usage::default() };
    let expected = [
        Event::Service(Service::Standard),
        Event::Start { id: Some("resp_01".into()), model: Some("gpt-5.6-sol".into()), usage: None },
        Event::BlockStart { choice: 0, block: BlockStart::Text },
        delta("Good"),
        delta(" morn"),
        delta("ing, größe \"x\""),
        Event::BlockEnd { choice: 0 },
        Event::Usage(usage),
        Event::Finish { choice: 0, reason: FinishReason::Stop },
        Event::End,
    ];
    assert_eq!((events.as_slice(), losses), (&expected[..], vec![]));
    let (events, losses) = decoded(TOOLS).unwrap();
    let whole = rebuilt(&events);
    assert_eq!((whole.blocks, whole.finish), (tools(), Some(FinishReason::ToolCalls)));
    assert_eq!(losses, ["message.phase"]);
}

#[test]
fn what_earlier_events_left_out_is_taken_from_later_ones() {
    let keep = |stream: &str, kinds: &[&str]| -> String {
        let frames = stream.split_inclusive("\n\n");
        frames.filter(|frame| kinds.iter().any(|kind| frame.contains(&format!("event: {kind}\n")))).collect()
    };
    let response = "response.completed";
    for kinds in [
        &[response][..],
        &["response.output_item.done", response],
        &["response.output_item.added", "response.output_item.done", response],
        &[
            "response.output_text.done",
            "response.reasoning_summary_text.done",
            "response.output_item.done",
            response,
        ],
        &[
            "response.output_text.delta",
            "response.output_item.added",
            "response.function_call_arguments.done",
            "response.output_item.done",
            response,
        ],
    ] {
        for (stream, blocks) in [(TEXT, vec![Content::text("Good morning, größe \"x\"")]), (TOOLS, tools())]
        {
            let (events, _) = decoded(&keep(stream, kinds)).unwrap();
            let whole = rebuilt(&events);
            assert_eq!(whole.blocks, blocks, "{kinds:?}");
            assert!(whole.ended);
        }
    }
    // Without the ends of items, all that came is told when the response ends.
    let (events, _) = decoded(
        &TOOLS
            .split_inclusive("\n\n")
            .filter(|frame| !frame.contains("output_item.done"))
            .collect::<String>(),
    )
    .unwrap();
    let whole = rebuilt(&events);
    assert_eq!(whole.blocks.len(), 5);
    assert_eq!(whole.blocks[1..], tools()[1..]);
}

#[test]
fn e07_e08_a_truncated_answer_says_so_and_is_counted() {
    let whole = rebuilt(&decoded(INCOMPLETE).unwrap().0);
    assert_eq!(whole.blocks, [Content::text("Once upon")]);
    assert_eq!((whole.finish, whole.ended), (Some(FinishReason::Length), true));
    assert_eq!(whole.usage.unwrap().output_text, 16);
    for (reason, finish) in [
        (json!({"reason": "content_filter"}), FinishReason::Filtered),
        (json!({"reason": "max_messages"}), FinishReason::Other("max_messages".into())),
        (json!(null), FinishReason::Other("incomplete".into())),
    ] {
        let end = event("response.incomplete", &json!({"response": {"incomplete_details": reason}}));
        assert_eq!(rebuilt(&decoded(&end).unwrap().0).finish, Some(finish));
    }
}

#[test]
fn e09_a_failure_is_one_wherever_it_comes() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let error = frames(QUOTA).iter().find_map(|frame| decoder.decode(frame, &mut events).err());
    assert_eq!(error, Some(TranslateError::Failed(Failure::Quota)));
    assert!(matches!(events.as_slice(), [Event::Start { .. }] | [Event::Service(_), Event::Start { .. }]));
    assert_eq!(decoded(FAILED), Err(TranslateError::Failed(Failure::Server)));
    let flat = event("error", &json!({"code": "rate_limit_exceeded", "message": "x"}));
    assert!(matches!(decoded(&flat), Err(TranslateError::Failed(Failure::RateLimited { .. }))));
    for broken in ["data: [1]\n\n", "data: {\n\n"] {
        assert!(matches!(decoded(broken), Err(TranslateError::Malformed { .. })));
    }
}

#[test]
fn a_supplied_tools_call_is_carried_and_its_sources_cited() {
    let (events, losses) = decoded(SEARCH).unwrap();
    let whole = rebuilt(&events);
    let Content::Search(search) = &whole.blocks[0] else { panic!("{whole:?}") };
    assert_eq!((search.id.as_str(), &search.queries[..]), ("ws_1", &["rust release".to_owned()][..]));
    let item: Value = serde_json::from_str(&search.own[0].data).unwrap();
    assert_eq!(item["action"]["query"], "rust release");
    let Content::Text(text) = &whole.blocks[1] else { panic!() };
    let citation = Citation {
        url: Some("https://rust-lang.org".into()),
        title: Some("Rust".into()),
        quote: None,
        range: Some((0, 9)),
        place: None,
    };
    assert_eq!((text.text.as_str(), &text.citations[..]), ("Rust 1.95", &[citation][..]));
    assert_eq!(whole.usage.unwrap().tool_requests, 1);
    assert_eq!(losses, [""; 0]);
}

#[test]
fn pieces_of_all_kinds() {
    let stream = [
        event("response.refusal.delta", &json!({"output_index": 0, "content_index": 0, "delta": "I "})),
        event(
            "response.refusal.done",
            &json!({"output_index": 0, "content_index": 0, "refusal": "I cannot"}),
        ),
        event("response.content_part.done", &json!({"output_index": 0, "content_index": 0, "part": null})),
        event(
            "response.output_text.delta",
            &json!({"output_index": 1, "delta": "a",
            "logprobs": [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.0}]}]}),
        ),
        event(
            "response.output_item.done",
            &json!({"output_index": 1, "item": {"type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": "a", "annotations": []}]}}),
        ),
        event(
            "response.reasoning_text.delta",
            &json!({"output_index": 2, "content_index": 0, "delta": "deep"}),
        ),
        event(
            "response.output_item.done",
            &json!({"output_index": 2, "item": {"type": "reasoning", "summary": [],
            "content": [{"type": "reasoning_text", "text": "deep thought"}], "encrypted_content": null}}),
        ),
        event(
            "response.output_item.done",
            &json!({"output_index": 3, "item":
            {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA", "output_format": "webp"}}),
        ),
        event("response.completed", &json!({"response": {"status": "completed"}})),
    ];
    let (events, _) = decoded(&stream.concat()).unwrap();
    let whole = rebuilt(&events);
    assert_eq!(whole.blocks[0], Content::Refusal("I cannot".into()));
    let Content::Text(text) = &whole.blocks[1] else { panic!() };
    assert_eq!((text.logprobs[0].chosen.logprob.as_str(), text.logprobs[0].top.len()), ("-0.5", 1));
    let thought = Reasoning { text: "deep thought".into(), proof: None, is_summary: false };
    assert_eq!(whole.blocks[2], Content::Reasoning(thought));
    assert!(
        matches!(&whole.blocks[3], Content::Media(media) if media.media_type.as_deref() == Some("image/webp"))
    );
    assert_eq!(whole.finish, Some(FinishReason::Stop));
}

#[test]
fn a05_what_says_nothing_is_a_sign_of_life_or_nothing() {
    let start = &TEXT[..TEXT.find("event: response.in_progress").unwrap()];
    let (events, losses) = decoded(&format!(
        ": early\n\n{start}: ping\n\n{}data: [DONE]\n\n",
        event("response.some_new_thing.delta", &json!({"delta": "x", "output_index": null}))
    ))
    .unwrap();
    assert!(matches!(events[1..], [Event::Start { .. }, Event::KeepAlive]), "{events:?}");
    assert_eq!(losses, [""; 0]);
    // Nothing comes behind the end.
    assert_eq!(decoded(&format!("{TEXT}{TEXT}")).unwrap(), decoded(TEXT).unwrap());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        stream in prop::sample::select(&[TEXT, TOOLS, FAILED, SEARCH, INCOMPLETE][..]), at in any::<prop::sample::Index>(),
        with in any::<u8>(), order in any::<u64>(),
    ) {
        let mut bytes = stream.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = with;
        let _ = decoded(&String::from_utf8_lossy(&bytes));
        // In any order, too, the events keep theirs.
        let mut shuffled: Vec<&str> = stream.split_inclusive("\n\n").collect();
        let mut seed = order;
        for at in (1..shuffled.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, usize::try_from(seed >> 33).unwrap() % (at + 1));
        }
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        let _ = frames(&shuffled.concat()).iter().try_for_each(|frame| decoder.decode(frame, &mut events));
        rebuilt(&events);
    }
}
