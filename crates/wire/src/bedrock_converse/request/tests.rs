//! Requests both ways.

use catalogue::{Capabilities, Needs, Protocol, Quirks};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::testing::{
    any_request, call, converse, encoded, request, result, says, signature, target, thought, turn,
};
use super::{decode, encode};
use crate::conversation::*;

mod reading;
mod settings;

fn user(text: &str) -> Turn {
    turn(Role::User, [says(text)])
}

fn messages(request: &Request) -> (Value, Vec<String>) {
    let (mut body, losses) = encoded(request, &target());
    (body["messages"].take(), losses)
}

fn text(text: &str) -> Value {
    json!({"role": "user", "content": [{"text": text}]})
}

fn unsayable(request: &Request) -> String {
    match encode(request, &target()) {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// The example holds all that has a place on both sides. botocore's validator takes it.
#[test]
fn a_request_with_everything() {
    let body = include_str!("tests/everything.json");
    let read = decode(body.as_bytes()).unwrap();
    assert_eq!(read.losses, []);
    let target = Target { model: "anthropic.claude-opus-4-8", quirks: Quirks::ADAPTIVE_THINKING, ..target() };
    let again = encode(&read, &target).unwrap();
    assert_eq!(again.losses, []);
    let value = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    assert_eq!(value(&again.body), value(body.as_bytes()));
    // G7: byte for byte the same each time, and arguments and schemas as they came.
    assert_eq!(encode(&read, &target).unwrap().body, again.body);
    let written = String::from_utf8(again.body.into()).unwrap();
    for raw in [
        r#"{"city": "Paris", "days": 12345678901234567890, "x": 1.0}"#,
        r#"{ "type":"object", "properties":{} }"#,
    ] {
        assert!(written.contains(raw), "{written}");
    }
}

#[test]
fn k01_roles_take_turns_and_results_follow_their_calls() {
    let (found, losses) = messages(&request([
        user("a"),
        user("b"),
        turn(Role::Assistant, [call("1", "f", "{}")]),
        turn(Role::Assistant, [call("2", "f", "{}")]),
        turn(Role::User, [result("2", "two")]),
        turn(Role::User, [says("and"), result("1", "one")]),
    ]));
    let call = |id| json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}});
    let result = |id, text| json!({"toolResult": {"toolUseId": id, "content": [{"text": text}]}});
    assert_eq!(
        found,
        json!([
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
            {"role": "assistant", "content": [call("1"), call("2")]},
            {"role": "user", "content": [result("1", "one"), result("2", "two"), {"text": "and"}]},
        ])
    );
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn k01_the_user_begins() {
    assert_eq!(unsayable(&request([turn(Role::Assistant, [says("hi")]), user("a")])), "messages");
    assert_eq!(unsayable(&request([turn(Role::System, [says("be")])])), "messages");
    assert_eq!(unsayable(&request([user(" \n")])), "messages");
}

#[test]
fn b03_no_instruction_is_lost() {
    let (body, losses) = encoded(
        &request([
            turn(Role::System, [says("one"), says("two")]),
            user("a"),
            turn(Role::System, [says("three")]),
            user("b"),
        ]),
        &target(),
    );
    assert_eq!(body["system"], json!([{"text": "one"}, {"text": "two"}, {"text": "three"}]));
    assert_eq!(body["messages"], json!([{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]));
    assert_eq!(losses, ["messages.order"]);
}

#[test]
fn b09_blank_text_is_left_out_and_its_mark_moves_on() {
    let blank = |text: &str| Block { content: says(text), cache: Some(CacheMark::Hour) };
    let (found, losses) = messages(&request([
        turn(Role::User, [says("a").into(), blank(""), says("b").into()]),
        turn(Role::Assistant, [blank(" \n")]),
        user("c"),
    ]));
    let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(
        found,
        json!([{"role": "user", "content": [{"text": "a"}, point, {"text": "b"}, {"text": "c"}]}])
    );
    assert_eq!(losses, ["cache_control"]);
}

#[test]
fn k02_k04_a_conversation_with_calls_names_its_tools() {
    let turns = [
        user("a"),
        turn(Role::Assistant, [call("1", "f", "{}"), call("2", "g", "{}"), call("3", "f", "{}")]),
        turn(Role::User, [result("1", "x"), result("2", "x"), result("3", "x")]),
    ];
    let spec = |name| json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object", "properties": {}}}}});
    let (body, losses) = encoded(&request(turns.clone()), &target());
    assert_eq!(body["toolConfig"], json!({"tools": [spec("f"), spec("g")]}));
    assert!(losses.is_empty(), "{losses:?}");

    // K04: none cannot be chosen. Tools are dropped where they can be.
    let tools = vec![Tool::Function(Function { name: "h".into(), ..Function::default() })];
    let none = Request { tools: tools.clone(), tool_choice: ToolChoice::None, ..request(turns) };
    let (body, losses) = encoded(&none, &target());
    assert_eq!(body["toolConfig"], json!({"tools": [spec("h")]}));
    assert_eq!(losses, ["tool_choice"]);
    let none = Request { tools, tool_choice: ToolChoice::None, ..request([user("a")]) };
    let (body, losses) = encoded(&none, &target());
    assert_eq!((body.get("toolConfig"), losses.len()), (None, 0));
}

#[test]
fn k03_b20_tools_have_schemas_that_are_objects_and_no_empty_descriptions() {
    let tool = |schema: Option<&'static str>| {
        let schema = schema.map(Into::into);
        Tool::Function(Function {
            name: "f".into(),
            description: Some(" ".into()),
            schema,
            ..Function::default()
        })
    };
    let schema = |schema| {
        let (body, _) = encoded(&Request { tools: vec![tool(schema)], ..request([user("a")]) }, &target());
        assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"].get("description"), None);
        body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"].clone()
    };
    assert_eq!(schema(None), json!({"type": "object", "properties": {}}));
    assert_eq!(schema(Some(" { } ")), json!({"type": "object", "properties": {}}));
    assert_eq!(schema(Some(r#" {"$defs":{}}"#)), json!({"type": "object", "$defs": {}}));
    assert_eq!(
        schema(Some(r#"{"x":{"type":1},"type":"object"}"#)),
        json!({"x": {"type": 1}, "type": "object"})
    );
    assert_eq!(
        unsayable(&Request { tools: vec![tool(Some("true"))], ..request([user("a")]) }),
        "tools.parameters"
    );
}

#[test]
fn k05_k06_tools_and_marks_are_sent_each_as_its_own_element() {
    let function = Function {
        name: "f".into(),
        cache: Some(CacheMark::Short),
        strict: Some(true),
        ..Function::default()
    };
    let marked = |content, cache| Block { content, cache: Some(cache) };
    let asked = Request {
        tools: vec![Tool::Function(function)],
        tool_choice: ToolChoice::Named("f".into()),
        ..request([
            turn(Role::System, [marked(says("be"), CacheMark::Hour)]),
            turn(Role::User, [marked(says("a"), CacheMark::Short)]),
            turn(Role::Assistant, [call("1", "f", "{}")]),
            turn(
                Role::User,
                [Content::ToolResult(ToolResult {
                    call_id: "1".into(),
                    name: None,
                    blocks: vec![marked(says("x"), CacheMark::Short)],
                    is_error: true,
                    is_custom: false,
                })],
            ),
        ])
    };
    let (body, losses) = encoded(&asked, &target());
    let (short, hour) =
        (json!({"cachePoint": {"type": "default"}}), json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    assert_eq!(body["system"], json!([{"text": "be"}, hour]));
    assert_eq!(body["messages"][0]["content"], json!([{"text": "a"}, short]));
    let failed = json!({"toolResult": {"toolUseId": "1", "content": [{"text": "x"}], "status": "error"}});
    assert_eq!(body["messages"][2]["content"], json!([failed, short]));
    let spec = json!({"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}, "strict": true}});
    assert_eq!(body["toolConfig"], json!({"tools": [spec, short], "toolChoice": {"tool": {"name": "f"}}}));
    assert!(losses.is_empty(), "{losses:?}");

    let no = Needs::CACHE_MARKS | Needs::JSON_SCHEMA;
    let plain = Target { capabilities: Capabilities { no, ..Capabilities::default() }, ..target() };
    let (body, losses) = encoded(&asked, &plain);
    assert!(!body.to_string().contains("cachePoint") && !body.to_string().contains("strict"));
    assert_eq!(losses, ["cache_control", "tools.strict"]);
}

#[test]
fn k07_reasoning_goes_back_to_its_maker_only() {
    let owned = |owner: &str| Opaque { owner: Some(owner.into()), ..signature("sig") };
    let redacted = Opaque::new(Protocol::BedrockConverse, "redacted", "AAEC");
    let turns = |blocks: Vec<Content>| request([user("a"), turn(Role::Assistant, blocks), user("b")]);
    let (found, losses) = messages(&turns(vec![
        thought("hm", Some(owned("aws"))),
        thought("", Some(signature("alone"))),
        says("x"),
        thought("", Some(redacted)),
    ]));
    assert_eq!(
        found[1]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
            {"reasoningContent": {"reasoningText": {"text": "", "signature": "alone"}}},
            {"text": "x"},
            {"reasoningContent": {"redactedContent": "AAEC"}},
        ])
    );
    assert!(losses.is_empty());
    let foreign = Opaque::new(Protocol::AnthropicMessages, "signature", "sig");
    for (lost, name) in [
        (thought("hm", Some(owned("other"))), "reasoning.proof"),
        (thought("hm", Some(foreign)), "reasoning.proof"),
        (thought("hm", None), "reasoning"),
    ] {
        let (found, losses) = messages(&turns(vec![lost, says("x")]));
        assert_eq!((&found[1]["content"], losses), (&json!([{"text": "x"}]), vec![name.to_owned()]));
    }
}

#[test]
fn a_mark_behind_reasoning_is_not_sent() {
    let block = Block { content: thought("hm", Some(signature("s"))), cache: Some(CacheMark::Short) };
    let (found, losses) = messages(&request([user("a"), turn(Role::Assistant, [block]), user("b")]));
    assert_eq!(found[1]["content"].as_array().unwrap().len(), 1);
    assert_eq!(losses, ["cache_control"]);
}

#[test]
fn b07_arguments_are_an_object_whatever_the_model_wrote() {
    let calls =
        |arguments| request([user("a"), turn(Role::Assistant, [call("1", "f", arguments)]), user("b")]);
    assert_eq!(messages(&calls(" ")).0[1]["content"][0]["toolUse"]["input"], json!({}));
    for broken in ["{\"a\": ", "[]", "\"x\"", "{}x"] {
        let (found, losses) = messages(&calls(broken));
        assert_eq!(found[1]["content"][0]["toolUse"]["input"], json!({"INVALID_JSON": broken}));
        assert_eq!(losses, ["tool_call.arguments"]);
    }
}

#[test]
fn ids_that_bedrock_refuses_are_numbered_as_they_come_up() {
    let long = "x".repeat(65);
    let (found, _) = messages(&request([
        user("a"),
        turn(
            Role::Assistant,
            [call(&long, "f", "{}"), call("call_1", "f", "{}"), call("a b", "f", "{}"), call("", "f", "{}")],
        ),
        turn(Role::User, [result("a b", "2"), result(&long, "1"), result("", "3"), result("call_1", "0")]),
    ]));
    let ids = |message: &Value, kind| {
        let ids = message["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block[kind]["toolUseId"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let expected = ["call_2", "call_1", "call_3", "call_4"];
    assert_eq!(
        (ids(&found[1], "toolUse"), ids(&found[2], "toolResult")),
        (expected.map(str::to_owned).into(), expected.map(str::to_owned).into())
    );
}

#[test]
fn g10_media_is_delivered_or_named() {
    let media = |kind, media_type: Option<&str>, source, name: Option<&str>| {
        let media_type = media_type.map(Into::into);
        Content::Media(Media {
            kind,
            media_type,
            source,
            name: name.map(Into::into),
            detail: None,
            about: None,
        })
    };
    let bytes = || MediaSource::Base64("AAEC".into());
    let url = |url: &str| MediaSource::Url(url.into());
    let content = |part: Content| messages(&request([turn(Role::User, [part])])).0[0]["content"][0].take();
    for (part, expected) in [
        (
            media(MediaKind::Image, Some("image/jpg"), bytes(), None),
            json!({"image": {"format": "jpeg", "source": {"bytes": "AAEC"}}}),
        ),
        (
            media(MediaKind::Image, None, url("s3://b/c.JPG"), None),
            json!({"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/c.JPG"}}}}),
        ),
        (
            media(MediaKind::Video, Some("video/mp4"), bytes(), None),
            json!({"video": {"format": "mp4", "source": {"bytes": "AAEC"}}}),
        ),
        (
            media(MediaKind::Audio, Some("audio/MPEG; x=y"), bytes(), None),
            json!({"audio": {"format": "mp3", "source": {"bytes": "AAEC"}}}),
        ),
        (
            media(MediaKind::Document, None, bytes(), Some("Größe_1.pdf")),
            json!({"document": {"format": "pdf", "name": "Gr--e-1", "source": {"bytes": "AAEC"}}}),
        ),
        (
            media(MediaKind::Document, None, MediaSource::Text("hi".into()), None),
            json!({"document": {"format": "txt", "name": "document", "source": {"bytes": "aGk="}}}),
        ),
    ] {
        assert_eq!(content(part), expected);
    }
    for (part, what) in [
        (media(MediaKind::Image, Some("image/png"), url("https://x/y.png"), None), "image"),
        (media(MediaKind::Image, Some("image/tiff"), bytes(), None), "image"),
        (media(MediaKind::Document, None, MediaSource::Held("file_1".into()), Some("a.pdf")), "document"),
        (media(MediaKind::Audio, None, bytes(), None), "audio"),
    ] {
        assert_eq!(unsayable(&request([turn(Role::User, [part])])), what);
    }
    let image = media(MediaKind::Image, Some("image/png"), bytes(), None);
    assert_eq!(unsayable(&request([user("a"), turn(Role::Assistant, [image])])), "media");
}

#[test]
fn no_two_documents_share_a_name() {
    let document = |name: &str| {
        let source = MediaSource::Text("x".into());
        let (name, media_type) = (Some(name.to_owned()), Some("text/plain".into()));
        Content::Media(Media {
            kind: MediaKind::Document,
            media_type,
            source,
            name,
            detail: None,
            about: None,
        })
    };
    let parts = [document("a.txt"), document("a.txt"), document("a (2)"), document("  ")];
    let (found, losses) = messages(&request([turn(Role::User, parts)]));
    let names = found[0]["content"].as_array().unwrap().iter().map(|block| block["document"]["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["a", "a (2)", "a (2) (2)", "document"]);
    assert_eq!(losses, ["media.name"]);
}

proptest! {
    #[test]
    fn what_converse_can_say_comes_back_as_it_was(request in any_request()) {
        let encoded = encode(&request, &target()).unwrap();
        prop_assert_eq!(encoded.losses, []);
        prop_assert_eq!(decode(&encoded.body).unwrap(), request);
    }

    /// Whatever stands before it, reading never panics, and what can be read can be written or is refused.
    #[test]
    fn damaged_requests_never_panic(
        request in any_request(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        bytes in any::<Vec<u8>>(),
    ) {
        let mut body = encode(&request, &target()).unwrap().body.to_vec();
        let at = at.index(body.len());
        if cut {
            body.truncate(at);
        } else {
            body[at] = byte;
        }
        for body in [body, bytes] {
            let Ok(read) = converse().client().unwrap().decode_request(&body) else { continue };
            if let Ok(encoded) = encode(&read, &target()) {
                prop_assert!(serde_json::from_slice::<Value>(&encoded.body).is_ok());
            }
        }
    }

    #[test]
    fn any_turns_become_messages_that_take_turns(
        order in prop::collection::vec((0_u8..3, 0_u8..4, any::<bool>()), 0..12),
    ) {
        let turns = order.into_iter().map(|(role, content, blank)| {
            let content = match content {
                0 => call("1", "f", "{}"),
                1 => result("1", "x"),
                2 => thought("hm", None),
                _ => says(if blank { " " } else { "a" }),
            };
            turn([Role::System, Role::User, Role::Assistant][usize::from(role)], [content])
        });
        let Ok(encoded) = encode(&request(turns), &target()) else { return Ok(()) };
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        for (at, message) in body["messages"].as_array().unwrap().iter().enumerate() {
            prop_assert_eq!(&message["role"], if at % 2 == 0 { "user" } else { "assistant" });
            prop_assert!(!message["content"].as_array().unwrap().is_empty());
        }
    }
}
