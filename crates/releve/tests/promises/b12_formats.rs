//! B12: structured output for a model that has no form for it. Where the request is translated anyway, a tool takes the answer, or
//! words ask for JSON; what the client gets is what it asked for, and the approximation is named.

use serde_json::{Value, json};
use simulator::{Fault, Handle, Raw, Rule, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House};

/// A gateway before suppliers of Messages and of Chat Completions whose models have no structured output.
struct Stage {
    messages: Handle,
    chat: Handle,
    gateway: Gateway,
    _house: House,
}

async fn stage() -> Stage {
    let messages = Supplier::builder().spawn().await.unwrap();
    let chat = Supplier::builder().spawn().await.unwrap();
    let provider = |name: &str, protocol: &str, url: &str| {
        format!(
            "[providers.{name}]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}"
        )
    };
    let route = |name: &str, lacks: &str| {
        format!("[routes.{name}]\ndeployments = [{{ use = \"{name}/m\", lacks = [{lacks}] }}]")
    };
    let config = Config::new()
        .and(&provider("messages", "anthropic-messages", &messages.anthropic_base_url()))
        .and(&provider("chat", "openai-chat", &chat.openai_base_url()))
        .and(&provider("bare", "anthropic-messages", &messages.anthropic_base_url()))
        .and(&route("messages", "\"json_schema\", \"json_mode\""))
        .and(&route("chat", "\"json_schema\", \"json_mode\""))
        .and(&route("bare", "\"json_schema\", \"tools\""));
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    Stage { messages, chat, gateway, _house: house }
}

impl Stage {
    async fn ask(&self, path: &str, body: &Value) -> Reply {
        post(self.gateway.listen, path, &[], body.to_string().as_bytes()).await
    }
}

fn schema() -> Value {
    json!({ "type": "object", "properties": { "port": { "type": "string" }, "boats": { "type": "integer" } },
        "required": ["port", "boats"], "additionalProperties": false })
}

fn in_chat(model: &str, format: &Value, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "response_format": format,
        "messages": [{ "role": "user", "content": "How many boats lie where? As JSON." }] })
}

fn of_schema() -> Value {
    json!({ "type": "json_schema", "json_schema": { "name": "harbour", "strict": true, "schema": schema() } })
}

/// The text of an answer in Chat Completions, and why it ended.
fn heard_in_chat(reply: &Reply, stream: bool) -> (String, String) {
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    if !stream {
        let choice = &reply.json()["choices"][0];
        assert_eq!(choice["message"]["tool_calls"], Value::Null);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        return (text(&choice["message"]["content"]), text(&choice["finish_reason"]));
    }
    let (mut said, mut finish) = (String::new(), String::new());
    for event in reply.events().iter().filter(|event| *event != "[DONE]") {
        let chunk: Value = serde_json::from_str(event).unwrap();
        for choice in chunk["choices"].as_array().unwrap() {
            assert_eq!(choice["delta"]["tool_calls"], Value::Null);
            said += choice["delta"]["content"].as_str().unwrap_or_default();
            finish += choice["finish_reason"].as_str().unwrap_or_default();
        }
    }
    (said, finish)
}

fn is_of_schema(text: &str) {
    let said: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(said["port"].is_string() && said["boats"].is_i64(), "{said}");
    assert_eq!(said.as_object().unwrap().len(), 2, "{said}");
}

fn dropped(reply: &Reply) -> Vec<&str> {
    reply.header("x-releve-dropped").unwrap_or_default().split(", ").collect()
}

#[tokio::test]
async fn b12_a_tool_takes_the_answer_of_a_model_without_schemas() {
    let stage = stage().await;
    for stream in [false, true] {
        let asked = in_chat("messages", &of_schema(), stream);
        let reply = stage.ask("/v1/chat/completions", &asked).await;
        let (text, finish) = heard_in_chat(&reply, stream);
        is_of_schema(&text);
        assert_eq!(finish, "stop");
        assert!(dropped(&reply).contains(&"response_format.strict"), "{:?}", dropped(&reply));
        let sent: Value = serde_json::from_slice(&stage.messages.recorded().pop().unwrap().body).unwrap();
        assert_eq!(sent["tools"][0]["name"], "harbour", "{sent}");
        assert_eq!(sent["tools"][0]["input_schema"], schema());
        assert_eq!(sent["tool_choice"]["name"], "harbour");
        assert_eq!((&sent["output_config"], &sent["tools"][0]["strict"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test]
async fn b12_clients_of_other_protocols_get_it_from_chat_completions_too() {
    let stage = stage().await;
    let question = json!([{ "role": "user", "content": "How many boats lie where?" }]);
    let in_messages = json!({ "model": "chat", "max_tokens": 500, "messages": question,
        "output_config": { "format": { "type": "json_schema", "schema": schema() } } });
    let reply = stage.ask("/v1/messages", &in_messages).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    let answer = reply.json();
    is_of_schema(answer["content"][0]["text"].as_str().unwrap());
    assert_eq!(answer["stop_reason"], "end_turn");
    assert!(dropped(&reply).contains(&"response_format.strict"));

    let in_responses = json!({ "model": "chat", "store": false, "stream": true, "input": question,
        "text": { "format": { "type": "json_schema", "name": "harbour", "strict": true, "schema": schema() } } });
    let reply = stage.ask("/v1/responses", &in_responses).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    let last: Value = serde_json::from_str(reply.events().last().unwrap()).unwrap();
    let output = &last["response"]["output"];
    assert_eq!(output.as_array().unwrap().len(), 1, "{output}");
    is_of_schema(output[0]["content"][0]["text"].as_str().unwrap());
    let sent: Value = serde_json::from_slice(&stage.chat.recorded().pop().unwrap().body).unwrap();
    assert_eq!(sent["response_format"], Value::Null, "{sent}");
}

/// Its bytes would have to become others, and so would the answer's: somebody else is to serve it.
#[tokio::test]
async fn b12_p4_in_its_own_protocol_nobody_stands_in_for_what_a_model_lacks() {
    let stage = stage().await;
    for format in [of_schema(), json!({ "type": "json_object" })] {
        let reply = stage.ask("/v1/chat/completions", &in_chat("chat", &format, false)).await;
        assert_eq!(reply.status, 400, "{}", reply.lossy());
        assert_eq!(reply.json()["error"]["code"], "no_candidate");
    }
    assert!(stage.chat.recorded().is_empty());
    // Nor is there anything where tools are lacked as well.
    let reply = stage.ask("/v1/chat/completions", &in_chat("bare", &of_schema(), false)).await;
    assert_eq!(reply.status, 400, "{}", reply.lossy());
    assert!(reply.text().contains("lacks json_schema"), "{}", reply.lossy());
}

/// An answer of Messages with this text, streamed in these pieces.
fn answer(pieces: &[&str], stream: bool) -> Fault {
    let usage = json!({ "input_tokens": 3, "output_tokens": 9 });
    let message = |content: Value, stop: Value| {
        json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": stop, "stop_sequence": null, "usage": usage })
    };
    let (kind, body) = if stream {
        let event = |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
        let mut body = event(json!({ "type": "message_start", "message": message(json!([]), Value::Null) }));
        body += &event(
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        );
        for piece in pieces {
            let delta = json!({ "type": "text_delta", "text": piece });
            body += &event(json!({ "type": "content_block_delta", "index": 0, "delta": delta }));
        }
        body += &event(json!({ "type": "content_block_stop", "index": 0 }));
        let delta = json!({ "stop_reason": "end_turn", "stop_sequence": null });
        body += &event(json!({ "type": "message_delta", "delta": delta, "usage": usage }));
        ("text/event-stream", body + &event(json!({ "type": "message_stop" })))
    } else {
        let content = json!([{ "type": "text", "text": pieces.concat() }]);
        ("application/json", message(content, "end_turn".into()).to_string())
    };
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Fault::Raw(Raw { headers, body: body.into(), ..Raw::default() })
}

const FENCED: [&str; 6] = ["``", "`json\n{\"port\": \"```\", ", "\"boats\": 3}", "\n", "``", "`\n"];
const JSON_INSIDE: &str = "{\"port\": \"```\", \"boats\": 3}";

#[tokio::test]
async fn b12_the_fence_around_json_that_words_asked_for_is_taken_off() {
    let stage = stage().await;
    for stream in [false, true] {
        stage.messages.set_script([Rule::always(answer(&FENCED, stream))]).await.unwrap();
        let asked = in_chat("messages", &json!({ "type": "json_object" }), stream);
        let reply = stage.ask("/v1/chat/completions", &asked).await;
        assert_eq!(heard_in_chat(&reply, stream), (JSON_INSIDE.to_owned(), "stop".to_owned()));
        assert!(dropped(&reply).contains(&"response_format"), "{:?}", dropped(&reply));
        // Asked for nothing of the kind, a model may put what it likes into a fence.
        let asked = in_chat("messages", &json!({ "type": "text" }), stream);
        let reply = stage.ask("/v1/chat/completions", &asked).await;
        assert_eq!(heard_in_chat(&reply, stream).0, FENCED.concat());
    }
}

#[tokio::test]
async fn b12_a_chat_model_without_json_mode_is_asked_in_words() {
    let stage = stage().await;
    let body = json!({ "model": "chat", "store": false, "input": "When is high water?",
        "text": { "format": { "type": "json_object" } } });
    let reply = stage.ask("/v1/responses", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert!(dropped(&reply).contains(&"response_format"), "{:?}", dropped(&reply));
    let sent: Value = serde_json::from_slice(&stage.chat.recorded().pop().unwrap().body).unwrap();
    assert_eq!(sent["response_format"], Value::Null, "{sent}");
    assert!(sent["messages"][0].to_string().contains("one JSON object and nothing else"), "{sent}");
}
