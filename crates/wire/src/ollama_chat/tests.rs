//! Whole replies, errors, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::codec::SeenKind;
use crate::error_reply::ErrorKind;
use crate::framing::{DEFAULT_LIMIT, Frame};

fn reply(body: &str) -> Result<Reply, Failure> {
    OllamaChat.reply(body.as_bytes())
}

/// The frames of a whole stream of lines.
pub(super) fn frames(stream: &[u8]) -> Vec<Frame> {
    let mut framer = OllamaChat.framing().framer(DEFAULT_LIMIT);
    framer.push(Bytes::copy_from_slice(stream));
    let mut frames = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        frames.push(frame);
    }
    frames.extend(framer.finish());
    frames
}

#[test]
fn a_whole_reply() {
    let reply = reply(include_str!("tests/calls.json")).unwrap();
    assert_eq!((reply.finish.as_deref(), reply.id, reply.has_content), (Some("stop"), None, true));
    let generated = [
        "Look \\\"both\\\" up.",
        "get_weather",
        r#"{"city": "Paris", "n": 9007199254740993, "t":0.70}"#,
        "now",
    ];
    assert_eq!(reply.output_bytes, generated.map(str::len).iter().sum::<usize>() as u64);
    let usage = json!({"input_uncached": 26, "output_text": 282});
    assert_eq!(serde_json::to_value(reply.usage.unwrap()).unwrap(), usage);
}

#[test]
fn failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"message":{"content":"a"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("[]", Failure::Broken(Broken::Malformed)),
        (r#"{"done":true,"done_reason":"stop"}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"message":{"content":"a"},"done":false}"#, Failure::Broken(Broken::Cut)),
        (r#"{"message":{"content":"a"}}"#, Failure::Broken(Broken::Cut)),
        (r#"{"message":{"content":""},"done":true}"#, Failure::Broken(Broken::Empty)),
        (r#"{"error":"an error was encountered while running the model"}"#, Failure::Server),
        (r#"{"error":"the input length exceeds the context length","status":400}"#, Failure::ContextExceeded),
        (r#"{"message":"gone wrong"}"#, Failure::Server),
        // A server that was not told not to stream.
        (
            "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true}\n",
            Failure::Broken(Broken::NotJson),
        ),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
    let old = reply(r#"{"message":{"role":"assistant","content":"a"},"done":true}"#).unwrap();
    assert_eq!(
        (old.finish, old.usage, old.has_content),
        (None, None, true),
        "an older server gives no reason"
    );
    let silent = reply(r#"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#);
    assert!(!silent.unwrap().has_content);
}

#[test]
fn i01_errors_of_ollama() {
    let means = |status, body: &str| OllamaChat.classify(status, &|_| None, body.as_bytes(), 0);
    for (status, body, failure) in [
        (404, r#"{"error":"model 'x' not found"}"#, Failure::ModelMissing),
        (401, r#"{"error":"unauthorized","signin_url":"https://ollama.com/connect"}"#, Failure::Credential),
        (400, r#"{"error":"the input length exceeds the context length"}"#, Failure::ContextExceeded),
        (400, r#"{"error":"missing request body"}"#, Failure::Client),
        (
            503,
            r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#,
            Failure::Overloaded { retry_after: None },
        ),
        (500, r#"{"error":"llama runner process has terminated: exit status 2"}"#, Failure::Server),
        (
            400,
            r#"{"error":"the prompt is longer than the context length currently available to the model; shorten the prompt"}"#,
            Failure::ContextExceeded,
        ),
        (400, r#"{"error":"\"gemma:2b\" does not support thinking"}"#, Failure::ContextExceeded),
        (
            400,
            r#"{"error":"registry.ollama.ai/library/gemma:2b does not support tools"}"#,
            Failure::ContextExceeded,
        ),
    ] {
        assert_eq!(means(status, body), failure, "{body}");
    }
}

#[test]
fn our_errors_in_ollamas_shape() {
    let error = ErrorReply {
        status: 503,
        kind: ErrorKind::Overloaded,
        message: "later\n\"please\"",
        request_id: "req_1",
        code: None,
        param: None,
    };
    let body: Value = serde_json::from_slice(&OllamaChat.error_reply(&error)).unwrap();
    assert_eq!(body, json!({"error": "later\n\"please\""}));
    let event = frames(&OllamaChat.error_event(&error));
    assert_eq!(event.len(), 1);
    assert!(matches!(OllamaChat.stream().read(&event[0]).kind, SeenKind::Error(_)));
    let sign = frames(OllamaChat.keep_alive());
    assert_eq!((sign.len(), OllamaChat.stream().read(&sign[0]).kind), (1, SeenKind::Preamble));
    let models: Value = serde_json::from_slice(&OllamaChat.models(&["a", "b\""])).unwrap();
    assert_eq!(models["models"][1]["model"], "b\"");
    let model: Value = serde_json::from_slice(&OllamaChat.model("b\"")).unwrap();
    assert_eq!(model["model"], "b\"");
}
