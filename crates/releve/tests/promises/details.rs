//! What clients look for beside the answer: the supplier's own words where they help, and the headers that say what
//! happened.

use simulator::{Fault, Rule, Supplier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{self, Dialect, ask};
use crate::harness::{Config, Gateway, House, within};

const DIALECT: Dialect = Dialect::OpenAi;

/// Agents look for the supplier's own error, to shorten the conversation and come back.
#[tokio::test]
async fn p1_a_request_too_large_for_everybody_is_told_in_a_suppliers_words() {
    for (dialect, words) in
        [(Dialect::OpenAi, "context_length_exceeded"), (Dialect::Anthropic, "prompt is too long")]
    {
        let full = [Rule::always(Fault::ContextExceeded)];
        let first = Supplier::builder().script(full.clone()).spawn().await.unwrap();
        let second = Supplier::builder().script(full).spawn().await.unwrap();
        let overloaded = [Rule::always(Fault::Overloaded { retry_after: None })];
        let overloaded = Supplier::builder().script(overloaded).spawn().await.unwrap();
        let config = Config::new()
            .provider("first", dialect, &first)
            .provider("second", dialect, &second)
            .provider("overloaded", dialect, &overloaded)
            .route("full", &["first", "second"], "")
            .route("mixed", &["first", "overloaded"], "");
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        for stream in [true, false] {
            let reply = ask(gateway.listen, dialect, "full", stream).await;
            assert_eq!(reply.status, 400, "{}", reply.lossy());
            assert!(reply.lossy().contains(words), "{}", reply.lossy());
            assert_eq!(reply.header("x-releve-attempts"), Some("2"), "both were asked");
        }
        // Whoever is overloaded might have taken it.
        let reply = ask(gateway.listen, dialect, "mixed", false).await;
        assert!(reply.status >= 429, "{}", reply.lossy());
    }
}

#[tokio::test]
async fn an_error_says_how_many_attempts_there_were_and_names_each_deployment_once() {
    let gone = Supplier::builder().script([Rule::always(Fault::Refuse)]).spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", DIALECT, &gone).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let reply = ask(gateway.listen, DIALECT, "r", false).await;
    assert_eq!(reply.status, 503, "{}", reply.lossy());
    assert_eq!(reply.header("x-releve-attempts"), Some("3"), "{:?}", reply.headers);
    assert_eq!(reply.lossy().matches("a/m").count(), 1, "{}", reply.lossy());
}

/// The metric tells of answers, not of failures, and not of candidates that were not tried.
#[tokio::test]
async fn a_takeover_is_counted_when_another_candidate_answered() {
    let broken = || Supplier::builder().script([Rule::always(Fault::ServerError { status: 500 })]).spawn();
    let (first, second) = (broken().await.unwrap(), broken().await.unwrap());
    let healthy = Supplier::builder().spawn().await.unwrap();
    let config = Config::new()
        .provider("first", DIALECT, &first)
        .provider("second", DIALECT, &second)
        .provider("healthy", DIALECT, &healthy)
        .route("spent", &["first", "second"], "")
        .route("plain", &["healthy"], "")
        .route("saved", &["second", "healthy"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, DIALECT, "spent", false).await.status, 503);
    for route in ["plain", "saved"] {
        assert_eq!(ask(gateway.listen, DIALECT, route, false).await.status, 200);
    }
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let counted: Vec<_> =
        metrics.text().lines().filter(|line| line.starts_with("releve_takeovers_total")).collect();
    assert_eq!(counted, ["releve_takeovers_total{route=\"saved\"} 1"]);
}

/// Only a client that wants WebSocket must hear that there is none. Java's offers h2c with its first request, and would be
/// as happy without.
#[tokio::test]
async fn only_an_upgrade_to_web_socket_is_refused() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let body = DIALECT.hello("r", false);
    let offered =
        [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABk")];
    let reply = client::post(gateway.listen, DIALECT.path(), &offered, body.as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    for wanted in ["websocket", "h2c, WebSocket"] {
        let headers = [("connection", "Upgrade"), ("upgrade", wanted), ("sec-websocket-version", "13")];
        let reply = client::get(gateway.listen, "/v1/responses", &headers).await;
        assert_eq!(reply.status, 426, "{}", reply.lossy());
        assert!(reply.header("upgrade").is_some(), "{:?}", reply.headers);
    }
}

#[tokio::test]
async fn our_own_answers_carry_the_requests_id_and_what_else_http_asks_for() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    let models = client::get(gateway.listen, "/v1/models", &[]).await;
    assert!(models.header("x-request-id").unwrap().starts_with("req_"), "{:?}", models.headers);
    let models = client::get(gateway.listen, "/v1/models", &[("anthropic-version", "2023-06-01")]).await;
    assert!(models.header("request-id").unwrap().starts_with("req_"), "{:?}", models.headers);
    let wrong = client::get(gateway.listen, DIALECT.path(), &[]).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
    for (word, asked) in [("1", 0), ("true", 0), ("false", 1), ("0", 2)] {
        let headers = [("x-releve-explain", word)];
        let body = DIALECT.hello("r", false);
        let reply = client::post(gateway.listen, DIALECT.path(), &headers, body.as_bytes()).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert!(reply.header("x-request-id").is_some(), "{word}: {:?}", reply.headers);
        assert_eq!(supplier.counters().requests, asked, "{word}");
    }
}

/// Some programs send a stand-in where they have no key, beside the right one.
#[tokio::test]
async fn p8_a_right_key_opens_wherever_it_stands() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], "");
    let house = House::new(&config.and("[products.office]\nroutes = [\"r\"]"));
    let key = house.key("office");
    let gateway = Gateway::start(&house);
    let status = |headers: Vec<(&'static str, String)>| async move {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = DIALECT.hello("r", false);
        within(client::post(gateway.listen, DIALECT.path(), &headers, body.as_bytes())).await.status
    };
    for stand_in in ["Bearer ", "Bearer none", "Basic bm9uZTpub25l"] {
        let both = vec![("authorization", stand_in.to_owned()), ("x-api-key", key.clone())];
        assert_eq!(status(both).await, 200, "{stand_in}");
        assert_eq!(status(vec![("authorization", stand_in.to_owned())]).await, 401, "{stand_in}");
    }
    let turned = vec![("authorization", format!("Bearer {key}")), ("x-api-key", "none".to_owned())];
    assert_eq!(status(turned).await, 200);
}

/// A body whose framing is wrong is a wrong request of somebody who is there.
#[tokio::test]
async fn p8_a_malformed_body_is_told_to_its_sender() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", DIALECT, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start(&house);
    for body in ["zz\r\n{}\r\n0\r\n\r\n", "4\r\n{}  and more\r\n0\r\n\r\n"] {
        let mut socket = client::connect(gateway.listen).await.unwrap();
        let head =
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.get_mut().write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        within(socket.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("not framed") && !answer.contains("went away"), "{answer}");
    }
}
