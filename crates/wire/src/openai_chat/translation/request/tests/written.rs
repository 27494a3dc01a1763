//! What a supplier gets.

use catalogue::{Capabilities, Needs, Protocol, Quirks};
use serde_json::{Value, json};

use super::super::super::tests::{OWNER, names, target};
use super::everything;
use crate::conversation::testing;
use crate::conversation::{
    Block, Content, Effort, Encoded, Grammar, MediaKind, MediaSource, Opaque, Reasoning, Request, Role,
    Sampling, Target, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, TranslateError, Translator, Turn,
};
use crate::openai_chat::OpenaiChat;

fn encode(request: &Request, target: &Target<'_>) -> (Value, Vec<String>) {
    let Encoded { body, losses } = OpenaiChat.encode_request(request, target).unwrap();
    (serde_json::from_slice(&body).unwrap(), names(&losses).into_iter().map(str::to_owned).collect())
}

fn turn(role: Role, contents: impl IntoIterator<Item = Content>) -> Turn {
    Turn { role, name: None, blocks: contents.into_iter().map(Block::from).collect() }
}

fn said(turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::default() }
}

fn call(id: &str) -> Content {
    let input = ToolInput::Arguments("{}".into());
    Content::ToolCall(ToolCall { id: id.into(), name: "f".into(), input, proof: None })
}

fn result(id: &str, contents: impl IntoIterator<Item = Content>) -> Content {
    Content::ToolResult(ToolResult {
        call_id: id.into(),
        name: None,
        blocks: contents.into_iter().map(Block::from).collect(),
        is_error: false,
        is_custom: false,
    })
}

fn media(kind: MediaKind, media_type: &str, source: MediaSource) -> Content {
    Content::Media(testing::media(kind, Some(media_type), source))
}

fn image() -> Content {
    media(MediaKind::Image, "image/png", MediaSource::Base64("iVBORw==".into()))
}

fn roles(body: &Value) -> Vec<&str> {
    body["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect()
}

/// The sample of the client's side, as a supplier gets it: byte for byte, checked with the official SDK's types.
#[test]
fn everything_as_a_supplier_gets_it() {
    let mut request = everything();
    // What only its own supplier holds or runs goes nowhere else.
    request.turns[2].blocks.pop();
    let encoded = OpenaiChat.encode_request(&request, &target()).unwrap();
    let expected = ["tool_result.media", "refusal", "verbosity", "prompt_cache_key", "user", "metadata"];
    assert_eq!(names(&encoded.losses), expected);
    let golden = include_str!("supplier.json");
    assert_eq!(String::from_utf8(encoded.body.to_vec()).unwrap(), golden.trim_end());
}

#[test]
fn results_stand_at_once_behind_their_calls() {
    let request = said(vec![
        turn(Role::Assistant, [call("1"), call("2")]),
        turn(Role::User, [Content::text("look"), result("1", [Content::text("a"), image()])]),
        turn(Role::User, [result("2", [])]),
    ]);
    let (body, losses) = encode(&request, &target());
    assert_eq!(roles(&body), ["assistant", "tool", "tool", "user"]);
    assert_eq!(body["messages"][0]["content"], Value::Null);
    assert_eq!(body["messages"][1]["content"], "a");
    assert_eq!(body["messages"][2]["content"], "");
    // B19, G10: the image is not lost, though a tool's message cannot hold it.
    let parts = &body["messages"][3]["content"];
    assert_eq!((&parts[0]["type"], &parts[1]["text"]), (&json!("image_url"), &json!("look")));
    assert_eq!(losses, ["tool_result.media"]);
}

#[test]
fn g06_texts_of_a_message_are_one_string_and_none_is_lost() {
    let two = || [Content::text("a"), Content::text("b")];
    let request = said(vec![
        turn(Role::System, two()),
        turn(Role::User, two()),
        turn(Role::Assistant, two().into_iter().chain([call("1")])),
        turn(Role::User, [result("1", two())]),
        turn(Role::User, two().into_iter().chain([image()])),
    ]);
    let (body, losses) = encode(&request, &target());
    let said: Vec<&Value> =
        body["messages"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
    assert_eq!(said[..4], [&json!("a\n\nb"), &json!("a\n\nb"), &json!("ab"), &json!("a\n\nb")]);
    assert_eq!((said[4].as_array().map(Vec::len), losses.len()), (Some(3), 0));
}

#[test]
fn a_failed_tool_is_named_as_lost() {
    let mut failed = result("1", [Content::text("no such file")]);
    if let Content::ToolResult(result) = &mut failed {
        result.is_error = true;
    }
    let (body, losses) = encode(&said(vec![turn(Role::User, [failed])]), &target());
    assert_eq!(body["messages"][0]["content"], "no such file", "nothing is put in front");
    assert_eq!(losses, ["tool_result.is_error"]);
}

#[test]
fn g10_media_that_cannot_be_said_are_an_error() {
    let data = || MediaSource::Base64("AAAA".into());
    let document = |source| media(MediaKind::Document, "application/pdf", source);
    for (content, named) in [
        (media(MediaKind::Video, "video/mp4", data()), "video"),
        (media(MediaKind::Audio, "audio/flac", data()), "audio"),
        (media(MediaKind::Audio, "audio/wav", MediaSource::Url("https://x".into())), "audio"),
        (media(MediaKind::Image, "image/png", MediaSource::Held("file_1".into())), "image"),
        (media(MediaKind::Image, "image/png", MediaSource::Url("gs://b/o".into())), "image"),
        (document(MediaSource::Url("https://x/a.pdf".into())), "document"),
        (document(MediaSource::Held("file_1".into())), "document"),
    ] {
        let error = OpenaiChat.encode_request(&said(vec![turn(Role::User, [content])]), &target());
        assert!(matches!(&error, Err(TranslateError::Unsayable { what, .. }) if what == named), "{error:?}");
    }
    for role in [Role::System, Role::Assistant] {
        let error = OpenaiChat.encode_request(&said(vec![turn(role, [image()])]), &target());
        assert!(
            matches!(&error, Err(TranslateError::Unsayable { what, .. }) if what == "media"),
            "{error:?}"
        );
    }
    let plain = document(MediaSource::Text("Dear Sir".into()));
    let (body, losses) = encode(&said(vec![turn(Role::User, [plain])]), &target());
    assert_eq!(body["messages"][0]["content"], json!([{"type": "text", "text": "Dear Sir"}]));
    assert_eq!(losses, ["document"]);
    let (body, _) = encode(&said(vec![turn(Role::User, [document(data())])]), &target());
    let file = json!({"filename": "document.pdf", "file_data": "data:application/pdf;base64,AAAA"});
    assert_eq!(body["messages"][0]["content"][0]["file"], file);
}

#[test]
fn the_limit_goes_by_the_name_that_the_model_takes() {
    let request = Request { max_tokens: Some(100), ..said(Vec::new()) };
    let (body, losses) = encode(&request, &target());
    assert_eq!((&body["max_tokens"], losses.len()), (&json!(100), 0));
    let newer = Target { quirks: Quirks::MAX_COMPLETION_TOKENS, max_output: Some(64), ..target() };
    let (body, losses) = encode(&request, &newer);
    assert_eq!(body["max_completion_tokens"], 64);
    assert_eq!((body.get("max_tokens"), losses), (None, vec!["max_tokens".to_owned()]));
}

#[test]
fn effort_by_the_name_that_the_target_takes() {
    let words = target();
    let object = Target { quirks: Quirks::REASONING_OBJECT, ..target() };
    for (effort, word, member, lost) in [
        (Effort::Off, json!("none"), json!({"effort": "none"}), 0),
        (Effort::Auto, json!(null), json!({"enabled": true}), 0),
        (Effort::Named("low".into()), json!("low"), json!({"effort": "low"}), 0),
        (Effort::Budget(9000), json!("medium"), json!({"max_tokens": 9000}), 1),
    ] {
        let request = Request { effort: Some(effort), ..said(Vec::new()) };
        let (body, losses) = encode(&request, &words);
        assert_eq!((&body["reasoning_effort"], losses.len()), (&word, lost));
        let (body, losses) = encode(&request, &object);
        assert_eq!((&body["reasoning"], losses.len()), (&member, 0));
    }
    let no = Capabilities { no: Needs::REASONING, ..Capabilities::default() };
    let (off, low) = (Some(Effort::Off), Some(Effort::Named("low".into())));
    for (effort, lost) in [(None, 0), (off, 0), (low, 1)] {
        let request = Request { effort, ..said(Vec::new()) };
        let (body, losses) = encode(&request, &Target { capabilities: no, ..target() });
        assert_eq!((body.get("reasoning_effort"), losses.len()), (None, lost));
    }
    let hidden = Request { shows_reasoning: Some(false), ..said(Vec::new()) };
    assert_eq!(encode(&hidden, &words).1, ["reasoning.display"]);
    assert_eq!(encode(&hidden, &object).0["reasoning"], json!({"exclude": true}));
}

#[test]
fn what_the_target_refuses_is_left_out_by_name() {
    let sampling = Sampling {
        temperature: Some("0.70".into()),
        top_p: Some("1".into()),
        top_k: Some("5".into()),
        ..Sampling::default()
    };
    let request = Request { sampling, ..said(Vec::new()) };
    let refuses = ["temperature".into()];
    let body = OpenaiChat.encode_request(&request, &Target { refuses: &refuses, ..target() }).unwrap();
    assert_eq!(names(&body.losses), ["temperature", "top_k"]);
    assert_eq!(body.body, r#"{"model":"m","messages":[],"top_p":1}"#);
    let logprobs = Sampling { logprobs: Some(0), ..Sampling::default() };
    let request = Request { sampling: logprobs, ..said(Vec::new()) };
    let refuses = ["logprobs".into()];
    // B26: an answer without what was asked for is another answer.
    assert!(OpenaiChat.encode_request(&request, &Target { refuses: &refuses, ..target() }).is_err());
}

#[test]
fn c11_usage_is_asked_for_whether_or_not_the_client_did() {
    let request = Request { stream: true, ..said(Vec::new()) };
    assert_eq!(encode(&request, &target()).0["stream_options"], json!({"include_usage": true}));
    let silent = Target { stream_usage: false, ..target() };
    assert_eq!(encode(&request, &silent).0.get("stream_options"), None);
    assert_eq!(encode(&said(Vec::new()), &target()).0.get("stream"), None);
}

#[test]
fn tool_choice_is_left_out_where_there_are_no_tools() {
    let choice = ToolChoice::Named("f".into());
    let request = Request { tool_choice: choice, parallel_tools: Some(true), ..said(Vec::new()) };
    let (body, losses) = encode(&request, &target());
    assert_eq!((body.get("tool_choice"), body.get("parallel_tool_calls")), (None, None));
    assert_eq!(losses, ["tool_choice"]);
}

#[test]
fn d13_supplied_tools_go_to_their_own_protocol_only() {
    for (protocol, owner, is_said) in [
        (Protocol::OpenaiChat, None, true),
        (Protocol::OpenaiChat, Some(OWNER), true),
        (Protocol::OpenaiChat, Some("other"), false),
        (Protocol::AnthropicMessages, None, false),
    ] {
        let mut tool = Opaque::new(protocol, "web_search_20250305", r#"{"type":"web_search_20250305"}"#);
        tool.owner = owner.map(Into::into);
        let request = Request { tools: vec![Tool::Supplied(tool)], ..said(Vec::new()) };
        match OpenaiChat.encode_request(&request, &target()) {
            Ok(encoded) => {
                assert!(is_said);
                let body: Value = serde_json::from_slice(&encoded.body).unwrap();
                assert_eq!(body["tools"], json!([{"type": "web_search_20250305"}]));
            }
            Err(TranslateError::Unsayable { what, .. }) => {
                assert!(!is_said);
                assert_eq!(what, "tools.web_search_20250305");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn thought(text: &str, proof: Option<Opaque>) -> Content {
    Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false })
}

#[test]
fn d11_reasoning_goes_back_to_who_wants_it() {
    let foreign = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB");
    let turns = vec![
        turn(Role::Assistant, [thought("Hm.", Some(foreign)), Content::text("so"), call("1")]),
        turn(Role::User, [result("1", [Content::text("a")])]),
        turn(Role::Assistant, [call("2")]),
        turn(Role::User, [result("2", [Content::text("b")])]),
        turn(Role::Assistant, [thought("Alone.", None)]),
    ];
    let request = said(turns);
    let (body, losses) = encode(&request, &target());
    assert!(body["messages"].as_array().unwrap().iter().all(|said| said.get("reasoning_content").is_none()));
    assert_eq!(roles(&body), ["assistant", "tool", "assistant", "tool"], "a message of nothing is none");
    assert_eq!(losses, ["reasoning.proof", "reasoning"]);

    let wanted = Target { quirks: Quirks::REASONING_BACK, ..target() };
    let (body, losses) = encode(&request, &wanted);
    assert_eq!(body["messages"][0]["reasoning_content"], "Hm.");
    assert_eq!(body["messages"][2]["reasoning_content"], " ", "beside calls there has to be some");
    assert_eq!(
        body["messages"][4],
        json!({"role": "assistant", "content": "", "reasoning_content": "Alone."})
    );
    assert_eq!(losses, ["reasoning.proof"]);
}

#[test]
fn g22_entries_go_back_to_the_account_that_made_them() {
    let entry = |owner: &str, data: &str| Opaque {
        protocol: Protocol::OpenaiChat,
        owner: Some(owner.into()),
        kind: "reasoning_details".into(),
        data: data.into(),
    };
    let own = r#"{"type":"reasoning.text","id":"r1","format":"f","signature":"s"}"#;
    let encoded = |proof: Opaque| {
        encode(
            &said(vec![turn(Role::Assistant, [thought("Hm.", Some(proof)), Content::text("so")])]),
            &target(),
        )
    };
    let (body, losses) = encoded(entry(OWNER, own));
    let back = json!([{"type": "reasoning.text", "id": "r1", "format": "f", "signature": "s", "text": "Hm.", "index": 0}]);
    assert_eq!((&body["messages"][0]["reasoning_details"], losses.len()), (&back, 0));
    // A client can forge a seal: what it holds is no entry, or breaks out of one.
    for proof in [
        entry("other", own),
        entry(OWNER, ""),
        entry(OWNER, "[]"),
        entry(OWNER, r#"{"type":"x"}"#),
        entry(OWNER, r#"{"type":"reasoning.text","signature":"s"}],"model":"dear""#),
    ] {
        let (body, losses) = encoded(proof);
        assert_eq!(body["messages"][0], json!({"role": "assistant", "content": "so"}));
        assert_eq!(losses, ["reasoning.proof", "reasoning"]);
    }
}

#[test]
fn f04_signatures_go_back_to_the_account_that_made_them() {
    let signed = |owner: Option<&str>| {
        let mut proof = Opaque::new(Protocol::OpenaiChat, "thought_signature", "CuQB");
        proof.owner = owner.map(Into::into);
        let mut call = call("1");
        if let Content::ToolCall(call) = &mut call {
            call.proof = Some(proof);
        }
        encode(&said(vec![turn(Role::Assistant, [call])]), &target())
    };
    let place = json!({"google": {"thought_signature": "CuQB"}});
    let (body, losses) = signed(Some(OWNER));
    assert_eq!((&body["messages"][0]["tool_calls"][0]["extra_content"], losses.len()), (&place, 0));
    let (body, losses) = signed(Some("other"));
    assert_eq!(body["messages"][0]["tool_calls"][0].get("extra_content"), None);
    assert_eq!(losses, ["tool_call.proof"]);
}

#[test]
fn text_behind_a_call_is_named() {
    let turns = vec![turn(Role::Assistant, [Content::text("a"), call("1"), Content::text("b")])];
    let (body, losses) = encode(&said(turns), &target());
    assert_eq!(body["messages"][0]["content"], "ab");
    assert_eq!(losses, ["text"]);
}

#[test]
fn blocks_that_only_their_own_protocol_has_are_named() {
    let own = |kind: &'static str| Content::Opaque(Opaque::new(Protocol::AnthropicMessages, kind, "{}"));
    let turns = vec![
        turn(Role::Assistant, [own("server_tool_use"), Content::text("a")]),
        turn(Role::User, [own("container_upload")]),
        turn(Role::User, [result("1", [own("search_result"), Content::text("b")])]),
    ];
    let (body, losses) = encode(&said(turns), &target());
    assert_eq!(roles(&body), ["assistant", "tool"], "a message of nothing is none");
    assert_eq!(body["messages"][1]["content"], "b");
    assert_eq!(losses, ["server_tool_use", "container_upload", "search_result"]);
}

#[test]
fn e15_a_grammar_stands_in_a_member_of_its_own() {
    let grammar = Some(Grammar { syntax: "lark".into(), definition: "x".into() });
    let tool = Tool::Custom { name: "t".into(), description: None, grammar };
    let (body, _) = encode(&Request { tools: vec![tool], ..said(Vec::new()) }, &target());
    let nested = json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}});
    assert_eq!(body["tools"][0]["custom"]["format"], nested);
}

/// A message with nothing in it but the member `refusal` is refused: "expected a string, got null".
#[test]
fn a_refusal_goes_back_as_text() {
    let request = said(vec![
        turn(Role::User, [Content::text("a")]),
        turn(Role::Assistant, [Content::Refusal("I will not.".into())]),
        turn(Role::User, [Content::text("b")]),
    ]);
    let (body, losses) = encode(&request, &target());
    assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "I will not."}));
    assert_eq!(losses, ["refusal"]);
}

#[test]
fn more_stop_texts_than_openai_takes_go_to_others() {
    let asked = |count: usize| Request {
        stop: (0..count).map(|at| at.to_string()).collect(),
        ..said(vec![turn(Role::User, [Content::text("a")])])
    };
    let openai = Target { quirks: Quirks::OPENAI_OPTIONS, ..target() };
    assert_eq!(encode(&asked(4), &openai).0["stop"].as_array().unwrap().len(), 4);
    let refused = OpenaiChat.encode_request(&asked(5), &openai);
    assert!(matches!(refused, Err(TranslateError::Unsayable { what, .. }) if what == "stop"));
    assert_eq!(encode(&asked(5), &target()).0["stop"].as_array().unwrap().len(), 5);
}
