//! Clients' requests, read.

use super::*;

#[test]
fn what_codex_sends_is_read_and_nothing_is_refused() {
    let request = decode(include_bytes!("codex.json")).unwrap();
    let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
    let expected = [
        Role::System,
        Role::System,
        Role::User,
        Role::User,
        Role::Assistant,
        Role::User,
        Role::Assistant,
        Role::User,
        Role::User,
    ];
    assert_eq!(roles, expected);
    assert_eq!(
        request.turns[0].blocks,
        [Content::text("You are Codex, based on GPT-5.\nBe precise.").into()]
    );
    let Content::Reasoning(reasoning) = &request.turns[4].blocks[0].content else { panic!() };
    assert_eq!((reasoning.text.as_str(), reasoning.is_summary), ("**Looking**", true));
    assert_eq!(reasoning.proof, Some(Opaque::new(PROTOCOL, "encrypted_content", "gAAAAold")));
    assert_eq!(request.turns[4].blocks[1].content, Content::text("I will look."));
    let calls: Vec<_> = request.turns[4].blocks.iter().filter_map(Block::call).collect();
    assert_eq!((calls[0].id.as_str(), calls[0].name.as_str()), ("call_1", "shell_command"));
    let arguments = r#"{"command":["ls"],"id":9007199254740993}"#;
    assert_eq!(calls[0].input, ToolInput::Arguments(arguments.into()), "as it came");
    assert_eq!(calls[1].name, "mcp__files::read");
    let patch = request.turns[6].blocks[0].call().unwrap();
    assert_eq!(patch.input, ToolInput::Text("*** Begin Patch\n*** End Patch".into()));
    let Content::ToolResult(result) = &request.turns[7].blocks[0].content else { panic!() };
    assert!(result.is_custom && result.call_id == "call_3");
    let names: Vec<&str> = request.tools.iter().map(Tool::name).collect();
    assert_eq!(names, ["shell_command", "apply_patch", "mcp__files::read", "mcp__files::write"]);
    let Tool::Custom { grammar: Some(grammar), .. } = &request.tools[1] else { panic!() };
    assert_eq!((&*grammar.syntax, &*grammar.definition), ("lark", "start: begin_patch\n"));
    assert_eq!(request.effort, Some(Effort::Named("medium".into())));
    assert_eq!((request.shows_reasoning, request.parallel_tools), (Some(true), Some(true)));
    assert!(request.stream && request.stream_usage);
    assert!(request.caching.key.is_some() && request.verbosity.is_some());
    assert_eq!(lost(&request), ["tools.namespace.description", "client_metadata", "message.phase"]);
}

#[test]
fn e02_instructions_come_first_wherever_they_stand() {
    let body =
        r#"{"input":[{"role":"system","content":"b"},{"role":"user","content":"c"}],"instructions":"a"}"#;
    let request = decode(body.as_bytes()).unwrap();
    let texts: Vec<_> =
        request.turns.iter().map(|turn| (turn.role, turn.blocks[0].content.clone())).collect();
    let expected = [(Role::System, "a"), (Role::System, "b"), (Role::User, "c")];
    assert_eq!(texts, expected.map(|(role, text)| (role, Content::text(text))));
}

#[test]
fn e14_messages_without_type_or_id() {
    let request = read(&json!({"input": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "b"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "c"}, {"type": "input_text", "text": ""}]},
        {"role": "assistant", "content": null},
    ]}));
    let texts: Vec<_> = request.turns.iter().map(|turn| turn.blocks.clone()).collect();
    assert_eq!(texts, ["a", "b", "c"].map(|text| vec![Content::text(text).into()]));
    assert_eq!(lost(&request), [""; 0]);
}

#[test]
fn e04_calls_and_outputs_keep_the_call_id() {
    let request = read(&json!({"input": [
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{\"a\":1}"},
        {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "g", "arguments": ""},
        {"type": "function_call", "call_id": "call_3", "name": "h", "arguments": {"b": 2}},
        {"type": "function_call_output", "id": "x", "call_id": "call_1", "output": "1"},
        {"type": "function_call_output", "call_id": "call_2", "output": ""},
    ]}));
    let calls: Vec<_> = request.turns[0].blocks.iter().filter_map(Block::call).collect();
    let found: Vec<_> = calls.iter().map(|call| (call.id.as_str(), call.input.clone())).collect();
    let called = |id, arguments: &'static str| (id, ToolInput::Arguments(arguments.into()));
    let expected = [called("call_1", r#"{"a":1}"#), called("call_2", "{}"), called("call_3", r#"{"b":2}"#)];
    assert_eq!(found, expected);
    // B05: the results of one turn travel together.
    assert_eq!((request.turns.len(), request.turns[1].blocks.len()), (2, 2));
    assert_eq!(request.tool_name("call_2"), Some("g"));
    let without = json!({"input": [{"type": "function_call_output", "output": "1"}]});
    assert!(matches!(refused(&without), TranslateError::Malformed { .. }));
}

#[test]
fn e10_reasoning_is_read_whole() {
    let request = read(&json!({"input": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
            "content": [{"type": "reasoning_text", "text": "thought"}], "encrypted_content": "enc"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": null},
        {"type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": "only"},
    ]}));
    let proof = |data: &str| Some(Opaque::new(PROTOCOL, "encrypted_content", data));
    let expected = [
        Reasoning { text: "a\n\nb".into(), proof: None, is_summary: true },
        Reasoning { text: "thought".into(), proof: proof("enc"), is_summary: false },
        Reasoning { text: String::new(), proof: proof("only"), is_summary: true },
    ];
    assert_eq!(request.turns[0].blocks, expected.map(|one| Content::Reasoning(one).into()));
}

#[test]
fn g22_a_sealed_proof_is_opened() {
    let mut proof = Opaque::new(catalogue::Protocol::AnthropicMessages, "signature", "sig");
    proof.owner = Some(Arc::from("a"));
    let mut of_call = Opaque { kind: "of_previous.thought_signature".into(), ..proof.clone() };
    of_call.protocol = catalogue::Protocol::Gemini;
    let request = read(&json!({"input": [
        {"type": "reasoning", "summary": [], "encrypted_content": proof.seal()},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "reasoning", "summary": [], "encrypted_content": of_call.seal()},
    ]}));
    let Content::Reasoning(reasoning) = &request.turns[0].blocks[0].content else { panic!() };
    assert_eq!(reasoning.proof, Some(proof));
    let expected = Some(Opaque { kind: "thought_signature".into(), ..of_call });
    assert_eq!(request.turns[0].blocks[1].call().unwrap().proof, expected);
    assert_eq!(request.turns[0].blocks.len(), 2);
}

#[test]
fn e15_items_and_tools_that_only_responses_has() {
    let request = read(&json!({"tools": [{"type": "web_search", "filters": null}, {"type": "tool_search"}],
    "input": [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"role": "assistant", "content": "so"},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "late", "parameters": null}]},
    ]}));
    let Content::Search(search) = &request.turns[0].blocks[0].content else { panic!() };
    assert_eq!((search.id.as_str(), &search.queries[..]), ("ws_1", &["q".to_owned()][..]));
    let [own] = &search.own[..] else { panic!("one item") };
    assert_eq!((&*own.kind, own.protocol), ("web_search_call", PROTOCOL));
    assert!(own.data.contains(r#""id":"ws_1""#));
    let names: Vec<&str> = request.tools.iter().map(Tool::name).collect();
    assert_eq!(names, ["web_search", "late"]);
    assert!(matches!(request.tools[0], Tool::Search(_)));
    assert_eq!(lost(&request), ["tools.tool_search"]);

    for item in [
        json!({"type": "item_reference", "id": "msg_1"}),
        json!({"id": "msg_1"}),
        json!({"type": "compaction", "encrypted_content": "x"}),
        json!({"type": "computer_call_output", "call_id": "1", "output": {"type": "computer_screenshot"}}),
        json!({"type": "local_shell_call", "id": "1", "call_id": "1", "action": {}}),
        json!({"type": "shell_call_output", "call_id": "1", "output": []}),
        json!({"type": "mcp_approval_response", "approval_request_id": "1", "approve": true}),
        json!({"type": "something_new"}),
    ] {
        let kind = item["type"].as_str().unwrap_or("item_reference");
        let error = refused(&json!({ "input": [item] }));
        assert_eq!(unsayable(&error), format!("input.{kind}"));
    }
    let part = json!({"input": [{"role": "user", "content": [{"type": "input_video"}]}]});
    assert_eq!(unsayable(&refused(&part)), "input.content.input_video");
}

#[test]
fn e12_state_that_is_kept_elsewhere_is_refused() {
    for member in [
        json!({"previous_response_id": "resp_1"}),
        json!({"conversation": "conv_1"}),
        json!({"conversation": {"id": "conv_1"}}),
        json!({"prompt": {"id": "pmpt_1"}}),
        json!({"background": true}),
        json!({"moderation": {"model": "m"}}),
        json!({"prompt_cache_options": {"mode": "explicit", "prewarm": true}}),
    ] {
        let name = member.as_object().unwrap().keys().next().unwrap().clone();
        assert!(unsayable(&refused(&asked(&member))).starts_with(&name), "{member}");
    }
    let nothing =
        json!({"previous_response_id": null, "conversation": null, "prompt": null, "background": false});
    assert_eq!(lost(&read(&asked(&nothing))), [""; 0]);
}

#[test]
fn a16_what_has_no_place_is_named_and_what_says_nothing_is_not() {
    let members = json!({"truncation": "auto", "service_tier": "flex", "prompt_cache_key": "k", "prompt_cache_retention": "24h",
        "max_tool_calls": 3, "prompt_cache_options": {"ttl": "30m", "comparison_response_id": "resp_1"}, "store": true, "include": ["web_search_call.action.sources"], "made_up": [1],
        "text": {"verbosity": "high", "x": 1}, "reasoning": {"summary": "detailed", "mode": "pro", "context": null}});
    let request = read(&asked(&members));
    let mut found = lost(&request);
    found.sort_unstable();
    let expected = [
        "made_up",
        "max_tool_calls",
        "prompt_cache_options.comparison_response_id",
        "reasoning.mode",
        "reasoning.summary",
        "store",
        "text.x",
        "truncation",
    ];
    assert_eq!(found, expected);
    let usual = json!({"truncation": "disabled", "service_tier": "auto", "prompt_cache_key": null, "store": false,
        "include": null, "stream_options": {"include_obfuscation": false}, "metadata": null, "user": null, "tools": null,
        "text": {"format": {"type": "text"}, "verbosity": "medium"}, "reasoning": {"effort": null, "summary": null},
        "tool_choice": null, "temperature": null, "max_output_tokens": null, "top_logprobs": 0, "instructions": null});
    let plain = read(&asked(&usual));
    assert_eq!(plain, read(&asked(&json!({}))));
    assert_eq!(lost(&plain), [""; 0]);
}

#[test]
fn settings_have_their_neutral_form() {
    let request = read(&asked(
        &json!({"max_output_tokens": 100, "temperature": 0.70, "top_p": 1, "top_logprobs": 3,
        "include": ["message.output_text.logprobs"], "user": "u", "safety_identifier": "s", "metadata": {"a": "b", "c": "d"},
        "reasoning": {"effort": "none"}, "parallel_tool_calls": false}),
    ));
    assert_eq!(request.max_tokens, Some(100));
    assert_eq!(request.sampling.temperature.as_deref(), Some("0.7"));
    assert_eq!(request.sampling.logprobs, Some(3));
    assert_eq!((request.user.as_deref(), request.safety_identifier.as_deref()), (Some("u"), Some("s")));
    assert_eq!(lost(&request), [""; 0]);
    assert_eq!(request.metadata, [("a".into(), "b".into()), ("c".into(), "d".into())]);
    assert_eq!((request.effort, request.parallel_tools), (Some(Effort::Off), Some(false)));
    // Numbers keep their text.
    let raw = br#"{"input":"x","temperature":0.70,"include":["message.output_text.logprobs"]}"#;
    let request = decode(raw).unwrap();
    assert_eq!(request.sampling.temperature.as_deref(), Some("0.70"));
    assert_eq!(request.sampling.logprobs, Some(0));
}

#[test]
fn e01_formats_and_tools_lie_flat() {
    let body = br#"{"input":"x","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"b":1, "a":2}}},
        "tools":[{"type":"function","name":"f","parameters":{"z":1.50, "a":[]},"strict":true},{"type":"function","name":"g"}]}"#;
    let request = decode(body).unwrap();
    let OutputFormat::Schema { name, schema, strict, .. } = &request.format else { panic!() };
    assert_eq!((name.as_deref(), *strict), (Some("n"), Some(true)));
    assert_eq!(&schema[..], br#"{"b":1, "a":2}"#, "as it came");
    let function = |at: usize| match &request.tools[at] {
        Tool::Function(function) => function.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(function(0).schema.as_deref(), Some(&br#"{"z":1.50, "a":[]}"#[..]));
    assert_eq!((function(0).strict, function(1).strict), (Some(true), None));
    let json = read(&asked(&json!({"text": {"format": {"type": "json_object"}}})));
    assert_eq!(json.format, OutputFormat::Json);
    let lossy = read(&asked(
        &json!({"tools": [{"type": "function", "name": "f", "defer_loading": true, "async": false}]}),
    ));
    assert_eq!(lost(&lossy), ["tools.defer_loading"]);
    let inside = json!({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "web_search"}]}]});
    assert_eq!(unsayable(&refused(&asked(&inside))), "tools.namespace.web_search");
    let doubled = json!({"tools": [{"type": "function", "name": "a::b"}]});
    assert!(matches!(refused(&asked(&doubled)), TranslateError::Malformed { .. }));
}

#[test]
fn choices_of_tools() {
    let tools = json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}, {"type": "web_search_preview"},
        {"type": "namespace", "name": "ns", "tools": [{"type": "function", "name": "inner"}]}]);
    let choose = |choice: Value| read(&asked(&json!({"tools": tools, "tool_choice": choice})));
    for (choice, expected) in [
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!("required"), ToolChoice::Any),
        (json!({"type": "function", "name": "f"}), ToolChoice::Named("f".into())),
        (json!({"type": "custom", "name": "c"}), ToolChoice::Named("c".into())),
        (json!({"type": "function", "name": "inner"}), ToolChoice::Named("ns::inner".into())),
        (json!({"type": "web_search_preview"}), ToolChoice::Named("web_search_preview".into())),
    ] {
        assert_eq!(choose(choice).tool_choice, expected);
    }
    let allowed = choose(json!({"type": "allowed_tools", "mode": "required",
        "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "inner"}]}));
    assert_eq!(allowed.tool_choice, ToolChoice::Any);
    assert_eq!(allowed.tools.iter().map(Tool::name).collect::<Vec<_>>(), ["f", "ns::inner"]);
    assert_eq!(lost(&allowed), ["tool_choice.allowed_tools"]);
    let mcp = json!({"tools": tools, "tool_choice": {"type": "mcp", "server_label": "x"}});
    assert_eq!(unsayable(&refused(&asked(&mcp))), "tool_choice.mcp");
}

#[test]
fn b17_media_in_all_its_forms() {
    let request = read(&json!({"input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/webp;base64,AAAA", "detail": "low"},
        {"type": "input_image", "image_url": "https://x/y.png", "detail": "auto"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"},
        {"type": "input_file", "filename": "b.PDF", "file_data": "CCCC"},
        {"type": "input_file", "file_url": "https://x/y.pdf"},
        {"type": "input_audio", "input_audio": {"data": "DDDD", "format": "mp3"}},
        {"type": "input_text", "text": "t", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
    ]}]}));
    let media: Vec<_> = request.turns[0]
        .blocks
        .iter()
        .filter_map(|block| match &block.content {
            Content::Media(media) => {
                Some((media.media_type.as_deref(), media.source.clone(), media.detail.as_deref()))
            }
            _ => None,
        })
        .collect();
    let base64 = |text: &'static str| MediaSource::Base64(text.into());
    let url = |text: &str| MediaSource::Url(text.into());
    let expected = [
        (Some("image/webp"), base64("AAAA"), Some("low")),
        (None, url("https://x/y.png"), None),
        (None, MediaSource::Held("file-1".into()), None),
        (Some("application/pdf"), base64("BBBB"), None),
        (Some("application/pdf"), base64("CCCC"), None),
        (None, url("https://x/y.pdf"), None),
        (Some("audio/mpeg"), base64("DDDD"), None),
    ];
    assert_eq!(media, expected);
    assert_eq!(request.turns[0].blocks.last().unwrap().cache, Some(CacheMark::Hour));
}

#[test]
fn what_is_no_request_is_refused_and_says_where() {
    for (body, path) in [
        (json!({"model": "m"}), "input"),
        (json!({"input": 3}), "input"),
        (json!({"input": [3]}), "input[0]"),
        (json!({"input": [{"role": "robot", "content": "x"}]}), "input[0].role"),
        (json!({"input": [{"role": "user", "content": [{"text": "x"}]}]}), "input[0].content[0].type"),
        (asked(&json!({"temperature": "hot"})), "temperature"),
        (asked(&json!({"max_output_tokens": -1})), "max_output_tokens"),
        (asked(&json!({"tools": {}})), "tools"),
        (asked(&json!({"tools": [{"type": "function"}]})), "tools[0].name"),
        (asked(&json!({"text": {"format": {"type": "json_schema"}}})), "text.format.schema"),
        (asked(&json!({"tool_choice": "perhaps"})), "tool_choice"),
    ] {
        match refused(&body) {
            TranslateError::Malformed { path: found, .. } => assert_eq!(found, path, "{body}"),
            other => panic!("{other}: {body}"),
        }
    }
    assert!(matches!(decode(b"{\"input\":\"x\""), Err(TranslateError::Malformed { .. })));
    assert!(matches!(decode(b"[]"), Err(TranslateError::Malformed { .. })));
}

#[test]
fn a_body_of_unknown_members_keeps_nobody_busy() {
    let members: Vec<_> = (0..5000).map(|n| format!(r#""m{n}":1,"#)).collect();
    let members = members.concat();
    let request = decode(format!(r#"{{{members}"input":"x"}}"#).as_bytes()).unwrap();
    assert!(request.losses.len() <= 64);
}
