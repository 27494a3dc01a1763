//! Requests that real suppliers refuse, in each protocol's words.

use http::Method;
use serde_json::{Value, json};
use simulator::{Handle, Model, Prefill, StreamUsage, Supplier};

use crate::client::{CHAT, MESSAGES, chat, hello, message, post, send, supplier};

fn with(name: &str, value: Value) -> Value {
    let mut body = hello(false);
    body[name] = value;
    body
}

async fn chat_refuses(supplier: &Handle, body: &Value, message: &str) {
    let reply = chat(supplier, body).await;
    let error = &reply.json()["error"];
    assert_eq!((reply.status.as_u16(), &error["type"]), (400, &json!("invalid_request_error")), "{error}");
    assert!(error["message"].as_str().unwrap().contains(message), "{error}");
}

async fn message_refuses(supplier: &Handle, body: &Value, words: &str) {
    let reply = message(supplier, body).await;
    let json = reply.json();
    assert_eq!(
        (reply.status.as_u16(), &json["error"]["type"]),
        (400, &json!("invalid_request_error")),
        "{json}"
    );
    assert!(json["error"]["message"].as_str().unwrap().contains(words), "{json}");
    assert_eq!(json["request_id"], reply.header("request-id"));
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_401() {
    let supplier = Supplier::builder().key("sk-test").spawn().await.unwrap();
    let try_key = |path, headers: Vec<(&'static str, &'static str)>| {
        let address = supplier.address();
        async move { send(address, Method::POST, path, &headers, hello(false).to_string()).await.unwrap() }
    };
    let wrong = try_key(CHAT, vec![("authorization", "Bearer sk-other")]).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["code"]), (401, &json!("invalid_api_key")));
    assert_eq!(try_key(CHAT, vec![]).await.status, 401);
    assert_eq!(try_key(CHAT, vec![("authorization", "Bearer sk-test")]).await.status, 200);
    assert_eq!(try_key(CHAT, vec![("api-key", "sk-test")]).await.status, 200);
    let wrong = try_key(MESSAGES, vec![("x-api-key", "sk-other")]).await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.json()["error"]["type"]),
        (401, &json!("authentication_error"))
    );
    assert_eq!(try_key(MESSAGES, vec![("x-api-key", "sk-test")]).await.status, 200);
}

#[tokio::test]
async fn an_unknown_model_is_404_in_both_protocols() {
    let supplier = Supplier::builder().models(["gpt-5.2"]).spawn().await.unwrap();
    let reply = chat(&supplier, &hello(false)).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]["code"]), (404, &json!("model_not_found")));
    let reply = message(&supplier, &hello(false)).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]["type"]), (404, &json!("not_found_error")));
}

#[tokio::test]
async fn chat_completions_checks_fields() {
    let supplier = supplier().await;
    let cases = [
        (json!({ "messages": [] }), "you must provide a model parameter"),
        (json!({ "model": "m" }), "Missing required parameter: 'messages'"),
        (with("messages", json!([])), "empty array"),
        (with("messages", json!([{ "role": "wizard", "content": "x" }])), "Invalid value: 'wizard'"),
        (with("messages", json!([{ "role": "user" }])), "Missing required parameter: 'messages[0].content'"),
        (with("max_tokens", json!(0)), "integer below minimum value"),
        (with("max_tokens", json!("3")), "expected an integer, but got a string"),
        (with("max_tokens", json!(10_000_000)), "max_tokens is too large"),
        (with("n", json!(1000)), "integer above maximum value"),
        (with("temperature", json!(3)), "decimal out of range"),
        (with("stream", json!("yes")), "expected a boolean"),
        (with("stream_options", json!({ "include_usage": true })), "only allowed when 'stream'"),
        (with("tool_choice", json!("auto")), "only allowed when 'tools'"),
        (
            with("tools", json!([{ "type": "function", "function": { "name": "a b" } }])),
            "does not match pattern",
        ),
        (with("response_format", json!({ "type": "json_object" })), "must contain the word 'json'"),
        (with("reasoning_effort", json!("huge")), "Invalid value: 'huge'"),
        (with("top_logprobs", json!(2)), "only allowed when 'logprobs'"),
        (
            with("messages", json!([{ "role": "tool", "tool_call_id": "a", "content": "x" }])),
            "must be a response to",
        ),
        (
            with(
                "messages",
                json!([
                    { "role": "assistant", "tool_calls": [{ "id": "a" }] }, { "role": "user", "content": "x" }
                ]),
            ),
            "did not have response messages: a",
        ),
    ];
    for (body, words) in cases {
        chat_refuses(&supplier, &body, words).await;
    }
    let reply = send(supplier.address(), Method::POST, CHAT, &[], "{nonsense".to_owned()).await.unwrap();
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn messages_checks_fields() {
    let supplier = supplier().await;
    let mut unlimited = hello(false);
    unlimited.as_object_mut().unwrap().remove("max_tokens");
    let said = |blocks: Value| with("messages", json!([{ "role": "user", "content": blocks }]));
    let marked = json!({ "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } });
    let cases = [
        (unlimited, "max_tokens: Field required"),
        (json!({ "max_tokens": 1 }), "model: Field required"),
        (with("messages", json!([])), "at least one message is required"),
        (with("messages", json!([{ "role": "system", "content": "x" }])), "Unexpected role \"system\""),
        (said(json!([{ "type": "text", "text": "" }])), "must be non-empty"),
        (said(json!([marked, marked, marked, marked, marked])), "A maximum of 4 blocks with cache_control"),
        (
            said(json!([{ "type": "tool_result", "tool_use_id": "a", "content": "x" }])),
            "unexpected `tool_use_id`",
        ),
        (with("temperature", json!(1.5)), "range: 0..1"),
        (with("tool_choice", json!({ "type": "any" })), "only be specified while providing tools"),
        (
            with(
                "messages",
                json!([
                    { "role": "user", "content": "x" }, { "role": "assistant", "content": "so " }
                ]),
            ),
            "cannot end with trailing whitespace",
        ),
        (
            with(
                "messages",
                json!([
                    { "role": "assistant", "content": [{ "type": "tool_use", "id": "a", "name": "t", "input": {} }] },
                    { "role": "user", "content": "x" }
                ]),
            ),
            "`tool_use` ids were found without",
        ),
    ];
    for (body, words) in cases {
        message_refuses(&supplier, &body, words).await;
    }
}

#[tokio::test]
async fn messages_checks_thinking() {
    let supplier = supplier().await;
    let said = |blocks: Value| with("messages", json!([{ "role": "user", "content": blocks }]));
    let mut tool = with("tools", json!([{ "name": "t", "input_schema": {} }]));
    tool["tool_choice"] = json!({ "type": "any" });
    tool["thinking"] = json!({ "type": "adaptive" });
    let cases = [
        (
            said(json!([{ "type": "thinking", "thinking": "x", "signature": "forged" }])),
            "Invalid `signature`",
        ),
        (
            with("thinking", json!({ "type": "enabled", "budget_tokens": 1000 })),
            "greater than or equal to 1024",
        ),
        (
            with("thinking", json!({ "type": "enabled", "budget_tokens": 2000 })),
            "must be greater than `thinking.budget",
        ),
        (tool, "Thinking may not be enabled when tool_choice forces tool use"),
    ];
    for (body, words) in cases {
        message_refuses(&supplier, &body, words).await;
    }
}

#[tokio::test]
async fn messages_wants_a_version() {
    let supplier = supplier().await;
    let body = hello(false).to_string();
    let request = format!(
        "POST {MESSAGES} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (bytes, _) = crate::client::exchange_raw(supplier.address(), request.as_bytes()).await;
    assert!(String::from_utf8(bytes).unwrap().contains("anthropic-version: header is required"));
}

#[tokio::test]
async fn a_thinking_block_that_we_sent_is_accepted_back() {
    let supplier = supplier().await;
    let mut body = with("thinking", json!({ "type": "adaptive" }));
    let reply = message(&supplier, &body).await.json();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": reply["content"] }));
    messages.push(json!({ "role": "user", "content": "Go on" }));
    assert_eq!(message(&supplier, &body).await.status, 200);
    body["messages"][1]["content"][0]["thinking"] = json!("altered");
    message_refuses(&supplier, &body, "Invalid `signature`").await;
}

#[tokio::test]
async fn windows_are_kept() {
    let small = Model { context_window: 100, ..Model::from("m") };
    let supplier = Supplier::builder().models([small]).spawn().await.unwrap();
    let long = with("messages", json!([{ "role": "user", "content": "word ".repeat(200) }]));
    let reply = chat(&supplier, &long).await;
    assert_eq!(reply.json()["error"]["code"], "context_length_exceeded");
    message_refuses(&supplier, &long, "prompt is too long").await;
}

#[tokio::test]
async fn settings_decide_what_else_is_refused() {
    let strict = Model { prefill: Prefill::Refuses, ..Model::from("m") };
    let supplier = Supplier::builder()
        .models([strict])
        .with(|settings| {
            settings.refuses_unknown_fields = true;
            settings.answer.stream_usage = StreamUsage::Refused;
        })
        .spawn()
        .await
        .unwrap();
    chat_refuses(&supplier, &with("foo", json!(1)), "Unrecognized request argument supplied: foo").await;
    message_refuses(&supplier, &with("foo", json!(1)), "foo: Extra inputs are not permitted").await;
    let mut asked = with("stream", json!(true));
    asked["stream_options"] = json!({ "include_usage": true });
    chat_refuses(&supplier, &asked, "stream_options").await;
    let words = json!([{ "role": "user", "content": "x" }, { "role": "assistant", "content": "y" }]);
    message_refuses(&supplier, &with("messages", words), "does not support assistant message prefill").await;
}

#[tokio::test]
async fn unknown_paths_are_404_and_non_http_is_400() {
    let supplier = supplier().await;
    assert_eq!(post(&supplier, "/v1/nothing", &json!({})).await.unwrap().status, 404);
    let head = send(supplier.address(), Method::HEAD, "/", &[], String::new()).await.unwrap();
    assert_eq!((head.status.as_u16(), head.body.len()), (404, 0));
    let (bytes, _) = crate::client::exchange_raw(supplier.address(), b"what is this\r\n\r\n").await;
    assert!(bytes.starts_with(b"HTTP/1.1 400"));
}
