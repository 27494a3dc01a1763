//! P2, G12: after the first content no answer ends silently.

use ledger::Outcome;
use simulator::{After, CutWith, Ending, Fault, HiddenError, Raw, Rule, Supplier};

use crate::client::{Dialect, Reply, ask};
use crate::harness::{Config, Gateway, House};

const POLICY: &str = "token_gap_timeout = \"1s\"";

fn faults() -> Vec<Fault> {
    let after = After::Tokens(4);
    let mut faults = vec![
        Fault::Stall { after, pings_ms: 0 },
        Fault::InvalidJson { after },
        Fault::Cut { after, with: CutWith::Fin },
        Fault::Cut { after, with: CutWith::Rst },
        Fault::CleanEnd { after, says: Ending::Nothing },
        // After the last token, and still without a finish reason.
        Fault::CleanEnd { after: After::Tokens(1_000_000), says: Ending::Nothing },
        Fault::Garbage { bytes: 3000, after: Some(after) },
    ];
    let hidden = [HiddenError::Server, HiddenError::Overloaded, HiddenError::RateLimited, HiddenError::Quota];
    faults.extend(hidden.map(|error| Fault::ErrorIn200 { after, error }));
    faults
}

async fn every_break(dialect: Dialect) {
    let healthy = Supplier::builder().spawn().await.unwrap();
    let mut config = Config::new().provider("healthy", dialect, &healthy);
    let mut suppliers = Vec::new();
    for (place, fault) in faults().into_iter().enumerate() {
        let script = [Rule::always(fault.clone())];
        let builder = Supplier::builder().script(script).with(|settings| settings.record_replies = true);
        let supplier = builder.spawn().await.unwrap();
        let name = format!("faulty{place}");
        config = config.provider(&name, dialect, &supplier);
        config = config.route(&format!("route{place}"), &[&name, "healthy"], POLICY);
        suppliers.push((fault, supplier));
    }
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let asking: Vec<_> = (0..suppliers.len())
        .map(|place| {
            let listen = gateway.listen;
            tokio::spawn(async move { ask(listen, dialect, &format!("route{place}"), true).await })
        })
        .collect();
    let mut replies = Vec::new();
    for asked in asking {
        replies.push(asked.await.unwrap());
    }
    for ((fault, supplier), reply) in suppliers.iter().zip(replies) {
        let what = format!("{dialect:?}, {fault:?}");
        assert_eq!(reply.status, 200, "{what}");
        assert_says_that_it_broke(&reply, dialect, &what);
        // What was released is what the supplier said, unchanged and once.
        let text = reply.text();
        let released = &text[..text.rfind(last_event_begins(dialect)).unwrap()];
        let sent = supplier.recorded().pop().unwrap().reply;
        assert!(!released.is_empty() && sent.starts_with(released.as_bytes()), "{what}: {text}");
        let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
        assert_eq!(entry.outcome, Outcome::BrokenOff, "{what}");
        assert_eq!(entry.attempts.len(), 1, "{what}: what was released is not sent again by another");
        assert!(entry.finish.is_none(), "{what}: {:?}", entry.finish);
        assert!(entry.usage.output_text > 0 && entry.cost.is_some(), "{what}: what was said is paid for");
    }
    assert_eq!(healthy.counters().requests, 0);
    house.verify();
}

const fn last_event_begins(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi => "data: {\"error\"",
        Dialect::Anthropic => "event: error\n",
    }
}

/// The stream ends in its protocol's own error: nothing follows it, and nothing before it says that all is well.
pub(crate) fn assert_says_that_it_broke(reply: &Reply, dialect: Dialect, what: &str) {
    assert!(reply.broken.is_none(), "{what}: the HTTP body itself ends in order: {:?}", reply.broken);
    let said = reply.lossy();
    let events = reply.events();
    let last: serde_json::Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert!(last["error"]["message"].is_string(), "{what}: {said}");
    match dialect {
        Dialect::OpenAi => {
            assert!(!events.iter().any(|event| event == "[DONE]"), "{what}: {said}");
            let finished = |event: &&String| event.contains("\"finish_reason\":\"");
            assert!(!events.iter().any(|event| finished(&event)), "{what}: {said}");
        }
        Dialect::Anthropic => {
            assert_eq!(last["type"], "error", "{what}: {said}");
            assert!(reply.text().contains("event: error\n"), "{what}: {said}");
            assert!(!reply.text().contains("message_stop"), "{what}: {said}");
            assert!(!reply.text().contains("\"stop_reason\":\""), "{what}: {said}");
        }
    }
}

#[tokio::test]
async fn p2_every_break_after_the_first_content_is_said_to_an_openai_client() {
    every_break(Dialect::OpenAi).await;
}

#[tokio::test]
async fn p2_every_break_after_the_first_content_is_said_to_an_anthropic_client() {
    every_break(Dialect::Anthropic).await;
}

/// A terminal event without a finish reason, or the reverse, is a break: it could be an answer that broke there. What came
/// is passed on as it came, up to a terminal event that lies, and the protocol's error follows.
#[tokio::test]
async fn p2_half_an_ending_is_a_break() {
    let after = After::Tokens(4);
    for dialect in Dialect::BOTH {
        for says in [Ending::Terminal, Ending::Finish] {
            let script = [Rule::always(Fault::CleanEnd { after, says })];
            let builder = Supplier::builder().script(script).with(|settings| settings.record_replies = true);
            let supplier = builder.spawn().await.unwrap();
            // Its usage is asked for by us and taken out again: another test's business.
            let config = Config::new().provider_with("a", dialect, &supplier, "stream_usage = false");
            let house = House::new(&config.route("r", &["a"], ""));
            let gateway = Gateway::start(&house);
            let reply = ask(gateway.listen, dialect, "r", true).await;
            let what = format!("{dialect:?} {says:?}: {}", reply.lossy());
            let events = reply.events();
            let last: serde_json::Value = serde_json::from_str(events.last().unwrap()).unwrap();
            assert!(last["error"]["message"].is_string(), "{what}");
            let terminal = |event: &String| event == "[DONE]" || event.contains("\"message_stop\"");
            assert!(!events.iter().any(terminal), "{what}");
            let released = &reply.text()[..reply.text().rfind(last_event_begins(dialect)).unwrap()];
            let sent = supplier.recorded().pop().unwrap().reply;
            assert!(sent.starts_with(released.as_bytes()), "{what}");
            let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
            assert_eq!(entry.outcome, Outcome::BrokenOff, "{what}");
            assert_eq!(entry.finish.is_some(), says == Ending::Finish, "{what}: {:?}", entry.finish);
        }
    }
}

/// Plays `body` as a stream to an OpenAI client, and gives what it got and how that was booked.
async fn streamed(body: String) -> (Reply, Outcome) {
    let raw = Raw {
        headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
        body: body.into(),
        ..Raw::default()
    };
    let supplier = Supplier::builder().script([Rule::always(Fault::Raw(raw))]).spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let reply = ask(gateway.listen, Dialect::OpenAi, "r", true).await;
    let entry = house.entry(reply.header("x-request-id").unwrap()).await;
    (reply, entry.outcome)
}

fn chunk(index: u32, text: &str, finish: Option<&str>) -> String {
    let choice = serde_json::json!({ "index": index, "delta": { "content": text }, "finish_reason": finish });
    format!("data: {}\n\n", serde_json::json!({ "choices": [choice] }))
}

#[tokio::test]
async fn p2_every_choice_must_say_why_it_ended() {
    let begun = [chunk(0, "a", None), chunk(1, "b", None), chunk(0, "", Some("stop"))].concat();
    let whole = format!("{begun}{}data: [DONE]\n\n", chunk(1, "", Some("length")));
    let (reply, outcome) = streamed(whole.clone()).await;
    assert_eq!((reply.text(), outcome), (whole.as_str(), Outcome::Answered));
    let (reply, outcome) = streamed(format!("{begun}data: [DONE]\n\n")).await;
    assert_eq!(outcome, Outcome::BrokenOff);
    assert!(reply.text().starts_with(&begun) && reply.text().contains("\"error\""), "{}", reply.lossy());
    assert!(!reply.text().contains("[DONE]"), "{}", reply.lossy());
}

/// A piece of an event is not passed on: the error after it would become a part of it.
#[tokio::test]
async fn p2_a_torn_event_stays_behind() {
    let begun = [chunk(0, "a", None), chunk(0, "", Some("stop"))].concat();
    for torn in
        ["data: {\"choices\":[{\"index\":0,\"del", "data: [DO", chunk(0, "b", None).trim_end(), ": hm"]
    {
        let (reply, outcome) = streamed(format!("{begun}{torn}")).await;
        assert_eq!(outcome, Outcome::BrokenOff, "{torn}");
        let said = reply.text().strip_prefix(&begun).unwrap();
        assert!(said.starts_with("data: {\"error\""), "{torn}: {said}");
    }
    let unterminated = format!("{begun}data: [DONE]");
    let (reply, outcome) = streamed(unterminated.clone()).await;
    assert_eq!((reply.text(), outcome), (unterminated.as_str(), Outcome::Answered));
}
