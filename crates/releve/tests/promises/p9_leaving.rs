//! P9, G21: a client that leaves cancels the upstream call where the supplier then stops billing; elsewhere the rest is
//! read to learn the usage.

use ledger::{Outcome, UsageSource};
use simulator::{Fault, Handle, Rule, StreamUsage, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, eventually, releve, within};

async fn slow_supplier(stops_billing: bool) -> Handle {
    let script = [Rule::always(Fault::SlowTokens { gap_ms: 20 })];
    let builder = Supplier::builder().script(script);
    builder.with(|settings| settings.stops_billing_on_abort = stops_billing).spawn().await.unwrap()
}

/// Asks, waits for the first content, leaves.
async fn leave(gateway: &Gateway, dialect: Dialect, model: &str) -> String {
    let body = dialect.hello(model, true);
    let headers = [("anthropic-version", "2023-06-01")];
    let mut opened =
        within(client::open(gateway.listen, dialect.path(), &headers, body.as_bytes())).await.unwrap();
    assert_eq!(opened.status, 200);
    within(opened.next()).await.unwrap().unwrap();
    opened.header(dialect.request_id_header()).unwrap().to_owned()
}

#[tokio::test]
async fn g21_leaving_cancels_where_the_supplier_then_stops_billing() {
    for dialect in Dialect::BOTH {
        let supplier = slow_supplier(true).await;
        let more = "stops_billing_on_abort = true";
        let config = Config::new().provider_with("a", dialect, &supplier, more).route("r", &["a"], "");
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let id = leave(&gateway, dialect, "r").await;
        eventually("its cancelling", || (supplier.counters().client_left == 1).then_some(())).await;
        let line = supplier.meter().lines.pop_back().unwrap();
        assert!(line.broken_off, "the supplier stopped in the middle: {line:?}");
        let entry = house.entry(&id).await;
        assert_eq!(entry.outcome, Outcome::ClientLeft);
        assert_ne!(entry.usage_source, UsageSource::None, "what was used is not forgotten");
        assert!(entry.cost.is_some());
    }
}

#[tokio::test]
async fn g21_leaving_drains_where_the_supplier_bills_on() {
    // Groq's and Mistral's entries in the catalogue say so by themselves; Anthropic's dialect is told.
    let cases = [
        (Dialect::OpenAi, "groq", "preset = \"groq\"\napi_key = { env = \"KEY\" }"),
        (Dialect::OpenAi, "mistral", "preset = \"mistral\"\napi_key = { env = \"KEY\" }"),
        (Dialect::Anthropic, "other", "protocol = \"anthropic-messages\"\nstops_billing_on_abort = false"),
    ];
    for (dialect, name, more) in cases {
        let supplier = slow_supplier(false).await;
        if name == "mistral" {
            // It says so unasked, and does not know the question.
            supplier.change_settings(|settings| settings.answer.stream_usage = StreamUsage::Always);
        }
        let url = match dialect {
            Dialect::OpenAi => supplier.openai_base_url(),
            Dialect::Anthropic => supplier.anthropic_base_url(),
        };
        let provider = format!("[providers.{name}]\nbase_url = \"{url}\"\n{more}");
        let house = House::new(&Config::new().and(&provider).route("r", &[name], ""));
        let mut command = releve();
        command.env("KEY", "k");
        let gateway = Gateway::start_as(&house, command);
        let id = leave(&gateway, dialect, "r").await;
        let entry = house.entry(&id).await;
        assert_eq!(entry.outcome, Outcome::ClientLeft, "{name}");
        assert_eq!(supplier.counters().client_left, 0, "{name}: it was heard to the end");
        let line = eventually("the bill", || supplier.meter().lines.pop_back()).await;
        assert_eq!(entry.usage_source, UsageSource::Supplier, "{name}");
        assert_eq!(entry.usage.input_uncached, line.billed.input_uncached, "{name}");
        assert_eq!(entry.usage.output_text, line.billed.output, "{name}");
        assert!(line.billed.output > 5 && !line.broken_off, "{name}");
    }
}
