//! P9: the sizes of a route's policy hold for that route.

use simulator::{Fault, Rule, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House};

#[tokio::test]
async fn p9_each_route_has_its_own_largest_request() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let mut config = Config::new();
    for dialect in Dialect::BOTH {
        let name = dialect.protocol();
        config = config.provider(name, dialect, &supplier);
        config = config.route(&format!("small-{name}"), &[name], "max_request_body = \"2KiB\"");
        config = config.route(&format!("usual-{name}"), &[name], "");
    }
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    for dialect in Dialect::BOTH {
        for (route, expected) in [("small", 413), ("usual", 200)] {
            let model = format!("{route}-{}", dialect.protocol());
            let body = dialect.hello(&model, false).replace("everybody", &"x".repeat(3000));
            let headers = [("anthropic-version", "2023-06-01")];
            let reply = client::post(gateway.listen, dialect.path(), &headers, body.as_bytes()).await;
            assert_eq!(reply.status, expected, "{model}: {}", reply.lossy());
            assert!(expected == 200 || reply.lossy().contains("2048 bytes"), "{}", reply.lossy());
        }
    }
    assert_eq!(supplier.counters().requests, 2, "what is too large is sent to nobody");
}

/// What is longer than the buffer goes through as it comes, so its faults cannot be hidden; what fits can be.
#[tokio::test]
async fn p9_each_route_has_its_own_reply_buffer() {
    let dialect = Dialect::OpenAi;
    let cut = [Rule::always(Fault::LyingLength { by: 4000 })];
    let broken = Supplier::builder().script(cut).spawn().await.unwrap();
    let well = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("broken", dialect, &broken).provider("well", dialect, &well);
    let config = config.route("small", &["broken", "well"], "reply_buffer = \"1KiB\"");
    let house = House::new(&config.route("usual", &["broken", "well"], ""));
    let gateway = Gateway::start(&house);
    let usual = client::ask(gateway.listen, dialect, "usual", false).await;
    assert_eq!(usual.header("x-releve-deployment"), Some("well/m"), "{}", usual.lossy());
    let small = client::ask(gateway.listen, dialect, "small", false).await;
    assert_eq!(small.header("x-releve-deployment"), Some("broken/m"), "{}", small.lossy());
    assert!(small.broken.is_some(), "and its break is the client's");
}
