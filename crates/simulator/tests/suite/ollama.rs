//! Ollama's chat.

use serde_json::{Value, json};
use simulator::Handle;

use crate::{
    client::{Reply, supplier},
    tongues::{Tongue, city, number, string},
};

pub(crate) fn tongue() -> Tongue {
    Tongue {
        name: "ollama-chat",
        paths: ["/api/chat"; 2],
        headers: &[],
        hello: |stream| {
            let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hello" }] });
            // It streams by itself.
            if !stream {
                body["stream"] = json!(false);
            }
            body
        },
        said: |reply| reply["message"]["content"].as_str().unwrap().to_owned(),
        events: lines,
        delta: |event| string(event, "/message/content"),
        ends: |event| event["done"] == true,
        usage: |reply| Some((number(reply, "/prompt_eval_count")?, number(reply, "/eval_count")?)),
    }
}

/// The lines that are whole.
fn lines(reply: &Reply) -> Vec<Value> {
    reply.body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

async fn refuses(supplier: &Handle, more: Value, words: &str) {
    let reply = tongue().refuses(supplier, &tongue().with(false, &more), 400, words).await;
    assert!(reply.json()["error"].is_string());
}

fn weather(stream: bool) -> Value {
    let function = json!({ "name": "get_weather", "parameters": city() });
    let more = json!({
        "messages": [{ "role": "user", "content": "the weather in both cities" }], "think": true,
        "tools": [{ "type": "function", "function": function }],
    });
    tongue().with(stream, &more)
}

#[tokio::test]
async fn lines_are_one_token_each_and_the_last_has_the_figures() {
    let reply = tongue().greet(&supplier().await, true).await;
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let lines = lines(&reply);
    let (last, rest) = lines.split_last().unwrap();
    assert!(rest.iter().all(|line| line["done"] == false && line.get("eval_count").is_none()));
    assert_eq!(
        (&last["done_reason"], last["eval_count"].as_u64()),
        (&json!("stop"), Some(rest.len() as u64))
    );
    assert!(last["total_duration"].as_u64() > last["eval_duration"].as_u64());
}

#[tokio::test]
async fn tools_and_thinking_streamed_or_not() {
    let supplier = supplier().await;
    let plain = tongue().ask(&supplier, false, &weather(false)).await.json();
    let calls = plain["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert!(calls[0]["function"]["arguments"]["city"].is_string());
    let lines = lines(&tongue().ask(&supplier, true, &weather(true)).await);
    let thought: String = lines.iter().filter_map(|line| string(line, "/message/thinking")).collect();
    assert_eq!(thought, plain["message"]["thinking"]);
    let streamed: Vec<&Value> =
        lines.iter().filter_map(|line| line.pointer("/message/tool_calls/0")).collect();
    assert_eq!(streamed, calls.iter().collect::<Vec<_>>());
    let mut body = weather(false);
    let result = json!({ "role": "tool", "tool_name": "get_weather", "content": "sun" });
    body["messages"].as_array_mut().unwrap().extend([plain["message"].clone(), result]);
    let reply = tongue().ask(&supplier, false, &body).await;
    assert_eq!((reply.status.as_u16(), reply.json()["message"].get("tool_calls")), (200, None));
}

#[tokio::test]
async fn formats_limits_and_loading() {
    let supplier = supplier().await;
    let ask = |more: Value| {
        let (supplier, body) = (supplier.clone(), tongue().with(false, &more));
        async move { tongue().ask(&supplier, false, &body).await.json() }
    };
    let said = (tongue().said)(&ask(json!({ "format": city() })).await);
    assert!(serde_json::from_str::<Value>(&said).unwrap()["city"].is_string());
    let short = ask(json!({ "options": { "num_predict": 3 } })).await;
    assert_eq!((&short["done_reason"], &short["eval_count"]), (&json!("length"), &json!(3)));
    let endless = ask(json!({ "options": { "num_predict": -1 }, "keep_alive": -1 })).await;
    assert_eq!(endless["done_reason"], "stop");
    let loaded = ask(json!({ "messages": [] })).await;
    assert_eq!((&loaded["done_reason"], &loaded["message"]["content"]), (&json!("load"), &json!("")));
}

#[tokio::test]
async fn fields_are_checked() {
    let supplier = supplier().await;
    let call = |arguments: Value| {
        let call = json!({ "function": { "name": "f", "arguments": arguments } });
        json!({ "messages": [{ "role": "assistant", "tool_calls": [call] }] })
    };
    let cases = [
        (json!({ "model": "" }), "model is required"),
        (
            json!({ "model": 3 }),
            "json: cannot unmarshal number 3 into Go struct field ChatRequest.model of type string",
        ),
        (json!({ "messages": "x" }), "field ChatRequest.messages of type []api.Message"),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }] }] }),
            "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string",
        ),
        (json!({ "messages": [{ "role": "wizard", "content": "x" }] }), r#"invalid role: \"wizard\""#),
        (
            call(json!("{}")),
            "cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type \
             api.ToolCallFunctionArguments",
        ),
        (json!({ "format": "xml" }), "invalid format"),
        (json!({ "think": "hard" }), "invalid think value"),
        (json!({ "options": { "temperature": "hot" } }), r#"option \"temperature\" must be of type float32"#),
        (json!({ "options": { "num_predict": "5" } }), r#"option \"num_predict\" must be of type int"#),
    ];
    for (more, words) in cases {
        refuses(&supplier, more, words).await;
    }
    let unknown = tongue().with(false, &json!({ "foo": 1, "options": { "bar": 2 } }));
    assert_eq!(tongue().ask(&supplier, false, &unknown).await.status, 200);
}
