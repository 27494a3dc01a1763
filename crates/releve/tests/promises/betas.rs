//! D14, G11: beta features go only to hosts that take them, anew at each attempt.

use simulator::{Fault, Rule, Supplier};

use crate::client::{Dialect, Reply, post};
use crate::harness::{Config, Gateway, House};

const BETAS: &str = "context-1m-2025-08-07, fast-mode-2026-02-01";

async fn ask(gateway: &Gateway, route: &str) -> Reply {
    let headers = [("anthropic-version", "2023-06-01"), ("anthropic-beta", BETAS)];
    let body = Dialect::Anthropic.hello(route, false);
    let reply = post(gateway.listen, Dialect::Anthropic.path(), &headers, body.as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    reply
}

#[tokio::test]
async fn d14_beta_features_stay_behind_where_the_host_does_not_take_them() {
    let (azure, own, other) = (Supplier::builder(), Supplier::builder(), Supplier::builder());
    let azure = azure.script([Rule::always(Fault::Overloaded { retry_after: None })]).spawn().await.unwrap();
    let (own, other) = (own.spawn().await.unwrap(), other.spawn().await.unwrap());
    let key = "api_key = { file = \"key\" }";
    let config = Config::new()
        .provider_with("azure", Dialect::Anthropic, &azure, &format!("preset = \"azure-ai-foundry\"\n{key}"))
        .provider("own", Dialect::Anthropic, &own)
        .provider("other", Dialect::OpenAi, &other)
        .route("both", &["azure", "own"], "")
        .route("translated", &["other"], "");
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    let seen = |supplier: &simulator::Handle| {
        let request = supplier.recorded().pop().unwrap();
        let found = request.headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("anthropic-beta"));
        found.map(|(_, value)| value)
    };

    let reply = ask(&gateway, "both").await;
    assert_eq!(reply.header("x-releve-attempts"), Some("2"));
    assert_eq!(seen(&azure).as_deref(), Some("context-1m-2025-08-07"));
    assert_eq!(seen(&own).as_deref(), Some(BETAS), "the next is asked for all that it takes");
    assert_eq!(reply.header("x-releve-dropped"), None);

    let reply = ask(&gateway, "translated").await;
    assert_eq!(seen(&other), None);
    let dropped = reply.header("x-releve-dropped").unwrap();
    assert!(
        dropped.contains("anthropic-beta.context-1m-2025-08-07, anthropic-beta.fast-mode-2026-02-01"),
        "{dropped}"
    );
}

/// What belongs to a beta feature stands in the body, and is wrong without it.
#[tokio::test]
async fn d14_a_host_without_the_beta_does_not_decide_that_the_request_is_wrong() {
    let (without, with) = (Supplier::builder(), Supplier::builder());
    let without = without.script([Rule::always(Fault::BadRequest)]).spawn().await.unwrap();
    let with = with.spawn().await.unwrap();
    let config = Config::new()
        .provider_with("without", Dialect::Anthropic, &without, "betas = []")
        .provider("with", Dialect::Anthropic, &with)
        .route("r", &["without", "with"], "")
        .route("alone", &["without"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let reply = ask(&gateway, "r").await;
    assert_eq!((reply.header("x-releve-attempts"), reply.header("x-releve-dropped")), (Some("2"), None));

    let asked = |route: &str, beta: bool| {
        let headers = [("anthropic-version", "2023-06-01"), ("anthropic-beta", BETAS)];
        let (body, headers) =
            (Dialect::Anthropic.hello(route, false), headers[..=usize::from(beta)].to_vec());
        async move { post(gateway.listen, Dialect::Anthropic.path(), &headers, body.as_bytes()).await.status }
    };
    assert_eq!(asked("r", false).await, 400, "without a beta feature the first host's word counts");
    assert_eq!(asked("alone", true).await, 400);
    assert_eq!(with.recorded().len(), 1);
}

#[tokio::test]
async fn d14_what_stays_behind_is_named() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config =
        Config::new().provider_with("a", Dialect::Anthropic, &supplier, "betas = [\"fast-mode-2026-02-01\"]");
    let house = House::new(&config.route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let reply = ask(&gateway, "r").await;
    assert_eq!(reply.header("x-releve-dropped"), Some("anthropic-beta.context-1m-2025-08-07"));
    let entry = house.entry(reply.header("request-id").unwrap()).await;
    assert_eq!(entry.attempts[0].dropped, ["anthropic-beta.context-1m-2025-08-07".into()]);
}

/// Claude behind Converse takes them in the body: those that the host knows, which its catalogue's entry says.
#[tokio::test]
async fn d14_beta_features_go_to_claude_on_bedrock_in_the_body() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let deployment =
        |model: &str| format!("{{ use = \"aws/{model}\", price = {{ input = \"1\", output = \"1\" }} }}");
    let config = Config::new().and(&format!(
        "[providers.aws]\npreset = \"bedrock\"\nbase_url = \"{}\"\napi_key = {{ file = \"key\" }}\n\
         [routes.claude]\ndeployments = [{}]\n[routes.nova]\ndeployments = [{}]",
        supplier.base_url(),
        deployment("anthropic.claude-opus-4-8"),
        deployment("amazon.nova-pro-v1:0"),
    ));
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);

    let reply = ask(&gateway, "claude").await;
    assert_eq!(reply.header("x-releve-dropped"), Some("anthropic-beta.fast-mode-2026-02-01"));
    let seen: serde_json::Value = serde_json::from_slice(&supplier.recorded()[0].body).unwrap();
    let expected = serde_json::json!({ "anthropic_beta": ["context-1m-2025-08-07"] });
    assert_eq!(seen["additionalModelRequestFields"], expected, "{seen}");

    let reply = ask(&gateway, "nova").await;
    let dropped = reply.header("x-releve-dropped").unwrap();
    assert!(dropped.contains("anthropic-beta.context-1m-2025-08-07"), "{dropped}");
    assert!(dropped.contains("anthropic-beta.fast-mode-2026-02-01"), "{dropped}");
    let seen: serde_json::Value = serde_json::from_slice(&supplier.recorded()[1].body).unwrap();
    assert!(seen["additionalModelRequestFields"].is_null(), "{seen}");
}
