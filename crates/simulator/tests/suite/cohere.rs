//! Cohere Chat, version 2.

use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::{
    client::supplier,
    tongues::{Tongue, city, joined, number, sse, string},
};

pub(crate) fn tongue() -> Tongue {
    Tongue {
        name: "cohere-chat",
        paths: ["/v2/chat"; 2],
        headers: &[],
        hello: |stream| json!({ "model": "m", "stream": stream, "messages": [{ "role": "user", "content": "Hello" }] }),
        said: |reply| joined(&reply["message"]["content"], "/text"),
        events: sse,
        delta: |event| string(event, "/delta/message/content/text"),
        ends: |event| event["type"] == "message-end" && event["delta"]["finish_reason"] != "ERROR",
        usage: |reply| {
            let usage = reply.get("usage").or(reply.pointer("/delta/usage"))?;
            Some((
                number(usage, "/billed_units/input_tokens")?,
                number(usage, "/billed_units/output_tokens")?,
            ))
        },
    }
}

async fn refuses(supplier: &Handle, more: Value, status: u16, words: &str) {
    let reply = tongue().refuses(supplier, &tongue().with(false, &more), status, words).await;
    assert!(reply.json()["id"].is_string());
}

fn weather(stream: bool) -> Value {
    let function = json!({ "name": "get_weather", "parameters": city() });
    let more = json!({
        "messages": [{ "role": "user", "content": "the weather in both cities" }],
        "tools": [{ "type": "function", "function": function }], "thinking": { "type": "enabled" },
    });
    tongue().with(stream, &more)
}

#[tokio::test]
async fn events_come_in_order_and_done_comes_last() {
    let reply = tongue().greet(&supplier().await, true).await;
    let mut events = reply.events();
    assert_eq!(events.pop().unwrap().data, "[DONE]");
    assert!(events.iter().all(|event| event.json()["type"] == event.name));
    let mut names: Vec<String> = events.into_iter().map(|event| event.name).collect();
    names.dedup();
    assert_eq!(names, ["message-start", "content-start", "content-delta", "content-end", "message-end"]);
}

#[tokio::test]
async fn tools_are_planned_called_and_answered() {
    let supplier = supplier().await;
    let plain = tongue().ask(&supplier, false, &weather(false)).await.json();
    assert_eq!(plain["finish_reason"], "TOOL_CALL");
    let message = &plain["message"];
    assert!(!message["tool_plan"].as_str().unwrap().is_empty());
    assert_eq!(message["content"][0]["type"], "thinking");
    let events = sse(&tongue().ask(&supplier, true, &weather(true)).await);
    let all = |pointer: &str, index: Option<u64>| -> String {
        let of = events.iter().filter(|event| index.is_none() || number(event, "/index") == index);
        of.filter_map(|event| string(event, pointer)).collect()
    };
    assert_eq!(all("/delta/message/tool_plan", None), message["tool_plan"].as_str().unwrap());
    assert_eq!(all("/delta/message/content/thinking", None), message["content"][0]["thinking"]);
    let arguments = all("/delta/message/tool_calls/function/arguments", Some(1));
    assert_eq!(arguments, message["tool_calls"][1]["function"]["arguments"]);
    assert!(serde_json::from_str::<Value>(&arguments).unwrap()["city"].is_string());

    let mut body = weather(false);
    let result = |place: usize| {
        let id = &message["tool_calls"][place]["id"];
        json!({ "role": "tool", "tool_call_id": id, "content": [{ "type": "document", "document": { "data": "sun" } }] })
    };
    body["messages"].as_array_mut().unwrap().extend([message.clone(), result(0)]);
    tongue().refuses(&supplier, &body, 400, "missing tool results for tool calls").await;
    body["messages"].as_array_mut().unwrap().push(result(1));
    let reply = tongue().ask(&supplier, false, &body).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["finish_reason"]), (200, &json!("COMPLETE")));
}

#[tokio::test]
async fn what_is_charged_is_less_than_what_was_read() {
    let usage = tongue().greet(&supplier().await, false).await.json()["usage"].clone();
    assert!(number(&usage, "/tokens/input_tokens") > number(&usage, "/billed_units/input_tokens"), "{usage}");
}

#[tokio::test]
async fn structured_answers_obey_their_schema() {
    let supplier = supplier().await;
    let format = json!({ "response_format": { "type": "json_object", "json_schema": city() } });
    let said = (tongue().said)(&tongue().ask(&supplier, false, &tongue().with(false, &format)).await.json());
    assert!(serde_json::from_str::<Value>(&said).unwrap()["city"].is_string());
}

#[tokio::test]
async fn fields_are_checked() {
    let supplier = supplier().await;
    let messages = |list: Value| json!({ "messages": list });
    let tool = |function: Value| json!({ "tools": [{ "type": "function", "function": function }] });
    let cases = [
        (json!({ "model": null }), 400, "model is required"),
        (messages(json!([])), 400, "at least one message"),
        (
            messages(json!("Hello")),
            422,
            "invalid type: parameter messages is of type string but should be of type array",
        ),
        (
            messages(json!([{ "role": "wizard", "content": "x" }])),
            400,
            "messages.0.role must be one of 'user'",
        ),
        (messages(json!([{ "role": "user", "content": "" }])), 400, "at least 1 token long"),
        (
            messages(json!([{ "role": "user", "content": "x", "name": "y" }])),
            422,
            "parameter 'name' is not a valid field",
        ),
        (
            messages(json!([{ "role": "assistant", "content": "x" }])),
            400,
            "last message must be from the user or a tool",
        ),
        (messages(json!([{ "role": "tool", "content": "x" }])), 400, "tool_call_id is required"),
        (
            messages(json!([{ "role": "tool", "content": "x", "tool_call_id": "a" }])),
            400,
            "tool call id 'a' not found",
        ),
        (json!({ "top_p": 0.5 }), 422, "unknown field: parameter 'top_p' is not a valid field"),
        (json!({ "p": 1.0 }), 400, "p must be at most 0.99"),
        (json!({ "temperature": 2 }), 400, "temperature must be at most 1"),
        (json!({ "temperature": "hot" }), 422, "is of type string but should be of type float"),
        (json!({ "max_tokens": 0 }), 400, "max_tokens must be at least 1"),
        (json!({ "max_tokens": 9_999_999 }), 400, "max tokens must be less than or equal to 128000"),
        (json!({ "tool_choice": "REQUIRED" }), 400, "tool_choice cannot be set without tools"),
        (json!({ "tool_choice": "auto" }), 400, "must be one of 'REQUIRED', or 'NONE'"),
        (tool(json!({ "name": "a-b", "parameters": {} })), 400, "provided name was 'a-b'"),
        (
            tool(json!({ "name": "a", "parameters": {}, "strict": true })),
            422,
            "parameter 'strict' is not a valid field",
        ),
        (tool(json!({ "name": "a" })), 400, "parameters is required"),
    ];
    for (more, status, words) in cases {
        refuses(&supplier, more, status, words).await;
    }
    let lenient = Supplier::builder().with(|settings| settings.ignores_unknown_fields = true).spawn().await;
    let body = tongue().with(false, &json!({ "top_p": 0.5 }));
    assert_eq!(tongue().ask(&lenient.unwrap(), false, &body).await.status, 200);
}
