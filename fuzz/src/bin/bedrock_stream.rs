//! Watching a stream of `bedrock-converse`, and reading it and whole answers in neutral terms. Each line of the input is
//! an event: its first byte says which, the rest is its payload.
#![cfg_attr(fuzzing, no_main)]

use catalogue::Protocol::BedrockConverse;
use wire::framing::event_stream::{write_event, write_exception};

const EVENTS: [&str; 7] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "somethingNew",
];

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut stream = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        let Some((which, payload)) = line.split_first() else { continue };
        match EVENTS.get(usize::from(which % 8)) {
            Some(name) => write_event(name, payload, &mut stream),
            None => write_exception("throttlingException", payload, &mut stream),
        }
    }
    fuzz::watch(BedrockConverse, &stream);
    fuzz::decode(BedrockConverse, &stream);
    // The answer has no frames, so that nothing but it is read.
    fuzz::decode(BedrockConverse, input);
    let _ = wire::codec(BedrockConverse).expect("spoken").reply(input);
});

#[cfg(not(fuzzing))]
fn main() {}
