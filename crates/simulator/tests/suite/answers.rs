//! Sound answers in both protocols.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulator::{AnswerStyle, Supplier};

use crate::client::{CHAT, chat, hello, message, post, send, supplier};

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn weather(stream: bool, say: &str) -> Value {
    let parameters =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    with(
        hello(stream),
        &json!({
            "messages": [{ "role": "user", "content": say }],
            "tools": [{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }],
        }),
    )
}

fn weather_message(stream: bool, say: &str) -> Value {
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    with(
        hello(stream),
        &json!({
            "messages": [{ "role": "user", "content": say }],
            "tools": [{ "name": "get_weather", "input_schema": schema }],
        }),
    )
}

#[tokio::test]
async fn a_chat_completion_is_whole_and_the_same_each_time() {
    let supplier = supplier().await;
    let first = chat(&supplier, &hello(false)).await;
    let again = chat(&supplier, &hello(false)).await;
    let (first, again) = (first.json(), again.json());
    assert_eq!(first["choices"], again["choices"]);
    assert_ne!(first["id"], again["id"]);
    assert!(first["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!((&first["object"], &first["model"]), (&json!("chat.completion"), &json!("m")));
    assert_eq!(first["choices"][0]["finish_reason"], "stop");
    let usage = &first["usage"];
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
}

#[tokio::test]
async fn streamed_and_plain_say_the_same_with_the_same_usage() {
    let supplier = supplier().await;
    let plain = chat(&supplier, &hello(false)).await.json();
    let asked = with(hello(true), &json!({ "stream_options": { "include_usage": true } }));
    let stream = chat(&supplier, &asked).await;
    assert_eq!(stream.said(), plain["choices"][0]["message"]["content"].as_str().unwrap());
    let events = stream.events();
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(done.data, "[DONE]");
    let usage = chunks.last().unwrap().json();
    assert_eq!((&usage["usage"], &usage["choices"]), (&plain["usage"], &json!([])));
    assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.json()["usage"].is_null()));
    assert_eq!(chunks[0].json()["choices"][0]["delta"]["role"], "assistant");

    let plain = message(&supplier, &hello(false)).await.json();
    let stream = message(&supplier, &hello(true)).await;
    assert_eq!(stream.said(), plain["content"][0]["text"].as_str().unwrap());
    let delta = stream.events().into_iter().find(|event| event.name == "message_delta").unwrap().json();
    assert_eq!(delta["usage"], plain["usage"]);
    assert_eq!(delta["delta"]["stop_reason"], plain["stop_reason"]);
}

#[tokio::test]
async fn usage_comes_in_streams_only_when_asked() {
    let supplier = supplier().await;
    let stream = chat(&supplier, &hello(true)).await;
    assert_eq!(stream.header("content-type"), "text/event-stream; charset=utf-8");
    assert!(!stream.text().contains("usage"), "{}", stream.text());
}

#[tokio::test]
async fn a_message_stream_has_its_events_in_order() {
    let supplier = supplier().await;
    let events = message(&supplier, &hello(true)).await.events();
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    let expected = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names, expected);
    assert!(events.iter().all(|event| event.json()["type"] == event.name.as_str()));
    let start = events[0].json();
    assert!(start["message"]["id"].as_str().unwrap().starts_with("msg_01"));
    assert!(start["message"]["usage"]["input_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn max_tokens_and_stop_end_answers() {
    let supplier = supplier().await;
    let short = with(hello(false), &json!({ "max_tokens": 3 }));
    let reply = chat(&supplier, &short).await.json();
    assert_eq!(reply["choices"][0]["finish_reason"], "length");
    assert_eq!(reply["usage"]["completion_tokens"], 3);
    assert_eq!(message(&supplier, &short).await.json()["stop_reason"], "max_tokens");
    let text =
        message(&supplier, &hello(false)).await.json()["content"][0]["text"].as_str().unwrap().to_owned();
    let word = text.split(' ').nth(2).unwrap();
    let stopped = message(&supplier, &with(hello(false), &json!({ "stop_sequences": [word] }))).await.json();
    assert_eq!((&stopped["stop_reason"], &stopped["stop_sequence"]), (&json!("stop_sequence"), &json!(word)));
}

#[tokio::test]
async fn chat_tools_are_called_one_or_several_streamed_or_not() {
    let supplier = supplier().await;
    for (say, count) in [("What is the weather?", 1), ("The weather in both cities", 2)] {
        let plain = chat(&supplier, &weather(false, say)).await.json();
        let choice = &plain["choices"][0];
        assert_eq!(choice["finish_reason"], "tool_calls");
        assert!(choice["message"]["content"].is_null());
        let calls = choice["message"]["tool_calls"].as_array().unwrap();
        assert_eq!(calls.len(), count);
        let stream = chat(&supplier, &weather(true, say)).await;
        let mut arguments = vec![String::new(); count];
        for event in stream.events().iter().filter(|event| event.data != "[DONE]") {
            for piece in event.json()["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
                arguments[index] += piece["function"]["arguments"].as_str().unwrap();
            }
        }
        let plain: Vec<&str> =
            calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap()).collect();
        assert_eq!(arguments, plain);
        assert!(serde_json::from_str::<Value>(plain[0]).unwrap()["city"].is_string());
    }
}

#[tokio::test]
async fn message_tools_are_blocks_of_their_own() {
    let supplier = supplier().await;
    let plain = message(&supplier, &weather_message(false, "weather in both cities")).await.json();
    assert_eq!(plain["stop_reason"], "tool_use");
    let kinds: Vec<&str> =
        plain["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "tool_use", "tool_use"]);
    let stream = message(&supplier, &weather_message(true, "weather in both cities")).await;
    let mut arguments = vec![String::new(); 3];
    for event in stream.events() {
        let event = event.json();
        if let Some(piece) = event.pointer("/delta/partial_json") {
            arguments[usize::try_from(event["index"].as_u64().unwrap()).unwrap()] += piece.as_str().unwrap();
        }
    }
    for place in [1, 2] {
        assert_eq!(
            serde_json::from_str::<Value>(&arguments[place]).unwrap(),
            plain["content"][place]["input"]
        );
    }
}

#[tokio::test]
async fn several_choices_differ_and_their_chunks_mix() {
    let supplier = supplier().await;
    let body = json!({ "n": 2, "logprobs": true, "top_logprobs": 2 });
    let plain = chat(&supplier, &with(hello(false), &body)).await.json();
    let choices = plain["choices"].as_array().unwrap();
    assert_ne!(choices[0]["message"], choices[1]["message"]);
    let content = choices[0]["logprobs"]["content"].as_array().unwrap();
    assert_eq!(content[0]["top_logprobs"].as_array().unwrap().len(), 2);
    let stream = chat(&supplier, &with(hello(true), &body)).await;
    let chunks: Vec<Value> = stream
        .events()
        .iter()
        .filter(|event| event.data != "[DONE]")
        .map(super::client::Event::json)
        .collect();
    let first: Vec<u64> =
        chunks.iter().take(4).map(|chunk| chunk["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(first, [0, 1, 0, 1]);
    let finished = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count();
    assert_eq!(finished, 2);
}

#[tokio::test]
async fn structured_answers_are_valid_json() {
    let supplier = supplier().await;
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"],
        "additionalProperties": false });
    let format =
        json!({ "type": "json_schema", "json_schema": { "name": "a", "schema": schema, "strict": true } });
    let reply = chat(&supplier, &with(hello(false), &json!({ "response_format": format }))).await.json();
    let text = reply["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap()["ok"].is_boolean());
    let config = json!({ "output_config": { "format": { "type": "json_schema", "schema": schema } } });
    let reply = message(&supplier, &with(hello(false), &config)).await.json();
    let text = reply["content"][0]["text"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap()["ok"].is_boolean());
}

#[tokio::test]
async fn schemas_that_an_answer_cannot_be_held_to_are_refused_as_the_real_ones_refuse_them() {
    let supplier = supplier().await;
    let open = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } });
    let list = json!({ "type": "array", "items": { "type": "boolean" } });
    let format = |schema: &Value, strict: bool| {
        let schema = json!({ "name": "a", "schema": schema, "strict": strict });
        json!({ "response_format": { "type": "json_schema", "json_schema": schema } })
    };
    for (schema, strict, status) in [(&open, true, 400), (&open, false, 200), (&list, false, 400)] {
        let reply = chat(&supplier, &with(hello(false), &format(schema, strict))).await;
        assert_eq!(reply.status, status, "{schema} {strict}");
        let error = &reply.json()["error"];
        assert!(status == 200 || error["type"] == "invalid_request_error", "{error}");
        assert!(
            status == 200
                || error["message"].as_str().unwrap().starts_with("Invalid schema for response_format 'a'")
        );
    }
    let function = json!({ "name": "f", "parameters": open, "strict": true });
    let tools = json!({ "tools": [{ "type": "function", "function": function }] });
    let error = chat(&supplier, &with(hello(false), &tools)).await.json()["error"].clone();
    assert_eq!(error["code"], "invalid_function_parameters");
    assert_eq!(error["param"], "tools[0].function.parameters");
    for body in [
        json!({ "output_config": { "format": { "type": "json_schema", "schema": open } } }),
        json!({ "tools": [{ "name": "f", "input_schema": open, "strict": true }] }),
    ] {
        let reply = message(&supplier, &with(hello(false), &body)).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["type"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request_error"))
        );
        assert!(
            reply.json()["error"]["message"].as_str().unwrap().contains("must be explicitly set to false")
        );
    }
}

#[tokio::test]
async fn reasoning_is_counted_and_shown_where_the_protocol_shows_it() {
    let supplier = supplier().await;
    let reply = chat(&supplier, &with(hello(false), &json!({ "reasoning_effort": "low" }))).await.json();
    assert_eq!(reply["usage"]["completion_tokens_details"]["reasoning_tokens"], 12);
    assert!(reply["choices"][0]["message"].get("reasoning_content").is_none());

    let thinking = json!({ "max_tokens": 4000, "thinking": { "type": "enabled", "budget_tokens": 1024 } });
    let plain = message(&supplier, &with(hello(false), &thinking)).await.json();
    assert_eq!(plain["content"][0]["type"], "thinking");
    assert_eq!(plain["usage"]["output_tokens_details"]["thinking_tokens"], 24);
    let stream = message(&supplier, &with(hello(true), &thinking)).await.events();
    let field = |name: &str| -> String {
        let pieces = stream
            .iter()
            .filter_map(|event| event.json().pointer(name).and_then(Value::as_str).map(str::to_owned));
        pieces.collect()
    };
    assert_eq!(field("/delta/thinking"), plain["content"][0]["thinking"].as_str().unwrap());
    assert_eq!(field("/delta/signature"), plain["content"][0]["signature"].as_str().unwrap());
}

#[tokio::test]
async fn open_engines_show_reasoning_in_chat() {
    let style = AnswerStyle { shows_reasoning: true, ..AnswerStyle::default() };
    let supplier = Supplier::builder().with(|settings| settings.answer = style).spawn().await.unwrap();
    let body = json!({ "reasoning_effort": "medium" });
    let reply = chat(&supplier, &with(hello(false), &body)).await.json();
    let shown = reply["choices"][0]["message"]["reasoning_content"].as_str().unwrap().to_owned();
    let stream = chat(&supplier, &with(hello(true), &body)).await.events();
    let pieces = stream.iter().filter(|event| event.data != "[DONE]").map(super::client::Event::json);
    let pieces: String = pieces
        .filter_map(|chunk| {
            chunk.pointer("/choices/0/delta/reasoning_content").and_then(Value::as_str).map(str::to_owned)
        })
        .collect();
    assert_eq!(pieces, shown);
}

#[tokio::test]
async fn long_prompts_are_read_from_the_cache_the_second_time() {
    let supplier = supplier().await;
    let long = "word ".repeat(2000);
    let mut body = with(hello(false), &json!({ "messages": [{ "role": "user", "content": long }] }));
    let cached = |reply: &Value| reply["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    assert_eq!(cached(&chat(&supplier, &body).await.json()), 0);
    assert!(cached(&chat(&supplier, &body).await.json()) >= 2432);
    body["system"] =
        json!([{ "type": "text", "text": long, "cache_control": { "type": "ephemeral", "ttl": "1h" } }]);
    let first = message(&supplier, &body).await.json();
    let written = first["usage"]["cache_creation"]["ephemeral_1h_input_tokens"].as_u64().unwrap();
    assert!(written > 2000);
    let second = message(&supplier, &body).await.json();
    assert_eq!(second["usage"]["cache_read_input_tokens"], written);
    assert_eq!(second["usage"]["input_tokens"], first["usage"]["input_tokens"]);
}

#[tokio::test]
async fn messages_go_on_from_the_assistants_own_words() {
    let supplier = supplier().await;
    let whole =
        message(&supplier, &hello(false)).await.json()["content"][0]["text"].as_str().unwrap().to_owned();
    let cut = whole.char_indices().nth(9).unwrap().0;
    let mut body = hello(false);
    body["messages"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "role": "assistant", "content": whole[..cut].trim_end() }));
    let rest = message(&supplier, &body).await.json();
    assert_eq!(rest["content"][0]["text"].as_str().unwrap(), &whole[whole[..cut].trim_end().len()..]);
}

#[tokio::test]
async fn models_and_counts_are_told_in_the_clients_protocol() {
    let supplier = Supplier::builder().models(["gpt-5.2", "org/other"]).spawn().await.unwrap();
    let get = |path: &'static str, headers: &'static [(&str, &str)]| {
        send(supplier.address(), Method::GET, path, headers, String::new())
    };
    let list = get("/v1/models", &[]).await.unwrap().json();
    assert_eq!((&list["object"], &list["data"][1]["id"]), (&json!("list"), &json!("org/other")));
    let one = get("/v1/models/org%2Fother", &[("anthropic-version", "2023-06-01")]).await.unwrap().json();
    assert_eq!((&one["type"], &one["id"]), (&json!("model"), &json!("org/other")));
    assert_eq!(get("/v1/models/none", &[]).await.unwrap().status, 404);
    let body = with(hello(false), &json!({ "model": "gpt-5.2" }));
    let count = post(&supplier, "/v1/messages/count_tokens", &body).await.unwrap().json();
    let usage = message(&supplier, &body).await.json()["usage"]["input_tokens"].clone();
    assert_eq!(count["input_tokens"], usage);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let supplier = supplier().await;
    let body = hello(false).to_string();
    let length = body.len();
    let one = format!("POST {CHAT} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
    let last = format!(
        "POST {CHAT} HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
    );
    let (bytes, end) =
        crate::client::exchange_raw(supplier.address(), (one.repeat(2) + &last).as_bytes()).await;
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert!(end.is_ok());
    assert_eq!(supplier.counters().connections_opened, 1);
}

#[tokio::test]
async fn http_1_0_gets_a_stream_that_ends_with_the_connection() {
    let supplier = supplier().await;
    let body = hello(true).to_string();
    let request = format!("POST {CHAT} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (bytes, end) = crate::client::exchange_raw(supplier.address(), request.as_bytes()).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(end.is_ok() && text.ends_with("data: [DONE]\n\n") && !text.contains("chunked"), "{text}");
}
