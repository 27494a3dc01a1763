//! A supplier's HTTP/1.1: whatever it answers is read the same however it is cut, and never longer than it is.
#![cfg_attr(fuzzing, no_main)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use upstream::{Dial, DialError, Io, Outgoing, Pieces, Pool, Target, TargetOptions};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((size, answer)) = input.split_first() else { return };
    let whole = read(answer, answer.len().max(1));
    assert_eq!(read(answer, usize::from(*size).max(1)), whole);
    if let Ok((_, body)) = whole {
        assert!(body.len() <= answer.len());
    }
});

/// Status and body, or what is wrong.
fn read(answer: &[u8], size: usize) -> Result<(u16, Vec<u8>), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let pool = Pool::new(Script { answer: answer.to_vec(), size });
        let target = Target::new("http://supplier", TargetOptions::default()).expect("a target");
        let outgoing = || Outgoing {
            method: Method::POST,
            uri: target.uri("/chat"),
            headers: HeaderMap::new(),
            body: Pieces::default(),
        };
        let sent = pool.send(&target, outgoing, Duration::from_secs(60), || {}).await;
        let response = sent.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| format!("{error:?}"))?;
        Ok((status, body.to_bytes().to_vec()))
    })
}

/// A supplier that says `answer`, `size` bytes at a time, and closes.
#[derive(Debug, Clone)]
struct Script {
    answer: Vec<u8>,
    size: usize,
}

impl Dial for Script {
    fn dial<'a>(
        &'a self,
        _host: &'a str,
        _port: u16,
    ) -> Pin<Box<dyn Future<Output = Result<Io, DialError>> + 'a>> {
        Box::pin(std::future::ready(Ok(Io::Simulated(Box::new(self.clone())))))
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.size.min(self.answer.len()).min(buffer.remaining());
        buffer.put_slice(&self.answer[..count]);
        self.answer.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(not(fuzzing))]
fn main() {}
