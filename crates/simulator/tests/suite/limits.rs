//! Limits on requests, and what headers say of them.

use simulator::{Pace, Supplier};
use std::time::{Duration, Instant};

use crate::client::{chat, hello, message};

#[tokio::test]
async fn past_the_minutes_requests_comes_429() {
    let supplier =
        Supplier::builder().with(|settings| settings.requests_per_minute = Some(2)).spawn().await.unwrap();
    let first = chat(&supplier, &hello(false)).await;
    assert_eq!((first.status.as_u16(), first.header("x-ratelimit-remaining-requests")), (200, "1"));
    let second = message(&supplier, &hello(false)).await;
    assert_eq!(second.header("anthropic-ratelimit-requests-remaining"), "0");
    let third = message(&supplier, &hello(false)).await;
    assert_eq!((third.status.as_u16(), third.header("retry-after")), (429, "30"));
    assert!(third.header("anthropic-ratelimit-requests-reset").ends_with('Z'));
}

#[tokio::test]
async fn replies_bear_ids_of_their_own() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let (one, two) = (chat(&supplier, &hello(false)).await, chat(&supplier, &hello(false)).await);
    assert!(one.header("x-request-id").starts_with("req_"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert!(message(&supplier, &hello(false)).await.header("request-id").starts_with("req_011C"));
}

#[tokio::test]
async fn a_larger_body_is_413() {
    let supplier =
        Supplier::builder().with(|settings| settings.max_request_bytes = 10).spawn().await.unwrap();
    assert_eq!(chat(&supplier, &hello(false)).await.status, 413);
    let request =
        [&crate::client::raw_post("/v1/messages", &hello(false)), vec![b' '; 300_000].as_slice()].concat();
    let (bytes, end) = crate::client::exchange_raw(supplier.address(), &request).await;
    assert!(bytes.starts_with(b"HTTP/1.1 413 ") && end.is_ok());
}

#[tokio::test]
async fn tokens_come_at_their_pace() {
    let pace = Pace { headers_ms: 50, ttft_ms: 100, tokens_per_second: 200.0, jitter: 0.0 };
    let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
    for stream in [true, false] {
        let start = Instant::now();
        let reply = chat(&supplier, &hello(stream)).await;
        let tokens = if stream {
            reply.events().len() - 3
        } else {
            usize::try_from(reply.json()["usage"]["completion_tokens"].as_u64().unwrap()).unwrap()
        };
        let least = Duration::from_millis(100 + 5 * (tokens as u64 - 1));
        let took = start.elapsed();
        assert!(took >= least && took < least + Duration::from_secs(2), "{took:?} for {tokens} tokens");
    }
}
