//! What is said to the supplier, and what is named as lost.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Protocol};
use serde_json::{Value, json};

use super::*;
use crate::conversation::testing;
use crate::conversation::testing::target;
use crate::conversation::{
    Block, CacheMark, Citation, Content, Effort, Function, Media, MediaKind, MediaSource, Opaque, Reasoning,
    Role, Sampling, Text, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};

fn said(request: &Request) -> (Value, Vec<String>) {
    said_to(request, &target())
}

fn said_to(request: &Request, target: &Target<'_>) -> (Value, Vec<String>) {
    let encoded = encode(request, target).unwrap();
    assert_eq!(encode(request, target).unwrap(), encoded, "g07: the same again");
    let losses = encoded.losses.into_iter().map(|loss| loss.what).collect();
    (serde_json::from_slice(&encoded.body).unwrap(), losses)
}

fn refused(request: &Request) -> String {
    match encode(request, &target()) {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn turn(role: Role, contents: Vec<Content>) -> Turn {
    Turn { role, name: None, blocks: contents.into_iter().map(Block::from).collect() }
}

fn asked(contents: Vec<Content>) -> Request {
    Request { turns: vec![turn(Role::User, contents)], ..Request::default() }
}

fn call(id: &str, arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: id.into(), name: "f".into(), input, proof: None })
}

fn result(id: &str, contents: Vec<Content>) -> Content {
    let blocks = contents.into_iter().map(Block::from).collect();
    Content::ToolResult(ToolResult {
        call_id: id.into(),
        name: None,
        blocks,
        is_error: false,
        is_custom: false,
    })
}

fn thought(text: &str) -> Content {
    Content::Reasoning(Reasoning { text: text.into(), proof: None, is_summary: false })
}

fn image(data: &str) -> Content {
    let source = MediaSource::Base64(data.to_owned().into());
    Content::Media(testing::media(MediaKind::Image, Some("image/png"), source))
}

fn function(name: &str) -> Function {
    Function { name: name.into(), ..Function::default() }
}

/// One conversation with everything that can be said; the file is what the official package's types were held against.
#[test]
fn a_whole_request() {
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer","maximum":9007199254740993},"t":{"const":0.70}}}"#;
    let request = Request {
        turns: vec![
            turn(Role::System, vec![Content::text("Be brief."), Content::text("Be kind.")]),
            turn(
                Role::User,
                vec![
                    Content::text("What is this?"),
                    image("aGk="),
                    image("eW8="),
                    Content::text("And that?"),
                ],
            ),
            turn(
                Role::Assistant,
                vec![
                    thought("Look it up."),
                    Content::text("I "),
                    Content::text("look."),
                    call("c1", r#" {"n": 9007199254740993, "t":0.70} "#),
                    call("c2", ""),
                ],
            ),
            turn(
                Role::User,
                vec![result("c1", vec![image("eW8="), Content::text("one\u{2028}")]), result("c2", vec![])],
            ),
            turn(Role::Assistant, vec![Content::text("So."), thought("Hm."), Content::text("Yes.")]),
            turn(Role::User, vec![Content::text("Ok")]),
        ],
        tools: vec![
            Tool::Function(Function {
                description: Some("Finds.".into()),
                schema: Some(schema.into()),
                ..function("f")
            }),
            Tool::Function(function("g")),
        ],
        tool_choice: ToolChoice::Auto,
        format: OutputFormat::Schema {
            name: None,
            description: None,
            schema: schema.into(),
            strict: Some(true),
        },
        effort: Some(Effort::Named("high".into())),
        max_tokens: Some(1000),
        sampling: Sampling {
            temperature: Some("0.70".into()),
            top_p: Some("0.9".into()),
            top_k: Some("40".into()),
            seed: Some("9007199254740993".into()),
            frequency_penalty: Some("-0.1".into()),
            presence_penalty: Some("1e-3".into()),
            logprobs: Some(2),
        },
        stop: vec!["END".into(), "\n".into()],
        stream: true,
        ..Request::default()
    };
    let encoded = encode(&request, &target()).unwrap();
    assert_eq!(std::str::from_utf8(&encoded.body).unwrap(), include_str!("tests/whole.json").trim_end());
    assert_eq!(encoded.losses, []);
}

#[test]
fn it_is_always_said_whether_to_stream_and_not_to_cut_the_prompt() {
    let (body, losses) = said(&Request::default());
    let expected =
        json!({"model": "model-1", "stream": false, "truncate": false, "messages": [], "options": {}});
    assert_eq!((body, losses), (expected, vec![]));
}

#[test]
fn b03_g06_no_instruction_is_lost() {
    let turns = vec![
        turn(Role::System, vec![Content::text("a"), Content::text("")]),
        turn(Role::System, vec![Content::text("b")]),
        turn(Role::User, vec![Content::text("hi"), Content::text("you")]),
        turn(Role::System, vec![Content::text("c"), Content::text("d")]),
    ];
    let (body, losses) = said(&Request { turns, ..Request::default() });
    let message = |role: &str, text: &str| json!({"role": role, "content": text});
    let expected = [
        message("system", "a"),
        message("system", "b"),
        message("user", "hi\n\nyou"),
        message("system", "c\n\nd"),
    ];
    assert_eq!((&body["messages"], losses), (&json!(expected), vec![]));
}

#[test]
fn b05_b06_each_result_is_a_message_right_behind_the_call() {
    let turns = vec![
        turn(Role::Assistant, vec![call("1", "{}"), call("2", "{}")]),
        turn(
            Role::User,
            vec![Content::text("and then?"), result("1", vec![Content::text("x")]), result("9", vec![])],
        ),
    ];
    let (body, losses) = said(&Request { turns, ..Request::default() });
    let expected = json!([
        {"role": "tool", "content": "x", "tool_name": "f", "tool_call_id": "1"},
        {"role": "tool", "content": "", "tool_call_id": "9"},
        {"role": "user", "content": "and then?"},
    ]);
    assert_eq!(body["messages"].as_array().unwrap()[1..], *expected.as_array().unwrap());
    assert_eq!(losses, ["tool_result"]);
}

#[test]
fn b07_arguments_are_objects() {
    let turns = |arguments: &str| vec![turn(Role::Assistant, vec![call("1", arguments)])];
    for arguments in ["{\"a\": 1", "[1]", "3", "null", "{} {}"] {
        let request = Request { turns: turns(arguments), ..Request::default() };
        let (body, losses) = said(&request);
        let called = &body["messages"][0]["tool_calls"][0]["function"]["arguments"];
        assert_eq!(
            (called, losses),
            (&json!({"INVALID_JSON": arguments}), vec!["tool_call.arguments".into()])
        );
    }
    let encoded =
        encode(&Request { turns: turns("{\"a\" : 1.0}"), ..Request::default() }, &target()).unwrap();
    assert!(String::from_utf8_lossy(&encoded.body).contains(r#""arguments":{"a" : 1.0}"#));
}

#[test]
fn b09_what_is_empty_is_left_out() {
    let turns = vec![
        turn(Role::User, vec![Content::text("")]),
        turn(Role::Assistant, vec![Content::text(""), thought("")]),
        turn(Role::User, vec![Content::text("a"), Content::text("")]),
    ];
    let (body, losses) = said(&Request { turns, ..Request::default() });
    assert_eq!((&body["messages"], losses), (&json!([{"role": "user", "content": "a"}]), vec![]));
}

#[test]
fn b10_tool_choice() {
    let asked = |tool_choice| Request {
        tools: vec![Tool::Function(function("f"))],
        tool_choice,
        ..Request::default()
    };
    for choice in [ToolChoice::Unsaid, ToolChoice::Auto] {
        let (body, losses) = said(&asked(choice));
        let tool = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}});
        assert_eq!((&body["tools"], losses), (&json!([tool]), vec![]));
    }
    let (body, losses) = said(&asked(ToolChoice::None));
    assert_eq!((&body["tools"], losses), (&json!(null), vec!["tools".into()]));
    assert_eq!(refused(&asked(ToolChoice::Any)), "tool_choice");
    assert_eq!(refused(&asked(ToolChoice::Named("f".into()))), "tool_choice");
    let supplied = Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, "web_search", "{}"));
    assert_eq!(refused(&Request { tools: vec![supplied], ..Request::default() }), "tools.web_search", "d13");
    let custom = Tool::Custom { name: "f".into(), description: None, grammar: None };
    assert_eq!(refused(&Request { tools: vec![custom], ..Request::default() }), "tools");
}

#[test]
fn b12_formats() {
    let (body, _) = said(&Request { format: OutputFormat::Json, ..Request::default() });
    assert_eq!(body["format"], "json");
    let format = OutputFormat::Schema {
        name: Some("n".into()),
        description: Some("d".into()),
        schema: "{}".into(),
        strict: None,
    };
    let (body, losses) = said(&Request { format, ..Request::default() });
    assert_eq!((&body["format"], losses.len()), (&json!({}), 1));
}

#[test]
fn b14_effort_is_a_level() {
    let named = |word: &str| Effort::Named(word.into());
    for (effort, expected, lost) in [
        (Effort::Off, json!(false), 0),
        (Effort::Auto, json!(true), 0),
        (named("none"), json!(false), 0),
        (named("minimal"), json!("low"), 1),
        (named("low"), json!("low"), 0),
        (named("medium"), json!("medium"), 0),
        (named("high"), json!("high"), 0),
        (named("xhigh"), json!("max"), 1),
        (named("max"), json!("max"), 0),
        (named("new"), json!(true), 1),
        (Effort::Budget(0), json!(false), 0),
        (Effort::Budget(4000), json!("low"), 1),
        (Effort::Budget(40_000), json!("high"), 1),
    ] {
        let request = Request { effort: Some(effort.clone()), ..Request::default() };
        let (body, losses) = said(&request);
        assert_eq!((&body["think"], losses.len()), (&expected, lost), "{effort:?}");
        let capabilities = Capabilities { yes: Needs::NONE, no: Needs::REASONING };
        let (body, losses) = said_to(&request, &Target { capabilities, ..target() });
        assert_eq!(
            (&body["think"], losses.is_empty()),
            (&json!(null), expected == json!(false)),
            "{effort:?}"
        );
    }
}

#[test]
fn b17_b18_g10_media_is_delivered_or_refused() {
    let media = |kind, source| Content::Media(testing::media(kind, Some("x/y"), source));
    let data = || MediaSource::Base64("aGk=".into());
    for (what, content) in [
        ("image.url", media(MediaKind::Image, MediaSource::Url("https://x".into()))),
        ("image.url", media(MediaKind::Image, MediaSource::Held("file-1".into()))),
        ("audio", media(MediaKind::Audio, data())),
        ("video", media(MediaKind::Video, data())),
        ("document", media(MediaKind::Document, data())),
    ] {
        assert_eq!(refused(&asked(vec![content.clone()])), what);
        assert_eq!(refused(&asked(vec![result("1", vec![content])])), what);
    }
    for role in [Role::System, Role::Assistant] {
        let turns = vec![turn(role, vec![image("aGk=")])];
        assert_eq!(refused(&Request { turns, ..Request::default() }), "image");
    }
    let note = media(MediaKind::Document, MediaSource::Text("Gyms.".into()));
    let (body, losses) = said(&asked(vec![note, Content::text("a")]));
    assert_eq!(body["messages"], json!([{"role": "user", "content": "Gyms.\n\na"}]));
    assert_eq!(losses, ["document"]);
}

#[test]
fn b22_the_order_of_a_turn_stays() {
    let blocks = vec![
        call("1", "{}"),
        thought("a"),
        thought("b"),
        call("2", "{}"),
        Content::text("c"),
        call("3", "{}"),
    ];
    let (body, losses) = said(&Request { turns: vec![turn(Role::Assistant, blocks)], ..Request::default() });
    let told = body["messages"].as_array().unwrap().iter().map(|message| {
        let ids =
            message["tool_calls"].as_array().into_iter().flatten().map(|call| call["id"].as_str().unwrap());
        (message["thinking"].as_str(), message["content"].as_str().unwrap(), ids.collect::<Vec<_>>())
    });
    let expected = [(None, "", vec!["1"]), (Some("a\n\nb"), "", vec!["2"]), (None, "c", vec!["3"])];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn b26_what_changes_the_meaning_is_refused() {
    assert_eq!(refused(&Request { choices: Some(2), ..Request::default() }), "n");
    let prefilled =
        Request { turns: vec![turn(Role::Assistant, vec![Content::text("So")])], ..Request::default() };
    assert!(encode(&prefilled, &target()).is_ok());
    let capabilities = Capabilities { yes: Needs::NONE, no: Needs::PREFILL };
    assert!(encode(&prefilled, &Target { capabilities, ..target() }).is_err(), "b23");
}

#[test]
fn a16_what_has_no_place_is_named() {
    let opaque = || Opaque::new(Protocol::Gemini, "thought_signature", "x");
    let text = Text {
        text: "a".into(),
        citations: vec![Citation::default()],
        proof: Some(opaque()),
        ..Text::default()
    };
    let called = ToolCall {
        id: "1".into(),
        name: "f".into(),
        input: ToolInput::Arguments("{}".into()),
        proof: Some(opaque()),
    };
    let failed =
        ToolResult { call_id: "1".into(), name: None, blocks: vec![], is_error: true, is_custom: false };
    let Content::Media(picture) = image("aGk=") else { unreachable!() };
    let picture = Media { name: Some("a.png".into()), detail: Some("low".into()), ..picture };
    let reasoning = Reasoning { text: String::new(), proof: Some(opaque()), is_summary: false };
    let mut request = Request {
        turns: vec![
            Turn {
                name: Some("bob".into()),
                ..turn(Role::User, vec![Content::Media(picture), Content::Opaque(opaque())])
            },
            turn(Role::Assistant, vec![Content::Reasoning(reasoning), Content::Text(text)]),
            turn(Role::Assistant, vec![Content::ToolCall(called), Content::Refusal("no".into())]),
            turn(Role::User, vec![Content::ToolResult(failed)]),
        ],
        tools: vec![Tool::Function(Function {
            cache: Some(CacheMark::Hour),
            strict: Some(true),
            ..function("f")
        })],
        parallel_tools: Some(false),
        shows_reasoning: Some(false),
        user: Some("u".into()),
        metadata: vec![("a".into(), "b".into())],
        sampling: Sampling { logprobs: Some(50), temperature: Some("1".into()), ..Sampling::default() },
        ..Request::default()
    };
    request.turns[0].blocks[0].cache = Some(CacheMark::Short);
    let refuses: [Arc<str>; 1] = ["temperature".into()];
    let (body, losses) = said_to(&request, &Target { refuses: &refuses, ..target() });
    for what in [
        "messages.name",
        "thought_signature",
        "text.proof",
        "citations",
        "tool_call.proof",
        "reasoning.proof",
        "refusal",
        "tool_result.is_error",
        "cache_control",
        "tools.strict",
        "parallel_tool_calls",
        "reasoning.display",
        "user",
        "metadata",
        "media.name",
        "media.detail",
        "top_logprobs",
        "temperature",
    ] {
        assert!(losses.contains(&what.to_owned()), "{what}: {losses:?}");
    }
    assert_eq!((&body["top_logprobs"], &body["options"]), (&json!(20), &json!({})));
}
