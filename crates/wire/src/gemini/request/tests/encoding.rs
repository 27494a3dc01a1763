//! What a supplier is sent.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Protocol, Quirks};
use serde_json::{Value, json};

use crate::conversation::testing;
use crate::conversation::{
    CacheMark, Content, Effort, Function, MediaKind, MediaSource, Opaque, OutputFormat, Reasoning, Request,
    Role, Sampling, Target, Text, Tool, ToolChoice, ToolResult, TranslateError, Translator, Turn,
};
use crate::gemini::testing::{call, encoded, newer, older, result, signed, turn};
use crate::gemini::translator::GeminiTranslator;

fn conversation(turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::default() }
}

fn user(text: &str) -> Turn {
    turn(Role::User, vec![Content::text(text)])
}

fn refused(request: &Request, target: &Target<'_>) -> String {
    match GeminiTranslator.encode_request(request, target) {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn function(name: &str, schema: Option<&str>) -> Tool {
    let schema = schema.map(|schema| schema.to_owned().into());
    Tool::Function(Function { name: name.into(), schema, ..Function::default() })
}

#[test]
fn a_whole_request() {
    let schema = r#"{"type":"object","properties":{"a":{"type":"number","maximum":0.70}}}"#;
    let request = Request {
        turns: vec![turn(Role::System, vec![Content::text("be brief")]), user("hi")],
        tools: vec![function("f", Some(schema))],
        tool_choice: ToolChoice::Named("f".into()),
        max_tokens: Some(100),
        sampling: Sampling {
            temperature: Some("0.70".into()),
            top_p: Some("1".into()),
            top_k: Some("40".into()),
            seed: Some("-7".into()),
            frequency_penalty: Some("0.5".into()),
            presence_penalty: Some("-0.5".into()),
            logprobs: Some(3),
        },
        stop: vec!["END".into()],
        choices: Some(2),
        effort: Some(Effort::Named("high".into())),
        shows_reasoning: Some(true),
        stream: true,
        ..Request::default()
    };
    let body = GeminiTranslator.encode_request(&request, &newer()).unwrap();
    assert_eq!(body.losses, []);
    let expected = concat!(
        r#"{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],"#,
        r#""tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":"#,
        r#"{"type":"object","properties":{"a":{"type":"number","maximum":0.70}}}}]}],"#,
        r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"#,
        r#""generationConfig":{"temperature":0.70,"topP":1,"topK":40,"seed":-7,"frequencyPenalty":0.5,"presencePenalty":-0.5,"#,
        r#""responseLogprobs":true,"logprobs":3,"maxOutputTokens":100,"candidateCount":2,"stopSequences":["END"],"#,
        r#""thinkingConfig":{"thinkingLevel":"HIGH","includeThoughts":true}}}"#
    );
    assert_eq!(std::str::from_utf8(&body.body).unwrap(), expected);
    let again = GeminiTranslator.encode_request(&request.clone(), &newer()).unwrap();
    assert_eq!(again, body, "g7: the same request gives the same bytes");
}

#[test]
fn b05_results_travel_together_behind_their_calls_and_in_their_order() {
    let request = conversation(vec![
        user("go"),
        turn(Role::Assistant, vec![call("a", "f", r#"{"x":1.50}"#, None)]),
        turn(Role::Assistant, vec![call("b", "f", "", None)]),
        turn(Role::User, vec![Content::text("also"), result("b", "two")]),
        turn(Role::User, vec![result("a", r#"{"one":1}"#)]),
        user("and?"),
    ]);
    let (body, losses) = encoded(&request, &older());
    let expected = json!([
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [
            {"functionCall": {"id": "a", "name": "f", "args": {"x": 1.50}}},
            {"functionCall": {"id": "b", "name": "f", "args": {}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "a", "name": "f", "response": {"one": 1}}},
            {"functionResponse": {"id": "b", "name": "f", "response": {"result": "two"}}}]},
        {"role": "user", "parts": [{"text": "also"}]},
        {"role": "user", "parts": [{"text": "and?"}]},
    ]);
    assert_eq!((body["contents"].clone(), losses), (expected, vec![]));
}

#[test]
fn f07_ids_that_we_made_stay_here() {
    let made = "gemini_call_0123456789abcdef_0";
    let request = conversation(vec![
        turn(Role::Assistant, vec![call(made, "f", "{}", None)]),
        turn(Role::User, vec![result(made, "x")]),
    ]);
    let (body, _) = encoded(&request, &older());
    assert_eq!(body["contents"][0]["parts"][0], json!({"functionCall": {"name": "f", "args": {}}}));
    assert_eq!(
        body["contents"][1]["parts"][0],
        json!({"functionResponse": {"name": "f", "response": {"result": "x"}}})
    );
    let orphan = conversation(vec![turn(Role::User, vec![result("gone", "x")])]);
    assert_eq!(refused(&orphan, &older()), "tool_result.name");
}

#[test]
fn f04_signatures_go_back_to_their_account_and_the_rest_is_bypassed() {
    let foreign = Opaque { owner: Some("other".into()), ..signed("FOREIGN") };
    let request = conversation(vec![
        turn(
            Role::Assistant,
            vec![
                Content::Text(Text { text: "a".into(), proof: Some(signed("TTTT")), ..Text::default() }),
                call("1", "f", "{}", Some(signed("SSSS"))),
                call("2", "f", "{}", None),
            ],
        ),
        turn(Role::User, vec![result("1", "x"), result("2", "x")]),
        turn(Role::Assistant, vec![call("3", "f", "{}", Some(foreign.clone())), call("4", "f", "{}", None)]),
        turn(Role::User, vec![result("3", "x"), result("4", "x")]),
        turn(
            Role::Assistant,
            vec![
                Content::Reasoning(Reasoning { text: String::new(), proof: Some(foreign), is_summary: true }),
                Content::Text(Text { proof: Some(signed("LAST")), ..Text::default() }),
                Content::text(""),
            ],
        ),
    ]);
    let signatures = |target: &Target<'_>| {
        let (body, losses) = encoded(&request, target);
        let contents = body["contents"].as_array().unwrap().clone();
        let parts = contents.iter().filter(|content| content["role"] == "model");
        let parts = parts.flat_map(|content| content["parts"].as_array().unwrap());
        (parts.map(|part| part["thoughtSignature"].clone()).collect::<Vec<Value>>(), losses)
    };
    let bypass = json!("skip_thought_signature_validator");
    let (own, last, none) = (json!("SSSS"), json!("LAST"), Value::Null);
    let lost = vec!["reasoning.proof".to_owned()];
    let expected = vec![json!("TTTT"), own.clone(), none.clone(), bypass, none.clone(), last.clone()];
    assert_eq!(signatures(&newer()), (expected, lost.clone()));
    let expected = vec![json!("TTTT"), own, none.clone(), none.clone(), none, last];
    assert_eq!(signatures(&older()), (expected, lost));
}

#[test]
fn f06_thoughts_are_marked_as_such() {
    let thought =
        |text: &str, proof| Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: true });
    let other = Opaque::new(Protocol::AnthropicMessages, "signature", "zzz");
    let request = conversation(vec![turn(
        Role::Assistant,
        vec![thought("hm", Some(other)), thought("", Some(signed("R")))],
    )]);
    let (body, losses) = encoded(&request, &newer());
    let expected =
        json!([{"text": "hm", "thought": true}, {"text": "", "thought": true, "thoughtSignature": "R"}]);
    assert_eq!(body["contents"][0]["parts"], expected);
    assert_eq!(losses, ["reasoning.proof"]);
}

#[test]
fn g6_no_instruction_is_lost() {
    let system = |text: &str| turn(Role::System, vec![Content::text(text)]);
    let request = conversation(vec![
        system("a"),
        user("x"),
        system("b"),
        turn(Role::Assistant, vec![Content::text("y")]),
    ]);
    let (body, losses) = encoded(&request, &older());
    assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "a"}, {"text": "b"}]}));
    assert_eq!(losses, ["messages.order"]);
    let image = turn(Role::System, vec![picture()]);
    assert_eq!(refused(&conversation(vec![image, user("x")]), &older()), "turns.system");
}

fn picture() -> Content {
    Content::Media(testing::media(MediaKind::Image, Some("image/png"), MediaSource::Base64("AAAA".into())))
}

#[test]
fn g10_media_in_a_result_is_delivered() {
    let shown = Content::ToolResult(ToolResult {
        call_id: "1".into(),
        name: None,
        blocks: vec![Content::text("see").into(), picture().into()],
        is_error: true,
        is_custom: false,
    });
    let request = conversation(vec![
        turn(Role::Assistant, vec![call("1", "f", "{}", None)]),
        turn(Role::User, vec![shown]),
    ]);
    let part = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    let (body, losses) = encoded(&request, &newer());
    let expected = json!({"id": "1", "name": "f", "response": {"error": "see"}, "parts": [part]});
    assert_eq!(body["contents"][1]["parts"], json!([{"functionResponse": expected}]));
    assert_eq!(losses, [""; 0]);
    let (body, losses) = encoded(&request, &older());
    assert_eq!(body["contents"][1]["parts"].as_array().unwrap().len(), 1);
    assert_eq!(body["contents"][2], json!({"role": "user", "parts": [part]}));
    assert_eq!(losses, ["tool_result.media"]);
}

#[test]
fn b07_arguments_that_are_no_object_are_said_as_text() {
    let big = r#"{"n":12345678901234567890123,"s":"\u2028"}"#;
    let request = conversation(vec![turn(
        Role::Assistant,
        vec![call("1", "f", big, None), call("2", "f", r#"{"a":"#, None)],
    )]);
    let encoded = GeminiTranslator.encode_request(&request, &older()).unwrap();
    let body = String::from_utf8(encoded.body.to_vec()).unwrap();
    assert!(body.contains(&format!(r#""args":{big}"#)), "{body}");
    assert!(body.contains(r#""args":{"INVALID_JSON":"{\"a\":"}"#), "{body}");
    assert_eq!(encoded.losses[0].what, "tool_call.arguments");
}

#[test]
fn what_went_through_the_clients_hands_cannot_break_out() {
    let opaque = |data: &str| {
        let part = Opaque::new(Protocol::Gemini, "executableCode", data);
        conversation(vec![turn(Role::Assistant, vec![Content::Opaque(part)])])
    };
    let good = r#"{"executableCode":{"code":"1","language":"PYTHON"}}"#;
    let (body, _) = encoded(&opaque(good), &older());
    assert_eq!(body["contents"][0]["parts"][0], serde_json::from_str::<Value>(good).unwrap());
    for bad in [r#"{"a":1}],"tools":[{}"#, "1", "", "{} {}"] {
        let result = GeminiTranslator.encode_request(&opaque(bad), &older());
        assert!(matches!(result, Err(TranslateError::Malformed { .. })), "{bad}");
    }
    let foreign = Opaque::new(Protocol::OpenaiResponses, "web_search_call", "{}");
    let request = conversation(vec![user("x"), turn(Role::Assistant, vec![Content::Opaque(foreign)])]);
    let (body, losses) = encoded(&request, &older());
    assert_eq!(body["contents"].as_array().unwrap().len(), 1);
    assert_eq!(losses, ["web_search_call"]);
}

#[test]
fn f10_older_models_take_a_subset() {
    let schema =
        r#"{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}"#;
    let target = Target { quirks: Quirks::SCHEMA_SUBSET, ..older() };
    let tools =
        vec![function("f", Some(schema)), function("g", Some(r#"{"type":"object"}"#)), function("h", None)];
    let request = Request { turns: vec![user("x")], tools, ..Request::default() };
    let (body, losses) = encoded(&request, &target);
    let parameters = json!({"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": true}}});
    let expected = json!([{"name": "f", "parameters": parameters}, {"name": "g"}, {"name": "h"}]);
    assert_eq!(body["tools"][0]["functionDeclarations"], expected);
    assert_eq!(losses, ["tools.schema.additionalProperties"]);
    let format = OutputFormat::Schema {
        name: Some("n".into()),
        description: None,
        schema: schema.into(),
        strict: Some(true),
    };
    let request = Request { turns: vec![user("x")], format, ..Request::default() };
    let (body, losses) = encoded(&request, &target);
    assert_eq!(
        body["generationConfig"],
        json!({"responseMimeType": "application/json", "responseSchema": parameters})
    );
    assert_eq!(losses, ["response_format.schema.additionalProperties"]);
    let (body, _) = encoded(&request, &older());
    assert_eq!(
        body["generationConfig"]["responseJsonSchema"],
        serde_json::from_str::<Value>(schema).unwrap()
    );
}

#[test]
fn a_format_beside_tools_is_for_newer_models() {
    let request = Request {
        turns: vec![user("x")],
        tools: vec![function("f", None)],
        format: OutputFormat::Json,
        ..Request::default()
    };
    assert_eq!(refused(&request, &older()), "response_format");
    let (body, _) = encoded(&request, &newer());
    assert_eq!(body["generationConfig"], json!({"responseMimeType": "application/json"}));
}

#[test]
fn b10_every_choice_of_tools() {
    let with =
        |tool_choice, tools| Request { turns: vec![user("x")], tools, tool_choice, ..Request::default() };
    for (choice, expected) in [
        (ToolChoice::Unsaid, Value::Null),
        (ToolChoice::Auto, json!({"mode": "AUTO"})),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Any, json!({"mode": "ANY"})),
        (ToolChoice::Named("f".into()), json!({"mode": "ANY", "allowedFunctionNames": ["f"]})),
    ] {
        let (body, losses) = encoded(&with(choice.clone(), vec![function("f", None)]), &older());
        assert_eq!(body["toolConfig"]["functionCallingConfig"], expected);
        assert_eq!(losses, [""; 0]);
        let (body, losses) = encoded(&with(choice.clone(), vec![]), &older());
        assert_eq!(body.get("toolConfig"), None);
        let forced = matches!(choice, ToolChoice::Any | ToolChoice::Named(_));
        assert_eq!(losses, if forced { vec!["tool_choice"] } else { vec![] });
    }
}

#[test]
fn d13_tools_of_the_supplier_go_to_it_alone() {
    let supplied = |protocol, kind: &'static str, data: &str| {
        let tool = Tool::Supplied(Opaque::new(protocol, kind, data));
        Request { turns: vec![user("x")], tools: vec![function("f", None), tool], ..Request::default() }
    };
    let own = supplied(Protocol::Gemini, "googleSearch", r#"{"googleSearch":{}}"#);
    let (body, _) = encoded(&own, &older());
    assert_eq!(body["tools"], json!([{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]));
    assert_eq!(
        refused(&supplied(Protocol::OpenaiResponses, "web_search", "{}"), &older()),
        "tools.web_search"
    );
}

#[test]
fn f18_thinking_by_budget_or_by_level() {
    let asked = |effort: Effort, target: &Target<'_>| {
        let request = Request { turns: vec![user("x")], effort: Some(effort), ..Request::default() };
        let (body, losses) = encoded(&request, target);
        (body["generationConfig"]["thinkingConfig"].clone(), !losses.is_empty())
    };
    let named = |word: &str| Effort::Named(word.into());
    for (effort, budget, level) in [
        (Effort::Off, (json!(0), false), (json!("LOW"), true)),
        (Effort::Auto, (json!(-1), false), (Value::Null, false)),
        (Effort::Budget(5000), (json!(5000), false), (json!("MEDIUM"), true)),
        (Effort::Budget(100_000), (json!(24_576), true), (json!("HIGH"), true)),
        (named("none"), (json!(0), false), (json!("LOW"), false)),
        (named("minimal"), (json!(1024), false), (json!("LOW"), true)),
        (named("low"), (json!(2048), false), (json!("LOW"), false)),
        (named("medium"), (json!(8192), false), (json!("MEDIUM"), false)),
        (named("high"), (json!(16_384), false), (json!("HIGH"), false)),
        (named("max"), (json!(24_576), true), (json!("HIGH"), true)),
        (named("odd"), (Value::Null, true), (Value::Null, true)),
    ] {
        let (said, lost) = asked(effort.clone(), &older());
        assert_eq!((said["thinkingBudget"].clone(), lost), budget, "{effort:?}");
        let (said, lost) = asked(effort.clone(), &newer());
        assert_eq!((said["thinkingLevel"].clone(), lost), level, "{effort:?}");
    }
    let plain = Target { capabilities: Capabilities { no: Needs::REASONING, yes: Needs::NONE }, ..older() };
    assert_eq!(asked(Effort::Off, &plain), (Value::Null, false));
    assert_eq!(asked(named("low"), &plain), (Value::Null, true));
}

#[test]
fn what_cannot_be_said_is_refused_or_named() {
    let refuses = [Arc::from("temperature"), Arc::from("top_p")];
    let target = Target {
        refuses: &refuses,
        max_output: Some(50),
        capabilities: Capabilities { no: Needs::LOGPROBS | Needs::MULTIPLE_CHOICES, yes: Needs::NONE },
        ..older()
    };
    let mut text = turn(Role::User, vec![Content::text("x"), Content::Refusal("no".into())]);
    text.name = Some("ann".into());
    text.blocks[0].cache = Some(CacheMark::Hour);
    let strict = Function {
        name: "f".into(),
        strict: Some(true),
        cache: Some(CacheMark::Short),
        ..Function::default()
    };
    let request = Request {
        turns: vec![text],
        tools: vec![Tool::Function(strict)],
        parallel_tools: Some(false),
        max_tokens: Some(60),
        sampling: Sampling {
            temperature: Some("1".into()),
            top_k: Some("nan".into()),
            seed: Some("5000000000".into()),
            ..Sampling::default()
        },
        user: Some("u".into()),
        metadata: vec![("a".into(), "b".into())],
        ..Request::default()
    };
    let (body, losses) = encoded(&request, &target);
    let expected = [
        "messages.name",
        "cache_control",
        "refusal",
        "tools.strict",
        "parallel_tool_calls",
        "temperature",
        "top_k",
        "seed",
        "user",
        "metadata",
    ];
    assert_eq!(losses, expected);
    assert_eq!(body["generationConfig"], json!({"maxOutputTokens": 50}));
    let sampling = Sampling { logprobs: Some(0), ..Sampling::default() };
    let logprobs = Request { turns: vec![user("x")], sampling, ..Request::default() };
    assert_eq!(refused(&logprobs, &target), "logprobs");
    assert_eq!(encoded(&logprobs, &older()).0["generationConfig"], json!({"responseLogprobs": true}));
    assert_eq!(refused(&Request { choices: Some(2), ..Request::default() }, &target), "n");
    let stop = ["a"; 6].map(str::to_owned).to_vec();
    assert_eq!(refused(&Request { stop, ..Request::default() }, &older()), "stop");
}
