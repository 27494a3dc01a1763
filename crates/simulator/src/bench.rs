//! The fast path for load tests: a kind of request is read and answered once, and what it was sent is what all
//! others of its kind on the connection get, for as little work as can be.
//!
//! A kind is a request line, and what the body says of `stream` and `include_usage`; nothing else is looked at. Keeps
//! no books but the connection's byte counts.

use std::{
    sync::{Mutex, atomic::AtomicU64},
    time::Duration,
};

use bytes::Bytes;
use memchr::memmem;
use tokio::time::Instant;

use crate::{
    answer::Answer,
    billing::PromptCache,
    connection::Connection,
    dice::Dice,
    http::{self, Request},
    network::Io,
    protocol::{self, Asking, Desk, Dialect, Label, Reason, Refusal},
    settings::{AnswerStyle, Delivery, Settings},
};

/// Content chunks of a streamed answer.
pub const CHUNKS: usize = 200;

/// Words of a plain answer: with what most protocols put around them, about 1 KiB.
const WORDS: usize = 100;

/// The shortest time that tokio's clock can wait.
const TICK: Duration = Duration::from_millis(1);

/// What sets requests apart that get different replies.
#[derive(Debug, Eq, PartialEq)]
struct Kind {
    line: Bytes,
    stream: Option<bool>,
    usage: Option<bool>,
}

impl Kind {
    fn of(head: &Bytes, body: &[u8]) -> Self {
        let line = head.slice(..memchr::memchr(b'\r', head).unwrap_or(head.len()));
        Self { line, stream: said(body, b"\"stream\""), usage: said(body, b"\"include_usage\"") }
    }
}

/// How streams are cut into writes. What a reader finds together then follows from this, not from who was faster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Bursts {
    /// Events in a write.
    events: usize,
    /// Between two writes, at least.
    pause: Duration,
}

impl Bursts {
    /// The events that are due in the same tick go out together.
    fn every(gap: Duration) -> Self {
        if gap.is_zero() {
            return Self { events: 1, pause: gap };
        }
        let events = TICK.as_nanos().div_ceil(gap.as_nanos()).max(1);
        let pause = gap.saturating_mul(u32::try_from(events).unwrap_or(u32::MAX));
        Self { events: usize::try_from(events).unwrap_or(usize::MAX), pause }
    }
}

/// Serves a connection to its end, at the settings' pace.
pub(crate) async fn serve<I: Io>(connection: &mut Connection<I>, settings: &Settings) {
    let written = AtomicU64::new(0);
    let bursts = Bursts::every(settings.pace.gap());
    let first_after = Duration::from_millis(settings.pace.ttft_ms);
    let mut known: Vec<(Kind, Vec<Bytes>)> = Vec::new();
    while let Ok(Some(head)) = http::read_head(connection).await {
        let Some(body) = read_body(connection, &head).await else { return };
        let kind = Kind::of(&head, &body);
        let place = known.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
            known.push((kind, reply(head, body, settings, bursts.events)));
            known.len() - 1
        });
        if !first_after.is_zero() {
            tokio::time::sleep(first_after).await;
        }
        for (number, bytes) in known[place].1.iter().enumerate() {
            if number > 0 && !bursts.pause.is_zero() {
                tokio::time::sleep(bursts.pause).await;
            }
            if connection.write(bytes, &written).await.is_err() {
                return;
            }
        }
    }
}

/// The reply's writes: one, or those of a stream with so many events in each.
fn reply(head: Bytes, body: Bytes, settings: &Settings, events: usize) -> Vec<Bytes> {
    let Ok(request) = http::parse_head(head) else { return vec![whole("400 Bad Request", "{}")] };
    let request = Request { body, ..request };
    let label = Label {
        seed: settings.seed,
        now_unix_s: 1_767_225_600,
        limit: 10_000,
        remaining: 9_999,
        obfuscation: false,
    };
    let Asking::Answer(dialect) = protocol::asking(&request.method, request.path()) else {
        let nothing = Refusal::new(Reason::NotFound, "a bench only answers prompts");
        return vec![refused(protocol::of_client(&request), &nothing, &label)];
    };
    let settings = Settings { prompt_cache: false, ..settings.clone() };
    let desk = Desk { settings: &settings, cache: &Mutex::new(PromptCache::default()), now: Instant::now() };
    let prompt = match dialect.read(&request, &desk) {
        Ok(prompt) => prompt,
        Err(refusal) => return vec![refused(dialect, &refusal, &label)],
    };
    let words = if prompt.stream {
        (0..CHUNKS).map(|place| format!(" word{place}")).collect::<Vec<_>>().concat()
    } else {
        " word".repeat(WORDS)
    };
    let style = AnswerStyle { words: Some(words), ..AnswerStyle::default() };
    let answer = Answer::to(&prompt, settings.seed, &style);
    if !prompt.stream {
        return vec![whole("200 OK", &dialect.whole(&prompt, &answer, &label))];
    }
    let frames = dialect.frames(&request);
    let mut framer = frames.framer(&Delivery::default());
    let mut dice = Dice::new(settings.seed);
    let framed = dialect.events(&prompt, answer, &label).map(|event| framer.frame(&event, &mut dice));
    let chunks: Vec<Vec<u8>> = framed.filter(|bytes| !bytes.is_empty()).map(|bytes| chunk(&bytes)).collect();
    let mut writes: Vec<Vec<u8>> = chunks.chunks(events).map(<[_]>::concat).collect();
    if let Some(first) = writes.first_mut() {
        first
            .splice(..0, head_of("200 OK", frames.content_type(), "transfer-encoding: chunked").into_bytes());
    }
    if let Some(last) = writes.last_mut() {
        last.extend_from_slice(b"0\r\n\r\n");
    }
    writes.into_iter().map(Bytes::from).collect()
}

fn refused(dialect: &dyn Dialect, refusal: &Refusal, label: &Label) -> Bytes {
    let (status, body) = dialect.refuse(refusal, label);
    whole(&format!("{status} Refused"), &body)
}

fn whole(status: &str, body: &str) -> Bytes {
    let length = format!("content-length: {}", body.len());
    (head_of(status, "application/json", &length) + body).into()
}

fn head_of(status: &str, content_type: &str, framing: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nx-request-id: req_bench\r\nrequest-id: req_bench\r\n\
         {framing}\r\n\r\n"
    )
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// What stands after the first `"name":` if that is true or false, spaces or not.
fn said(body: &[u8], name: &[u8]) -> Option<bool> {
    memmem::find_iter(body, name).find_map(|at| {
        let value = body[at + name.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let is = |word: &[u8]| value.starts_with(word);
        (is(b"true") || is(b"false")).then(|| is(b"true"))
    })
}

async fn read_body<I: Io>(connection: &mut Connection<I>, head: &[u8]) -> Option<Bytes> {
    const LIMIT: usize = 64 << 20;
    let mut length = 0;
    for line in head.split(|byte| *byte == b'\n') {
        match line.first().map(u8::to_ascii_lowercase) {
            Some(b'c') if starts(line, b"content-length:") => {
                length = str::from_utf8(&line[15..]).ok()?.trim().parse().ok()?;
            }
            Some(b't') if starts(line, b"transfer-encoding:") => {
                return http::read_chunks(connection, LIMIT).await.ok();
            }
            _ => {}
        }
    }
    http::read_sized(connection, length, LIMIT).await.ok()
}

fn starts(line: &[u8], name: &[u8]) -> bool {
    line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_with_and_without_spaces() {
        let stream = |body: &[u8]| said(body, b"\"stream\"");
        assert_eq!(stream(br#"{"stream": true}"#), Some(true));
        assert_eq!(stream(br#"{"stream":true}"#), Some(true));
        assert_eq!(stream(br#"{"stream":false}"#), Some(false));
        assert_eq!(stream(br#"{"streams":true}"#), None);
    }

    #[test]
    fn what_is_due_in_a_tick_is_written_together() {
        let every = |micros| {
            let bursts = Bursts::every(Duration::from_micros(micros));
            (bursts.events, bursts.pause.as_micros())
        };
        assert_eq!(every(0), (1, 0));
        assert_eq!(every(100), (10, 1000));
        assert_eq!(every(300), (4, 1200));
        assert_eq!(every(20_000), (1, 20_000));
    }

    #[test]
    fn a_stream_is_written_in_bursts_of_the_same_bytes() {
        let head = Bytes::from_static(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n");
        let body = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
        let writes = |events| reply(head.clone(), body.into(), &Settings::default(), events);
        let (single, tens) = (writes(1), writes(10));
        assert!(single.len() > CHUNKS, "{}", single.len());
        assert_eq!(tens.len(), single.len().div_ceil(10));
        assert_eq!(single.concat(), tens.concat());
    }
}
