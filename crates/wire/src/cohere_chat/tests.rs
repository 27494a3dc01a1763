//! Whole replies, usage, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::error_reply::ErrorKind;
use crate::testing::frames;

fn reply(body: &str) -> Result<Reply, Failure> {
    CohereChat.reply(body.as_bytes())
}

#[test]
fn a_whole_reply() {
    let body = include_str!("tests/tools.json");
    let reply = reply(body).unwrap();
    assert_eq!(reply.id.as_deref(), Some("c14c80c3-18eb-4519-9460-6c92edd8cfb4"));
    assert_eq!(reply.finish.as_deref(), Some("TOOL_CALL"));
    assert!(reply.has_content);
    let generated =
        ["I will look \\\"both\\\" up.", "get_weather", r#"{\"city\":\"Madrid\"}"#, "get_weather", "{}"];
    assert_eq!(reply.output_bytes, generated.map(str::len).iter().sum::<usize>() as u64);
    let usage = json!({"input_uncached": 1496, "cache_read": 24, "output_text": 61});
    assert_eq!(serde_json::to_value(reply.usage.unwrap()).unwrap(), usage);
}

#[test]
fn i09_failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"id":"x","message":{"role":"assistant","content":[{"ty"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        (r#"{"message":null,"finish_reason":"COMPLETE"}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"message":{"role":"assistant","content":[]}}"#, Failure::Broken(Broken::Empty)),
        (
            r#"{"message":{"content":[{"type":"text","text":""}],"tool_plan":""},"finish_reason":null}"#,
            Failure::Broken(Broken::Empty),
        ),
        (
            r#"{"message":{"content":[{"type":"text","text":"half"}]},"finish_reason":"ERROR"}"#,
            Failure::Server,
        ),
        (r#"{"message":{"content":[]},"finish_reason":"TIMEOUT"}"#, Failure::Timeout),
        (
            r#"{"id":"x","message":"too many tokens: size limit exceeded by 11326 tokens."}"#,
            Failure::ContextExceeded,
        ),
        (r#"{"error":{"message":"x","code":429}}"#, Failure::RateLimited { retry_after: None }),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
    let unknown = r#"{"message":{"content":[]},"finish_reason":"NEW_WORD"}"#;
    assert_eq!(reply(unknown).unwrap().finish.as_deref(), Some("NEW_WORD"));
}

#[test]
fn h01_usage_counts_what_is_billed() {
    for (usage, expected) in [
        (
            json!({"billed_units": {"input_tokens": 5.0, "output_tokens": 418.0}, "tokens": {"input_tokens": 71.0, "output_tokens": 418.0}}),
            json!({"input_uncached": 5, "output_text": 418}),
        ),
        // What is cached is the preamble first, which is not billed.
        (
            json!({"billed_units": {"input_tokens": 31, "output_tokens": 7}, "tokens": {"input_tokens": 245, "output_tokens": 9}, "cached_tokens": 144}),
            json!({"input_uncached": 31, "output_text": 7}),
        ),
        (
            json!({"billed_units": {"input_tokens": 100, "output_tokens": 7}, "tokens": {"input_tokens": 150, "output_tokens": 9}, "cached_tokens": 90}),
            json!({"input_uncached": 60, "cache_read": 40, "output_text": 7}),
        ),
        (
            json!({"billed_units": {"input_tokens": 10}, "tokens": {"input_tokens": 10}, "cached_tokens": 99}),
            json!({"cache_read": 10}),
        ),
        // A server that bills nothing.
        (
            json!({"billed_units": null, "tokens": {"input_tokens": 8, "output_tokens": 3}, "cached_tokens": 1}),
            json!({"input_uncached": 7, "cache_read": 1, "output_text": 3}),
        ),
        (
            json!({"billed_units": {"search_units": 2, "classifications": 9, "input_tokens": null}, "tokens": {"output_tokens": 3}}),
            json!({"output_text": 3, "tool_requests": 2}),
        ),
        (
            json!({"billed_units": {"input_tokens": -1, "output_tokens": 1e30}}),
            json!({"output_text": u64::MAX}),
        ),
    ] {
        let body = json!({"message": {"content": [{"type": "text", "text": "a"}]}, "usage": usage});
        let found = reply(&body.to_string()).unwrap().usage.unwrap();
        assert_eq!(serde_json::to_value(found).unwrap(), expected, "{usage}");
    }
    for nothing in [json!(null), json!({}), json!({"other": {"input_tokens": 1}}), json!([1])] {
        let body = json!({"message": {"content": [{"type": "text", "text": "a"}]}, "usage": nothing});
        assert_eq!(reply(&body.to_string()).unwrap().usage, None, "{nothing}");
    }
}

#[test]
fn i01_statuses_of_cohere() {
    let means = |status, body: &str| CohereChat.classify(status, &|_| None, body.as_bytes(), 0);
    assert_eq!(means(498, r#"{"message":"the token is not valid"}"#), Failure::Credential);
    assert_eq!(means(401, r#"{"id":"x","message":"invalid api token"}"#), Failure::Credential);
    assert_eq!(
        means(429, r#"{"message":"You are using a Trial key, which is limited to 40 API calls / minute."}"#),
        Failure::RateLimited { retry_after: None }
    );
    let long = "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.";
    assert_eq!(means(400, &json!({"message": long}).to_string()), Failure::ContextExceeded);
    let missing =
        "model 'x' not found, make sure the correct model ID was used and that you have access to the model.";
    assert_eq!(means(404, &json!({"message": missing}).to_string()), Failure::ModelMissing);
}

#[test]
fn our_errors_in_coheres_shape() {
    let error = ErrorReply {
        status: 503,
        kind: ErrorKind::Overloaded,
        message: "later\n\"please\"",
        request_id: "req_1",
        code: None,
        param: None,
    };
    let body: Value = serde_json::from_slice(&CohereChat.error_reply(&error)).unwrap();
    assert_eq!(body, json!({"id": "req_1", "message": "later\n\"please\""}));
    let event = CohereChat.error_event(&error);
    let event = frames(std::str::from_utf8(&event).unwrap());
    assert_eq!((event.len(), event[0].event()), (1, Some(&b"message-end"[..])));
    let mut reader = CohereChat.stream();
    let seen = reader.read(&event[0]).kind;
    assert_eq!(seen, crate::codec::SeenKind::Error(Failure::Server), "what we say failed is read as failed");
    assert!(frames(std::str::from_utf8(CohereChat.keep_alive()).unwrap())[0].is_comment_only());
    let models: Value = serde_json::from_slice(&CohereChat.models(&["a", "b\""])).unwrap();
    assert_eq!(models["models"][1], serde_json::from_slice::<Value>(&CohereChat.model("b\"")).unwrap());
    assert_eq!(models["models"][0]["name"], "a");
}
