//! A supplier taken off the network and put back.

use std::time::Duration;

use simulator::{Outcome, Pace, Supplier};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream};

use crate::client::{CHAT, chat, exchange_raw, hello, raw_post};

/// A reply's head and some of its tokens.
const SOME_TOKENS_BYTES: u64 = 1024;

#[tokio::test]
async fn cut_refuses_resets_and_heals_on_the_same_port() {
    let pace = Pace { tokens_per_second: 20.0, ..Pace::default() };
    let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
    let mut idle = TcpStream::connect(supplier.address()).await.unwrap();
    let request = raw_post(CHAT, &hello(true));
    let address = supplier.address();
    let busy = tokio::spawn(async move { exchange_raw(address, &request).await });
    while supplier.counters().sent_bytes < SOME_TOKENS_BYTES {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    supplier.cut().await;
    assert_eq!(supplier.counters().connections_open, 0);
    for _ in 0..100 {
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    let (bytes, end) = busy.await.unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let reset = idle.read(&mut [0; 10]).await.unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    let record = supplier.recorded().remove(0);
    assert_eq!((record.outcome, supplier.counters().cut_off), (Outcome::CutOff, 1));
    assert!(supplier.meter().lines[0].broken_off);

    supplier.heal().await.unwrap();
    supplier.change_settings(|settings| settings.pace = Pace::default());
    assert_eq!(supplier.address(), address);
    assert_eq!(chat(&supplier, &hello(false)).await.status, 200);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_it() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let address = supplier.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    let second = supplier.clone();
    drop(supplier);
    assert_eq!(chat(&second, &hello(false)).await.status, 200);
    drop(second);
    assert_eq!(open.read(&mut [0; 10]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn cut_and_heal_many_times_lose_no_one() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    for _ in 0..50 {
        supplier.cut().await;
        supplier.heal().await.unwrap();
        let mut socket = TcpStream::connect(supplier.address()).await.unwrap();
        socket.write_all(&raw_post(CHAT, &hello(false))).await.unwrap();
        let mut start = [0; 12];
        socket.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
    }
}
