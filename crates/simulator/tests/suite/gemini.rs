//! Gemini, with `alt=sse` and as an array.

use http::Method;
use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::{
    client::{Reply, send, supplier},
    tongues::{Tongue, city, joined, number, sse},
};

fn hello(_: bool) -> Value {
    json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hello" }] }] })
}

fn text(reply: &Value) -> String {
    joined(&reply["candidates"][0]["content"]["parts"], "/text")
}

pub(crate) fn tongue() -> Tongue {
    Tongue {
        name: "gemini",
        paths: ["/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent?alt=sse"],
        headers: &[("x-goog-api-key", "k")],
        hello,
        said: text,
        events: sse,
        delta: |event| event.get("candidates").map(|_| text(event)),
        ends: |event| event.pointer("/candidates/0/finishReason").is_some(),
        usage: |reply| {
            let usage = reply.get("usageMetadata")?;
            let said = number(usage, "/candidatesTokenCount").unwrap_or(0);
            let thought = number(usage, "/thoughtsTokenCount").unwrap_or(0);
            Some((number(usage, "/promptTokenCount")?, said + thought))
        },
    }
}

/// The same as one array.
pub(crate) fn array() -> Tongue {
    Tongue {
        name: "gemini, an array",
        paths: ["/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent"],
        events: elements,
        ..tongue()
    }
}

/// The elements of an array, also of one that breaks off.
fn elements(reply: &Reply) -> Vec<Value> {
    let whole = String::from_utf8_lossy(&reply.body).into_owned();
    let trimmed = whole.trim_start_matches('[').trim_end().trim_end_matches(']');
    let parts = trimmed.split("\n,\r\n").filter(|part| !part.trim().is_empty());
    parts.filter_map(|part| serde_json::from_str(part).ok()).collect()
}

async fn refuses(supplier: &Handle, more: Value, words: &str) {
    let reply = tongue().refuses(supplier, &tongue().with(false, &more), 400, words).await;
    assert_eq!(reply.json()["error"]["status"], "INVALID_ARGUMENT");
}

fn declared(parameters: &Value) -> Value {
    json!({ "tools": [{ "functionDeclarations": [{ "name": "get_weather", "parameters": parameters }] }] })
}

fn weather(say: &str) -> Value {
    // Its own form of schemas knows no such word.
    let mut city = city();
    city.as_object_mut().unwrap().remove("additionalProperties");
    let mut body = declared(&city);
    body["contents"] = json!([{ "role": "user", "parts": [{ "text": say }] }]);
    body
}

#[tokio::test]
async fn an_array_is_one_json_value() {
    let reply = array().greet(&supplier().await, true).await;
    assert!(reply.header("content-type").starts_with("application/json"));
    let elements = reply.json();
    assert!(elements.as_array().unwrap().len() > 10);
    assert_eq!(elements[elements.as_array().unwrap().len() - 1]["candidates"][0]["finishReason"], "STOP");
    let supplier = Supplier::builder().models(["other"]).spawn().await.unwrap();
    let refused = array().greet(&supplier, true).await;
    assert_eq!((refused.status.as_u16(), &refused.json()[0]["error"]["status"]), (404, &json!("NOT_FOUND")));
}

#[tokio::test]
async fn usage_is_told_so_far_in_each_event() {
    let events = sse(&tongue().greet(&supplier().await, true).await);
    let told: Vec<u64> =
        events.iter().map(|event| number(event, "/usageMetadata/candidatesTokenCount").unwrap()).collect();
    assert!(told.windows(2).all(|pair| pair[0] <= pair[1]) && told[0] == 1, "{told:?}");
}

#[tokio::test]
async fn functions_are_called_in_one_piece_and_thoughts_are_signed() {
    let supplier = supplier().await;
    let mut body = weather("the weather in both cities");
    body["generationConfig"] = json!({ "thinkingConfig": { "includeThoughts": true, "thinkingBudget": -1 } });
    let plain = tongue().ask(&supplier, false, &body).await.json();
    let parts = plain["candidates"][0]["content"]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3, "{plain}");
    assert_eq!(parts[0]["thought"], true);
    assert!(parts[1]["thoughtSignature"].is_string() && parts[2].get("thoughtSignature").is_none());
    assert!(parts[1]["functionCall"]["args"]["city"].is_string());
    assert_eq!(plain["usageMetadata"]["thoughtsTokenCount"], 24);
    let events = sse(&tongue().ask(&supplier, true, &body).await);
    let calls: Vec<&Value> = events
        .iter()
        .filter_map(|event| event.pointer("/candidates/0/content/parts/0"))
        .filter(|part| part.get("functionCall").is_some())
        .collect();
    assert_eq!(calls, [&parts[1], &parts[2]]);
}

#[tokio::test]
async fn gemini_3_wants_its_signatures_back() {
    let supplier = supplier().await;
    let ask = |body: Value| {
        let (address, path) = (supplier.address(), "/v1beta/models/gemini-3-pro:generateContent");
        async move { send(address, Method::POST, path, &[], body.to_string()).await.unwrap() }
    };
    let mut body = weather("weather?");
    let reply = ask(body.clone()).await.json();
    let content = reply["candidates"][0]["content"].clone();
    assert!(content["parts"][0]["functionCall"]["id"].is_string(), "{reply}");
    let response = json!({ "functionResponse": { "name": "get_weather", "response": { "result": "sun" } } });
    let contents = body["contents"].as_array_mut().unwrap();
    contents.extend([content, json!({ "role": "user", "parts": [response] })]);
    assert_eq!(ask(body.clone()).await.status, 200);
    let signature = body["contents"][1]["parts"][0]["thoughtSignature"].take();
    body["contents"][1]["parts"][0].as_object_mut().unwrap().remove("thoughtSignature");
    let refused = ask(body.clone()).await;
    assert!(refused.status == 400 && refused.text().contains("missing a thought_signature"));
    for (given, status) in [
        (signature.as_str().unwrap(), 200),
        (signature.as_str().unwrap().replace('+', "-").replace('/', "_").as_str(), 200),
        ("skip_thought_signature_validator", 200),
        ("AAAA", 400),
        ("not base64!", 400),
    ] {
        body["contents"][1]["parts"][0]["thoughtSignature"] = json!(given);
        assert_eq!(ask(body.clone()).await.status, status, "{given}");
    }
}

/// As google-genai's automatic calling sends a stream back: the call, and the empty text that ended it.
#[tokio::test]
async fn a_row_of_the_models_contents_is_one_turn() {
    let supplier = supplier().await;
    let ask = |body: Value| {
        let (address, path) = (supplier.address(), "/v1beta/models/gemini-3-pro:generateContent");
        async move { send(address, Method::POST, path, &[], body.to_string()).await.unwrap() }
    };
    let mut body = weather("weather?");
    let call = ask(body.clone()).await.json()["candidates"][0]["content"].clone();
    let end = json!({ "role": "model", "parts": [{ "text": "" }] });
    let response = json!({ "functionResponse": { "name": "get_weather", "response": { "result": "sun" } } });
    let response = json!({ "role": "user", "parts": [response] });
    let contents = body["contents"].as_array_mut().unwrap();
    contents.extend([call.clone(), end.clone(), response]);
    let reply = ask(body.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    body["contents"] = json!([body["contents"][0], call, end]);
    let refused = ask(body).await;
    assert!(refused.status == 400 && refused.text().contains("number of function response parts"));
}

#[tokio::test]
async fn structured_answers_obey_their_schema() {
    let supplier = supplier().await;
    let schema = json!({ "type": "OBJECT", "properties": { "city": { "type": "STRING" } } });
    for name in ["responseSchema", "response_schema", "responseJsonSchema"] {
        let config = json!({ "responseMimeType": "application/json", name: schema });
        let body = tongue().with(false, &json!({ "generationConfig": config }));
        let said = text(&tongue().ask(&supplier, false, &body).await.json());
        assert!(serde_json::from_str::<Value>(&said).is_ok(), "{said}");
    }
}

#[tokio::test]
async fn several_candidates_mix_and_each_ends() {
    let body = tongue().with(true, &json!({ "generationConfig": { "candidateCount": 2 } }));
    let events = sse(&tongue().ask(&supplier().await, true, &body).await);
    let index = |event: &Value| number(event, "/candidates/0/index").unwrap();
    assert_eq!(events.iter().take(4).map(index).collect::<Vec<_>>(), [0, 1, 0, 1]);
    let ended = events.iter().filter(|event| event.pointer("/candidates/0/finishReason").is_some());
    assert_eq!(ended.count(), 2);
}

#[tokio::test]
async fn keys_tokens_and_models() {
    let supplier = Supplier::builder().key("k").models(["m"]).spawn().await.unwrap();
    let try_key = |path: &'static str, headers: &'static [(&str, &str)]| {
        send(supplier.address(), Method::POST, path, headers, hello(false).to_string())
    };
    let plain = "/v1beta/models/m:generateContent";
    let wrong = try_key(plain, &[("x-goog-api-key", "no")]).await.unwrap();
    assert_eq!(
        (wrong.status.as_u16(), &wrong.json()["error"]["details"][0]["reason"]),
        (400, &json!("API_KEY_INVALID"))
    );
    assert_eq!(try_key(plain, &[]).await.unwrap().status, 403);
    assert_eq!(try_key("/v1beta/models/m:generateContent?key=k", &[]).await.unwrap().status, 200);
    let count = try_key("/v1beta/models/m:countTokens", &[("x-goog-api-key", "k")]).await.unwrap().json();
    let usage = tongue().greet(&supplier, false).await.json()["usageMetadata"]["promptTokenCount"].clone();
    assert_eq!(count["totalTokens"], usage);
    let list = send(supplier.address(), Method::GET, "/v1beta/models", &[], String::new()).await.unwrap();
    assert_eq!(list.json()["models"][0]["name"], "models/m");
}

fn called(parts: &Value) -> Value {
    json!({ "contents": [
        { "role": "user", "parts": [{ "text": "x" }] }, { "role": "model", "parts": [{ "functionCall": { "name": "f" } }] },
        { "role": "user", "parts": parts },
    ] })
}

#[tokio::test]
async fn fields_are_checked() {
    let supplier = supplier().await;
    let part = |part: Value| json!({ "contents": [{ "parts": [part] }] });
    let config = |config: Value| json!({ "generationConfig": config });
    let cases = [
        (json!({ "contents": [] }), "contents is not specified"),
        (json!({ "contents": "Hello" }), "Invalid value at 'contents' (TYPE_MESSAGE)"),
        (json!({ "contents": [{ "parts": [] }] }), "contents.parts must not be empty"),
        (
            json!({ "contents": [{ "role": "assistant", "parts": [{ "text": "x" }] }] }),
            "Please use a valid role",
        ),
        (json!({ "messages": [] }), r#"Unknown name \"messages\": Cannot find field."#),
        (part(json!({ "type": "text" })), r#"Unknown name \"type\" at 'contents[0].parts[0]'"#),
        (part(json!({ "thought": true })), "required oneof field 'data'"),
        (part(json!({ "text": "x", "functionCall": { "name": "f" } })), "oneof"),
        (part(json!({ "text": ["x"] })), "Proto field is not repeating, cannot start list."),
        (
            part(json!({ "functionResponse": { "name": "f", "response": {} } })),
            "immediately after a function call turn",
        ),
        (part(json!({ "functionResponse": { "response": {} } })), "Name cannot be empty"),
        (called(&json!([{ "text": "x" }])), "number of function response parts"),
        (
            called(&json!([{ "functionResponse": { "name": "g", "response": {} } }])),
            "number of function response",
        ),
        (
            json!({ "contents": [{ "role": "model", "parts": [{ "functionCall": { "name": "f" } }] }] }),
            "function call turn comes immediately after a user turn",
        ),
        (config(json!({ "temperature": 3 })), "must be in the range [0.0, 2.0]"),
        (config(json!({ "temperature": "hot" })), "'generation_config.temperature' (TYPE_FLOAT)"),
        (config(json!({ "maxOutputTokens": 0 })), "max_output_tokens must be positive"),
        (config(json!({ "max_tokens": 5 })), r#"Unknown name \"max_tokens\" at 'generation_config'"#),
        (config(json!({ "responseSchema": { "type": "STRING" } })), "only allowed when response_mime_type"),
        (config(json!({ "thinkingConfig": { "thinkingBudget": 1, "thinkingLevel": "LOW" } })), "only one of"),
        (declared(&json!({ "type": "object", "properties": {} })), "should be non-empty for OBJECT type"),
        (declared(&json!({ "type": "array" })), "items: missing field"),
        (
            declared(&json!({ "type": "object", "properties": { "a": { "$ref": "#/x" } } })),
            r#"Unknown name \"$ref\" at 'tools[0].function_declarations[0].parameters.properties[0].value'"#,
        ),
        (
            declared(&json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false })),
            r#"Unknown name \"additionalProperties\""#,
        ),
        (
            declared(&json!({ "type": "object", "properties": { "a": { "type": ["string", "null"] } } })),
            "Proto field is not repeating",
        ),
        (
            declared(&json!({ "type": "object", "properties": { "a": {} }, "required": ["b"] })),
            "required[0]: property is not defined",
        ),
        (json!({ "tools": [{ "functionDeclarations": [{ "name": "a b" }] }] }), "Invalid function name"),
        (
            json!({ "toolConfig": { "functionCallingConfig": { "mode": "ANY" } } }),
            "without function_declarations",
        ),
    ];
    for (more, words) in cases {
        refuses(&supplier, more, words).await;
    }
    let loose = json!({ "contents": { "parts": { "text": "x" } }, "system_instruction": { "parts": { "text": "y" } } });
    assert_eq!(tongue().ask(&supplier, false, &loose).await.status, 200);
}
