//! Whole replies, and our own errors.

use serde_json::{Value, json};

use super::*;
use crate::error_reply::ErrorKind;
use crate::testing::frames;

fn reply(body: &str) -> Result<Reply, Failure> {
    AnthropicMessages.reply(body.as_bytes())
}

#[test]
fn a_whole_reply() {
    let body = r#"{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[
        {"type":"thinking","thinking":"Hm","signature":"E"},{"type":"text","text":"Hi \"you\""},
        {"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":9,"cache_creation_input_tokens":7,"cache_read_input_tokens":5,
        "cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":20,
        "output_tokens_details":{"thinking_tokens":6},"server_tool_use":null,"service_tier":"standard"}}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.id.as_deref(), reply.finish.as_deref()), (Some("msg_01"), Some("tool_use")));
    assert!(reply.has_content);
    assert_eq!(reply.output_bytes, ("Hm".len() + r#"Hi \"you\""#.len() + r#"{"a":1}"#.len()) as u64);
    let expected = json!({"input_uncached": 9, "cache_read": 5, "cache_write_5m": 3, "cache_write_1h": 4,
        "output_text": 14, "reasoning": 6});
    assert_eq!(serde_json::to_value(reply.usage.unwrap()).unwrap(), expected);
}

#[test]
fn failures_that_hide_in_a_good_status() {
    for (body, failure) in [
        ("", Failure::Broken(Broken::Empty)),
        ("<html></html>", Failure::Broken(Broken::NotJson)),
        (r#"{"type":"message","content":[{"type":"text","te"#, Failure::Broken(Broken::NotJson)),
        ("{}", Failure::Broken(Broken::Malformed)),
        ("3", Failure::Broken(Broken::Malformed)),
        (r#"{"type":"message","content":"hi"}"#, Failure::Broken(Broken::Malformed)),
        (r#"{"type":"message","content":[]}"#, Failure::Broken(Broken::Empty)),
        (
            r#"{"type":"message","content":[{"type":"text","text":""}],"stop_reason":null}"#,
            Failure::Broken(Broken::Empty),
        ),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#,
            Failure::Overloaded { retry_after: None },
        ),
        (r#"{"error":{"code":500,"message":"x"}}"#, Failure::Server),
    ] {
        assert_eq!(reply(body), Err(failure), "{body}");
    }
    let ended = r#"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"#;
    assert!(!reply(ended).unwrap().has_content);
}

#[test]
fn a_tool_may_be_called_what_it_likes() {
    let body = r#"{"type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":{"type":"error","error":{"x":1},
        "usage":{"input_tokens":99},"stop_reason":"end_turn","content":[]}}],"stop_reason":"tool_use"}"#;
    let reply = reply(body).unwrap();
    assert_eq!((reply.usage, reply.finish.as_deref(), reply.has_content), (None, Some("tool_use"), true));
}

#[test]
fn our_errors_in_anthropics_shape() {
    let error = ErrorReply {
        status: 529,
        kind: ErrorKind::Overloaded,
        message: "later\nplease",
        request_id: "req_1",
        code: Some("ignored"),
        param: None,
    };
    let expected = json!({"type": "error", "error": {"type": "overloaded_error", "message": "later\nplease"}, "request_id": "req_1"});
    let body: Value = serde_json::from_slice(&AnthropicMessages.error_reply(&error)).unwrap();
    assert_eq!(body, expected);
    let event = AnthropicMessages.error_event(&error);
    let event = frames(std::str::from_utf8(&event).unwrap());
    assert_eq!((event.len(), event[0].event()), (1, Some(&b"error"[..])));
    assert_eq!(serde_json::from_slice::<Value>(&event[0].data()).unwrap(), expected);
    let ping = frames(std::str::from_utf8(AnthropicMessages.keep_alive()).unwrap());
    assert_eq!((ping.len(), ping[0].event()), (1, Some(&b"ping"[..])));
}
