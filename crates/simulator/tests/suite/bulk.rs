//! Answers larger than memory should hold, and readers that stop.

use std::time::Duration;

use simulator::{Fault, Outcome, Rule};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream};

use crate::client::{CHAT, MESSAGES, chat, hello, message, raw_post, scripted};

const SIZE: u64 = 5_000_001;

#[tokio::test]
async fn big_answers_are_sound_and_as_long_as_told() {
    let supplier = scripted(Rule::always(Fault::Big { bytes: SIZE, event_bytes: 10_000 })).await;
    let length = |text: &str| text.len() as u64;
    assert_eq!(length(&chat(&supplier, &hello(true)).await.said()), SIZE);
    let stream = message(&supplier, &hello(true)).await;
    assert_eq!(length(&stream.said()), SIZE);
    assert_eq!(stream.events().pop().unwrap().name, "message_stop");
    let plain = chat(&supplier, &hello(false)).await;
    assert_eq!(length(plain.json()["choices"][0]["message"]["content"].as_str().unwrap()), SIZE);
    assert_eq!(plain.header("content-length"), plain.body.len().to_string());
    let plain = message(&supplier, &hello(false)).await.json();
    assert_eq!(length(plain["content"][0]["text"].as_str().unwrap()), SIZE);
}

#[tokio::test]
async fn an_endless_answer_waits_for_its_reader_and_ends_when_he_leaves() {
    for (path, stream) in [(CHAT, true), (MESSAGES, true), (CHAT, false)] {
        let supplier = scripted(Rule::always(Fault::Endless { event_bytes: 4096 })).await;
        let mut socket = TcpStream::connect(supplier.address()).await.unwrap();
        socket.write_all(&raw_post(path, &hello(stream))).await.unwrap();
        let written = || supplier.recorded()[0].written_bytes;
        let mut before = u64::MAX;
        let mut still = 0;
        while supplier.recorded().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while still < 5 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            still = if written() == before { still + 1 } else { 0 };
            before = written();
        }
        assert!(before > 100_000 && before < 64 << 20, "{before}");
        let mut bytes = vec![0; 1 << 20];
        socket.read_exact(&mut bytes).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(written() > before);
        drop(socket);
        supplier.idle().await;
        assert_eq!(supplier.recorded()[0].outcome, Outcome::ClientLeft);
    }
}
