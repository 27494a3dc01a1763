//! The control port, as tests in other languages use it.

use std::net::SocketAddr;

use http::Method;
use serde_json::{Value, json};
use simulator::{Handle, control};

use crate::client::{CHAT, chat, hello, post, send, supplier};

async fn controlled() -> (Handle, SocketAddr) {
    let supplier = supplier().await;
    let address = control::spawn(supplier.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    (supplier, address)
}

async fn call(address: SocketAddr, method: Method, path: &str, body: Value) -> (u16, Value) {
    let reply = send(address, method, path, &[], body.to_string()).await.unwrap();
    (reply.status.as_u16(), reply.json())
}

#[tokio::test]
async fn scripts_are_set_and_cleared() {
    let (supplier, control) = controlled().await;
    let raw =
        json!({ "kind": "raw", "status": 200, "headers": [["a", "b"]], "body": "AP8=", "framing": "length" });
    let script = json!([
        { "fault": raw, "times": 1 },
        { "fault": { "kind": "rate_limited", "retry_after": { "seconds": 3 } }, "times": 1 },
        { "fault": { "kind": "cut", "after": { "tokens": 2 }, "with": "rst" }, "stream": true },
        { "fault": { "kind": "error_in_200", "after": "preamble" }, "probability": 0.0 },
    ]);
    assert_eq!(call(control, Method::PUT, "/script", script).await.0, 200);
    assert_eq!(chat(&supplier, &hello(false)).await.body.as_ref(), [0, 255]);
    assert_eq!(chat(&supplier, &hello(false)).await.header("retry-after"), "3");
    assert!(chat(&supplier, &hello(true)).await.broken.is_some());
    let (_, shown) = call(control, Method::GET, "/script", Value::Null).await;
    assert_eq!(shown[0]["fault"]["body"], "AP8=");
    assert_eq!(call(control, Method::DELETE, "/script", Value::Null).await.0, 200);
    assert!(chat(&supplier, &hello(true)).await.broken.is_none());
}

#[tokio::test]
async fn mistakes_change_nothing() {
    let (supplier, control) = controlled().await;
    for wrong in [
        json!([{ "fault": { "kind": "refuse" }, "times": 1 }]),
        json!([{ "fault": { "kind": "no_such" } }]),
        json!([{ "fault": { "kind": "hang" }, "tims": 1 }]),
    ] {
        let (status, reply) = call(control, Method::PUT, "/script", wrong).await;
        assert!(status == 400 && reply["error"].is_string());
    }
    let (status, reply) = call(control, Method::PATCH, "/settings", json!({ "pace": { "ttft": 1 } })).await;
    assert!(status == 400 && reply["error"].as_str().unwrap().contains("unknown field"), "{reply}");
    assert_eq!(call(control, Method::GET, "/nothing", Value::Null).await.0, 404);
    assert!(supplier.script().is_empty());
}

#[tokio::test]
async fn settings_counters_meter_and_records_are_read_and_changed() {
    let (supplier, control) = controlled().await;
    let change = json!({ "key": "sk-new", "models": ["m", { "id": "big", "context_window": 9 }], "pace": { "ttft_ms": 1 } });
    assert_eq!(call(control, Method::PATCH, "/settings", change).await.0, 200);
    assert_eq!(supplier.settings().models[1].context_window, 9);
    assert_eq!(chat(&supplier, &hello(false)).await.status, 401);
    assert_eq!(call(control, Method::PATCH, "/settings", json!({ "key": null })).await.0, 200);
    chat(&supplier, &hello(false)).await;
    let (_, counters) = call(control, Method::GET, "/counters", Value::Null).await;
    assert_eq!((&counters["requests"], &counters["statuses"]["401"]), (&json!(2), &json!(1)));
    let (_, meter) = call(control, Method::GET, "/meter", Value::Null).await;
    assert_eq!(meter["by_model"]["m"]["requests"], 1);
    let (_, records) = call(control, Method::GET, "/recorded", Value::Null).await;
    assert_eq!((&records[1]["target"], &records[1]["outcome"]), (&json!(CHAT), &json!("ended")));
    assert_eq!(call(control, Method::POST, "/forget", Value::Null).await.0, 200);
    assert_eq!(supplier.counters().requests, 0);
    let (_, overview) = call(control, Method::GET, "/", Value::Null).await;
    assert_eq!(overview["openai_base_url"], supplier.openai_base_url());
}

#[tokio::test]
async fn cut_and_heal() {
    let (supplier, control) = controlled().await;
    assert_eq!(call(control, Method::POST, "/cut", Value::Null).await.0, 200);
    assert!(post(&supplier, CHAT, &hello(false)).await.is_err());
    assert_eq!(call(control, Method::POST, "/heal", Value::Null).await.0, 200);
    assert_eq!(chat(&supplier, &hello(false)).await.status, 200);
}
