//! Whole replies, usage, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::codec::Reply;
use crate::error_reply::ErrorKind;
use crate::peek::peek;
use crate::splice::splice;

fn reply(body: &str) -> Result<Reply, Failure> {
    OpenaiChat.reply(body.as_bytes())
}

#[test]
fn a_whole_reply() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",
        "content":"Hi \"you\"","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    let reply = reply(body).unwrap();
    assert_eq!(reply.id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(reply.finish.as_deref(), Some("stop"));
    assert!(reply.has_content);
    assert_eq!(reply.output_bytes, r#"Hi \"you\""#.len() as u64);
    let usage = reply.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read, usage.output_text), (15, 4, 10));
}

#[test]
fn failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        (" \n ", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"choices":[{"message":{"content":"a"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        (r#"{"choices":[]}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"choices":null}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"choices":[{"message":{"role":"assistant","content":null}}]}"#, Failure::Broken(Broken::Empty)),
        (
            r#"{"choices":[{"message":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            Failure::Broken(Broken::Empty),
        ),
        (r#"{"error":{"message":"x","code":429}}"#, Failure::RateLimited { retry_after: None }),
        (
            r#"{"error":{"message":"x","type":"server_error"},"choices":[{"message":{"content":"a"}}]}"#,
            Failure::Server,
        ),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
}

#[test]
fn an_answer_without_content_is_one_when_it_says_why_it_ended() {
    let filtered =
        r#"{"choices":[{"message":{"role":"assistant","content":null},"finish_reason":"content_filter"}]}"#;
    assert_eq!(reply(filtered).unwrap(), Reply { finish: Some("content_filter".into()), ..Reply::default() });
    let called = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    assert!(reply(called).unwrap().has_content);
}

#[test]
fn usage_is_taken_apart_however_it_is_nested() {
    for (usage, expected) in [
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5}),
            json!({"input_uncached": 10, "output_text": 5}),
        ),
        (
            json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 30, "audio_tokens": 20, "cache_write_tokens": 5, "image_tokens": 1},
                "completion_tokens_details": {"reasoning_tokens": 10, "audio_tokens": 15}}),
            json!({"input_uncached": 44, "cache_read": 30, "cache_write_5m": 5, "audio_in": 20, "image_in": 1,
                "output_text": 25, "reasoning": 10, "audio_out": 15}),
        ),
        // Parts never exceed the whole.
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 99},
                "completion_tokens_details": {"reasoning_tokens": 99}}),
            json!({"cache_read": 10, "reasoning": 5}),
        ),
        // Reasoning beside the completion: xAI says how much, Gemini's compatible endpoint only in the total.
        (
            json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "completion_tokens_details": {"reasoning_tokens": 94}}),
            json!({"input_uncached": 32, "output_text": 9, "reasoning": 94}),
        ),
        (
            json!({"prompt_tokens": 8, "completion_tokens": 9, "total_tokens": 117}),
            json!({"input_uncached": 8, "output_text": 9, "reasoning": 100}),
        ),
        // Odd values cost nothing else.
        (
            json!({"prompt_tokens": 7.0, "completion_tokens": null, "total_tokens": "x", "prompt_tokens_details": null,
                "completion_tokens_details": [], "num_sources_used": 2}),
            json!({"input_uncached": 7, "tool_requests": 2}),
        ),
        (json!({"prompt_tokens": -5, "completion_tokens": 1e30}), json!({"output_text": u64::MAX})),
    ] {
        let body = json!({"choices": [{"message": {"content": "a"}}], "usage": usage});
        let found = reply(&body.to_string()).unwrap().usage.unwrap();
        assert_eq!(serde_json::to_value(found).unwrap(), expected, "{usage}");
    }
    for nothing in [json!(null), json!({}), json!({"unknown": 1}), json!("x"), json!([1])] {
        let body = json!({"choices": [{"message": {"content": "a"}}], "usage": nothing});
        assert_eq!(reply(&body.to_string()).unwrap().usage, None, "{nothing}");
    }
}

/// The splice keeps every other byte, and its result asks for usage exactly once.
#[test]
fn asking_for_usage_in_a_stream() {
    for (body, expected) in [
        (
            r#"{ "model":"m","stream":true}"#,
            Some(r#"{"stream_options":{"include_usage":true}, "model":"m","stream":true}"#),
        ),
        (
            r#"{"stream":true,"stream_options":null}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true}}"#),
        ),
        (
            r#"{"stream":true,"stream_options":{ }}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true}}"#),
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":false, "x":0.70}}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true, "x":0.70}}"#),
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":null}}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true}}"#),
        ),
        (
            r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
            Some(r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#),
        ),
        (r#"{"stream":true,"stream_options":{"include_usage":true}}"#, None),
        (r#"{"stream":false}"#, None),
        ("{}", None),
    ] {
        let edit = OpenaiChat.usage_request(&peek(body.as_bytes()).unwrap());
        let spliced = edit.map(|edit| splice(&Bytes::copy_from_slice(body.as_bytes()), &mut [edit]).concat());
        assert_eq!(spliced.as_deref(), expected.map(str::as_bytes), "{body}");
        if let Some(spliced) = spliced {
            assert!(peek(&spliced).unwrap().asks_for_usage());
        }
    }
}

#[test]
fn our_errors_in_openais_shape() {
    let error = ErrorReply {
        status: 429,
        kind: ErrorKind::RateLimited,
        message: "say \"please\"\nlater",
        request_id: "req_1",
        code: None,
        param: Some("model"),
    };
    let expected = json!({"error": {"message": "say \"please\"\nlater", "type": "rate_limit_error", "param": "model", "code": "rate_limit_exceeded"}});
    let body: Value = serde_json::from_slice(&OpenaiChat.error_reply(&error)).unwrap();
    assert_eq!(body, expected);

    let event = OpenaiChat.error_event(&ErrorReply { code: Some("mine"), ..error });
    let frames = crate::testing::frames(std::str::from_utf8(&event).unwrap());
    assert_eq!(frames.len(), 1, "a line feed in the message must not end the event");
    let data: Value = serde_json::from_slice(&frames[0].data()).unwrap();
    assert_eq!(data["error"]["code"], "mine");
    assert!(
        crate::testing::frames(std::str::from_utf8(OpenaiChat.keep_alive()).unwrap())[0].is_comment_only()
    );
}
