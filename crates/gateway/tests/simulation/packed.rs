//! Suppliers that pack their answers although they were asked for them as they are.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ledger::{AttemptOutcome, UsageSource};
use routing::Policy;
use simulator::{Fault, Raw};
use wire::{Broken, Failure};

use crate::world::{Plot, run};

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#;

fn gzip(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn reply(status: u16, content_type: &str, coding: &str, body: Vec<u8>) -> Fault {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("content-type", content_type), header("content-encoding", coding)];
    Fault::Raw(Raw { status, headers, body: body.into(), ..Raw::default() })
}

fn plot(stream: bool, first: Fault) -> Plot {
    let asking = serde_json::json!({ "stream": stream });
    Plot { asking, ..Plot::of([Some(first), None], Policy::default()) }
}

#[test]
fn g9_a09_a_packed_answer_is_unpacked() {
    for coding in ["gzip", "GZIP"] {
        let outcome = run(&plot(false, reply(200, "application/json", coding, gzip(ANSWER))));
        assert_eq!(outcome.answers[0].status, 200);
        assert_eq!(outcome.answers[0].body, ANSWER);
        let entry = &outcome.entries[0];
        assert_eq!(entry.attempts.len(), 1, "it was a good answer: {:?}", entry.attempts);
        assert_eq!((entry.usage.output_text, entry.usage_source), (2, UsageSource::Supplier));
    }
}

#[test]
fn g9_what_cannot_be_unpacked_is_a_failure_with_a_name() {
    let (json, events) = ("application/json", "text/event-stream");
    let mut cut = gzip(ANSWER);
    cut.truncate(cut.len() - 9);
    for (stream, fault) in [
        (false, reply(200, json, "br", ANSWER.into())),
        (false, reply(200, json, "gzip", ANSWER.into())),
        (false, reply(200, json, "gzip", cut)),
        (true, reply(200, events, "gzip", gzip("data: [DONE]\n\n"))),
        (true, reply(200, events, "zstd", b"anything".to_vec())),
    ] {
        let outcome = run(&plot(stream, fault.clone()));
        assert_eq!(outcome.answers[0].status, 200, "{fault:?}");
        let attempts = &outcome.entries[0].attempts;
        let failed = AttemptOutcome::Failed(Failure::Broken(Broken::Packed));
        assert_eq!(attempts[0].outcome, failed, "{fault:?}");
        assert_eq!(attempts[1].outcome, AttemptOutcome::Served, "{fault:?}");
    }
}

/// What an error says decides what is done about it, packed or not.
#[test]
fn g9_a_packed_error_is_understood() {
    let error =
        r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
    let outcome = run(&plot(false, reply(400, "application/json", "gzip", gzip(error))));
    let attempts = &outcome.entries[0].attempts;
    assert_eq!(attempts[0].outcome, AttemptOutcome::Failed(Failure::ContextExceeded));
    let wrong = r#"{"error":{"message":"no","type":"invalid_request_error","code":null}}"#;
    let outcome = run(&plot(false, reply(400, "application/json", "gzip", gzip(wrong))));
    assert_eq!((outcome.answers[0].status, &*outcome.answers[0].body), (400, wrong.as_bytes()));
}
