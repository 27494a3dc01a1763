//! Suppliers that want signed requests: AWS's keys come from the configuration, and the simulated supplier computes each
//! signature for itself.

use serde_json::json;
use simulator::{Handle, Supplier};

use crate::client::{Reply, post};
use crate::harness::{Config, Gateway, House, releve};

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"Where is Größe?"}]}]}"#;

async fn supplier() -> Handle {
    let builder =
        Supplier::builder().key(ID).with(|settings| settings.signing_secret = Some(SECRET.to_owned()));
    builder.spawn().await.unwrap()
}

fn config(supplier: &Handle, aws: &str) -> Config {
    let url = supplier.base_url();
    let provider = format!("[providers.bedrock]\nbase_url = \"{url}\"\n{aws}");
    Config::new().and(&provider).and(
        "[routes.r]\ndeployments = [{ use = \"bedrock/anthropic.claude-sonnet-5-v1:0\", price = { input = \"1\" } }]",
    )
}

async fn converse(gateway: &Gateway, action: &str) -> Reply {
    post(gateway.listen, &format!("/model/r/{action}"), &[], BODY.as_bytes()).await
}

#[tokio::test]
async fn requests_are_signed_with_the_usual_variables() {
    let supplier = supplier().await;
    let house = House::new(&config(&supplier, ""));
    let mut command = releve();
    command.envs([
        ("AWS_ACCESS_KEY_ID", ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", "lent//+=="),
        ("AWS_REGION", "eu-central-1"),
    ]);
    let gateway = Gateway::start_as(&house, command);
    for action in ["converse", "converse-stream"] {
        let reply = converse(&gateway, action).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
    }
    let body =
        json!({ "model": "r", "messages": [{ "role": "user", "content": "Where is Größe?" }] }).to_string();
    let translated = post(gateway.listen, "/v1/chat/completions", &[], body.as_bytes()).await;
    assert_eq!(translated.status, 200, "{}", translated.lossy());
    let seen = supplier.recorded();
    assert_eq!(seen.len(), 3);
    for request in seen {
        let head = String::from_utf8_lossy(&request.head).to_lowercase();
        assert!(head.contains("/eu-central-1/bedrock/aws4_request"), "{head}");
        assert!(head.contains("x-amz-security-token: lent//+=="), "{head}");
    }
}

#[tokio::test]
async fn p7_keys_in_files_are_read_anew_by_a_reload() {
    let supplier = supplier().await;
    let keys = "aws = { region = \"eu-west-1\", access_key_id = { file = \"id\" }, secret_access_key = { file = \"secret\" } }";
    let house = House::new(&config(&supplier, keys));
    std::fs::write(house.path().join("id"), format!("{ID}\n")).unwrap();
    std::fs::write(house.path().join("secret"), "expired\n").unwrap();
    let gateway = Gateway::start(&house);
    let refused = converse(&gateway, "converse").await;
    assert!(refused.status >= 500, "our wrong key is no fault of the client's: {}", refused.lossy());
    assert!(!refused.text().contains("expired") && !gateway.said().contains("expired"));
    std::fs::write(house.path().join("secret"), SECRET).unwrap();
    let before = gateway.said().matches("configuration").count();
    gateway.signal("-HUP");
    gateway.says("configuration", before).await;
    let reply = converse(&gateway, "converse").await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    let shown = house.command(&["config", "show"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("secret_access_key") && !shown.contains(SECRET), "{shown}");
}
