//! F20: a Gemini client that does not ask for server-sent events gets one JSON list, from whomever the answer comes.

use ledger::Outcome;
use serde_json::{Value, json};
use simulator::{After, CutWith, Fault, Handle, Rule, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House};

const SPOKEN: [&str; 3] = ["gemini", "openai-chat", "anthropic-messages"];

fn house(protocol: &str, supplier: &Handle, policy: &str) -> (House, Gateway) {
    let url = if protocol.starts_with("openai") { supplier.openai_base_url() } else { supplier.base_url() };
    let provider = format!(
        "[providers.a]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}"
    );
    let house = House::new(&Config::new().and(&provider).route("r", &["a"], policy));
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    (house, gateway)
}

async fn ask(gateway: &Gateway, path: &str) -> Reply {
    let body = json!({ "contents": [{ "role": "user", "parts": [{ "text": "Say hello to everybody." }] }] });
    let reply = post(gateway.listen, path, &[], body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert!(reply.broken.is_none(), "{:?}", reply.broken);
    reply
}

fn text(responses: &[Value]) -> String {
    let parts =
        responses.iter().filter_map(|response| response["candidates"][0]["content"]["parts"].as_array());
    parts.flatten().filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn f20_a_stream_without_sse_is_one_json_list() {
    for protocol in SPOKEN {
        let supplier = Supplier::builder().spawn().await.unwrap();
        let (house, gateway) = house(protocol, &supplier, "");
        for version in ["v1beta", "v1alpha", "v1"] {
            let path = format!("/{version}/models/r:streamGenerateContent");
            let events = ask(&gateway, &format!("{path}?alt=sse")).await;
            assert!(events.header("content-type").unwrap().starts_with("text/event-stream"), "{protocol}");
            let events: Vec<Value> =
                events.events().iter().map(|event| serde_json::from_str(event).unwrap()).collect();
            let list = ask(&gateway, &path).await;
            assert_eq!(list.header("content-type"), Some("application/json; charset=UTF-8"), "{protocol}");
            let Value::Array(list) = list.json() else { panic!("{protocol}: {}", list.lossy()) };
            assert!(list.len() > 2 && !text(&list).is_empty(), "{protocol}");
            assert_eq!(text(&list), text(&events), "{protocol}");
            assert_eq!(list.last().unwrap()["candidates"][0]["finishReason"], "STOP", "{protocol}");
        }
        if protocol == "gemini" {
            let seen = supplier.recorded();
            assert!(
                seen.iter().all(|request| request.target.ends_with("?alt=sse")),
                "suppliers are asked for events"
            );
        }
        assert!(house.all_entries(6).await.iter().all(|entry| entry.outcome == Outcome::Answered));
    }
}

/// The error is the list's last element, and the list stays open: who reads it piece by piece finds the error, and who
/// reads it at its end finds that it has none.
#[tokio::test]
async fn f20_a_list_that_breaks_says_so() {
    for protocol in SPOKEN {
        let cut = Fault::Cut { after: After::Tokens(4), with: CutWith::Fin };
        let supplier = Supplier::builder().script([Rule::always(cut)]).spawn().await.unwrap();
        let (house, gateway) = house(protocol, &supplier, "");
        let reply = ask(&gateway, "/v1beta/models/r:streamGenerateContent").await;
        assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{protocol}: {}", reply.lossy());
        let closed = format!("{}]", reply.text());
        let list: Vec<Value> =
            serde_json::from_str(&closed).unwrap_or_else(|error| panic!("{protocol}: {error}: {closed}"));
        assert!(list.last().unwrap()["error"]["message"].is_string(), "{protocol}: {closed}");
        assert!(!text(&list).is_empty(), "{protocol}: {closed}");
        assert!(!closed.contains("finishReason\":\"STOP"), "{protocol}: {closed}");
        assert_eq!(house.all_entries(1).await[0].outcome, Outcome::BrokenOff, "{protocol}");
    }
}

#[tokio::test]
async fn f20_signs_of_life_are_white_space_in_a_list() {
    let slow = Fault::SlowHeaders { delay_ms: 700 };
    let supplier = Supplier::builder().script([Rule::always(slow)]).spawn().await.unwrap();
    let (_house, gateway) = house("gemini", &supplier, "keepalive = \"100ms\"");
    let reply = ask(&gateway, "/v1beta/models/r:streamGenerateContent").await;
    assert!(reply.text().starts_with("\n\n"), "{}", reply.lossy());
    assert!(!text(reply.json().as_array().unwrap()).is_empty());
}
