//! Clients' requests, read.

use std::sync::Arc;

use catalogue::Protocol;
use serde_json::{Value, json};

use super::decode;
use crate::anthropic_messages::translate::tests::REQUEST;
use crate::conversation::{
    Block, CacheMark, Citation, CitedIn, CitedPlace, Content, Effort, Media, MediaKind, MediaSource, Opaque,
    OutputFormat, Reasoning, Request, Role, Text, Tool, ToolCall, ToolChoice, ToolInput, TranslateError,
};

fn read(body: &Value) -> Result<Request, TranslateError> {
    Ok(decode(body.to_string().as_bytes())?)
}

/// The least request, with more members.
fn with(members: &Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "q"}]});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What is lost of the least request with more members.
fn lost(members: &Value) -> Vec<String> {
    read(&with(members)).unwrap().losses.into_iter().map(|loss| loss.what).collect()
}

/// The blocks of one turn of a role.
fn blocks(role: &str, content: &Value) -> Result<Vec<Block>, TranslateError> {
    let messages = json!([{"role": "user", "content": "q"}, {"role": role, "content": content}]);
    Ok(read(&with(&json!({"messages": messages})))?.turns.remove(1).blocks)
}

fn own(kind: &'static str, data: &str) -> Opaque {
    Opaque::new(Protocol::AnthropicMessages, kind, data)
}

fn thought(text: &str, proof: Option<Opaque>) -> Block {
    Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false }).into()
}

#[test]
fn a_whole_request() {
    use Role::{Assistant, System, User};
    let request: Request = decode(REQUEST.as_bytes()).map_err(TranslateError::from).unwrap();
    let lost: Vec<&str> = request.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(lost, [""; 0], "the borders of a document's passages are kept");
    let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [System, User, Assistant, User, Assistant, User]);
    let system = &request.turns[0].blocks;
    assert_eq!(system[0], Content::text("Be brief.").into());
    assert_eq!(system[1], Block { content: Content::text("Be kind."), cache: Some(CacheMark::Hour) });
    assert_eq!((request.max_tokens, request.stream, request.stream_usage), (Some(20_000), true, true));
    assert_eq!((request.tool_choice.clone(), request.parallel_tools), (ToolChoice::Auto, Some(false)));
    assert_eq!((request.effort.clone(), request.shows_reasoning), (Some(Effort::Budget(10_000)), Some(true)));
    assert_eq!((request.stop.clone(), request.user.as_deref()), (vec!["END".to_owned()], Some("u-1")));
    let OutputFormat::Schema { schema, strict: Some(true), .. } = &request.format else { panic!("a schema") };
    assert_eq!(&schema[..], br#"{"type": "object", "properties": {}}"#, "spliced, not written anew");
    let [Tool::Function(first), Tool::Function(second), Tool::Search(third)] = &request.tools[..] else {
        panic!("three tools")
    };
    assert_eq!(
        (first.name.as_str(), first.strict, second.name.as_str()),
        ("get_weather", Some(true), "bare")
    );
    assert_eq!((third.name.as_str(), &*third.written.kind), ("web_search", "web_search_20250305"));
    assert_eq!(third.written.owner, None);
}

#[test]
fn b17_b18_images_and_documents() {
    use MediaKind::{Document, Image};
    let request: Request = decode(REQUEST.as_bytes()).map_err(TranslateError::from).unwrap();
    let media: Vec<&Media> = request.turns[3]
        .blocks
        .iter()
        .filter_map(|block| match &block.content {
            Content::Media(media) => Some(media),
            _ => None,
        })
        .collect();
    let found: Vec<(MediaKind, Option<&str>, &MediaSource)> =
        media.iter().map(|media| (media.kind, media.media_type.as_deref(), &media.source)).collect();
    let text = Some("text/plain");
    assert_eq!(
        found,
        [
            (Image, Some("image/png"), &MediaSource::Base64("iVBORw0KGgo=".into())),
            (Image, None, &MediaSource::Url("https://x/y.png".into())),
            (Image, None, &MediaSource::Held("file_1".into())),
            (Document, Some("application/pdf"), &MediaSource::Base64("JVBERi0=".into())),
            (Document, text, &MediaSource::Text("words".into())),
            (Document, text, &MediaSource::Text("a\nb".into())),
            (Document, None, &MediaSource::Url("https://x/y.pdf".into())),
        ]
    );
    assert_eq!(media[3].name.as_deref(), Some("Paper"));
    assert_eq!(request.turns[3].blocks[3].cache, Some(CacheMark::Short));
}

#[test]
fn b22_thoughts_and_blocks_of_its_own_keep_their_places() {
    let request: Request = decode(REQUEST.as_bytes()).map_err(TranslateError::from).unwrap();
    let blocks = &request.turns[4].blocks;
    assert_eq!(blocks[0], thought("Hm.", Some(own("signature", "EqQB"))));
    assert_eq!(blocks[1], thought("", Some(own("redacted", "EmwK"))));
    let Content::Search(search) = &blocks[2].content else { panic!("a search") };
    for (opaque, kind) in search.own.iter().zip(["server_tool_use", "web_search_tool_result"]) {
        assert_eq!(opaque.kind, kind);
        assert_eq!(serde_json::from_str::<Value>(&opaque.data).unwrap()["type"], kind);
    }
    let call = blocks[4].call().unwrap();
    let arguments = ToolInput::Arguments(r#"{"city": "Paris", "n": 9007199254740993}"#.into());
    assert_eq!((call.id.as_str(), &call.input), ("toolu_1", &arguments));
    let Content::ToolResult(result) = &request.turns[5].blocks[0].content else { panic!("a result") };
    assert_eq!((result.blocks.len(), result.is_error), (2, false), "b19: an image in a result is an image");
    let Content::ToolResult(result) = &request.turns[5].blocks[1].content else { panic!("a result") };
    assert_eq!((result.blocks[0].content.clone(), result.is_error), (Content::text("broken"), true));
}

#[test]
fn b03_instructions_in_the_middle_keep_their_place() {
    let messages = json!([{"role": "user", "content": "q"}, {"role": "system", "content": "Be brief."}]);
    let request = read(&with(&json!({"system": "Be kind.", "messages": messages}))).unwrap();
    let said: Vec<(Role, Content)> =
        request.turns.into_iter().map(|mut turn| (turn.role, turn.blocks.remove(0).content)).collect();
    let text = |text: &str| Content::text(text);
    assert_eq!(
        said,
        [(Role::System, text("Be kind.")), (Role::User, text("q")), (Role::System, text("Be brief."))]
    );
    let changes = json!([{"role": "user", "content": "q"},
        {"role": "system", "content": [{"type": "tool_removal", "name": "f"}]}]);
    assert!(matches!(read(&with(&json!({"messages": changes}))), Err(TranslateError::Unsayable { .. })));
}

#[test]
fn b14_thinking_and_effort_say_one_thing() {
    for (members, effort, shows, lost) in [
        (json!({}), None, None, None),
        (json!({"thinking": {"type": "disabled"}}), Some(Effort::Off), None, None),
        (
            json!({"thinking": {"type": "adaptive", "display": "omitted"}}),
            Some(Effort::Auto),
            Some(false),
            None,
        ),
        (
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}),
            Some(Effort::Named("max".into())),
            None,
            None,
        ),
        (json!({"output_config": {"effort": "low"}}), Some(Effort::Named("low".into())), None, None),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000}, "output_config": {"effort": "low"}}),
            Some(Effort::Budget(2000)),
            None,
            Some("output_config.effort"),
        ),
        (json!({"thinking": {"type": "between_tools"}}), Some(Effort::Auto), None, Some("thinking.type")),
    ] {
        let request = read(&with(&members)).unwrap();
        assert_eq!((request.effort, request.shows_reasoning), (effort, shows), "{members}");
        assert_eq!(request.losses.first().map(|loss| loss.what.as_str()), lost, "{members}");
    }
    for members in [
        json!({"thinking": {"type": "enabled"}}),
        json!({"thinking": {"type": "odd"}}),
        json!({"thinking": "on"}),
    ] {
        assert!(matches!(read(&with(&members)), Err(TranslateError::Malformed { .. })), "{members}");
    }
}

#[test]
fn b12_the_older_name_of_the_format() {
    let format = json!({"output_format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert!(matches!(read(&with(&format)).unwrap().format, OutputFormat::Schema { .. }));
}

#[test]
fn b10_b11_the_choice_of_a_tool() {
    for (choice, expected, parallel) in [
        (json!({"type": "none"}), ToolChoice::None, None),
        (json!({"type": "any", "disable_parallel_tool_use": false}), ToolChoice::Any, Some(true)),
        (
            json!({"type": "tool", "name": "f", "disable_parallel_tool_use": true}),
            ToolChoice::Named("f".into()),
            Some(false),
        ),
    ] {
        let request = read(&with(&json!({"tool_choice": choice}))).unwrap();
        assert_eq!((request.tool_choice, request.parallel_tools), (expected, parallel));
    }
}

#[test]
fn a16_what_has_no_place_is_named() {
    let options = json!({"service_tier": "standard_only", "context_management": {"edits": [{}]}, "speed": "fast",
        "metadata": {"user_id": "u", "team": "t"}, "brand_new": 1, "top_k": 5, "output_config": {"task_budget": {"total": 1}},
        "diagnostics": null, "betas": []});
    let expected = [
        "service_tier",
        "speed",
        "context_management",
        "output_config.task_budget",
        "metadata.team",
        "brand_new",
    ];
    assert_eq!(lost(&options), expected);
    assert!(
        lost(&json!({"service_tier": "auto", "speed": "standard", "container": null, "mcp_servers": []}))
            .is_empty()
    );
    let tool = json!({"tools": [{"name": "f", "input_schema": {"type": "object"}, "defer_loading": true, "odd": {"a": 1},
        "allowed_callers": ["code_execution_20260120"], "input_examples": [{}], "eager_input_streaming": true}]});
    assert_eq!(
        lost(&tool),
        ["tools.allowed_callers", "tools.input_examples", "tools.defer_loading", "tools.odd"]
    );
    let content = json!({"messages": [{"role": "user", "odd": 1, "content": [
        {"type": "text", "text": "x", "odd": true, "cache_control": {"type": "ephemeral", "ttl": "2h", "scope": "odd"}},
        {"type": "image", "transformations": {"oversized_image": "error"}, "source": {"type": "url", "url": "u"}},
        {"type": "document", "context": "c", "citations": {"enabled": true}, "source": {"type": "url", "url": "u"}}]}]});
    let expected =
        ["cache_control.scope", "cache_control.ttl", "text.odd", "image.transformations", "messages.odd"];
    assert_eq!(lost(&content), expected);
}

#[test]
fn what_must_not_be_left_out_is_refused() {
    for members in [
        json!({"mcp_servers": [{"type": "url", "url": "https://x", "name": "n"}]}),
        json!({"container": "container_1"}),
        json!({"inference_geo": "eu"}),
        json!({"max_tokens": 0}),
        json!({"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "content", "content": [
            {"type": "image", "source": {"type": "url", "url": "u"}}]}}]}]}),
    ] {
        assert!(matches!(read(&with(&members)), Err(TranslateError::Unsayable { .. })), "{members}");
    }
}

#[test]
fn what_is_not_of_the_protocol_is_refused_with_its_place() {
    for (members, place) in [
        (json!({"max_tokens": null}), "max_tokens"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": "q"}), "messages"),
        (json!({"messages": [{"role": "tool", "content": "q"}]}), "messages.0.role"),
        (json!({"messages": [{"role": "user"}]}), "messages.0.content"),
        (json!({"messages": [{"role": "user", "content": [{"type": "text"}]}]}), "messages.0.content.0.text"),
        (json!({"messages": [{"role": "user", "content": [1]}]}), "messages.0.content.0"),
        (
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": "{}"}]}]}),
            "messages.0.content.0.input",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "odd"}}]}]}),
            "messages.0.content.0.source.type",
        ),
        (json!({"system": 1}), "system"),
        (json!({"system": [{"type": "image", "source": {"type": "url", "url": "u"}}]}), "system"),
        (json!({"tools": [{"input_schema": {}}]}), "tools.0.name"),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"stop_sequences": [1]}), "stop_sequences"),
        (json!({"metadata": {"user_id": 1}}), "metadata.user_id"),
    ] {
        match read(&with(&members)) {
            Err(TranslateError::Malformed { path, .. }) => assert_eq!(path, place, "{members}"),
            other => panic!("{members}: {other:?}"),
        }
    }
}

#[test]
fn b25_a_mark_on_the_request_is_one_on_its_last_block() {
    let messages =
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
    let request =
        read(&with(&json!({"messages": messages, "cache_control": {"type": "ephemeral", "ttl": "1h"}})))
            .unwrap();
    let marks: Vec<_> = request.turns[0].blocks.iter().map(|block| block.cache).collect();
    assert_eq!(marks, [None, Some(CacheMark::Hour)]);
}

#[test]
fn a_search_result_is_delivered_as_a_document() {
    let content = json!([{"type": "search_result", "source": "https://x", "title": "T",
        "content": [{"type": "text", "text": "words"}]}]);
    let Content::Media(media) = blocks("user", &content).unwrap().remove(0).content else {
        panic!("a document")
    };
    assert_eq!((media.name.as_deref(), media.source), (Some("T"), MediaSource::Text("words".into())));
}

#[test]
fn citations_keep_address_title_and_quote() {
    let content = json!([{"type": "text", "text": "x", "citations": [
        {"type": "web_search_result_location", "url": "https://x", "title": "t", "cited_text": "q", "encrypted_index": "E"},
        {"type": "char_location", "document_title": "d", "cited_text": "r", "document_index": 0, "start_char_index": 1,
            "end_char_index": 2}]}]);
    let Content::Text(Text { citations, .. }) = blocks("assistant", &content).unwrap().remove(0).content
    else {
        panic!("text")
    };
    let text = |text: &str| Some(text.to_owned());
    let place = CitedPlace { kind: CitedIn::Characters, index: 0, start: 1, end: 2 };
    assert_eq!(
        citations,
        [
            Citation { url: text("https://x"), title: text("t"), quote: text("q"), range: None, place: None },
            Citation { url: None, title: text("d"), quote: text("r"), range: None, place: Some(place) },
        ]
    );
}

/// A seal as a client carries it.
fn foreign(kind: &'static str) -> Opaque {
    Opaque { owner: Some(Arc::from("them")), ..Opaque::new(Protocol::Gemini, kind, "x") }
}

#[test]
fn d11_f04_proofs_of_other_makers_are_back_in_their_places() {
    let proof = foreign("thought_signature");
    let seal = |kind: &str| Opaque { kind: kind.to_owned().into(), ..proof.clone() }.seal();
    let call = json!({"type": "tool_use", "id": "a", "name": "f", "input": {}});
    let called = |proof| {
        let input = ToolInput::Arguments("{}".into());
        Block::from(Content::ToolCall(ToolCall { id: "a".into(), name: "f".into(), input, proof }))
    };
    let before = json!({"type": "thinking", "thinking": "", "signature": proof.seal()});
    let behind = json!({"type": "redacted_thinking", "data": seal("behind:thought_signature")});
    let read = |content: Value| blocks("assistant", &content).unwrap();
    assert_eq!(read(json!([before, call])), [called(Some(proof.clone()))]);
    assert_eq!(read(json!([call, behind])), [called(Some(proof.clone()))]);
    // Where nothing is there to be proved, it is a thought of which nothing is shown.
    assert_eq!(read(json!([before])), [thought("", Some(proof.clone()))]);
    assert_eq!(read(json!([behind, call])), [thought("", Some(proof.clone())), called(None)]);
    assert_eq!(
        read(json!([before, before, call])),
        [thought("", Some(proof.clone())), called(Some(proof.clone()))]
    );
    let sealed = json!({"type": "thinking", "thinking": "Hm", "signature": proof.seal()});
    assert_eq!(read(json!([sealed, call])), [thought("Hm", Some(proof.clone())), called(None)]);
    let redacted = json!({"type": "redacted_thinking", "data": proof.seal()});
    assert_eq!(read(json!([redacted, call])), [thought("", Some(proof)), called(None)]);
    let own_one = json!({"type": "thinking", "thinking": "", "signature": "EqQB"});
    assert_eq!(
        read(json!([own_one, call])),
        [thought("", Some(own("signature", "EqQB"))), called(None)],
        "c08"
    );
}

#[test]
fn a_block_of_another_dialect_is_one_only_if_it_is_an_object() {
    let carried = |data: &str| {
        let kind = "block:web_search_call".to_owned();
        let seal = Opaque { kind: kind.into(), ..Opaque::new(Protocol::OpenaiResponses, "", data) }.seal();
        blocks("assistant", &json!([{"type": "redacted_thinking", "data": seal}])).unwrap().remove(0).content
    };
    let expected = Opaque::new(Protocol::OpenaiResponses, "web_search_call", r#"{"id":"ws_1"}"#);
    assert_eq!(carried(r#"{"id":"ws_1"}"#), Content::Opaque(expected));
    assert!(matches!(carried(r#"{},{"id":"ws_1"}"#), Content::Reasoning(_)));
}

#[test]
fn tools_that_a_search_found_are_said_as_text() {
    let found = |names: &[&str]| {
        let found: Vec<_> =
            names.iter().map(|name| json!({"type": "tool_reference", "tool_name": name})).collect();
        json!([{"type": "tool_result", "tool_use_id": "1", "content": found}])
    };
    let messages = json!([{"role": "user", "content": found(&["get_weather", "get_tides"])}]);
    let request = read(&with(&json!({ "messages": messages }))).unwrap();
    let Content::ToolResult(result) = &request.turns[0].blocks[0].content else { panic!("a result") };
    let said = ["get_weather", "get_tides"].map(|name| format!("Now available: the tool `{name}`."));
    assert_eq!(result.blocks, said.map(|text| Content::text(text).into()));
    assert_eq!(lost(&json!({ "messages": messages })), ["tool_reference"]);
    let nameless =
        json!([{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "tool_reference"}]}]);
    assert!(matches!(blocks("user", &nameless), Err(TranslateError::Malformed { .. })));
}

#[test]
fn a_summary_is_said_in_the_place_of_what_it_sums_up() {
    let compaction =
        |content: &Value| json!({"type": "compaction", "content": content, "encrypted_content": "E"});
    let text = |text: &str| json!({"type": "text", "text": text});
    let talk = |first: &Value, behind: &[Value]| {
        let said = [&[text("so"), compaction(first)], behind].concat();
        json!({"system": "Be kind.", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": said},
            {"role": "user", "content": "Go on"}]})
    };
    let roles_and_texts = |body: &Value| {
        let request = read(&with(body)).unwrap();
        let text = |block: &Block| match &block.content {
            Content::Text(text) => text.text.clone(),
            Content::Opaque(opaque) => opaque.kind.to_string(),
            other => panic!("{other:?}"),
        };
        let texts =
            |turn: &crate::conversation::Turn| turn.blocks.iter().map(text).collect::<Vec<_>>().join("|");
        request.turns.iter().map(|turn| (turn.role, texts(turn))).collect::<Vec<_>>()
    };
    let pairs = |expected: &[(Role, &str)]| -> Vec<(Role, String)> {
        expected.iter().map(|(role, text)| (*role, (*text).to_owned())).collect()
    };
    let (system, summary) = (
        (Role::System, "Be kind."),
        (Role::User, "A summary of our conversation so far:\n\nJean wants a refund."),
    );
    let words = json!("Jean wants a refund.");
    let go_on = (Role::User, "Go on");
    assert_eq!(roles_and_texts(&talk(&words, &[])), pairs(&[system, summary, go_on]));
    let then = talk(&words, &[text("Sure.")]);
    assert_eq!(roles_and_texts(&then), pairs(&[system, summary, (Role::Assistant, "Sure."), go_on]));
    let twice = talk(&json!("Older."), &[text("between"), compaction(&words), text("Sure.")]);
    assert_eq!(roles_and_texts(&twice), pairs(&[system, summary, (Role::Assistant, "Sure."), go_on]));
    assert_eq!(lost(&twice), ["compaction"]);
    // Where summing up failed, nothing is summed up.
    let failed = talk(&Value::Null, &[]);
    let expected = [system, (Role::User, "q"), (Role::Assistant, "so|compaction"), go_on];
    assert_eq!(roles_and_texts(&failed), pairs(&expected));
}

#[test]
fn g10_what_a_user_says_in_words_of_this_protocol_alone_is_refused() {
    let upload = json!({"type": "container_upload", "file_id": "file_1"});
    for (content, what) in [
        (json!([upload]), "messages.container_upload"),
        (json!([{"type": "hologram", "data": "x"}]), "messages.hologram"),
        (
            json!([{"type": "tool_result", "tool_use_id": "1", "content": [upload]}]),
            "messages.container_upload",
        ),
    ] {
        let Err(TranslateError::Unsayable { what: refused, .. }) = blocks("user", &content) else {
            panic!("{content} is read")
        };
        assert_eq!(refused, what);
    }
    // What the model's own tools did is left out elsewhere, and named.
    let done = json!([{"type": "web_search_tool_result", "tool_use_id": "s", "content": []}, {"type": "text", "text": "a"}]);
    assert!(blocks("user", &done).is_ok());
    assert!(blocks("assistant", &json!([{"type": "hologram", "data": "x"}])).is_ok());
}
