//! Watching a stream of `ollama-chat`, and reading it and whole answers in neutral terms.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| {
    fuzz::watch(catalogue::Protocol::OllamaChat, stream);
    fuzz::decode(catalogue::Protocol::OllamaChat, stream);
});

#[cfg(not(fuzzing))]
fn main() {}
