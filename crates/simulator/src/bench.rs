//! The fast path for load tests: one fixed answer, rendered at the start, for as little work as can be.
//!
//! Looks at nothing but the path's end, the body's length and two words in it. Keeps no books but the
//! connection's byte counts.

use std::{
    sync::{LazyLock, atomic::AtomicU64},
    time::Duration,
};

use bytes::Bytes;
use memchr::memmem;
use tokio::time::Instant;

use crate::{connection::Connection, http, network::Io};

/// Content chunks of a streamed answer.
pub const CHUNKS: usize = 200;

/// One protocol's fixed replies, head and framing included.
struct Replies {
    whole: Bytes,
    /// Each written by itself.
    stream: Vec<Bytes>,
    /// What comes before the last one where usage is asked for; the same otherwise.
    usage: Option<Bytes>,
}

static CHAT: LazyLock<Replies> = LazyLock::new(chat);
static MESSAGES: LazyLock<Replies> = LazyLock::new(messages);

/// Serves a connection to its end, with `gap` between the chunks of a stream.
pub(crate) async fn serve<I: Io>(connection: &mut Connection<I>, gap: Duration) {
    let written = AtomicU64::new(0);
    while let Ok(Some(head)) = http::read_head(connection).await {
        let Some(body) = read_body(connection, &head).await else { return };
        let line = &head[..memchr::memchr(b'\r', &head).unwrap_or(head.len())];
        let replies = if memmem::find(line, b"/messages").is_some() { &MESSAGES } else { &CHAT };
        if !is_true(&body, b"\"stream\"") {
            if connection.write(&replies.whole, &written).await.is_err() {
                return;
            }
            continue;
        }
        let usage = replies.usage.iter().filter(|_| is_true(&body, b"\"include_usage\""));
        let mut due = Instant::now();
        let (last, chunks) = replies.stream.split_last().expect("a stream has chunks");
        for chunk in chunks.iter().chain(usage).chain([last]) {
            if connection.write(chunk, &written).await.is_err() {
                return;
            }
            if !gap.is_zero() {
                due += gap;
                tokio::time::sleep_until(due).await;
            }
        }
    }
}

/// Whether `"name": true` stands anywhere, spaces or not.
fn is_true(body: &[u8], name: &[u8]) -> bool {
    memmem::find_iter(body, name).any(|at| {
        let rest = body[at + name.len()..].trim_ascii_start();
        rest.strip_prefix(b":").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"true"))
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

const WHOLE_BYTES: usize = 1024;
const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-request-id: req_bench\r\n\
                           request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n";

fn whole(body: &str) -> Bytes {
    let body = body.replace("TEXT", &"word ".repeat(WHOLE_BYTES)[..WHOLE_BYTES + 4 - body.len()]);
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\nrequest-id: req_bench\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// `events`, each a chunk; the head with the first, the end with the last.
fn stream(events: &[String]) -> Vec<Bytes> {
    let last = events.len() - 1;
    let framed = events.iter().enumerate().map(|(place, event)| {
        let head = if place == 0 { STREAM_HEAD } else { "" };
        let end = if place == last { "0\r\n\r\n" } else { "" };
        Bytes::from(format!("{head}{}{end}", chunk(event)))
    });
    framed.collect()
}

fn chunk(event: &str) -> String {
    format!("{:x}\r\n{event}\r\n", event.len())
}

fn chat() -> Replies {
    let event = |choices: &str, usage: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,\
             \"model\":\"gpt-5.2\",\"choices\":[{choices}]{usage}}}\n\n"
        )
    };
    let usage = "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":200,\"total_tokens\":209}";
    let choice = |delta: &str, finish: &str| {
        event(&format!("{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}"), "")
    };
    let mut events = vec![choice("{\"role\":\"assistant\",\"content\":\"\"}", "null")];
    events.extend((0..CHUNKS).map(|place| choice(&format!("{{\"content\":\" word{place}\"}}"), "null")));
    events.extend([choice("{}", "\"stop\""), "data: [DONE]\n\n".to_owned()]);
    Replies {
        whole: whole(&format!(
            "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1767225600,\"model\":\"gpt-5.2\",\
             \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"TEXT\"}},\"finish_reason\":\
             \"stop\"}}],{usage}}}"
        )),
        stream: stream(&events),
        usage: Some(chunk(&event("", &format!(",{usage}"))).into()),
    }
}

fn messages() -> Replies {
    let event = |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\"{rest}}}\n\n");
    let delta = |place: usize| {
        let text = format!(",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" word{place}\"}}");
        event("content_block_delta", &text)
    };
    let message = |content: &str, stop: &str, output: usize| {
        format!(
            "\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\
             \"content\":[{content}],\"stop_reason\":{stop},\"stop_sequence\":null,\"usage\":{{\"input_tokens\":9,\
             \"output_tokens\":{output}}}"
        )
    };
    let block = "{\"type\":\"text\",\"text\":\"\"}";
    let mut events = vec![
        event("message_start", &format!(",\"message\":{{{}}}", message("", "null", 1))),
        event("content_block_start", &format!(",\"index\":0,\"content_block\":{block}")),
    ];
    events.extend((0..CHUNKS).map(delta));
    let usage =
        ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":200}";
    events.extend([
        event("content_block_stop", ",\"index\":0"),
        event("message_delta", usage),
        event("message_stop", ""),
    ]);
    let text = block.replace("\"\"", "\"TEXT\"");
    Replies {
        whole: whole(&format!("{{{}}}", message(&text, "\"end_turn\"", 200))),
        stream: stream(&events),
        usage: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_bodies_are_one_kib_of_json() {
        for replies in [&CHAT, &MESSAGES] {
            let at = memmem::find(&replies.whole, b"\r\n\r\n").unwrap();
            let body = &replies.whole[at + 4..];
            assert_eq!(body.len(), WHOLE_BYTES);
            assert!(serde_json::from_slice::<serde_json::Value>(body).unwrap().is_object());
        }
    }

    #[test]
    fn words_are_found_with_and_without_spaces() {
        assert!(is_true(br#"{"stream": true}"#, b"\"stream\""));
        assert!(is_true(br#"{"stream":true}"#, b"\"stream\""));
        assert!(!is_true(br#"{"stream":false}"#, b"\"stream\""));
        assert!(!is_true(br#"{"streams":true}"#, b"\"stream\""));
    }
}
