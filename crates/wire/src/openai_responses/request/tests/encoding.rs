//! Requests for suppliers, written.

use super::*;
use crate::conversation::testing;

fn request() -> Request {
    Request {
        turns: vec![
            Turn { role: Role::System, name: None, blocks: vec![Content::text("be brief").into()] },
            user(vec![Content::text("hi").into()]),
        ],
        ..Request::default()
    }
}

#[test]
fn nothing_is_kept_at_the_supplier() {
    let (body, losses) = written(&request(), &target());
    let expected = json!({"model": "m", "instructions": "be brief", "store": false,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]});
    assert_eq!((body, losses), (expected, vec![]));
    let mut reasoning = request();
    reasoning.effort = Some(Effort::Named("high".into()));
    reasoning.shows_reasoning = Some(true);
    let (body, _) = written(&reasoning, &target());
    assert_eq!(body["reasoning"], json!({"effort": "high", "summary": "auto"}));
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    let knows = Target { capabilities: Capabilities { yes: Needs::REASONING, no: Needs::NONE }, ..target() };
    assert_eq!(written(&request(), &knows).0["include"], json!(["reasoning.encrypted_content"]));
    let cannot = Target { capabilities: Capabilities { yes: Needs::NONE, no: Needs::REASONING }, ..target() };
    let (body, losses) = written(&reasoning, &cannot);
    assert_eq!(
        (body.get("reasoning"), body.get("include"), losses),
        (None, None, vec!["reasoning".to_owned()])
    );
}

#[test]
fn e13_reasoning_goes_back_to_who_can_read_it() {
    let mut ours = Opaque::new(PROTOCOL, "encrypted_content", "enc");
    let think = |text: &str, proof: Option<Opaque>, is_summary| {
        Block::from(Content::Reasoning(Reasoning { text: text.into(), proof, is_summary }))
    };
    let say = |blocks: Vec<Block>| {
        let mut request = request();
        request.turns.push(Turn { role: Role::Assistant, name: None, blocks });
        let (body, losses) = written(&request, &target());
        (body["input"].as_array().unwrap()[1..].to_vec(), losses)
    };
    let id = crate::call_id::made(b"enc", 0).replace("call_", "rs_");
    let item = json!({"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "enc"});
    assert_eq!(say(vec![think("s", Some(ours.clone()), true)]), (vec![item.clone()], vec![]));
    // A summary and its thought are one item again.
    let mut both = item.clone();
    both["content"] = json!([{"type": "reasoning_text", "text": "t"}]);
    assert_eq!(
        say(vec![think("s", None, true), think("t", Some(ours.clone()), false)]),
        (vec![both], vec![])
    );
    ours.owner = Some("account".into());
    assert_eq!(say(vec![think("s", Some(ours.clone()), true)]).0, [item]);
    ours.owner = Some("another".into());
    assert_eq!(say(vec![think("s", Some(ours), true)]), (vec![], vec!["reasoning.proof".to_owned()]));
    assert_eq!(say(vec![think("s", None, false)]), (vec![], vec!["reasoning".to_owned()]));
}

#[test]
fn tools_and_choices() {
    let function = |name: &str, strict| {
        Tool::Function(Function {
            name: name.into(),
            strict,
            schema: Some(r#"{"z":1.50}"#.into()),
            ..Function::default()
        })
    };
    let grammar = Some(crate::conversation::Grammar { syntax: "regex".into(), definition: "a".into() });
    let custom = Tool::Custom { name: "c".into(), description: None, grammar };
    let plain = Tool::Function(Function { name: "p".into(), ..Function::default() });
    let tools = vec![function("f", Some(true)), function("g", None), custom, plain];
    let request = Request { tools, tool_choice: ToolChoice::Named("c".into()), ..request() };
    let encoded = encode(&request, &target()).unwrap();
    let text = String::from_utf8(encoded.body.to_vec()).unwrap();
    assert!(text.contains(r#""parameters":{"z":1.50}"#), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["tools"][0]["strict"], true);
    // Unsaid is not strict in other dialects, and strict here.
    assert_eq!(body["tools"][1]["strict"], false);
    let grammar = json!({"type": "grammar", "syntax": "regex", "definition": "a"});
    assert_eq!(body["tools"][2], json!({"type": "custom", "name": "c", "format": grammar}));
    assert_eq!(body["tools"][3]["parameters"], Value::Null);
    assert_eq!(body["tool_choice"], json!({"type": "custom", "name": "c"}));
}

#[test]
fn b26_what_cannot_be_said_is_refused_or_named() {
    for (request, what) in [
        (Request { choices: Some(2), ..request() }, "n"),
        (Request { stop: vec!["END".into()], ..request() }, "stop"),
        (
            Request {
                tools: vec![Tool::Supplied(Opaque::new(
                    catalogue::Protocol::AnthropicMessages,
                    "web_search_20250305",
                    "{}",
                ))],
                ..request()
            },
            "tools.web_search_20250305",
        ),
    ] {
        assert_eq!(unsayable(&encode(&request, &target()).unwrap_err()), what);
    }
    let mut many = request();
    many.choices = Some(1);
    many.sampling.top_k = Some("4".into());
    many.sampling.seed = Some("1".into());
    many.sampling.temperature = Some("0.70".into());
    many.sampling.top_p = Some("0.9".into());
    many.sampling.logprobs = Some(2);
    many.max_tokens = Some(5000);
    many.effort = Some(Effort::Budget(3000));
    let refuses = [Arc::from("top_p")];
    let target = Target { refuses: &refuses, max_output: Some(4000), ..target() };
    let encoded = encode(&many, &target).unwrap();
    let text = String::from_utf8(encoded.body.to_vec()).unwrap();
    assert!(text.contains(r#""temperature":0.70,"#) && !text.contains("top_p"), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&body["max_output_tokens"], &body["top_logprobs"]), (&json!(4000), &json!(2)));
    assert_eq!(body["include"], json!(["reasoning.encrypted_content", "message.output_text.logprobs"]));
    assert_eq!(body["reasoning"]["effort"], "low");
    let losses: Vec<_> = encoded.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(losses, ["reasoning_effort", "max_tokens", "top_p", "top_k", "seed"]);
}

#[test]
fn g10_media_is_delivered_or_refused() {
    use crate::conversation::MediaKind;
    let media =
        |kind, media_type: Option<&str>, source| Content::Media(testing::media(kind, media_type, source));
    let base64 = || MediaSource::Base64("AAAA".into());
    let held = |id: &str| MediaSource::Held(id.into());
    for (role, content, expected) in [
        (Role::User, media(MediaKind::Image, Some("image/png"), base64()), Ok("data:image/png;base64,AAAA")),
        (
            Role::User,
            media(MediaKind::Document, Some("application/pdf"), base64()),
            Ok("data:application/pdf"),
        ),
        (
            Role::User,
            media(MediaKind::Document, None, MediaSource::Text("hé".into())),
            Ok("data:text/plain;base64,aMOp"),
        ),
        (Role::User, media(MediaKind::Image, None, held("file-1")), Ok("file-1")),
        (Role::User, media(MediaKind::Document, None, held("file_011")), Err("file")),
        (Role::User, media(MediaKind::Document, None, MediaSource::Url("s3://b/k".into())), Err("media.url")),
        (Role::User, media(MediaKind::Image, None, MediaSource::Url("gs://b/k".into())), Err("media.url")),
        (Role::User, media(MediaKind::Video, Some("video/mp4"), base64()), Err("video")),
        (Role::User, media(MediaKind::Audio, Some("audio/wav"), base64()), Err("audio")),
        (Role::Assistant, media(MediaKind::Image, Some("image/png"), base64()), Err("media")),
    ] {
        let turns = vec![Turn { role, name: None, blocks: vec![content.into()] }];
        match (encode(&Request { turns, ..Request::default() }, &target()), expected) {
            (Ok(encoded), Ok(part)) => {
                let text = String::from_utf8(encoded.body.to_vec()).unwrap();
                assert!(text.contains(part), "{text}");
            }
            (Err(error), Err(what)) => assert_eq!(unsayable(&error), what),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }
}

#[test]
fn ids_of_calls_that_are_too_long_still_match() {
    let id = "x".repeat(65);
    let call = crate::conversation::ToolCall {
        id: id.clone(),
        name: "f".into(),
        input: ToolInput::Arguments("{}".into()),
        proof: None,
    };
    let result = crate::conversation::ToolResult {
        call_id: id,
        name: None,
        blocks: vec![],
        is_error: true,
        is_custom: false,
    };
    let turns = vec![
        Turn { role: Role::Assistant, name: None, blocks: vec![Content::ToolCall(call).into()] },
        user(vec![Content::ToolResult(result).into()]),
    ];
    let (body, losses) = written(&Request { turns, ..Request::default() }, &target());
    let id = body["input"][0]["call_id"].as_str().unwrap();
    assert!(id.len() <= 64);
    assert_eq!(body["input"][1]["call_id"], id);
    assert_eq!(losses, ["tool_result.is_error"]);
}

#[test]
fn the_word_for_json_stands_in_the_input() {
    let said = |role, text: &str| Turn { role, name: None, blocks: vec![Content::text(text).into()] };
    let asked = |question| Request {
        turns: vec![said(Role::System, "Answer in JSON."), said(Role::User, question)],
        format: OutputFormat::Json,
        ..Request::default()
    };
    let (body, _) = written(&asked("When?"), &target());
    assert_eq!((body.get("instructions"), &body["input"][0]["role"]), (None, &json!("system")));
    let (body, _) = written(&asked("When, as json?"), &target());
    assert_eq!(
        (&body["instructions"], body["input"].as_array().unwrap().len()),
        (&json!("Answer in JSON."), 1)
    );
}

#[test]
fn a_limit_below_the_least_is_raised_and_named() {
    let asked = |max_tokens| Request { max_tokens: Some(max_tokens), ..request() };
    for (tokens, expected, lost) in [(1, 16, true), (15, 16, true), (16, 16, false)] {
        let (body, losses) = written(&asked(tokens), &target());
        assert_eq!((&body["max_output_tokens"], losses == ["max_tokens"]), (&json!(expected), lost));
    }
}
