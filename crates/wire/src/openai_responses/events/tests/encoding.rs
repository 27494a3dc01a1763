//! Clients' streams, written.

use serde_json::json;

use super::*;
use crate::conversation::{Function, Grammar, OutputFormat, Role, Tool, ToolChoice, Turn};

const TOOLS: &str = include_str!("../../stream/tests/reasoning_and_tools.sse");

fn stream_of(blocks: &[(Content, Vec<prop::sample::Index>)], finish: Option<FinishReason>) -> Vec<Event> {
    let mut events = vec![Event::Start { id: Some("x".into()), model: Some("m".into()), usage: None }];
    events.extend(blocks.iter().flat_map(|(block, cuts)| events_of(block, cuts)));
    events.push(Event::Usage(Usage { input_uncached: 7, output_text: 9, ..Usage::default() }));
    events.extend(finish.map(|reason| Event::Finish { choice: 0, reason }));
    events.push(Event::End);
    events
}

/// A request of whose members each is said back.
fn request() -> Request {
    let schema = "{\n \"type\": \"object\",\r\n \"title\": \"a\u{2028}b\"}";
    let function = Function {
        name: "ns::f".into(),
        description: Some("d".into()),
        schema: Some(schema.into()),
        ..Function::default()
    };
    Request {
        turns: vec![Turn { role: Role::System, name: None, blocks: vec![Content::text("be brief").into()] }],
        tools: vec![
            Tool::Function(function),
            Tool::Custom {
                name: "c".into(),
                description: None,
                grammar: Some(Grammar { syntax: "lark".into(), definition: "x".into() }),
            },
        ],
        tool_choice: ToolChoice::Named("ns::f".into()),
        parallel_tools: Some(false),
        format: OutputFormat::Schema {
            name: Some("n".into()),
            description: None,
            schema: schema.into(),
            strict: Some(true),
        },
        metadata: vec![("a".into(), "b".into())],
        max_tokens: Some(100),
        ..Request::default()
    }
}

/// The life cycle, event by event: read by hand, and by the accumulator of the official SDK.
#[test]
fn a_streams_whole_life() {
    let events = [
        vec![Event::Start { id: None, model: Some("served".into()), usage: None }],
        events_of(&Content::Reasoning(Reasoning { text: "hm".into(), proof: None, is_summary: true }), &[]),
        events_of(&Content::text("Hi"), &[]),
        vec![Event::KeepAlive],
        events_of(&Content::Refusal("no".into()), &[]),
        events_of(
            &Content::ToolCall(ToolCall {
                id: "call_1".into(),
                name: "ns::f".into(),
                input: ToolInput::Arguments(r#"{"a":1}"#.into()),
                proof: None,
            }),
            &[],
        ),
        vec![
            Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
            Event::Usage(Usage { input_uncached: 3, reasoning: 1, output_text: 4, ..Usage::default() }),
            Event::End,
        ],
    ]
    .concat();
    let (stream, losses) = encoded(&events, &about(request()));
    assert_eq!(losses, [""; 0]);
    insta::assert_snapshot!(stream);
}

#[test]
fn e06_indices_and_numbers_are_those_of_the_items() {
    let (events, _) = decoded(TOOLS).unwrap();
    let (stream, _) = encoded(&events, &about(Request::default()));
    let kinds: Vec<(String, Option<u64>)> = data(&stream)
        .iter()
        .map(|event| (event["type"].as_str().unwrap().to_owned(), event["output_index"].as_u64()))
        .collect();
    let added: Vec<_> = kinds
        .iter()
        .filter(|(kind, _)| kind == "response.output_item.added")
        .map(|(_, at)| at.unwrap())
        .collect();
    assert_eq!(added, [0, 1, 2, 3, 4]);
    let told = |events: &[Event]| {
        events.iter().filter(|event| !matches!(event, Event::Start { .. })).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&decoded(&stream).unwrap().0), told(&events), "and the same is read again");
}

#[test]
fn e07_a_cut_call_is_incomplete_and_never_told_as_done() {
    let call = ToolCall {
        id: "1".into(),
        name: "f".into(),
        input: ToolInput::Arguments(r#"{"a":"#.into()),
        proof: None,
    };
    let events = stream_of(&[(Content::ToolCall(call), vec![])], Some(FinishReason::Length));
    let (stream, _) = encoded(&events, &about(Request::default()));
    let events = data(&stream);
    let done = events.iter().find(|event| event["type"] == "response.output_item.done").unwrap();
    assert_eq!(
        (&done["item"]["status"], &done["item"]["arguments"]),
        (&json!("incomplete"), &json!(r#"{"a":"#))
    );
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["status"], "incomplete");
    assert_eq!(last["response"]["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!(last["response"]["usage"]["output_tokens"], 9);
}

#[test]
fn reasons_without_a_word_are_named_as_lost() {
    for (reason, status, losses) in [
        (FinishReason::Other("odd".into()), "completed", 1),
        (FinishReason::Paused, "incomplete", 1),
        (FinishReason::StopSequence(Some("x".into())), "completed", 1),
    ] {
        let (stream, lost) =
            encoded(&stream_of(&[(Content::text("a"), vec![])], Some(reason)), &about(Request::default()));
        let last = data(&stream).pop().unwrap();
        assert_eq!((&last["response"]["status"], lost.len()), (&json!(status), losses));
        assert_eq!(last["response"]["incomplete_details"], Value::Null);
    }
}

#[test]
fn a11_a_stream_that_breaks_off_does_not_end() {
    let mut events = stream_of(&[(Content::text("half"), vec![])], None);
    events.pop();
    let (stream, _) = encoded(&events, &about(Request::default()));
    assert!(!stream.contains("response.completed") && !stream.contains("output_item.done"), "{stream}");
}

#[test]
fn c04_a_call_without_input_is_called_with_an_empty_object() {
    let block = BlockStart::ToolCall { id: "1".into(), name: "f".into(), is_custom: false };
    let events = [Event::BlockStart { choice: 0, block }, Event::BlockEnd { choice: 0 }, Event::End];
    let (stream, _) = encoded(&events, &about(Request::default()));
    assert_eq!(data(&stream).pop().unwrap()["response"]["output"][0]["arguments"], "{}");
}

#[test]
fn several_choices_and_foreign_blocks() {
    let mut encoder = Encoder::new(&about(Request::default()));
    let second = Event::BlockStart { choice: 1, block: BlockStart::Text };
    assert!(matches!(encoder.encode(&second, &mut Vec::new()), Err(TranslateError::Unsayable { .. })));
    let foreign = Opaque::new(catalogue::Protocol::AnthropicMessages, "server_tool_use", "{}");
    let blocks = [(Content::Opaque(foreign), vec![]), (Content::text("a"), vec![])];
    let (stream, losses) = encoded(&stream_of(&blocks, None), &about(Request::default()));
    assert_eq!(losses, ["server_tool_use"]);
    assert_eq!(data(&stream).pop().unwrap()["response"]["output"].as_array().unwrap().len(), 1);
}

#[test]
fn a_citation_without_a_place_is_for_what_was_said_so_far() {
    let start = Event::BlockStart { choice: 0, block: BlockStart::Text };
    let delta = |delta| Event::Delta { choice: 0, delta };
    let cite = |url: Option<&str>| {
        let quote = Some("q".into());
        delta(Delta::Citation(Citation {
            url: url.map(Into::into),
            title: None,
            quote,
            range: None,
            place: None,
        }))
    };
    let text = |text: &str| delta(Delta::Text(text.into()));
    let events = [start, text("añb"), cite(Some("https://x")), cite(None), text("c"), Event::End];
    let (stream, losses) = encoded(&events, &about(Request::default()));
    let output = &data(&stream).pop().unwrap()["response"]["output"][0]["content"][0];
    let annotation =
        json!({"type": "url_citation", "start_index": 0, "end_index": 3, "url": "https://x", "title": ""});
    assert_eq!((&output["annotations"], &output["text"]), (&json!([annotation]), &json!("añbc")));
    assert_eq!(losses, ["citation.quote", "citations"]);
}

proptest! {
    /// Whatever blocks come: numbers are consecutive, what the ends of items say is what the response says, no byte of the
    /// client's own ends a line, and what is read again is what was said.
    #[test]
    fn g01_any_stream_is_legal_and_says_the_same(
        blocks in answers(), cuts in proptest::collection::vec(cuts(), 7), finish in finishes(),
    ) {
        let blocks: Vec<_> = blocks.into_iter().zip(cuts).collect();
        let events = stream_of(&blocks, finish.clone());
        let (stream, losses) = encoded(&events, &about(request()));
        prop_assert_eq!(losses, Vec::<String>::new());
        let ends_line = stream.contains(['\r', '\u{2028}', '\u{2029}']);
        prop_assert!(!ends_line);
        let told = data(&stream);
        for (at, event) in told.iter().enumerate() {
            prop_assert_eq!(event["sequence_number"].as_u64(), Some(at as u64));
        }
        let done: Vec<&Value> =
            told.iter().filter(|event| event["type"] == "response.output_item.done").map(|event| &event["item"]).collect();
        let output = told.last().unwrap()["response"]["output"].as_array().unwrap();
        prop_assert_eq!(&output.iter().collect::<Vec<_>>(), &done);
        let contents: Vec<Content> = blocks.into_iter().map(|(block, _)| block).collect();
        let (read, losses) = decoded(&stream).unwrap();
        prop_assert_eq!(losses, Vec::<String>::new());
        let whole = rebuilt(&read);
        prop_assert_eq!(whole.finish, finish_of(finish, &contents));
        prop_assert_eq!(whole.blocks, on_the_wire(&contents));
        prop_assert!(whole.ended);
    }
}
