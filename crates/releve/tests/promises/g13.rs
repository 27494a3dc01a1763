//! G13: what has been released is never said again, and never continued by another model.

use ledger::Outcome;
use simulator::{After, CutWith, Fault, Rule, Supplier};

use crate::client::{self, Dialect, Reply};
use crate::harness::{Config, Gateway, House};

/// A request that can only be answered by calling a tool with arguments.
fn call_a_tool(dialect: Dialect) -> String {
    let mut body: serde_json::Value = serde_json::from_str(&dialect.hello("r", true)).unwrap();
    let schema = serde_json::json!({
        "type": "object", "required": ["city", "days", "unit"],
        "properties": { "city": { "type": "string" }, "days": { "type": "integer" }, "unit": { "type": "string" } },
    });
    match dialect {
        Dialect::OpenAi => {
            body["tools"] = serde_json::json!([{ "type": "function", "function": { "name": "weather", "parameters": schema } }]);
            body["tool_choice"] = "required".into();
        }
        Dialect::Anthropic => {
            body["tools"] = serde_json::json!([{ "name": "weather", "input_schema": schema }]);
            body["tool_choice"] = serde_json::json!({ "type": "any" });
        }
    }
    body.to_string()
}

/// The pieces of arguments that a client was given, joined, and the ids of the messages that they were in.
fn told(reply: &Reply, dialect: Dialect) -> (String, Vec<String>) {
    let (mut arguments, mut ids) = (String::new(), Vec::new());
    for event in
        reply.events().iter().filter_map(|event| serde_json::from_str::<serde_json::Value>(event).ok())
    {
        let (piece, id) = match dialect {
            Dialect::OpenAi => ("/choices/0/delta/tool_calls/0/function/arguments", "/id"),
            Dialect::Anthropic => ("/delta/partial_json", "/message/id"),
        };
        arguments.push_str(event.pointer(piece).and_then(|piece| piece.as_str()).unwrap_or_default());
        ids.extend(event.pointer(id).and_then(|id| id.as_str()).map(str::to_owned));
    }
    ids.dedup();
    (arguments, ids)
}

#[tokio::test]
async fn g13_a_tool_call_cut_midway_is_not_continued_by_another_model() {
    for dialect in Dialect::BOTH {
        let script = [Rule::always(Fault::Cut { after: After::Tokens(3), with: CutWith::Fin })];
        let builder = Supplier::builder().script(script).with(|settings| settings.record_replies = true);
        let cut = builder.spawn().await.unwrap();
        let healthy = Supplier::builder().spawn().await.unwrap();
        let config = Config::new().provider("cut", dialect, &cut).provider("healthy", dialect, &healthy);
        let house = House::new(&config.route("r", &["cut", "healthy"], ""));
        let gateway = Gateway::start(&house);
        let headers = [("anthropic-version", "2023-06-01")];
        let reply =
            client::post(gateway.listen, dialect.path(), &headers, call_a_tool(dialect).as_bytes()).await;
        let what = format!("{dialect:?}: {}", reply.lossy());
        crate::p2::assert_says_that_it_broke(&reply, dialect, &what);
        let (arguments, ids) = told(&reply, dialect);
        assert!(arguments.starts_with('{'), "it was cut inside the arguments: {what}");
        assert!(serde_json::from_str::<serde_json::Value>(&arguments).is_err(), "{what}");
        assert_eq!(ids.len(), 1, "{what}");
        // All that the supplier said came, once, and nothing else but the error.
        let sent = cut.recorded().pop().unwrap().reply;
        let sent = std::str::from_utf8(&sent).unwrap();
        let after = reply.text().strip_prefix(sent).unwrap_or_else(|| panic!("{what}, sent {sent}"));
        assert_eq!(after.matches("data:").count(), 1, "{what}");
        assert_eq!(healthy.counters().requests, 0, "{what}");
        let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
        assert_eq!((entry.outcome, entry.attempts.len()), (Outcome::BrokenOff, 1), "{what}");
    }
}
