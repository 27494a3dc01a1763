//! The conversation.

use catalogue::{Capabilities, Needs, Protocol};
use serde_json::json;

use super::{asking, call, result, said, target, turn, unsayable, written, written_to};
use crate::conversation::testing::media;
use crate::conversation::{
    Block, CacheMark, Content, Media, MediaKind, MediaSource, Opaque, Reasoning, Request, Role, Target,
    ToolInput, TranslateError,
};

fn image() -> Content {
    Content::Media(Media {
        kind: MediaKind::Image,
        media_type: Some("image/jpeg".into()),
        source: MediaSource::Base64("/9j/".into()),
        name: None,
        detail: Some("high".into()),
        about: None,
    })
}

fn thought(proof: Option<Opaque>) -> Content {
    Content::Reasoning(Reasoning { text: "Hm".into(), proof, is_summary: false })
}

fn signature(owner: Option<&str>) -> Opaque {
    Opaque { owner: owner.map(Into::into), ..Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB") }
}

/// The types of a message's blocks.
fn types(body: &serde_json::Value, at: usize) -> Vec<&str> {
    let content = body["messages"][at]["content"].as_array().unwrap();
    content.iter().map(|block| block["type"].as_str().unwrap()).collect()
}

#[test]
fn b03_g06_instructions_go_to_the_top_in_order() {
    let marked = Block { content: Content::text("two"), cache: Some(CacheMark::Short) };
    let mut middle = said(Role::System, "three");
    middle.blocks.insert(0, marked);
    let turns = vec![said(Role::System, "one"), said(Role::User, "q"), middle, said(Role::User, "r")];
    let (body, lost) = written(&asking(turns));
    let marked = json!({"type": "text", "text": "two", "cache_control": {"type": "ephemeral"}});
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "one"}, marked, {"type": "text", "text": "three"}])
    );
    let question = json!([{"type": "text", "text": "q"}, {"type": "text", "text": "r"}]);
    assert_eq!(body["messages"], json!([{"role": "user", "content": question}]), "neighbours are merged");
    assert_eq!(lost, ["messages.order"]);
}

#[test]
fn b23_instructions_behind_the_models_word_do_not_make_it_a_start() {
    let turns = vec![said(Role::User, "q"), said(Role::Assistant, "a"), said(Role::System, "Sum up.")];
    let (body, lost) = written(&asking(turns));
    assert_eq!(
        body["messages"][2],
        json!({"role": "user", "content": [{"type": "text", "text": "Sum up."}]})
    );
    assert_eq!(lost, ["messages.role"]);
}

#[test]
fn b05_g06_results_of_a_turn_travel_together_in_the_order_of_the_calls() {
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, vec![Content::text("so"), call("a", "{}"), call("b", "{\"x\": 1.50}")]),
        turn(Role::User, vec![result("b", vec![Content::text("two")])]),
        turn(Role::User, vec![result("a", vec![])]),
        said(Role::System, "Be brief."),
        said(Role::User, "r"),
    ]));
    let results = json!([
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "two"}]},
        {"type": "text", "text": "r"}]);
    assert_eq!(body["messages"][2], json!({"role": "user", "content": results}));
    assert_eq!(body["messages"].as_array().unwrap().len(), 3);
    assert_eq!(lost, ["messages.order"]);
}

#[test]
fn g01_a_result_that_came_late_moves_behind_its_call() {
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        turn(Role::User, vec![result("a", vec![])]),
        said(Role::Assistant, "wait"),
        turn(Role::User, vec![result("b", vec![]), Content::text("r")]),
    ]));
    assert_eq!(types(&body, 2), ["tool_result", "tool_result"]);
    assert_eq!(types(&body, 4), ["text"]);
    assert_eq!(lost, ["messages.order"]);
}

#[test]
fn calls_and_results_without_each_other_are_refused() {
    let user = || said(Role::User, "q");
    let called = || turn(Role::Assistant, vec![call("a", "{}")]);
    let answered = || turn(Role::User, vec![result("a", vec![])]);
    assert_eq!(unsayable(&asking(vec![user(), called()])), "tool_call");
    assert_eq!(unsayable(&asking(vec![user(), called(), user()])), "tool_call");
    assert_eq!(unsayable(&asking(vec![user(), answered()])), "tool_result");
    assert_eq!(unsayable(&asking(vec![answered(), called(), user()])), "tool_result");
    assert_eq!(unsayable(&asking(vec![user(), called(), answered(), answered()])), "tool_result");
}

#[test]
fn b07_arguments_are_objects_on_the_wire() {
    for (arguments, expected, is_lost) in [
        ("", json!({}), false),
        (" \n", json!({}), false),
        (r#"{"a":9007199254740993}"#, json!({"a": 9_007_199_254_740_993_u64}), false),
        (r#"{"city": "Pa"#, json!({"INVALID_JSON": "{\"city\": \"Pa"}), true),
        ("[1]", json!({"INVALID_JSON": "[1]"}), true),
        ("{}{}", json!({"INVALID_JSON": "{}{}"}), true),
    ] {
        let (body, lost) = written(&asking(vec![
            said(Role::User, "q"),
            turn(Role::Assistant, vec![call("a", arguments)]),
            turn(Role::User, vec![result("a", vec![])]),
        ]));
        assert_eq!(body["messages"][1]["content"][0]["input"], expected);
        assert_eq!(lost, if is_lost { vec!["tool_call.arguments"] } else { vec![] });
    }
}

#[test]
fn b09_empty_texts_are_left_out_and_blank_ones_named() {
    let contents = vec![Content::text(""), Content::text(" \n"), call("a", "{}")];
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, contents),
        turn(Role::User, vec![result("a", vec![Content::text("")])]),
        said(Role::Assistant, ""),
        said(Role::User, "r"),
    ]));
    assert_eq!(types(&body, 1), ["tool_use"]);
    assert_eq!(body["messages"].as_array().unwrap().len(), 3, "an empty turn is none");
    assert_eq!(lost, ["text.blank"]);
}

#[test]
fn b17_b19_images_go_where_they_stand_and_also_into_results() {
    let (body, lost) = written(&asking(vec![
        turn(Role::User, vec![image()]),
        turn(Role::Assistant, vec![call("a", "{}")]),
        turn(Role::User, vec![result("a", vec![Content::text("see"), image()])]),
    ]));
    let source = json!({"type": "base64", "media_type": "image/jpeg", "data": "/9j/"});
    let image = json!({"type": "image", "source": source});
    assert_eq!(body["messages"][0]["content"], json!([image]));
    assert_eq!(body["messages"][2]["content"][0]["content"], json!([{"type": "text", "text": "see"}, image]));
    assert_eq!(lost, ["media.detail"]);
}

#[test]
fn g10_media_that_a_failed_result_cannot_hold_stand_behind_it() {
    let mut failed = result("a", vec![Content::text("no"), image()]);
    if let Content::ToolResult(result) = &mut failed {
        result.is_error = true;
    }
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        turn(Role::User, vec![failed, result("b", vec![]), Content::text("r")]),
    ]));
    assert_eq!(types(&body, 2), ["tool_result", "tool_result", "image", "text"]);
    let failed = &body["messages"][2]["content"][0];
    assert_eq!((&failed["is_error"], failed["content"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(lost.contains(&"tool_result.media".to_owned()));
}

/// One medium, shown by the user.
fn showing(kind: MediaKind, media_type: Option<&str>, source: MediaSource) -> Request {
    asking(vec![turn(Role::User, vec![Content::Media(media(kind, media_type, source))])])
}

#[test]
fn b18_g10_media_that_cannot_be_said_are_refused_by_name() {
    use MediaKind::{Audio, Document, Image, Video};
    use MediaSource::{Base64, Held, Url};
    for (request, what) in [
        (showing(Audio, Some("audio/wav"), Base64("UklGR".into())), "audio"),
        (showing(Video, None, Url("https://x".into())), "video"),
        (showing(Image, Some("image/bmp"), Base64("Qk0=".into())), "image.media_type"),
        (showing(Image, None, Base64("Qk0=".into())), "image.media_type"),
        (showing(Image, None, Url("gs://x/y".into())), "image.url"),
        (showing(Image, None, Held("file-abc".into())), "image.file_id"),
        (showing(Document, Some("application/zip"), Base64("UEs=".into())), "document.media_type"),
        (showing(Document, Some("text/csv"), Base64("/w==".into())), "document"),
    ] {
        assert_eq!(unsayable(&request), what);
    }
    assert_eq!(
        unsayable(&asking(vec![turn(Role::System, vec![image()]), said(Role::User, "q")])),
        "system.image"
    );
}

#[test]
fn b18_documents_are_pdf_or_text() {
    use MediaKind::Document;
    use MediaSource::Base64;
    let (body, _) = written(&showing(Document, Some("application/pdf"), Base64("JVBERi0=".into())));
    assert_eq!(body["messages"][0]["content"][0]["source"]["media_type"], "application/pdf");
    let (body, lost) = written(&showing(Document, Some("text/csv"), Base64("YSxi".into())));
    let source = json!({"type": "text", "media_type": "text/plain", "data": "a,b"});
    assert_eq!(body["messages"][0]["content"][0]["source"], source);
    assert_eq!(lost, ["document.media_type"]);
}

#[test]
fn d11_g22_only_its_own_thoughts_go_back() {
    let gemini = Opaque::new(Protocol::Gemini, "thought_signature", "x");
    for (proof, goes) in [
        (None, false),
        (Some(gemini.clone()), false),
        (Some(signature(None)), true),
        (Some(signature(Some("account"))), true),
        (Some(signature(Some("another"))), false),
    ] {
        let name = if proof.is_some() { "reasoning.proof" } else { "reasoning" };
        let (body, lost) = written(&asking(vec![
            said(Role::User, "q"),
            turn(Role::Assistant, vec![thought(proof), Content::text("a")]),
            said(Role::User, "r"),
        ]));
        if goes {
            let first = &body["messages"][1]["content"][0];
            assert_eq!(*first, json!({"type": "thinking", "thinking": "Hm", "signature": "EqQB"}));
            assert!(lost.is_empty());
        } else {
            assert_eq!((types(&body, 1), lost), (vec!["text"], vec![name.to_owned()]));
        }
    }
    let mut called = call("a", "{}");
    if let Content::ToolCall(call) = &mut called {
        call.proof = Some(gemini);
    }
    let answered = turn(Role::User, vec![result("a", vec![])]);
    let turns = vec![said(Role::User, "q"), turn(Role::Assistant, vec![called]), answered];
    assert_eq!(written(&asking(turns)).1, ["tool_call.proof"]);
}

#[test]
fn a_turn_does_not_end_in_a_thought() {
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, vec![thought(Some(signature(None)))]),
        said(Role::User, "r"),
    ]));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
    assert_eq!(lost, ["reasoning"]);
}

#[test]
fn what_is_carried_whole_is_one_object_or_is_refused() {
    let carried = |protocol, data: &str| {
        let block = Content::Opaque(Opaque::new(protocol, "web_search_tool_result", data));
        let answer = turn(Role::Assistant, vec![block, Content::text("a")]);
        asking(vec![said(Role::User, "q"), answer, said(Role::User, "r")])
    };
    let own = Protocol::AnthropicMessages;
    let (body, lost) = written(&carried(own, r#"{"type":"web_search_tool_result","tool_use_id":"s"}"#));
    assert_eq!(body["messages"][1]["content"][0]["tool_use_id"], "s");
    assert!(lost.is_empty());
    let (body, lost) = written(&carried(Protocol::OpenaiResponses, "{}"));
    assert_eq!(types(&body, 1), ["text"]);
    assert_eq!(lost, ["web_search_tool_result"]);
    let forged = carried(own, r#"{"type":"text"}]}],"model":"dearer","x":[{"y":[{}"#);
    assert!(matches!(written_to(&forged, &target()), Err(TranslateError::Malformed { .. })));
}

#[test]
fn g01_something_is_said_and_the_user_has_the_last_word() {
    let (body, lost) = written(&asking(vec![said(Role::Assistant, "Hello!"), said(Role::User, "q")]));
    assert_eq!((&body["messages"][0]["role"], lost), (&json!("assistant"), vec![]), "as Anthropic takes it");
    assert_eq!(unsayable(&asking(vec![said(Role::User, " ")])), "messages");
    assert_eq!(unsayable(&asking(vec![])), "messages");
    let silent = asking(vec![said(Role::User, "q"), said(Role::Assistant, "a"), said(Role::User, "")]);
    assert_eq!(unsayable(&silent), "messages", "nobody asked the model to go on from its own word");
}

#[test]
fn b23_a_given_start_is_for_models_that_go_on_from_it() {
    let start = vec![thought(Some(signature(None))), Content::text("("), Content::text("A \n")];
    let turns = vec![said(Role::User, "q"), turn(Role::Assistant, start)];
    let (body, lost) = written(&asking(turns.clone()));
    let start = json!([{"type": "text", "text": "("}, {"type": "text", "text": "A"}]);
    assert_eq!(body["messages"][1]["content"], start);
    assert_eq!(lost, ["reasoning", "prefill.blank"]);
    let no = Capabilities { no: Needs::PREFILL, ..Capabilities::default() };
    let target = Target { capabilities: no, ..target() };
    let error = written_to(&asking(turns), &target).unwrap_err();
    assert!(matches!(error, TranslateError::Unsayable { what, .. } if what == "prefill"));
    let paused = Content::Opaque(Opaque::new(Protocol::AnthropicMessages, "server_tool_use", "{}"));
    let paused = asking(vec![said(Role::User, "q"), turn(Role::Assistant, vec![paused])]);
    assert!(written_to(&paused, &target).is_ok(), "a paused turn is no start");
}

#[test]
fn ids_that_the_dialect_refuses_are_put_in_other_words() {
    let ids = ["functions.f:0", "functions_f_0", "functions f:0", ""];
    let (body, lost) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, ids.iter().map(|id| call(id, "{}")).collect()),
        turn(Role::User, ids.iter().map(|id| result(id, vec![])).collect()),
    ]));
    let ids = |at: usize, name: &str| -> Vec<String> {
        let content = body["messages"][at]["content"].as_array().unwrap();
        content.iter().map(|block| block[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(1, "id"), ["functions_f_0_1", "functions_f_0", "functions_f_0_2", "call"]);
    assert_eq!(ids(2, "tool_use_id"), ids(1, "id"));
    assert!(lost.is_empty());
}

#[test]
fn calls_in_the_conversation_want_tools_on_offer() {
    let (body, _) = written(&asking(vec![
        said(Role::User, "q"),
        turn(Role::Assistant, vec![call("a", "{}"), call("b", "{}")]),
        turn(Role::User, vec![result("a", vec![]), result("b", vec![])]),
    ]));
    let tools = json!([{"name": "f", "input_schema": {"type": "object", "properties": {}}}]);
    assert_eq!((&body["tools"], &body["tool_choice"]), (&tools, &json!({"type": "none"})));
}

#[test]
fn what_has_no_place_in_a_turn_is_named() {
    let refused = turn(Role::Assistant, vec![Content::Refusal("No.".into())]);
    let mut turns = vec![said(Role::User, "q"), refused, said(Role::User, "r")];
    turns[0].name = Some("ann".into());
    let (body, lost) = written(&asking(turns));
    assert_eq!(body["messages"][1]["content"], json!([{"type": "text", "text": "No."}]));
    assert_eq!(lost, ["messages.name", "refusal"]);
    let mut free = call("a", "");
    if let Content::ToolCall(call) = &mut free {
        call.input = ToolInput::Text("x".into());
    }
    let answered = turn(Role::User, vec![result("a", vec![])]);
    let (body, lost) =
        written(&asking(vec![said(Role::User, "q"), turn(Role::Assistant, vec![free]), answered]));
    assert_eq!(body["messages"][1]["content"][0]["input"], json!({"input": "x"}));
    assert_eq!(lost, ["tool_call.custom"]);
}
