//! What a client says.

use catalogue::Protocol;
use serde_json::{Value, json};

use super::super::super::tests::{decode, names};
use super::everything;
use crate::conversation::{
    Block, CacheMark, Content, Effort, Function, Grammar, Media, MediaKind, MediaSource, Opaque,
    OutputFormat, Reasoning, Request, Role, Tool, ToolCall, ToolChoice, ToolInput, TranslateError, Turn,
};

/// A request of one message, with members put over it.
fn asked(members: &Value) -> Result<Request, TranslateError> {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    decode(&body)
}

fn turns(messages: &Value) -> Vec<Turn> {
    asked(&json!({"messages": messages})).unwrap().turns
}

fn is_malformed(result: Result<Request, TranslateError>, at: &str) {
    match result {
        Err(TranslateError::Malformed { path, .. }) => assert_eq!(path, at),
        other => panic!("{at}: {other:?}"),
    }
}

fn is_unsayable(result: Result<Request, TranslateError>, named: &str) {
    match result {
        Err(TranslateError::Unsayable { what, .. }) => assert_eq!(what, named),
        other => panic!("{named}: {other:?}"),
    }
}

fn call(turn: &Turn, at: usize) -> &ToolCall {
    turn.blocks[at].call().unwrap()
}

#[test]
fn everything_finds_its_place() {
    let request = everything();
    let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
    let (system, user, assistant) = (Role::System, Role::User, Role::Assistant);
    assert_eq!(roles, [system, system, user, assistant, user, user, assistant, assistant, user]);
    assert_eq!(request.turns[0].blocks, [Content::text("Be brief.").into()]);
    assert_eq!(request.turns[1].name.as_deref(), Some("dev"));
    assert_eq!(request.turns[1].blocks[0].cache, Some(CacheMark::Hour));
    assert_eq!(request.max_tokens, Some(100));
    assert_eq!(request.sampling.temperature.as_deref(), Some("0.70"), "numbers keep their text");
    assert_eq!(request.sampling.seed.as_deref(), Some("9007199254740993"));
    assert_eq!((request.sampling.logprobs, &request.sampling.presence_penalty), (Some(2), &None));
    assert_eq!((request.choices, request.parallel_tools), (Some(2), Some(false)));
    assert_eq!(request.effort, Some(Effort::Named("high".into())));
    assert_eq!(request.stop, ["a", "b"]);
    assert_eq!((request.end_user(), request.safety_identifier.as_deref()), (Some("s"), Some("s")));
    assert_eq!((request.verbosity.as_deref(), request.caching.key.is_some()), (Some("low"), true));
    assert_eq!(request.metadata, [("k".into(), "v".into()), ("n".into(), "1".into())]);
    assert!(request.stream && request.stream_usage);
    assert_eq!(request.tool_choice, ToolChoice::Named("look".into()));
    let OutputFormat::Schema { name, schema, strict, .. } = &request.format else { panic!("a schema") };
    assert_eq!((name.as_deref(), *strict), (Some("cat"), Some(true)));
    assert_eq!(schema, r#"{"type": "object", "properties": {"b": {}, "a": {}}}"#, "a schema keeps its bytes");
    assert_eq!(request.losses, []);
}

#[test]
fn b17_b18_media_of_all_kinds() {
    let blocks = &everything().turns[2].blocks;
    let media: Vec<&Media> = blocks
        .iter()
        .filter_map(|block| match &block.content {
            Content::Media(media) => Some(media),
            _ => None,
        })
        .collect();
    let kinds: Vec<MediaKind> = media.iter().map(|media| media.kind).collect();
    let (image, audio, document) = (MediaKind::Image, MediaKind::Audio, MediaKind::Document);
    assert_eq!(kinds, [image, image, audio, document, document]);
    assert_eq!(media[0].source, MediaSource::Base64("iVBORw==".into()));
    assert_eq!(
        (media[0].media_type.as_deref(), media[0].detail.as_deref()),
        (Some("image/png"), Some("low"))
    );
    assert_eq!(media[1].source, MediaSource::Url("https://example.com/a.jpg".into()));
    assert_eq!(media[2].media_type.as_deref(), Some("audio/wav"));
    assert_eq!(
        (media[3].media_type.as_deref(), media[3].name.as_deref()),
        (Some("application/pdf"), Some("a.pdf"))
    );
    assert_eq!(media[4].source, MediaSource::Held("file-1".into()));
    // B25: marks of both dialects, where they stand.
    let marks: Vec<Option<CacheMark>> = blocks.iter().map(|block| block.cache).collect();
    assert_eq!(marks, [Some(CacheMark::Short), None, Some(CacheMark::Short), None, None, None]);
}

#[test]
fn data_is_base64_of_one_kind() {
    let image = |url: &str| {
        let part = json!({"type": "image_url", "image_url": url});
        asked(&json!({"messages": [{"role": "user", "content": [part]}]}))
    };
    for url in ["data:image/png;base64,-_8", "DATA:image/png;x=y;BASE64,+/8=", "data:image/png;base64,+/\n8="]
    {
        let request = image(url).unwrap();
        let Content::Media(media) = &request.turns[0].blocks[0].content else { panic!("{url}") };
        assert_eq!(media.source, MediaSource::Base64("+/8=".into()), "{url}");
        assert_eq!(media.media_type.as_deref(), Some("image/png"));
    }
    for url in ["data:image/png;base64,a", "data:image/png;base64,é===", "data:image/svg+xml,<svg/>", "data:"]
    {
        is_malformed(image(url), "messages[0].content[0].image_url.url");
    }
}

#[test]
fn b07_arguments_are_json_text_as_it_was() {
    let turn = &everything().turns[3];
    assert_eq!(call(turn, 2).input, ToolInput::Arguments(r#"{"n": 9007199254740993}"#.into()));
    assert_eq!(call(turn, 3).input, ToolInput::Text("*** Begin".into()));
    for (arguments, input) in [
        (json!(""), "{}"),
        (json!(" "), "{}"),
        (json!(null), "{}"),
        (json!("{\"a\":"), "{\"a\":"),
        (json!({"a": 1}), r#"{"a":1}"#),
    ] {
        let call = json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": arguments}});
        let turns = turns(&json!([{"role": "assistant", "content": "", "tool_calls": [call]}]));
        assert_eq!(turns[0].blocks.len(), 1, "an empty text is none");
        assert_eq!(turns[0].blocks[0].call().unwrap().input, ToolInput::Arguments(input.into()));
    }
}

#[test]
fn tool_results_answer_their_calls() {
    let request = everything();
    let result = |at: usize| match &request.turns[at].blocks[0] {
        Block { content: Content::ToolResult(result), cache } => (result.clone(), *cache),
        other => panic!("{other:?}"),
    };
    let (first, mark) = result(4);
    assert_eq!((first.call_id.as_str(), first.is_custom, mark), ("call_1", false, Some(CacheMark::Short)));
    let (second, _) = result(5);
    assert!(second.is_custom, "it answers a call of free text");
    assert!(matches!(second.blocks[1].content, Content::Media(_)), "an image stays one");
    // From before calls had ids.
    let made = call(&request.turns[7], 0);
    let (third, _) = result(8);
    assert_eq!((&third.call_id, third.name.as_deref()), (&made.id, Some("now")));
    assert_eq!(made.input, ToolInput::Arguments("{}".into()));
}

#[test]
fn f04_signatures_keep_to_their_calls() {
    let turn = &everything().turns[3];
    let own = |kind: &'static str, data: &str| Some(Opaque::new(Protocol::OpenaiChat, kind, data));
    assert_eq!(call(turn, 2).proof, own("thought_signature", "CuQB"));
    let Content::Reasoning(Reasoning { text, proof, .. }) = &turn.blocks[0].content else { panic!("first") };
    assert_eq!(text, "Hm.");
    let entry = r#"{"type":"reasoning.text","signature":"EqQB","format":"anthropic-claude-v1"}"#;
    assert_eq!(*proof, own("reasoning_details", entry));
    assert_eq!(turn.blocks[1].content, Content::text("Let me see."), "the same text is not said twice");
}

#[test]
fn reasoning_in_plain_text() {
    for name in ["reasoning_content", "reasoning"] {
        let turns = turns(&json!([{"role": "assistant", "content": "so", name: "Hm."}]));
        let thought = Reasoning { text: "Hm.".into(), proof: None, is_summary: false };
        assert_eq!(turns[0].blocks, [Content::Reasoning(thought).into(), Content::text("so").into()]);
    }
    let both =
        json!([{"role": "assistant", "content": "so", "reasoning_content": "Hm.", "reasoning": "Hm."}]);
    assert_eq!(turns(&both)[0].blocks.len(), 2);
    // What proves it may stand apart from it, or beside it.
    let entry = |entry: Value| {
        let message =
            json!({"role": "assistant", "content": "so", "reasoning": "Hm.", "reasoning_details": [entry]});
        turns(&json!([message])).remove(0).blocks
    };
    let signed = entry(json!({"type": "reasoning.text", "signature": "s"}));
    assert!(
        matches!(&signed[0].content, Content::Reasoning(thought) if thought.text == "Hm." && thought.proof.is_some())
    );
    let sealed = entry(json!({"type": "reasoning.encrypted", "data": "gAAA"}));
    assert!(
        matches!(&sealed[0].content, Content::Reasoning(thought) if thought.text == "Hm." && thought.proof.is_none())
    );
    assert!(matches!(&sealed[1].content, Content::Reasoning(thought) if thought.proof.is_some()));
}

#[test]
fn b02_the_limit_is_above_zero_and_the_newer_member_wins() {
    assert_eq!(asked(&json!({"max_tokens": 5})).unwrap().max_tokens, Some(5));
    assert_eq!(asked(&json!({"max_tokens": 5, "max_completion_tokens": null})).unwrap().max_tokens, Some(5));
    assert_eq!(asked(&json!({"max_completion_tokens": 7, "max_tokens": 5})).unwrap().max_tokens, Some(7));
    for name in ["max_tokens", "max_completion_tokens"] {
        for wrong in [json!(0), json!(-1), json!(1.5), json!("7"), json!([])] {
            is_malformed(asked(&json!({name: wrong})), name);
        }
    }
}

#[test]
fn b03_instructions_stay_where_they_stand() {
    let turns = turns(&json!([
        {"role": "system", "content": "a"}, {"role": "user", "content": "b"}, {"role": "developer", "content": [{"type": "text", "text": "c"}]},
    ]));
    let said: Vec<(Role, &Content)> = turns.iter().map(|turn| (turn.role, &turn.blocks[0].content)).collect();
    let text = |text: &str| Content::text(text);
    assert_eq!(said, [(Role::System, &text("a")), (Role::User, &text("b")), (Role::System, &text("c"))]);
}

#[test]
fn b10_b11_tool_choice_in_all_forms() {
    for (choice, expected) in [
        (json!(null), ToolChoice::Unsaid),
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!("required"), ToolChoice::Any),
        (json!({"type": "function", "function": {"name": "f"}}), ToolChoice::Named("f".into())),
        (json!({"type": "custom", "custom": {"name": "f"}}), ToolChoice::Named("f".into())),
    ] {
        assert_eq!(asked(&json!({"tool_choice": choice})).unwrap().tool_choice, expected, "{choice}");
    }
    is_malformed(asked(&json!({"tool_choice": "perhaps"})), "tool_choice");
    is_malformed(asked(&json!({"tool_choice": {"type": "function"}})), "tool_choice");
    is_unsayable(asked(&json!({"tool_choice": {"type": "web"}})), "tool_choice.type");
    assert_eq!(asked(&json!({"parallel_tool_calls": true})).unwrap().parallel_tools, Some(true));
}

#[test]
fn tools_that_are_not_allowed_are_not_offered() {
    let function = |name: &str| json!({"type": "function", "function": {"name": name}});
    let allowed =
        json!({"mode": "required", "tools": [function("b"), {"type": "custom", "custom": {"name": "c"}}]});
    let request = asked(&json!({
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed},
        "tools": [function("a"), function("b"), {"type": "custom", "custom": {"name": "c"}}],
    }));
    let request = request.unwrap();
    assert_eq!(request.tools.iter().map(Tool::name).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(request.tool_choice, ToolChoice::Any);
    assert_eq!(names(&request.losses), ["tool_choice.allowed_tools"]);
}

#[test]
fn b20_tools_of_all_kinds() {
    let request = everything();
    let [Tool::Function(function), Tool::Custom { name, grammar, .. }, Tool::Supplied(supplied)] =
        &request.tools[..]
    else {
        panic!("{:?}", request.tools)
    };
    let schema = r#"{"type": "object",  "properties": {"n": {"const": 9007199254740993}}}"#;
    let expected = Function {
        name: "look".into(),
        description: Some("Looks.".into()),
        schema: Some(schema.into()),
        strict: Some(true),
        cache: Some(CacheMark::Short),
    };
    assert_eq!(*function, expected);
    assert_eq!(name, "patch");
    let expected = Grammar { syntax: "lark".into(), definition: "start: \"a\"".into() };
    assert_eq!(*grammar, Some(expected));
    assert_eq!((&*supplied.kind, supplied.owner.as_deref()), ("openrouter:web_search", None));
    let json: Value = serde_json::from_str(&supplied.data).unwrap();
    assert_eq!(json["parameters"]["max_results"], 3);
    is_malformed(asked(&json!({"tools": [{"type": "function"}]})), "tools[0]");
    is_malformed(asked(&json!({"tools": [{"type": "function", "function": {}}]})), "tools[0].function.name");
    is_malformed(asked(&json!({"tools": ["f"]})), "tools[0]");
}

#[test]
fn functions_from_before_there_were_tools() {
    let function = json!({"name": "f", "parameters": {}});
    let request = asked(&json!({"functions": [function], "function_call": {"name": "f"}})).unwrap();
    assert_eq!(request.tools[0].name(), "f");
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.parallel_tools, Some(false));
    assert!(super::super::is_legacy(&request));
    assert!(!super::super::is_legacy(&everything()));
    let orphan = json!([{"role": "function", "name": "f", "content": "1"}]);
    is_malformed(asked(&json!({"messages": orphan})), "messages[0].name");
}

#[test]
fn a16_what_has_no_place_is_lost_by_name_or_refused() {
    let request = asked(&json!({
        "store": true, "service_tier": "flex", "min_p": 0.1, "prediction": {"type": "content"},
        "verbosity": null, "prompt_cache_options": {}, "stream_options": {"x": 1},
        "messages": [{"role": "user", "weight": 1, "content": [{"type": "text", "text": "a", "lang": "en"}]}],
        "tools": [{"type": "function", "function": {"name": "f", "examples": [1]}}],
    }));
    let mut lost: Vec<String> = names(&request.unwrap().losses).into_iter().map(str::to_owned).collect();
    lost.sort();
    let expected = [
        "messages.content.lang",
        "messages.weight",
        "min_p",
        "prediction",
        "store",
        "stream_options.x",
        "tools.function.examples",
    ];
    assert_eq!(lost, expected);
    is_unsayable(asked(&json!({"logit_bias": {"5": -100}})), "logit_bias");
    is_unsayable(asked(&json!({"modalities": ["text", "audio"]})), "modalities");
    is_unsayable(asked(&json!({"response_format": {"type": "grammar"}})), "response_format.type");
    let part = json!({"type": "sticker", "sticker": 1});
    is_unsayable(
        asked(&json!({"messages": [{"role": "user", "content": [part]}]})),
        "messages.content.sticker",
    );
    let audio = json!({"role": "assistant", "content": null, "audio": {"id": "a"}});
    is_unsayable(asked(&json!({"messages": [audio]})), "messages.audio");
}

#[test]
fn what_is_no_request_is_told_with_its_place() {
    is_malformed(decode(&json!([])), "");
    is_malformed(decode(&json!({})), "messages");
    is_malformed(asked(&json!({"messages": null})), "messages");
    is_malformed(asked(&json!({"messages": {}})), "messages");
    is_malformed(asked(&json!({"messages": [{"content": "a"}]})), "messages[0].role");
    is_malformed(asked(&json!({"messages": [{"role": "robot"}]})), "messages[0].role");
    is_malformed(asked(&json!({"messages": [{"role": "tool", "content": "a"}]})), "messages[0].tool_call_id");
    is_malformed(
        asked(&json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]})),
        "messages[0].content[0]",
    );
    is_malformed(asked(&json!({"messages": [{"role": "user", "content": 3}]})), "messages[0].content");
    is_malformed(asked(&json!({"temperature": "warm"})), "temperature");
    is_malformed(asked(&json!({"stream": 1})), "stream");
    is_malformed(asked(&json!({"n": 0})), "n");
    is_malformed(asked(&json!({"stop": [1]})), "stop[0]");
    is_malformed(asked(&json!({"top_logprobs": 2})), "top_logprobs");
    let call = json!({"type": "function", "function": {"name": "f", "arguments": "{}"}});
    let said = json!([{"role": "assistant", "tool_calls": [call]}]);
    is_malformed(asked(&json!({"messages": said})), "messages[0].tool_calls[0].id");
}

#[test]
fn effort_in_the_dialects_of_others() {
    for (members, effort) in [
        (json!({"reasoning_effort": "none"}), Some(Effort::Off)),
        (json!({"reasoning_effort": null}), None),
        (json!({"reasoning": {"effort": "low"}}), Some(Effort::Named("low".into()))),
        (json!({"reasoning": {"max_tokens": 9}}), Some(Effort::Budget(9))),
        (json!({"reasoning": {"enabled": true}}), Some(Effort::Auto)),
        (
            json!({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}),
            Some(Effort::Named("high".into())),
        ),
        (json!({"thinking": {"type": "disabled"}}), Some(Effort::Off)),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 9}}), Some(Effort::Budget(9))),
        (json!({"thinking": {"type": "enabled"}}), Some(Effort::Auto)),
    ] {
        assert_eq!(asked(&members).unwrap().effort, effort, "{members}");
    }
    assert_eq!(asked(&json!({"reasoning": {"exclude": true}})).unwrap().shows_reasoning, Some(false));
}

/// A message's own mark is its last block's.
#[test]
fn b25_marks_of_messages_and_calls() {
    let mark = json!({"type": "ephemeral"});
    let call = json!({"id": "1", "type": "function", "function": {"name": "f"}, "cache_control": mark});
    let turns = turns(&json!([
        {"role": "system", "content": "a", "cache_control": mark},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "cache_control": mark},
        {"role": "assistant", "content": "a", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "a", "cache_control": mark}]},
    ]));
    let marks: Vec<Vec<bool>> =
        turns.iter().map(|turn| turn.blocks.iter().map(|block| block.cache.is_some()).collect()).collect();
    assert_eq!(marks, [vec![true], vec![false, true], vec![false, true], vec![false]]);
    let Content::ToolResult(result) = &turns[3].blocks[0].content else { panic!("a result") };
    assert_eq!(result.blocks[0].cache, Some(CacheMark::Short));
}
