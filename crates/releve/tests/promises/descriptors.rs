//! Few file descriptors: what is missing here is no supplier's fault, and no client's.

use std::process::Command;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use simulator::{Fault, Rule, Supplier};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{Dialect, ask};
use crate::harness::{Config, Gateway, House, eventually, within};

const DIALECT: Dialect = Dialect::OpenAi;

/// The binary, under `ulimit` with these arguments.
fn limited(arguments: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("PATH", "/usr/bin:/bin");
    let script = format!("ulimit {arguments}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_releve")]);
    command
}

#[tokio::test]
async fn p9_as_many_descriptors_are_used_as_may_be() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start_as(&house, limited("-S -n 100"));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|at| line.split_whitespace().nth(at).unwrap());
    assert_eq!(soft, hard);
    assert_ne!(soft, "100");
}

/// More clients than there can be connections: some wait, and all are served.
#[tokio::test]
async fn p1_clients_leave_descriptors_for_suppliers() {
    const CLIENTS: usize = 200;
    let slow = [Rule::always(Fault::SlowTokens { gap_ms: 20 })];
    let supplier = Supplier::builder().script(slow).spawn().await.unwrap();
    let config = Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], "");
    let house = House::new(&config);
    let gateway = Gateway::start_as(&house, limited("-n 200"));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(ask(gateway.listen, DIALECT, "r", true));
    }
    for reply in within(clients.join_all()).await {
        assert_eq!(reply.status, 200, "{}", reply.lossy());
    }
    gateway.says("file descriptors are scarce", 0).await;
}

/// One client asks for more at once than there are descriptors for.
#[tokio::test]
async fn g15_missing_descriptors_are_no_suppliers_fault() {
    const REQUESTS: usize = 200;
    let slow = [Rule::always(Fault::SlowTokens { gap_ms: 20 })];
    let supplier = Supplier::builder().script(slow).spawn().await.unwrap();
    let config = Config::new().provider("a", DIALECT, &supplier).provider("b", DIALECT, &supplier);
    let house = House::new(&config.route("r", &["a", "b"], ""));
    let gateway = Gateway::start_as(&house, limited("-n 150"));
    let socket = TcpStream::connect(gateway.listen).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let mut open = JoinSet::new();
    for _ in 0..REQUESTS {
        let mut sender = sender.clone();
        open.spawn(async move {
            let request = Request::post(format!("http://localhost{}", DIALECT.path()));
            let request = request.body(Full::<Bytes>::from(DIALECT.hello("r", true))).unwrap();
            let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        });
    }
    let answers = within(open.join_all()).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(parts, _)| parts.status == 200);
    assert!(!served.is_empty() && !refused.is_empty(), "{} served", served.len());
    for (parts, body) in refused {
        let body = String::from_utf8_lossy(body);
        assert_eq!(parts.status, 503, "{body}");
        assert!(parts.headers.contains_key("retry-after"), "{parts:?}");
        assert!(!parts.headers.contains_key("x-should-retry"), "{parts:?}");
        assert!(body.contains("file descriptor"), "{body}");
    }
    eventually("room", || (supplier.counters().in_flight == 0).then_some(())).await;
    assert_eq!(ask(gateway.listen, DIALECT, "r", false).await.status, 200);
    assert!(!gateway.said().contains("is not asked for a while"), "{}", gateway.said());
}
