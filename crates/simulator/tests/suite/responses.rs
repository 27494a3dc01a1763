//! OpenAI Responses.

use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::{
    client::supplier,
    tongues::{Tongue, city, joined, number, sse, string},
};

pub(crate) fn tongue() -> Tongue {
    Tongue {
        name: "openai-responses",
        paths: ["/v1/responses"; 2],
        headers: &[],
        hello: |stream| json!({ "model": "m", "stream": stream, "input": "Hello" }),
        said: |reply| {
            let message = reply["output"].as_array().unwrap().iter().find(|item| item["type"] == "message");
            joined(&message.unwrap()["content"], "/text")
        },
        events: sse,
        delta: |event| string(event, "/delta").filter(|_| event["type"] == "response.output_text.delta"),
        ends: |event| event["type"] == "response.completed" || event["type"] == "response.incomplete",
        usage: |reply| {
            let reply = reply.get("response").unwrap_or(reply);
            Some((number(reply, "/usage/input_tokens")?, number(reply, "/usage/output_tokens")?))
        },
    }
}

async fn refuses(supplier: &Handle, more: Value, words: &str) {
    let reply = tongue().refuses(supplier, &tongue().with(false, &more), 400, words).await;
    assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
}

fn call(id: &str) -> Value {
    json!({ "type": "function_call", "call_id": id, "name": "f", "arguments": "{}" })
}

fn output(id: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": "x" })
}

#[tokio::test]
async fn a_response_is_whole() {
    let supplier = supplier().await;
    let body = tongue().with(false, &json!({ "instructions": "Be kind.", "metadata": { "a": "b" } }));
    let reply = tongue().ask(&supplier, false, &body).await.json();
    assert!(reply["id"].as_str().unwrap().starts_with("resp_"));
    assert_eq!((&reply["object"], &reply["status"]), (&json!("response"), &json!("completed")));
    assert_eq!((&reply["instructions"], &reply["metadata"]["a"]), (&json!("Be kind."), &json!("b")));
    assert_eq!((&reply["error"], &reply["incomplete_details"]), (&Value::Null, &Value::Null));
    let short =
        tongue().with(false, &json!({ "max_output_tokens": 16, "reasoning": { "effort": "medium" } }));
    let reply = tongue().ask(&supplier, false, &short).await.json();
    assert_eq!(reply["status"], "incomplete");
    assert_eq!(reply["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(reply["usage"]["output_tokens_details"]["reasoning_tokens"], 16);
}

#[tokio::test]
async fn events_are_numbered_and_each_item_opens_fills_and_closes() {
    let supplier = supplier().await;
    let body = tongue().with(
        true,
        &json!({
            "input": "the weather in both cities", "reasoning": { "effort": "low", "summary": "auto" },
            "include": ["reasoning.encrypted_content"],
            "tools": [{ "type": "function", "name": "get_weather", "parameters": city(), "strict": true }],
        }),
    );
    let reply = tongue().ask(&supplier, true, &body).await;
    let events = sse(&reply);
    let numbers: Vec<u64> = events.iter().map(|event| number(event, "/sequence_number").unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    assert!(reply.events().iter().all(|event| event.json()["type"] == event.name));
    let done = events.iter().filter(|event| event["type"] == "response.output_item.done");
    let items: Vec<Value> = done.map(|event| event["item"].clone()).collect();
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(output, &json!(items));
    let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reasoning", "function_call", "function_call"]);
    assert!(items[0]["encrypted_content"].is_string());
    let deltas = |kind: &str, place: u64| -> String {
        let of = events.iter().filter(|event| event["type"] == kind && event["output_index"] == place);
        of.map(|event| event["delta"].as_str().unwrap()).collect()
    };
    assert_eq!(deltas("response.reasoning_summary_text.delta", 0), items[0]["summary"][0]["text"]);
    assert_eq!(deltas("response.function_call_arguments.delta", 2), items[2]["arguments"]);
    let arguments: Value = serde_json::from_str(items[1]["arguments"].as_str().unwrap()).unwrap();
    assert!(arguments["city"].is_string());
}

#[tokio::test]
async fn what_it_said_is_accepted_back() {
    let supplier = supplier().await;
    let mut body = tongue().with(
        false,
        &json!({
            "input": [{ "role": "user", "content": "weather?" }], "store": false,
            "reasoning": { "effort": "low" }, "include": ["reasoning.encrypted_content"],
            "tools": [{ "type": "function", "name": "get_weather", "parameters": city() }],
        }),
    );
    let reply = tongue().ask(&supplier, false, &body).await.json();
    let input = body["input"].as_array_mut().unwrap();
    input.extend(reply["output"].as_array().unwrap().clone());
    input.push(output(reply["output"][1]["call_id"].as_str().unwrap()));
    let reply = tongue().ask(&supplier, false, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!(tongue().said)(&reply.json()).is_empty());
    let sealed = body["input"][1]["encrypted_content"].take();
    refuses(&supplier, with_sealed(&body, &json!("forged")), "could not be verified").await;
    let reply = tongue().ask(&supplier, false, &with_sealed(&body, &Value::Null)).await;
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(tongue().ask(&supplier, false, &with_sealed(&body, &sealed)).await.status, 200);
}

fn with_sealed(body: &Value, sealed: &Value) -> Value {
    let mut body = body.clone();
    body["input"][1]["encrypted_content"] = sealed.clone();
    body
}

#[tokio::test]
async fn structured_answers_obey_their_schema() {
    let supplier = supplier().await;
    let format = json!({ "type": "json_schema", "name": "a", "schema": city(), "strict": true });
    let body = tongue().with(false, &json!({ "text": { "format": format } }));
    let said = (tongue().said)(&tongue().ask(&supplier, false, &body).await.json());
    assert!(serde_json::from_str::<Value>(&said).unwrap()["city"].is_string());
}

#[tokio::test]
async fn fields_are_checked() {
    let supplier = supplier().await;
    let said = |part: Value| json!({ "input": [{ "role": "user", "content": [part] }] });
    let cases = [
        (json!({ "model": null }), "you must provide a model parameter"),
        (json!({ "input": null }), "must be provided"),
        (json!({ "input": 3 }), "Invalid type for 'input': expected one of a string or an array"),
        (json!({ "foo": 1 }), "Unknown parameter: 'foo'."),
        (json!({ "messages": [] }), "this parameter has moved to 'input'"),
        (json!({ "max_tokens": 5 }), "this parameter has moved to 'max_output_tokens'"),
        (json!({ "max_output_tokens": 1 }), "Expected a value >= 16, but got 1 instead"),
        (json!({ "temperature": 2.5 }), "decimal above maximum value"),
        (json!({ "previous_response_id": "resp_a" }), "Previous response with id 'resp_a' not found"),
        (json!({ "input": [{ "role": "wizard", "content": "x" }] }), "Invalid value: 'wizard'"),
        (json!({ "input": [{ "role": "user" }] }), "Missing required parameter: 'input[0].content'"),
        (json!({ "input": [{ "role": "user", "content": "x", "name": "y" }] }), "'input[0].name'"),
        (said(json!({ "type": "text", "text": "x" })), "Invalid value: 'text'"),
        (said(json!({ "type": "output_text", "text": "x" })), "Supported values are: 'input_text'"),
        (said(json!({ "text": "x" })), "Missing required parameter: 'input[0].content[0].type'"),
        (json!({ "input": [output("a")] }), "No tool call found for function call output with call_id a"),
        (json!({ "input": [call("a")] }), "No tool output found for function call a"),
        (
            json!({ "input": [{ "type": "message", "id": "a1", "role": "user", "content": "x" }] }),
            "begins with 'msg'",
        ),
        (
            json!({ "input": [{ "type": "reasoning", "id": "rs_1", "summary": [], "status": null }] }),
            "Invalid type for 'input[0].status'",
        ),
        (
            json!({ "input": [{ "type": "reasoning", "id": "rs_1", "summary": [] }] }),
            "without its required following item",
        ),
        (
            json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] }),
            "Unknown parameter: 'tools[0].function'",
        ),
        (json!({ "tools": [{ "type": "function", "name": "a b" }] }), "does not match pattern"),
        (json!({ "tool_choice": "required" }), "must be specified with 'tools'"),
        (json!({ "text": { "format": { "type": "json_schema" } } }), "'text.format.name'"),
        (json!({ "text": { "format": { "type": "json_object" } } }), "must contain the word 'json'"),
        (json!({ "reasoning": { "effort": "huge" } }), "Invalid value: 'huge'"),
        (json!({ "include": ["everything"] }), "Invalid value: 'everything'"),
    ];
    for (more, words) in cases {
        refuses(&supplier, more, words).await;
    }
    let lenient = Supplier::builder().with(|settings| settings.ignores_unknown_fields = true).spawn().await;
    let body = tongue().with(false, &json!({ "foo": 1 }));
    assert_eq!(tongue().ask(&lenient.unwrap(), false, &body).await.status, 200);
}
