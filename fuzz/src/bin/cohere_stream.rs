//! Watching a stream of `cohere-chat`, and reading it and whole answers in neutral terms.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| {
    fuzz::watch(catalogue::Protocol::CohereChat, stream);
    fuzz::decode(catalogue::Protocol::CohereChat, stream);
});

#[cfg(not(fuzzing))]
fn main() {}
