//! P9: memory stays flat under slow clients, large answers and large requests.

use std::time::Duration;

use ledger::Outcome;
use simulator::{Fault, Handle, Rule, Supplier};

use crate::client::{self, Dialect, Opened, ask};
use crate::harness::{Config, Gateway, House, eventually, within};

const DIALECT: Dialect = Dialect::OpenAi;
const READERS: usize = 200;
const LARGE_ROUNDS: usize = 3;
const MOST_KIB: u64 = 64 * 1024;

/// 200 readers that stop, each with 16 MB to come; beside them answers of 64 MB and requests of almost 32 MiB.
#[tokio::test]
async fn p9_memory_stays_bounded_and_comes_back() {
    let big = |bytes, event_bytes| [Rule::always(Fault::Big { bytes, event_bytes })];
    let slow = Supplier::builder().script(big(16 << 20, 16 << 10)).spawn().await.unwrap();
    let large = Supplier::builder().script(big(64 << 20, 64 << 10)).spawn().await.unwrap();
    let plain = Supplier::builder().with(|settings| settings.record = 0).spawn().await.unwrap();
    let mut config = Config::new();
    for (name, supplier) in [("slow", &slow), ("large", &large), ("plain", &plain)] {
        config = config.provider(name, DIALECT, supplier).route(name, &[name], "");
    }
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    for _ in 0..20 {
        assert_eq!(ask(gateway.listen, DIALECT, "plain", true).await.status, 200);
    }
    let before = gateway.memory_kib("VmRSS");
    let grown = || gateway.memory_kib("VmHWM").saturating_sub(before);
    let readers = stopped_readers(&gateway, &slow).await;
    let readers_kib = grown();
    take_large_answers(&gateway).await;
    let answers_kib = grown();
    send_large_requests(&gateway).await;
    let peak_kib = grown();
    let said =
        format!("readers {readers_kib} KiB, and answers {answers_kib} KiB, and requests {peak_kib} KiB");
    eprintln!("{said}");
    assert!(peak_kib <= MOST_KIB, "{said}");
    drop(readers);
    eventually("the suppliers' rest", || (slow.counters().in_flight == 0).then_some(())).await;
    assert!(slow.counters().sent_bytes < (READERS as u64) * (16 << 20), "they were cancelled, not drained");
    // Something must happen for an allocator to look at what it keeps.
    within(async {
        while gateway.memory_kib("VmRSS") > before + 32 * 1024 {
            ask(gateway.listen, DIALECT, "plain", true).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// What is for many requests takes no room before they come. (The program's own pages are not counted.)
#[tokio::test]
async fn p9_at_rest_it_takes_little() {
    const MOST_AT_REST_KIB: u64 = 6 * 1024;
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("only", DIALECT, &supplier).route("only", &["only"], ""));
    let taken_kib = Gateway::start(&house).memory_kib("RssAnon");
    assert!(taken_kib <= MOST_AT_REST_KIB, "{taken_kib} KiB");
}

/// Neither a translated request nor what it was translated from is held for the length of its answer.
#[tokio::test]
async fn p9_translated_prompts_are_let_go_while_their_answers_flow() {
    const MANY: usize = 60;
    let big = [Rule::always(Fault::Big { bytes: 16 << 20, event_bytes: 16 << 10 })];
    let slow = Supplier::builder().script(big).with(|settings| settings.record = 0).spawn().await.unwrap();
    let config = Config::new().provider("slow", Dialect::Anthropic, &slow).route("slow", &["slow"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let prompt = "word ".repeat(400 << 10);
    let body = serde_json::json!({
        "model": "slow", "stream": true, "messages": [{ "role": "user", "content": prompt }],
    })
    .to_string();
    let open = || within(client::open(gateway.listen, DIALECT.path(), &[], body.as_bytes()));
    let mut readers = vec![open().await.unwrap()];
    let before = gateway.memory_kib("VmRSS");
    for _ in 0..MANY {
        let mut opened = open().await.unwrap();
        assert_eq!(opened.status, 200);
        within(opened.next()).await.unwrap().unwrap();
        readers.push(opened);
    }
    assert!(slow.counters().in_flight > MANY as u64 * 9 / 10);
    let grown_kib = gateway.memory_kib("VmRSS").saturating_sub(before);
    assert!(grown_kib <= MOST_KIB, "{grown_kib} KiB for {MANY} prompts of {} KiB", body.len() >> 10);
}

/// Readers that have stopped so thoroughly that their supplier can send nothing more.
async fn stopped_readers(gateway: &Gateway, slow: &Handle) -> Vec<Opened> {
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let body = DIALECT.hello("slow", true);
        let opened = client::open(gateway.listen, DIALECT.path(), &[], body.as_bytes());
        let opened = within(opened).await.unwrap();
        assert_eq!(opened.status, 200);
        readers.push(opened);
    }
    let mut last = (0, 0);
    eventually("a standstill", || {
        let sent = slow.counters().sent_bytes;
        last = if sent == last.0 { (sent, last.1 + 1) } else { (sent, 0) };
        (sent > 0 && last.1 >= 25).then_some(())
    })
    .await;
    // A few may fit whole into the system's socket buffers.
    let in_flight = slow.counters().in_flight;
    assert!(in_flight > READERS as u64 * 9 / 10, "only {in_flight} are still being sent");
    readers
}

async fn take_large_answers(gateway: &Gateway) {
    for stream in [false, true] {
        let body = DIALECT.hello("large", stream);
        let opened = client::open(gateway.listen, DIALECT.path(), &[], body.as_bytes());
        let mut opened = within(opened).await.unwrap();
        let mut bytes = 0;
        while let Some(piece) = within(opened.next()).await.unwrap() {
            bytes += piece.len();
        }
        assert!(bytes > 64 << 20, "{bytes}");
    }
}

async fn send_large_requests(gateway: &Gateway) {
    let image = format!("data:image/png;base64,{}", "x".repeat(31 << 20));
    let body = serde_json::json!({
        "model": "plain",
        "messages": [{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": image } }] }],
    })
    .to_string();
    let sent = || client::post(gateway.listen, DIALECT.path(), &[], body.as_bytes());
    // Again and again: what an allocator keeps of the last ones counts as well, on every thread.
    for _ in 0..LARGE_ROUNDS {
        let (first, second, third) = within(async { tokio::join!(sent(), sent(), sent()) }).await;
        for reply in [first, second, third] {
            assert_eq!(reply.status, 200, "{}", reply.lossy());
        }
    }
}

/// The time for the whole answer counts for those who do not take it, too.
#[tokio::test]
async fn p9_a_client_that_stops_reading_does_not_hold_a_supplier_for_ever() {
    let big = [Rule::always(Fault::Big { bytes: 16 << 20, event_bytes: 16 << 10 })];
    let supplier = Supplier::builder().script(big).spawn().await.unwrap();
    let config = Config::new().provider("a", DIALECT, &supplier);
    let house = House::new(&config.route("r", &["a"], "total_timeout = \"2s\""));
    let gateway = Gateway::start(&house);
    let body = DIALECT.hello("r", true);
    let opened = client::open(gateway.listen, DIALECT.path(), &[], body.as_bytes());
    let stopped = within(opened).await.unwrap();
    eventually("the supplier's release", || {
        let counters = supplier.counters();
        (counters.requests == 1 && counters.in_flight == 0).then_some(())
    })
    .await;
    let entry = house.entry(stopped.header(DIALECT.request_id_header()).unwrap()).await;
    assert_eq!(entry.outcome, Outcome::BrokenOff);
}

/// By what the client announces, before a byte of it is read or a byte of memory is set aside.
#[tokio::test]
async fn p9_a_request_that_announces_too_much_is_refused_at_once() {
    for dialect in Dialect::BOTH {
        let supplier = Supplier::builder().spawn().await.unwrap();
        let config = Config::new().provider("a", dialect, &supplier).route("r", &["a"], "");
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let socket = client::connect(gateway.listen).await.unwrap();
        let announced = [("content-length", "99999999999")];
        let reply = within(client::open_raw(socket, dialect.path(), &announced)).await.unwrap();
        assert_eq!(reply.status, 413);
        assert_eq!(supplier.counters().requests, 0);
    }
}
