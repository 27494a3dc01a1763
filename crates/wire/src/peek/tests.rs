//! What the peek sees, and that it judges like `serde_json`.

use proptest::prelude::*;
use serde_json::Value;

use super::key::Key;
use super::*;

mod against_serde;

fn seen(body: &str) -> Peek<'_> {
    peek(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn needs(body: &str) -> Needs {
    seen(body).needs
}

#[test]
fn the_fields_that_steer_and_where_they_stand() {
    let body = r#" {"model" : "gp\u0074-5" ,"stream":true,"n":2,"max_tokens":10,"user":"u1",
        "stream_options":{"include_usage":false,"x":[1]},"messages":[{"role":"user","content":"hi"}],"system":"be"} "#;
    let peek = seen(body);
    assert_eq!(peek.model_name(), Some("gpt-5"));
    assert_eq!(&body[peek.model.clone().unwrap().range], r#""gp\u0074-5""#);
    assert!(peek.stream);
    assert_eq!((peek.n, peek.max_tokens, peek.messages_count), (Some(2), Some(10), 1));
    assert_eq!(peek.user.unwrap().value, "u1");
    let options = peek.stream_options.unwrap();
    assert_eq!(&body[options.range], r#"{"include_usage":false,"x":[1]}"#);
    assert_eq!(&body[options.include_usage_range.unwrap()], "false");
    assert_eq!(options.include_usage, Some(false));
    assert_eq!(&body[peek.messages.unwrap()], r#"[{"role":"user","content":"hi"}]"#);
    assert_eq!(&body[peek.system.unwrap()], r#""be""#);
    assert_eq!(&body[..peek.object_open], " {");
    assert!(!peek.is_empty);
}

#[test]
fn nothing_is_copied_but_escaped_names() {
    let body = br#"{"model":"gpt-5","user":"\n"}"#;
    let peek = peek(body).unwrap();
    assert!(matches!(peek.model.unwrap().value, Cow::Borrowed("gpt-5")));
    assert!(matches!(peek.user.unwrap().value, Cow::Owned(_)));
}

#[test]
fn the_newest_name_of_the_output_limit_wins() {
    assert_eq!(
        seen(r#"{"max_tokens":1,"max_completion_tokens":2,"max_output_tokens":3}"#).max_tokens,
        Some(2)
    );
    assert_eq!(seen(r#"{"max_output_tokens":3,"max_tokens":1}"#).max_tokens, Some(1));
    assert_eq!(seen(r#"{"max_completion_tokens":null,"max_output_tokens":3}"#).max_tokens, Some(3));
    for odd in ["-1", "1.5", "\"9\"", "null", "1e3"] {
        assert_eq!(seen(&format!(r#"{{"max_tokens":{odd}}}"#)).max_tokens, None, "{odd}");
    }
}

#[test]
fn a_steering_key_given_twice_is_refused_however_it_is_spelt() {
    for (body, key) in [
        (r#"{"model":"a","x":1,"model":"b"}"#, "model"),
        (r#"{"model":"a","mod\u0065l":"b"}"#, "model"),
        (r#"{"str\u0065am":true,"\u0073tream":false}"#, "stream"),
        (r#"{"messages":[],"messages":[]}"#, "messages"),
        (
            r#"{"stream_options":{"include_usage":true,"include_usage":false}}"#,
            "stream_options.include_usage",
        ),
    ] {
        assert_eq!(peek(body.as_bytes()), Err(PeekError::Duplicate { key }), "{body}");
    }
    for &key in Key::NAMES {
        let value = if key == "model" { r#""a""# } else { "null" };
        let body = format!(r#"{{"{key}":{value},"{key}":{value}}}"#);
        assert_eq!(peek(body.as_bytes()), Err(PeekError::Duplicate { key }));
    }
    assert!(peek(br#"{"top_p":1,"top_p":2,"a":{"model":1,"model":2}}"#).is_ok());
    // Longer than any name that steers, even unescaped.
    let long = format!(r#"{{"{}":1,"model":"a"}}"#, "\\u006d".repeat(100));
    assert_eq!(seen(&long).model_name(), Some("a"));
}

#[test]
fn a_steering_key_of_the_wrong_type_is_refused() {
    for (body, key) in [
        (r#"{"model":null}"#, "model"),
        (r#"{"model":["a"]}"#, "model"),
        (r#"{"stream":"true"}"#, "stream"),
        (r#"{"stream":1}"#, "stream"),
        (r#"{"stream_options":true}"#, "stream_options"),
        (r#"{"stream_options":{"include_usage":1}}"#, "stream_options.include_usage"),
    ] {
        assert_eq!(peek(body.as_bytes()), Err(PeekError::WrongType { key }), "{body}");
    }
    assert!(!seen(r#"{"stream":null,"stream_options":null}"#).stream);
    assert!(seen(r#"{"stream_options":null}"#).stream_options.unwrap().is_null);
    assert!(seen(r#"{"stream_options":{}}"#).stream_options.unwrap().is_empty);
}

#[test]
fn what_is_no_object_is_told_apart_from_what_is_no_json() {
    for body in ["[]", "3", "null", r#""x""#, " [1, 2] "] {
        assert_eq!(peek(body.as_bytes()), Err(PeekError::NotAnObject), "{body}");
    }
    for body in ["", " ", "{", "[1", "{}x", "{'a':1}", "{\"a\":}", "{\"a\":1,}", "{,}", "nul"] {
        assert!(matches!(peek(body.as_bytes()), Err(PeekError::NotJson { .. })), "{body}");
    }
    assert!(seen("{}").is_empty);
}

#[test]
fn needs_from_top_level_members() {
    for (body, expected) in [
        (r#"{"tools":[{"type":"function","function":{"name":"f"}}]}"#, Needs::TOOLS),
        (r#"{"tools":[]}"#, Needs::NONE),
        (
            r#"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#,
            Needs::TOOLS | Needs::WEB_SEARCH,
        ),
        (r#"{"parallel_tool_calls":true}"#, Needs::PARALLEL_TOOLS),
        (r#"{"parallel_tool_calls":false}"#, Needs::NONE),
        (r#"{"response_format":{"type":"json_schema","json_schema":{}}}"#, Needs::JSON_SCHEMA),
        (r#"{"response_format":{"type":"json_object"}}"#, Needs::JSON_MODE),
        (r#"{"response_format":{"type":"text"}}"#, Needs::NONE),
        (r#"{"output_config":{"effort":"low","format":{"type":"json_schema"}}}"#, Needs::JSON_SCHEMA),
        (r#"{"reasoning_effort":"high"}"#, Needs::REASONING),
        (r#"{"reasoning_effort":"none"}"#, Needs::NONE),
        (r#"{"reasoning":{"effort":"none"}}"#, Needs::NONE),
        (r#"{"reasoning":{"max_tokens":10}}"#, Needs::REASONING),
        (r#"{"thinking":{"type":"adaptive"}}"#, Needs::REASONING),
        (r#"{"thinking":{"type":"disabled"}}"#, Needs::NONE),
        (r#"{"logprobs":true}"#, Needs::LOGPROBS),
        (r#"{"logprobs":false}"#, Needs::NONE),
        (r#"{"top_logprobs":0}"#, Needs::NONE),
        (r#"{"top_logprobs":2}"#, Needs::LOGPROBS),
        (r#"{"include":["reasoning.encrypted_content"]}"#, Needs::NONE),
        (r#"{"include":["message.output_text.logprobs"]}"#, Needs::LOGPROBS),
        (r#"{"text":{"format":{"type":"json_schema","schema":{}},"verbosity":"low"}}"#, Needs::JSON_SCHEMA),
        (r#"{"text":{"format":{"type":"text"}}}"#, Needs::NONE),
        (r#"{"reasoning":{"effort":"high","summary":"auto"}}"#, Needs::REASONING),
        (r#"{"reasoning":null,"include":null,"text":{}}"#, Needs::NONE),
        (r#"{"tools":[{"type":"web_search"}]}"#, Needs::TOOLS | Needs::WEB_SEARCH),
        (r#"{"tools":[{"type":"custom","name":"f"}]}"#, Needs::TOOLS),
        (r#"{"n":2}"#, Needs::MULTIPLE_CHOICES),
        (r#"{"n":1}"#, Needs::NONE),
        (r#"{"modalities":["text","audio"]}"#, Needs::AUDIO_OUT),
        (r#"{"web_search_options":{}}"#, Needs::WEB_SEARCH),
    ] {
        assert_eq!(needs(body), expected, "{body}");
    }
}

#[test]
fn needs_from_content_parts() {
    for (part, expected) in [
        (r#"{"type":"text","text":"x"}"#, Needs::NONE),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#, Needs::IMAGES),
        (r#"{"type":"im\u0061ge","source":{"type":"base64","data":"AAAA"}}"#, Needs::IMAGES),
        (r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#, Needs::AUDIO_IN),
        (r#"{"type":"document","source":{"type":"url","url":"https://x"}}"#, Needs::DOCUMENTS),
        (r#"{"type":"file","file":{"file_data":"AAAA"}}"#, Needs::DOCUMENTS),
        (r#"{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}"#, Needs::CACHE_MARKS),
        (r#"{"type":"text","text":"x","cache_control":null}"#, Needs::NONE),
        (r#"{"type":"tool_result","tool_use_id":"t","content":[{"type":"image"}]}"#, Needs::IMAGES),
        // Not in the place of a part, so it names nothing.
        (
            r#"{"type":"tool_use","id":"t","name":"f","input":{"type":"image","cache_control":1}}"#,
            Needs::NONE,
        ),
        (r#"{"type":"text","text":"{\"type\":\"image\"}"}"#, Needs::NONE),
    ] {
        assert_eq!(
            needs(&format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#)),
            expected,
            "{part}"
        );
        assert_eq!(
            needs(&format!(r#"{{"input":[{{"content":[{part}],"role":"user"}}]}}"#)),
            expected,
            "{part}"
        );
    }
}

#[test]
fn only_a_last_message_of_the_assistant_is_a_prefill() {
    assert_eq!(
        needs(r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#),
        Needs::PREFILL
    );
    assert_eq!(
        needs(r#"{"messages":[{"role":"assistant","content":"b"},{"role":"user","content":"a"}]}"#),
        Needs::NONE
    );
    assert_eq!(needs(r#"{"messages":[{"role":"assistant"},{"content":"role: assistant"}]}"#), Needs::NONE);
}

#[test]
fn b23_a_paused_turn_that_is_sent_back_is_no_prefill() {
    let paused = r#"{"messages":[{"content":[{"type":"text","text":"a"},{"type":"server_tool_use","name":"web_search"}],"role":"assistant"}]}"#;
    assert_eq!(needs(paused), Needs::NONE);
    let begun = paused.replace("server_tool_use", "text");
    assert_eq!(needs(&begun), Needs::PREFILL);
}

#[test]
fn prompt_text_is_counted_and_data_is_not() {
    let bytes = |body: &str| seen(body).text_bytes;
    assert_eq!(
        bytes(
            r#"{"messages":[{"role":"user","content":"12345"},{"role":"user","content":[{"type":"text","text":"678"}]}]}"#
        ),
        8
    );
    assert_eq!(bytes(r#"{"system":"12","messages":[]}"#), 2);
    assert_eq!(bytes(r#"{"system":[{"type":"text","text":"12"}]}"#), 2);
    assert_eq!(bytes(r#"{"input":"1234567"}"#), 7);
    assert_eq!(
        bytes(r#"{"tools":[{"name":"ab","input_schema":{"type":"object"}}]}"#),
        2 + "type".len() as u64 + 6
    );
    assert_eq!(bytes(r#"{"user":"nobody","metadata":{"a":"b"},"model":"m"}"#), 0);
    let items = r#"{"instructions":"12","input":[{"type":"message","role":"user","content":[
        {"type":"input_text","text":"34"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"},
        {"type":"input_file","file_data":"data:application/pdf;base64,AAAA"}]},
        {"type":"reasoning","id":"rs_1","encrypted_content":"AAAAAAAAAAAA"},
        {"type":"image_generation_call","id":"ig_1","result":"AAAAAAAAAAAA"},
        {"type":"computer_call_output","call_id":"c1","output":
        {"type":"computer_screenshot","image_url":"data:image/png;base64,AAAAAAAAAAAA"}},
        {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"56"}]}]}"#;
    assert_eq!(bytes(items), 6);
    assert_eq!(needs(items), Needs::IMAGES | Needs::DOCUMENTS);
    let media = r#"{"messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAAAAAAAAAAAAAAAA"}},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAAAAAAAAAAAAAAAA"}},
        {"type":"document","source":{"type":"text","media_type":"text/plain","data":"123"}}]}]}"#;
    assert_eq!(bytes(media), 3);
}
