//! Each fault as a client sees it.

use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{
    After, CutWith, Ending, Fault, HiddenError, Raw, RawEnd, RawFraming, ResetAt, RetryAfter, Rule,
};
use tokio::net::TcpStream;

use crate::client::{
    CHAT, MESSAGES, Reply, chat, events, exchange_raw, hangs, hello, message, post, raw_post, scripted,
};

/// A reply to each protocol, streamed or not, with this fault on.
async fn all(fault: Fault) -> Vec<(Reply, bool)> {
    let supplier = scripted(Rule::always(fault)).await;
    let mut replies = Vec::new();
    for stream in [false, true] {
        replies.push((chat(&supplier, &hello(stream)).await, stream));
        replies.push((message(&supplier, &hello(stream)).await, stream));
    }
    replies
}

/// Both protocols' streams with this fault on.
async fn streams(fault: Fault) -> [Reply; 2] {
    let supplier = scripted(Rule::always(fault)).await;
    [chat(&supplier, &hello(true)).await, message(&supplier, &hello(true)).await]
}

fn contents(reply: &Reply) -> usize {
    let is_content = |data: &str| data.contains("\"delta\":{\"content\":") || data.contains("text_delta");
    reply.events().iter().filter(|event| is_content(&event.data)).count()
}

#[tokio::test]
async fn refuse() {
    let supplier = scripted(Rule::always(Fault::Refuse)).await;
    let error = TcpStream::connect(supplier.address()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    supplier.set_script([]).await.unwrap();
    assert_eq!(chat(&supplier, &hello(false)).await.status, 200);
}

#[tokio::test]
async fn reset() {
    for at in [ResetAt::Accept, ResetAt::Request] {
        let supplier = scripted(Rule::next(1, Fault::Reset { at })).await;
        let (bytes, end) = exchange_raw(supplier.address(), &raw_post(CHAT, &hello(false))).await;
        assert!(bytes.is_empty());
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{at:?}");
        assert_eq!(supplier.counters().faults["reset"], 1);
        assert_eq!(chat(&supplier, &hello(false)).await.status, 200);
    }
}

#[tokio::test]
async fn hang() {
    let supplier = scripted(Rule::always(Fault::Hang)).await;
    assert!(hangs(post(&supplier, CHAT, &hello(true))).await);
}

#[tokio::test]
async fn slow_headers_and_slow_tokens() {
    let supplier = scripted(Rule::always(Fault::SlowHeaders { delay_ms: 120 })).await;
    for stream in [false, true] {
        let start = Instant::now();
        assert_eq!(chat(&supplier, &hello(stream)).await.status, 200);
        assert!(start.elapsed() >= Duration::from_millis(120));
    }
    let mut body = hello(true);
    body["max_tokens"] = json!(5);
    supplier.set_script([Rule::always(Fault::SlowTokens { gap_ms: 40 })]).await.unwrap();
    for stream in [false, true] {
        body["stream"] = json!(stream);
        let start = Instant::now();
        assert_eq!(message(&supplier, &body).await.status, 200);
        assert!(start.elapsed() >= Duration::from_millis(160));
    }
}

#[tokio::test]
async fn stall() {
    for pings_ms in [0, 20] {
        for (path, sign) in [(CHAT, ": ping"), (MESSAGES, "event: ping")] {
            let supplier = scripted(Rule::always(Fault::Stall { after: After::Tokens(3), pings_ms })).await;
            let request = raw_post(path, &hello(true));
            assert!(hangs(exchange_raw(supplier.address(), &request)).await);
            supplier.idle().await;
            let record = supplier.recorded().remove(0);
            assert_eq!((record.contents, record.outcome), (3, simulator::Outcome::ClientLeft));
            assert_eq!(supplier.counters().client_left_after, [3]);
            let supplier = scripted(Rule::always(Fault::Stall { after: After::Headers, pings_ms })).await;
            let seen = read_for(supplier.address(), &raw_post(path, &hello(true)), 400).await;
            assert_eq!(seen.matches(sign).count() > 3, pings_ms > 0, "{seen}");
        }
    }
    let supplier = scripted(Rule::always(Fault::Stall { after: After::Tokens(1), pings_ms: 0 })).await;
    assert!(hangs(post(&supplier, CHAT, &hello(false))).await);
}

/// What comes within so many milliseconds.
async fn read_for(address: std::net::SocketAddr, request: &[u8], ms: u64) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut seen = Vec::new();
    let reading = async { while socket.read_buf(&mut seen).await.unwrap() > 0 {} };
    drop(tokio::time::timeout(Duration::from_millis(ms), reading).await);
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn refusals_by_name() {
    let cases = [
        (Fault::Unauthorized, 401, 401, "invalid_api_key", "authentication_error"),
        (Fault::Forbidden, 403, 403, "unsupported_country_region_territory", "permission_error"),
        (Fault::RateLimited { retry_after: None }, 429, 429, "rate_limit_exceeded", "rate_limit_error"),
        (Fault::ServerError { status: 502 }, 502, 502, "server_error", "api_error"),
        (Fault::Overloaded { retry_after: None }, 503, 529, "overloaded", "overloaded_error"),
        (Fault::ModelMissing, 404, 404, "model_not_found", "not_found_error"),
        (Fault::Quota, 429, 400, "insufficient_quota", "credit balance is too low"),
        (Fault::PaymentRequired, 402, 402, "payment_required", "billing_error"),
        (Fault::ContextExceeded, 400, 400, "context_length_exceeded", "prompt is too long"),
        (Fault::BadRequest, 400, 400, "invalid_request_error", "invalid_request_error"),
        (Fault::TooLarge, 413, 413, "invalid_request_error", "request_too_large"),
    ];
    for (fault, chat_status, message_status, chat_word, message_word) in cases {
        for stream in [false, true] {
            let supplier = scripted(Rule::always(fault.clone())).await;
            let reply = chat(&supplier, &hello(stream)).await;
            assert_eq!(reply.status, chat_status, "{fault:?}");
            assert!(reply.text().contains(chat_word), "{}", reply.text());
            assert_eq!(reply.header("content-type"), "application/json");
            let reply = message(&supplier, &hello(stream)).await;
            assert_eq!(reply.status, message_status, "{fault:?}");
            assert!(reply.text().contains(message_word), "{}", reply.text());
            assert_eq!(supplier.meter().total.requests, 0);
        }
    }
}

#[tokio::test]
async fn retry_after_in_every_form() {
    let reply = |retry_after| async {
        let supplier = scripted(Rule::always(Fault::RateLimited { retry_after })).await;
        chat(&supplier, &hello(false)).await
    };
    assert_eq!(reply(None).await.header("retry-after"), "");
    assert_eq!(reply(Some(RetryAfter::Seconds(7))).await.header("retry-after"), "7");
    let ms = reply(Some(RetryAfter::Ms(1500))).await;
    assert_eq!((ms.header("retry-after-ms"), ms.header("retry-after")), ("1500", "2"));
    assert!(reply(Some(RetryAfter::DateInS(30))).await.header("retry-after").ends_with(" GMT"));
    assert_eq!(reply(Some(RetryAfter::Text("soon".to_owned()))).await.header("retry-after"), "soon");
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    for (reply, stream) in all(Fault::EmptyBody).await {
        assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
        assert!(reply.header("content-type").starts_with(if stream {
            "text/event-stream"
        } else {
            "application/json"
        }));
    }
    for (reply, _) in all(Fault::Html).await {
        assert!(reply.status == 200 && reply.text().starts_with("<!DOCTYPE html>"));
    }
    for (reply, _) in all(Fault::WrongContentType { content_type: "image/png".to_owned() }).await {
        assert_eq!(reply.header("content-type"), "image/png");
        assert!(reply.text().contains("stop"));
    }
    for (reply, stream) in all(Fault::InvalidJson { after: After::Tokens(2) }).await {
        assert!(reply.broken.is_none());
        let broken = if stream { reply.events().pop().unwrap().data } else { reply.text().to_owned() };
        assert!(serde_json::from_str::<serde_json::Value>(&broken).unwrap_err().is_eof(), "{broken}");
    }
    for (reply, _) in all(Fault::Garbage { bytes: 300, after: Some(After::Tokens(2)) }).await {
        assert!(reply.broken.is_none());
        assert!(String::from_utf8(reply.body.to_vec()).is_err());
    }
    for (reply, _) in
        all(Fault::Status { status: 418, content_type: "text/x".to_owned(), body: "tea".to_owned() }).await
    {
        assert_eq!(
            (reply.status.as_u16(), reply.text(), reply.header("content-type")),
            (418, "tea", "text/x")
        );
    }
}

#[tokio::test]
async fn garbage_in_place_of_http() {
    let supplier = scripted(Rule::always(Fault::Garbage { bytes: 100, after: None })).await;
    let (bytes, end) = exchange_raw(supplier.address(), &raw_post(CHAT, &hello(false))).await;
    assert!(bytes.len() == 100 && end.is_ok());
    assert!(post(&supplier, CHAT, &hello(false)).await.is_err());
}

#[tokio::test]
async fn errors_inside_a_200() {
    for (reply, stream) in all(Fault::ErrorIn200 { after: After::Headers, error: HiddenError::Server }).await
    {
        let error = if stream { reply.events().remove(0).json() } else { reply.json() };
        assert!(reply.status == 200 && error["error"]["message"].is_string());
    }
    for reply in streams(Fault::ErrorIn200 { after: After::Tokens(3), error: HiddenError::Overloaded }).await
    {
        assert_eq!(contents(&reply), 3);
        let last = reply.events().pop().unwrap();
        assert!(last.json()["error"]["type"].is_string() && last.data.contains("verloaded"));
        assert!(last.name.is_empty() || last.name == "error");
    }
}

#[tokio::test]
async fn cuts_with_fin_and_rst() {
    for with in [CutWith::Fin, CutWith::Rst] {
        for (after, count) in [(After::Headers, 0), (After::Preamble, 0), (After::Tokens(4), 4)] {
            for reply in streams(Fault::Cut { after, with }).await {
                assert!(reply.broken.is_some());
                assert_eq!(contents(&reply), count, "{after:?}");
                assert_eq!(reply.events().is_empty(), after == After::Headers, "{after:?}");
            }
        }
        for (path, stream) in [(CHAT, true), (MESSAGES, false)] {
            let supplier = scripted(Rule::always(Fault::Cut { after: After::Tokens(2), with })).await;
            let (_, end) = exchange_raw(supplier.address(), &raw_post(path, &hello(stream))).await;
            let expected = (with == CutWith::Rst).then_some(std::io::ErrorKind::ConnectionReset);
            assert_eq!(end.err().map(|error| error.kind()), expected);
        }
    }
    for (reply, _) in all(Fault::Cut { after: After::Tokens(1), with: CutWith::Fin }).await {
        assert!(reply.broken.is_some());
    }
}

#[tokio::test]
async fn clean_ends_that_are_none() {
    let cases =
        [(Ending::Nothing, false, false), (Ending::Terminal, true, false), (Ending::Finish, false, true)];
    for (says, terminal, finish) in cases {
        for after in [After::Tokens(2), After::Tokens(u64::MAX)] {
            for reply in streams(Fault::CleanEnd { after, says }).await {
                assert!(reply.broken.is_none());
                let text = reply.text();
                assert_eq!(text.contains("[DONE]") || text.contains("message_stop"), terminal, "{text}");
                assert_eq!(text.contains("\"stop\"") || text.contains("end_turn"), finish, "{text}");
                assert_eq!(contents(&reply) == 2, after == After::Tokens(2));
            }
        }
    }
}

#[tokio::test]
async fn huge_lines_are_sound() {
    for (reply, stream) in all(Fault::HugeLine { bytes: 1 << 20 }).await {
        assert!(reply.broken.is_none());
        let longest = reply.text().lines().map(str::len).max().unwrap();
        assert!(longest > 1 << 20);
        assert!(!stream || reply.said().len() > 1 << 20);
    }
}

#[tokio::test]
async fn lying_lengths() {
    for (reply, _) in all(Fault::LyingLength { by: 10 }).await {
        assert!(reply.broken.is_some());
    }
    for (reply, stream) in all(Fault::LyingLength { by: -10 }).await {
        assert!(reply.broken.is_none());
        assert!(stream || serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
    }
}

#[tokio::test]
async fn raw_replies_are_exact() {
    let body: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let headers = vec![("X-Odd".to_owned(), "One".to_owned()), ("x-odd".to_owned(), "two".to_owned())];
    let raw = |framing, then| Raw {
        status: 299,
        headers: headers.clone(),
        body: body.clone().into(),
        pieces: vec![1, 999],
        framing,
        then,
        ..Raw::default()
    };
    for framing in [RawFraming::Chunked, RawFraming::Length, RawFraming::Close] {
        for (reply, _) in all(Fault::Raw(raw(framing, RawEnd::Complete))).await {
            assert_eq!(
                (reply.status.as_u16(), reply.body.as_ref(), reply.broken.is_none()),
                (299, body.as_slice(), true)
            );
            let odd: Vec<_> = reply.headers.get_all("x-odd").iter().collect();
            assert_eq!(odd, ["One", "two"]);
        }
    }
    let supplier = scripted(Rule::always(Fault::Raw(raw(RawFraming::AsGiven, RawEnd::Fin)))).await;
    let (bytes, _) = exchange_raw(supplier.address(), &raw_post(CHAT, &hello(false))).await;
    let head = b"HTTP/1.1 299 Other\r\nX-Odd: One\r\nx-odd: two\r\n\r\n";
    assert_eq!(bytes, [head.as_slice(), &body].concat());
    for then in [RawEnd::Fin, RawEnd::Rst] {
        for (reply, _) in all(Fault::Raw(raw(RawFraming::Chunked, then))).await {
            assert!(reply.broken.is_some());
        }
    }
    let supplier = scripted(Rule::always(Fault::Raw(raw(RawFraming::Length, RawEnd::Silence)))).await;
    assert_eq!(chat(&supplier, &hello(false)).await.body, body);
}

#[tokio::test]
async fn rules_choose_by_model_stream_and_count() {
    let rules = [
        Rule::always(Fault::Quota).of_model("broke"),
        Rule::next(1, Fault::Html).of_streams(true),
        Rule::always(Fault::Unauthorized).of_path("/v1/models"),
    ];
    let supplier = simulator::Supplier::builder().script(rules).spawn().await.unwrap();
    let mut broke = hello(false);
    broke["model"] = json!("broke");
    assert_eq!(chat(&supplier, &broke).await.status, 429);
    assert_eq!(chat(&supplier, &hello(false)).await.status, 200);
    assert!(chat(&supplier, &hello(true)).await.text().contains("<html>"));
    assert_eq!(events(chat(&supplier, &hello(true)).await.text()).pop().unwrap().data, "[DONE]");
    let faults = supplier.counters().faults;
    assert_eq!((faults["quota"], faults["html"]), (1, 1));
}
