//! What the peek sees.

use proptest::prelude::*;

use super::super::testing::any_request;
use super::*;

fn seen(body: &str) -> Peek<'_> {
    peek(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn the_fields_that_steer_and_where_they_stand() {
    let body = r#" {"system":[{"text":"12"}],"messages":[{"role":"user","content":[{"text":"345"}]}],
        "inferenceConfig":{"temperature":1,"maxTokens":10},"model":"ignored","stream":true}"#;
    let peek = seen(body);
    assert_eq!((peek.model_name(), peek.stream, peek.n), (None, false, None));
    assert_eq!((peek.max_tokens, peek.messages_count, peek.text_bytes), (Some(10), 1, 5));
    assert_eq!(&body[peek.messages.unwrap()], r#"[{"role":"user","content":[{"text":"345"}]}]"#);
    assert_eq!(&body[peek.system.unwrap()], r#"[{"text":"12"}]"#);
    assert_eq!(&body[..peek.object_open], " {");
    assert!(!peek.is_empty && seen("{}").is_empty);
    assert_eq!(peek.needs, Needs::NONE);
}

#[test]
fn needs() {
    for (body, expected) in [
        (r#"{"toolConfig":{"tools":[{"toolSpec":{"name":"f"}}]}}"#, Needs::TOOLS),
        (
            r#"{"toolConfig":{"tools":[{"systemTool":{"name":"f"}},{"cachePoint":{"type":"default"}}]}}"#,
            Needs::TOOLS | Needs::WEB_SEARCH | Needs::CACHE_MARKS,
        ),
        (r#"{"toolConfig":{"tools":[]},"outputConfig":{"effort":"low","textFormat":null}}"#, Needs::NONE),
        (r#"{"outputConfig":{"textFormat":{"type":"json_schema"}}}"#, Needs::JSON_SCHEMA),
        (r#"{"additionalModelRequestFields":{"thinking":{"type":"adaptive"}}}"#, Needs::REASONING),
        (
            r#"{"additionalModelRequestFields":{"thinking":{"type":"disabled"},"reasoning_effort":"none"}}"#,
            Needs::NONE,
        ),
        (r#"{"additionalModelRequestFields":{"reasoningConfig":{"type":"enabled"}}}"#, Needs::REASONING),
        (r#"{"additionalModelRequestFields":{"reasoning_effort":"low"}}"#, Needs::REASONING),
        (r#"{"system":[{"text":"a"},{"cachePoint":{"type":"default"}}]}"#, Needs::CACHE_MARKS),
        (
            r#"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[]}]}"#,
            Needs::PREFILL,
        ),
        (r#"{"messages":[{"role":"assistant","content":[]},{"role":"user","content":[]}]}"#, Needs::NONE),
    ] {
        assert_eq!(seen(body).needs, expected, "{body}");
    }
    for (block, expected) in [
        (r#"{"text":"{\"image\":1}"}"#, Needs::NONE),
        (r#"{"image":{"format":"png","source":{"bytes":"AAAA"}}}"#, Needs::IMAGES),
        (r#"{"im\u0061ge":{}}"#, Needs::IMAGES),
        (r#"{"image":null,"text":"x"}"#, Needs::NONE),
        (r#"{"audio":{}}"#, Needs::AUDIO_IN),
        (r#"{"document":{}}"#, Needs::DOCUMENTS),
        (r#"{"video":{}}"#, Needs::NONE),
        (r#"{"cachePoint":{"type":"default"}}"#, Needs::CACHE_MARKS),
        (r#"{"guardContent":{"image":{}}}"#, Needs::IMAGES),
        (
            r#"{"toolResult":{"toolUseId":"1","content":[{"image":{}},{"document":{}}]}}"#,
            Needs::IMAGES | Needs::DOCUMENTS,
        ),
        // Not in the place of a block, so it names nothing.
        (r#"{"toolUse":{"toolUseId":"1","name":"f","input":{"image":{},"cachePoint":1}}}"#, Needs::NONE),
    ] {
        let body = format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#);
        assert_eq!(seen(&body).needs, expected, "{block}");
    }
}

#[test]
fn prompt_text_is_counted_and_data_is_not() {
    let bytes =
        |block: &str| seen(&format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#)).text_bytes;
    for (block, expected) in [
        (r#"{"image":{"format":"png","source":{"bytes":"AAAAAAAA"}}}"#, 0),
        (r#"{"document":{"format":"txt","name":"n","source":{"bytes":"AAAA"}}}"#, 0),
        (r#"{"document":{"source":{"text":"123"},"context":"45"}}"#, 5),
        (r#"{"toolUse":{"toolUseId":"ignored","name":"12","input":{"345":"6"}}}"#, 6),
        (
            r#"{"toolResult":{"toolUseId":"ignored","content":[{"text":"1"},{"json":{"2":"3"}},{"image":{"source":{"bytes":"AA"}}}]}}"#,
            3,
        ),
        (r#"{"reasoningContent":{"reasoningText":{"text":"12","signature":"ignored"}}}"#, 2),
        (r#"{"reasoningContent":{"redactedContent":"ignored"}}"#, 0),
        (r#"{"guardContent":{"text":{"text":"12","qualifiers":["query"]}}}"#, 2),
    ] {
        assert_eq!(bytes(block), expected, "{block}");
    }
    let tool =
        r#"{"toolConfig":{"tools":[{"toolSpec":{"name":"ab","inputSchema":{"json":{"type":"object"}}}}]}}"#;
    assert_eq!(
        seen(tool).text_bytes,
        ("name".len() + 2 + "inputSchema".len() + "json".len() + "type".len() + 6) as u64
    );
}

#[test]
fn what_is_ambiguous_or_no_object_is_refused() {
    for (body, key) in [
        (r#"{"messages":[],"messages":[]}"#, "messages"),
        (r#"{"system":[],"syst\u0065m":[]}"#, "system"),
        (r#"{"toolConfig":null,"toolConfig":null}"#, "toolConfig"),
        (r#"{"inferenceConfig":{"maxTokens":1,"maxTokens":2}}"#, "inferenceConfig.maxTokens"),
    ] {
        assert_eq!(peek(body.as_bytes()), Err(PeekError::Duplicate { key }), "{body}");
    }
    assert_eq!(peek(b"[]"), Err(PeekError::NotAnObject));
    assert!(matches!(peek(b"{\"a\":}"), Err(PeekError::NotJson { .. })));
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!(peek(deep.as_bytes()), Err(PeekError::TooDeep));
}

proptest! {
    /// The verdict of `serde_json`, on requests, on damaged requests and on anything.
    #[test]
    fn judges_like_serde_json(
        request in any_request(), at in any::<prop::sample::Index>(), byte in any::<u8>(), bytes in any::<Vec<u8>>(),
    ) {
        use super::super::testing::{converse, target};
        let mut body = converse().encode_request(&request, &target()).unwrap().body.to_vec();
        let whole = peek(&body).unwrap();
        let turns = request.turns.iter().filter(|turn| turn.role != crate::conversation::Role::System).count();
        prop_assert_eq!((whole.max_tokens, whole.messages_count), (request.max_tokens, turns as u64));
        prop_assert_eq!(whole.needs.contains(Needs::TOOLS), !request.tools.is_empty());
        let at = at.index(body.len());
        body[at] = byte;
        for body in [body, bytes] {
            let is_object = serde_json::from_slice::<serde_json::Value>(&body).map(|value| value.is_object());
            match peek(&body) {
                Ok(_) => prop_assert!(is_object.unwrap()),
                Err(PeekError::NotAnObject) => prop_assert!(!is_object.unwrap()),
                Err(PeekError::Duplicate { .. }) => prop_assert!(is_object.is_ok_and(|is| is)),
                Err(_) => prop_assert!(is_object.is_err()),
            }
        }
    }
}
