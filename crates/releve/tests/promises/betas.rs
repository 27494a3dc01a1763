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
