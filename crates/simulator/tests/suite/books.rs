//! Counters, records and the meter.

use serde_json::json;
use simulator::{Outcome, Pace, Supplier};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream};

use crate::client::{CHAT, chat, hello, message, raw_post, supplier};

#[tokio::test]
async fn requests_are_recorded_byte_for_byte_in_order() {
    let supplier = supplier().await;
    let body = " {\"model\" : \"m\",\n\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 é\"}]} ";
    let head = format!(
        "POST {CHAT}?a=b HTTP/1.1\r\nHOST: x\r\nX-One:  1 \r\nx-one: 2\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let request = head.clone() + body;
    crate::client::exchange_raw(supplier.address(), request.as_bytes()).await.1.unwrap();
    let record = supplier.recorded().remove(0);
    assert_eq!((record.head.as_ref(), record.body.as_ref()), (head.as_bytes(), body.as_bytes()));
    let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["HOST", "X-One", "x-one", "Connection", "Content-Length"]);
    assert_eq!((record.header("x-ONE"), record.target.as_str()), (Some("1"), "/v1/chat/completions?a=b"));
    assert_eq!((record.model.as_deref(), record.stream, record.status), (Some("m"), false, Some(200)));
}

#[tokio::test]
async fn only_the_last_requests_are_kept_and_replies_when_asked() {
    let builder = Supplier::builder().with(|settings| {
        settings.record = 2;
        settings.record_replies = true;
    });
    let supplier = builder.spawn().await.unwrap();
    let mut last = None;
    for _ in 0..3 {
        last = Some(chat(&supplier, &hello(true)).await);
    }
    let records = supplier.recorded();
    assert_eq!(records.iter().map(|record| record.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(records[1].reply, last.unwrap().body);
    assert!(records[1].written_bytes > records[1].reply.len() as u64);
    assert_eq!(records[1].outcome, Outcome::Ended);
}

#[tokio::test]
async fn counters_count() {
    let supplier = supplier().await;
    for _ in 0..2 {
        chat(&supplier, &hello(false)).await;
    }
    message(&supplier, &json!({ "model": "other" })).await;
    let counters = supplier.counters();
    assert_eq!((counters.requests, counters.connections_opened, counters.ended), (3, 3, 3));
    assert_eq!((counters.attempts["m"], counters.attempts["other"]), (2, 1));
    assert_eq!((counters.statuses[&200], counters.statuses[&400], counters.in_flight), (2, 1, 0));
    assert!(counters.received_bytes > 100 && counters.sent_bytes > 1000);
    supplier.forget();
    assert_eq!(
        (supplier.counters().requests, supplier.counters().sent_bytes, supplier.recorded().len()),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn the_meter_agrees_with_the_usage_told() {
    let supplier = supplier().await;
    let usage = chat(&supplier, &hello(false)).await.json()["usage"].clone();
    let thinking = json!({ "model": "m", "max_tokens": 500, "thinking": { "type": "adaptive" },
                           "messages": [{ "role": "user", "content": "Hello" }] });
    let reply = message(&supplier, &thinking).await.json();
    let meter = supplier.meter();
    assert_eq!(meter.lines[0].billed.input_uncached, usage["prompt_tokens"]);
    assert_eq!(meter.lines[0].billed.output, usage["completion_tokens"]);
    let billed = meter.lines[1].billed;
    assert_eq!(meter.lines[1].id, reply["id"].as_str().unwrap());
    assert_eq!(
        (billed.input_uncached, billed.reasoning),
        (reply["usage"]["input_tokens"].as_u64().unwrap(), 24)
    );
    assert_eq!(billed.output + billed.reasoning, reply["usage"]["output_tokens"]);
    assert_eq!((meter.total.requests, meter.by_model["m"].requests), (2, 2));
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_bill_or_not() {
    for stops in [true, false] {
        let pace = Pace { tokens_per_second: 100.0, ..Pace::default() };
        let builder = Supplier::builder().pace(pace);
        let builder = builder.with(|settings| settings.stops_billing_on_abort = stops);
        let supplier = builder.spawn().await.unwrap();
        let mut socket = TcpStream::connect(supplier.address()).await.unwrap();
        socket.write_all(&raw_post(CHAT, &hello(true))).await.unwrap();
        let mut seen = String::new();
        while seen.matches("\"delta\":{\"content\":").count() < 4 {
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).await.unwrap();
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        drop(socket);
        supplier.idle().await;
        let counters = supplier.counters();
        let line = supplier.meter().lines.remove(0).unwrap();
        assert_eq!((counters.client_left, line.broken_off), (1, true));
        assert!(counters.client_left_after[0] >= 4, "{counters:?}");
        assert_eq!(line.billed.output == counters.client_left_after[0], stops, "{line:?}");
    }
}
