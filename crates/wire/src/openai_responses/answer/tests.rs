//! Whole answers, read, written, and given back.

use catalogue::Usage;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Failure;
use crate::conversation::{
    Content, FinishReason, Function, Opaque, OutputFormat, Reasoning, Request, Role, Tool, ToolCall,
    ToolInput, Turn,
};
use crate::openai_responses::events::tests::{about, answers, finish_of, finishes, on_the_wire};
use crate::openai_responses::{PROTOCOL, request};

fn answer(contents: Vec<Content>, finish: Option<FinishReason>) -> Answer {
    let blocks = contents.into_iter().map(Block::from).collect();
    Answer { choices: vec![Choice { blocks, finish }], ..Answer::default() }
}

fn written(answer: &Answer, request: Request) -> (Value, Vec<String>) {
    let encoded = encode(answer, &about(request)).unwrap();
    let body = serde_json::from_slice(&encoded.body).unwrap();
    (body, encoded.losses.into_iter().map(|loss| loss.what).collect())
}

#[test]
fn e03_every_item_keeps_its_place() {
    let body = json!({"id": "resp_1", "object": "response", "model": "gpt-5", "status": "completed", "error": null, "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "enc"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
            "content": [{"type": "output_text", "text": "First.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{\"a\": 1}", "status": "completed"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "message", "id": "msg_2", "role": "assistant", "status": "completed", "content": [
            {"type": "refusal", "refusal": "no"}, {"type": "output_text", "text": "Last.", "annotations": [
                {"type": "file_citation", "file_id": "file-1", "filename": "a", "index": 0}]}]},
    ], "usage": {"input_tokens": 3, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 1}}});
    let answer = decode(body.to_string().as_bytes()).unwrap();
    let contents: Vec<_> = answer.choices[0].blocks.iter().map(|block| &block.content).collect();
    let proof = Some(Opaque::new(PROTOCOL, "encrypted_content", "enc"));
    assert_eq!(*contents[0], Content::Reasoning(Reasoning { text: String::new(), proof, is_summary: true }));
    assert_eq!(*contents[1], Content::text("First."));
    let Content::ToolCall(call) = contents[2] else { panic!() };
    assert_eq!((call.id.as_str(), &call.input), ("call_1", &ToolInput::Arguments(r#"{"a": 1}"#.into())));
    assert!(matches!(contents[3], Content::Search(search) if search.queries == ["q"]));
    assert_eq!(contents[4..], [&Content::Refusal("no".into()), &Content::text("Last.")]);
    assert_eq!(answer.choices[0].finish, Some(FinishReason::ToolCalls));
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("resp_1"), Some("gpt-5")));
    assert_eq!(answer.usage.unwrap().reasoning, 1);
    let losses: Vec<_> = answer.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(losses, ["message.phase", "annotations.file_citation"]);
}

#[test]
fn h01_requests_of_the_suppliers_tools_are_told() {
    let mut said = answer(vec![Content::text("a")], Some(FinishReason::Stop));
    for tool_requests in [0, 3] {
        said.usage = Some(Usage { input_uncached: 1, tool_requests, ..Usage::default() });
        let (body, losses) = written(&said, Request::default());
        assert_eq!(
            body["tool_usage"]["web_search"]["num_requests"].as_u64().unwrap_or_default(),
            tool_requests
        );
        assert_eq!(decode(body.to_string().as_bytes()).unwrap().usage, said.usage);
        assert_eq!(losses, [""; 0]);
    }
}

#[test]
fn what_is_new_in_an_answer_is_left_out_and_named() {
    let body = json!({"object": "response", "status": "completed", "output": [
        {"type": "message", "content": [{"type": "output_hologram", "data": 1}, {"type": "output_text", "text": "a"}]},
        {"type": "dream", "id": "dr_1"}]});
    let answer = decode(body.to_string().as_bytes()).unwrap();
    let blocks = &answer.choices[0].blocks;
    assert_eq!(blocks[0].content, Content::text("a"));
    assert!(matches!(&blocks[1].content, Content::Opaque(opaque) if opaque.kind == "dream"));
    let losses: Vec<_> = answer.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(losses, ["output.content.data", "output.content.output_hologram"]);
}

#[test]
fn g05_every_status_has_its_reason_and_none_is_invented() {
    let ended = |members: Value| {
        let mut body = json!({"object": "response", "output": []});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        decode(body.to_string().as_bytes()).map(|answer| answer.choices[0].finish.clone())
    };
    let incomplete = |reason: &str| json!({"status": "incomplete", "incomplete_details": {"reason": reason}});
    for (members, finish) in [
        (json!({"status": "completed"}), Some(FinishReason::Stop)),
        (incomplete("max_output_tokens"), Some(FinishReason::Length)),
        (incomplete("content_filter"), Some(FinishReason::Filtered)),
        (incomplete("max_messages"), Some(FinishReason::Other("max_messages".into()))),
        (incomplete("steered"), Some(FinishReason::Other("steered".into()))),
        (json!({"status": "incomplete"}), Some(FinishReason::Other("incomplete".into()))),
        (json!({"status": "in_progress"}), None),
        (json!({"status": "queued"}), None),
        (json!({}), None),
    ] {
        assert_eq!(ended(members.clone()), Ok(finish), "{members}");
    }
    let failed = json!({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "x"}});
    assert_eq!(ended(failed), Err(TranslateError::Failed(Failure::RateLimited { retry_after: None })));
    assert!(matches!(ended(json!({"status": "cancelled"})), Err(TranslateError::Failed(_))));
    assert!(matches!(decode(b"{}"), Err(TranslateError::Malformed { .. })));
}

#[test]
fn what_the_request_said_is_said_back() {
    let system = Turn { role: Role::System, name: None, blocks: vec![Content::text("be brief").into()] };
    let named = |name: &str| {
        Tool::Function(Function { name: name.into(), schema: Some("{}".into()), ..Function::default() })
    };
    let request = Request {
        turns: vec![system],
        tools: vec![
            named("f"),
            named("ns::a"),
            named("ns::b"),
            Tool::Supplied(Opaque::new(PROTOCOL, "web_search", r#"{"type":"web_search"}"#)),
        ],
        format: OutputFormat::Json,
        max_tokens: Some(9),
        user: Some("u".into()),
        ..Request::default()
    };
    let (body, losses) = written(&answer(vec![Content::text("hi")], Some(FinishReason::Stop)), request);
    assert_eq!(losses, [""; 0]);
    for (member, value) in [
        ("id", json!("resp_0198c0de")),
        ("instructions", json!("be brief")),
        ("max_output_tokens", json!(9)),
        ("user", json!("u")),
        ("tool_choice", json!("auto")),
        ("parallel_tool_calls", json!(true)),
        ("text", json!({"format": {"type": "json_object"}})),
        ("model", json!("asked-for")),
        ("usage", Value::Null),
        ("previous_response_id", Value::Null),
    ] {
        assert_eq!(body[member], value, "{member}");
    }
    let function = |name: &str| json!({"type": "function", "name": name, "parameters": {}, "strict": null});
    let inside = json!({"type": "namespace", "name": "ns", "description": "", "tools": [function("a"), function("b")]});
    assert_eq!(body["tools"], json!([function("f"), inside, {"type": "web_search"}]));
    assert_eq!(body["output"][0]["id"], "msg_0198c0de_0");
}

#[test]
fn a_call_in_a_namespace_goes_back_into_it() {
    let call = ToolCall {
        id: "1".into(),
        name: "ns::a".into(),
        input: ToolInput::Arguments("{}".into()),
        proof: None,
    };
    let (body, _) = written(&answer(vec![Content::ToolCall(call)], None), Request::default());
    let item = &body["output"][0];
    assert_eq!(
        (&item["namespace"], &item["name"], &item["status"]),
        (&json!("ns"), &json!("a"), &json!("completed"))
    );
}

#[test]
fn several_choices_are_refused() {
    let mut two = answer(vec![], None);
    two.choices.push(Choice::default());
    assert!(matches!(encode(&two, &about(Request::default())), Err(TranslateError::Unsayable { .. })));
}

/// The output, as it is written.
#[derive(serde::Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    output: &'a serde_json::value::RawValue,
}

proptest! {
    #[test]
    fn an_answer_comes_back(contents in answers(), finish in finishes()) {
        let encoded = encode(&answer(contents.clone(), finish.clone()), &about(Request::default())).unwrap();
        prop_assert_eq!(&encoded.losses, &vec![]);
        let found = decode(&encoded.body).unwrap();
        let blocks: Vec<Content> = found.choices[0].blocks.iter().map(|block| block.content.clone()).collect();
        prop_assert_eq!(blocks, on_the_wire(&contents));
        prop_assert_eq!(found.choices[0].finish.clone(), finish_of(finish, &contents));
    }

    /// A client that gives the output back as input gives back what was said, proofs and their owners included.
    #[test]
    fn g22_what_a_client_gives_back_is_what_was_said(contents in answers()) {
        let encoded = encode(&answer(contents.clone(), None), &about(Request::default())).unwrap();
        let output = serde_json::from_slice::<Output<'_>>(&encoded.body).unwrap().output;
        let found = request::decode(format!(r#"{{"input":{output}}}"#).as_bytes()).unwrap();
        let blocks: Vec<Content> =
            found.turns.iter().flat_map(|turn| &turn.blocks).map(|block| block.content.clone()).collect();
        prop_assert_eq!(blocks, contents);
        prop_assert!(found.turns.iter().all(|turn| turn.role == Role::Assistant));
    }

    #[test]
    fn no_bytes_make_it_panic(contents in answers(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut body = encode(&answer(contents, None), &about(Request::default())).unwrap().body.to_vec();
        let at = at.index(body.len());
        body[at] = with;
        let _ = decode(&body);
    }
}
