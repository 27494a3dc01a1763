//! What is said to the supplier, and what is named as lost.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Protocol};
use serde_json::{Value, json};

use super::*;
use crate::conversation::testing::media;
use crate::conversation::testing::target;
use crate::conversation::{
    Block, CacheMark, Citation, Content, Function, Media, MediaKind, MediaSource, Opaque, Reasoning, Role,
    Sampling, Text, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
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

fn function(name: &str) -> Function {
    Function { name: name.into(), ..Function::default() }
}

fn thinking_target() -> Target<'static> {
    let capabilities = Capabilities { yes: Needs::REASONING, no: Needs::NONE };
    Target { capabilities, ..target() }
}

/// One conversation with everything that can be said; the file is what the official SDK's types were held against.
#[test]
fn a_whole_request() {
    let image = media(MediaKind::Image, Some("image/png"), MediaSource::Base64("aGk=".into()));
    let web = Media {
        detail: Some("low".into()),
        ..media(MediaKind::Image, None, MediaSource::Url("https://x/y.png".into()))
    };
    let note = Media {
        name: Some("Notes".into()),
        ..media(MediaKind::Document, Some("text/plain"), MediaSource::Text("Gyms.".into()))
    };
    let cited = Text {
        text: "Größe: gyms".into(),
        citations: vec![Citation {
            title: Some("Notes".into()),
            range: Some((7, 11)),
            ..Citation::default()
        }],
        ..Text::default()
    };
    let mut turns = vec![
        turn(Role::System, vec![Content::text("Be brief.")]),
        turn(Role::User, vec![Content::text("What is this?"), Content::Media(image), Content::Media(web)]),
        turn(
            Role::Assistant,
            vec![thought("Look it up."), call("c1", r#"{"n": 9007199254740993, "t":0.70}"#), call("c2", "")],
        ),
        turn(
            Role::User,
            vec![
                result("c1", vec![Content::text("one\u{2028}")]),
                result("c2", vec![Content::text("a"), Content::Media(note.clone())]),
            ],
        ),
        turn(Role::Assistant, vec![thought("Now say."), Content::Text(cited)]),
        turn(Role::User, vec![Content::Media(note), Content::text("And?")]),
    ];
    turns[0].blocks.push(Content::text("Be kind.").into());
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer","maximum":9007199254740993},"t":{"const":0.70}}}"#;
    let request = Request {
        turns,
        tools: vec![
            Tool::Function(Function {
                description: Some("Finds.".into()),
                schema: Some(schema.into()),
                strict: Some(true),
                ..function("f")
            }),
            Tool::Function(Function { strict: Some(true), ..function("g") }),
        ],
        tool_choice: ToolChoice::Any,
        effort: Some(Effort::Budget(500)),
        max_tokens: Some(1000),
        sampling: Sampling {
            temperature: Some("0.70".into()),
            top_p: Some("0.9".into()),
            top_k: Some("40".into()),
            seed: Some("9007199254740993".into()),
            frequency_penalty: Some("0.1".into()),
            presence_penalty: Some("1e-3".into()),
            logprobs: Some(0),
        },
        stop: vec!["END".into(), "\n".into()],
        stream: true,
        ..Request::default()
    };
    let encoded = encode(&request, &target()).unwrap();
    let expected = include_str!("tests/whole.json").trim_end();
    assert_eq!(std::str::from_utf8(&encoded.body).unwrap(), expected);
    assert_eq!(encoded.losses, [Loss::new("document", "documents stand beside the messages there")]);
}

#[test]
fn b03_g06_no_instruction_is_lost() {
    let request = Request {
        turns: vec![
            turn(Role::System, vec![Content::text("a"), Content::text("")]),
            turn(Role::System, vec![Content::text("b")]),
            turn(Role::User, vec![Content::text("hi")]),
            turn(Role::System, vec![Content::text("c")]),
        ],
        ..Request::default()
    };
    let (body, losses) = said(&request);
    let part = |text: &str| json!({"type": "text", "text": text});
    assert_eq!(body["messages"][0], json!({"role": "system", "content": [part("a"), part("b"), part("c")]}));
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    assert_eq!(losses, ["messages.order"]);
}

#[test]
fn b05_b06_each_result_is_a_message_right_behind_the_call() {
    let request = Request {
        turns: vec![
            turn(Role::Assistant, vec![call("1", "{}"), call("2", "{}")]),
            turn(
                Role::User,
                vec![Content::text("and then?"), result("1", vec![Content::text("x")]), result("2", vec![])],
            ),
        ],
        ..Request::default()
    };
    let (body, losses) = said(&request);
    let roles: Vec<&Value> =
        body["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["assistant", "tool", "tool", "user"]);
    assert_eq!(body["messages"][1], json!({"role": "tool", "tool_call_id": "1", "content": "x"}));
    assert_eq!(losses, ["tool_result"]);
}

#[test]
fn b09_what_is_empty_is_left_out() {
    let request = Request {
        turns: vec![
            turn(Role::User, vec![Content::text("")]),
            turn(Role::Assistant, vec![Content::text(""), call("1", "  ")]),
            turn(Role::User, vec![result("1", vec![]), Content::text("")]),
            turn(Role::Assistant, vec![thought("")]),
        ],
        ..Request::default()
    };
    let (body, losses) = said(&request);
    let call = json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "1", "content": ""}]);
    assert_eq!((&body["messages"], losses), (&messages, vec![]));
}

#[test]
fn b10_tool_choice() {
    let tools = vec![Tool::Function(function("f")), Tool::Function(function("g"))];
    let asked = |tool_choice| Request { tools: tools.clone(), tool_choice, ..Request::default() };
    for (choice, expected) in [
        (ToolChoice::Unsaid, json!(null)),
        (ToolChoice::Auto, json!(null)),
        (ToolChoice::None, json!("NONE")),
        (ToolChoice::Any, json!("REQUIRED")),
    ] {
        let (body, losses) = said(&asked(choice));
        assert_eq!((&body["tool_choice"], losses), (&expected, vec![]));
        assert_eq!(body["tools"].as_array().unwrap().len(), 2, "g05: tools are sent whatever the choice");
    }
    let (body, losses) = said(&asked(ToolChoice::Named("g".into())));
    assert_eq!((&body["tool_choice"], body["tools"].as_array().unwrap().len()), (&json!("REQUIRED"), 1));
    assert_eq!(body["tools"][0]["function"]["name"], "g");
    assert_eq!(losses, ["tool_choice"]);
    assert_eq!(
        said(&Request { tool_choice: ToolChoice::None, ..Request::default() }).0["tool_choice"],
        json!(null)
    );
}

#[test]
fn b20_tools_and_their_strictness() {
    let strict = |strict| Tool::Function(Function { strict, ..function("f") });
    let asked = |tools| Request { tools, ..Request::default() };
    let (body, _) = said(&asked(vec![strict(None)]));
    assert_eq!(
        body["tools"][0]["function"],
        json!({"name": "f", "parameters": {"type": "object", "properties": {}}})
    );
    assert_eq!(body["strict_tools"], json!(null));
    let (body, losses) = said(&asked(vec![strict(Some(true)), strict(Some(true))]));
    assert_eq!((&body["strict_tools"], losses), (&json!(true), vec![]));
    let (body, losses) = said(&asked(vec![strict(Some(true)), strict(None)]));
    assert_eq!((&body["strict_tools"], losses), (&json!(null), vec!["tools.strict".into()]));
    let supplied = Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, "web_search", "{}"));
    assert_eq!(refused(&asked(vec![supplied])), "tools.web_search", "d13");
    let custom = Tool::Custom { name: "f".into(), description: None, grammar: None };
    assert_eq!(refused(&asked(vec![custom])), "tools");
}

#[test]
fn b15_numbers_keep_their_text() {
    let sampling = Sampling {
        temperature: Some("0.50".into()),
        top_p: Some("0.90".into()),
        top_k: Some("100".into()),
        frequency_penalty: Some("0.10".into()),
        presence_penalty: Some("1".into()),
        logprobs: Some(3),
        ..Sampling::default()
    };
    let request = Request { sampling, ..Request::default() };
    let encoded = encode(&request, &target()).unwrap();
    let body = String::from_utf8(encoded.body.to_vec()).unwrap();
    let expected = r#""temperature":0.50,"p":0.90,"k":100,"frequency_penalty":0.10,"presence_penalty":1,"logprobs":true}"#;
    assert!(body.ends_with(expected), "{body}");
    let names: Vec<&str> = encoded.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(names, ["top_logprobs"]);
    let refuses: [Arc<str>; 2] = ["temperature".into(), "logprobs".into()];
    let (body, losses) = said_to(&request, &Target { refuses: &refuses, ..target() });
    assert_eq!((&body["temperature"], &body["logprobs"]), (&json!(null), &json!(null)));
    assert!(losses.contains(&"temperature".into()) && losses.contains(&"logprobs".into()));
}

#[test]
fn b17_b18_g10_media_is_delivered_or_refused() {
    let one = |media| asked(vec![Content::text("a"), Content::Media(media)]);
    let (body, _) =
        said(&one(media(MediaKind::Image, Some("image/gif"), MediaSource::Base64("aGk=".into()))));
    let url = json!({"type": "image_url", "image_url": {"url": "data:image/gif;base64,aGk="}});
    assert_eq!(body["messages"][0]["content"][1], url);
    for (what, media) in [
        ("image.media_type", media(MediaKind::Image, None, MediaSource::Base64("aGk=".into()))),
        ("image", media(MediaKind::Image, None, MediaSource::Held("file-1".into()))),
        ("audio", media(MediaKind::Audio, Some("audio/wav"), MediaSource::Base64("aGk=".into()))),
        ("video", media(MediaKind::Video, None, MediaSource::Url("https://x".into()))),
        ("document", media(MediaKind::Document, Some("application/pdf"), MediaSource::Base64("aGk=".into()))),
        ("document", media(MediaKind::Document, None, MediaSource::Url("https://x".into()))),
    ] {
        assert_eq!(refused(&one(media.clone())), what);
        assert!(!refused(&asked(vec![result("1", vec![Content::Media(media)])])).is_empty());
    }
    let picture = media(MediaKind::Image, Some("image/png"), MediaSource::Base64("aGk=".into()));
    assert_eq!(refused(&asked(vec![result("1", vec![Content::Media(picture.clone())])])), "image", "b19");
    for role in [Role::System, Role::Assistant] {
        let turns = vec![turn(role, vec![Content::Media(picture.clone())])];
        assert_eq!(refused(&Request { turns, ..Request::default() }), "image");
    }
}

#[test]
fn a_document_alone_is_said_as_text() {
    let note = media(MediaKind::Document, None, MediaSource::Text("Gyms.".into()));
    let (body, losses) = said(&asked(vec![Content::Media(note)]));
    let message = json!({"role": "user", "content": [{"type": "text", "text": "Gyms."}]});
    assert_eq!((&body["messages"], &body["documents"]), (&json!([message]), &json!(null)));
    assert_eq!(losses, ["document"]);
}

#[test]
fn b26_what_changes_the_meaning_is_refused() {
    assert_eq!(refused(&Request { choices: Some(2), ..Request::default() }), "n");
    assert!(encode(&Request { choices: Some(1), ..Request::default() }, &target()).is_ok());
    assert_eq!(refused(&Request { stop: vec![String::from("x"); 6], ..Request::default() }), "stop");
    let format = OutputFormat::Json;
    let with_tools =
        Request { format: format.clone(), tools: vec![Tool::Function(function("f"))], ..Request::default() };
    assert_eq!(refused(&with_tools), "response_format");
    let note = media(MediaKind::Document, None, MediaSource::Text("Gyms.".into()));
    let with_documents = Request { format, ..asked(vec![Content::text("a"), Content::Media(note)]) };
    assert_eq!(refused(&with_documents), "response_format");
    let prefilled =
        Request { turns: vec![turn(Role::Assistant, vec![Content::text("So")])], ..Request::default() };
    assert!(encode(&prefilled, &target()).is_ok());
    let capabilities = Capabilities { yes: Needs::NONE, no: Needs::PREFILL };
    assert!(encode(&prefilled, &Target { capabilities, ..target() }).is_err(), "b23");
}

#[test]
fn b12_g03_an_answer_held_to_a_schema() {
    let schema = OutputFormat::Schema {
        name: Some("n".into()),
        description: None,
        schema: r#"{"const":0.70}"#.into(),
        strict: Some(true),
    };
    let encoded = encode(&Request { format: schema, ..Request::default() }, &target()).unwrap();
    let body = String::from_utf8(encoded.body.to_vec()).unwrap();
    assert!(
        body.ends_with(r#""response_format":{"type":"json_object","json_schema":{"const":0.70}}}"#),
        "{body}"
    );
    assert_eq!(encoded.losses, []);
    let (body, losses) = said(&Request { format: OutputFormat::Json, ..Request::default() });
    assert_eq!((&body["response_format"], losses), (&json!({"type": "json_object"}), vec![]));
}

#[test]
fn b14_effort_is_a_budget() {
    for (effort, expected, lost) in [
        (Effort::Off, json!({"type": "disabled"}), 0),
        (Effort::Named("none".into()), json!({"type": "disabled"}), 0),
        (Effort::Budget(0), json!({"type": "disabled"}), 0),
        (Effort::Auto, json!({"type": "enabled"}), 0),
        (Effort::Budget(7), json!({"type": "enabled", "token_budget": 7}), 0),
        (Effort::Named("low".into()), json!({"type": "enabled", "token_budget": 2048}), 1),
        (Effort::Named("new".into()), json!({"type": "enabled"}), 1),
    ] {
        let (body, losses) = said(&Request { effort: Some(effort.clone()), ..Request::default() });
        assert_eq!((&body["thinking"], losses.len()), (&expected, lost), "{effort:?}");
        let capabilities = Capabilities { yes: Needs::NONE, no: Needs::REASONING };
        let (body, losses) = said_to(
            &Request { effort: Some(effort), ..Request::default() },
            &Target { capabilities, ..target() },
        );
        assert_eq!((&body["thinking"], losses.is_empty()), (&json!(null), expected["type"] == "disabled"));
    }
}

#[test]
fn what_is_said_before_calls_is_the_plan() {
    let turns = vec![turn(Role::Assistant, vec![thought("Hm."), Content::text("I look."), call("1", "{}")])];
    let request = Request { turns, ..Request::default() };
    let (body, losses) = said(&request);
    assert_eq!(
        (&body["messages"][0]["tool_plan"], &body["messages"][0]["content"]),
        (&json!("Hm.\n\nI look."), &json!(null))
    );
    assert_eq!(losses, ["text"]);
    let (body, _) = said_to(&request, &thinking_target());
    let content = json!([{"type": "thinking", "thinking": "Hm.\n\nI look."}]);
    assert_eq!(
        (&body["messages"][0]["content"], &body["messages"][0]["tool_plan"]),
        (&content, &json!(null))
    );
    let off = Request { effort: Some(Effort::Off), ..request };
    assert_eq!(said_to(&off, &thinking_target()).0["messages"][0]["tool_plan"], "Hm.\n\nI look.");
}

#[test]
fn b22_g02_thoughts_go_to_models_that_think_and_are_named_as_lost_elsewhere() {
    let turns = vec![turn(Role::Assistant, vec![thought("Hm."), Content::text("So."), thought("Ah.")])];
    let request = Request { turns, ..Request::default() };
    let (body, losses) = said(&request);
    assert_eq!(body["messages"][0]["content"], json!([{"type": "text", "text": "So."}]));
    assert_eq!(losses, ["reasoning"]);
    let (body, losses) = said_to(&request, &thinking_target());
    let types: Vec<&Value> =
        body["messages"][0]["content"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
    assert_eq!(types, ["thinking", "text", "thinking"]);
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn a16_what_has_no_place_is_named() {
    let opaque = || Opaque::new(Protocol::Gemini, "thought_signature", "x");
    let text = Text {
        text: "a".into(),
        citations: vec![Citation { range: Some((0, 9)), ..Citation::default() }, Citation::default()],
        proof: Some(opaque()),
        ..Text::default()
    };
    let mut called =
        ToolCall { id: "1".into(), name: "f".into(), input: ToolInput::Arguments("{}".into()), proof: None };
    called.proof = Some(opaque());
    let failed =
        ToolResult { call_id: "1".into(), name: None, blocks: vec![], is_error: true, is_custom: false };
    let mut request = Request {
        turns: vec![
            Turn {
                name: Some("bob".into()),
                ..turn(Role::User, vec![Content::text("a"), Content::Opaque(opaque())])
            },
            turn(Role::Assistant, vec![Content::Text(text)]),
            turn(Role::Assistant, vec![Content::ToolCall(called), Content::Refusal("no".into())]),
            turn(Role::User, vec![Content::ToolResult(failed)]),
        ],
        tools: vec![Tool::Function(Function { cache: Some(CacheMark::Hour), ..function("f") })],
        parallel_tools: Some(false),
        shows_reasoning: Some(false),
        user: Some("u".into()),
        metadata: vec![("a".into(), "b".into())],
        ..Request::default()
    };
    request.turns[0].blocks[0].cache = Some(CacheMark::Short);
    let (_, losses) = said(&request);
    for what in [
        "messages.name",
        "thought_signature",
        "text.proof",
        "citations",
        "tool_call.proof",
        "refusal",
        "tool_result.is_error",
        "cache_control",
        "parallel_tool_calls",
        "reasoning.display",
        "user",
        "metadata",
    ] {
        assert!(losses.contains(&what.to_owned()), "{what}: {losses:?}");
    }
}

#[test]
fn g10_addresses_that_are_not_of_the_web_stay_here() {
    let at = |address: &str| {
        asked(vec![Content::Media(media(MediaKind::Image, None, MediaSource::Url(address.into())))])
    };
    for address in ["s3://acme-secret/a.png", "gs://b/a.png", "file:///etc/passwd", "a.png", ""] {
        assert_eq!(refused(&at(address)), "image.url", "{address}");
    }
    for address in ["https://example.com/a.png", "HTTP://example.com/a.png", "data:image/png;base64,aGk="] {
        let (body, _) = said(&at(address));
        let url = json!({"type": "image_url", "image_url": {"url": address}});
        assert_eq!(body["messages"][0]["content"], json!([url]));
    }
}
