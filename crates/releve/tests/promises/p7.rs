//! P7: configuration cannot take it down; a reload drops nothing; a stop ends everything lawfully.

use std::net::SocketAddr;

use ledger::Outcome;
use simulator::{Fault, Handle, Rule, Supplier};

use crate::client::{self, Dialect, ask};
use crate::harness::{Config, Gateway, House, eventually, within};
use crate::load::Crowd;
use crate::p1::assert_whole;

const IN_FORCE: &str = "is in force";
const UNCHANGED: &str = "the configuration in force is unchanged";

async fn pair() -> (Handle, Handle) {
    (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap())
}

fn both(first: &Handle, second: &Handle, order: [&str; 2]) -> Config {
    let mut config = Config::new();
    for dialect in Dialect::BOTH {
        let name = dialect.protocol();
        let names = order.map(|supplier| format!("{supplier}-{name}"));
        config = config.provider(&format!("first-{name}"), dialect, first);
        config = config.provider(&format!("second-{name}"), dialect, second);
        config = config.route(name, &[&names[0], &names[1]], "");
    }
    config
}

#[tokio::test]
async fn p7_a_wrong_configuration_changes_nothing_and_is_reported() {
    let (first, second) = pair().await;
    let config = both(&first, &second, ["first", "second"]);
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let running = || async { client::get(gateway.admin, "/api/config", &[]).await.json() };
    let before = running().await;
    let wrong = [
        both(&second, &first, ["second", "first"]).and("[route.r]\ndeployments = []"),
        both(&second, &first, ["second", "first"]).and("[routes.x]\ndeployments = [\"nobody/m\"]"),
        Config::raw("this is [ not TOML"),
        Config::raw(""),
    ];
    for (times, wrong) in wrong.iter().enumerate() {
        house.write(wrong);
        gateway.says(UNCHANGED, times).await;
        assert_eq!(running().await, before, "{}", wrong.text());
        let reply = ask(gateway.listen, Dialect::OpenAi, Dialect::OpenAi.protocol(), false).await;
        assert_eq!(reply.header("x-releve-deployment"), Some("first-openai-chat/m"), "{}", wrong.text());
    }
    assert!(gateway.said().contains("did you mean"), "the mistake is named: {}", gateway.said());
    house.write(&both(&first, &second, ["second", "first"]));
    gateway.says(IN_FORCE, 0).await;
    let reply = ask(gateway.listen, Dialect::OpenAi, Dialect::OpenAi.protocol(), false).await;
    assert_eq!(reply.header("x-releve-deployment"), Some("second-openai-chat/m"));
    assert_ne!(running().await, before);
}

/// What is read at a start only is named when a reload changes it; all else of that reload is in force.
#[tokio::test]
async fn p7_a_changed_listen_needs_a_restart_and_says_so() {
    let (first, second) = pair().await;
    let house = House::new(&both(&first, &second, ["first", "second"]));
    let gateway = Gateway::start(&house);
    let moved = both(&first, &second, ["second", "first"]).text().replacen("127.0.0.1:0", "127.0.0.2:0", 2);
    house.write(&Config::raw(&moved).and("[ledger]\ndurability = \"power-safe\""));
    gateway.says(IN_FORCE, 0).await;
    for key in ["server.listen", "server.admin_listen", "ledger.durability"] {
        gateway.says(&format!("needs a restart: {key}"), 0).await;
    }
    let said = gateway.said();
    assert!(!said.contains("restart: ledger.url") && !said.contains("restart: server.tls"), "{said}");
    let reply = ask(gateway.listen, Dialect::OpenAi, Dialect::OpenAi.protocol(), false).await;
    assert_eq!(reply.header("x-releve-deployment"), Some("second-openai-chat/m"), "the rest is in force");
    let running = client::get(gateway.admin, "/api/config", &[]).await.json();
    assert_eq!(running["config"]["server"]["listen"], "127.0.0.1:0");
    let not_found = house.command(&["config", "diff"]);
    let complaint = String::from_utf8(not_found.stderr).unwrap();
    assert!(!not_found.status.success() && complaint.contains("--at ADDRESS"), "{complaint}");
    let differing = house.command(&["config", "diff", "--at", &gateway.admin.to_string()]);
    let differing = String::from_utf8(differing.stdout).unwrap();
    let differing: Vec<&str> = differing.lines().filter(|line| line.starts_with(['-', '+'])).collect();
    let expected = [
        "- ledger.durability = \"crash-safe\"".to_owned(),
        "+ ledger.durability = \"power-safe\"".to_owned(),
        "- server.admin_listen = \"127.0.0.1:0\"".to_owned(),
        "+ server.admin_listen = \"127.0.0.2:0\"".to_owned(),
        "- server.listen = \"127.0.0.1:0\"".to_owned(),
        "+ server.listen = \"127.0.0.2:0\"".to_owned(),
    ];
    assert_eq!(differing, expected);
}

#[tokio::test]
async fn p7_a_reload_under_load_drops_no_request() {
    let (first, second) = pair().await;
    let house = House::new(&both(&first, &second, ["first", "second"]));
    let gateway = Gateway::start(&house);
    let crowd = Crowd::gather(gateway.listen, 6);
    for times in 0..6 {
        let order = if times % 2 == 0 { ["second", "first"] } else { ["first", "second"] };
        let before = first.counters().ended + second.counters().ended;
        let passed = || first.counters().ended + second.counters().ended > before + 50;
        eventually("load", || passed().then_some(())).await;
        house.write(&both(&first, &second, order));
        gateway.says(IN_FORCE, times).await;
    }
    let seen = crowd.dismiss().await;
    for (dialect, stream, asked) in &seen {
        let reply = asked.as_ref().unwrap();
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert_whole(reply, *dialect, *stream, "under reloads");
    }
    for supplier in ["first", "second"] {
        let served =
            |reply: &client::Reply| reply.header("x-releve-deployment").unwrap().starts_with(supplier);
        assert!(seen.iter().any(|(_, _, asked)| served(asked.as_ref().unwrap())), "{supplier} never served");
    }
    assert_eq!(house.all_entries(seen.len()).await.len(), seen.len());
}

#[tokio::test]
async fn p7_sigterm_lets_an_answer_end_and_turns_others_away() {
    let slow = [Rule::always(Fault::SlowTokens { gap_ms: 50 })];
    let supplier = Supplier::builder().script(slow).spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let mut gateway = Gateway::start(&house);
    assert_eq!(client::get(gateway.admin, "/readyz", &[]).await.status, 200);
    let body = Dialect::OpenAi.hello("r", true);
    let mut opened =
        within(client::open(gateway.listen, Dialect::OpenAi.path(), &[], body.as_bytes())).await.unwrap();
    let first = within(opened.next()).await.unwrap().unwrap();
    gateway.signal("-TERM");
    gateway.says("stopping", 0).await;
    // First not ready, by word and to whoever asks, while requests are still taken.
    for address in [gateway.admin, gateway.listen] {
        assert_eq!(says_not_ready(address).await, "not ready: stopping\n", "{address}");
    }
    let late = ask(gateway.listen, Dialect::OpenAi, "r", false).await;
    assert_whole(&late, Dialect::OpenAi, false, "while it leaves");
    // Then nobody new is let in.
    within(async { while client::connect(gateway.listen).await.is_ok() {} }).await;
    let (mut reply, _) = within(opened.finish()).await;
    reply.body.splice(0..0, first);
    assert_whole(&reply, Dialect::OpenAi, true, "while it stops");
    let status = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{}", gateway.said());
    let entries = house.entries();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::Answered), "{entries:?}");
    house.verify();
}

/// Asks `/readyz` until it says no, and gives its words. Nobody answering is no word.
async fn says_not_ready(address: SocketAddr) -> String {
    within(async {
        loop {
            match client::get(address, "/readyz", &[]).await {
                reply if reply.status == 200 => tokio::task::yield_now().await,
                reply => {
                    assert_eq!(reply.status, 503);
                    break reply.text().to_owned();
                }
            }
        }
    })
    .await
}

/// Ctrl-C is from a person who waits: nobody is to be turned away first.
#[tokio::test]
async fn p7_sigint_does_not_wait_for_others_to_turn_away() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let mut took = Vec::new();
    for signal in ["-TERM", "-INT"] {
        let house = House::new(&config);
        let mut gateway = Gateway::start(&house);
        let asked = std::time::Instant::now();
        gateway.signal(signal);
        assert_eq!(gateway.ended().await.code(), Some(0), "{}", gateway.said());
        took.push(asked.elapsed());
    }
    assert!(took[1] < took[0], "{took:?}");
}

/// A client that takes nothing gets the same time, and then keeps nobody waiting.
#[tokio::test]
async fn p7_sigterm_ends_though_a_client_takes_nothing() {
    let big = [Rule::always(Fault::Big { bytes: 16 << 20, event_bytes: 16 << 10 })];
    let supplier = Supplier::builder().script(big).spawn().await.unwrap();
    let config = Config::new().provider("a", Dialect::OpenAi, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let mut gateway = Gateway::start(&house);
    let body = Dialect::OpenAi.hello("r", true);
    let opened = client::open(gateway.listen, Dialect::OpenAi.path(), &[], body.as_bytes());
    let stopped = within(opened).await.unwrap();
    gateway.signal("-TERM");
    assert_eq!(gateway.ended().await.code(), Some(0), "{}", gateway.said());
    drop(stopped);
    let entries = house.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].outcome, Outcome::BrokenOff);
    house.verify();
}

/// An answer without end gets the whole drain (30 s), then its protocol's own error.
#[tokio::test]
async fn p7_sigterm_ends_an_endless_answer_with_its_protocols_error() {
    let endless = [Rule::always(Fault::SlowTokens { gap_ms: 10_000 })];
    let supplier = Supplier::builder().script(endless).spawn().await.unwrap();
    let mut config = Config::new();
    for dialect in Dialect::BOTH {
        let name = dialect.protocol();
        config = config.provider(name, dialect, &supplier).route(name, &[name], "");
    }
    let house = House::new(&config);
    let mut gateway = Gateway::start(&house);
    let mut open = Vec::new();
    for dialect in Dialect::BOTH {
        let body = dialect.hello(dialect.protocol(), true);
        let headers = [("anthropic-version", "2023-06-01")];
        let mut opened =
            within(client::open(gateway.listen, dialect.path(), &headers, body.as_bytes())).await.unwrap();
        let first = within(opened.next()).await.unwrap().unwrap();
        open.push((dialect, first, opened));
    }
    gateway.signal("-TERM");
    for (dialect, first, opened) in open {
        let (mut reply, _) = within(opened.finish()).await;
        reply.body.splice(0..0, first);
        crate::p2::assert_says_that_it_broke(&reply, dialect, "stopped");
    }
    assert_eq!(gateway.ended().await.code(), Some(0), "{}", gateway.said());
    let entries = house.entries();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.outcome == Outcome::BrokenOff), "{entries:?}");
    house.verify();
}
