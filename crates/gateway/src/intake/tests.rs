use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use http_body_util::Full;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::gzip::tests::gzip;

fn encoded(encoding: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
    }
    headers
}

async fn taken(encoding: Option<&str>, body: Bytes, limit: usize) -> Result<Bytes, IntakeError> {
    let memory = MemoryBudget::new(1 << 20);
    take(&encoded(encoding), Full::new(body), limit, &memory).await.map(|intake| intake.body)
}

#[tokio::test(flavor = "current_thread")]
async fn bodies_are_taken_as_they_are_or_unpacked() {
    let plain = Bytes::from_static(b"{\"model\":\"m\"}");
    for encoding in [None, Some(""), Some("identity"), Some("Identity")] {
        assert_eq!(taken(encoding, plain.clone(), 100).await.unwrap(), plain);
    }
    for encoding in ["gzip", "GZIP", "x-gzip", " Gzip "] {
        assert_eq!(taken(Some(encoding), gzip(&plain), 100).await.unwrap(), plain);
    }
    assert!(matches!(taken(Some("br"), plain.clone(), 100).await, Err(IntakeError::Encoding(_))));
    assert!(matches!(taken(Some("gzip"), plain, 100).await, Err(IntakeError::NotGzip)));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_too_large_is_told_from_what_is_damaged() {
    let large = gzip(&[b' '; 101]);
    assert!(matches!(taken(Some("gzip"), large.clone(), 100).await, Err(IntakeError::TooLarge { .. })));
    assert!(matches!(
        taken(None, Bytes::from(vec![b' '; 101]), 100).await,
        Err(IntakeError::TooLarge { .. })
    ));
    let cut = large.slice(..large.len() - 5);
    assert!(matches!(taken(Some("gzip"), cut, 1000).await, Err(IntakeError::NotGzip)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_body_packed_for_the_way_is_not_taken_for_a_plain_one() {
    for (coding, is_taken) in [("chunked", true), ("Chunked", true), ("gzip, chunked", false)] {
        let (sender, body) = sent(None);
        sender.send(Bytes::from_static(b"{}")).unwrap();
        drop(sender);
        let headers = HeaderMap::from_iter([(header::TRANSFER_ENCODING, coding.parse().unwrap())]);
        let taken = take(&headers, body, 100, &MemoryBudget::new(1 << 20)).await;
        assert_eq!(taken.is_ok(), is_taken, "{coding}");
    }
}

/// A body that comes as it is sent.
struct Sent(UnboundedReceiver<Bytes>, SizeHint);

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|chunk| Some(Ok(Frame::data(chunk?))))
    }

    fn size_hint(&self) -> SizeHint {
        self.1
    }
}

fn sent(announced: Option<u64>) -> (UnboundedSender<Bytes>, Sent) {
    let (sender, receiver) = unbounded_channel();
    (sender, Sent(receiver, announced.map(SizeHint::with_exact).unwrap_or_default()))
}

const LIMIT: usize = 32 << 20;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_an_upload_that_stops_keeps_no_others_out() {
    for announced in [Some(LIMIT as u64), None] {
        let memory = MemoryBudget::new(LIMIT);
        let (sender, body) = sent(announced);
        sender.send(Bytes::from(vec![b' '; 100 * 1024])).unwrap();
        let headers = HeaderMap::new();
        let mut taking = std::pin::pin!(take(&headers, body, LIMIT, &memory));
        assert!(timeout(Duration::from_secs(1), taking.as_mut()).await.is_err(), "it waits for the rest");
        assert!(
            memory.try_reserve(LIMIT - (1 << 20)).is_some(),
            "the rest of the memory is there for others"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_large_bodies_are_taken_one_after_the_other() {
    let memory = MemoryBudget::new(LIMIT);
    let take_one = async || {
        let (sender, body) = sent(Some(LIMIT as u64));
        sender.send(Bytes::from(vec![b' '; LIMIT / 2])).unwrap();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send(Bytes::from(vec![b' '; LIMIT / 2])).unwrap();
        });
        take(&HeaderMap::new(), body, LIMIT, &memory).await.map(|intake| intake.body.len())
    };
    let (first, second, third) = tokio::join!(take_one(), take_one(), take_one());
    assert_eq!([first, second, third].map(Result::unwrap), [LIMIT; 3]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_a_body_must_come_at_a_pace() {
    for (bytes_per_s, comes) in [(20 * 1024, true), (8 * 1024, false)] {
        let memory = MemoryBudget::new(LIMIT);
        let (sender, body) = sent(Some(2 << 20));
        tokio::spawn(async move {
            for _ in 0..(2 << 20) / bytes_per_s {
                tokio::time::sleep(Duration::from_secs(1)).await;
                sender.send(Bytes::from(vec![b' '; bytes_per_s])).ok();
            }
            sender.send(Bytes::from(vec![b' '; (2 << 20) % bytes_per_s])).ok();
        });
        let began = Instant::now();
        let taken = take(&HeaderMap::new(), body, LIMIT, &memory).await;
        match taken {
            Ok(intake) => assert!(comes && intake.body.len() == 2 << 20),
            Err(error) => {
                assert!(!comes && matches!(error, IntakeError::TooSlow), "{error}");
                assert!((GRACE..3 * GRACE).contains(&began.elapsed()), "{:?}", began.elapsed());
            }
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn bodies_in_pieces_are_put_together_within_their_share() {
    for announced in [Some(3 << 20), None] {
        let memory = MemoryBudget::new(LIMIT);
        let (sender, body) = sent(announced);
        for piece in 0..48_u8 {
            sender.send(Bytes::from(vec![piece; 64 * 1024])).unwrap();
        }
        drop(sender);
        let intake = take(&HeaderMap::new(), body, LIMIT, &memory).await.unwrap();
        assert_eq!(intake.body.len(), 3 << 20);
        assert!(intake.body.chunks(64 * 1024).zip(0..).all(|(piece, number)| piece[0] == number));
        assert!(memory.try_reserve(LIMIT - (3 << 20)).is_some());
        assert!(memory.try_reserve(LIMIT - (3 << 20) + 1).is_none());
    }
}

/// How long a body is read that nobody wants, when it comes in pieces at a pace.
async fn forgotten(farewell: Farewell, announced: Option<usize>, piece: usize, every: Duration) -> Duration {
    let (sender, body) = sent(announced.map(|bytes| bytes as u64));
    tokio::spawn(async move {
        while sender.send(Bytes::from(vec![b' '; piece])).is_ok() {
            tokio::time::sleep(every).await;
        }
    });
    let began = Instant::now();
    forget(&HeaderMap::new(), body, farewell).await;
    began.elapsed()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn p9_less_is_read_for_a_stranger_than_for_a_product_before_it_is_refused() {
    let product = Farewell::of_a_product(LIMIT);
    for (farewell, within_s) in [(product, 5), (Farewell::OF_A_STRANGER, 2)] {
        let drips = forgotten(farewell, None, 1, Duration::from_millis(10)).await;
        assert_eq!(drips.as_secs(), within_s, "who drips is answered all the same");
    }
    let (piece, every) = (512 * 1024, Duration::from_millis(100));
    let (of_product, of_stranger) = (
        forgotten(product, None, piece, every).await,
        forgotten(Farewell::OF_A_STRANGER, None, piece, every).await,
    );
    assert_eq!((of_product.as_secs(), of_stranger.as_millis() / 100), (5, 2), "a mebibyte and no more");
    let announced = forgotten(Farewell::OF_A_STRANGER, Some(2 << 20), piece, every).await;
    assert_eq!(announced, Duration::ZERO, "who announces more is not listened to");
}
