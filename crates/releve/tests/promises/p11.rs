//! P11, G31: silence is not death. Keep-alives come in the client's protocol, before the first content and inside.

use simulator::{Fault, Pace, Rule, Supplier};

use crate::client::{Dialect, ask};
use crate::harness::{Config, Gateway, House};
use crate::p1::assert_whole;

const POLICY: &str = "keepalive = \"100ms\"";

fn keep_alive(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi => ": keep-alive\n\n",
        Dialect::Anthropic => "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    }
}

/// The supplier's own signs of life may look like ours.
fn without_keep_alives(bytes: &[u8], dialect: Dialect) -> String {
    std::str::from_utf8(bytes).unwrap().replace(keep_alive(dialect), "")
}

#[tokio::test]
async fn p11_a_client_that_waits_hears_that_somebody_is_there() {
    for dialect in Dialect::BOTH {
        let pace = Pace { headers_ms: 1500, ttft_ms: 1500, ..Pace::default() };
        let thinking = Supplier::builder().pace(pace).with(|settings| settings.record_replies = true);
        let thinking = thinking.spawn().await.unwrap();
        let halting = [Rule::always(Fault::SlowTokens { gap_ms: 400 })];
        let halting = Supplier::builder().script(halting).with(|settings| {
            settings.record_replies = true;
            (settings.answer.min_tokens, settings.answer.max_tokens) = (4, 6);
        });
        let halting = halting.spawn().await.unwrap();
        let more = "stream_usage = false";
        let config = Config::new()
            .provider_with("thinking", dialect, &thinking, more)
            .provider_with("halting", dialect, &halting, more)
            .route("thinking", &["thinking"], POLICY)
            .route("halting", &["halting"], POLICY);
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        for (route, supplier) in [("thinking", &thinking), ("halting", &halting)] {
            let reply = ask(gateway.listen, dialect, route, true).await;
            assert_eq!(reply.status, 200);
            let what = format!("{dialect:?} {route}");
            assert!(reply.text().matches(keep_alive(dialect)).count() >= 3, "{what}: {}", reply.lossy());
            assert_whole(&reply, dialect, true, &what);
            if route == "thinking" {
                assert!(reply.text().starts_with(keep_alive(dialect)), "{what}: {}", reply.lossy());
            }
            // Between events, never inside one.
            let sent = supplier.recorded().pop().unwrap().reply;
            let [got, sent] = [&reply.body[..], &sent].map(|bytes| without_keep_alives(bytes, dialect));
            assert_eq!(got, sent, "{what}");
        }
    }
}

/// The status is gone with the first keep-alive: what fails after it is said in the stream.
#[tokio::test]
async fn p11_a_failure_after_a_keep_alive_is_said_in_the_stream() {
    for dialect in Dialect::BOTH {
        let script = [Rule { delay_ms: 600, ..Rule::always(Fault::ServerError { status: 500 }) }];
        let supplier = Supplier::builder().script(script).spawn().await.unwrap();
        let config = Config::new().provider("a", dialect, &supplier).route("r", &["a"], POLICY);
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let reply = ask(gateway.listen, dialect, "r", true).await;
        assert_eq!(reply.status, 200);
        assert!(reply.text().starts_with(keep_alive(dialect)), "{}", reply.lossy());
        crate::p2::assert_says_that_it_broke(&reply, dialect, "failed after a keep-alive");
    }
}

/// G31: a supplier's own signs of life count as life, for its limit on silence; and no sign ends the stream.
#[tokio::test]
async fn g31_pings_are_life_and_silence_is_not() {
    use simulator::After;
    for dialect in Dialect::BOTH {
        let silent = Fault::Stall { after: After::Tokens(2), pings_ms: 0 };
        let silent = Supplier::builder().script([Rule::always(silent)]).spawn().await.unwrap();
        let halting =
            Supplier::builder().script([Rule::always(Fault::SlowTokens { gap_ms: 1200 })]).with(|settings| {
                settings.delivery.ping_ms = 100;
                (settings.answer.min_tokens, settings.answer.max_tokens) = (3, 4);
            });
        let halting = halting.spawn().await.unwrap();
        let policy = "token_gap_timeout = \"800ms\"";
        let config = Config::new()
            .provider("silent", dialect, &silent)
            .provider("halting", dialect, &halting)
            .route("silent", &["silent"], policy)
            .route("halting", &["halting"], policy);
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let reply = ask(gateway.listen, dialect, "halting", true).await;
        assert_whole(&reply, dialect, true, "with pings");
        let reply = ask(gateway.listen, dialect, "silent", true).await;
        crate::p2::assert_says_that_it_broke(&reply, dialect, "silence");
    }
}
