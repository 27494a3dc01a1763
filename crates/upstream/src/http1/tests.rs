//! Answers as bytes, cut anywhere, and what becomes of their connection.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::AnswerBody;
use crate::dial::{Dial, DialError};
use crate::pool::{Pool, SendError};
use crate::target::{Target, TargetOptions};

/// The other sides of the connections that were dialled, and how much is on its way at once.
#[derive(Debug)]
struct Wires {
    ends: RefCell<Vec<DuplexStream>>,
    room: usize,
}

#[derive(Debug)]
struct Dialler(Rc<Wires>);

impl Dial for Dialler {
    fn dial<'a>(
        &'a self,
        _host: &'a str,
        _port: u16,
    ) -> Pin<Box<dyn Future<Output = Result<Io, DialError>> + 'a>> {
        let (ours, theirs) = tokio::io::duplex(self.0.room);
        self.0.ends.borrow_mut().push(theirs);
        Box::pin(std::future::ready(Ok(Io::Simulated(Box::new(ours)))))
    }
}

struct Rig {
    wires: Rc<Wires>,
    pool: Pool,
    target: Target,
}

impl Rig {
    fn new(room: usize) -> Self {
        let wires = Rc::new(Wires { ends: RefCell::default(), room });
        let pool = Pool::new(Dialler(Rc::clone(&wires)));
        Self { wires, pool, target: Target::new("http://supplier/v1", TargetOptions::default()).unwrap() }
    }

    async fn send(&self, body: &'static [u8]) -> Result<Response<AnswerBody>, SendError> {
        let mut headers = HeaderMap::new();
        self.target.apply(&mut headers);
        let body = Pieces::new([Bytes::from_static(body)]);
        let outgoing = Outgoing { method: Method::POST, uri: self.target.uri("/chat"), headers, body };
        self.pool.send(&self.target, || outgoing.clone(), Duration::from_secs(5), |_| {}).await
    }

    /// The other side of the connection that was dialled last.
    async fn supplier(&self) -> DuplexStream {
        loop {
            if let Some(end) = self.wires.ends.borrow_mut().pop() {
                return end;
            }
            tokio::task::yield_now().await;
        }
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

/// Reads a request up to and with its body.
async fn request(end: &mut DuplexStream) -> Vec<u8> {
    let mut seen = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            if body.len() >= length.parse().unwrap() {
                return seen;
            }
        }
        let mut piece = [0; 4096];
        let count = end.read(&mut piece).await.unwrap();
        assert!(count > 0, "the request broke off: {text}");
        seen.extend_from_slice(&piece[..count]);
    }
}

/// Answers the request that comes with a short body.
async fn serve(end: &mut DuplexStream) {
    request(end).await;
    end.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
}

/// Asks twice; the first is served.
async fn second_answer(rig: &Rig) -> Result<Response<AnswerBody>, SendError> {
    whole(rig.send(b"1").await.unwrap()).await.unwrap();
    rig.send(b"2").await
}

async fn whole(response: Response<AnswerBody>) -> Result<Bytes, ExchangeError> {
    response.into_body().collect().await.map(http_body_util::Collected::to_bytes)
}

/// What becomes of `answer` when it comes in pieces of `sizes` bytes and then the other side closes.
fn read_in_pieces(answer: &[u8], sizes: &[usize]) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    run(async {
        let rig = Rig::new(1 << 20);
        let supplier = async {
            let mut end = rig.supplier().await;
            request(&mut end).await;
            let mut left = answer;
            for size in sizes.iter().copied().chain(std::iter::repeat(usize::MAX)) {
                let (piece, rest) = left.split_at(size.clamp(1, left.len().max(1)).min(left.len()));
                // It may have heard enough.
                if end.write_all(piece).await.is_err() || rest.is_empty() {
                    break;
                }
                left = rest;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let asking = async {
            let response = rig.send(b"hello").await.map_err(|error| format!("{error:?}"))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = whole(response).await.map_err(|error| format!("{error:?}"))?;
            Ok((status, headers, body))
        };
        tokio::join!(asking, supplier).0
    })
}

fn read(answer: &str) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    read_in_pieces(answer.as_bytes(), &[])
}

#[test]
fn a_request_is_as_http_wants_it_and_its_connection_serves_the_next() {
    run(async {
        let rig = Rig::new(1 << 16);
        let supplier = async {
            let mut end = rig.supplier().await;
            for _ in 0..2 {
                let seen = String::from_utf8(request(&mut end).await).unwrap();
                let expected = "POST /v1/chat HTTP/1.1\r\nhost: supplier\r\ncontent-length: 5\r\n\r\nhello";
                assert_eq!(seen, expected);
                end.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
            }
            end
        };
        let asking = async {
            for _ in 0..2 {
                assert_eq!(whole(rig.send(b"hello").await.unwrap()).await.unwrap(), "hi");
            }
        };
        let ((), _end) = tokio::join!(asking, supplier);
        assert!(rig.wires.ends.borrow().is_empty(), "one connection was enough");
    });
}

#[test]
fn bodies_end_where_they_say() {
    let body = |answer: &str| read(answer).map(|(_, _, body)| String::from_utf8(body.to_vec()).unwrap());
    let head = "HTTP/1.1 200 OK\r\n";
    assert_eq!(body(&format!("{head}content-length: 2\r\n\r\nhi")).unwrap(), "hi");
    assert_eq!(body(&format!("{head}content-length: 2, 2\r\n\r\nhi")).unwrap(), "hi");
    assert_eq!(body(&format!("{head}content-length: 0\r\n\r\n")).unwrap(), "");
    assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n").unwrap(), "");
    assert_eq!(body(&format!("{head}\r\nuntil closed")).unwrap(), "until closed");
    assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nold").unwrap(), "old");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    assert_eq!(body(&format!("{chunked}2\r\nhi\r\n0\r\n\r\n")).unwrap(), "hi");
    assert_eq!(
        body(&format!("{chunked}1;why=\"so\"\r\nh\r\n0001\r\ni\r\n0\r\nx-sum: 1\r\nb: c\r\n\r\n")).unwrap(),
        "hi"
    );
    let announced = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    assert_eq!(body(&format!("{announced}{head}content-length: 2\r\n\r\nhi")).unwrap(), "hi");
}

#[test]
fn what_is_cut_or_is_no_http_is_an_error() {
    let fails = |answer: &str| read(answer).unwrap_err();
    let head = "HTTP/1.1 200 OK\r\n";
    assert!(fails("").contains("Unheard"));
    assert!(fails("HTTP/1.1 200").contains("Io"), "half a head");
    assert!(fails(&format!("{head}content-length: 3\r\n\r\nhi")).contains("Closed"));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    for cut in ["", "2", "2\r\nh", "2\r\nhi", "2\r\nhi\r\n", "2\r\nhi\r\n0\r\n", "2\r\nhi\r\n0\r\n\r"] {
        assert!(fails(&format!("{chunked}{cut}")).contains("Closed"), "{cut:?}");
    }
    for wrong in [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "2\nhi\r\n0\r\n\r\n",
        "2\r\nhi0\r\n\r\n",
        "2\r\nhix\r\n",
        "11111111111111111\r\n",
        "0\r\nx: y\nz: a\r\n\r\n",
        "2;a\nb\r\n",
    ] {
        assert!(fails(&format!("{chunked}{wrong}")).contains("Malformed"), "{wrong:?}");
    }
    for wrong in [
        "content-length: 2\r\ncontent-length: 3",
        "content-length: +2",
        "content-length: 2, x",
        "content-length:",
        "no colon",
    ] {
        assert!(fails(&format!("{head}{wrong}\r\n\r\nhi")).contains("Malformed"), "{wrong:?}");
    }
    assert!(fails("HTTP/1.1 101 Switching Protocols\r\n\r\n").contains("Malformed"));
    assert!(fails("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").contains("Malformed"));
    for wrong in ["gzip", "gzip, chunked", "chunked, chunked", "chunked\r\ntransfer-encoding: chunked", ""] {
        let answer = format!("{head}transfer-encoding: {wrong}\r\n\r\n0\r\n\r\n");
        assert!(fails(&answer).contains("Malformed"), "{wrong:?}");
    }
    assert!(fails("<html>busy</html>").contains("Malformed"));
}

#[test]
fn nothing_grows_without_bound() {
    let long = "x".repeat(20_000);
    let fails = |answer: &str| read(answer).unwrap_err();
    // To the byte, in whatever pieces it comes.
    let head = |bytes: usize| {
        let around = "HTTP/1.1 204 No Content\r\nx: \r\n\r\n".len();
        format!("HTTP/1.1 204 No Content\r\nx: {}\r\n\r\n", "x".repeat(bytes - around))
    };
    assert!(read(&head(16 * 1024)).is_ok());
    for bytes in [16 * 1024 + 1, 20_000, 32 * 1024] {
        assert!(fails(&head(bytes)).contains("too long"), "{bytes}");
    }
    let announced = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    assert!(read(&(announced.repeat(100) + &head(1_000))).is_ok());
    assert!(fails(&(announced.repeat(1_000) + &head(1_000))).contains("too long"));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert!(fails(&format!("{chunked}2;{long}\r\nhi\r\n0\r\n\r\n")).contains("beside"));
    assert!(fails(&format!("{chunked}0\r\nx: {long}\r\n\r\n")).contains("beside"));
    assert!(fails(&format!("{chunked}{}1\r\n", "0".repeat(20_000))).contains("beside"));
}

/// Two requests, and whether the second went over the first one's connection.
fn is_kept(answer: &'static str) -> bool {
    run(async {
        let rig = Rig::new(1 << 16);
        let asking = async { whole(rig.send(b"1").await.unwrap()).await.unwrap() };
        let supplier = async {
            let mut end = rig.supplier().await;
            request(&mut end).await;
            end.write_all(answer.as_bytes()).await.unwrap();
            end
        };
        let (_, mut first) = tokio::join!(asking, supplier);
        let says_more = async {
            if first.read(&mut [0]).await.unwrap() == 0 {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = rig.send(b"2") => unreachable!("nobody answers"),
            _ = rig.supplier() => false,
            () = says_more => true,
        }
    })
}

#[test]
fn only_a_connection_without_doubt_is_used_again() {
    assert!(is_kept("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"));
    assert!(is_kept("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
    assert!(is_kept("HTTP/1.1 204 No Content\r\n\r\n"));
    assert!(is_kept("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 2\r\n\r\nhi"));
    assert!(!is_kept("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi"));
    assert!(!is_kept("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\nhi"));
    assert!(
        !is_kept("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi there is more"),
        "something unasked behind it"
    );
    let both =
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    assert!(!is_kept(both), "two lengths: somebody on the way may believe the other");
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced_unseen() {
    run(async {
        let rig = Rig::new(1 << 16);
        for _ in 0..2 {
            let supplier = async {
                let mut end = rig.supplier().await;
                serve(&mut end).await;
            };
            let asking = async { whole(rig.send(b"hello").await.unwrap()).await.unwrap() };
            assert_eq!(tokio::join!(asking, supplier).0, "hi");
        }
    });
}

#[test]
fn a_kept_connection_that_closes_as_it_is_used_is_replaced_unseen() {
    run(async {
        let rig = Rig::new(1 << 16);
        let supplier = async {
            let mut end = rig.supplier().await;
            serve(&mut end).await;
            request(&mut end).await;
            drop(end);
            let mut end = rig.supplier().await;
            request(&mut end).await;
            end.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nho").await.unwrap();
        };
        let (second, ()) = tokio::join!(second_answer(&rig), supplier);
        assert_eq!(whole(second.unwrap()).await.unwrap(), "ho");
    });
}

#[test]
fn a_request_that_was_half_answered_is_not_sent_again() {
    run(async {
        let rig = Rig::new(1 << 16);
        let supplier = async {
            let mut end = rig.supplier().await;
            serve(&mut end).await;
            request(&mut end).await;
            end.write_all(b"HTTP/1.1 200 OK\r\nconte").await.unwrap();
        };
        let (second, ()) = tokio::join!(second_answer(&rig), supplier);
        assert!(matches!(second, Err(SendError::Broken(ExchangeError::Io(_)))));
        assert!(rig.wires.ends.borrow().is_empty(), "nobody was asked again");
    });
}

#[test]
fn a_request_that_was_worked_on_is_not_sent_again() {
    run(async {
        let rig = Rig::new(1 << 16);
        let supplier = async {
            let mut end = rig.supplier().await;
            serve(&mut end).await;
            request(&mut end).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        };
        let (second, ()) = tokio::join!(second_answer(&rig), supplier);
        assert!(matches!(second, Err(SendError::Broken(ExchangeError::Unheard(_)))));
        assert!(rig.wires.ends.borrow().is_empty(), "nobody was asked again");
    });
}

#[test]
fn idle_connections_are_closed_in_time() {
    run(async {
        let rig = Rig::new(1 << 16);
        let supplier = async {
            let mut end = rig.supplier().await;
            serve(&mut end).await;
            end
        };
        let asking = async { whole(rig.send(b"hello").await.unwrap()).await.unwrap() };
        let (_, mut end) = tokio::join!(asking, supplier);
        let kept_since = tokio::time::Instant::now();
        assert_eq!(end.read(&mut [0]).await.unwrap(), 0);
        let kept_s = kept_since.elapsed().as_secs();
        assert!((55..=75).contains(&kept_s), "closed after {kept_s} s");
    });
}

#[test]
fn an_early_refusal_is_heard_though_the_request_is_not_taken() {
    static LARGE: [u8; 1 << 20] = [b'x'; 1 << 20];
    for closes in [false, true] {
        run(async {
            let rig = Rig::new(1 << 12);
            let supplier = async {
                let mut end = rig.supplier().await;
                end.write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 4\r\n\r\nmuch")
                    .await
                    .unwrap();
                (!closes).then_some(end)
            };
            let asking = async {
                let response = rig.send(&LARGE).await.unwrap();
                assert_eq!(response.status(), 413);
                assert_eq!(whole(response).await.unwrap(), "much");
            };
            let (end, ()) = tokio::join!(supplier, asking);
            assert!(rig.pool.is_empty(), "half a request stands on that connection");
            drop(end);
        });
    }
}

/// A body in chunks with what may stand beside them, and its content.
fn chunks() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let content = prop::collection::vec(any::<u8>(), 1..60);
    let aside = prop_oneof![Just(String::new()), "[ \t]?;[a-z]{1,5}=[a-z0-9]{1,5}"];
    let trailers = prop::collection::vec("[a-z]{1,5}: [a-z]{0,9}\r\n", 0..3);
    (prop::collection::vec((content, aside), 0..12), trailers).prop_map(|(chunks, trailers)| {
        let (mut bytes, mut all) = (Vec::new(), Vec::new());
        for (content, aside) in chunks {
            bytes.extend(format!("{:x}{aside}\r\n", content.len()).into_bytes());
            bytes.extend(&content);
            bytes.extend(b"\r\n");
            all.extend(content);
        }
        bytes.extend(format!("0\r\n{}\r\n", trailers.concat()).into_bytes());
        (bytes, all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn p4_a_chunked_body_is_the_same_however_it_is_cut(
        (bytes, content) in chunks(),
        sizes in prop::collection::vec(1_usize..40, 0..30),
    ) {
        let head = b"HTTP/1.1 200 OK\r\nserver: s\r\ntransfer-encoding: chunked\r\n\r\n";
        let (status, headers, body) = read_in_pieces(&[head.as_slice(), &bytes].concat(), &sizes).unwrap();
        prop_assert_eq!(status, 200);
        prop_assert_eq!(headers.get("server").unwrap(), "s");
        prop_assert_eq!(body, content);
    }

    #[test]
    fn any_bytes_are_read_the_same_however_they_are_cut(
        bytes in prop::collection::vec(prop::sample::select(b"0123af;:, \t\r\n\r\n\r\nhx".to_vec()), 0..60),
        begins in prop::sample::select(vec![
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n",
        ]),
        sizes in prop::collection::vec(1_usize..20, 0..30),
    ) {
        let answer = [begins.as_bytes(), &bytes].concat();
        prop_assert_eq!(read_in_pieces(&answer, &[]), read_in_pieces(&answer, &sizes));
    }
}
