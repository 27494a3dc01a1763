//! Paths, whole replies, our own errors and lists.

use serde_json::{Value, json};

use super::*;
use crate::codec::SeenKind;
use crate::failure::Broken;
use crate::framing::event_stream::{Sort, sort};

fn reply(body: &str) -> Result<Reply, Failure> {
    BedrockConverse.reply(body.as_bytes())
}

/// The encoded ids are botocore's.
#[test]
fn k12_ids_and_arns_are_encoded_in_the_path() {
    for (model, encoded) in [
        ("anthropic.claude-sonnet-5", "anthropic.claude-sonnet-5"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "us.anthropic.claude-3-5-sonnet-20241022-v2%3A0"),
        (
            "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2",
            "arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2",
        ),
        ("a~_-b c%é?#", "a~_-b%20c%25%C3%A9%3F%23"),
        ("..", "%2E%2E"),
    ] {
        assert_eq!(BedrockConverse.path(model, false), format!("/model/{encoded}/converse"));
        assert_eq!(BedrockConverse.path(model, true), format!("/model/{encoded}/converse-stream"));
    }
}

#[test]
fn a_whole_reply() {
    let body = r#"{"metrics":{"latencyMs":551},"output":{"message":{"content":[
        {"reasoningContent":{"reasoningText":{"text":"Hm","signature":"Eq"}}},{"text":"Hi \"you\""},
        {"toolUse":{"input":{"a":1},"name":"f","toolUseId":"tooluse_1"}},{"toolUse":{"input":{},"name":"f","toolUseId":"2"}}],
        "role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":9,"outputTokens":20,"totalTokens":50,
        "cacheReadInputTokens":5,"cacheWriteInputTokens":16,"cacheReadInputTokenCount":5,
        "cacheDetails":[{"ttl":"1h","inputTokens":4},{"inputTokens":12,"ttl":"5m"}],"new":null}}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.id, reply.finish.as_deref(), reply.has_content), (None, Some("tool_use"), true));
    assert_eq!(reply.output_bytes, ("Hm".len() + r#"Hi \"you\""#.len() + r#"{"a":1}"#.len()) as u64);
    // K11: the input leaves out what was cached.
    let expected = json!({"input_uncached": 9, "cache_read": 5, "cache_write_5m": 12, "cache_write_1h": 4, "output_text": 20});
    assert_eq!(serde_json::to_value(reply.usage.unwrap()).unwrap(), expected);
}

#[test]
fn k11_usage_with_more_and_less() {
    let usage = |usage: Value| {
        let body = json!({"output": {"message": {"content": [{"text": "a"}]}}, "usage": usage});
        reply(&body.to_string()).unwrap().usage.map(|usage| serde_json::to_value(usage).unwrap())
    };
    for (stated, expected) in [
        (json!(null), None),
        (json!([1]), None),
        (json!({"x": 1}), None),
        (json!({"inputTokens": 1}), Some(json!({"input_uncached": 1}))),
        (json!({"inputTokens": null, "outputTokens": 2.0}), Some(json!({"output_text": 2}))),
        (json!({"cacheWriteInputTokens": 9, "cacheDetails": []}), Some(json!({"cache_write_5m": 9}))),
        (
            json!({"cacheWriteInputTokens": 3, "cacheDetails": [{"ttl": "1h", "inputTokens": 5}, 7, null]}),
            Some(json!({"cache_write_1h": 5})),
        ),
    ] {
        assert_eq!(usage(stated.clone()), expected, "{stated}");
    }
}

#[test]
fn failures_that_hide_in_a_good_status() {
    let ended = |reason: &str| {
        format!(r#"{{"output":{{"message":{{"content":[{{"text":"a"}}]}}}},"stopReason":"{reason}"}}"#)
    };
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"output":{"message":{"content":[{"te"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        (r#"{"output":{"message":{"content":"hi"}}}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"output":{"message":{"content":[]}}}"#, Failure::Broken(Broken::Empty)),
        (r#"{"output":{"message":{"content":[{"text":""}]}}}"#, Failure::Broken(Broken::Empty)),
        (
            r#"{"Output":{"__type":"UnknownOperationException"},"Version":"1.0"}"#,
            Failure::Broken(Broken::Malformed),
        ),
        (r#"{"__type":"ThrottlingException","message":"x"}"#, Failure::RateLimited { retry_after: None }),
        (r#"{"message":"x"}"#, Failure::Server),
        // K08: what Bedrock itself could not read.
        (&ended("malformed_model_output"), Failure::Server),
        (&ended("malformed_tool_use"), Failure::Server),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
    let filtered =
        r#"{"output":{"message":{"content":[],"role":"assistant"}},"stopReason":"content_filtered"}"#;
    assert!(!reply(filtered).unwrap().has_content);
    for block in [
        r#"{"reasoningContent":{"redactedContent":"AA=="}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"","signature":"s"}}}"#,
        r#"{"citationsContent":{"content":[{"text":"a"}],"citations":[]}}"#,
        r#"{"image":{"format":"png","source":{"bytes":"AA=="}}}"#,
        r#"{"new":1}"#,
    ] {
        assert!(
            reply(&format!(r#"{{"output":{{"message":{{"content":[{block}]}}}}}}"#)).unwrap().has_content,
            "{block}"
        );
    }
}

#[test]
fn a_tool_may_be_called_what_it_likes() {
    let body = r#"{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"__type":"x","message":"y",
        "usage":{"inputTokens":99},"stopReason":"end_turn"}}}]}},"stopReason":"tool_use"}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.usage, reply.finish.as_deref(), reply.has_content), (None, Some("tool_use"), true));
}

const KINDS: [(ErrorKind, u16, &str, &str); 10] = [
    (ErrorKind::InvalidRequest, 400, "ValidationException", "validationException"),
    (ErrorKind::Authentication, 403, "AccessDeniedException", "validationException"),
    (ErrorKind::Permission, 403, "AccessDeniedException", "validationException"),
    (ErrorKind::NotFound, 404, "ResourceNotFoundException", "validationException"),
    (ErrorKind::TooLarge, 413, "ValidationException", "validationException"),
    (ErrorKind::RateLimited, 429, "ThrottlingException", "throttlingException"),
    (ErrorKind::Spent, 400, "ServiceQuotaExceededException", "throttlingException"),
    (ErrorKind::Overloaded, 503, "ServiceUnavailableException", "serviceUnavailableException"),
    (ErrorKind::Timeout, 408, "ModelTimeoutException", "modelStreamErrorException"),
    (ErrorKind::Internal, 502, "InternalServerException", "internalServerException"),
];

#[test]
fn our_errors_in_awss_shape() {
    for (kind, status, name, in_stream) in KINDS {
        assert_eq!(BedrockConverse.status(kind), status);
        let message = "say \"please\"\nlater";
        let error =
            ErrorReply { status, kind, message, request_id: "req_1", code: Some("ignored"), param: None };
        let body: Value = serde_json::from_slice(&BedrockConverse.error_reply(&error)).unwrap();
        assert_eq!(body, json!({"__type": name, "message": message}));
        let event = testing::frames(&BedrockConverse.error_event(&error));
        assert_eq!(event.len(), 1);
        assert_eq!(
            (sort(&event[0].raw), event[0].event()),
            (Some(Sort::Exception), Some(in_stream.as_bytes()))
        );
        assert_eq!(serde_json::from_slice::<Value>(&event[0].data()).unwrap(), json!({"message": message}));
        let seen = BedrockConverse.stream().read(&event[0]);
        assert!(matches!(seen.kind, SeenKind::Error(_)));
    }
}

#[test]
fn the_keep_alive_is_an_event_that_nobody_knows() {
    let mut written = Vec::new();
    crate::framing::event_stream::write_event("keepAlive", b"{}", &mut written);
    assert_eq!(BedrockConverse.keep_alive(), written);
    let frames = testing::frames(BedrockConverse.keep_alive());
    let mut reader = BedrockConverse.stream();
    assert_eq!(reader.read(&frames[0]).kind, SeenKind::Preamble);
}

#[test]
fn lists_of_models() {
    let model = |name: &str| json!({"modelArn": name, "modelId": name, "modelName": name, "responseStreamingSupported": true});
    let list: Value = serde_json::from_slice(&BedrockConverse.models(&["a", "b\"c"])).unwrap();
    assert_eq!(list, json!({"modelSummaries": [model("a"), model("b\"c")]}));
    let one: Value = serde_json::from_slice(&BedrockConverse.model("a")).unwrap();
    assert_eq!(one, json!({"modelDetails": model("a")}));
}
