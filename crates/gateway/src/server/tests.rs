use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::LocalSet;

use super::*;
use crate::client_io::LONGEST_STALL;
use crate::shutdown::{Stopper, shutdown};
use crate::status;

const SECOND: Duration = Duration::from_secs(1);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// `:method: GET`, and more to come.
const HALF_A_HEAD: &[u8] = &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];

/// Serves one connection; the client's side of it, and how long it is kept.
fn open() -> (DuplexStream, Stopper, tokio::task::JoinHandle<Duration>) {
    let (client, server) = duplex(1 << 16);
    let (stopper, shutdown) = shutdown();
    let start = Instant::now();
    let answer = Rc::new(|_: Request<Incoming>| async { status::live() });
    let served = tokio::task::spawn_local(async move {
        connection(server, None, shutdown, answer).await;
        start.elapsed()
    });
    (client, stopper, served)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_a_client_that_never_finishes_its_first_head_is_let_go() {
    let begun = [PREFACE, SETTINGS].concat();
    let half = [&begun, HALF_A_HEAD].concat();
    let beginnings: [&[u8]; 8] = [
        b"",
        b"P",
        b"PRI * HT",
        PREFACE,
        &begun,
        &half,
        b"POST /v1/me",
        b"POST /v1/messages HTTP/1.1\r\nhost: a\r\n",
    ];
    for beginning in beginnings {
        LocalSet::new()
            .run_until(async {
                let (mut client, _stopper, served) = open();
                client.write_all(beginning).await.unwrap();
                let kept = timeout(LONGEST_HEAD * 3, served).await;
                let kept = kept.unwrap_or_else(|_| panic!("{beginning:?} is held")).unwrap();
                assert!(kept >= LONGEST_HEAD && kept < LONGEST_HEAD + SECOND, "{beginning:?}: {kept:?}");
            })
            .await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_bytes_that_are_no_request_win_no_time() {
    LocalSet::new()
        .run_until(async {
            let (mut client, _stopper, served) = open();
            client.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
            let pinging = async {
                loop {
                    client.write_all(&[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).await?;
                    if client.read(&mut [0; 1024]).await? == 0 {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                    sleep(SECOND).await;
                }
            };
            let pinged: Result<Infallible, std::io::Error> = pinging.await;
            assert!(pinged.is_err());
            assert!(served.await.unwrap() < LONGEST_HEAD + SECOND * 2);
        })
        .await;
}

/// Asks once over HTTP/2; the connection goes on as long as what comes back is polled.
async fn asked_once(client: DuplexStream) -> impl Future<Output = ()> {
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    let mut connection = Box::pin(connection);
    let request = Request::get("http://a/livez").body(String::new()).unwrap();
    let answered = tokio::select! {
        answered = sender.send_request(request) => answered.unwrap(),
        _ = &mut connection => panic!("it ended"),
    };
    assert_eq!(answered.status(), 200);
    async move {
        let _sender = sender;
        connection.await.ok();
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_an_http_2_connection_that_nobody_uses_is_let_go() {
    for is_heard in [true, false] {
        LocalSet::new()
            .run_until(async {
                let (client, _stopper, served) = open();
                let going_on = Box::pin(asked_once(client).await);
                let kept =
                    if is_heard { tokio::join!(going_on, served).1.unwrap() } else { served.await.unwrap() };
                assert!(kept > LONGEST_STALL && kept < LONGEST_STALL * 3, "{kept:?}");
            })
            .await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p7_a_silent_client_does_not_hold_up_a_stop() {
    for beginning in [&b"P"[..], b"GET /l", PREFACE, &[PREFACE, SETTINGS, HALF_A_HEAD].concat()] {
        LocalSet::new()
            .run_until(async {
                let (mut client, stopper, served) = open();
                client.write_all(beginning).await.unwrap();
                sleep(SECOND).await;
                stopper.enter(Phase::Draining);
                let kept = served.await.unwrap();
                assert!(kept < SECOND * 10, "{beginning:?}: {kept:?}");
            })
            .await;
    }
}
