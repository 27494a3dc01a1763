//! What a client says.

use catalogue::Protocol;
use serde_json::{Value, json};

use crate::conversation::testing;
use crate::conversation::{
    ClientTranslator, Content, Effort, Function, MediaKind, MediaSource, Opaque, OutputFormat, Reasoning,
    Request, Role, Text, Tool, ToolChoice, ToolResult, TranslateError, WebSearch,
};
use crate::gemini::testing::{call, decoded, names, result, turn};
use crate::gemini::translator::GeminiTranslator;
use crate::gemini::{ids, signature};

fn refused(body: &Value) -> TranslateError {
    GeminiTranslator.decode_request(body.to_string().as_bytes()).unwrap_err()
}

fn unsayable(body: &Value) -> String {
    match refused(body) {
        TranslateError::Unsayable { what, .. } => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_request() {
    let body = br#"{"systemInstruction":{"role":"user","parts":[{"text":"be brief"}]},
        "contents":[{"parts":[{"text":"hi"}]},{"role":"model","parts":[{"text":"yo"}]}],
        "tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{ "type":"object" }}]},{"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"any","allowedFunctionNames":["f"]}},
        "generationConfig":{"temperature":0.70,"topP":1,"topK":40.0,"seed":-7,"maxOutputTokens":"100","candidateCount":2,
        "stopSequences":["END"],"responseLogprobs":true,"logprobs":3,"presencePenalty":1e-1,"frequencyPenalty":"0.5",
        "thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}},"labels":{"team_a":"x"}}"#;
    let request = GeminiTranslator.decode_request(body).unwrap();
    let mut expected = Request {
        turns: vec![
            turn(Role::System, vec![Content::text("be brief")]),
            turn(Role::User, vec![Content::text("hi")]),
            turn(Role::Assistant, vec![Content::text("yo")]),
        ],
        tools: vec![
            Tool::Function(Function {
                name: "f".into(),
                description: Some("d".into()),
                schema: Some(r#"{ "type":"object" }"#.into()),
                ..Function::default()
            }),
            Tool::Search(Box::new(WebSearch::new(
                "googleSearch",
                Opaque::new(Protocol::Gemini, "googleSearch", r#"{"googleSearch":{}}"#),
            ))),
        ],
        tool_choice: ToolChoice::Named("f".into()),
        effort: Some(Effort::Auto),
        shows_reasoning: Some(true),
        max_tokens: Some(100),
        stop: vec!["END".into()],
        choices: Some(2),
        stream_usage: true,
        metadata: vec![("team_a".into(), "x".into())],
        ..Request::default()
    };
    let sampling = &mut expected.sampling;
    sampling.temperature = Some("0.70".into());
    sampling.top_p = Some("1".into());
    sampling.top_k = Some("40".into());
    sampling.seed = Some("-7".into());
    sampling.frequency_penalty = Some("0.5".into());
    sampling.presence_penalty = Some("1e-1".into());
    sampling.logprobs = Some(3);
    assert_eq!(request, expected);
}

#[test]
fn both_spellings_and_single_elements_are_taken() {
    let camel = json!({
        "systemInstruction": {"parts": [{"text": "s"}]},
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "a_b", "args": {"c_d": 1}}, "thoughtSignature": "AAAA"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "a_b", "response": {"e_f": 1}}}]}],
        "tools": [{"functionDeclarations": [{"name": "a_b", "parameters": {"type": "object", "properties": {"c_d": {"type": "number"}}}}]}],
        "generationConfig": {"maxOutputTokens": 1, "responseMimeType": "application/json",
            "responseSchema": {"type": "object", "properties": {"g_h": {"type": "string"}}}},
    });
    let snake = json!({
        "system_instruction": {"parts": {"text": "s"}},
        "contents": [{"role": "user", "parts": {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}},
            {"role": "model", "parts": [{"function_call": {"name": "a_b", "args": {"c_d": 1}}, "thought_signature": "AAAA"}]},
            {"role": "function", "parts": [{"function_response": {"name": "a_b", "response": {"e_f": 1}}}]}],
        "tools": {"function_declarations": {"name": "a_b", "parameters": {"type": "object", "properties": {"c_d": {"type": "number"}}}}},
        "generation_config": {"max_output_tokens": 1, "response_mime_type": "application/json",
            "response_schema": {"type": "object", "properties": {"g_h": {"type": "string"}}}},
    });
    assert_eq!(decoded(&camel), decoded(&snake));
    assert_eq!(decoded(&camel).losses, []);
}

#[test]
fn f07_calls_without_ids_get_some_and_results_find_them() {
    let call_of = |name: &str| json!({"functionCall": {"name": name, "args": {}}});
    let result_of =
        |name: &str, said: &str| json!({"functionResponse": {"name": name, "response": {"result": said}}});
    let body = json!({"contents": [
        {"role": "model", "parts": [call_of("f"), call_of("f"), call_of("g")]},
        {"role": "user", "parts": [result_of("g", "3"), result_of("f", "1"), result_of("f", "2")]},
        {"role": "model", "parts": [call_of("f"), {"functionCall": {"name": "f", "id": "given"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "given", "response": {"result": "5"}}}, result_of("f", "4")]},
        {"role": "user", "parts": [result_of("lost", "6")]},
    ]});
    let request = decoded(&body);
    let contents = || request.turns.iter().flat_map(|turn| &turn.blocks).map(|block| &block.content);
    let calls: Vec<&str> = contents()
        .filter_map(
            |content| if let Content::ToolCall(call) = content { Some(call.id.as_str()) } else { None },
        )
        .collect();
    let results: Vec<(&str, &Content)> = contents()
        .filter_map(|content| match content {
            Content::ToolResult(result) => Some((result.call_id.as_str(), &result.blocks[0].content)),
            _ => None,
        })
        .collect();
    let distinct: std::collections::BTreeSet<&str> = calls.iter().copied().collect();
    assert_eq!((calls.len(), distinct.len(), calls[4]), (5, 5, "given"));
    assert!(calls[..4].iter().all(|id| !ids::is_given(id)));
    for (at, said) in [(2, "3"), (0, "1"), (1, "2"), (4, "5"), (3, "4")] {
        assert!(results.contains(&(calls[at], &Content::text(said))), "{said}: {results:?}");
    }
    assert!(!distinct.contains(results[5].0));
}

#[test]
fn f04_f06_parts_keep_their_signatures() {
    let seal =
        Opaque { owner: Some("o".into()), ..Opaque::new(Protocol::AnthropicMessages, "signature", "xyz") };
    let body = json!({"contents": [{"role": "model", "parts": [
        {"text": "hm", "thought": true, "thoughtSignature": signature::to_client(&seal)},
        {"text": "a", "thoughtSignature": "QUJD"},
        {"functionCall": {"name": "f", "id": "1"}, "thoughtSignature": "skip_thought_signature_validator"},
        {"text": ""},
        {"text": "", "thoughtSignature": "TEFTVA"},
        {"executableCode": {"code": "1", "language": "PYTHON"}, "thoughtSignature": "EEEE"},
    ]}]});
    let text =
        |text: &str, proof| Content::Text(Text { text: text.into(), proof: Some(proof), ..Text::default() });
    let whole = r#"{"executableCode":{"code":"1","language":"PYTHON"},"thoughtSignature":"EEEE"}"#;
    let expected = turn(
        Role::Assistant,
        vec![
            Content::Reasoning(Reasoning { text: "hm".into(), proof: Some(seal), is_summary: true }),
            text("a", signature::made("QUJD")),
            call("1", "f", "{}", None),
            text("", signature::made("TEFTVA")),
            Content::Opaque(Opaque::new(Protocol::Gemini, "executableCode", whole)),
        ],
    );
    let request = decoded(&body);
    assert_eq!((request.turns, request.losses), (vec![expected], vec![]));
}

/// As Google's SDKs give back what they heard as a stream.
#[test]
fn b22_pieces_of_a_stream_are_one_again() {
    let seal =
        Opaque { owner: Some("o".into()), ..Opaque::new(Protocol::AnthropicMessages, "signature", "xyz") };
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"parts": [
            {"text": "h", "thought": true},
            {"text": "m", "thought": true},
            {"text": "", "thought": true, "thoughtSignature": signature::to_client(&seal)},
            {"text": "then", "thought": true},
            {"text": "so"},
            {"text": " "},
            {"text": "be it"},
            {"text": "", "thoughtSignature": "QUJD"},
            {"text": "."},
        ], "role": "model"},
    ]});
    let thought =
        |text: &str, proof| Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: true });
    let text = |text: &str, proof| Content::Text(Text { text: text.into(), proof, ..Text::default() });
    let expected = vec![
        turn(Role::User, vec![Content::text("a"), Content::text("b")]),
        turn(
            Role::Assistant,
            vec![
                thought("hm", Some(seal)),
                thought("then", None),
                text("so be it", Some(signature::made("QUJD"))),
                text(".", None),
            ],
        ),
    ];
    assert_eq!(decoded(&body).turns, expected);
}

#[test]
fn results_are_text_and_media() {
    let body = json!({"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "id": "1"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "1", "response": {"error": {"code": 7}},
            "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}], "scheduling": "SILENT"}}]}]});
    let request = decoded(&body);
    let Content::ToolResult(ToolResult { name, blocks, is_error, .. }) = &request.turns[1].blocks[0].content
    else {
        panic!("a result was expected")
    };
    assert_eq!((name.as_deref(), *is_error, blocks.len()), (Some("f"), true, 2));
    assert_eq!(blocks[0].content, Content::text(r#"{"code":7}"#));
    assert_eq!(names(&request.losses), ["functionResponse.scheduling"]);
    let plain = json!({"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "id": "1"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "x"}}}]}]});
    let mut expected = result("1", "x");
    if let Content::ToolResult(result) = &mut expected {
        result.name = Some("f".into());
    }
    assert_eq!(decoded(&plain).turns[1].blocks[0].content, expected);
}

#[test]
fn what_only_google_has_is_a_loss_or_refused() {
    let body = json!({
        "contents": [{"role": "user", "parts": [{"text": "x", "videoMetadata": {"fps": 1}, "partMetadata": {}}], "odd": 1}],
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}], "store": true, "serviceTier": "flex",
        "cachedContent": null, "model": "models/x", "brandNew": false, "brandNewer": 1,
        "toolConfig": {"retrievalConfig": {"languageCode": "en"}, "functionCallingConfig": {"mode": "VALIDATED", "streamFunctionCallArguments": true}},
        "tools": [{"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING", "response": {"type": "OBJECT"}}]}],
        "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "speechConfig": {"x": 1}, "logprobs": 2,
            "thinkingConfig": {"thinkingLevel": "HIGH", "x": 1}, "responseModalities": ["TEXT"]},
    });
    let mut losses = names(&decoded(&body).losses);
    losses.sort();
    let expected = [
        "brandNewer",
        "contents.odd",
        "functionCallingConfig.mode",
        "functionCallingConfig.streamFunctionCallArguments",
        "functionDeclarations.behavior",
        "functionDeclarations.response",
        "generationConfig.logprobs",
        "generationConfig.mediaResolution",
        "generationConfig.speechConfig",
        "parts.videoMetadata",
        "safetySettings",
        "store",
        "thinkingConfig.x",
        "toolConfig.retrievalConfig",
    ];
    assert_eq!(losses, expected);
    for (body, what) in [
        (json!({"cachedContent": "cachedContents/x"}), "cachedContent"),
        (json!({"continuation_token": "AAAA"}), "continuationToken"),
        (
            json!({"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}),
            "generationConfig.responseModalities",
        ),
        (
            json!({"generationConfig": {"responseMimeType": "text/x.enum", "responseSchema": {}}}),
            "generationConfig.responseMimeType",
        ),
        (json!({"generationConfig": {"responseFormat": [{"text": {}}]}}), "generationConfig.responseFormat"),
    ] {
        assert_eq!(unsayable(&body), what);
    }
    for body in [
        json!([]),
        json!({"contents": [{"role": "assistant", "parts": []}]}),
        json!({"contents": [3]}),
        json!({"contents": [{"parts": ["x"]}]}),
        json!({"tools": [{"functionDeclarations": [{"description": "no name"}]}]}),
        json!({"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}),
    ] {
        assert!(matches!(refused(&body), TranslateError::Malformed { .. }), "{body}");
    }
}

#[test]
fn a_choice_among_some_leaves_the_others_out() {
    let with = |mode: &str, names: &[&str]| {
        decoded(
            &json!({"toolConfig": {"functionCallingConfig": {"mode": mode, "allowedFunctionNames": names}},
            "tools": [{"functionDeclarations": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}, {"codeExecution": {}}]}),
        )
    };
    let request = with("ANY", &["a", "c"]);
    let left: Vec<&str> = request.tools.iter().map(Tool::name).collect();
    assert_eq!((request.tool_choice.clone(), left), (ToolChoice::Any, vec!["a", "c", "codeExecution"]));
    assert_eq!(names(&request.losses), ["functionCallingConfig.allowedFunctionNames"]);
    let request = with("VALIDATED", &["b"]);
    assert_eq!((request.tool_choice, request.tools.len()), (ToolChoice::Auto, 2));
    for (mode, choice) in [("ANY", ToolChoice::Any), ("AUTO", ToolChoice::Auto), ("none", ToolChoice::None)] {
        let request = with(mode, &[]);
        assert_eq!((request.tool_choice, request.tools.len()), (choice, 4));
    }
}

#[test]
fn formats_and_amounts_of_thinking() {
    let config = |config: Value| decoded(&json!({ "generationConfig": config }));
    let schema = |schema: &str| OutputFormat::Schema {
        name: None,
        description: None,
        schema: schema.to_owned().into(),
        strict: None,
    };
    for (said, expected) in [
        (json!({}), OutputFormat::Text),
        (json!({"responseMimeType": "text/plain"}), OutputFormat::Text),
        (json!({"responseMimeType": "application/json"}), OutputFormat::Json),
        (
            json!({"responseMimeType": "application/json", "responseJsonSchema": {"const": 1}}),
            schema(r#"{"const":1}"#),
        ),
        (
            json!({"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}}),
            schema(r#"{"type":"string"}"#),
        ),
    ] {
        assert_eq!(config(said.clone()).format, expected, "{said}");
    }
    for (said, expected) in [
        (json!({}), None),
        (json!({"thinkingBudget": 0}), Some(Effort::Off)),
        (json!({"thinkingBudget": -1}), Some(Effort::Auto)),
        (json!({"thinkingBudget": 300}), Some(Effort::Budget(300))),
        (json!({"thinkingLevel": "MINIMAL"}), Some(Effort::Named("minimal".into()))),
        (json!({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}), None),
    ] {
        assert_eq!(config(json!({ "thinkingConfig": said })).effort, expected, "{said}");
    }
}

/// Bodies that google-genai 3.4.0 wrote: two spellings in one object, bytes in the alphabet for URLs.
#[test]
fn what_the_python_sdk_sends() {
    let read = |body: &str| GeminiTranslator.decode_request(body.as_bytes()).unwrap();
    let chat = read(include_str!("google_genai_chat.json"));
    let contents =
        |turn: usize| chat.turns[turn].blocks.iter().map(|block| block.content.clone()).collect::<Vec<_>>();
    let media =
        |kind, media_type: &str, source| Content::Media(testing::media(kind, Some(media_type), source));
    let user = vec![
        Content::text("hi"),
        media(MediaKind::Image, "image/png", MediaSource::Base64("+/+/".into())),
        media(MediaKind::Document, "application/pdf", MediaSource::Held("gs://b/x.pdf".into())),
    ];
    let answered = Text { text: "ok".into(), proof: Some(signature::made("-_-_AA==")), ..Text::default() };
    assert_eq!((contents(0), contents(1)), (vec![Content::text("be brief")], user));
    assert_eq!((contents(2), contents(3)), (vec![Content::Text(answered)], vec![Content::text("more")]));
    let Tool::Function(function) = &chat.tools[0] else { panic!("a function was expected") };
    let schema: Value = serde_json::from_slice(function.schema.as_ref().unwrap()).unwrap();
    assert_eq!(schema["properties"]["unit"]["enum"], json!(["C", "F"]));
    assert_eq!(
        (chat.effort, chat.shows_reasoning, chat.max_tokens),
        (Some(Effort::Named("low".into())), Some(true), Some(100))
    );
    assert_eq!(names(&chat.losses), ["functionDeclarations.responseJsonSchema"]);

    let schema = read(include_str!("google_genai_schema.json"));
    let OutputFormat::Schema { schema: format, .. } = &schema.format else { panic!("a schema was expected") };
    let format: Value = serde_json::from_slice(format).unwrap();
    assert_eq!(format["properties"]["n"], json!({"type": ["integer", "null"], "title": "N"}));
    assert_eq!(
        (&format["type"], &format["properties"]["kids"]["items"]["type"]),
        (&json!("object"), &json!("object"))
    );
    let Content::ToolCall(call) = &schema.turns[1].blocks[0].content else { panic!("a call was expected") };
    let Content::ToolResult(result) = &schema.turns[2].blocks[0].content else {
        panic!("a result was expected")
    };
    assert_eq!((&call.id, call.proof.clone()), (&result.call_id, Some(signature::made("c2ln"))));
    assert_eq!((schema.tool_choice, schema.tools[0].name()), (ToolChoice::Any, "googleSearch"));
    assert_eq!(names(&schema.losses), ["safetySettings", "schema.propertyOrdering"]);
}

#[test]
fn g10_what_a_user_says_in_words_of_this_protocol_alone_is_refused() {
    let hologram = json!({"hologram": {"data": "x"}});
    let said = |parts: Value| json!({"contents": [{"parts": parts, "role": "user"}]});
    assert_eq!(unsayable(&said(json!([{"text": "a"}, hologram]))), "contents.hologram");
    let result = json!([{"functionResponse": {"name": "f", "response": {}, "parts": [hologram]}}]);
    assert_eq!(unsayable(&said(result)), "contents.hologram");
    let instructions =
        json!({"systemInstruction": {"parts": [hologram]}, "contents": [{"parts": [{"text": "a"}]}]});
    assert_eq!(unsayable(&instructions), "contents.hologram");
    let model = json!({"contents": [{"role": "model", "parts": [hologram]}, {"parts": [{"text": "a"}]}]});
    assert!(
        GeminiTranslator.decode_request(model.to_string().as_bytes()).is_ok(),
        "left out elsewhere, and named"
    );
}
