//! P6, G8, G19: money is exact, and never 0 for want of a price.

use catalogue::Money;
use ledger::{Outcome, UsageSource};
use simulator::{After, Billed, CutWith, Ending, Fault, HiddenError, Pace, Rule, Supplier};

use crate::client::{Dialect, ask};
use crate::harness::{Config, Gateway, House};

fn same(usage: &catalogue::Usage, billed: &Billed) {
    assert_eq!(usage.input_uncached, billed.input_uncached);
    assert_eq!(usage.cache_read, billed.cache_read);
    assert_eq!(usage.cache_write_5m, billed.cache_write_5m);
    assert_eq!(usage.cache_write_1h, billed.cache_write_1h);
    assert_eq!(usage.output_text, billed.output);
    assert_eq!(usage.reasoning, billed.reasoning);
}

/// G8: streamed or not, what the ledger says is what the supplier bills; and what that costs is exact.
#[tokio::test]
async fn g8_the_ledger_says_what_the_suppliers_meter_says() {
    for dialect in Dialect::BOTH {
        let supplier = Supplier::builder().spawn().await.unwrap();
        let house = House::new(&Config::new().provider("a", dialect, &supplier).route("r", &["a"], ""));
        let gateway = Gateway::start(&house);
        for stream in [true, false] {
            let reply = ask(gateway.listen, dialect, "r", stream).await;
            assert_eq!(reply.status, 200);
            let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
            let line = supplier.meter().lines.pop_back().unwrap();
            assert_eq!(entry.usage_source, UsageSource::Supplier);
            same(&entry.usage, &line.billed);
            // 2.50 and 10 dollars per million tokens: 2,500 and 10,000 nano-dollars each.
            let nanos = 2_500 * entry.usage.input_uncached + 10_000 * entry.usage.output_text;
            assert_eq!(entry.cost, Some(Money::from_nanos(i64::try_from(nanos).unwrap())));
            assert!(entry.price_version.is_some());
        }
        house.verify();
    }
}

#[tokio::test]
async fn g19_h07_a_missing_price_is_unpriced_and_never_nothing() {
    let dialect = Dialect::OpenAi;
    let supplier = Supplier::builder().spawn().await.unwrap();
    let route = "[routes.r]\ndeployments = [\"a/m\"]\n";
    let config = Config::new().provider("a", dialect, &supplier).and(route);
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let reply = ask(gateway.listen, dialect, "r", false).await;
    assert_eq!(reply.status, 200);
    let entry = house.entry(reply.header("x-request-id").unwrap()).await;
    assert_eq!((entry.outcome, entry.cost), (Outcome::Answered, None));
    assert!(entry.usage.output_text > 0);
    let summary = house.command(&["ledger", "summary", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&summary.stdout).unwrap();
    assert_eq!(summary["total"]["unpriced"], 1, "{summary}");
}

#[tokio::test]
async fn g19_a_product_can_refuse_what_has_no_price() {
    let dialect = Dialect::OpenAi;
    let (cheap, priced) =
        (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap());
    let config = Config::new().provider("a", dialect, &cheap).provider("b", dialect, &priced);
    let route = "[routes.alone]\ndeployments = [\"a/m\"]\n[routes.both]\ndeployments = [\"a/m\", { use = \"b/m\", price = { input = \"1\", output = \"1\" } }]\n[products.office]\nroutes = [\"alone\", \"both\"]\nunpriced = \"refuse\"";
    let house = House::new(&config.and(route));
    let key = house.key("office");
    let gateway = Gateway::start(&house);
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let post = |model: &str| {
        let body = dialect.hello(model, false);
        async move { crate::client::post(gateway.listen, dialect.path(), &headers, body.as_bytes()).await }
    };
    let refused = post("alone").await;
    assert!((400..500).contains(&refused.status), "{} {}", refused.status, refused.lossy());
    assert!(refused.lossy().contains("price"), "it says why: {}", refused.lossy());
    let served = post("both").await;
    assert_eq!(served.status, 200, "{}", served.lossy());
    assert_eq!(served.header("x-releve-deployment"), Some("b/m"));
    assert_eq!(cheap.counters().requests, 0);
}

/// G8: a usage chunk comes on request only, once, with no choices.
#[tokio::test]
async fn g8_one_usage_chunk_and_only_on_request() {
    let supplier = Supplier::builder().pace(Pace::default()).spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    for asks in [false, true] {
        let mut body: serde_json::Value = serde_json::from_str(&Dialect::OpenAi.hello("r", true)).unwrap();
        if asks {
            body["stream_options"] = serde_json::json!({ "include_usage": true });
        }
        let path = Dialect::OpenAi.path();
        let reply = crate::client::post(gateway.listen, path, &[], body.to_string().as_bytes()).await;
        let events = reply.events();
        let usage: Vec<_> = events.iter().filter(|event| event.contains("\"usage\":{")).collect();
        assert_eq!(usage.len(), usize::from(asks), "{}", reply.lossy());
        if let Some(usage) = usage.first() {
            assert!(usage.contains("\"choices\":[]"), "{usage}");
        }
        let entry = house.entry(reply.header("x-request-id").unwrap()).await;
        assert_eq!(entry.usage_source, UsageSource::Supplier, "known to us in both cases");
    }
}

/// G8, G21: whoever takes a request in bills its prompt, also where nothing of the answer could be used. Estimated, since
/// nobody said how much it was.
#[tokio::test]
async fn g8_g21_answers_that_came_to_nothing_are_paid_for() {
    let faults = [
        Fault::Stall { after: After::Headers, pings_ms: 0 },
        Fault::Stall { after: After::Preamble, pings_ms: 0 },
        Fault::Cut { after: After::Headers, with: CutWith::Rst },
        Fault::Cut { after: After::Preamble, with: CutWith::Fin },
        Fault::CleanEnd { after: After::Preamble, says: Ending::Terminal },
        Fault::ErrorIn200 { after: After::Preamble, error: HiddenError::Overloaded },
        Fault::InvalidJson { after: After::Headers },
    ];
    for dialect in Dialect::BOTH {
        let healthy = Supplier::builder().spawn().await.unwrap();
        let mut config = Config::new().provider("healthy", dialect, &healthy);
        let mut suppliers = Vec::new();
        for (place, fault) in faults.iter().enumerate() {
            let supplier = Supplier::builder().script([Rule::always(fault.clone())]).spawn().await.unwrap();
            let name = format!("faulty{place}");
            config = config.provider(&name, dialect, &supplier);
            let policy = "token_gap_timeout = \"300ms\"\ntotal_timeout = \"4s\"";
            config = config.route(&format!("route{place}"), &[&name, "healthy"], policy);
            suppliers.push(supplier);
        }
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        for (place, (fault, supplier)) in faults.iter().zip(&suppliers).enumerate() {
            for stream in [true, false] {
                let what = format!("{dialect:?} {fault:?} stream {stream}");
                let mut body: serde_json::Value =
                    serde_json::from_str(&dialect.hello(&format!("route{place}"), stream)).unwrap();
                body["messages"][0]["content"] = "Say hello to everybody. ".repeat(100).into();
                let headers = [("anthropic-version", "2023-06-01")];
                let sent = body.to_string();
                let reply =
                    crate::client::post(gateway.listen, dialect.path(), &headers, sent.as_bytes()).await;
                assert_eq!(reply.header("x-releve-deployment"), Some("healthy/m"), "{what}");
                let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
                let lost = &entry.attempts[0];
                assert_eq!(lost.usage_source, UsageSource::Estimated, "{what}");
                assert!(lost.cost.is_some_and(|cost| cost > Money::ZERO), "{what}: {lost:?}");
                // Nobody bills a plain error.
                let billed = supplier.meter().lines.pop_back().map(|line| line.billed).unwrap_or_default();
                // What frames each message in the prompt, a few tokens, is not in the estimate.
                let covered = lost.usage.input_total() + 5 >= billed.input_uncached
                    && lost.usage.output_total() >= billed.output;
                assert!(covered, "{what}: {:?} for {billed:?}", lost.usage);
                supplier.forget();
            }
        }
        house.verify();
    }
}
