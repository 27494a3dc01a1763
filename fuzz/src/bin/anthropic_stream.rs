//! Watching a stream of `anthropic-messages`.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| {
    fuzz::watch(catalogue::Protocol::AnthropicMessages, stream);
});

#[cfg(not(fuzzing))]
fn main() {}
