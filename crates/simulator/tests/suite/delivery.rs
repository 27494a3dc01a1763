//! The same answer in every layout of bytes.

use std::time::Duration;

use simulator::{Delivery, Handle, LineEnd, Supplier};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::{CHAT, chat, exchange_raw, hello, message, raw_post};

async fn laid_out(delivery: Delivery) -> Handle {
    Supplier::builder().with(|settings| settings.delivery = delivery).spawn().await.unwrap()
}

#[tokio::test]
async fn every_layout_says_the_same() {
    let plain = Delivery::default();
    let layouts = [
        Delivery { split: 3, ..plain.clone() },
        Delivery { split: 40, line_end: LineEnd::Crlf, tight: true, ..plain.clone() },
        Delivery { line_end: LineEnd::Cr, comments: true, ..plain.clone() },
        Delivery { multi_line: true, comments: true, line_end: LineEnd::Crlf, split: 1, ..plain.clone() },
        Delivery { ascii: true, obfuscation: true, ..plain.clone() },
    ];
    let reference = laid_out(plain).await;
    let (said, told) =
        (chat(&reference, &hello(true)).await.said(), message(&reference, &hello(true)).await.said());
    assert!(said.len() > 20 && told.len() > 20);
    for layout in layouts {
        let supplier = laid_out(layout.clone()).await;
        assert_eq!(chat(&supplier, &hello(true)).await.said(), said, "{layout:?}");
        assert_eq!(message(&supplier, &hello(true)).await.said(), told, "{layout:?}");
        let plain = chat(&supplier, &hello(false)).await;
        assert_eq!(plain.json()["choices"][0]["message"]["content"], said.as_str(), "{layout:?}");
    }
}

#[tokio::test]
async fn layouts_are_seen_on_the_wire() {
    let shown = |delivery| async {
        let supplier = laid_out(delivery).await;
        chat(&supplier, &hello(true)).await.text().to_owned()
    };
    let crlf = shown(Delivery { line_end: LineEnd::Crlf, tight: true, ..Delivery::default() }).await;
    assert!(
        crlf.contains("data:{") && crlf.contains("}\r\n\r\ndata:") && crlf.ends_with("data:[DONE]\r\n\r\n")
    );
    assert!(shown(Delivery { comments: true, ..Delivery::default() }).await.contains(": still here"));
    assert!(
        shown(Delivery { multi_line: true, ..Delivery::default() }).await.contains("data: {\ndata: \"id\"")
    );
    assert!(
        shown(Delivery { obfuscation: true, ..Delivery::default() }).await.contains("\"obfuscation\":\"")
    );
    assert!(shown(Delivery { ascii: true, ..Delivery::default() }).await.is_ascii());
}

#[tokio::test]
async fn split_bodies_come_in_small_chunks_cut_anywhere() {
    let supplier = laid_out(Delivery { split: 5, ..Delivery::default() }).await;
    let mut request = raw_post(CHAT, &hello(true));
    let at = request.windows(2).position(|pair| pair == b"\r\n").unwrap();
    request.splice(at..at, b"\r\nConnection: close".iter().copied());
    let (bytes, _) = exchange_raw(supplier.address(), &request).await;
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (mut rest, mut sizes) = (&bytes[at + 4..], Vec::new());
    loop {
        let line = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let size = usize::from_str_radix(str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        sizes.push(size);
        rest = &rest[line + 2 + size + 2..];
    }
    assert!(sizes.iter().all(|size| (1..=5).contains(size)));
    assert!((1..=5).all(|size| sizes.contains(&size)));
}

#[tokio::test]
async fn silences_are_filled_with_signs_of_life() {
    let delivery = Delivery { ping_ms: 20, ..Delivery::default() };
    let builder = Supplier::builder().with(|settings| {
        settings.delivery = delivery;
        settings.pace.ttft_ms = 150;
    });
    let supplier = builder.spawn().await.unwrap();
    assert!(chat(&supplier, &hello(true)).await.text().matches(": ping\n\n").count() >= 5);
    let pings = message(&supplier, &hello(true)).await;
    assert!(pings.events().iter().filter(|event| event.name == "ping").count() >= 6);
}

#[tokio::test]
async fn connections_end_after_each_reply_told_or_not() {
    let told = Delivery { close: true, ..Delivery::default() };
    let silent = Delivery { close_silently: true, ..Delivery::default() };
    for (delivery, says) in [(told, true), (silent, false)] {
        let supplier = laid_out(delivery).await;
        let (bytes, _) = exchange_raw(supplier.address(), &raw_post(CHAT, &hello(false)).repeat(2)).await;
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("HTTP/1.1 200").count(), 1);
        assert_eq!(text.contains("connection: close"), says);
    }
}

#[tokio::test]
async fn idle_connections_end() {
    let supplier = laid_out(Delivery { idle_ms: 50, ..Delivery::default() }).await;
    let (bytes, end) = exchange_raw(supplier.address(), &raw_post(CHAT, &hello(false))).await;
    assert!(bytes.starts_with(b"HTTP/1.1 200") && end.is_ok());
}

#[tokio::test]
async fn changed_settings_hold_for_the_next_request_of_an_open_connection() {
    let supplier = laid_out(Delivery::default()).await;
    let mut socket = TcpStream::connect(supplier.address()).await.unwrap();
    for delivery in [Delivery::default(), Delivery { close: true, ..Delivery::default() }] {
        // Changed while the connection waits for its next request.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let closes = delivery.close;
        supplier.change_settings(|settings| settings.delivery = delivery);
        socket.write_all(&raw_post(CHAT, &hello(false))).await.unwrap();
        let mut reply = Vec::new();
        while !reply.ends_with(b"}") {
            assert_ne!(socket.read_buf(&mut reply).await.unwrap(), 0);
        }
        let head = String::from_utf8_lossy(&reply).into_owned();
        assert_eq!(head.contains("connection: close\r\n"), closes, "{head}");
    }
}
