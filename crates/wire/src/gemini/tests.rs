//! Whole replies, paths, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::error_reply::ErrorKind;
use crate::testing::frames;

fn reply(body: &str) -> Result<Reply, Failure> {
    Gemini.reply(body.as_bytes())
}

#[test]
fn f16_f17_a_whole_reply() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true},{"text":"Hi \"you\""},
        {"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AAAA"}],"role":"model"},"finishReason":"STOP","index":0,
        "groundingMetadata":{"webSearchQueries":["a","b"]}}],
        "usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":20,"totalTokenCount":140,"cachedContentTokenCount":30,
        "thoughtsTokenCount":6,"toolUsePromptTokenCount":14,"promptTokensDetails":[{"modality":"TEXT","tokenCount":70},
        {"modality":"AUDIO","tokenCount":10},{"modality":"IMAGE","tokenCount":20}],
        "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":4}],
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":5}]},"modelVersion":"gemini-3.5-flash","responseId":"r1"}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.id.as_deref(), reply.finish.as_deref()), (Some("r1"), Some("STOP")));
    assert!(reply.has_content);
    let text = ["Hm", r#"Hi \"you\""#, r#""f""#, r#"{"a":1}"#];
    assert_eq!(reply.output_bytes, text.map(str::len).iter().sum::<usize>() as u64);
    let expected = json!({"input_uncached": 100 - 30 - 6 - 20 + 14, "cache_read": 30, "audio_in": 6, "image_in": 20,
        "output_text": 15, "image_out": 5, "reasoning": 6, "tool_requests": 2});
    assert_eq!(serde_json::to_value(reply.usage.unwrap()).unwrap(), expected);
}

#[test]
fn f03_a_blocked_prompt_is_an_answer() {
    let body = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},
        "usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"modelVersion":"m"}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.finish.as_deref(), reply.has_content), (Some("PROHIBITED_CONTENT"), false));
    assert_eq!(reply.usage.unwrap().input_uncached, 7);
    let withheld =
        r#"{"candidates":[{"finishReason":"SAFETY","index":0}],"promptFeedback":{"safetyRatings":[]}}"#;
    assert_eq!(super::tests::reply(withheld).unwrap().finish.as_deref(), Some("SAFETY"));
}

#[test]
fn failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        (" ", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"candidates":[{"content":{"parts":[{"te"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        ("3", Failure::Broken(Broken::Malformed)),
        (r#"{"candidates":[]}"#, Failure::Broken(Broken::Malformed)),
        (
            r#"{"candidates":"no","promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"}}"#,
            Failure::Broken(Broken::Malformed),
        ),
        (r#"{"candidates":[{"content":{"parts":[{"text":""}]}}]}"#, Failure::Broken(Broken::Empty)),
        (
            r#"{"candidates":[{"content":{},"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#,
            Failure::Broken(Broken::Empty),
        ),
        (
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            Failure::Overloaded { retry_after: None },
        ),
        (r#"[{"error":{"code":500,"message":"x","status":"INTERNAL"}}]"#, Failure::Server),
        (r#"{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#, Failure::Server),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
}

#[test]
fn a_tool_may_be_called_what_it_likes() {
    let body = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"error","args":{"error":{"code":500},
        "candidates":[],"usageMetadata":{"promptTokenCount":99},"finishReason":"MALFORMED_RESPONSE"}}}]},"finishReason":"STOP"}]}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.usage, reply.finish.as_deref(), reply.has_content), (None, Some("STOP"), true));
}

#[test]
fn i07_a_models_name_stays_one_segment_of_the_path() {
    for (model, expected) in [
        ("gemini-3.5-flash", "/v1beta/models/gemini-3.5-flash:generateContent"),
        ("models/gemini-3.5-flash", "/v1beta/models/gemini-3.5-flash:generateContent"),
        ("tunedModels/mine-1", "/v1beta/tunedModels/mine-1:generateContent"),
        ("../../v1/files", "/v1beta/models/..%2F..%2Fv1%2Ffiles:generateContent"),
        ("models/../x", "/v1beta/models/..%2Fx:generateContent"),
        ("x:deleteAll?key=1#", "/v1beta/models/x%3AdeleteAll%3Fkey%3D1%23:generateContent"),
        ("größe %2F", "/v1beta/models/gr%C3%B6%C3%9Fe%20%252F:generateContent"),
        ("..", "/v1beta/models/..:generateContent"),
    ] {
        assert_eq!(Gemini.path(model, false), expected);
    }
    assert_eq!(Gemini.path("m", true), "/v1beta/models/m:streamGenerateContent?alt=sse");
    assert_eq!(Gemini.count_path("a/b").unwrap(), "/v1beta/models/a%2Fb:countTokens");
    assert_eq!(Gemini.token_count(7).unwrap(), r#"{"totalTokens":7}"#);
}

#[test]
fn our_errors_in_googles_shape() {
    let error = ErrorReply {
        status: 503,
        kind: ErrorKind::Overloaded,
        message: "later\nplease",
        request_id: "req_1",
        code: Some("no_candidate"),
        param: Some("contents"),
    };
    let body = Gemini.error_reply(&error);
    // The Python SDK compares the text.
    assert!(body.starts_with(br#"{"error":{"code":503,"#));
    let expected = json!({"error": {"code": 503, "message": "later\nplease", "status": "UNAVAILABLE", "details": [
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "req_1"},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "no_candidate", "domain": "releve"},
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
            {"field": "contents", "description": "later\nplease"}]},
    ]}});
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    let event = Gemini.error_event(&error);
    let event = frames(std::str::from_utf8(&event).unwrap());
    assert_eq!(event.len(), 1);
    assert_eq!(event[0].data()[..], body[..]);
    let odd = ErrorReply { status: 200, code: None, param: None, ..error };
    assert!(Gemini.error_event(&odd).starts_with(br#"data: {"error":{"code":503,"#));
}

#[test]
fn models_in_googles_shape() {
    let one = |name: &str, shown: &str| {
        json!({"name": name, "displayName": shown,
            "supportedGenerationMethods": ["generateContent", "streamGenerateContent"]})
    };
    let list: Value = serde_json::from_slice(&Gemini.models(&["fast", "models/x"])).unwrap();
    assert_eq!(list, json!({"models": [one("models/fast", "fast"), one("models/x", "models/x")]}));
    let single: Value = serde_json::from_slice(&Gemini.model("fast")).unwrap();
    assert_eq!(single, one("models/fast", "fast"));
}

#[test]
fn errors_of_googles_are_understood() {
    let classify = |status, body: &str| Gemini.classify(status, &|_| None, body.as_bytes(), 0);
    let body = |code: u16, status: &str, message: &str| {
        json!({"error": {"code": code, "message": message, "status": status}}).to_string()
    };
    assert_eq!(
        classify(400, &body(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")),
        Failure::Credential
    );
    assert_eq!(classify(400, &body(400, "INVALID_ARGUMENT", "Unknown name \"x\"")), Failure::Client);
    let long = "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).";
    assert_eq!(classify(400, &body(400, "INVALID_ARGUMENT", long)), Failure::ContextExceeded);
    assert_eq!(classify(403, &body(403, "PERMISSION_DENIED", "no")), Failure::Credential);
    assert_eq!(
        classify(404, &body(404, "NOT_FOUND", "models/x is not found for API version v1beta")),
        Failure::ModelMissing
    );
    assert_eq!(
        classify(429, &body(429, "RESOURCE_EXHAUSTED", "Resource exhausted")),
        Failure::RateLimited { retry_after: None }
    );
    assert_eq!(
        classify(503, &body(503, "UNAVAILABLE", "overloaded")),
        Failure::Overloaded { retry_after: None }
    );
    assert_eq!(classify(504, &body(504, "DEADLINE_EXCEEDED", "late")), Failure::Timeout);
    assert_eq!(classify(500, &body(500, "INTERNAL", "An internal error has occurred")), Failure::Server);
}
