//! P4, P10: what a deployment's configuration changes in a request is a splice in the client's own protocol and neutral
//! terms in another; and it is told.

use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House};

const VERSION: [(&str, &str); 1] = [("anthropic-version", "2023-06-01")];

/// A protocol as client and supplier speak it: its name, the path of a request to the route `r`, a request, and what the
/// supplier gets of it with the prefix and the parameters.
const SAME: [(&str, &str, &str, &str); 9] = [
    (
        "openai-chat",
        "/v1/chat/completions",
        r#"{ "model":"r", "messages": [ {"role":"user","content":"Hi \u00e9 0.70"} ], "temperature": 1.00 }"#,
        r#"{"max_tokens":40, "model":"m", "messages": [{"role":"system","content":"Be \"brief\"."}, {"role":"user","content":"Hi \u00e9 0.70"} ], "temperature": 0.3 }"#,
    ),
    (
        "openai-chat",
        "/v1/chat/completions",
        r#"{"model":"r","messages":[{"role":"developer","content":"Kind."},{"role":"user","content":"Hi"}]}"#,
        r#"{"temperature":0.3,"max_tokens":40,"model":"m","messages":[{"role":"developer","content":"Be \"brief\".\n\nKind."},{"role":"user","content":"Hi"}]}"#,
    ),
    (
        "openai-responses",
        "/v1/responses",
        r#"{"model":"r","input":"Hi","store":false}"#,
        r#"{"instructions":"Be \"brief\".","temperature":0.3,"max_output_tokens":40,"model":"m","input":"Hi","store":false}"#,
    ),
    (
        "openai-responses",
        "/v1/responses",
        r#"{"model":"r","instructions":"Kind.","input":"Hi","store":false,"max_output_tokens":50,"temperature":1}"#,
        r#"{"model":"m","instructions":"Be \"brief\".\n\nKind.","input":"Hi","store":false,"max_output_tokens":40,"temperature":0.3}"#,
    ),
    (
        "anthropic-messages",
        "/v1/messages",
        r#"{"model":"r","max_tokens":99,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"system":"Be \"brief\".","temperature":0.3,"model":"m","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}"#,
    ),
    (
        "anthropic-messages",
        "/v1/messages",
        r#"{"model":"r","system":[ {"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}} ],"max_tokens":99,"temperature":1,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"model":"m","system":[{"type":"text","text":"Be \"brief\"."}, {"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}} ],"max_tokens":40,"temperature":0.3,"messages":[{"role":"user","content":"Hi"}]}"#,
    ),
    (
        "gemini",
        "/v1beta/models/r:generateContent",
        r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#,
        r#"{"systemInstruction":{"parts":[{"text":"Be \"brief\"."}]},"generationConfig":{"temperature":0.3,"maxOutputTokens":40},"contents":[{"parts":[{"text":"Hi"}]}]}"#,
    ),
    (
        "gemini",
        "/v1beta/models/r:generateContent",
        r#"{"contents":[{"parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Kind."}]},"generationConfig":{"temperature":1}}"#,
        r#"{"contents":[{"parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Be \"brief\"."},{"text":"Kind."}]},"generationConfig":{"maxOutputTokens":40,"temperature":0.3}}"#,
    ),
    (
        "bedrock-converse",
        "/model/r/converse",
        r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Kind."},{"cachePoint":{"type":"default"}}]}"#,
        r#"{"inferenceConfig":{"temperature":0.3,"maxTokens":40},"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Be \"brief\"."},{"text":"Kind."},{"cachePoint":{"type":"default"}}]}"#,
    ),
];

async fn house(protocol: &str) -> (Handle, House, Gateway) {
    let supplier = Supplier::builder().key("k").spawn().await.unwrap();
    let url = if protocol.starts_with("openai") { supplier.openai_base_url() } else { supplier.base_url() };
    let config = Config::new().and(&format!(
        "[providers.a]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}\n\
         [routes.r]\ndeployments = [{{ use = \"a/m\", system_prefix = \"Be \\\"brief\\\".\", \
         parameters = {{ temperature = 0.3, max_tokens = 40 }}, price = {{ input = \"1\", output = \"1\" }} }}]"
    ));
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    (supplier, house, gateway)
}

fn told(reply: &Reply, edits: &str) {
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!(reply.header("x-releve-edits"), Some(edits));
    assert_eq!(reply.header("x-releve-dropped"), None);
}

#[tokio::test]
async fn p4_a_deployments_changes_are_splices_in_the_clients_own_protocol() {
    for (protocol, path, sent, got) in SAME {
        let (supplier, house, gateway) = house(protocol).await;
        let edits = if sent.contains("\"model\"") {
            "model, system_prefix, parameters"
        } else {
            "system_prefix, parameters"
        };
        for _ in 0..2 {
            told(&post(gateway.listen, path, &VERSION, sent.as_bytes()).await, edits);
        }
        for seen in supplier.recorded() {
            assert_eq!(String::from_utf8_lossy(&seen.body), got, "{protocol}");
        }
        let entries = house.all_entries(2).await;
        assert_eq!(entries[0].attempts[0].amended, ["system_prefix".into(), "parameters".into()]);
    }
}

#[tokio::test]
async fn p4_a_deployments_changes_are_said_in_translation_too() {
    let (supplier, house, gateway) = house("anthropic-messages").await;
    let body = json!({ "model": "r", "messages": [{ "role": "user", "content": "Hi" }] }).to_string();
    told(
        &post(gateway.listen, "/v1/chat/completions", &[], body.as_bytes()).await,
        "translated, system_prefix, parameters",
    );
    let seen: Value = serde_json::from_slice(&supplier.recorded()[0].body).unwrap();
    assert_eq!((&seen["temperature"], &seen["max_tokens"]), (&json!(0.3), &json!(40)));
    assert!(seen["system"].to_string().contains("Be \\\"brief\\\"."), "{seen}");

    // The prefix is part of the prompt whose tokens are counted; parameters are not.
    let body = json!({ "model": "r", "messages": [{ "role": "user", "content": "Hi" }] }).to_string();
    let counted = post(gateway.listen, "/v1/messages/count_tokens", &VERSION, body.as_bytes()).await;
    assert_eq!(counted.status, 200, "{}", counted.lossy());
    let seen: Value = serde_json::from_slice(&supplier.recorded()[1].body).unwrap();
    assert_eq!((&seen["system"], &seen["max_tokens"]), (&json!("Be \"brief\"."), &json!(null)));

    let explained = String::from_utf8(house.command(&["explain"]).stdout).unwrap();
    assert!(explained.contains("sets system_prefix, parameters"), "{explained}");
    let routes = String::from_utf8(house.command(&["routes"]).stdout).unwrap();
    assert!(routes.contains("sets system_prefix, temperature = 0.3, max_tokens = 40"), "{routes}");
}

/// A window that the prefix fills has no room for the prompt.
#[tokio::test]
async fn p10_a_prefix_counts_where_the_window_is_small() {
    let (small, large) =
        (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap());
    let deployment = |name: &str, more: &str| {
        format!("{{ use = \"{name}/m\", {more} price = {{ input = \"1\", output = \"1\" }} }}")
    };
    let prefix = "Be brief. ".repeat(500);
    let config = Config::new().and(&format!(
        "[providers.small]\nprotocol = \"openai-chat\"\nbase_url = \"{}\"\n\
         [providers.large]\nprotocol = \"openai-chat\"\nbase_url = \"{}\"\n\
         [routes.r]\ndeployments = [{}, {}]",
        small.openai_base_url(),
        large.openai_base_url(),
        deployment("small", &format!("context_window = 1000, system_prefix = \"{prefix}\",")),
        deployment("large", ""),
    ));
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let body = json!({ "model": "r", "messages": [{ "role": "user", "content": "Hi" }] }).to_string();
    let reply = post(gateway.listen, "/v1/chat/completions", &[], body.as_bytes()).await;
    assert_eq!(
        (reply.status, reply.header("x-releve-deployment")),
        (200, Some("large/m")),
        "{}",
        reply.lossy()
    );
    assert!(small.recorded().is_empty());
}
