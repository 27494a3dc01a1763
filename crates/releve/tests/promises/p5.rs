//! P5, G28: kill -9 at any moment under load loses no answered request's entry, and doubles none.

use std::collections::HashMap;
use std::time::Duration;

use ledger::{Outcome, RequestId};
use simulator::{Dice, Pace, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, within};
use crate::load::Crowd;

const ROUNDS: usize = 30;

#[tokio::test]
async fn p5_kill_9_under_load_loses_no_answered_request_and_doubles_none() {
    // Slow enough that some requests are under way for longer than an intent waits.
    let pace = Pace { ttft_ms: 8, tokens_per_second: 4000.0, jitter: 0.9, ..Pace::default() };
    let mut config = Config::new();
    let mut suppliers = Vec::new();
    for dialect in Dialect::BOTH {
        let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
        let name = dialect.protocol();
        config = config.provider(name, dialect, &supplier).route(name, &[name], "");
        suppliers.push(supplier);
    }
    let house = House::new(&config);
    let mut dice = Dice::new(0x5eed);
    let mut answered = Vec::new();
    for _ in 0..ROUNDS {
        let gateway = Gateway::start(&house);
        let crowd = Crowd::gather(gateway.listen, 8);
        tokio::time::sleep(Duration::from_micros(20_000 + dice.next_u64() % 120_000)).await;
        gateway.kill();
        for (dialect, stream, asked) in crowd.dismiss().await {
            let Ok(reply) = asked else { continue };
            assert_eq!(reply.status, 200, "{}", reply.lossy());
            let ends = |end: &[u8]| reply.body.ends_with(end);
            // A stream's client has its answer when it has read the terminal event.
            let whole = match (stream, dialect) {
                (false, _) => reply.broken.is_none(),
                (true, Dialect::OpenAi) => ends(b"data: [DONE]\n\n"),
                (true, Dialect::Anthropic) => reply.lossy().contains("event: message_stop"),
            };
            if whole {
                answered.push(reply.header(dialect.request_id_header()).unwrap().to_owned());
            }
        }
    }
    // The last start settles what the last kill left open.
    drop(Gateway::start(&house));
    let entries = house.entries();
    let mut known: HashMap<RequestId, Outcome> = HashMap::new();
    for entry in &entries {
        assert!(known.insert(entry.id, entry.outcome).is_none(), "{} is there twice", entry.id);
    }
    assert!(answered.len() > 3 * ROUNDS, "only {} were answered: that proves little", answered.len());
    for id in &answered {
        let outcome = known.get(&id.parse().unwrap());
        assert_eq!(outcome, Some(&Outcome::Answered), "{id} of {} answered", answered.len());
    }
    let interrupted = entries.iter().filter(|entry| entry.outcome == Outcome::Interrupted).count();
    assert!(interrupted > 0, "no kill came in the middle of a request: that proves little");
    house.verify();
}

/// The first content may come before an intent would be written, and the rest take long.
#[tokio::test]
async fn p5_an_answer_that_began_at_once_leaves_a_trace_too() {
    let pace = Pace { ttft_ms: 0, tokens_per_second: 25.0, jitter: 0.0, ..Pace::default() };
    let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
    let config = Config::new().provider("p", Dialect::OpenAi, &supplier).route("r", &["p"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let body = Dialect::OpenAi.hello("r", true);
    let mut under_way = Vec::new();
    for _ in 0..5 {
        let opened = client::open(gateway.listen, Dialect::OpenAi.path(), &[], body.as_bytes());
        under_way.push(within(opened).await.unwrap());
    }
    let mut ids = Vec::new();
    for answer in &mut under_way {
        for _ in 0..10 {
            within(answer.next()).await.unwrap().expect("it goes on for long");
        }
        ids.push(answer.header("x-request-id").unwrap().parse().unwrap());
    }
    gateway.kill();
    // The next start settles what the kill left open.
    drop(Gateway::start(&house));
    let entries = house.entries();
    let known: HashMap<RequestId, Outcome> = entries.iter().map(|entry| (entry.id, entry.outcome)).collect();
    for id in ids {
        assert_eq!(known.get(&id), Some(&Outcome::Interrupted), "{id} of {known:?}");
    }
    house.verify();
}
