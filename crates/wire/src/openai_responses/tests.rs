//! Whole replies, usage, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::error_reply::ErrorKind;
use crate::json::Json;
use crate::scan::Scanner;

fn reply(body: &str) -> Result<Reply, Failure> {
    OpenaiResponses.reply(body.as_bytes())
}

#[test]
fn a_whole_reply() {
    let body = r#"{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,
        "model":"gpt-5","output":[{"type":"reasoning","id":"rs_1","summary":[]},
        {"type":"message","id":"msg_1","role":"assistant","status":"completed",
        "content":[{"type":"output_text","text":"Hi \"you\"","annotations":[]}]}],"tools":[{"type":"function","name":"error"}],
        "usage":{"input_tokens":19,"output_tokens":10,"total_tokens":29,"input_tokens_details":{"cached_tokens":4,
        "cache_write_tokens":0},"output_tokens_details":{"reasoning_tokens":6}}}"#;
    let reply = reply(body).unwrap();
    assert_eq!(reply.id.as_deref(), Some("resp_1"));
    assert_eq!(reply.finish.as_deref(), Some("completed"));
    assert!(reply.has_content);
    assert_eq!(reply.output_bytes, r#"Hi \"you\""#.len() as u64);
    let usage = reply.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read, usage.output_text, usage.reasoning), (15, 4, 4, 6));
}

#[test]
fn failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        (" \n ", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"object":"response","output":["#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        (r#"{"choices":[]}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"object":"response","status":"completed","output":[]}"#, Failure::Broken(Broken::Empty)),
        (r#"{"object":"response","status":"cancelled","output":[]}"#, Failure::Broken(Broken::Cut)),
        (r#"{"object":"response","status":"failed","output":[],"error":null}"#, Failure::Server),
        (
            r#"{"object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"x"}}"#,
            Failure::RateLimited { retry_after: None },
        ),
        (r#"{"object":"response","status":"failed","error":{"code":"invalid_prompt"}}"#, Failure::Client),
        (r#"{"error":{"message":"x","type":"server_error"}}"#, Failure::Server),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
}

#[test]
fn an_answer_without_content_is_one_when_it_says_why_it_ended() {
    let filtered = r#"{"object":"response","status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}"#;
    assert_eq!(reply(filtered).unwrap(), Reply { finish: Some("content_filter".into()), ..Reply::default() });
    let silent = r#"{"object":"response","status":"completed","output":[],"usage":{"input_tokens":3}}"#;
    assert!(!reply(silent).unwrap().has_content);
    let called =
        r#"{"object":"response","status":"completed","output":[{"type":"function_call","name":"f"}]}"#;
    assert!(reply(called).unwrap().has_content);
    // One that is answered later is not ours to wait for.
    assert_eq!(
        reply(r#"{"object":"response","status":"queued"}"#).unwrap().finish.as_deref(),
        Some("queued")
    );
}

fn apart(usage: &Value) -> Option<catalogue::Usage> {
    let text = usage.to_string();
    super::usage::read(&mut Scanner::new(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn h01_usage_is_taken_apart_however_it_is_nested() {
    for (usage, expected) in [
        (json!({"input_tokens": 10, "output_tokens": 5}), json!({"input_uncached": 10, "output_text": 5})),
        (
            json!({"input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
                "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 5, "audio_tokens": 20, "image_tokens": 1,
                    "cache_write_tokens_details": {"ttl_12h_tokens": 5, "ttl_30m_tokens": 0}},
                "output_tokens_details": {"reasoning_tokens": 10, "audio_tokens": 15}}),
            json!({"input_uncached": 44, "cache_read": 30, "cache_write_5m": 5, "audio_in": 20, "image_in": 1,
                "output_text": 25, "reasoning": 10, "audio_out": 15}),
        ),
        // Parts never exceed the whole.
        (
            json!({"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 99},
                "output_tokens_details": {"reasoning_tokens": 99}}),
            json!({"cache_read": 10, "reasoning": 5}),
        ),
        // Reasoning beside the output.
        (
            json!({"input_tokens": 32, "output_tokens": 9, "total_tokens": 135, "output_tokens_details": {"reasoning_tokens": 94}}),
            json!({"input_uncached": 32, "output_text": 9, "reasoning": 94}),
        ),
        (
            json!({"input_tokens": 7.0, "output_tokens": null, "total_tokens": "x", "input_tokens_details": null}),
            json!({"input_uncached": 7}),
        ),
    ] {
        assert_eq!(serde_json::to_value(apart(&usage).unwrap()).unwrap(), expected, "{usage}");
    }
    for nothing in [json!(null), json!({}), json!({"unknown": 1}), json!("x"), json!([1])] {
        assert_eq!(apart(&nothing), None, "{nothing}");
    }
}

proptest::proptest! {
    /// What is put together comes apart as it was; a cache that lives an hour is not told apart.
    #[test]
    fn usage_comes_back(counts in proptest::array::uniform9(0_u64..1 << 50)) {
        let [input_uncached, cache_read, cache_write_5m, audio_in, image_in, output_text, reasoning, audio_out, image_out] =
            counts;
        let usage = catalogue::Usage {
            input_uncached, cache_read, cache_write_5m, audio_in, image_in, output_text, reasoning, audio_out, image_out,
            ..catalogue::Usage::default()
        };
        let mut json = Json::new();
        super::usage::write(&mut json, &usage);
        let written: Value = serde_json::from_slice(&json.finish()).unwrap();
        proptest::prop_assert_eq!(apart(&written), Some(usage));
    }
}

#[test]
fn our_errors_in_openais_shape() {
    let error = ErrorReply {
        status: 429,
        kind: ErrorKind::RateLimited,
        message: "say \"please\"\nlater\u{2028}",
        request_id: "req_1",
        code: None,
        param: Some("model"),
    };
    let inner = json!({"message": error.message, "type": "rate_limit_error", "param": "model", "code": "rate_limit_exceeded"});
    let body: Value = serde_json::from_slice(&OpenaiResponses.error_reply(&error)).unwrap();
    assert_eq!(body, json!({ "error": inner }));

    let event = OpenaiResponses.error_event(&error);
    let frames = crate::testing::frames(std::str::from_utf8(&event).unwrap());
    assert!(!std::str::from_utf8(&event).unwrap().contains('\u{2028}'));
    assert_eq!(frames.len(), 1, "a line feed in the message must not end the event");
    assert_eq!(frames[0].event(), Some(&b"error"[..]));
    let data: Value = serde_json::from_slice(&frames[0].data()).unwrap();
    let expected = json!({"type": "error", "sequence_number": 0, "code": "rate_limit_exceeded",
        "message": error.message, "param": "model", "error": inner});
    assert_eq!(data, expected);
    let keep_alive = crate::testing::frames(std::str::from_utf8(OpenaiResponses.keep_alive()).unwrap());
    assert!(keep_alive[0].is_comment_only());
    assert_eq!(OpenaiResponses.path("m", true), "/responses");
}
