//! Watching a stream of `openai-chat`.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|stream: &[u8]| {
    fuzz::watch(catalogue::Protocol::OpenaiChat, stream);
});

#[cfg(not(fuzzing))]
fn main() {}
