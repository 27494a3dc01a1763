//! How many tokens a prompt has: in its own dialect by the first planned supplier that speaks it, else estimated and marked.

use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House};

/// Protocol, path, request, where the count stands, and what it says beside the count.
fn doors() -> [(&'static str, &'static str, Value, &'static str, Value); 3] {
    let words = "Count these words, all eight of them.";
    let messages = json!([{ "role": "user", "content": words }]);
    let contents = json!([{ "role": "user", "parts": [{ "text": words }] }]);
    [
        (
            "anthropic-messages",
            "/v1/messages/count_tokens",
            json!({ "model": "r", "messages": messages }),
            "input_tokens",
            json!(null),
        ),
        (
            "gemini",
            "/v1beta/models/r:countTokens",
            json!({ "contents": contents }),
            "totalTokens",
            json!(null),
        ),
        (
            "openai-responses",
            "/v1/responses/input_tokens",
            json!({ "model": "r", "input": words }),
            "input_tokens",
            json!("response.input_tokens"),
        ),
    ]
}

fn house(protocol: &str, supplier: &Handle) -> (House, Gateway) {
    let url = if protocol.starts_with("openai") { supplier.openai_base_url() } else { supplier.base_url() };
    let provider = format!(
        "[providers.a]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}"
    );
    let house = House::new(&Config::new().and(&provider).route("r", &["a"], ""));
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    (house, gateway)
}

async fn count(gateway: &Gateway, path: &str, body: &Value) -> Reply {
    let headers = [("anthropic-version", "2023-06-01")];
    let reply = post(gateway.listen, path, &headers, body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.lossy());
    reply
}

#[tokio::test]
async fn d12_tokens_are_counted_by_who_would_serve_the_prompt() {
    for (protocol, path, body, place, object) in doors() {
        let supplier = Supplier::builder().spawn().await.unwrap();
        let (house, gateway) = house(protocol, &supplier);
        let reply = count(&gateway, path, &body).await;
        assert_eq!(reply.header("x-releve-estimate"), None, "{protocol}");
        let counted = reply.json();
        assert!(counted[place].as_u64().unwrap() > 0, "{protocol}: {counted}");
        assert_eq!(counted["object"], object, "{protocol}");
        let seen = supplier.recorded();
        assert_eq!(seen.len(), 1, "{protocol}");
        let asked: Value = serde_json::from_slice(&seen[0].body).unwrap();
        assert!(
            seen[0].target.contains("models/m:") || asked["model"] == "m",
            "{protocol}: the model's own name"
        );
        assert_eq!(house.entries().len(), 0, "{protocol}: nothing is generated, so nothing is entered");
    }
}

#[tokio::test]
async fn d12_who_cannot_count_is_estimated_for() {
    for (protocol, path, body, place, object) in doors() {
        // One speaks another protocol, the other is away.
        for (speaks, away) in [("openai-chat", false), (protocol, true)] {
            let supplier = Supplier::builder().spawn().await.unwrap();
            if away {
                supplier.cut().await;
            }
            let (_house, gateway) = house(speaks, &supplier);
            let reply = count(&gateway, path, &body).await;
            assert_eq!(reply.header("x-releve-estimate"), Some("true"), "{protocol} at {speaks}");
            let counted = reply.json();
            assert!((4..40).contains(&counted[place].as_u64().unwrap()), "{protocol} at {speaks}: {counted}");
            assert_eq!(counted["object"], object);
        }
    }
}
